//! LOF: how much thinner the bank is around a clip than around that clip's neighbours.

use std::sync::{Arc, OnceLock};

use super::columns::{check_size, in_blocks_of_rows};
use super::neighbour::Neighbour;
use super::neighbours::Neighbourhood;
use super::{Detector, DetectorConfig, DetectorError, DetectorKind, Metric, Observations, Shared};

/// Local outlier factor (Breunig et al. 2000) by the cosine, as scikit-learn computes it with `novelty=True`:
/// the clip itself does not change the densities of the bank. About 1 is as dense as its neighbours.
pub(super) struct Lof {
    /// One neighbour more at least than the factor needs, for when one of them is left out.
    neighbourhood: Arc<Neighbourhood>,
    k: usize,
    densities: Densities,
    leave_one_out: OnceLock<Vec<f64>>,
    fallback: Option<String>,
}

/// What the factor needs of the clips of the bank.
struct Densities {
    /// Distance of each clip to its k-th neighbour.
    reach: Vec<f64>,
    /// Local reachability density of each clip.
    local: Vec<f64>,
}

/// Needs 3 clips: one left out, one neighbour, and the neighbour's neighbour.
pub(super) fn fit(config: &DetectorConfig, shared: &Shared) -> Result<Lof, DetectorError> {
    let n_clips = check_size(DetectorKind::Lof, &shared.clips, 3)?;
    let k = config.lof_k.clamp(1, n_clips - 2);
    let fallback = (k != config.lof_k).then(|| format!("{n_clips} training clips: {k} neighbours"));
    let neighbourhood = shared
        .neighbourhood(Metric::Cosine)
        .unwrap_or_else(|| Arc::new(Neighbourhood::new(Metric::Cosine, Arc::clone(&shared.clips), k + 1).found()));
    let near = neighbourhood.near();
    let is_alike = near.iter().all(|near| near[k - 1].distance <= SMALLEST_DISTANCE);
    Ok(Lof {
        densities: Densities::new(near, k),
        leave_one_out: OnceLock::new(),
        k,
        fallback: fallback.or_else(|| is_alike.then(|| ALIKE.to_owned())),
        neighbourhood,
    })
}

/// What stands where clips lie upon each other, as in scikit-learn.
pub(super) const SMALLEST_DISTANCE: f64 = 1e-10;

/// What is said where all of them do.
pub(super) const ALIKE: &str = "the training clips do not differ: plain distance, no density to compare with";

impl Densities {
    fn new(near: &[Vec<Neighbour>], k: usize) -> Self {
        let reach: Vec<f64> = near.iter().map(|near| near[k - 1].distance).collect();
        let local = near.iter().map(|near| density(near[..k].iter(), k, |clip| reach[clip]));
        Self {
            local: local.collect(),
            reach,
        }
    }
}

/// `1 / mean(max(distance, the neighbour's reach))`, kept finite.
fn density<'a>(near: impl Iterator<Item = &'a Neighbour>, k: usize, reach: impl Fn(usize) -> f64) -> f64 {
    let total: f64 = near.map(|other| other.distance.max(reach(other.clip))).sum();
    1.0 / (total / k as f64 + SMALLEST_DISTANCE)
}

/// The factor of each clip of the bank among the others: the neighbours of its neighbours are found without it.
fn leave_one_out(near: &[Vec<Neighbour>], k: usize) -> Vec<f64> {
    let without = |clip: usize, left_out: usize| near[clip].iter().filter(move |other| other.clip != left_out).take(k);
    (0..near.len())
        .map(|left_out| {
            let reach = |clip: usize| without(clip, left_out).fold(0.0, |_, other| other.distance);
            let own = &near[left_out][..k];
            let local = own.iter().map(|other| density(without(other.clip, left_out), k, reach));
            local.sum::<f64>() / k as f64 / density(own.iter(), k, reach)
        })
        .collect()
}

impl Detector for Lof {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        let factor = |near: &Vec<Neighbour>| {
            let mean = near.iter().map(|other| self.densities.local[other.clip]).sum::<f64>() / near.len() as f64;
            mean / density(near.iter(), self.k, |clip| self.densities.reach[clip])
        };
        in_blocks_of_rows(queries, |block| {
            self.neighbourhood.bank.nearest(block, self.k).iter().map(factor).collect()
        })
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out
            .get_or_init(|| leave_one_out(self.neighbourhood.near(), self.k))
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}
