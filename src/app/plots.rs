//! The figures and tables of the open project: what the window draws is what is saved.

mod decisions;
mod designs;
mod histogram;
mod map;
mod matrix;
mod pictures;
mod roc;

pub use decisions::{Decisions, decisions};
pub use designs::{
    DesignQuantity, Separation, asked_auc, best_design, best_figure, best_so_far, design_figure, design_front, design_table,
    judged_auc, separation, state_title,
};
pub use histogram::{Bins, bins, histogram_figure};
pub use map::{MapColor, MapShow, map_categories, map_figure, map_figure_by, map_figure_of, map_figure_shown};
pub use matrix::{
    Matrix, MatrixBeside, MatrixCell, MatrixMachine, MatrixMetric, MatrixRow, MatrixSection, Trouble, matrix, matrix_table,
    matrix_table_with_intervals,
};
pub use pictures::{loss_figure, spectrogram_figure, spectrogram_words};
pub use roc::{roc_detectors, roc_figure, roc_figure_with};
