//! Mahalanobis distances to one mean or several under one covariance, with exact leave-one-out scores.

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};

use super::columns::{Groups, in_blocks_of_rows};
use super::covariance::{Regularised, ScatterMoments};
use super::scatter::Scatter;
use super::sums::{dot, subtract, sum};
use super::{Covariance, Observations};

/// Distance to the nearest of the groups' means under the covariance within the groups.
pub(super) struct Mahalanobis {
    clips: Arc<Observations>,
    pub(super) groups: Vec<Group>,
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
    /// Every group needs a clip more than it takes to have a covariance.
    pub(super) fn new(clips: Arc<Observations>, groups: &Groups, covariance: Covariance) -> Self {
        let (n_features, n_clips) = (clips.n_features, clips.n_clips());
        let group_of = |members: &Vec<usize>| Group {
            mean: DVector::from_vec(sum(members.iter().map(|&clip| clips.embedding(clip)), n_features)) / members.len() as f64,
            members: members.clone(),
        };
        let group_of_clip = groups.group_of_clip();
        let groups: Vec<Group> = groups.members.iter().map(group_of).collect();
        let (mut all_squares, mut fourth) = (0.0, 0.0);
        let scatter = Scatter::new((n_features, n_clips), |clip, to| {
            let row = clips.embedding(clip);
            subtract(row, groups[group_of_clip[clip]].mean.as_slice(), to);
            fourth += dot(to, to).powi(2);
            all_squares += dot(row, row);
        });
        // What float32 embeddings of this size cannot tell from no variance.
        let mean_square = all_squares / clips.embeddings.len() as f64;
        let smallest_variance = 1e-14 * mean_square + f64::MIN_POSITIVE.sqrt();
        let moments = ScatterMoments {
            n_clips: n_clips as f64,
            n_features: n_features as f64,
            trace: scatter.trace(),
            square: scatter.square(),
            fourth,
        };
        Self {
            regularised: Regularised::new(covariance, moments, smallest_variance),
            is_degenerate: moments.trace <= smallest_variance * moments.n_clips * moments.n_features,
            clips,
            groups,
            scatter,
            moments,
            covariance,
            smallest_variance,
            leave_one_out: OnceLock::new(),
        }
    }

    /// Distance to the nearest mean.
    pub(super) fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks_of_rows(queries, |rows| self.distances(rows))
    }

    /// The same of `rows`, `[n_clips, n_features]`.
    pub(super) fn distances(&self, rows: &[f32]) -> Vec<f64> {
        let n_features = self.clips.n_features;
        let mut nearest = vec![f64::INFINITY; rows.len() / n_features];
        let mut offsets = DMatrix::zeros(n_features, nearest.len());
        for group in &self.groups {
            let to = offsets.as_mut_slice().chunks_exact_mut(n_features);
            for (row, to) in rows.chunks_exact(n_features).zip(to) {
                subtract(row, group.mean.as_slice(), to);
            }
            let offsets = self.scatter.coordinates(&offsets.transpose());
            let squares = self.scatter.squares(&offsets.inside, self.regularised);
            for ((inside, outside), least) in squares.iter().zip(offsets.outside).zip(&mut nearest) {
                *least = least.min((inside + outside / self.regularised.floor).sqrt());
            }
        }
        nearest
    }

    /// The clips that this was fitted to.
    pub(super) fn clips(&self) -> &Observations {
        &self.clips
    }

    /// Each clip less the mean of its group: `[n_clips, n_features]`.
    pub(super) fn centred(&self) -> DMatrix<f64> {
        let mut centred = DMatrix::zeros(self.clips.n_features, self.clips.n_clips());
        for group in &self.groups {
            for &clip in &group.members {
                let mut to = centred.column_mut(clip);
                subtract(self.clips.embedding(clip), group.mean.as_slice(), to.as_mut_slice());
            }
        }
        centred.transpose()
    }

    /// Worked out when first asked for.
    pub(super) fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out.get_or_init(|| self.scores_of_left_out())
    }
}
