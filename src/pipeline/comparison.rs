//! What a comparison of all detectors says: the machine × detector matrix.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::halves::Half;
use super::held_out::{self, ThresholdBasis};
use crate::dataset::MachineSection;
use crate::detectors::{DetectorConfig, DetectorKind};
use crate::evaluation::{self, BootstrapConfig, LabelledScore, ResampledMean, SectionMetrics};

/// Which labels a choice of detector rests on: the badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelUse {
    /// Fixed or fused: no label at all.
    None,
    /// A person chose, with the test figures before the eyes.
    PersonSawTestLabels,
    /// The best on one half of the labelled test clips, reported on the other half.
    OtherHalf,
    /// The best on the test labels: an upper bound, not a result.
    Oracle,
}

/// All sections.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    pub groups: Vec<GroupComparison>,
    /// The detectors that could be fitted somewhere, in the order of the columns.
    pub detectors: Vec<DetectorKind>,
    /// By machine: the detector with the best harmonic mean over all its sections by these labels. On the test clips it is the
    /// oracle of the papers, on half of them a choice that the other half has not seen.
    pub best: BTreeMap<String, DetectorKind>,
    /// The same of the clips of either half alone, see [`Half`]; `None` on a half itself.
    pub halves: Option<[Arc<Comparison>; 2]>,
    /// The clips that the front end was trained without; `None` where it learns nothing.
    pub held_out: Option<BTreeSet<usize>>,
}

impl Comparison {
    /// What the clips of one half say; `None` on a half itself.
    pub fn half(&self, half: Half) -> Option<&Arc<Self>> {
        self.halves.as_ref().map(|halves| &halves[half as usize])
    }

    /// One section.
    pub fn of(&self, group: &MachineSection) -> Option<&GroupComparison> {
        self.groups.iter().find(|found| found.group == *group)
    }

    /// The machines by name, with the places of their sections in `groups`.
    pub fn machines(&self) -> Vec<(&str, Vec<usize>)> {
        let mut of_machine: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (group_idx, group) in self.groups.iter().enumerate() {
            of_machine.entry(&group.group.machine).or_default().push(group_idx);
        }
        of_machine.into_iter().collect()
    }

    /// The official mean: one harmonic mean over the figures of all labelled sections, not a mean of means. `None` where a
    /// detector lacks one of them: leaving out a section that it could not be fitted to would flatter it.
    pub fn hmean(&self, groups: &[usize], detector_of: impl Fn(usize) -> Option<DetectorKind>) -> Option<ResampledMean> {
        let labelled = groups.iter().filter(|&&group| self.groups[group].is_labelled());
        let means: Option<Vec<&ResampledMean>> = labelled
            .map(|&group| self.groups[group].result(detector_of(group)?)?.resampled.as_ref())
            .collect();
        ResampledMean::pooled(means?.into_iter())
    }

    /// What the thresholds of a section rest on.
    pub fn threshold_basis(&self, group: &GroupComparison) -> ThresholdBasis {
        held_out::basis(self.held_out.as_ref(), &group.train_clips)
    }

    /// The scores of normal clips that a threshold is to be drawn from.
    pub fn threshold_scores<'a>(&self, group: &GroupComparison, result: &'a DetectorResult) -> Cow<'a, [f64]> {
        held_out::scores(self.held_out.as_ref(), &group.train_clips, &result.normal_scores)
    }
}

/// One section.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupComparison {
    pub group: MachineSection,
    /// What the detectors were fitted with.
    pub config: DetectorConfig,
    /// The clips that the detectors are fitted on: indices into the data set's clips.
    pub train_clips: Vec<usize>,
    pub test_clips: Vec<usize>,
    /// Parallel to [`Comparison::detectors`]; an error says why that detector could not be fitted.
    pub results: Vec<Result<DetectorResult, String>>,
    /// The detector with the best hmean on the test labels of this section alone; `None` without labels. No choice of one
    /// detector a machine beats it.
    pub oracle: Option<DetectorKind>,
}

impl GroupComparison {
    /// Whether the labels allow any figure at all.
    pub fn is_labelled(&self) -> bool {
        self.results.iter().flatten().any(|result| result.resampled.is_some())
    }

    /// What one detector makes of the section; `None` where it could not be fitted.
    pub fn result(&self, detector: DetectorKind) -> Option<&DetectorResult> {
        self.results.iter().flatten().find(|result| result.detector == detector)
    }
}

/// One detector on one section.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorResult {
    pub detector: DetectorKind,
    /// Parallel to `test_clips`.
    pub test_scores: Vec<f64>,
    /// Leave-one-out, parallel to `train_clips`: what normal clips score.
    pub normal_scores: Vec<f64>,
    /// Labelled test clips only.
    pub labelled: Vec<LabelledScore>,
    pub metrics: SectionMetrics,
    /// The harmonic mean of `metrics` in every resample; detectors of one section are resampled alike.
    pub resampled: Option<ResampledMean>,
    /// What the detector did instead of what was asked.
    pub fallback: Option<String>,
}

impl DetectorResult {
    /// Evaluates scores: `labelled` are those of the labelled test clips.
    pub fn new(
        detector: DetectorKind,
        (test_scores, normal_scores): (Vec<f64>, Vec<f64>),
        labelled: Vec<LabelledScore>,
        fallback: Option<String>,
        config: BootstrapConfig,
    ) -> Self {
        let (metrics, resampled) = evaluation::resampled_metrics(&labelled, config);
        Self {
            detector,
            test_scores,
            normal_scores,
            labelled,
            metrics,
            resampled,
            fallback,
        }
    }
}
