//! Detectors and the map, on embeddings of 128 numbers.

use super::inputs::{self, N_FEATURES};
use super::{Pace, Work};
use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use crate::detectors::{self, Bank, Detector, DetectorConfig, DetectorError, DetectorKind, Observations};
use crate::progress::{NoProgress, Progress};
use crate::projection::{self, ProjectionConfig};

pub(super) const WORKS: [Work; 3] = [
    Work {
        key: "detectors_990x200_ms",
        title: "the papers' six detectors, fitted together on 990 clips, scoring 200",
        measure: six_detectors,
    },
    Work {
        key: "tsne_2000_s",
        title: "t-SNE of 2,000 points, perplexity 30, 1,000 iterations",
        measure: |pace, progress| tsne(2000, pace, progress),
    },
    Work {
        key: "tsne_5000_s",
        title: "t-SNE of 5,000 points, perplexity 30, 1,000 iterations",
        measure: |pace, progress| tsne(5000, pace, progress),
    },
];

/// Those of the papers. Who times scikit-learn beside them has ready-made ones for three at most: neighbours, LOF, Mahalanobis.
const SIX: [DetectorKind; 6] = [
    DetectorKind::Knn,
    DetectorKind::Lof,
    DetectorKind::Cos,
    DetectorKind::Maha,
    DetectorKind::SoftCos,
    DetectorKind::SoftMaha,
];

fn six_detectors(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let dice = &mut inputs::dice();
    let mut observations = |n_clips| Observations {
        embeddings: inputs::clusters(n_clips, dice),
        n_features: N_FEATURES,
        own_scores: BTreeMap::new(),
    };
    let bank = Bank {
        observations: observations(990),
        // As in the DCASE data: the soft detectors want both domains.
        is_target: (0..990).map(|clip_idx| clip_idx >= 980).collect(),
    };
    let queries = observations(200);
    let config = DetectorConfig::default();
    // As a comparison of detectors does it.
    let fit_and_score = |()| {
        let fitted = detectors::fit_all(&SIX, &config, &bank);
        let score = |fitted: Result<Arc<dyn Detector>, DetectorError>| Ok(std::hint::black_box(fitted?.scores(&queries)));
        fitted.into_par_iter().map(score).collect::<anyhow::Result<Vec<_>>>()
    };
    Ok(1e3 * pace.median_secs(progress, || (), fit_and_score)?)
}

/// With the engine and settings that the map begins with, shown to nobody.
fn tsne(n_points: usize, pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let rows = inputs::clusters(n_points, &mut inputs::dice());
    let config = ProjectionConfig {
        perplexity: 30.0,
        n_iterations: 1000,
        ..ProjectionConfig::default()
    };
    let place = |()| {
        let layout = projection::project_embeddings(&config, &rows, N_FEATURES, &mut NoProgress, &mut |_| {});
        Ok(layout?)
    };
    pace.median_secs(progress, || (), place)
}
