//! What every part of the matrix is drawn with.

use eframe::egui::{self, Align2, Color32, FontId, Id, Pos2, Rect, Stroke, vec2};

use crate::app::{MatrixBeside, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::ui::compare::columns::Columns;
use crate::ui::compare::drawn::Drawn;

/// What every row is drawn with.
pub(super) struct Painting<'a> {
    pub(super) workbench: &'a Workbench,
    pub(super) drawn: &'a Drawn,
    pub(super) focus: (&'a MachineSection, DetectorKind),
    pub(super) columns: &'a Columns,
    /// The columns that are not hidden: indices into those of the matrix.
    pub(super) shown: &'a [usize],
    /// Other runs, each with the columns of its own that are not hidden.
    pub(super) beside: &'a [(&'a MatrixBeside, Vec<usize>)],
    pub(super) n_digits: usize,
    pub(super) figures: FontId,
    /// What the names of everything that can be clicked begin with: the same wherever the matrix is scrolled to.
    pub(super) base: Id,
}

impl Painting<'_> {
    /// All columns that are not hidden: the place of the run, the place in it, the detector.
    pub(super) fn all_columns(&self) -> impl Iterator<Item = (usize, usize, DetectorKind)> {
        let own = self.shown.iter().enumerate();
        let own = own.map(|(place, &column)| (0, place, self.drawn.matrix.columns[column]));
        let others = self.beside.iter().enumerate().flat_map(|(other, (run, shown))| {
            let columns = shown.iter().enumerate();
            columns.map(move |(place, &column)| (other + 1, place, run.columns[column]))
        });
        own.chain(others)
    }

    /// A figure at the right of a cell; the default fonts know no bold, so a line under it takes its place.
    pub(super) fn figure(&self, ui: &egui::Ui, rect: Rect, value: Option<f64>, color: Color32, is_bold: bool) {
        let at: Pos2 = rect.right_center() - vec2(5.0, 0.0);
        let text = self.text(value);
        let drawn = ui.painter().text(at, Align2::RIGHT_CENTER, text, self.figures.clone(), color);
        if is_bold {
            ui.painter()
                .hline(drawn.x_range(), drawn.bottom() - 1.0, Stroke::new(1.0, color));
        }
    }

    pub(super) fn text(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.*}", self.n_digits))
    }
}
