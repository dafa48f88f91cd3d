# make run: the window on synthetic machines (without a display: the same job headless)
# make test: everything that must hold before a change is merged

CARGO ?= cargo
# Playing and recording need ALSA's headers on Linux; where nobody may install them the rest is built.
HAS_SOUND = pkg-config --exists alsa 2>/dev/null || test -e /usr/include/alsa/asoundlib.h || test "$$(uname -s)" != Linux
FEATURES = $$( { $(HAS_SOUND); } || echo "--no-default-features --features gui")

.PHONY: run test

run:
	@sh scripts/system-packages.sh window
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" = Darwin ]; then \
		$(CARGO) run --release $(FEATURES) -- tour || { \
			[ $$? -eq 1 ] && echo "auscult: without a window, the same job runs headless" && \
			$(CARGO) run --release $(FEATURES) -- demo; }; \
	else \
		echo "auscult: neither DISPLAY nor WAYLAND_DISPLAY is set, so there is no screen for a window: the same job runs headless"; \
		$(CARGO) run --release $(FEATURES) -- demo; \
	fi

test:
	@sh scripts/system-packages.sh build
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets $(FEATURES) -- -D warnings
	$(CARGO) clippy --no-default-features --lib -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --lib $(FEATURES)
	$(CARGO) test $(FEATURES)
