//! Boxes over the spectrogram: whole lines in a yellow that no colour map has beside dark, each with its label on a tag.
//!
//! What is passing (the selection, a measure) and what the network sees (dashed) look otherwise.

use eframe::egui::{self, Color32, FontId, Painter, Rect, Stroke, StrokeKind, vec2};

use super::gestures::BoxDrag;
use super::place;
use crate::annotations::Annotation;
use crate::ui::browse::picture::Stage;
use crate::ui::plots::FrequencyAxis;

const YELLOW: Color32 = Color32::from_rgb(0xFF, 0xE0, 0x4D);
const HANDLE_POINTS: f32 = 7.0;
/// Longer labels are cut off.
const TAG_POINTS: f32 = 160.0;

pub(super) fn paint(
    painter: &Painter,
    stage: &Stage,
    axis: FrequencyAxis,
    boxes: &[Annotation],
    selected: Option<usize>,
    drag: Option<&BoxDrag>,
) {
    let painter = painter.with_clip_rect(stage.spectrogram);
    for (box_idx, annotation) in boxes.iter().enumerate() {
        let moved = drag.filter(|drag| drag.box_idx == Some(box_idx));
        let annotation = moved.map_or(annotation, |drag| &drag.now);
        one(
            &painter,
            place(stage, axis, annotation),
            box_idx,
            &annotation.label,
            selected == Some(box_idx),
        );
    }
    if let Some(drag) = drag.filter(|drag| drag.box_idx.is_none()) {
        one(&painter, place(stage, axis, &drag.now), boxes.len(), &drag.now.label, true);
    }
}

fn one(painter: &Painter, rect: Rect, box_idx: usize, label: &str, is_selected: bool) {
    let seen = painter.clip_rect();
    if rect.right() < seen.left() || rect.left() > seen.right() {
        return;
    }
    // A moment is a line; far beyond the edges nothing need be drawn.
    let rect = rect
        .intersect(seen.expand(20.0))
        .expand2(vec2(if rect.width() < 1.0 { 0.5 } else { 0.0 }, 0.0));
    if is_selected {
        painter.rect_filled(rect, 0.0, YELLOW.gamma_multiply(0.12));
    }
    let width = if is_selected { 2.0 } else { 1.5 };
    painter.rect_stroke(
        rect,
        0.0,
        Stroke::new(width + 2.0, Color32::from_black_alpha(150)),
        StrokeKind::Middle,
    );
    painter.rect_stroke(rect, 0.0, Stroke::new(width, YELLOW), StrokeKind::Middle);
    tag(painter, rect, box_idx, label);
    if is_selected {
        for corner in [rect.left_top(), rect.right_top(), rect.left_bottom(), rect.right_bottom()] {
            let handle = Rect::from_center_size(corner, egui::Vec2::splat(HANDLE_POINTS));
            painter.rect(
                handle,
                1.0,
                Color32::WHITE,
                Stroke::new(1.0, Color32::BLACK),
                StrokeKind::Inside,
            );
        }
    }
}

/// Its number and label above the box, or inside where there is no room above.
fn tag(painter: &Painter, rect: Rect, box_idx: usize, label: &str) {
    let number = box_idx + 1;
    let text = if label.is_empty() {
        number.to_string()
    } else {
        format!("{number} {label}")
    };
    let mut job = egui::text::LayoutJob::simple_singleline(text, FontId::proportional(11.5), Color32::BLACK);
    job.wrap = egui::text::TextWrapping::truncate_at_width(TAG_POINTS);
    let galley = painter.layout_job(job);
    let size = galley.size() + vec2(8.0, 2.0);
    let seen = painter.clip_rect();
    let mut at = rect.left_top() - vec2(0.0, size.y);
    if at.y < seen.top() {
        at.y = rect.top().max(seen.top());
    }
    at.x = at.x.clamp(seen.left(), (seen.right() - size.x).max(seen.left()));
    painter.rect_filled(Rect::from_min_size(at, size), 2.0, YELLOW);
    painter.galley(at + vec2(4.0, 1.0), galley, Color32::BLACK);
}
