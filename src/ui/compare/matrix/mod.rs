//! The matrix: a row a machine, which opens into its sections and their domains; a column a detector.
//!
//! It scrolls like a sheet with frozen panes: names, headings, totals and the choice stay where they are.

mod cell;
mod heading;
mod line;
mod marks;
mod menus;
mod painting;
mod side;
mod totals;

use std::collections::BTreeSet;

use eframe::egui::{self, Rect, ScrollArea, Sense, TextStyle, pos2, vec2};

use super::columns::Columns;
use super::drawn::Drawn;
use super::lines::{lines, toggle};
use crate::app::{MatrixBeside, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;
pub(super) use menus::runs_menu;
use painting::Painting;

const ROW_HEIGHT: f32 = 19.0;
/// Room for names of two words, one above the other.
const HEADER_HEIGHT: f32 = 32.0;
/// Of the line with the names of the runs, where there are several.
const RUN_HEIGHT: f32 = 18.0;
const TOTALS_HEIGHT: f32 = ROW_HEIGHT + GRID;
/// A step to the right in the names.
const INDENT: f32 = 9.0;
/// Of the triangle that opens a row.
const HANDLE_WIDTH: f32 = 14.0;

/// A section and one of its detectors.
type Cell = (MachineSection, DetectorKind);

/// The private look of the matrix.
#[derive(Default)]
pub(super) struct MatrixView {
    /// Machines (`fan`) and sections (`fan 00`) whose rows are open.
    pub(super) open: BTreeSet<String>,
    /// Detectors without a column.
    pub(super) hidden: BTreeSet<DetectorKind>,
}

impl MatrixView {
    /// Draws the matrix; `focus` is outlined. Returns the cell that was clicked.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        drawn: &Drawn,
        focus: (&MachineSection, DetectorKind),
    ) -> Option<Cell> {
        let matrix = &drawn.matrix;
        if !matrix.has_figures() {
            widgets::message(ui, theme::palette(ui).weak, why_empty(drawn));
            ui.add_space(GRID);
        }
        let of_run = |columns: &[DetectorKind]| -> Vec<usize> {
            let is_shown = |column: &usize| !self.hidden.contains(&columns[*column]);
            let mut shown: Vec<usize> = (0..columns.len()).filter(is_shown).collect();
            // The default first: where columns have to be scrolled to, it is not among them.
            shown.sort_by_key(|&column| columns[column] != DetectorKind::Fusion);
            shown
        };
        let shown = of_run(&matrix.columns);
        let beside: Vec<(&MatrixBeside, Vec<usize>)> =
            matrix.beside.iter().map(|other| (other, of_run(&other.columns))).collect();
        let lines = lines(matrix, &self.open);
        let n_cells = std::iter::once(shown.len()).chain(beside.iter().map(|(_, shown)| shown.len()));
        let columns = Columns::of(ui.available_width() - GRID, n_cells.collect());
        let header = HEADER_HEIGHT + if beside.is_empty() { 0.0 } else { RUN_HEIGHT };
        let height = header + lines.len() as f32 * ROW_HEIGHT + TOTALS_HEIGHT;
        let painting = Painting {
            workbench,
            drawn,
            focus,
            columns: &columns,
            shown: &shown,
            beside: &beside,
            n_digits: matrix.n_digits(),
            figures: TextStyle::Monospace.resolve(ui.style()),
            base: ui.scope_id().with("matrix"),
        };
        let (mut clicked, mut handle) = (None, None);
        ScrollArea::both()
            .id_salt("compare_matrix")
            .show_viewport(ui, |ui, viewport| {
                let origin = ui.min_rect().min;
                ui.allocate_rect(Rect::from_min_size(origin, vec2(columns.width(), height)), Sense::hover());
                let size = viewport.size().min(vec2(columns.width(), height));
                let view = Rect::from_min_size(origin + viewport.min.to_vec2(), size);
                let [top, middle, bottom] = bands(view, header);
                painting.header(ui, top, origin.x);
                let first = origin.y + header;
                for (idx, line) in lines.iter().enumerate() {
                    let y = first + idx as f32 * ROW_HEIGHT;
                    let band = Rect::from_min_max(pos2(view.left(), y), pos2(view.right(), y + ROW_HEIGHT));
                    if band.intersects(middle) {
                        let is_first = idx > 0 && line.depth == 0;
                        let found = painting.line(ui, middle, band, origin.x, line, is_first);
                        clicked = found.cell.or(clicked.take());
                        handle = found.handle.or(handle.take());
                    }
                }
                painting.totals(ui, bottom, origin.x);
                painting.more(ui, top, origin.x);
                painting.out_of_sight(ui, top, origin.x);
            });
        if let Some(handle) = handle {
            toggle(&mut self.open, &handle);
        }
        clicked
    }

    /// Opens or closes the rows of a section: its machine first, then the section itself.
    pub(super) fn toggle(&mut self, drawn: &Drawn, group: &MachineSection) {
        let machine = drawn.matrix.machines.iter().find(|found| found.row.name == group.machine);
        let Some(machine) = machine else { return };
        let section = group.to_string();
        if machine.sections.len() > 1 && self.open.contains(&group.machine) && !self.open.contains(&section) {
            self.open.insert(section);
        } else {
            self.open.remove(&section);
            toggle(&mut self.open, &group.machine);
        }
    }
}

fn why_empty(drawn: &Drawn) -> &'static str {
    if drawn.matrix.columns.is_empty() {
        "No detector could be fitted: there is nothing to compare"
    } else {
        "No test clip has a label that says normal or anomalous, or one of the two is missing: there is nothing to measure the \
         detectors with. Scores exist all the same; label clips in Browse to fill the matrix."
    }
}

/// Headings, rows and totals.
fn bands(view: Rect, header: f32) -> [Rect; 3] {
    let y = [
        view.top(),
        view.top() + header,
        (view.bottom() - TOTALS_HEIGHT).max(view.top() + header),
        view.bottom(),
    ];
    [0, 1, 2].map(|band| Rect::from_min_max(pos2(view.left(), y[band]), pos2(view.right(), y[band + 1])))
}
