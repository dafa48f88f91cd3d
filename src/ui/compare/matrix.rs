//! The matrix on the screen: a row a section, a column a detector, those in use and the oracle apart.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    self, Align2, Color32, FontId, Id, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, TextFormat, TextStyle,
    WidgetInfo, pos2, vec2,
};

use super::columns::{Columns, NAME_WIDTH};
use super::drawn::Drawn;
use super::{badge, detail};
use crate::app::{MatrixRow, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::pipeline::LabelUse;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

const ROW_HEIGHT: f32 = 19.0;
/// Room for names of two words, one above the other.
const HEADER_HEIGHT: f32 = 32.0;

/// A section and one of its detectors.
type Cell = (MachineSection, DetectorKind);

/// Draws the matrix; `focus` is outlined. Returns the cell that was clicked.
pub(super) fn ui(
    ui: &mut egui::Ui,
    workbench: &Workbench,
    drawn: &Drawn,
    focus: (&MachineSection, DetectorKind),
) -> Option<Cell> {
    let matrix = &drawn.matrix;
    if !matrix.has_figures() {
        let text = if matrix.rows.iter().all(|row| row.cells.is_empty()) {
            "No detector could be fitted: there is nothing to compare"
        } else {
            "No test clip has a label that says normal or anomalous, or one of the two is missing: there is nothing to measure \
             the detectors with. Scores exist all the same; label clips in Browse to fill the matrix."
        };
        widgets::message(ui, theme::palette(ui).weak, text);
        ui.add_space(GRID);
    }
    let mut clicked = None;
    ScrollArea::horizontal().id_salt("compare_matrix_x").show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let columns = Columns::of(
            ui.available_width() - ui.spacing().scroll.bar_width - GRID,
            matrix.columns.len(),
        );
        let painting = Painting {
            workbench,
            drawn,
            focus,
            columns: &columns,
            n_digits: matrix.n_digits(),
            figures: TextStyle::Monospace.resolve(ui.style()),
        };
        painting.header(ui);
        let below = ROW_HEIGHT + GRID;
        ScrollArea::vertical()
            .id_salt("compare_matrix_y")
            .max_height((ui.available_height() - below).max(2.0 * ROW_HEIGHT))
            .auto_shrink([true, true])
            .show_rows(ui, ROW_HEIGHT, matrix.rows.len(), |ui, visible| {
                for row_idx in visible {
                    clicked = painting.row(ui, row_idx).or(clicked.take());
                }
            });
        painting.totals(ui);
    });
    clicked
}

/// What every row is drawn with.
struct Painting<'a> {
    workbench: &'a Workbench,
    drawn: &'a Drawn,
    focus: (&'a MachineSection, DetectorKind),
    columns: &'a Columns,
    n_digits: usize,
    figures: FontId,
}

