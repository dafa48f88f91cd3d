#!/bin/sh
# Installs the system packages that auscult needs and this machine lacks, and says which.
# Debian and Ubuntu only; elsewhere, and where nobody may install, it says what is missing and goes on:
# the Makefile then builds what can be built.
#
#     sh scripts/system-packages.sh build|window
set -u

missing=""
need() { # need PACKAGE COMMAND...: PACKAGE is missing where COMMAND fails
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
library() { { ldconfig -p; ls -d /usr/lib/*/"$1"* /usr/lib/"$1"*; } 2>/dev/null | grep -q "$1"; }
vulkan_driver() { ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json 2>/dev/null | grep -q json; }

[ "$(uname -s)" = Linux ] || exit 0
PATH=$PATH:/sbin:/usr/sbin

# The C compiler links the program, ALSA's headers are for playing and recording.
need gcc sh -c 'command -v cc'
need libc6-dev test -e /usr/include/stdlib.h
need pkg-config sh -c 'command -v pkg-config'
need libasound2-dev sh -c 'pkg-config --exists alsa || test -e /usr/include/alsa/asoundlib.h'
# A software Vulkan driver draws the window where the graphics card has none, and the pictures of the tests.
need libvulkan1 library libvulkan.so.1
need mesa-vulkan-drivers vulkan_driver
if [ "${1:-build}" = window ]; then
    need libxkbcommon-x11-0 library libxkbcommon-x11.so.0
    need libx11-xcb1 library libX11-xcb.so.1
    need libxcursor1 library libXcursor.so.1
    need libxi6 library libXi.so.6
    need libxrandr2 library libXrandr.so.2
fi

[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "auscult: this system lacks what Debian calls:$missing – install it by your system's means" >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    root=""
elif command -v sudo >/dev/null 2>&1; then
    root=sudo
else
    echo "auscult: missing system packages:$missing – ask whoever administers this machine to install them" >&2
    exit 0
fi
echo "auscult: installing the missing system packages:$missing" >&2
install() { $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; }
# A bare machine has no package lists yet.
{ install || { $root apt-get update && install; }; } >/dev/null || echo "auscult: the packages could not be installed; going on without them" >&2
exit 0
