//! Gaussians that share the clips among them, fitted by expectation and maximisation (Dempster, Laird and Rubin 1977).

use nalgebra::{DMatrix, DVector};
use rayon::prelude::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::super::Covariance;
use super::super::covariance::{Regularised, ScatterMoments};
use super::super::scatter::Scatter;

/// What the mean log-likelihood of a clip must still gain for another step, as in the published code.
const TOLERANCE: f64 = 1e-6;
/// scikit-learn's.
const MAX_STEPS: usize = 100;

/// Gaussians fitted to clips.
pub(super) struct Mixture {
    pub(super) gaussians: Vec<Gaussian>,
    /// `[n_clips, n_gaussians]`: how far each clip belongs to each Gaussian; the Gaussians were last fitted to these.
    pub(super) shares: DMatrix<f64>,
    pub(super) has_settled: bool,
}

/// One Gaussian of a mixture.
pub(super) struct Gaussian {
    /// Sum of the shares of the clips.
    pub(super) n_clips: f64,
    /// `[n_features]`
    pub(super) mean: DVector<f64>,
    /// Sum of `share * u u'` over the centred clips `u`.
    pub(super) scatter: Scatter,
    pub(super) moments: ScatterMoments,
    pub(super) regularised: Regularised,
}

impl Mixture {
    /// Begins with these shares of the `clips`, `[n_features, n_clips]`.
    pub(super) fn fit(clips: &DMatrix<f64>, shares: DMatrix<f64>, covariance: Covariance, smallest_variance: f64) -> Self {
        let maximised = |shares: &DMatrix<f64>| -> Vec<Gaussian> {
            (0..shares.ncols())
                .into_par_iter()
                .map(|gaussian| Gaussian::fit(clips, shares.column(gaussian).as_slice(), covariance, smallest_variance))
                .collect()
        };
        let mut mixture = Self {
            gaussians: maximised(&shares),
            shares,
            has_settled: false,
        };
        // Nothing can move between a Gaussian and itself.
        if mixture.gaussians.len() == 1 {
            mixture.has_settled = true;
            return mixture;
        }
        let mut last = f64::NEG_INFINITY;
        for _ in 0..MAX_STEPS {
            let (shares, likelihood) = mixture.expected(clips);
            mixture.gaussians = maximised(&shares);
            mixture.shares = shares;
            if (likelihood - last).abs() < TOLERANCE {
                mixture.has_settled = true;
                break;
            }
            last = likelihood;
        }
        mixture
    }

    /// The shares of the clips by the Gaussians as they are, and the mean log-likelihood of a clip.
    fn expected(&self, clips: &DMatrix<f64>) -> (DMatrix<f64>, f64) {
        let mut shares = self.log_densities(clips);
        let log_weights = self.log_weights();
        let mut sum = 0.0;
        for mut clip in shares.row_iter_mut() {
            let joint: Vec<f64> = clip
                .iter()
                .zip(&log_weights)
                .map(|(density, weight)| density + weight)
                .collect();
            let likelihood = log_sum_exp(&joint);
            // Further away from all of them than numbers reach: it belongs to none more than to another.
            let is_lost = !likelihood.is_finite();
            for (share, joint) in clip.iter_mut().zip(&joint) {
                *share = if is_lost {
                    1.0 / log_weights.len() as f64
                } else {
                    (joint - likelihood).exp()
                };
            }
            sum += likelihood;
        }
        let n_clips = shares.nrows() as f64;
        (shares, sum / n_clips)
    }

    /// Log of the part of all clips that each Gaussian has.
    pub(super) fn log_weights(&self) -> Vec<f64> {
        let n_clips: f64 = self.gaussians.iter().map(|gaussian| gaussian.n_clips).sum();
        self.gaussians
            .iter()
            .map(|gaussian| (gaussian.n_clips / n_clips).ln())
            .collect()
    }

    /// `log N_k` of clips that are `[n_features, n_clips]`, as `[n_clips, n_gaussians]`.
    pub(super) fn log_densities(&self, clips: &DMatrix<f64>) -> DMatrix<f64> {
        let of_gaussians: Vec<Vec<f64>> = self
            .gaussians
            .par_iter()
            .map(|gaussian| gaussian.log_densities(clips))
            .collect();
        DMatrix::from_vec(clips.ncols(), of_gaussians.len(), of_gaussians.concat())
    }
}

