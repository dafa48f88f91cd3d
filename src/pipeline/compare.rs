//! The machine × detector matrix: every detector fitted on each section's training clips and evaluated on its test clips.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::EmbeddedClips;
use super::train::may_be_fitted_on;
use crate::dataset::{ClipEntry, Dataset, Label, MachineSection, Split};
use crate::detectors::{self, Bank, Detector, DetectorConfig, DetectorError, DetectorKind, DetectorSettings, Observations};
use crate::evaluation::{self, BootstrapConfig, LabelledScore, SectionMetrics};
use crate::progress::{self, Cancelled, Progress};

/// Which labels a choice of detector rests on: the badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelUse {
    /// Fixed or fused: no label at all.
    None,
    /// A person chose, with the test figures before the eyes.
    PersonSawTestLabels,
    /// The best on the test labels: an upper bound, not a result.
    Oracle,
}

/// All sections.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    pub groups: Vec<GroupComparison>,
    /// The detectors that could be fitted somewhere, in the order of the columns.
    pub detectors: Vec<DetectorKind>,
    /// The clips that the front end was trained without; `None` where it learns nothing.
    pub held_out: Option<BTreeSet<usize>>,
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
    /// The detector with the best hmean on the test labels, the default among them, so that nothing beats it; `None` without
    /// labels.
    pub oracle: Option<DetectorKind>,
}

impl GroupComparison {
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
    /// What the detector did instead of what was asked.
    pub fallback: Option<String>,
}

/// Fits and evaluates every detector on every section that has embeddings.
///
/// # Panics
/// Where a test clip is among the clips to fit on: that is a bug, never a finding.
pub fn compare(
    dataset: &Dataset,
    embedded: &EmbeddedClips,
    settings: &DetectorSettings,
    progress: &mut dyn Progress,
) -> Result<Comparison, Cancelled> {
    compare_again(dataset, embedded, settings, &Comparison::default(), progress)
}

/// The same after labels or settings have changed: `before` is of the same embeddings. Where a section's clips to fit on and its
/// settings are still the same, what the detectors scored still holds, and is only held against the labels as they are now.
pub fn compare_again(
    dataset: &Dataset,
    embedded: &EmbeddedClips,
    settings: &DetectorSettings,
    before: &Comparison,
    progress: &mut dyn Progress,
) -> Result<Comparison, Cancelled> {
    let is_there = |kind: &DetectorKind| !kind.is_own_score() || embedded.own_scores.contains(kind);
    let detectors: Vec<DetectorKind> = DetectorKind::ALL.into_iter().filter(is_there).collect();
    progress.stage("Fitting detectors");
    let groups = progress::par_map(&dataset.groups(), progress, |group| {
        let before = before.groups.iter().find(|before| before.group == *group);
        let config = settings.of(&group.to_string());
        compare_group(dataset, embedded, config, &detectors, group, before)
    })?;
    Ok(Comparison {
        groups: groups.into_iter().flatten().collect(),
        detectors,
        held_out: embedded.held_out.clone(),
    })
}

/// `None` where the section has no embedding at all: the run was not trained on it.
fn compare_group(
    dataset: &Dataset,
    embedded: &EmbeddedClips,
    config: &DetectorConfig,
    kinds: &[DetectorKind],
    group: &MachineSection,
    before: Option<&GroupComparison>,
) -> Option<GroupComparison> {
    let fit_on: Vec<usize> = dataset
        .indices(group, Split::Train)
        .into_iter()
        .filter(|&clip| may_be_fitted_on(&dataset.clips[clip]))
        .collect();
    let (observations, train_clips) = embedded.observations(&fit_on);
    let (queries, test_clips) = embedded.observations(&dataset.indices(group, Split::Test));
    if train_clips.is_empty() && test_clips.is_empty() {
        return None;
    }
    assert_disjoint(dataset, &train_clips, &test_clips);
    let tested: Vec<&ClipEntry> = test_clips.iter().map(|&clip| &dataset.clips[clip]).collect();
    let is_as_fitted = |before: &&GroupComparison| {
        before.config == *config && before.train_clips == train_clips && before.test_clips == test_clips
    };
    let results: Vec<_> = match before.filter(is_as_fitted) {
        Some(before) => before.results.iter().map(|result| relabelled(result, &tested)).collect(),
        None => {
            let is_target = train_clips.iter().map(|&clip| dataset.clips[clip].is_target()).collect();
            let bank = Bank { observations, is_target };
            let fitted = detectors::fit_all(kinds, config, &bank);
            let evaluate = |(&kind, detector): (&DetectorKind, Result<Arc<dyn Detector>, DetectorError>)| {
                let detector = detector.map_err(|error| error.to_string())?;
                Ok(evaluate(kind, &*detector, &queries, &tested))
            };
            kinds.par_iter().zip(fitted).map(evaluate).collect()
        }
    };
    let oracle = results
        .iter()
        .flatten()
        .filter_map(|result| Some((result.detector, result.metrics.hmean?.value)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(detector, _)| detector);
    Some(GroupComparison {
        group: group.clone(),
        config: *config,
        train_clips,
        test_clips,
        results,
        oracle,
    })
}

fn assert_disjoint(dataset: &Dataset, train_clips: &[usize], test_clips: &[usize]) {
    let fitted: BTreeSet<&str> = train_clips.iter().map(|&clip| dataset.clips[clip].path.as_str()).collect();
    let leaked = test_clips
        .iter()
        .find(|&&clip| fitted.contains(dataset.clips[clip].path.as_str()));
    assert!(leaked.is_none(), "a clip that is tested must never be fitted on");
}

fn evaluate(kind: DetectorKind, detector: &dyn Detector, queries: &Observations, tested: &[&ClipEntry]) -> DetectorResult {
    let test_scores = detector.scores(queries);
    let labelled = labelled(tested, &test_scores);
    DetectorResult {
        detector: kind,
        normal_scores: detector.leave_one_out_scores().to_vec(),
        metrics: evaluation::section_metrics(&labelled, BootstrapConfig::default()),
        test_scores,
        labelled,
        fallback: detector.fallback().map(str::to_owned),
    }
}

/// What the same scores are worth by the labels as they are now.
fn relabelled(before: &Result<DetectorResult, String>, tested: &[&ClipEntry]) -> Result<DetectorResult, String> {
    let mut result = before.clone()?;
    let labelled = labelled(tested, &result.test_scores);
    if labelled != result.labelled {
        result.metrics = evaluation::section_metrics(&labelled, BootstrapConfig::default());
        result.labelled = labelled;
    }
    Ok(result)
}

fn labelled(tested: &[&ClipEntry], scores: &[f64]) -> Vec<LabelledScore> {
    let scored = tested.iter().zip(scores).filter(|(clip, _)| clip.label != Label::Unknown);
    let with_label = scored.map(|(clip, &score)| LabelledScore {
        score,
        is_anomaly: clip.label == Label::Anomalous,
        is_target: clip.domain.map(|_| clip.is_target()),
    });
    with_label.collect()
}
