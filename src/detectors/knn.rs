//! KNN: the mean distance to the nearest training clips.

use std::sync::{Arc, OnceLock};

use super::columns::{bank_columns, in_blocks};
use super::neighbours::{Neighbour, Neighbourhood};
use super::{Bank, Detector, DetectorConfig, DetectorError, DetectorKind, Observations};

/// Mean distance to the `k` nearest clips (the `MobileAnoNet` paper: cosine, k = 2). The unit is that of the metric.
pub(super) struct Knn {
    neighbourhood: Arc<Neighbourhood>,
    k: usize,
    leave_one_out: OnceLock<Vec<f64>>,
    fallback: Option<String>,
}

/// Needs 2 clips. Where fewer than `k` other clips are there, all of them are the neighbours.
pub(super) fn fit(config: &DetectorConfig, bank: &Bank, shared: Option<&Arc<Neighbourhood>>) -> Result<Knn, DetectorError> {
    let clips = bank_columns(DetectorKind::Knn, bank, 2)?;
    let k = config.knn_k.clamp(1, clips.ncols() - 1);
    let fallback = (k != config.knn_k).then(|| format!("{} training clips: {k} neighbours", clips.ncols()));
    Ok(Knn {
        neighbourhood: match shared {
            Some(shared) => Arc::clone(shared),
            None => Arc::new(Neighbourhood::new(config.knn_metric, clips, k)),
        },
        leave_one_out: OnceLock::new(),
        k,
        fallback,
    })
}

impl Detector for Knn {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks(queries, |block| {
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
