//! Listening live: what a stream scores is what a file of it scores.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use auscult::audio;
use auscult::dataset::{self, Dataset, MachineSection, ScanOptions, Split, SyntheticConfig, SyntheticLayout};
use auscult::detectors::{DetectorConfig, DetectorKind};
use auscult::extractors::{Recipe, TrainingConfig};
use auscult::pipeline::{self, CropBank, LiveScorer, Run};
use auscult::progress::{NoProgress, Progress};
use auscult::project::RunRecipe;

struct Quiet;

impl Progress for Quiet {
    fn step(&mut self, _: u64, _: u64) -> Result<(), auscult::progress::Cancelled> {
        Ok(())
    }
}

impl auscult::extractors::TrainingObserver for Quiet {
    fn epoch(&mut self, _: &auscult::extractors::EpochMetrics) {}
}

fn fan() -> (tempfile::TempDir, Dataset) {
    let dir = tempfile::tempdir().unwrap();
    let config = SyntheticConfig {
        layout: SyntheticLayout::Dcase2023,
        machines: vec!["fan".to_owned()],
        n_clips: 16,
        clip_secs: 10.0,
        seed: 5,
    };
    let data = dir.path().join("data");
    dataset::write_synthetic(&data, &config, &mut NoProgress).unwrap();
    let dataset = dataset::scan(&data, ScanOptions::default(), &mut NoProgress).unwrap();
    (dir, dataset)
}

fn run_of(recipe: Recipe, dir: &std::path::Path, dataset: &Dataset) -> Run {
    let training = TrainingConfig {
        n_epochs: 1,
        ..TrainingConfig::published(recipe)
    };
    let recipe = RunRecipe {
        training,
        machines: Vec::new(),
        sections: Vec::new(),
    };
    pipeline::train(dataset, &recipe, dir, &mut Quiet).unwrap()
}

/// The scores of a clip that comes in pieces, one window after the other.
fn streamed(scorer: &mut LiveScorer, samples: &[f32]) -> Vec<(f64, f32)> {
    let mut scores = Vec::new();
    for heard in (0..samples.len()).step_by(160).chain([samples.len()]) {
        let (from, _) = scorer.needs();
        let from = usize::try_from(from).unwrap().min(heard);
        while let Some(score) = scorer.score(from as u64, &samples[from..heard]).unwrap() {
            scores.push((score.start as f64 / 16_000.0, score.percentile));
        }
    }
    scores
}

#[test]
fn what_a_stream_scores_is_what_the_same_file_scores() {
    let (dir, dataset) = fan();
    let group = MachineSection {
        machine: "fan".into(),
        section: "00".into(),
    };
    for recipe in [Recipe::PooledLogMel, Recipe::DenseAe] {
        let run = Arc::new(run_of(recipe, &dir.path().join(format!("{recipe:?}")), &dataset));
        let config = DetectorConfig::default();
        let bank = CropBank::fit(&run, &dataset, &group, DetectorKind::Knn, &config, &mut NoProgress).unwrap();
        let bank = Arc::new(bank);
        for clip in dataset.indices(&group, Split::Test).into_iter().take(4) {
            let ribbon = bank.score(&run, &dataset, clip, None, &mut NoProgress).unwrap();
            let sound = audio::read_clip(&dataset.file(&dataset.clips[clip]), dataset.channel).unwrap();
            let hop = u64::try_from((ribbon.crops[0].end_secs * 16_000.0) as usize / 512).unwrap();
            let mut scorer = LiveScorer::new(Arc::clone(&run), Arc::clone(&bank), 0, hop).unwrap();
            let scores = streamed(&mut scorer, &sound.samples);
            assert!(scores.len() >= 4, "{} windows of {}", scores.len(), ribbon.crops.len());
            for ((start, percentile), (crop, of_file)) in scores.iter().zip(ribbon.crops.iter().zip(&ribbon.percentiles)) {
                assert!((start - crop.start_secs).abs() < 1e-6);
                assert!(
                    (percentile - of_file).abs() < 1e-3,
                    "{recipe:?} at {start} s: {percentile} and {of_file}"
                );
            }
            // Every frame: the windows in between are more of the same, not others.
            let mut scorer = LiveScorer::new(Arc::clone(&run), Arc::clone(&bank), 0, 1).unwrap();
            let dense = streamed(&mut scorer, &sound.samples);
            assert!(dense.len() > 150, "{} windows at hop 1", dense.len());
            for (start, percentile) in &scores {
                let same = dense.iter().find(|(at, _)| (at - start).abs() < 1e-9).unwrap();
                assert!((same.1 - percentile).abs() < 1e-3);
            }
        }
    }
}

#[test]
fn a_scorer_that_comes_late_goes_on_with_what_is_left() {
    let (dir, dataset) = fan();
    let group = dataset.groups().remove(0);
    let run = Arc::new(run_of(Recipe::PooledLogMel, &dir.path().join("run"), &dataset));
    let config = DetectorConfig::default();
    let bank = CropBank::fit(&run, &dataset, &group, DetectorKind::Knn, &config, &mut NoProgress).unwrap();
    let mut scorer = LiveScorer::new(run, Arc::new(bank), 100_000, 1).unwrap();
    let noise: Vec<f32> = (0..200_000u64).map(|i| ((i * i % 977) as f32 / 977.0 - 0.5) * 0.1).collect();
    // The ring kept only what follows sample 300,000.
    let score = scorer.score(300_000, &noise).unwrap().unwrap();
    assert!(score.start >= 300_000);
    assert!((0.0..=100.0).contains(&score.percentile));
}
