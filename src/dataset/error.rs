//! What can be wrong with a data folder.

use std::path::PathBuf;

use crate::progress::Cancelled;

/// Why a data set cannot be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} holds no recording: choose a folder with WAV or FLAC files", path = path.display())]
    Empty { path: PathBuf },
    #[error("{path}, line {line}: {reason}", path = path.display())]
    Manifest { path: PathBuf, line: u64, reason: String },
    /// The synthetic machines that were asked for cannot be made.
    #[error("{reason}")]
    Synthetic { reason: String },
    #[error(transparent)]
    Audio(#[from] crate::audio::AudioError),
    // Not transparent: the wish to stop must be found among the causes.
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}
