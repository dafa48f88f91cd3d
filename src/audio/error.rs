//! What can be wrong with a sound file or the sound card, in words a lab engineer can act on.

use std::io;
use std::path::{Path, PathBuf};

/// Why a recording cannot be read or written, or a sound card cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The file system refused.
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The file holds no sound that can be decoded.
    #[error("cannot read {path}: {reason}", path = path.display())]
    Unreadable { path: PathBuf, reason: String },
    /// The sound card is absent or refused.
    #[error("no sound output: {reason}")]
    SoundCard { reason: String },
    /// There is no microphone, or it refused.
    #[error("no sound input: {reason}")]
    Input { reason: String },
}

impl AudioError {
    /// The file system's refusal at `path`.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// What a decoder found wrong; it does not know the path, [`Fault::of`] adds it.
#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    Unreadable(String),
}

impl Fault {
    /// This fault as an error about the file at `path`.
    pub(super) fn of(self, path: &Path) -> AudioError {
        let path = path.to_path_buf();
        match self {
            Self::Io(source) => AudioError::Io { path, source },
            Self::Unreadable(reason) => AudioError::Unreadable { path, reason },
        }
    }

    /// A fault of the file's content; `reason` says what is wrong and what to do.
    pub(super) fn unreadable<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self::Unreadable(reason.into()))
    }
}

impl From<io::Error> for Fault {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}
