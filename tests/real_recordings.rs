//! The label-free default on real recordings that it was not fitted to.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::path::{Path, PathBuf};

use auscult::audio::Clip;
use auscult::dataset::MachineSection;
use auscult::detectors::{Bank, DetectorConfig, DetectorKind, Observations, fit};
use auscult::extractors::{Extractor, PooledLogMel};
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

/// MIMII at -6 dB: of each machine 10 normal and 5 abnormal clips.
fn recordings() -> Option<PathBuf> {
    let shared = std::env::var_os("AUSCULT_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let dir = shared.join("real/mimii_minus6dB");
    if !dir.is_dir() {
        println!("SKIPPED: no recordings in {}", dir.display());
        return None;
    }
    Some(dir)
}

fn embeddings(dir: &Path, extractor: &PooledLogMel) -> Observations {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let group = MachineSection {
        machine: String::new(),
        section: String::new(),
    };
    let embed = |file: &PathBuf| {
        let samples = hound::WavReader::open(file).unwrap().into_samples::<i16>();
        let clip = Clip {
            samples: samples.map(|s| f32::from(s.unwrap()) / 32768.0).collect(),
            sample_rate_hz: 16_000,
        };
        extractor.embed(&clip, &group).unwrap().values
    };
    let rows: Vec<Vec<f32>> = files.par_iter().map(embed).collect();
    Observations {
        n_features: rows[0].len(),
        embeddings: rows.concat(),
        residuals: Vec::new(),
    }
}

/// The share of pairs in which the anomaly scores higher.
fn auc(normal: &[f64], anomalous: &[f64]) -> f64 {
    let pairs = anomalous.iter().flat_map(|a| normal.iter().map(move |n| (a, n)));
    let won: f64 = pairs
        .map(|(a, n)| {
            if a > n {
                1.0
            } else if a == n {
                0.5
            } else {
                0.0
            }
        })
        .sum();
    won / (normal.len() * anomalous.len()) as f64
}

#[test]
fn label_free_default_hears_faults_of_real_machines() {
    let Some(dir) = recordings() else { return };
    let extractor = PooledLogMel::new();
    let kinds: Vec<DetectorKind> = DetectorKind::ALL
        .into_iter()
        .filter(|&kind| kind != DetectorKind::Residual)
        .collect();
    let mut totals = vec![0.0; kinds.len()];
    println!(
        "{:10}{}",
        "",
        kinds.iter().map(|kind| format!("{:>11}", kind.title())).collect::<String>()
    );
    for machine in ["fan", "pump", "slider", "valve"] {
        let mut of_machine = vec![0.0; kinds.len()];
        for id in ["id_00", "id_02", "id_04", "id_06"] {
            let section = dir.join(machine).join(id);
            let normal = embeddings(&section.join("normal"), &extractor);
            let abnormal = embeddings(&section.join("abnormal"), &extractor);
            // Sorted by name: the first four are tested, the others are all that is fitted on.
            let bank = Bank {
                observations: normal.selected(&[4, 5, 6, 7, 8, 9]),
                is_target: vec![false; 6],
            };
            let tested = normal.selected(&[0, 1, 2, 3]);
            for (total, &kind) in of_machine.iter_mut().zip(&kinds) {
                let detector = fit(kind, &DetectorConfig::default(), &bank).unwrap();
                *total += auc(&detector.scores(&tested), &detector.scores(&abnormal)) / 4.0;
            }
        }
        println!(
            "{machine:10}{}",
            of_machine.iter().map(|auc| format!("{auc:11.3}")).collect::<String>()
        );
        for (total, auc) in totals.iter_mut().zip(of_machine) {
            *total += auc / 4.0;
        }
    }
    println!(
        "{:10}{}",
        "mean",
        totals.iter().map(|auc| format!("{auc:11.3}")).collect::<String>()
    );
    let of_default = totals[kinds.iter().position(|&kind| kind == DetectorKind::Fusion).unwrap()];
    // A nearest neighbour on log-mel statistics, untuned, has 0.75 here.
    assert!(of_default >= 0.80, "mean AUC of the default: {of_default:.3}");
}
