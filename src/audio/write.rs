//! Writing WAV files.

use std::path::Path;

use super::{AudioError, Clip};

/// Writes a clip as 16-bit mono WAV; a file of that name is replaced only when the whole is written.
pub fn write_wav(_path: &Path, _clip: &Clip) -> Result<(), AudioError> {
    unimplemented!()
}
