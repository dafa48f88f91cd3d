//! Spectrograms as NumPy files.

use std::path::Path;

use npyz::WriterBuilder as _;

use super::PipelineError;
use crate::dsp::Spectrogram;
use crate::whole_file::write_whole;

/// Writes float32, `[bins, frames]`: the order that librosa and NumPy users expect.
///
/// # Errors
/// Where the file cannot be written; nothing half-written is left under its name.
pub fn write_npy(spectrogram: &Spectrogram, path: &Path) -> Result<(), PipelineError> {
    let Spectrogram {
        values,
        n_frames,
        n_bins,
    } = spectrogram;
    let shape = [*n_bins as u64, *n_frames as u64];
    let written = write_whole(path, |file| {
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(file)
            .begin_nd()?;
        for bin in 0..*n_bins {
            writer.extend((0..*n_frames).map(|frame| values[frame * n_bins + bin]))?;
        }
        writer.finish()
    });
    written.map_err(|source| PipelineError::io(path, source))
}