impl Gaussian {
    /// `clips` is `[n_features, n_clips]`, `shares` `[n_clips]`.
    fn fit(clips: &DMatrix<f64>, shares: &[f64], covariance: Covariance, smallest_variance: f64) -> Self {
        // As scikit-learn keeps a Gaussian without clips from dividing by zero.
        let n_clips = shares.iter().sum::<f64>() + 10.0 * f64::EPSILON;
        let mut mean = DVector::zeros(clips.nrows());
        for (clip, &share) in clips.column_iter().zip(shares) {
            mean.axpy(share, &clip, 1.0);
        }
        mean /= n_clips;
        let mut fourth = 0.0;
        let scatter = Scatter::new(clips.shape(), |clip, to| {
            let (share, mut square) = (shares[clip], 0.0);
            for ((to, x), mean) in to.iter_mut().zip(clips.column(clip).iter()).zip(mean.iter()) {
                let offset = x - mean;
                square += offset * offset;
                *to = share.sqrt() * offset;
            }
            fourth += share * square * square;
        });
        let moments = ScatterMoments {
            n_clips,
            n_features: clips.nrows() as f64,
            trace: scatter.trace(),
            square: scatter.square(),
            fourth,
        };
        Self {
            n_clips,
            mean,
            scatter,
            moments,
            regularised: regularised(covariance, moments, smallest_variance),
        }
    }

    /// Each clip less the mean, `[n_clips, n_features]`.
    pub(super) fn centred(&self, clips: &DMatrix<f64>) -> DMatrix<f64> {
        let mut centred = clips.clone();
        for mut clip in centred.column_iter_mut() {
            clip -= &self.mean;
        }
        centred.transpose()
    }

    fn log_densities(&self, clips: &DMatrix<f64>) -> Vec<f64> {
        let offsets = self.scatter.coordinates(&self.centred(clips));
        let squares = self.scatter.squares(&offsets.inside, self.regularised);
        let log_determinant = self.scatter.log_determinant(self.regularised);
        let squares = squares.iter().zip(offsets.outside);
        squares
            .map(|(inside, outside)| {
                let square = inside + outside / self.regularised.floor;
                log_density(clips.nrows(), square, log_determinant)
            })
            .collect()
    }
}

/// Of a Gaussian in so many dimensions, at a squared Mahalanobis distance from its mean.
pub(super) fn log_density(n_features: usize, square: f64, log_determinant: f64) -> f64 {
    -0.5 * (n_features as f64 * std::f64::consts::TAU.ln() + log_determinant + square)
}

/// The covariance of greatest likelihood, made invertible: the ridge comes on top of `S / n`, as in scikit-learn.
pub(super) fn regularised(covariance: Covariance, moments: ScatterMoments, smallest_variance: f64) -> Regularised {
    match covariance {
        Covariance::Ridge(ridge) => Regularised {
            scale: 1.0 / moments.n_clips,
            floor: ridge.max(smallest_variance),
        },
        Covariance::Shrunk => Regularised::new(covariance, moments, smallest_variance),
    }
}

/// `log sum exp` without overflow.
pub(super) fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() {
        return largest;
    }
    largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::Path;

    use nalgebra::DMatrix;
    use serde_json::Value;

    use super::{Covariance, Mixture, log_sum_exp};

    fn numbers(value: &Value) -> Vec<f64> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|number| number.as_f64().unwrap())
            .collect()
    }

    fn assert_close(name: &str, found: impl IntoIterator<Item = f64>, expected: &[f64]) {
        let found: Vec<f64> = found.into_iter().collect();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
                "{name}: {found}, not {expected}"
            );
        }
    }

    /// From the same shares of the clips scikit-learn and we go the same way.
    #[test]
    fn mixtures_equal_those_of_scikit_learn() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gmm/expected.json");
        let expected: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let n_features = expected["n_features"].as_u64().unwrap() as usize;
        let clips = |name: &str| {
            let values = numbers(&expected[name]);
            DMatrix::from_vec(n_features, values.len() / n_features, values)
        };
        let (bank, queries) = (clips("bank"), clips("queries"));
        let second = numbers(&expected["begun_with"]);
        let both = second.iter().map(|share| 1.0 - share).chain(second.iter().copied());
        for (name, shares) in [
            ("one", DMatrix::from_element(bank.ncols(), 1, 1.0)),
            ("two", DMatrix::from_iterator(bank.ncols(), 2, both)),
        ] {
            let expected = &expected[name];
            let mixture = Mixture::fit(&bank, shares, Covariance::Ridge(1e-6), 0.0);
            assert!(mixture.has_settled);
            let log_weights = mixture.log_weights();
            assert_close(
                "weights",
                log_weights.iter().map(|weight| weight.exp()),
                &numbers(&expected["weights"]),
            );
            for (gaussian, mean) in mixture.gaussians.iter().zip(expected["means"].as_array().unwrap()) {
                assert_close("mean", gaussian.mean.iter().copied(), &numbers(mean));
            }
            let densities = mixture.log_densities(&queries);
            let nearest = densities.row_iter().map(|densities| -densities.max());
            assert_close("nearest Gaussian", nearest, &numbers(&expected["nearest_gaussian"]));
            let likelihood = densities.row_iter().map(|densities| {
                let joint: Vec<f64> = densities.iter().zip(&log_weights).map(|(a, b)| a + b).collect();
                -log_sum_exp(&joint)
            });
            assert_close("likelihood", likelihood, &numbers(&expected["likelihood"]));
        }
    }
}
