//! The rows of a table, as far as they have come.

use super::plan::Target;
use super::published::{MACHINES, Published};
use super::settings::Settings;
use crate::detectors::DetectorKind;
use crate::evaluation::TableFigures;

/// A table as far as it has come.
#[derive(Debug, Clone)]
pub struct Reproduction {
    pub target: Target,
    pub settings: Settings,
    /// The machine types of the rows, in the paper's order.
    pub machines: Vec<String>,
    pub rows: Vec<SystemRows>,
    /// Systems that are not among the rows, and why.
    pub left_out: Vec<(String, String)>,
    /// Of the clips that were looked at.
    pub data: DataFacts,
}

/// What was trained and tested on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataFacts {
    pub fingerprint: String,
    pub layout: String,
    pub n_train: usize,
    pub n_test: usize,
    /// Machine types with training clips.
    pub n_machines_trained: usize,
}

/// One system by one choice of detectors.
#[derive(Debug, Clone)]
pub struct SystemRows {
    pub system: &'static str,
    pub detector: String,
    pub labels_used: &'static str,
    /// Parallel to [`Reproduction::machines`]: one detector, or what either half of the clips chose; none where none could be
    /// fitted.
    pub chosen: Vec<Vec<DetectorKind>>,
    pub figures: TableFigures,
    pub published: Option<&'static Published>,
    /// What detectors did instead of what was asked, in words.
    pub fallbacks: Vec<String>,
    /// How the front end was trained: the fields of [`TrainingConfig`](crate::extractors::TrainingConfig) and their values.
    pub training: Vec<(String, String)>,
}

impl Reproduction {
    /// Whether the rows are those of the paper, so that the means over them may be compared.
    pub fn has_all_machines(&self) -> bool {
        self.machines == MACHINES
    }
}
