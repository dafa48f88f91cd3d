//! KNN: the mean distance to the nearest training clips.

use super::columns::{bank_columns, in_blocks};
use super::neighbours::{Neighbour, NeighbourBank};
use super::{Bank, Detector, DetectorConfig, DetectorError, DetectorKind, Observations};

/// Mean distance to the `k` nearest clips (the `MobileAnoNet` paper: cosine, k = 2). The unit is that of the metric.
pub(super) struct Knn {
    bank: NeighbourBank,
    k: usize,
    leave_one_out: Vec<f64>,
    fallback: Option<String>,
}

/// Needs 2 clips. Where fewer than `k` other clips are there, all of them are the neighbours.
pub(super) fn fit(config: &DetectorConfig, bank: &Bank) -> Result<Knn, DetectorError> {
    let clips = bank_columns(DetectorKind::Knn, bank, 2)?;
    let k = config.knn_k.clamp(1, clips.ncols() - 1);
    let fallback = (k != config.knn_k).then(|| format!("{} training clips: {k} neighbours", clips.ncols()));
    let bank = NeighbourBank::new(config.knn_metric, clips);
    Ok(Knn {
        leave_one_out: bank.nearest_others(k).iter().map(|near| mean_distance(near)).collect(),
        bank,
        k,
        fallback,
    })
}

impl Detector for Knn {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks(queries, |block| {
            let nearest = self.bank.nearest(block, self.k);
            nearest.iter().map(|near| mean_distance(near)).collect()
        })
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        &self.leave_one_out
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}

fn mean_distance(near: &[Neighbour]) -> f64 {
    near.iter().map(|other| other.distance).sum::<f64>() / near.len() as f64
}
