//! Why a network cannot be trained or opened.

use std::path::PathBuf;

use crate::exploration::GenomeError;
use crate::progress::Cancelled;

/// Why a network cannot be trained or opened.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    #[error("the device '{device}' is not in this build: choose cpu, or build with --features gpu")]
    NoDevice { device: &'static str },
    #[error("the loss became {loss} in epoch {epoch}: lower the learning rate", epoch = epoch + 1)]
    Diverged { epoch: usize, loss: f64 },
    #[error("{found} training examples are too few, at least 2 are needed")]
    TooFewExamples { found: usize },
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the weights in {path} do not fit: {reason}", path = path.display())]
    Weights { path: PathBuf, reason: String },
    #[error("this is no design of a network: {0}")]
    Design(GenomeError),
    #[error("the device failed: {reason}")]
    Device { reason: String },
    // Not transparent: the wish to stop must be found among the causes.
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}

impl TrainingError {
    /// What burn says when an operation or a read-out fails.
    pub(super) fn device(reason: impl std::fmt::Display) -> Self {
        Self::Device {
            reason: reason.to_string(),
        }
    }
}
