//! Spectrograms as NumPy files.

use std::io::BufWriter;
use std::path::Path;

use npyz::WriterBuilder as _;

use super::PipelineError;
use crate::dsp::Spectrogram;

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
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let shape = [*n_bins as u64, *n_frames as u64];
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(BufWriter::new(file.as_file_mut()))
            .begin_nd()?;
        for bin in 0..*n_bins {
            writer.extend((0..*n_frames).map(|frame| values[frame * n_bins + bin]))?;
        }
        writer.finish()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| PipelineError::io(path, source))
}
