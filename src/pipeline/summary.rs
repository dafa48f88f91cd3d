//! The matrix in figures: per machine type and over all, as the papers' tables give them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Comparison, DetectorResult};
use crate::detectors::DetectorKind;
use crate::evaluation::{self, SectionMetrics};

/// The comparison of all machines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparisonSummary {
    pub machines: Vec<MachineSummary>,
    /// Harmonic mean over all figures of all sections: of `default`, `oracle` and each detector.
    pub hmean: BTreeMap<String, Option<f64>>,
}

/// One machine type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MachineSummary {
    pub name: String,
    pub detectors: Vec<DetectorSummary>,
    /// The label-free default.
    pub default: &'static str,
    /// The detector with the best hmean on the test labels of this machine: an upper bound, not a result.
    pub oracle: Option<&'static str>,
}

/// One detector on one machine type; `None` where undefined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorSummary {
    pub name: &'static str,
    /// Arithmetic means over the sections.
    pub auc: Option<f64>,
    pub auc_source: Option<f64>,
    pub auc_target: Option<f64>,
    pub pauc: Option<f64>,
    /// Harmonic mean of AUC source, AUC target and pAUC of all sections (of AUC and pAUC without domains).
    pub hmean: Option<f64>,
}

impl Comparison {
    /// The figures per machine type and over all.
    pub fn summary(&self) -> ComparisonSummary {
        let mut of_machine: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (group_idx, group) in self.groups.iter().enumerate() {
            of_machine.entry(&group.group.machine).or_default().push(group_idx);
        }
        let machines: Vec<MachineSummary> = of_machine
            .into_iter()
            .map(|(name, groups)| self.machine(name, &groups))
            .collect();
        let all: Vec<usize> = (0..self.groups.len()).collect();
        let mut hmean: BTreeMap<String, Option<f64>> = self
            .detectors
            .iter()
            .map(|&kind| (kind.name().to_owned(), self.hmean(&all, |_| Some(kind))))
            .collect();
        hmean.insert("default".to_owned(), self.hmean(&all, |_| Some(DetectorKind::Fusion)));
        // Per section, as in the window: no choice of detectors can be better.
        hmean.insert("oracle".to_owned(), self.hmean(&all, |group| self.groups[group].oracle));
        ComparisonSummary { machines, hmean }
    }

    fn machine(&self, name: &str, groups: &[usize]) -> MachineSummary {
        let mean = |kind: DetectorKind, figure: fn(&SectionMetrics) -> Option<evaluation::Figure>| {
            let values: Vec<f64> = self
                .results(groups, kind)
                .filter_map(|result| Some(figure(&result.metrics)?.value))
                .collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let detectors: Vec<DetectorSummary> = self
            .detectors
            .iter()
            .map(|&kind| DetectorSummary {
                name: kind.name(),
                auc: mean(kind, |metrics| metrics.auc),
                auc_source: mean(kind, |metrics| metrics.auc_source),
                auc_target: mean(kind, |metrics| metrics.auc_target),
                pauc: mean(kind, |metrics| metrics.pauc),
                hmean: self.hmean(groups, |_| Some(kind)),
            })
            .collect();
        let best = detectors
            .iter()
            .filter_map(|detector| Some((detector.name, detector.hmean?)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        MachineSummary {
            name: name.to_owned(),
            detectors,
            default: DetectorKind::Fusion.name(),
            oracle: best.map(|(name, _)| name),
        }
    }

    fn results(&self, groups: &[usize], kind: DetectorKind) -> impl Iterator<Item = &DetectorResult> {
        groups.iter().filter_map(move |&group| self.groups[group].result(kind))
    }

    /// The official mean: one harmonic mean over the figures of all labelled sections, not a mean of means. `None` where a
    /// detector lacks one of them: leaving out a section that it could not be fitted to would flatter it.
    fn hmean(&self, groups: &[usize], detector_of: impl Fn(usize) -> Option<DetectorKind>) -> Option<f64> {
        let is_labelled = |result: &DetectorResult| result.metrics.hmean.is_some();
        let labelled = groups
            .iter()
            .filter(|&&group| self.groups[group].results.iter().flatten().any(is_labelled));
        let mut figures = Vec::new();
        for &group in labelled {
            let result = self.groups[group]
                .result(detector_of(group)?)
                .filter(|result| is_labelled(result))?;
            figures.extend(result.metrics.hmean_parts());
        }
        evaluation::harmonic_mean(&figures)
    }
}
