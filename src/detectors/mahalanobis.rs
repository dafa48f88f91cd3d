//! Mahalanobis distances to one mean or several under one covariance, with exact leave-one-out scores.

use std::sync::OnceLock;

use nalgebra::{DMatrix, DVector};

use super::columns::{Groups, in_blocks, sum_of};
use super::covariance::{Regularised, ScatterMoments};
use super::scatter::Scatter;
use super::{Covariance, Observations};

/// Distance to the nearest of the groups' means under the covariance within the groups.
pub(super) struct Mahalanobis {
    pub(super) groups: Vec<Group>,
    /// `[n_clips, n_features]`: each clip less the mean of its group.
    pub(super) centred: DMatrix<f64>,
    pub(super) scatter: Scatter,
    pub(super) moments: ScatterMoments,
    pub(super) covariance: Covariance,
    /// What stands where the clips do not vary at all.
    pub(super) smallest_variance: f64,
    regularised: Regularised,
    leave_one_out: OnceLock<Vec<f64>>,
    pub(super) is_degenerate: bool,
}

/// The clips around one mean.
pub(super) struct Group {
    pub(super) members: Vec<usize>,
    /// `[n_features]`
    pub(super) mean: DVector<f64>,
}

impl Mahalanobis {
    /// `clips` is `[n_features, n_clips]`; every group needs a clip more than it takes to have a covariance.
    pub(super) fn new(clips: DMatrix<f64>, groups: &Groups, covariance: Covariance) -> Self {
        // What float32 embeddings of this size cannot tell from no variance.
        let mean_square = clips.norm_squared() / clips.len() as f64;
        let smallest_variance = 1e-14 * mean_square + f64::MIN_POSITIVE.sqrt();
        let group_of = |members: &Vec<usize>| Group {
            mean: sum_of(&clips, members) / members.len() as f64,
            members: members.clone(),
        };
        let groups: Vec<Group> = groups.members.iter().map(group_of).collect();
        let mut centred = clips;
        for group in &groups {
            for &clip in &group.members {
                let mut clip = centred.column_mut(clip);
                clip -= &group.mean;
            }
        }
        let rows = centred.transpose();
        let scatter = Scatter::new(&centred, &rows);
        let moments = ScatterMoments {
            n_clips: centred.ncols() as f64,
            n_features: centred.nrows() as f64,
            trace: scatter.trace(),
            square: scatter.square(),
            fourth: centred.column_iter().map(|clip| clip.norm_squared().powi(2)).sum(),
        };
        Self {
            regularised: Regularised::new(covariance, moments, smallest_variance),
            is_degenerate: moments.trace <= smallest_variance * moments.n_clips * moments.n_features,
            groups,
            centred: rows,
            scatter,
            moments,
            covariance,
            smallest_variance,
            leave_one_out: OnceLock::new(),
        }
    }

    /// Distance to the nearest mean.
    pub(super) fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks(queries, |block| self.distances(&block))
    }

    /// The same of `clips`, `[n_features, n_clips]`.
    pub(super) fn distances(&self, clips: &DMatrix<f64>) -> Vec<f64> {
        let mut nearest = vec![f64::INFINITY; clips.ncols()];
        let no_way = vec![0.0; clips.nrows()];
        for group in &self.groups {
            let mut offsets = clips.clone();
            for mut offset in offsets.column_iter_mut() {
                offset -= &group.mean;
            }
            let offsets = self.scatter.coordinates(&offsets.transpose());
            let covariances = vec![self.regularised; clips.ncols()];
            let products = self.scatter.products(&offsets.inside, &no_way, &covariances);
            for ((products, outside), least) in products.iter().zip(offsets.outside).zip(&mut nearest) {
                *least = least.min((products.own + outside / self.regularised.floor).sqrt());
            }
        }
        nearest
    }

    /// The clips that this was fitted to, `[n_features, n_clips]`; of one group only.
    pub(super) fn clips(&self) -> DMatrix<f64> {
        let mut clips = self.centred.transpose();
        for mut clip in clips.column_iter_mut() {
            clip += &self.groups[0].mean;
        }
        clips
    }

    /// Worked out when first asked for.
    pub(super) fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out.get_or_init(|| self.scores_of_left_out())
    }
}
