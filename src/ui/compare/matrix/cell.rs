//! The cells: a figure with what it is worth among those of its row.

use eframe::egui::{self, Align2, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, WidgetInfo, vec2};

use super::marks::{corner, heat, strength};
use super::painting::Painting;
use crate::app::{MatrixCell, MatrixRow, Trouble};
use crate::detectors::DetectorKind;
use crate::pipeline::LabelUse;
use crate::ui::compare::detail;
use crate::ui::compare::lines::Line;
use crate::ui::theme;

impl Painting<'_> {
    pub(super) fn cell(&self, ui: &egui::Ui, rect: Rect, line: &Line<'_>, column: usize, [low, high]: [f64; 2]) -> Response {
        let detector = self.drawn.matrix.columns[column];
        let cell = &line.row.cells[column];
        let is_best = line.row.best == Some(column);
        let is_in_use = line.row.in_use == Some(detector) && !line.is_part;
        let is_pinned = is_in_use && line.row.label_use == LabelUse::PersonSawTestLabels;
        let is_focused = line.row.group == *self.focus.0 && detector == self.focus.1 && !line.is_part;
        let response = ui.interact(
            rect,
            self.base.with(("cell", &line.subject, line.depth, detector)),
            Sense::click(),
        );
        response.widget_info(|| {
            let label = self.cell_label(detector, line, cell, [is_best, is_pinned]);
            WidgetInfo::selected(Role::Button, true, is_focused, label)
        });
        let palette = theme::palette(ui);
        let painter = ui.painter();
        heat(ui, rect, cell.value, [low, high], line.is_part);
        if response.hovered() {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.0, palette.weak), StrokeKind::Inside);
        }
        if is_in_use {
            let stroke = match line.row.label_use {
                LabelUse::PersonSawTestLabels => Stroke::new(2.0, palette.warning),
                LabelUse::Oracle => Stroke::new(2.0, palette.weak),
                LabelUse::None | LabelUse::OtherHalf => Stroke::new(1.0, palette.accent),
            };
            painter.rect_stroke(rect, 2.0, stroke, StrokeKind::Inside);
        }
        if is_focused || response.has_focus() {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.5, palette.ink), StrokeKind::Outside);
        }
        if let Some(trouble) = cell.trouble {
            corner(ui, rect, trouble);
        }
        let color = match cell.value {
            None => palette.weak,
            Some(_) => strength(ui, is_best),
        };
        self.figure(ui, rect, cell.value, color, is_best);
        self.tie(ui, rect, cell);
        response.on_hover_ui(|ui| detail::card(ui, self.workbench, self.drawn, line, detector))
    }

    /// A figure of another run: it is looked at, not chosen.
    pub(super) fn cell_beside(
        &self,
        ui: &egui::Ui,
        rect: Rect,
        line: &Line<'_>,
        (other, row, column): (usize, &MatrixRow, usize),
        range: [f64; 2],
    ) {
        let run = self.beside[other].0;
        let (cell, detector) = (&row.cells[column], run.columns[column]);
        let is_best = row.best == Some(column);
        let id = self.base.with(("beside", &run.run, &line.subject, line.depth, detector));
        let response = ui.interact(rect, id, Sense::hover());
        let words = format!(
            "{} of {} on {}: {}",
            detector.title(),
            run.run,
            line.subject,
            self.text(cell.value)
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        heat(ui, rect, cell.value, range, line.is_part);
        if let Some(trouble) = cell.trouble {
            corner(ui, rect, trouble);
        }
        let color = if cell.value.is_some() {
            strength(ui, is_best)
        } else {
            theme::palette(ui).weak
        };
        self.figure(ui, rect, cell.value, color, is_best);
        self.tie(ui, rect, cell);
        let interval = cell
            .interval
            .map_or(String::new(), |[low, high]| format!(" [{low:.2}–{high:.2}]"));
        let trouble = match cell.trouble {
            Some(Trouble::FellBack) => "\nIt fell back: use this run to read why",
            Some(Trouble::NotFitted) => "\nIt could not be fitted: use this run to read why",
            None => "",
        };
        response.on_hover_text(format!("{words}{interval}{trouble}"));
    }

    /// The mark of a tie with the best of the row.
    pub(super) fn tie(&self, ui: &egui::Ui, rect: Rect, cell: &MatrixCell) {
        if cell.is_tie {
            let at = rect.left_center() + vec2(1.5, 0.0);
            let font = FontId::proportional(self.figures.size - 2.0);
            ui.painter().text(at, Align2::LEFT_CENTER, "≈", font, theme::palette(ui).weak);
        }
    }

    fn cell_label(&self, detector: DetectorKind, line: &Line<'_>, cell: &MatrixCell, [is_best, is_pinned]: [bool; 2]) -> String {
        let mut label = format!("{} on {}: {}", detector.title(), line.subject, self.text(cell.value));
        let trouble = match cell.trouble {
            Some(Trouble::FellBack) => ", fell back",
            Some(Trouble::NotFitted) => ", not fitted",
            None => "",
        };
        for (is_so, word) in [
            (is_best, ", best"),
            (cell.is_tie, ", tie"),
            (true, trouble),
            (is_pinned, ", pinned"),
        ] {
            label += if is_so { word } else { "" };
        }
        label
    }
}
