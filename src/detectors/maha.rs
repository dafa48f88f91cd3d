//! MAHA: the Mahalanobis distance to the mean of the training clips.

use super::columns::{Groups, bank_columns};
use super::mahalanobis::Mahalanobis;
use super::{Bank, Detector, DetectorConfig, DetectorError, DetectorKind, Observations};

/// Distance to the mean in standard deviations (the `MobileAnoNet` paper, MAHA).
pub(super) struct Maha {
    distances: Mahalanobis,
}

/// Needs 3 clips: two have a covariance, one is left out.
pub(super) fn fit(config: &DetectorConfig, bank: &Bank) -> Result<Maha, DetectorError> {
    let clips = bank_columns(DetectorKind::Maha, bank, 3)?;
    let groups = Groups::one(clips.ncols());
    Ok(Maha {
        distances: Mahalanobis::new(clips, &groups, config.covariance),
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
        self.distances.is_degenerate.then_some(ALL_ALIKE)
    }
}
