//! The one typeface of all figures, and how wide text is in it.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// Viewers without `DejaVu` Sans take a narrower face, so nothing outgrows its place.
pub(super) const FAMILIES: &str = "'DejaVu Sans', Verdana, Arial, Helvetica, sans-serif";

static REGULAR: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| FontRef::new(dejavu::sans::regular()).ok());

static OWN: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

static WITH_SYSTEM: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::clone(&OWN);
    fonts.load_system_fonts();
    Arc::new(fonts)
});

/// The fonts to draw `text` with: the system's are asked only for characters that our own lacks.
pub(super) fn fonts_for(text: &str) -> Arc<fontdb::Database> {
    let lacks = |c: char| !c.is_control() && REGULAR.as_ref().is_some_and(|font| font.charmap().map(c).is_none());
    if text.chars().any(lacks) {
        WITH_SYSTEM.clone()
    } else {
        OWN.clone()
    }
}

/// Width of `text` at `size`; bold text is wider by a tenth at most, which callers leave room for.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let Some(font) = REGULAR.as_ref() else {
        return 0.6 * size * text.chars().count() as f64;
    };
    let (characters, metrics) = (
        font.charmap(),
        font.glyph_metrics(Size::new(size as f32), LocationRef::default()),
    );
    let advance = |c: char| {
        characters
            .map(c)
            .and_then(|glyph| metrics.advance_width(glyph))
            .map_or(size, f64::from)
    };
    text.chars().map(advance).sum()
}

/// `text`, cut with an ellipsis where it is wider than `room`.
pub(super) fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept: String = text.to_owned();
    while kept.pop().is_some() {
        let cut = format!("{}…", kept.trim_end());
        if width(&cut, size) <= room {
            return cut;
        }
    }
    String::new()
}
