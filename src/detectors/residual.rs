//! Residual: the mean reconstruction error of an autoencoder is the score.

use super::{Bank, Detector, DetectorError, DetectorKind, Observations};

/// The reconstruction error as it is; the bank serves only for what normal clips score.
pub(super) struct Residual {
    of_bank: Vec<f64>,
}

/// Needs one clip with a residual.
pub(super) fn fit(bank: &Bank) -> Result<Residual, DetectorError> {
    let kind = DetectorKind::Residual;
    let residuals = &bank.observations.residuals;
    if residuals.is_empty() {
        return Err(DetectorError::NoResiduals { kind });
    }
    if residuals.iter().any(|residual| !residual.is_finite()) {
        return Err(DetectorError::NotFinite { kind });
    }
    Ok(Residual {
        of_bank: scores(&bank.observations),
    })
}

fn scores(observations: &Observations) -> Vec<f64> {
    observations.residuals.iter().map(|&residual| f64::from(residual)).collect()
}

impl Detector for Residual {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        scores(queries)
    }

    /// The network has seen these clips, so their residuals are somewhat smaller than those of new normal clips:
    /// leaving a clip out would mean training again.
    fn leave_one_out_scores(&self) -> &[f64] {
        &self.of_bank
    }
}
