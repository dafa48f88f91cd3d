//! Why a figure cannot be saved.

use std::path::PathBuf;

/// Why a figure cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    #[error("{path}: choose a name that ends in {endings}", path = path.display())]
    UnknownFormat { path: PathBuf, endings: &'static str },
    #[error("cannot draw {path}: {reason}", path = path.display())]
    Draw { path: PathBuf, reason: String },
    #[error("cannot write {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
}
