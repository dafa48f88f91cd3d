//! The choice between detectors: what each mode may look at, and what it is then worth.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use auscult::audio::ChannelChoice;
use auscult::dataset::{ClipEntry, Dataset, Domain, Label, Layout, MachineSection, Split};
use auscult::detectors::{DetectorKind, DetectorSettings};
use auscult::evaluation::{
    BootstrapConfig, LabelledScore, PAUC_MAX_FPR, ResampledMean, auc, harmonic_mean, partial_auc, resampled_metrics,
};
use auscult::extractors::Embedding;
use auscult::pipeline::{Comparison, EmbeddedClips, Half, compare, halves, summary_lines, summary_table};
use auscult::progress::NoProgress;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Two machines of two sections; each section has 40 clips to fit on and 61 to test, a third of them anomalous.
fn clips() -> Vec<ClipEntry> {
    let clip = |machine: &str, section: &str, number: usize| {
        let is_test = number >= 40;
        let label = if is_test && number % 3 == 1 {
            Label::Anomalous
        } else {
            Label::Normal
        };
        ClipEntry {
            path: format!("{machine}/{section}/{number}.wav"),
            group: MachineSection {
                machine: machine.to_owned(),
                section: section.to_owned(),
            },
            split: if is_test { Split::Test } else { Split::Train },
            label: if number == 100 { Label::Unknown } else { label },
            domain: Some(if number % 5 < 2 { Domain::Target } else { Domain::Source }),
            attributes: Vec::new(),
            sample_rate_hz: 16_000,
            n_channels: 1,
            duration_secs: 1.0,
        }
    };
    let sections = [("fan", "00"), ("fan", "01"), ("pump", "00"), ("pump", "01")];
    let of_section = |(machine, section): (&str, &str)| (0..101).map(|number| clip(machine, section, number)).collect();
    sections
        .into_iter()
        .flat_map(|names| -> Vec<ClipEntry> { of_section(names) })
        .collect()
}

fn dataset(clips: Vec<ClipEntry>) -> Dataset {
    Dataset {
        root: PathBuf::from("data"),
        layout: Layout::Dcase2022,
        channel: ChannelChoice::default(),
        clips,
        skipped: Vec::new(),
        notes: Vec::new(),
    }
}

fn compared(dataset: &Dataset) -> Comparison {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut embedding = |clip: &ClipEntry| {
        let lift = if clip.label == Label::Anomalous { 0.25 } else { 0.0 };
        Some(Embedding {
            values: (0..6).map(|_| 1.0 + lift + random.random::<f32>()).collect(),
            own_scores: Vec::new(),
        })
    };
    let embedded = EmbeddedClips {
        held_out: None,
        embeddings: dataset.clips.iter().map(&mut embedding).collect(),
        failed: Vec::new(),
        own_scores: Vec::new(),
    };
    compare(dataset, &embedded, &DetectorSettings::default(), &mut NoProgress).unwrap()
}

fn tested(dataset: &Dataset) -> Vec<usize> {
    (0..dataset.clips.len())
        .filter(|&clip| dataset.clips[clip].split == Split::Test)
        .collect()
}

#[test]
fn halves_are_disjoint_even_in_every_stratum_and_rest_on_names_alone() {
    let dataset = dataset(clips());
    let clips = tested(&dataset);
    let found = halves(&dataset, &clips);
    let mut counts: BTreeMap<(&MachineSection, bool, bool), [usize; 2]> = BTreeMap::new();
    for (&clip_idx, half) in clips.iter().zip(&found) {
        let clip = &dataset.clips[clip_idx];
        assert_eq!(
            half.is_none(),
            clip.label == Label::Unknown,
            "labelled clips have one half each"
        );
        if let Some(half) = half {
            let stratum = (&clip.group, clip.is_target(), clip.label == Label::Anomalous);
            counts.entry(stratum).or_default()[*half as usize] += 1;
        }
    }
    assert_eq!(counts.len(), 16);
    for (stratum, [a, b]) in counts {
        assert!(a.abs_diff(b) <= 1 && a > 0, "{stratum:?}: {a} and {b}");
    }

    let mut shuffled: Vec<usize> = clips.clone();
    shuffled.reverse();
    shuffled.rotate_left(7);
    let of_clip: BTreeMap<usize, Option<Half>> = clips.iter().copied().zip(found).collect();
    for (clip_idx, half) in shuffled.iter().zip(halves(&dataset, &shuffled)) {
        assert_eq!(half, of_clip[clip_idx], "the order of the clips does not matter");
    }
    let neighbours = clips.windows(2).filter(|pair| of_clip[&pair[0]] == of_clip[&pair[1]]).count();
    assert!(
        neighbours > clips.len() / 4,
        "not simply every other clip: recordings come in order"
    );
}

