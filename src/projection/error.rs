//! Why there is no map.

use crate::progress::Cancelled;

/// Why embeddings cannot be placed on a map.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error("a map needs at least {needed} clips, found {found}")]
    TooFewRows { needed: usize, found: usize },
    #[error("some embeddings are not finite")]
    NotFinite,
    #[error("the t-SNE engine refused: {reason}")]
    Engine { reason: String },
    // Not transparent: the wish to stop must be found among the causes.
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}
