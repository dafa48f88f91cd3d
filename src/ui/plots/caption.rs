//! Words on a plot, on a ground of their own, so that neither lines nor a waveform run through them.

use eframe::egui::{Align2, Color32, FontId, Painter, Pos2};

/// How far the ground reaches beyond the words.
const MARGIN: f32 = 2.0;

/// Writes `text` at `at`, which is the corner that `anchor` names.
pub fn paint_caption(painter: &Painter, at: Pos2, anchor: Align2, text: String, font: FontId, [ink, ground]: [Color32; 2]) {
    let galley = painter.layout_no_wrap(text, font, ink);
    let place = anchor.anchor_size(at, galley.size());
    painter.rect_filled(place.expand(MARGIN), MARGIN, ground.gamma_multiply(0.85));
    painter.galley(place.min, galley, ink);
}
