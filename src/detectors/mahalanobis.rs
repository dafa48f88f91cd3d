//! Mahalanobis distances to one mean or several under one covariance, with exact leave-one-out scores.
//!
//! All that is inverted is diagonal: the scatter is diagonalised once, and leaving a clip out takes one rank from it
//! (Sherman and Morrison), so that no clip costs a decomposition of its own.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::columns::{BLOCK, Groups, in_blocks, sum_of};
use super::covariance::{Regularised, ScatterMoments};
use super::{Covariance, Observations};

/// Distance to the nearest of the groups' means under the covariance within the groups.
pub(super) struct Mahalanobis {
    /// `[n_features]` each.
    means: Vec<DVector<f64>>,
    scatter: Scatter,
    covariance: Regularised,
    leave_one_out: Vec<f64>,
    pub(super) is_degenerate: bool,
}

/// The scatter of the centred clips by its eigenvectors.
struct Scatter {
    /// Orthonormal columns, `[n_features, rank]`; nothing varies outside of them.
    axes: DMatrix<f64>,
    /// Sum of squares along each axis.
    spread: Vec<f64>,
}

/// Vectors in the axes of a scatter.
struct Coordinates {
    /// `[rank, n_vectors]`
    inside: DMatrix<f64>,
    /// Squared length of each vector outside of the axes.
    outside: Vec<f64>,
}

impl Mahalanobis {
    /// `clips` is `[n_features, n_clips]`; every group needs a clip more than it takes to have a covariance.
    pub(super) fn new(clips: &DMatrix<f64>, groups: &Groups, covariance: Covariance) -> Self {
        let group_of_clip = groups.group_of_clip();
        let means: Vec<DVector<f64>> = groups.members.iter().map(|members| mean_of(clips, members)).collect();
        let mut centred = clips.clone();
        for (mut clip, &group) in centred.column_iter_mut().zip(&group_of_clip) {
            clip -= &means[group];
        }
        // What float32 embeddings of this size cannot tell from no variance.
        let mean_square = clips.norm_squared() / clips.len() as f64;
        let smallest_variance = 1e-14 * mean_square + f64::MIN_POSITIVE.sqrt();
        let scatter = Scatter::new(&centred);
        let moments = scatter.moments(&centred);
        let leave_one_out = LeaveOneOut {
            clips,
            means: &means,
            group_of_clip: &group_of_clip,
            group_sizes: groups.members.iter().map(|members| members.len() as f64).collect(),
            scatter: &scatter,
            moments,
            covariance,
            smallest_variance,
        };
        Self {
            leave_one_out: leave_one_out.scores(&centred),
            covariance: Regularised::new(covariance, moments, smallest_variance),
            is_degenerate: moments.trace <= smallest_variance * moments.n_clips * moments.n_features,
            means,
            scatter,
        }
    }

    /// Distance to the nearest mean.
    pub(super) fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks(queries, |block| {
            let mut nearest = vec![f64::INFINITY; block.ncols()];
            for mean in &self.means {
                let offsets = self.scatter.coordinates(away_from(&block, mean));
                for (query, least) in nearest.iter_mut().enumerate() {
                    let inside = offsets.inside.column(query);
                    let terms = inside.iter().zip(&self.scatter.spread);
                    let square: f64 = terms.map(|(z, spread)| z * z / self.variance(*spread)).sum();
                    *least = least.min((square + offsets.outside[query] / self.covariance.floor).sqrt());
                }
            }
            nearest
        })
    }

    pub(super) fn leave_one_out_scores(&self) -> &[f64] {
        &self.leave_one_out
    }

    fn variance(&self, spread: f64) -> f64 {
        self.covariance.scale * spread + self.covariance.floor
    }
}

fn mean_of(clips: &DMatrix<f64>, members: &[usize]) -> DVector<f64> {
    sum_of(clips, members) / members.len() as f64
}

fn away_from(clips: &DMatrix<f64>, mean: &DVector<f64>) -> DMatrix<f64> {
    let mut offsets = clips.clone();
    for mut offset in offsets.column_iter_mut() {
        offset -= mean;
    }
    offsets
}

impl Scatter {
    /// `centred` is `[n_features, n_clips]`. With fewer clips than features only the space of the clips is decomposed.
    fn new(centred: &DMatrix<f64>) -> Self {
        let [n_features, n_clips] = [centred.nrows(), centred.ncols()];
        let (basis, within) = if n_clips < n_features {
            let qr = centred.clone().qr();
            let r = qr.r();
            (Some(qr.q()), &r * r.transpose())
        } else {
            (None, centred * centred.transpose())
        };
        let eigen = SymmetricEigen::new(within);
        Self {
            axes: basis.map_or_else(|| eigen.eigenvectors.clone(), |q| q * &eigen.eigenvectors),
            spread: eigen.eigenvalues.iter().map(|value| value.max(0.0)).collect(),
        }
    }

    fn moments(&self, centred: &DMatrix<f64>) -> ScatterMoments {
        ScatterMoments {
            n_clips: centred.ncols() as f64,
            n_features: centred.nrows() as f64,
            trace: self.spread.iter().sum(),
            square: self.spread.iter().map(|spread| spread * spread).sum(),
            fourth: centred.column_iter().map(|clip| clip.norm_squared().powi(2)).sum(),
        }
    }

