//! A figure as data, drawn as SVG, PNG and CSV (tables also as LaTeX): the same figure that the window shows.
//!
//! # How to add a figure
//! One new file with its data and drawing, one variant of [`Figure`], one line in the list of files.
//!
//! *Invariant:* a figure is drawn from its own data and nothing else; never from the screen.

mod error;

pub use error::FigureError;

use std::path::Path;

use crate::dsp::Spectrogram;

/// A picture to be saved.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    Roc(RocFigure),
    Histogram(HistogramFigure),
    Map(MapFigure),
    Loss(LossFigure),
    Spectrogram(SpectrogramFigure),
}

/// ROC curves of several detectors on one machine section.
#[derive(Debug, Clone, PartialEq)]
pub struct RocFigure {
    pub title: String,
    pub curves: Vec<RocSeries>,
    /// Shaded from 0 to this false positive rate.
    pub pauc_max_fpr: f64,
}

/// One curve of a ROC figure.
#[derive(Debug, Clone, PartialEq)]
pub struct RocSeries {
    /// As in the legend: `KNN  AUC 0.873 [0.82–0.92]  pAUC 0.702`.
    pub label: String,
    /// (false positive rate, true positive rate, threshold), in order.
    pub points: Vec<[f64; 3]>,
    /// The pinned detector is drawn stronger.
    pub is_emphasised: bool,
    /// (false positive rate, true positive rate) at the threshold in use.
    pub operating_point: Option<[f64; 2]>,
}

/// Scores of normal and anomalous clips.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramFigure {
    pub title: String,
    /// The detector's name, as the axis label.
    pub score_name: String,
    pub normal: Vec<f64>,
    pub anomalous: Vec<f64>,
    /// Clips without a label.
    pub unknown: Vec<f64>,
    pub threshold: Option<f64>,
}

/// A map of embeddings.
#[derive(Debug, Clone, PartialEq)]
pub struct MapFigure {
    pub title: String,
    pub points: Vec<MapPoint>,
    /// Names of the categories that `MapPoint::category` counts.
    pub categories: Vec<String>,
}

/// One clip on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapPoint {
    pub x: f32,
    pub y: f32,
    pub category: usize,
    pub is_target: bool,
    /// Drawn black.
    pub is_anomaly: bool,
    /// The clip's path: for the CSV.
    pub clip: String,
}

/// Loss over epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct LossFigure {
    pub title: String,
    /// (name, one value an epoch)
    pub curves: Vec<(String, Vec<f64>)>,
}

/// A spectrogram with its axes.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrogramFigure {
    pub title: String,
    /// Values in dB.
    pub spectrogram: Spectrogram,
    pub duration_secs: f64,
    /// Frequency of each bin.
    pub bin_hz: Vec<f32>,
    pub range_db: [f32; 2],
    /// Start and end in seconds, and the score where there is one.
    pub crops: Vec<(f32, f32, Option<f32>)>,
}

/// A table: the machine × detector matrix and its kin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<String>,
    pub rows: Vec<TableRow>,
}

/// A named row of figures.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    pub name: String,
    /// `None`: undefined, printed as a dash.
    pub values: Vec<Option<f64>>,
    /// The largest value of the row is set in bold.
    pub marks_best: bool,
}

/// Writes a figure; the ending of `path` chooses: `.svg`, `.png`, `.csv`.
///
/// # Errors
/// Where the ending is another, or the file cannot be written.
pub fn write(_figure: &Figure, _path: &Path) -> Result<(), FigureError> {
    unimplemented!()
}

/// Writes a table; the ending of `path` chooses: `.csv`, `.tex`, `.md`.
pub fn write_table(_table: &Table, _path: &Path) -> Result<(), FigureError> {
    unimplemented!()
}
