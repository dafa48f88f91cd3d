//! What the screen draws, worked out once and kept until something that it rests on changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::{Bins, Matrix, MatrixMetric, Workbench, bins, histogram_figure, matrix, roc_detectors, roc_figure, ties};
use crate::dataset::{Label, MachineSection};
use crate::detectors::DetectorKind;
use crate::evaluation::ThresholdRule;
use crate::figures::{HistogramFigure, RocFigure};
use crate::pipeline::Comparison;

/// The matrix, and the pictures of one section.
pub(super) struct Drawn {
    basis: Basis,
    /// Parallel to the sections of the comparison.
    ties: Vec<Vec<bool>>,
    pub(super) matrix: Matrix,
    pub(super) roc: Option<RocFigure>,
    /// Parallel to the curves of `roc`.
    pub(super) roc_detectors: Vec<DetectorKind>,
    pub(super) histogram: Option<HistogramFigure>,
    pub(super) bins: Bins,
}

/// All that the pictures rest on.
struct Basis {
    comparison: Arc<Comparison>,
    pins: BTreeMap<String, DetectorKind>,
    thresholds: BTreeMap<String, ThresholdRule>,
    labels: BTreeMap<String, Label>,
    metric: MatrixMetric,
    group: MachineSection,
}

impl Basis {
    fn holds(&self, workbench: &Workbench, metric: MatrixMetric, group: &MachineSection) -> bool {
        let project = &workbench.project;
        self.is_of(workbench)
            && self.metric == metric
            && self.group == *group
            && self.pins == project.pins
            && self.thresholds == project.thresholds
            && self.labels == project.labels
    }

    fn is_of(&self, workbench: &Workbench) -> bool {
        let now = workbench.comparison.as_ref();
        now.is_some_and(|now| Arc::ptr_eq(now, &self.comparison))
    }
}

impl Drawn {
    /// What was drawn before where it still holds, else anew; `None` without a comparison.
    pub(super) fn renew(
        before: Option<Self>,
        workbench: &Workbench,
        metric: MatrixMetric,
        group: &MachineSection,
    ) -> Option<Self> {
        let before = match before {
            Some(before) if before.basis.holds(workbench, metric, group) => return Some(before),
            other => other,
        };
        let comparison = workbench.comparison.as_ref()?;
        let ties = match before {
            Some(before) if before.basis.is_of(workbench) => before.ties,
            _ => ties(comparison),
        };
        let mut matrix = matrix(workbench, metric)?;
        matrix.mark_ties(comparison, &ties);
        let histogram = histogram_figure(workbench, group);
        Some(Self {
            ties,
            matrix,
            roc: roc_figure(workbench, group),
            roc_detectors: roc_detectors(workbench, group),
            bins: histogram.as_ref().map(bins).unwrap_or_default(),
            histogram,
            basis: Basis {
                comparison: Arc::clone(comparison),
                pins: workbench.project.pins.clone(),
                thresholds: workbench.project.thresholds.clone(),
                labels: workbench.project.labels.clone(),
                metric,
                group: group.clone(),
            },
        })
    }

    /// The section of the pictures.
    pub(super) fn group(&self) -> &MachineSection {
        &self.basis.group
    }

    /// Smallest and largest score of the section's test clips.
    pub(super) fn score_range(&self) -> Option<[f64; 2]> {
        Some([*self.bins.edges.first()?, *self.bins.edges.last()?])
    }
}
