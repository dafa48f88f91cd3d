//! Density KNN: the distance to the nearest training clip, in the measure that is usual around that clip.

use std::sync::{Arc, OnceLock};

use super::columns::{check_size, in_blocks_of_rows};
use super::lof::{ALIKE, SMALLEST_DISTANCE};
use super::neighbour::Neighbour;
use super::neighbours::Neighbourhood;
use super::{Detector, DetectorConfig, DetectorError, DetectorKind, Observations, Shared};

/// The smallest over the training clips `y` of `D(clip, y) / mean D(y, its K nearest others)`: local density normalisation
/// (Wilkinghoff 2025). About 1 is as far as the training clips are from each other there. The few clips of a target domain lie
/// thinly: measured by their own distances a normal clip near them is no farther than one in the crowd of the source domain,
/// and nobody has to say which clips are of which domain.
pub(super) struct DensityKnn {
    /// One neighbour more at least than `k`, for when one of them is left out.
    neighbourhood: Arc<Neighbourhood>,
    k: usize,
    /// Of each clip of the bank: one over the mean distance to its `k` nearest others.
    densities: Vec<f64>,
    leave_one_out: OnceLock<Vec<f64>>,
    fallback: Option<String>,
}

/// Needs 3 clips: one left out, one near, and that one's neighbour.
pub(super) fn fit(config: &DetectorConfig, shared: &Shared) -> Result<DensityKnn, DetectorError> {
    let n_clips = check_size(DetectorKind::DensityKnn, &shared.clips, 3)?;
    let k = config.density_k.clamp(1, n_clips - 2);
    let fallback = (k != config.density_k).then(|| format!("{n_clips} training clips: {k} neighbours"));
    let neighbourhood = shared
        .neighbourhood(config.knn_metric)
        .unwrap_or_else(|| Arc::new(Neighbourhood::new(config.knn_metric, Arc::clone(&shared.clips), k + 1).found()));
    let near = neighbourhood.near();
    let densities: Vec<f64> = near.iter().map(|near| density(near[..k].iter())).collect();
    let is_alike = near.iter().all(|near| near[k - 1].distance <= SMALLEST_DISTANCE);
    Ok(DensityKnn {
        k,
        densities,
        leave_one_out: OnceLock::new(),
        fallback: fallback.or_else(|| is_alike.then(|| ALIKE.to_owned())),
        neighbourhood,
    })
}

/// One over the mean distance.
fn density<'a>(near: impl ExactSizeIterator<Item = &'a Neighbour>) -> f64 {
    let n_near = near.len() as f64;
    1.0 / (near.map(|other| other.distance).sum::<f64>() / n_near).max(SMALLEST_DISTANCE)
}

impl DensityKnn {
    /// Without a clip the density around those that it is a neighbour of falls, around the others it stays.
    fn scores_of_left_out(&self) -> Vec<f64> {
        // Each density is too high or right, so this is too far or right.
        let mut scores = self.neighbourhood.bank.nearest_others_in_measure(&self.densities);
        for near in self.neighbourhood.near().iter().map(|near| &near[..=self.k]) {
            for (rank, left_out) in near[..self.k].iter().enumerate() {
                let others: Vec<&Neighbour> = near[..rank].iter().chain(&near[rank + 1..]).collect();
                let score = left_out.distance * density(others.into_iter());
                scores[left_out.clip] = scores[left_out.clip].min(score);
            }
        }
        scores
    }
}

impl Detector for DensityKnn {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks_of_rows(queries, |block| {
            self.neighbourhood.bank.nearest_in_measure(block, &self.densities)
        })
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out.get_or_init(|| self.scores_of_left_out())
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}
