//! Soft COS: the angle to the mean of the source clips or of the target clips, whichever is nearer.

use std::sync::Arc;

use super::columns::{Groups, check_size};
use super::cos::Cos;
use super::{Bank, DetectorError, DetectorKind, Shared};

/// COS with a reference a domain (the `MobileAnoNet` paper, Soft COS). With fewer than 2 clips of a domain it is COS, and says so.
pub(super) fn fit(bank: &Bank, shared: &Shared) -> Result<Cos, DetectorError> {
    check_size(DetectorKind::SoftCos, &shared.clips, 2)?;
    Ok(Cos::new(Arc::clone(&shared.clips), Groups::by_domain(bank, 2)))
}
