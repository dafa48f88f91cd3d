//! Which clips a run is trained on.

use super::PipelineError;
use crate::audio::ChannelChoice;
use crate::dataset::{ClipEntry, Dataset, Label, Split};
use crate::extractors::TrainingClip;
use crate::project::RunRecipe;

/// Whether a clip may be fitted on: a training clip that nobody called anomalous.
pub(super) fn may_be_fitted_on(clip: &ClipEntry) -> bool {
    clip.split == Split::Train && clip.label != Label::Anomalous
}

/// How many clips [`train`](super::train) would take.
pub fn n_training_clips(dataset: &Dataset, recipe: &RunRecipe) -> usize {
    let clips = dataset.clips.iter().filter(|clip| may_be_fitted_on(clip));
    clips.filter(|clip| recipe.covers(&clip.group)).count()
}

/// A clip as a trainer meets it.
pub(super) fn training_clip(dataset: &Dataset, clip: &ClipEntry, channel: ChannelChoice) -> TrainingClip {
    TrainingClip {
        file: dataset.file(clip),
        channel,
        group: clip.group.clone(),
        attributes: clip.attributes.clone(),
        is_target: clip.is_target(),
    }
}

/// The clips of a recipe, at least one.
pub(super) fn training_clips(dataset: &Dataset, recipe: &RunRecipe) -> Result<Vec<TrainingClip>, PipelineError> {
    let machines = dataset.machines();
    if let Some(unknown) = recipe.machines.iter().find(|machine| !machines.contains(machine)) {
        return Err(PipelineError::NoSuchMachine {
            machine: unknown.clone(),
            known: machines.join(", "),
        });
    }
    let clips: Vec<TrainingClip> = dataset
        .clips
        .iter()
        .filter(|clip| may_be_fitted_on(clip))
        .filter(|clip| recipe.covers(&clip.group))
        .map(|clip| training_clip(dataset, clip, recipe.channel(dataset)))
        .collect();
    if clips.is_empty() {
        Err(PipelineError::NothingToTrainOn {
            root: dataset.root.clone(),
        })
    } else {
        Ok(clips)
    }
}
