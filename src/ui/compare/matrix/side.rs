//! The two columns beside the detectors: what is in use, and the oracle.

use eframe::egui::{self, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, WidgetInfo, vec2};

use super::marks::elided;
use super::painting::Painting;
use crate::detectors::DetectorKind;
use crate::pipeline::LabelUse;
use crate::ui::compare::badge;
use crate::ui::compare::lines::Line;
use crate::ui::theme;

/// One of the columns beside the detectors.
#[derive(Clone, Copy)]
pub(super) struct Side {
    pub(super) title: &'static str,
    pub(super) detector: Option<DetectorKind>,
    pub(super) value: Option<f64>,
    pub(super) label_use: LabelUse,
}

impl Painting<'_> {
    pub(super) fn side(&self, ui: &egui::Ui, rect: Rect, line: &Line<'_>, side: Side) -> Response {
        let rect = rect.shrink(1.0);
        let is_oracle = side.title == "Oracle";
        let name = match (side.detector, is_oracle) {
            (Some(detector), _) => detector.title(),
            (None, false) => "by section",
            (None, true) => "–",
        };
        let id = self.base.with(("side", &line.subject, line.depth, is_oracle));
        let response = ui.interact(rect, id, Sense::click());
        let words = badge::words(side.label_use);
        response.widget_info(|| {
            let label = format!(
                "{} on {}: {name} {}, {words}",
                side.title,
                line.subject,
                self.text(side.value)
            );
            WidgetInfo::labeled(Role::Button, true, label)
        });
        let palette = theme::palette(ui);
        if response.hovered() {
            ui.painter()
                .rect_stroke(rect, 2.0, Stroke::new(1.0, palette.weak), StrokeKind::Inside);
        }
        let color = if is_oracle { palette.weak } else { ui.visuals().text_color() };
        if !is_oracle || side.detector.is_some() {
            badge::mark(ui.painter(), &palette, rect.left_center() + vec2(9.0, 0.0), side.label_use);
        }
        let small = TextStyle::Small.resolve(ui.style());
        let name_rect = Rect::from_min_max(rect.min + vec2(18.0, 0.0), rect.max - vec2(44.0, 0.0));
        if self.columns.names_sides() {
            elided(ui, name_rect, name, &small, color, false);
        }
        self.figure(ui, rect, side.value, color, false);
        response.on_hover_text(format!("{name}: {words}\n{}", badge::meaning(side.label_use)))
    }
}
