//! Small things that are drawn: heat, corners, triangles, cut text.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{self, Color32, FontId, Pos2, Rect, Shape, Stroke, TextFormat, UiBuilder, pos2, vec2};

use crate::app::Trouble;
use crate::ui::theme;

/// Draws within a part of the matrix: nothing is seen or clicked outside it.
pub(super) fn within<R>(ui: &mut egui::Ui, zone: Rect, add: impl FnOnce(&mut egui::Ui) -> R) -> R {
    let clip = zone.intersect(ui.clip_rect());
    let builder = UiBuilder::new().max_rect(zone);
    let draw = |ui: &mut egui::Ui| {
        ui.set_clip_rect(clip);
        add(ui)
    };
    ui.scope_builder(builder, draw).inner
}

pub(super) fn strength(ui: &egui::Ui, is_best: bool) -> Color32 {
    if is_best {
        ui.visuals().strong_text_color()
    } else {
        ui.visuals().text_color()
    }
}

/// The fill of a cell: the darker, the higher its figure stands among those of its row.
pub(super) fn heat(ui: &egui::Ui, rect: Rect, value: Option<f64>, [low, high]: [f64; 2], is_part: bool) {
    if let Some(value) = value {
        let heat = if high > low { (value - low) / (high - low) } else { 0.5 };
        let strongest = if is_part { 0.16 } else { 0.34 };
        let fill = theme::palette(ui).accent.gamma_multiply(0.04 + strongest * heat as f32);
        ui.painter().rect_filled(rect, 2.0, fill);
    }
}

/// A folded corner: the tooltip has something to say.
pub(super) fn corner(ui: &egui::Ui, rect: Rect, trouble: Trouble) {
    let palette = theme::palette(ui);
    let color = match trouble {
        Trouble::FellBack => palette.warning,
        Trouble::NotFitted => palette.error,
    };
    let at = rect.right_top();
    let corners = vec![at - vec2(6.0, 0.0), at, at + vec2(0.0, 6.0)];
    ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// Points down where the row is open, to the right where it can be opened.
pub(super) fn triangle(ui: &egui::Ui, center: Pos2, is_open: bool, is_near: bool) {
    let palette = theme::palette(ui);
    let color = if is_near { palette.ink } else { palette.weak };
    let corners = if is_open {
        [vec2(-4.0, -2.5), vec2(4.0, -2.5), vec2(0.0, 3.5)]
    } else {
        [vec2(-2.5, -4.0), vec2(3.5, 0.0), vec2(-2.5, 4.0)]
    };
    let corners = corners.map(|corner| center + corner).to_vec();
    ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

pub(super) fn span_rect(row: Rect, [left, right]: [f32; 2]) -> Rect {
    Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()))
}

/// One line of text, cut with an ellipsis where it is too long.
pub(super) fn elided(ui: &egui::Ui, rect: Rect, text: &str, font: &FontId, color: Color32, is_right: bool) {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font.clone(), color));
    job.wrap = TextWrapping::truncate_at_width(rect.width());
    let galley = ui.painter().layout_job(job);
    let x = if is_right {
        rect.right() - galley.size().x
    } else {
        rect.left()
    };
    ui.painter()
        .galley(pos2(x, rect.center().y - 0.5 * galley.size().y), galley, color);
}