impl Painting<'_> {
    fn header(&self, ui: &mut egui::Ui) {
        let (rect, _) = ui.allocate_exact_size(vec2(self.columns.width(), HEADER_HEIGHT), Sense::hover());
        let palette = theme::palette(ui);
        let small = TextStyle::Small.resolve(ui.style());
        // The last of up to two lines.
        let bottom = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 17.0), rect.max);
        let at = |span: [f32; 2]| span_rect(bottom, span);
        elided(ui, at([GRID, NAME_WIDTH]), "Machine, section", &small, palette.weak, false);
        for (column, detector) in self.drawn.matrix.columns.iter().enumerate() {
            let (above, last) = detector.title().rsplit_once(' ').unwrap_or(("", detector.title()));
            let line = at(self.columns.cell(column)).translate(vec2(-3.0, 0.0));
            elided(ui, line, last, &small, palette.weak, true);
            elided(ui, line.translate(vec2(0.0, -13.0)), above, &small, palette.weak, true);
        }
        for (side, (title, label_use)) in [("In use", None), ("Oracle", Some(LabelUse::Oracle))].into_iter().enumerate() {
            let rect = at(self.columns.side(side));
            elided(ui, rect.shrink2(vec2(5.0, 0.0)), title, &small, palette.weak, false);
            let response = ui.interact(rect, ui.scope_id().with(("title", side)), Sense::hover());
            match label_use {
                None => response.on_hover_text("The pinned detector, or the fusion that needs no labels"),
                Some(label_use) => {
                    let words = badge::words(label_use);
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
                    response.on_hover_text(format!("{words}\n{}", badge::meaning(label_use)))
                }
            };
        }
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, palette.grid));
    }

    fn row(&self, ui: &mut egui::Ui, row_idx: usize) -> Option<Cell> {
        let rows = &self.drawn.matrix.rows;
        let row = &rows[row_idx];
        let (rect, _) = ui.allocate_exact_size(vec2(self.columns.width(), ROW_HEIGHT), Sense::hover());
        let palette = theme::palette(ui);
        let is_first = row_idx == 0 || rows[row_idx - 1].group.machine != row.group.machine;
        if is_first && row_idx > 0 {
            ui.painter().hline(rect.x_range(), rect.top(), Stroke::new(1.0, palette.grid));
        }
        if row.group == *self.focus.0 {
            let fill = ui.visuals().selection.bg_fill.gamma_multiply(0.5);
            ui.painter().rect_filled(span_rect(rect, [0.0, NAME_WIDTH - GRID]), 2.0, fill);
        }
        self.name(ui, rect, &row.group, is_first);
        let mut clicked = None;
        let values = row.cells.iter().filter_map(|cell| cell.figure).map(|figure| figure.value);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        for column in 0..row.cells.len() {
            let rect = span_rect(rect, self.columns.cell(column)).shrink(1.0);
            if self.cell(ui, rect, row, column, [low, high]).clicked() {
                clicked = Some(self.drawn.matrix.columns[column]);
            }
        }
        let in_use = Side {
            detector: Some(row.in_use),
            value: row.in_use_value,
            label_use: row.label_use,
        };
        let oracle = Side {
            detector: row.oracle,
            value: row.oracle_value,
            label_use: LabelUse::Oracle,
        };
        for (column, side) in [in_use, oracle].into_iter().enumerate() {
            let rect = span_rect(rect, self.columns.side(column));
            if self.side(ui, rect, &row.group, side).clicked() {
                clicked = side.detector.or(clicked);
            }
        }
        clicked.map(|detector| (row.group.clone(), detector))
    }

    /// The machine where it is new, and the section.
    fn name(&self, ui: &egui::Ui, rect: Rect, group: &MachineSection, is_first: bool) {
        let body = TextStyle::Body.resolve(ui.style());
        let text = ui.visuals().text_color();
        let split = if group.section.is_empty() {
            NAME_WIDTH
        } else {
            NAME_WIDTH * 0.64
        };
        if is_first {
            elided(ui, span_rect(rect, [GRID, split]), &group.machine, &body, text, false);
        }
        elided(
            ui,
            span_rect(rect, [split, NAME_WIDTH - 2.0 * GRID]),
            &group.section,
            &self.figures,
            text,
            false,
        );
    }

    fn cell(&self, ui: &egui::Ui, rect: Rect, row: &MatrixRow, column: usize, [low, high]: [f64; 2]) -> Response {
        let detector = self.drawn.matrix.columns[column];
        let cell = row.cells[column];
        let is_best = row.best == Some(column);
        let is_in_use = row.in_use == detector;
        let is_pinned = is_in_use && row.label_use == LabelUse::PersonSawTestLabels;
        let is_focused = row.group == *self.focus.0 && detector == self.focus.1;
        let response = ui.interact(rect, cell_id(ui, &row.group, detector), Sense::click());
        let value = cell.figure.map(|figure| figure.value);
        response.widget_info(|| {
            let mut label = format!("{} on {}: {}", detector.title(), row.group, self.text(value));
            for (is_so, word) in [(is_best, ", best"), (cell.is_tie, ", tie"), (is_pinned, ", pinned")] {
                label += if is_so { word } else { "" };
            }
            WidgetInfo::selected(Role::Button, true, is_focused, label)
        });
        let palette = theme::palette(ui);
        let painter = ui.painter();
        if let Some(value) = value {
            let heat = if high > low { (value - low) / (high - low) } else { 0.5 };
            painter.rect_filled(rect, 2.0, palette.accent.gamma_multiply(0.04 + 0.34 * heat as f32));
        }
        if response.hovered() {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.0, palette.weak), StrokeKind::Inside);
        }
        if is_in_use {
            let stroke = if is_pinned {
                Stroke::new(2.0, palette.warning)
            } else {
                Stroke::new(1.0, palette.accent)
            };
            painter.rect_stroke(rect, 2.0, stroke, StrokeKind::Inside);
        }
        if is_focused || response.has_focus() {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.5, palette.ink), StrokeKind::Outside);
        }
        let color = if value.is_none() {
            palette.weak
        } else {
            strength(ui, is_best)
        };
        self.figure(ui, rect, value, color, is_best);
        if cell.is_tie {
            let font = FontId::proportional(self.figures.size - 2.0);
            painter.text(
                rect.left_center() + vec2(1.5, 0.0),
                Align2::LEFT_CENTER,
                "≈",
                font,
                palette.weak,
            );
        }
        response.on_hover_ui(|ui| detail::card(ui, self.workbench, self.drawn, &row.group, detector))
    }

    fn side(&self, ui: &egui::Ui, rect: Rect, group: &MachineSection, side: Side) -> Response {
        let rect = rect.shrink(1.0);
        let is_oracle = side.label_use == LabelUse::Oracle;
        let name = side.detector.map_or("–", DetectorKind::title);
        let response = ui.interact(rect, ui.scope_id().with(("side", group, is_oracle)), Sense::click());
        let words = badge::words(side.label_use);
        response.widget_info(|| {
            let what = if is_oracle { "Oracle" } else { "In use" };
            let label = format!("{what} on {group}: {name} {}, {words}", self.text(side.value));
            WidgetInfo::labeled(Role::Button, true, label)
        });
        let palette = theme::palette(ui);
        if response.hovered() {
            ui.painter()
                .rect_stroke(rect, 2.0, Stroke::new(1.0, palette.weak), StrokeKind::Inside);
        }
        let color = if is_oracle { palette.weak } else { ui.visuals().text_color() };
        if side.detector.is_some() {
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

    fn totals(&self, ui: &mut egui::Ui) {
        let (rect, response) = ui.allocate_exact_size(vec2(self.columns.width(), ROW_HEIGHT + GRID), Sense::hover());
        let matrix = &self.drawn.matrix;
        let palette = theme::palette(ui);
        ui.painter()
            .hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, palette.weak));
        let best = matrix.totals.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let body = TextStyle::Body.resolve(ui.style());
        elided(
            ui,
            span_rect(rect, [GRID, NAME_WIDTH]),
            "All sections",
            &body,
            ui.visuals().text_color(),
            false,
        );
        for (column, &value) in matrix.totals.iter().enumerate() {
            let rect = span_rect(rect, self.columns.cell(column)).shrink(1.0);
            let is_best = value == Some(best);
            self.figure(ui, rect, value, strength(ui, is_best), is_best);
        }
        let in_use = span_rect(rect, self.columns.side(0)).shrink(1.0);
        self.figure(ui, in_use, matrix.total_in_use, ui.visuals().strong_text_color(), true);
        let oracle = span_rect(rect, self.columns.side(1)).shrink(1.0);
        self.figure(ui, oracle, matrix.total_oracle, palette.weak, false);
        let label = format!(
            "All sections, in use: {}; oracle: {}",
            self.text(matrix.total_in_use),
            self.text(matrix.total_oracle)
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
        response.on_hover_text("Harmonic mean over all sections");
    }

    /// A figure at the right of a cell; the default fonts know no bold, so a line under it takes its place.
    fn figure(&self, ui: &egui::Ui, rect: Rect, value: Option<f64>, color: Color32, is_bold: bool) {
        let at: Pos2 = rect.right_center() - vec2(5.0, 0.0);
        let text = self.text(value);
        let drawn = ui.painter().text(at, Align2::RIGHT_CENTER, text, self.figures.clone(), color);
        if is_bold {
            ui.painter()
                .hline(drawn.x_range(), drawn.bottom() - 1.0, Stroke::new(1.0, color));
        }
    }

    fn text(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.*}", self.n_digits))
    }
}

/// One of the columns beside the detectors.
#[derive(Clone, Copy)]
struct Side {
    detector: Option<DetectorKind>,
    value: Option<f64>,
    label_use: LabelUse,
}

fn strength(ui: &egui::Ui, is_best: bool) -> Color32 {
    if is_best {
        ui.visuals().strong_text_color()
    } else {
        ui.visuals().text_color()
    }
}

fn cell_id(ui: &egui::Ui, group: &MachineSection, detector: DetectorKind) -> Id {
    ui.scope_id().with(("cell", group, detector))
}

fn span_rect(row: Rect, [left, right]: [f32; 2]) -> Rect {
    Rect::from_min_max(pos2(row.left() + left, row.top()), pos2(row.left() + right, row.bottom()))
}

/// One line of text, cut with an ellipsis where it is too long.
fn elided(ui: &egui::Ui, rect: Rect, text: &str, font: &FontId, color: Color32, is_right: bool) {
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
