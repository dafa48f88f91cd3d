//! The outline of a clip: one bar from minimum to maximum for each column of pixels.

use eframe::egui::{self, Color32, Mesh, Rect, pos2};

use super::Span;
use crate::audio::Clip;
use crate::dsp::Peaks;

/// The largest absolute sample, never 0.
pub fn peak_amplitude(clip: &Clip, peaks: &Peaks) -> f32 {
    let whole = peaks.columns(&clip.samples, 0.0, clip.samples.len() as f64, 1);
    loudest(&whole)
}

/// The largest absolute value of these columns, never 0.
pub fn loudest(columns: &[[f32; 2]]) -> f32 {
    columns.iter().fold(1e-6, |loudest, [low, high]| high.max(-low).max(loudest))
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
    let rate = f64::from(clip.sample_rate_hz);
    let n_columns = n_columns(painter, rect);
    let columns = peaks.columns(&clip.samples, secs.start * rate, secs.end * rate, n_columns);
    paint_outline(painter, rect, &columns, amplitude, color);
}

/// Columns of pixels in the width of `rect`.
pub fn n_columns(painter: &egui::Painter, rect: Rect) -> usize {
    (rect.width() * painter.pixels_per_point()).round() as usize
}

/// Draws `[min, max]` of each column of pixels of `rect`; `amplitude` reaches its edges.
pub fn paint_outline(painter: &egui::Painter, rect: Rect, columns: &[[f32; 2]], amplitude: f32, color: Color32) {
    let pixel = 1.0 / painter.pixels_per_point();
    let middle = rect.center().y;
    let scale = rect.height() / 2.0 / amplitude;
    let mut mesh = Mesh::default();
    mesh.reserve_triangles(2 * columns.len());
    mesh.reserve_vertices(4 * columns.len());
    for (column, [low, high]) in columns.iter().enumerate() {
        let left = rect.left() + column as f32 * pixel;
        // At least one pixel high, so that silence is a line.
        let top = (middle - high * scale).min(middle - pixel / 2.0);
        let bottom = (middle - low * scale).max(middle + pixel / 2.0);
        mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(left + pixel, bottom)), color);
    }
    painter.with_clip_rect(rect).add(mesh);
}
