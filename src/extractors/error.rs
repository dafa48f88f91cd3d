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
    #[error(
        "the clips are all of {class}, and MobileAnoNet learns by telling machines apart: add another machine or section, or \
         choose dense-ae"
    )]
    OneClass { class: String },
    #[error(
        "no attribute of these clips takes two values, and the condition loss learns by telling them apart: train by the machine \
         loss"
    )]
    NoConditions,
    #[error(
        "a classifier of sections learns nothing from {class} alone, which has one working condition: choose a machine with \
         several sections, or dense-ae"
    )]
    OneSection { class: String },
    #[error("a ranking decay of {found} cannot be: choose one from 0 (the loudest frame) to 1 (the mean)")]
    RankingDecay { found: f64 },
    #[error(transparent)]
    Audio(#[from] AudioError),
    #[error(transparent)]
    Training(TrainingError),
    // Not transparent: the wish to stop must be found among the causes.
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}

impl From<TrainingError> for ExtractorError {
    /// A cancelled training is a cancelled extractor: callers look for [`Cancelled`] in one place.
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Training(other),
        }
    }
}
