//! What the front end itself scores a clip, passed on: the reconstruction error of an autoencoder, the improbability of a
//! classifier.

use super::{Bank, Detector, DetectorError, DetectorKind, Observations};

/// The score as it is; the bank serves only for what normal clips score.
pub(super) struct OwnScore {
    kind: DetectorKind,
    of_bank: Vec<f64>,
}

/// Needs one clip that the front end scored itself.
pub(super) fn fit(kind: DetectorKind, bank: &Bank) -> Result<OwnScore, DetectorError> {
    let of_bank = scores(kind, &bank.observations);
    if of_bank.is_empty() {
        return Err(DetectorError::NoOwnScore { kind });
    }
    Ok(OwnScore { kind, of_bank })
}

fn scores(kind: DetectorKind, observations: &Observations) -> Vec<f64> {
    observations.own_scores(kind).iter().map(|&score| f64::from(score)).collect()
}

impl Detector for OwnScore {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        scores(self.kind, queries)
    }

    /// The network has seen these clips, so it scores them somewhat lower than new normal clips: leaving a clip out would mean
    /// training again.
    fn leave_one_out_scores(&self) -> &[f64] {
        &self.of_bank
    }
}
