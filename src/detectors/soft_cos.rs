//! Soft COS: the angle to the mean of the source clips or of the target clips, whichever is nearer.

use super::columns::{Groups, bank_columns};
use super::cos::Cos;
use super::{Bank, DetectorError, DetectorKind};

/// COS with a reference a domain (the `MobileAnoNet` paper, Soft COS). With fewer than 2 clips of a domain it is COS, and says so.
pub(super) fn fit(bank: &Bank) -> Result<Cos, DetectorError> {
    let clips = bank_columns(DetectorKind::SoftCos, bank, 2)?;
    Ok(Cos::new(clips, Groups::by_domain(bank, 2)))
}