    /// `vectors` is `[n_features, n_vectors]`.
    fn coordinates(&self, mut vectors: DMatrix<f64>) -> Coordinates {
        // An explicit transpose reaches the blocked matrix product, `tr_mul` does not.
        let inside = self.axes.transpose() * &vectors;
        let outside = if self.axes.ncols() < self.axes.nrows() {
            vectors.gemm(-1.0, &self.axes, &inside, 1.0);
            vectors.column_iter().map(|rest| rest.norm_squared()).collect()
        } else {
            vec![0.0; vectors.ncols()]
        };
        Coordinates { inside, outside }
    }
}

/// What each clip would score had it not been in the bank.
///
/// Without clip `u` (centred) of a group of `n`, the group's mean moves by `u / (n - 1)` away from it and the scatter
/// becomes `S - n / (n - 1) u u'`; the shrinkage follows from the moments of what is left.
struct LeaveOneOut<'a> {
    clips: &'a DMatrix<f64>,
    means: &'a [DVector<f64>],
    group_of_clip: &'a [usize],
    group_sizes: Vec<f64>,
    scatter: &'a Scatter,
    moments: ScatterMoments,
    covariance: Covariance,
    smallest_variance: f64,
}

impl LeaveOneOut<'_> {
    fn scores(&self, centred: &DMatrix<f64>) -> Vec<f64> {
        let own = self.scatter.coordinates(centred.clone());
        let others: Vec<Coordinates> = self
            .means
            .iter()
            .map(|mean| self.scatter.coordinates(away_from(self.clips, mean)))
            .collect();
        let squares: Vec<f64> = centred.column_iter().map(|clip| clip.norm_squared()).collect();
        let rows = centred.transpose();
        let mut scores = Vec::with_capacity(centred.ncols());
        for start in (0..centred.ncols()).step_by(BLOCK) {
            let block = centred.columns(start, BLOCK.min(centred.ncols() - start));
            let products = &rows * block;
            for (in_block, products) in products.column_iter().enumerate() {
                let left_out = start + in_block;
                let covariance = self.covariance_without(left_out, products.as_slice(), &squares, &own);
                scores.push(self.score(left_out, covariance, &own, &others));
            }
        }
        scores
    }

    /// `products`: of the centred clip that is left out with all centred clips; `squares`: of each clip with itself.
    fn covariance_without(&self, left_out: usize, products: &[f64], squares: &[f64], own: &Coordinates) -> Regularised {
        let group = self.group_of_clip[left_out];
        let n_left = self.group_sizes[group] - 1.0;
        let taken = (n_left + 1.0) / n_left;
        let square = squares[left_out];
        let fourth = |clip: usize| {
            if clip == left_out {
                0.0
            } else if self.group_of_clip[clip] == group {
                (squares[clip] + 2.0 * products[clip] / n_left + square / (n_left * n_left)).powi(2)
            } else {
                squares[clip].powi(2)
            }
        };
        let along = own.inside.column(left_out);
        let through: f64 = along.iter().zip(&self.scatter.spread).map(|(z, spread)| z * z * spread).sum();
        let moments = ScatterMoments {
            n_clips: self.moments.n_clips - 1.0,
            n_features: self.moments.n_features,
            trace: (self.moments.trace - taken * square).max(0.0),
            square: (self.moments.square - 2.0 * taken * through + (taken * square).powi(2)).max(0.0),
            fourth: (0..squares.len()).map(fourth).sum(),
        };
        Regularised::new(self.covariance, moments, self.smallest_variance)
    }

    fn score(&self, left_out: usize, covariance: Regularised, own: &Coordinates, others: &[Coordinates]) -> f64 {
        let group = self.group_of_clip[left_out];
        let taken = self.group_sizes[group] / (self.group_sizes[group] - 1.0);
        // a' B^-1 b, B being the covariance before the clip is taken from the scatter.
        let product = |a: &Coordinates, b: &Coordinates, outside: f64| {
            let (a, b) = (a.inside.column(left_out), b.inside.column(left_out));
            let terms = a.iter().zip(b.iter()).zip(&self.scatter.spread);
            let inside: f64 = terms
                .map(|((a, b), s)| a * b / (covariance.scale * s + covariance.floor))
                .sum();
            inside + outside / covariance.floor
        };
        let weight = covariance.scale * taken;
        // The centred clip lies within the axes, so that nothing outside of them meets it.
        let own_square = product(own, own, 0.0);
        let left = (1.0 - weight * own_square).max(f64::EPSILON);
        let mut nearest = f64::INFINITY;
        for (other_group, other) in others.iter().enumerate() {
            let square = if other_group == group {
                taken * taken * own_square / left
            } else {
                let mixed = product(other, own, 0.0);
                product(other, other, other.outside[left_out]) + weight * mixed * mixed / left
            };
            nearest = nearest.min(square.max(0.0).sqrt());
        }
        nearest
    }
}
