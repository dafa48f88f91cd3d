//! What lies over waveform and spectrogram: the selection and the playhead.

use eframe::egui::{self, Color32, Rect, Shape, Stroke, StrokeKind, emath::Rangef, pos2};

use super::picture::Stage;
use crate::ui::plots::Span;
use crate::ui::theme::Palette;

/// A band on the waveform. On the picture what is selected keeps the colours of the colour bar: the rest is veiled.
pub(super) fn paint_selection(painter: &egui::Painter, palette: Palette, stage: &Stage, selected: Span) {
    let x = Rangef::new(stage.time.pixel(selected.start), stage.time.pixel(selected.end));
    let band = Rect::from_x_y_ranges(x, stage.waveform.y_range());
    let on_waveform = painter.with_clip_rect(stage.waveform);
    on_waveform.rect_filled(band, 0.0, palette.accent.gamma_multiply(0.3));
    let on_picture = painter.with_clip_rect(stage.spectrogram);
    let (left, right) = (stage.spectrogram.left(), stage.spectrogram.right());
    for beside in [Rangef::new(left, x.min), Rangef::new(x.max, right)] {
        if beside.min < beside.max {
            let veil = Rect::from_x_y_ranges(beside, stage.spectrogram.y_range());
            on_picture.rect_filled(veil, 0.0, Color32::from_black_alpha(110));
        }
    }
    for edge in [x.min, x.max] {
        on_waveform.vline(edge, stage.waveform.y_range(), Stroke::new(1.5, palette.accent));
        on_picture.vline(edge, stage.spectrogram.y_range(), Stroke::new(1.5, palette.accent));
    }
}

/// A line through both, dark beside it so that it is seen on every colour, with a head at the top.
pub(super) fn paint_playhead(painter: &egui::Painter, palette: Palette, stage: &Stage, position_secs: f64) {
    let x = stage.time.pixel(position_secs);
    let painter_of = |rect: Rect| painter.with_clip_rect(rect.expand2(egui::vec2(1.0, 0.0)));
    painter_of(stage.waveform).vline(x, stage.waveform.y_range(), Stroke::new(1.5, palette.ink));
    let on_picture = painter_of(stage.spectrogram);
    on_picture.vline(
        x,
        stage.spectrogram.y_range(),
        Stroke::new(3.5, Color32::from_black_alpha(130)),
    );
    on_picture.vline(x, stage.spectrogram.y_range(), Stroke::new(1.5, Color32::WHITE));
    let head = vec![
        pos2(x - 5.0, stage.waveform.top()),
        pos2(x + 5.0, stage.waveform.top()),
        pos2(x, stage.waveform.top() + 6.0),
    ];
    painter_of(stage.waveform).add(Shape::convex_polygon(head, palette.ink, Stroke::NONE));
}

/// What is to fill the picture, while it is being drawn.
pub(super) fn paint_zoom(painter: &egui::Painter, stage: &Stage, area: Rect) {
    let painter = painter.with_clip_rect(stage.waveform.union(stage.spectrogram));
    for (width, color) in [(3.0, Color32::from_black_alpha(150)), (1.0, Color32::WHITE)] {
        painter.rect_stroke(area, 0.0, Stroke::new(width, color), StrokeKind::Middle);
    }
}
