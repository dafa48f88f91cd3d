//! KNN: the mean distance to the nearest training clips.

use std::sync::{Arc, OnceLock};

use super::columns::{check_size, in_blocks_of_rows};
use super::neighbour::Neighbour;
use super::neighbours::Neighbourhood;
use super::{Detector, DetectorConfig, DetectorError, DetectorKind, Observations, Shared};

/// Mean distance to the `k` nearest clips (the `MobileAnoNet` paper: cosine, k = 2). The unit is that of the metric.
pub(super) struct Knn {
    neighbourhood: Arc<Neighbourhood>,
    k: usize,
    leave_one_out: OnceLock<Vec<f64>>,
    fallback: Option<String>,
}

/// Needs 2 clips. Where fewer than `k` other clips are there, all of them are the neighbours.
pub(super) fn fit(config: &DetectorConfig, shared: &Shared) -> Result<Knn, DetectorError> {
    let n_clips = check_size(DetectorKind::Knn, &shared.clips, 2)?;
    let k = config.knn_k.clamp(1, n_clips - 1);
    let fallback = (k != config.knn_k).then(|| format!("{n_clips} training clips: {k} neighbours"));
    Ok(Knn {
        neighbourhood: shared
            .neighbourhood(config.knn_metric)
            .unwrap_or_else(|| Arc::new(Neighbourhood::new(config.knn_metric, Arc::clone(&shared.clips), k))),
        leave_one_out: OnceLock::new(),
        k,
        fallback,
    })
}

impl Detector for Knn {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks_of_rows(queries, |block| {
            let nearest = self.neighbourhood.bank.nearest(block, self.k);
            nearest.iter().map(|near| mean_distance(near)).collect()
        })
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        let scores = || {
            let near = self.neighbourhood.near().iter();
            near.map(|near| mean_distance(&near[..self.k])).collect()
        };
        self.leave_one_out.get_or_init(scores)
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}

fn mean_distance(near: &[Neighbour]) -> f64 {
    near.iter().map(|other| other.distance).sum::<f64>() / near.len() as f64
}
