//! One recording embedded, whatever its length.

use std::path::Path;

use crate::audio::{self, ChannelChoice, LONG_SECS, Recording, Sound};
use crate::dataset::MachineSection;
use crate::extractors::{Embedding, Extractor, ExtractorError};
use crate::progress::Progress;

/// A short recording is held while it is embedded, of a long one some stretches at a time: `duration_secs` says which it is. The
/// numbers are the same. A step is a stretch.
///
/// # Errors
/// Where the file cannot be read, or as [`Extractor::embed_sound`].
pub(super) fn embed_file(
    extractor: &dyn Extractor,
    (file, channel): (&Path, ChannelChoice),
    duration_secs: f64,
    group: &MachineSection,
    progress: &mut dyn Progress,
) -> Result<Embedding, ExtractorError> {
    if duration_secs > LONG_SECS {
        let recording = Recording::open(file, channel)?;
        return extractor.embed_sound(&Sound::filed(&recording), group, progress);
    }
    extractor.embed_sound(&Sound::held(&audio::read_clip(file, channel)?), group, progress)
}
