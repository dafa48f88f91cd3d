//! After a label or a detector's setting was changed: what rests on it is worked out anew, what does not is kept, and nothing differs from starting over.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use auscult::audio::ChannelChoice;
use auscult::dataset::{ClipEntry, Dataset, Domain, Label, Layout, MachineSection, Split};
use auscult::detectors::{DetectorConfig, DetectorSettings};
use auscult::extractors::Embedding;
use auscult::pipeline::{Comparison, EmbeddedClips, compare, compare_again};
use auscult::progress::NoProgress;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const N_FEATURES: usize = 6;

/// Two machines with 60 clips each to fit on, 3 of them of the target domain, and 20 to test, every other one anomalous.
fn clips() -> Vec<ClipEntry> {
    let clip = |machine: &str, number: usize| {
        let is_test = number >= 60;
        let is_anomalous = is_test && number % 2 == 1;
        ClipEntry {
            path: format!("{machine}/{number}.wav"),
            group: MachineSection {
                machine: machine.to_owned(),
                section: "00".to_owned(),
            },
            split: if is_test { Split::Test } else { Split::Train },
            label: if is_anomalous { Label::Anomalous } else { Label::Normal },
            domain: Some(if number % 20 == 3 { Domain::Target } else { Domain::Source }),
            attributes: Vec::new(),
            sample_rate_hz: 16_000,
            n_channels: 1,
            duration_secs: 1.0,
        }
    };
    ["fan", "pump"]
        .iter()
        .flat_map(|machine| (0..80).map(move |number| clip(machine, number)))
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

fn embedded(clips: &[ClipEntry]) -> EmbeddedClips {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut embedding = |clip: &ClipEntry| {
        let lift = if clip.label == Label::Anomalous { 0.4 } else { 0.0 };
        Some(Embedding {
            values: (0..N_FEATURES).map(|_| 1.0 + lift + random.random::<f32>()).collect(),
            own_scores: Vec::new(),
        })
    };
    EmbeddedClips {
        embeddings: clips.iter().map(&mut embedding).collect(),
        failed: Vec::new(),
        own_scores: Vec::new(),
        held_out: None,
    }
}

fn compared(dataset: &Dataset, embedded: &EmbeddedClips) -> Comparison {
    compare(dataset, embedded, &DetectorSettings::default(), &mut NoProgress).unwrap()
}

fn compared_again(dataset: &Dataset, embedded: &EmbeddedClips, before: &Comparison) -> Comparison {
    compare_again(dataset, embedded, &DetectorSettings::default(), before, &mut NoProgress).unwrap()
}

#[test]
fn comparing_again_is_comparing_from_the_start() {
    let clips = clips();
    let embedded = embedded(&clips);
    let before = compared(&dataset(clips.clone()), &embedded);
    // Clips of the test and clips that were fitted on, in one section and in both.
    for changes in [
        vec![(61, Label::Normal)],
        vec![(61, Label::Unknown), (62, Label::Anomalous)],
        vec![(5, Label::Anomalous)],
        vec![(3, Label::Anomalous), (144, Label::Unknown)],
        (60..80).map(|clip| (clip, Label::Unknown)).collect(),
    ] {
        let mut relabelled = dataset(clips.clone());
        for (clip, label) in changes {
            relabelled.clips[clip].label = label;
        }
        let again = compared_again(&relabelled, &embedded, &before);
        assert_eq!(again, compared(&relabelled, &embedded));
        assert_ne!(again, before);
        // And back.
        assert_eq!(compared_again(&dataset(clips.clone()), &embedded, &again), before);
    }
}

#[test]
fn only_a_clip_that_was_fitted_on_asks_for_another_fit() {
    let clips = clips();
    let embedded = embedded(&clips);
    let mut before = compared(&dataset(clips.clone()), &embedded);
    // No detector would say so: scores that are still there were not worked out again.
    for result in before.groups.iter_mut().flat_map(|group| &mut group.results).flatten() {
        result.test_scores.fill(4.5);
    }
    let mut relabelled = dataset(clips);
    relabelled.clips[61].label = Label::Unknown;
    relabelled.clips[85].label = Label::Anomalous;
    let again = compared_again(&relabelled, &embedded, &before);
    let [fan, pump] = again.groups.as_slice() else {
        unreachable!("two machines")
    };
    for result in fan.results.iter().flatten() {
        assert_eq!(result.test_scores, [4.5; 20]);
        assert_eq!(result.labelled.len(), 19);
        assert_eq!(result.metrics.auc.unwrap().value, 0.5, "scores that are all alike");
    }
    for result in pump.results.iter().flatten() {
        assert!(result.test_scores.iter().all(|score| *score != 4.5));
        assert_eq!(result.normal_scores.len(), 59);
    }
}

#[test]
fn settings_of_a_section_are_fitted_there_and_only_there() {
    let clips = clips();
    let (dataset, embedded) = (dataset(clips.clone()), embedded(&clips));
    let mut settings = DetectorSettings::default();
    let own = DetectorConfig {
        knn_k: 7,
        ..DetectorConfig::default()
    };
    settings.of_sections.insert("pump 00".to_owned(), own);
    let plain = compared(&dataset, &embedded);
    let again = compare_again(&dataset, &embedded, &settings, &plain, &mut NoProgress).unwrap();
    let from_the_start = compare(&dataset, &embedded, &settings, &mut NoProgress).unwrap();
    let everywhere = compare(&dataset, &embedded, &own.into(), &mut NoProgress).unwrap();
    assert_eq!(again, from_the_start);
    assert_eq!(again.groups[0], plain.groups[0]);
    assert_eq!(again.groups[1], everywhere.groups[1]);
    assert_ne!(again.groups[1].results, plain.groups[1].results);

    // What was not concerned keeps its scores, however odd.
    let mut marked = plain;
    for result in marked.groups.iter_mut().flat_map(|group| &mut group.results).flatten() {
        result.test_scores.fill(4.5);
    }
    let again = compare_again(&dataset, &embedded, &settings, &marked, &mut NoProgress).unwrap();
    let mut kept = again.groups[0].results.iter().flatten();
    assert!(kept.all(|result| result.test_scores == [4.5; 20]));
    assert_eq!(again.groups[1], everywhere.groups[1]);
}
