//! The figures and tables of the open project: what the window draws is what is saved.

use super::Workbench;
use crate::dataset::MachineSection;
use crate::figures::{HistogramFigure, LossFigure, MapFigure, RocFigure, SpectrogramFigure, Table};

/// The figure in the cells of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixMetric {
    #[default]
    Hmean,
    Auc,
    AucSource,
    AucTarget,
    Pauc,
}

impl MatrixMetric {
    pub const ALL: [Self; 5] = [Self::Hmean, Self::Auc, Self::AucSource, Self::AucTarget, Self::Pauc];

    pub fn title(self) -> &'static str {
        match self {
            Self::Hmean => "hmean",
            Self::Auc => "AUC",
            Self::AucSource => "AUC source",
            Self::AucTarget => "AUC target",
            Self::Pauc => "pAUC",
        }
    }
}

/// ROC curves of all detectors on one section, best AUC first; `None` without labelled test clips.
pub fn roc_figure(_workbench: &Workbench, _group: &MachineSection) -> Option<RocFigure> {
    None
}

/// Scores of one section's test clips by the detector in use.
pub fn histogram_figure(_workbench: &Workbench, _group: &MachineSection) -> Option<HistogramFigure> {
    None
}

/// The map, coloured by machine.
pub fn map_figure(_workbench: &Workbench) -> Option<MapFigure> {
    None
}

/// Loss over epochs of one run.
pub fn loss_figure(_workbench: &Workbench, _run: &str) -> Option<LossFigure> {
    None
}

/// The focused clip's spectrogram with its crop boxes.
pub fn spectrogram_figure(_workbench: &Workbench) -> Option<SpectrogramFigure> {
    None
}

/// The matrix: a row a section, a column a detector.
pub fn matrix_table(_workbench: &Workbench, _metric: MatrixMetric) -> Option<Table> {
    None
}
