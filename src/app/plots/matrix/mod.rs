//! The machine × detector matrix: a row a machine, which opens into its sections and their domains; a column a detector, the
//! detectors in use and the oracle apart.

mod making;
mod metric;
mod table;

pub use making::matrix;
pub use metric::MatrixMetric;
pub use table::{matrix_table, matrix_table_with_intervals};

use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation;
use crate::pipeline::{ChoiceWorth, LabelUse};
use crate::project::DetectorChoice;

/// The matrix as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub metric: MatrixMetric,
    pub choice: DetectorChoice,
    pub columns: Vec<DetectorKind>,
    pub machines: Vec<MatrixMachine>,
    /// Harmonic mean over all sections, one a column; undefined where a section lacks the figure.
    pub totals: Vec<MatrixCell>,
    pub total_in_use: Option<f64>,
    pub total_oracle: Option<f64>,
    /// Sections whose detector a person chose with the test figures before the eyes.
    pub n_pinned: usize,
    /// The three modes of the choice, by the harmonic mean of all.
    pub worth: ChoiceWorth,
    /// Other runs, each with columns of its own; their rows are found by [`MatrixBeside::machine`] and [`MatrixBeside::section`].
    pub beside: Vec<MatrixBeside>,
}

/// What another run makes of the same machines.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixBeside {
    pub run: String,
    pub columns: Vec<DetectorKind>,
    pub totals: Vec<MatrixCell>,
    machines: Vec<MatrixMachine>,
}

impl MatrixBeside {
    /// The row of a machine as a whole.
    pub fn machine(&self, name: &str) -> Option<&MatrixRow> {
        let found = self.machines.iter().find(|machine| machine.row.name == name);
        found.map(|machine| &machine.row)
    }

    /// The row of a section, or of one of its parts.
    pub fn section(&self, group: &MachineSection, part: Option<&str>) -> Option<&MatrixRow> {
        let mut sections = self.machines.iter().flat_map(|machine| &machine.sections);
        let section = sections.find(|section| section.row.group == *group)?;
        match part {
            None => Some(&section.row),
            Some(name) => section.parts.iter().find(|part| part.name == name),
        }
    }
}

/// A machine, and what its figure is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixMachine {
    /// The harmonic mean over the sections; of an only section its figure.
    pub row: MatrixRow,
    pub sections: Vec<MatrixSection>,
}

/// A section, and the figures by domain that its own is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixSection {
    pub row: MatrixRow,
    pub parts: Vec<MatrixRow>,
}

/// A machine, a section, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixRow {
    pub name: String,
    /// What the curves show when the row is clicked: the section, or the machine's first.
    pub group: MachineSection,
    /// Parallel to [`Matrix::columns`].
    pub cells: Vec<MatrixCell>,
    /// Where the largest figure stands.
    pub best: Option<usize>,
    /// `None`: not the same in all sections.
    pub in_use: Option<DetectorKind>,
    pub label_use: LabelUse,
    pub in_use_value: Option<f64>,
    /// The best of the machine over all its sections by the labels that are shown.
    pub oracle: Option<DetectorKind>,
    pub oracle_value: Option<f64>,
}

/// One detector on one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatrixCell {
    /// `None`: undefined, or the detector could not be fitted.
    pub value: Option<f64>,
    /// The 95 % bootstrap interval. Over several sections only the harmonic mean has one.
    pub interval: Option<[f64; 2]>,
    /// Cannot be told from the best of the row. The best itself is no tie.
    pub is_tie: bool,
    pub trouble: Option<Trouble>,
}

/// What a detector could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It did something else instead.
    FellBack,
    NotFitted,
}

impl MatrixCell {
    fn of(figure: Option<evaluation::Figure>) -> Self {
        Self {
            value: figure.map(|figure| figure.value),
            interval: figure.map(|figure| [figure.low, figure.high]),
            ..Self::default()
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let intervals = self.interval.zip(other.interval);
        intervals.is_some_and(|([low, high], [other_low, other_high])| low <= other_high && high >= other_low)
    }
}

impl Matrix {
    /// Whether any section has labelled test clips.
    pub fn has_figures(&self) -> bool {
        self.machines.iter().any(|machine| machine.row.best.is_some())
    }

    /// All sections.
    pub fn sections(&self) -> impl Iterator<Item = &MatrixSection> {
        self.machines.iter().flat_map(|machine| &machine.sections)
    }

    /// Digits that the intervals support: 3 where most are narrower than ±0.02, else 2.
    pub fn n_digits(&self) -> usize {
        let cells = || self.sections().flat_map(|section| &section.row.cells);
        let intervals = || cells().filter_map(|cell| cell.interval);
        let n_narrow = intervals().filter(|[low, high]| high - low < 0.04).count();
        if 2 * n_narrow > intervals().count() { 3 } else { 2 }
    }
}
