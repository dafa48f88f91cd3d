//! Why a clip cannot be embedded or an extractor not trained.

use crate::audio::AudioError;
use crate::nn::TrainingError;
use crate::progress::Cancelled;

/// Why an extractor cannot be trained, opened or used.
#[derive(Debug, thiserror::Error)]
pub enum ExtractorError {
    #[error("the clip lasts {found_secs:.2} s, {needed_secs:.2} s are needed")]
    ClipTooShort { found_secs: f64, needed_secs: f64 },
    #[error("this run was not trained on {machine}: train it with that machine, or choose another run")]
    UnknownMachine { machine: String },
    #[error("there is no normal training clip to train on")]
    NoTrainingClips,
    #[error(transparent)]
    Audio(#[from] AudioError),
    #[error(transparent)]
    Training(#[from] TrainingError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
