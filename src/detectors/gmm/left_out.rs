//! What a mixture says of each of its own clips as if that clip had not been in it.
//!
//! The clip's part is taken out of every Gaussian in closed form, as [`super::super::left_out`] does it of one mean, each clip
//! weighing as much as its share; the other clips keep theirs. With one Gaussian this is what fitting again would give. With
//! several it is one step of it: how little the shares of the others hang on one clip is what it rests on.

use nalgebra::{DMatrix, DVector};

use super::super::Covariance;
use super::super::covariance::{Regularised, ScatterMoments};
use super::mixture::{Gaussian, Mixture, log_density, regularised};

/// Less than so many clips make no Gaussian.
const SMALLEST: f64 = 1.0;

/// `log N_k` and `log w_k` of each clip by the Gaussians without it, both `[n_clips, n_gaussians]`.
pub(super) fn log_densities_and_weights(
    mixture: &Mixture,
    clips: &DMatrix<f64>,
    covariance: Covariance,
    smallest_variance: f64,
) -> (DMatrix<f64>, DMatrix<f64>) {
    let n_left = clips.ncols() as f64 - 1.0;
    let mut densities = DMatrix::zeros(clips.ncols(), mixture.gaussians.len());
    for (gaussian_idx, gaussian) in mixture.gaussians.iter().enumerate() {
        let shares = mixture.shares.column(gaussian_idx);
        let without = Without {
            gaussian,
            shares: shares.as_slice(),
            covariance,
            smallest_variance,
        };
        densities.set_column(gaussian_idx, &DVector::from_vec(without.log_densities(clips)));
    }
    let weights = DMatrix::from_fn(clips.ncols(), mixture.gaussians.len(), |clip, gaussian| {
        let left = mixture.gaussians[gaussian].n_clips - mixture.shares[(clip, gaussian)];
        (left.max(0.0) / n_left).ln()
    });
    (densities, weights)
}

/// One Gaussian, to be looked at without each of the clips in turn.
struct Without<'a> {
    gaussian: &'a Gaussian,
    /// Of each clip.
    shares: &'a [f64],
    covariance: Covariance,
    smallest_variance: f64,
}

impl Without<'_> {
    fn log_densities(&self, clips: &DMatrix<f64>) -> Vec<f64> {
        let scatter = &self.gaussian.scatter;
        let centred = self.gaussian.centred(clips);
        let offsets = scatter.coordinates(&centred);
        let covariances = self.covariances(&centred, &scatter.through(&offsets.inside));
        let products = scatter.products(&offsets.inside, &vec![0.0; clips.nrows()], &covariances);
        let of_clip = |clip: usize| {
            let (share, covariance) = (self.shares[clip], covariances[clip]);
            let left = self.gaussian.n_clips - share;
            if left < SMALLEST {
                return f64::NEG_INFINITY;
            }
            let taken = self.gaussian.n_clips / left;
            let own = products[clip].own + offsets.outside[clip] / covariance.floor;
            // Sherman and Morrison; the determinant by the matrix determinant lemma.
            let kept = (1.0 - covariance.scale * share * taken * own).max(f64::EPSILON);
            let log_determinant = scatter.log_determinant(covariance) + kept.ln();
            log_density(clips.nrows(), taken * taken * own / kept, log_determinant)
        };
        (0..clips.ncols()).map(of_clip).collect()
    }

    /// What is inverted without each of the clips; `centred` is `[n_clips, n_features]`, `through` `u' S u` of each clip.
    fn covariances(&self, centred: &DMatrix<f64>, through: &[f64]) -> Vec<Regularised> {
        let moments = self.gaussian.moments;
        let squares = DVector::from_iterator(centred.nrows(), centred.row_iter().map(|clip| clip.norm_squared()));
        let weighed = DVector::from_iterator(
            squares.len(),
            squares.iter().zip(self.shares).map(|(square, share)| square * share),
        );
        // Of each clip: the sum over all clips of share * squared length * product with the clip.
        let cubes = centred * centred.tr_mul(&weighed);
        let without = |clip: usize| {
            let (share, square, through, cubes) = (self.shares[clip], squares[clip], through[clip], cubes[clip]);
            let n_left = (moments.n_clips - share).max(SMALLEST);
            let (taken, step) = (moments.n_clips / n_left, share / n_left);
            // Every other clip moves by `step * u` against the mean; see the same sums in `super::super::left_out`.
            let moved = 4.0 * step * step * (through - share * square * square)
                + 4.0 * step * (cubes - share * square * square)
                + 2.0 * step * step * square * (moments.trace - share * square)
                - 4.0 * step.powi(3) * share * square * square
                + step.powi(4) * n_left * square * square;
            let left = ScatterMoments {
                n_clips: n_left,
                n_features: moments.n_features,
                trace: (moments.trace - share * taken * square).max(0.0),
                square: (moments.square - 2.0 * share * taken * through + (share * taken * square).powi(2)).max(0.0),
                fourth: (moments.fourth - share * square * square + moved).max(0.0),
            };
            regularised(self.covariance, left, self.smallest_variance)
        };
        (0..squares.len()).map(without).collect()
    }
}
