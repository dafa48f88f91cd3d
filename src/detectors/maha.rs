//! MAHA: the Mahalanobis distance to the mean of the training clips.

use std::sync::Arc;

use super::columns::{Groups, check_size};
use super::mahalanobis::Mahalanobis;
use super::{Covariance, Detector, DetectorConfig, DetectorError, DetectorKind, Observations, Shared};

/// Distance to the mean in standard deviations (the `MobileAnoNet` paper, MAHA).
pub(super) struct Maha {
    distances: Mahalanobis,
    fallback: Option<String>,
}

/// Needs 3 clips: two have a covariance, one is left out.
pub(super) fn fit(config: &DetectorConfig, shared: &Shared) -> Result<Maha, DetectorError> {
    let n_clips = check_size(DetectorKind::Maha, &shared.clips, 3)?;
    let few = few_for_a_ridge(config.covariance, "training clips", (shared.clips.n_features, n_clips));
    let distances = Mahalanobis::new(Arc::clone(&shared.clips), &Groups::one(n_clips), config.covariance);
    let alike = distances.is_degenerate.then(|| ALL_ALIKE.to_owned());
    Ok(Maha {
        fallback: alike.or(few),
        distances,
    })
}

/// What is said where a ridge has to do what clips should: `shape` is features and clips.
pub(super) fn few_for_a_ridge(covariance: Covariance, clips: &str, (n_features, n_clips): (usize, usize)) -> Option<String> {
    let is_few = matches!(covariance, Covariance::Ridge(_)) && n_clips <= n_features;
    is_few.then(|| {
        let unknown = n_features + 1 - n_clips;
        format!("{n_clips} {clips} have no covariance in {unknown} of {n_features} directions: the ridge alone stands there")
    })
}

/// What is said where the covariance has nothing to say.
pub(super) const ALL_ALIKE: &str = "the training clips do not differ: plain distance instead of a covariance";

impl Detector for Maha {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        self.distances.scores(queries)
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.distances.leave_one_out_scores()
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}
