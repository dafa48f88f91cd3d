//! The covariance of few clips in many dimensions, made invertible.

use super::Covariance;

/// What is known of the scatter `S = sum of u u'` of the centred clips `u`.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScatterMoments {
    pub(super) n_clips: f64,
    pub(super) n_features: f64,
    /// Trace of `S`.
    pub(super) trace: f64,
    /// Sum of the squares of the entries of `S`.
    pub(super) square: f64,
    /// Sum of `|u|^4`.
    pub(super) fourth: f64,
}

/// `scale * S + floor * I`: the covariance that is inverted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Regularised {
    pub(super) scale: f64,
    pub(super) floor: f64,
}

impl Regularised {
    /// `smallest_variance` stands where the clips do not vary at all.
    pub(super) fn new(covariance: Covariance, moments: ScatterMoments, smallest_variance: f64) -> Self {
        match covariance {
            Covariance::Ridge(ridge) => Self {
                scale: 1.0 / (moments.n_clips - 1.0),
                floor: ridge.max(smallest_variance),
            },
            Covariance::Shrunk => {
                let shrinkage = ledoit_wolf_shrinkage(moments);
                let mean_variance = moments.trace / (moments.n_clips * moments.n_features);
                Self {
                    scale: (1.0 - shrinkage) / moments.n_clips,
                    floor: (shrinkage * mean_variance).max(smallest_variance),
                }
            }
        }
    }
}

/// The weight of the scaled identity, 0..1: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance
/// matrices" (2004), as scikit-learn's `ledoit_wolf_shrinkage` writes it.
fn ledoit_wolf_shrinkage(moments: ScatterMoments) -> f64 {
    let ScatterMoments {
        n_clips,
        n_features,
        trace,
        square,
        fourth,
    } = moments;
    let mean_variance = trace / (n_clips * n_features);
    let distance_to_identity = square / (n_clips * n_clips) / n_features - mean_variance * mean_variance;
    let estimation_error = (fourth / n_clips - square / (n_clips * n_clips)) / (n_features * n_clips);
    if distance_to_identity > 0.0 {
        (estimation_error / distance_to_identity).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Regularised, ScatterMoments};
    use crate::detectors::Covariance;

    /// The paper's beta and delta from whole matrices, where the code goes by their moments.
    #[test]
    fn shrinkage_follows_its_definition() {
        let rows = [
            [1.0, 20.0],
            [3.0, 9.0],
            [-2.0, -14.0],
            [0.0, -15.0],
            [2.0, 12.0],
            [-1.0, -11.0_f64],
        ];
        let n = rows.len() as f64;
        let mean = [0, 1].map(|j| rows.iter().map(|row| row[j]).sum::<f64>() / n);
        let centred = rows.map(|row| [row[0] - mean[0], row[1] - mean[1]]);
        let mut scatter = [[0.0; 2]; 2];
        for row in centred {
            for (i, scatter_row) in scatter.iter_mut().enumerate() {
                for (j, entry) in scatter_row.iter_mut().enumerate() {
                    *entry += row[i] * row[j];
                }
            }
        }
        let trace = scatter[0][0] + scatter[1][1];
        let (mut beta, mut delta) = (0.0, 0.0);
        for i in 0..2 {
            for j in 0..2 {
                let identity = if i == j { trace / n / 2.0 } else { 0.0 };
                delta += (scatter[i][j] / n - identity).powi(2) / 2.0;
                for row in centred {
                    beta += (row[i] * row[j] - scatter[i][j] / n).powi(2) / 2.0 / (n * n);
                }
            }
        }
        let expected = beta.min(delta) / delta;
        let moments = ScatterMoments {
            n_clips: n,
            n_features: 2.0,
            trace,
            square: scatter.iter().flatten().map(|entry| entry * entry).sum(),
            fourth: centred.iter().map(|row| (row[0] * row[0] + row[1] * row[1]).powi(2)).sum(),
        };
        let found = Regularised::new(Covariance::Shrunk, moments, 0.0);
        assert!(expected > 0.0 && expected < 1.0);
        assert!((found.scale - (1.0 - expected) / n).abs() < 1e-12);
        assert!((found.floor - expected * trace / n / 2.0).abs() < 1e-12);
    }
}
