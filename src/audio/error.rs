//! What can be wrong with a sound file or the sound card, in words a lab engineer can act on.

use std::path::PathBuf;

/// Why a recording cannot be read or written, or a sound card cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The file system refused.
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// The file holds no sound that can be decoded.
    #[error("cannot read {path}: {reason}", path = path.display())]
    Unreadable { path: PathBuf, reason: String },
    /// The sound card is absent or refused.
    #[error("no sound output: {reason}")]
    SoundCard { reason: String },
}
