//! The machine × detector matrix: a row a section, a column a detector, the detectors in use and the oracle apart.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::app::Workbench;
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation::{self, BootstrapConfig, SectionMetrics, harmonic_mean};
use crate::figures::{Table, TableRow};
use crate::pipeline::{Comparison, DetectorResult, GroupComparison, LabelUse};

/// The figure in the cells of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixMetric {
    #[default]
    Hmean,
    Auc,
    AucSource,
    AucTarget,
    Pauc,
    PaucRaw,
}

impl MatrixMetric {
    pub const ALL: [Self; 6] = [
        Self::Hmean,
        Self::Auc,
        Self::AucSource,
        Self::AucTarget,
        Self::Pauc,
        Self::PaucRaw,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Hmean => "hmean",
            Self::Auc => "AUC",
            Self::AucSource => "AUC source",
            Self::AucTarget => "AUC target",
            Self::Pauc => "pAUC",
            Self::PaucRaw => "pAUC eq. 5",
        }
    }

    /// Which definition is shown, in one sentence.
    pub fn definition(self) -> &'static str {
        match self {
            Self::Hmean => "Harmonic mean of AUC source, AUC target and pAUC; of AUC and pAUC where there are no domains",
            Self::Auc => "Area under the ROC curve: all normal clips against all anomalies",
            Self::AucSource => "Normal clips of the source domain against all anomalies of the section",
            Self::AucTarget => "Normal clips of the target domain against all anomalies of the section",
            Self::Pauc => "Area up to a false positive rate of 0.1, McClish-standardised: chance is 0.5",
            Self::PaucRaw => "Equation 5 of the MobileAnoNet paper: the same area, not standardised; chance is 0.05",
        }
    }

    /// The figure of this name.
    pub fn figure(self, metrics: &SectionMetrics) -> Option<evaluation::Figure> {
        match self {
            Self::Hmean => metrics.hmean,
            Self::Auc => metrics.auc,
            Self::AucSource => metrics.auc_source,
            Self::AucTarget => metrics.auc_target,
            Self::Pauc => metrics.pauc,
            Self::PaucRaw => metrics.pauc_raw,
        }
    }

    /// What the harmonic mean over all sections is taken of: the official score pools the parts of each section's own mean.
    fn parts(self, metrics: &SectionMetrics) -> Vec<f64> {
        match self {
            Self::Hmean => metrics.hmean_parts(),
            _ => self.figure(metrics).map(|figure| figure.value).into_iter().collect(),
        }
    }
}

/// The matrix as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub metric: MatrixMetric,
    pub columns: Vec<DetectorKind>,
    /// Sections, those of one machine side by side.
    pub rows: Vec<MatrixRow>,
    /// Harmonic mean over all sections, one a column; `None` where a section lacks the figure.
    pub totals: Vec<Option<f64>>,
    pub total_in_use: Option<f64>,
    pub total_oracle: Option<f64>,
    /// Sections whose detector a person chose with the test figures before the eyes.
    pub n_pinned: usize,
}

/// One section.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixRow {
    pub group: MachineSection,
    /// Parallel to [`Matrix::columns`].
    pub cells: Vec<MatrixCell>,
    /// Where the largest figure stands.
    pub best: Option<usize>,
    pub in_use: DetectorKind,
    pub label_use: LabelUse,
    pub in_use_value: Option<f64>,
    pub oracle: Option<DetectorKind>,
    pub oracle_value: Option<f64>,
}

/// One detector on one section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatrixCell {
    /// `None`: undefined, or the detector could not be fitted.
    pub figure: Option<evaluation::Figure>,
    /// Cannot be told from the best of the row: their 95 % intervals overlap, until [`Matrix::mark_ties`] knows better.
    /// The best itself is no tie.
    pub is_tie: bool,
}

impl Matrix {
    /// Whether any section has labelled test clips.
    pub fn has_figures(&self) -> bool {
        self.rows.iter().any(|row| row.best.is_some())
    }

    /// Takes over what the paired bootstrap of [`ties`] found; it tells of the hmean only.
    pub fn mark_ties(&mut self, comparison: &Comparison, ties: &[Vec<bool>]) {
        if self.metric != MatrixMetric::Hmean {
            return;
        }
        for (group, ties) in comparison.groups.iter().zip(ties) {
            let row = self.rows.iter_mut().find(|row| row.group == group.group);
            for (cell, &is_tie) in row.into_iter().flat_map(|row| &mut row.cells).zip(ties) {
                cell.is_tie = is_tie;
            }
        }
    }

    /// Digits that the intervals support: 3 where most are narrower than ±0.02, else 2.
    pub fn n_digits(&self) -> usize {
        let figures = || self.rows.iter().flat_map(|row| &row.cells).filter_map(|cell| cell.figure);
        let n_narrow = figures().filter(|figure| figure.high - figure.low < 0.04).count();
        if 2 * n_narrow > figures().count() { 3 } else { 2 }
    }
}

/// The matrix of the comparison; `None` before the first.
pub fn matrix(workbench: &Workbench, metric: MatrixMetric) -> Option<Matrix> {
    let comparison = workbench.comparison.as_ref()?;
    let mut rows: Vec<MatrixRow> = comparison.groups.iter().map(|group| row(workbench, group, metric)).collect();
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    let total = |pick: &dyn Fn(&MatrixRow) -> Option<DetectorKind>| total(comparison, &rows, metric, pick);
    Some(Matrix {
        metric,
        columns: comparison.detectors.clone(),
        totals: comparison
            .detectors
            .iter()
            .map(|&detector| total(&|_| Some(detector)))
            .collect(),
        total_in_use: total(&|row| Some(row.in_use)),
        total_oracle: total(&|row| row.oracle),
        n_pinned: rows
            .iter()
            .filter(|row| row.label_use == LabelUse::PersonSawTestLabels)
            .count(),
        rows,
    })
}

