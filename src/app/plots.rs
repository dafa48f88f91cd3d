//! The figures and tables of the open project: what the window draws is what is saved.

mod decisions;
mod histogram;
mod map;
mod matrix;
mod pictures;
mod roc;

pub use decisions::{Decisions, decisions};
pub use histogram::{Bins, bins, histogram_figure};
pub use map::{MapColor, MapShow, map_categories, map_figure, map_figure_by, map_figure_of};
pub use matrix::{
    Matrix, MatrixBeside, MatrixCell, MatrixMachine, MatrixMetric, MatrixRow, MatrixSection, Trouble, matrix, matrix_table,
};
pub use pictures::{loss_figure, spectrogram_figure};
pub use roc::{roc_detectors, roc_figure};
