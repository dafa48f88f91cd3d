//! The outline of a clip: one bar from minimum to maximum for each column of pixels.

use eframe::egui::{self, Color32, Mesh, Rect, pos2};

use super::Span;
use crate::audio::Clip;
use crate::dsp::Peaks;

/// The largest absolute sample, never 0.
pub fn peak_amplitude(clip: &Clip, peaks: &Peaks) -> f32 {
    let whole = peaks.columns(&clip.samples, 0.0, clip.samples.len() as f64, 1);
    whole.first().map_or(0.0, |[low, high]| high.max(-low)).max(1e-6)
}

/// Draws `secs` of the clip over the width of `rect`; `amplitude` reaches its edges.
pub fn paint_waveform(
    painter: &egui::Painter,
    rect: Rect,
    clip: &Clip,
    peaks: &Peaks,
    secs: Span,
    amplitude: f32,
    color: Color32,
) {
    let pixel = 1.0 / painter.pixels_per_point();
    let n_columns = (rect.width() / pixel).round() as usize;
    let rate = f64::from(clip.sample_rate_hz);
    let columns = peaks.columns(&clip.samples, secs.start * rate, secs.end * rate, n_columns);
    let middle = rect.center().y;
    let scale = rect.height() / 2.0 / amplitude;
    let mut mesh = Mesh::default();
    mesh.reserve_triangles(2 * n_columns);
    mesh.reserve_vertices(4 * n_columns);
    for (column, [low, high]) in columns.into_iter().enumerate() {
        let left = rect.left() + column as f32 * pixel;
        // At least one pixel high, so that silence is a line.
        let top = (middle - high * scale).min(middle - pixel / 2.0);
        let bottom = (middle - low * scale).max(middle + pixel / 2.0);
        mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(left + pixel, bottom)), color);
    }
    painter.with_clip_rect(rect).add(mesh);
}
