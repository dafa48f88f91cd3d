//! What the screen draws, worked out once and kept until something that it rests on changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::{Bins, Matrix, MatrixMetric, Workbench, bins, histogram_figure, matrix, roc_detectors, roc_figure};
use crate::dataset::{Label, MachineSection};
use crate::detectors::DetectorKind;
use crate::evaluation::ThresholdRule;
use crate::figures::{HistogramFigure, RocFigure};
use crate::pipeline::Comparison;
use crate::project::DetectorChoice;

/// The matrix, and the pictures of one section.
pub(super) struct Drawn {
    basis: Basis,
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
    choice: DetectorChoice,
    beside: BTreeMap<String, Option<Arc<Comparison>>>,
    thresholds: BTreeMap<String, ThresholdRule>,
    labels: BTreeMap<String, Label>,
    metric: MatrixMetric,
    group: MachineSection,
}

impl Basis {
    fn holds(&self, workbench: &Workbench, metric: MatrixMetric, group: &MachineSection) -> bool {
        let project = &workbench.project;
        let now = workbench.comparison.as_ref();
        now.is_some_and(|now| Arc::ptr_eq(now, &self.comparison))
            && self.metric == metric
            && self.group == *group
            && self.pins == project.pins
            && self.choice == project.choice
            && is_same(&self.beside, &workbench.beside)
            && self.thresholds == project.thresholds
            && self.labels == project.labels
    }
}

/// Whether the same comparisons stand beside the first: the very same, without looking into them.
fn is_same(before: &BTreeMap<String, Option<Arc<Comparison>>>, now: &BTreeMap<String, Option<Arc<Comparison>>>) -> bool {
    let place = |comparison: &Option<Arc<Comparison>>| comparison.as_ref().map(Arc::as_ptr);
    let places = |runs: &BTreeMap<String, Option<Arc<Comparison>>>| -> Vec<_> {
        runs.iter()
            .map(|(run, comparison)| (run.clone(), place(comparison)))
            .collect()
    };
    before.len() == now.len() && (before.is_empty() || places(before) == places(now))
}

impl Drawn {
    /// What was drawn before where it still holds, else anew; `None` without a comparison.
    pub(super) fn renew(
        before: Option<Self>,
        workbench: &Workbench,
        metric: MatrixMetric,
        group: &MachineSection,
    ) -> Option<Self> {
        if let Some(before) = before.filter(|before| before.basis.holds(workbench, metric, group)) {
            return Some(before);
        }
        let comparison = workbench.comparison.as_ref()?;
        let histogram = histogram_figure(workbench, group);
        Some(Self {
            matrix: matrix(workbench, metric)?,
            roc: roc_figure(workbench, group),
            roc_detectors: roc_detectors(workbench, group),
            bins: histogram.as_ref().map(bins).unwrap_or_default(),
            histogram,
            basis: Basis {
                comparison: Arc::clone(comparison),
                pins: workbench.project.pins.clone(),
                choice: workbench.project.choice,
                beside: workbench.beside.clone(),
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