/// The harmonic mean of these clips' figures, worked out from the scores alone.
fn by_hand(dataset: &Dataset, comparison: &Comparison, machines: &[(&str, DetectorKind)], half: Option<Half>) -> f64 {
    let mut parts = Vec::new();
    for &(machine, kind) in machines {
        for group in comparison.groups.iter().filter(|group| group.group.machine == machine) {
            let scores = &group.result(kind).unwrap().test_scores;
            let of_clips = halves(dataset, &group.test_clips);
            let kept = group.test_clips.iter().zip(scores).zip(of_clips);
            let kept = kept.filter(|(_, found)| found.is_some() && (half.is_none() || *found == half));
            let labelled: Vec<LabelledScore> = kept
                .map(|((&clip, &score), _)| LabelledScore {
                    score,
                    is_anomaly: dataset.clips[clip].label == Label::Anomalous,
                    is_target: Some(dataset.clips[clip].is_target()),
                })
                .collect();
            for is_target in [false, true] {
                let of_domain = labelled
                    .iter()
                    .copied()
                    .filter(|clip| clip.is_anomaly || clip.is_target == Some(is_target));
                parts.extend(auc(&of_domain.collect::<Vec<_>>()));
            }
            parts.extend(partial_auc(&labelled, PAUC_MAX_FPR));
        }
    }
    harmonic_mean(&parts).unwrap()
}

#[test]
fn each_mode_is_what_it_says() {
    let dataset = dataset(clips());
    let comparison = compared(&dataset);
    let best_by_hand = |machine: &str, half: Option<Half>| {
        let value = |kind: DetectorKind| (kind, by_hand(&dataset, &comparison, &[(machine, kind)], half));
        let values = comparison.detectors.iter().map(|&kind| value(kind));
        values.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
    };
    let choices = |half: Option<Half>| ["fan", "pump"].map(|machine| (machine, best_by_hand(machine, half)));
    let worth = comparison.worth(|_| DetectorKind::Fusion);
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");

    let (oracle, on_a, on_b) = (choices(None), choices(Some(Half::A)), choices(Some(Half::B)));
    for machine in 0..2 {
        let (name, kind) = oracle[machine];
        assert_eq!(comparison.best[name], kind);
        assert_eq!(comparison.chosen_on(Half::A, name), Some(on_a[machine].1));
        assert_eq!(comparison.chosen_on(Half::B, name), Some(on_b[machine].1));
    }
    let fixed = [("fan", DetectorKind::Fusion), ("pump", DetectorKind::Fusion)];
    close(worth.fixed.unwrap().value, by_hand(&dataset, &comparison, &fixed, None));
    close(worth.oracle.unwrap().value, by_hand(&dataset, &comparison, &oracle, None));
    let half = worth.half.unwrap();
    close(half.directions[0], by_hand(&dataset, &comparison, &on_a, Some(Half::B)));
    close(half.directions[1], by_hand(&dataset, &comparison, &on_b, Some(Half::A)));
    close(half.figure.value, 0.5 * (half.directions[0] + half.directions[1]));
    let gap = worth.oracle_over_fixed.unwrap().difference;
    close(gap.value, worth.oracle.unwrap().value - worth.fixed.unwrap().value);
    assert!(gap.value >= 0.0 && gap.low <= gap.value && gap.value <= gap.high);
    close(
        worth.oracle_over_half.unwrap(),
        worth.oracle.unwrap().value - half.figure.value,
    );
}

