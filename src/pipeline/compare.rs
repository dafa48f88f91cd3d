//! Comparing detectors: each is fitted on every section's training clips and evaluated on its test clips.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::halves::{Half, halves, rank};
use super::training_clips::may_be_fitted_on;
use super::{Comparison, DetectorResult, EmbeddedClips, GroupComparison};
use crate::dataset::{ClipEntry, Dataset, Label, MachineSection, Split};
use crate::detectors::{self, Bank, Detector, DetectorConfig, DetectorError, DetectorKind, DetectorSettings, Observations};
use crate::evaluation::{self, BootstrapConfig, LabelledScore};
use crate::progress::{self, Cancelled, Progress};

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
    let groups = groups.into_iter().flatten().collect();
    let comparison = Comparison::of_groups(dataset, detectors, groups, before, progress)?;
    Ok(Comparison {
        held_out: embedded.held_out.clone(),
        ..comparison
    })
}

impl Comparison {
    /// Sections that are fitted and evaluated, with what either half of their test clips says. `before` is of the same
    /// embeddings and settings, or empty; what it says of the same clips is not worked out again.
    ///
    /// # Errors
    /// On the wish to stop.
    pub fn of_groups(
        dataset: &Dataset,
        detectors: Vec<DetectorKind>,
        groups: Vec<GroupComparison>,
        before: &Self,
        progress: &mut dyn Progress,
    ) -> Result<Self, Cancelled> {
        progress.stage("Comparing on either half of the test clips");
        let of_groups = progress::par_map(&groups, progress, |group| {
            let halves = halves(dataset, &group.test_clips);
            Half::ALL.map(|half| {
                let before = before.half(half).and_then(|before| before.of(&group.group));
                half_of_group(dataset, group, (&halves, half), before)
            })
        })?;
        let of_half = |half: usize| {
            let groups = of_groups.iter().map(|halves| halves[half].clone()).collect();
            Arc::new(Self::chosen(detectors.clone(), groups, None))
        };
        let halves = [of_half(0), of_half(1)];
        Ok(Self::chosen(detectors, groups, Some(halves)))
    }

    fn chosen(detectors: Vec<DetectorKind>, groups: Vec<GroupComparison>, halves: Option<[Arc<Self>; 2]>) -> Self {
        let mut comparison = Self {
            groups,
            detectors,
            best: BTreeMap::new(),
            halves,
            held_out: None,
        };
        let best = comparison.machines().into_iter().filter_map(|(machine, groups)| {
            let value = |kind: DetectorKind| Some((kind, comparison.hmean(&groups, |_| Some(kind))?.value));
            // Of equals the last: the default, which needs no label.
            let best = comparison.detectors.iter().filter_map(|&kind| value(kind));
            let (kind, _) = best.max_by(|a, b| a.1.total_cmp(&b.1))?;
            Some((machine.to_owned(), kind))
        });
        let best = best.collect();
        comparison.best = best;
        comparison
    }
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
        Some(before) => before
            .results
            .iter()
            .map(|result| relabelled(result, &tested, bootstrap(group, 0)))
            .collect(),
        None => {
            let is_target = train_clips.iter().map(|&clip| dataset.clips[clip].is_target()).collect();
            let bank = Bank { observations, is_target };
            let fitted = detectors::fit_all(kinds, config, &bank);
            let evaluate = |(&kind, detector): (&DetectorKind, Result<Arc<dyn Detector>, DetectorError>)| {
                let detector = detector.map_err(|error| error.to_string())?;
                Ok(evaluate(kind, &*detector, &queries, &tested, bootstrap(group, 0)))
            };
            kinds.par_iter().zip(fitted).map(evaluate).collect()
        }
    };
    Some(GroupComparison {
        group: group.clone(),
        config: *config,
        train_clips,
        test_clips,
        oracle: best_of(&results),
        results,
    })
}

fn best_of(results: &[Result<DetectorResult, String>]) -> Option<DetectorKind> {
    let hmeans = results.iter().flatten();
    let hmeans = hmeans.filter_map(|result| Some((result.detector, result.metrics.hmean?.value)));
    hmeans.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(detector, _)| detector)
}

/// The section as the test clips of one half show it; those without a label stay, they measure nothing. The fits are the same.
/// `halves` is parallel to the test clips.
fn half_of_group(
    dataset: &Dataset,
    group: &GroupComparison,
    (halves, half): (&[Option<Half>], Half),
    before: Option<&GroupComparison>,
) -> GroupComparison {
    let kept: Vec<usize> = (0..halves.len())
        .filter(|&place| halves[place].is_none_or(|found| found == half))
        .collect();
    let test_clips: Vec<usize> = kept.iter().map(|&place| group.test_clips[place]).collect();
    let tested: Vec<&ClipEntry> = test_clips.iter().map(|&clip| &dataset.clips[clip]).collect();
    let of_half = |result: &Result<DetectorResult, String>| {
        let result = result.as_ref().map_err(String::clone)?;
        let test_scores: Vec<f64> = kept.iter().map(|&place| result.test_scores[place]).collect();
        let labelled = labelled(&tested, &test_scores);
        let before = before.and_then(|before| before.result(result.detector));
        let is_same = |before: &&DetectorResult| {
            before.labelled == labelled && before.test_scores == test_scores && before.normal_scores == result.normal_scores
        };
        if let Some(before) = before.filter(is_same) {
            return Ok(before.clone());
        }
        let scores = (test_scores, result.normal_scores.clone());
        let config = bootstrap(&group.group, 1 + half as u64);
        Ok(DetectorResult::new(
            result.detector,
            scores,
            labelled,
            result.fallback.clone(),
            config,
        ))
    };
    let results: Vec<Result<DetectorResult, String>> = group.results.iter().map(of_half).collect();
    GroupComparison {
        group: group.group.clone(),
        config: group.config,
        train_clips: group.train_clips.clone(),
        test_clips,
        oracle: best_of(&results),
        results,
    }
}

