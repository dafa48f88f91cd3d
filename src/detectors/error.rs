//! Why a detector cannot be fitted.

use super::DetectorKind;

/// Why a detector cannot be fitted to a bank.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DetectorError {
    #[error("{} needs at least {needed} training clips, found {found}", kind.title())]
    TooFewClips {
        kind: DetectorKind,
        needed: usize,
        found: usize,
    },
    #[error("{} needs a front end that scores clips itself in this way", kind.title())]
    NoOwnScore { kind: DetectorKind },
    #[error("{} met embeddings that are not finite", kind.title())]
    NotFinite { kind: DetectorKind },
}