#[test]
fn a_half_knows_nothing_of_the_other_halfs_clips() {
    let dataset = dataset(clips());
    let comparison = compared(&dataset);
    let [a, b] = Half::ALL.map(|half| comparison.half(half).unwrap());
    for ((whole, a), b) in comparison.groups.iter().zip(&a.groups).zip(&b.groups) {
        let labelled = |clips: &[usize]| -> Vec<usize> {
            let labelled = clips
                .iter()
                .copied()
                .filter(|&clip| dataset.clips[clip].label != Label::Unknown);
            labelled.collect()
        };
        let (of_a, of_b) = (labelled(&a.test_clips), labelled(&b.test_clips));
        assert!(of_a.iter().all(|clip| !of_b.contains(clip)));
        let mut both = [of_a, of_b].concat();
        both.sort_unstable();
        assert_eq!(both, labelled(&whole.test_clips));
        for half in [a, b] {
            assert_eq!(half.train_clips, whole.train_clips, "the fit is the same");
            for result in half.results.iter().flatten() {
                assert_eq!(result.test_scores.len(), half.test_clips.len());
                assert_eq!(result.labelled.len(), labelled(&half.test_clips).len());
            }
        }
    }
    assert!(a.halves.is_none());
}

#[test]
fn without_labels_nothing_is_chosen() {
    let mut clips = clips();
    for clip in clips.iter_mut().filter(|clip| clip.split == Split::Test) {
        clip.label = Label::Unknown;
    }
    let comparison = compared(&dataset(clips));
    assert!(comparison.best.is_empty());
    assert_eq!(comparison.chosen_on(Half::A, "fan"), None);
    let worth = comparison.worth(|_| DetectorKind::Fusion);
    assert!(worth.fixed.is_none() && worth.half.is_none() && worth.oracle.is_none());
}

#[test]
fn the_gap_is_printed_with_the_table() {
    let summary = compared(&dataset(clips())).summary();
    let choice = summary.choice;
    assert_eq!(summary.hmean["default"], choice.fixed.map(|fixed| fixed.hmean));
    assert_eq!(summary.hmean["oracle"], choice.oracle.map(|oracle| oracle.hmean));
    let text = summary_lines(&summary).join("\n");
    for words in [
        "no labels used",
        "chosen on one half of the labelled test clips, reported on the other",
        "an upper bound",
        "what the papers' practice is worth: +",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    let table = summary_table(&summary);
    assert!(table.caption.contains("what the papers' practice is worth"));
    let last = table.rows.last().unwrap();
    let n = last.values.len();
    assert_eq!(table.columns.len(), n);
    let expected = [
        choice.fixed.unwrap().hmean,
        choice.half.unwrap().hmean,
        choice.oracle.unwrap().hmean,
    ];
    assert_eq!(last.values[n - 3..], expected.map(|value| Some(100.0 * value)));
}

#[test]
fn the_interval_over_several_sections_agrees_with_numpy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pooled_bootstrap/expected.json");
    let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let sections: Vec<ResampledMean> = expected["sections"]
        .as_array()
        .unwrap()
        .iter()
        .zip(1..)
        .map(|(rows, seed)| {
            let rows = rows.as_array().unwrap().iter();
            let labelled = rows.map(|row| LabelledScore {
                score: number(&row[0]),
                is_anomaly: number(&row[1]) == 1.0,
                is_target: Some(number(&row[2]) == 1.0),
            });
            let config = BootstrapConfig { n_resamples: 5000, seed };
            resampled_metrics(&labelled.collect::<Vec<_>>(), config).1.unwrap()
        })
        .collect();
    let figure = ResampledMean::pooled(sections.iter()).unwrap().figure();
    assert!((figure.value - number(&expected["hmean"])).abs() < 1e-9);
    // Two bootstraps of 5000 resamples differ by about 0.001 at their ends; a whole stratum more or less, by much more.
    for (found, expected) in [(figure.low, &expected["low"]), (figure.high, &expected["high"])] {
        assert!((found - number(expected)).abs() < 0.005, "{found} {expected}");
    }
}

#[test]
fn every_stratum_is_resampled_by_itself() {
    let clip = |score: f64, is_anomaly: bool, is_target: Option<bool>| LabelledScore {
        score,
        is_anomaly,
        is_target,
    };
    let mut scores = Vec::new();
    for (is_target, shift) in [(None, 0.0), (Some(false), 2.0), (Some(true), 4.0)] {
        scores.push(clip(1.0 + shift, false, is_target));
        scores.push(clip(2.5 - shift, true, is_target));
    }
    // One clip in each: nothing can be drawn but that clip.
    let (metrics, hmean) = resampled_metrics(&scores, BootstrapConfig::default());
    let figure = metrics.auc.unwrap();
    assert_eq!((figure.low, figure.high), (figure.value, figure.value));
    let figure = hmean.unwrap().figure();
    assert_eq!((figure.low, figure.high), (figure.value, figure.value));
}