fn row(workbench: &Workbench, comparison: &GroupComparison, metric: MatrixMetric) -> MatrixRow {
    let figure = |result: &Result<DetectorResult, String>| metric.figure(&result.as_ref().ok()?.metrics);
    let figures: Vec<_> = comparison.results.iter().map(figure).collect();
    let value = |column: usize| figures[column].map_or(f64::NEG_INFINITY, |figure| figure.value);
    let best = (0..figures.len())
        .filter(|&column| figures[column].is_some())
        .reduce(|best, column| if value(column) > value(best) { column } else { best });
    let low = best.and_then(|best| figures[best]).map(|figure| figure.low);
    let cells = figures.iter().enumerate().map(|(column, &figure)| MatrixCell {
        figure,
        is_tie: Some(column) != best && figure.zip(low).is_some_and(|(figure, low)| figure.high >= low),
    });
    let value_of = |detector| {
        metric
            .figure(&comparison.result(detector)?.metrics)
            .map(|figure| figure.value)
    };
    let (in_use, label_use) = workbench.detector(&comparison.group);
    MatrixRow {
        group: comparison.group.clone(),
        cells: cells.collect(),
        best,
        in_use,
        label_use,
        in_use_value: value_of(in_use),
        oracle: comparison.oracle,
        oracle_value: comparison.oracle.and_then(value_of),
    }
}

/// Harmonic mean over the sections with labels, each by the detector that `pick` names for it.
fn total(
    comparison: &Comparison,
    rows: &[MatrixRow],
    metric: MatrixMetric,
    pick: &dyn Fn(&MatrixRow) -> Option<DetectorKind>,
) -> Option<f64> {
    let mut parts = Vec::new();
    for row in rows.iter().filter(|row| row.best.is_some()) {
        let group = comparison.groups.iter().find(|group| group.group == row.group)?;
        let of_section = metric.parts(&group.result(pick(row)?)?.metrics);
        if of_section.is_empty() {
            return None;
        }
        parts.extend(of_section);
    }
    harmonic_mean(&parts)
}

/// The matrix as a table, with the detectors in use and the oracle as its last columns.
pub fn matrix_table(workbench: &Workbench, metric: MatrixMetric) -> Option<Table> {
    let matrix = matrix(workbench, metric)?;
    let mut columns: Vec<String> = matrix.columns.iter().map(|detector| detector.title().to_owned()).collect();
    columns.push("In use".to_owned());
    columns.push("Oracle (best on test labels)".to_owned());
    let mut rows: Vec<TableRow> = Vec::with_capacity(matrix.rows.len() + 1);
    for row in &matrix.rows {
        let cells = row.cells.iter().map(|cell| cell.figure.map(|figure| figure.value));
        rows.push(table_row(row.group.to_string(), cells, row.in_use_value, row.oracle_value));
    }
    let totals = matrix.totals.iter().copied();
    rows.push(table_row(
        "All (harmonic mean)".to_owned(),
        totals,
        matrix.total_in_use,
        matrix.total_oracle,
    ));
    Some(Table {
        caption: caption(&matrix),
        columns,
        rows,
    })
}

fn table_row(name: String, cells: impl Iterator<Item = Option<f64>>, in_use: Option<f64>, oracle: Option<f64>) -> TableRow {
    TableRow {
        name,
        values: cells.chain([in_use, oracle]).collect(),
        marks_best: true,
    }
}

/// Says what is in use and which labels that rests on: a table must not lose its badge on the way out.
fn caption(matrix: &Matrix) -> String {
    let pinned = matrix
        .rows
        .iter()
        .filter(|row| row.label_use == LabelUse::PersonSawTestLabels);
    let pinned: Vec<String> = pinned
        .map(|row| format!("{} for {}", row.in_use.title(), row.group))
        .collect();
    let in_use = if pinned.is_empty() {
        "In use: fusion, no labels used.".to_owned()
    } else {
        format!("In use: {} (chosen seeing test labels), fusion elsewhere.", pinned.join(", "))
    };
    format!("{} of each detector on each machine section. {in_use}", matrix.metric.title())
}

/// Resamples of the paired bootstrap behind a tie: enough to tell a clear lead from a narrow one within a moment.
const TIE_RESAMPLES: usize = 200;

/// For each section and detector of a comparison: whether a paired bootstrap of the hmean cannot tell it from the best of the section.
/// The best itself is no tie. Sections are worked on in parallel.
pub fn ties(comparison: &Comparison) -> Vec<Vec<bool>> {
    comparison.groups.par_iter().map(ties_of_section).collect()
}

fn ties_of_section(group: &GroupComparison) -> Vec<bool> {
    let config = BootstrapConfig {
        n_resamples: TIE_RESAMPLES,
        ..BootstrapConfig::default()
    };
    let hmean = |result: &DetectorResult| result.metrics.hmean.map(|figure| figure.value);
    let Some(best) = group
        .results
        .iter()
        .flatten()
        .filter(|result| hmean(result).is_some())
        .reduce(|best, result| if hmean(result) > hmean(best) { result } else { best })
    else {
        return vec![false; group.results.len()];
    };
    let ties_with_best = |result: &DetectorResult| {
        let is_another = result.detector != best.detector && hmean(result).is_some();
        is_another && evaluation::is_tie(&best.labelled, &result.labelled, config)
    };
    group
        .results
        .iter()
        .map(|result| result.as_ref().is_ok_and(&ties_with_best))
        .collect()
}