/// The same draws for all detectors of a section, other draws for other sections and halves: their clips have nothing to do
/// with each other.
fn bootstrap(group: &MachineSection, part: u64) -> BootstrapConfig {
    BootstrapConfig {
        seed: rank(&group.to_string()).wrapping_add(part),
        ..BootstrapConfig::default()
    }
}

fn assert_disjoint(dataset: &Dataset, train_clips: &[usize], test_clips: &[usize]) {
    let fitted: BTreeSet<&str> = train_clips.iter().map(|&clip| dataset.clips[clip].path.as_str()).collect();
    let leaked = test_clips
        .iter()
        .find(|&&clip| fitted.contains(dataset.clips[clip].path.as_str()));
    assert!(leaked.is_none(), "a clip that is tested must never be fitted on");
}

fn evaluate(
    kind: DetectorKind,
    detector: &dyn Detector,
    queries: &Observations,
    tested: &[&ClipEntry],
    config: BootstrapConfig,
) -> DetectorResult {
    let test_scores = detector.scores(queries);
    let labelled = labelled(tested, &test_scores);
    let scores = (test_scores, detector.leave_one_out_scores().to_vec());
    DetectorResult::new(kind, scores, labelled, detector.fallback().map(str::to_owned), config)
}

/// What the same scores are worth by the labels as they are now.
fn relabelled(
    before: &Result<DetectorResult, String>,
    tested: &[&ClipEntry],
    config: BootstrapConfig,
) -> Result<DetectorResult, String> {
    let mut result = before.clone()?;
    let labelled = labelled(tested, &result.test_scores);
    if labelled != result.labelled {
        (result.metrics, result.resampled) = evaluation::resampled_metrics(&labelled, config);
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

#[cfg(test)]
mod tests {
    use super::{BootstrapConfig, DetectorResult, GroupComparison, Half, LabelledScore, half_of_group, halves};
    use crate::audio::ChannelChoice;
    use crate::dataset::{ClipEntry, Dataset, Domain, Label, Layout, MachineSection, Split};
    use crate::detectors::{DetectorConfig, DetectorKind};

    fn dataset() -> Dataset {
        let clip = |number: usize| ClipEntry {
            path: format!("fan/{number}.wav"),
            group: MachineSection {
                machine: "fan".to_owned(),
                section: "00".to_owned(),
            },
            split: Split::Test,
            label: if number % 2 == 1 { Label::Anomalous } else { Label::Normal },
            domain: Some(if number % 4 < 2 { Domain::Target } else { Domain::Source }),
            attributes: Vec::new(),
            sample_rate_hz: 16_000,
            n_channels: 1,
            duration_secs: 1.0,
        };
        Dataset {
            root: "data".into(),
            layout: Layout::Dcase2022,
            channel: ChannelChoice::default(),
            clips: (0..48).map(clip).collect(),
            skipped: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Scores of two detectors that rest on the clips' places alone.
    fn group(dataset: &Dataset) -> GroupComparison {
        let result = |detector: DetectorKind, step: usize| {
            let scores = (0..48).map(|clip| ((clip * step) % 53) as f64).collect();
            let labelled: Vec<LabelledScore> = Vec::new();
            Ok(DetectorResult::new(
                detector,
                (scores, vec![0.0]),
                labelled,
                None,
                BootstrapConfig::default(),
            ))
        };
        GroupComparison {
            group: dataset.clips[0].group.clone(),
            config: DetectorConfig::default(),
            train_clips: Vec::new(),
            test_clips: (0..48).collect(),
            results: vec![result(DetectorKind::Knn, 7), result(DetectorKind::Lof, 31)],
            oracle: None,
        }
    }

    #[test]
    fn what_chooses_on_one_half_does_not_see_the_labels_of_the_other() {
        let dataset = dataset();
        let group = group(&dataset);
        let halves = halves(&dataset, &group.test_clips);
        let mut flipped = dataset.clone();
        for (clip, half) in flipped.clips.iter_mut().zip(&halves) {
            if *half == Some(Half::B) {
                clip.label = if clip.label == Label::Normal {
                    Label::Anomalous
                } else {
                    Label::Normal
                };
            }
        }
        let of = |dataset: &Dataset, half: Half| half_of_group(dataset, &group, (&halves, half), None);
        let chosen = of(&dataset, Half::A);
        assert!(chosen.oracle.is_some());
        assert_eq!(of(&flipped, Half::A), chosen, "half A is as it was, to the last figure");
        assert_ne!(of(&flipped, Half::B), of(&dataset, Half::B), "half B is not");
    }
}
