//! Reading recordings of any format as one channel at the working rate.

use std::path::Path;

use super::{AudioError, ChannelChoice, Clip};

/// What a recording's header says, checked against the size of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub sample_rate_hz: u32,
    pub n_channels: u16,
    /// Samples a channel that the file really holds.
    pub n_frames: u64,
}

/// Reads the header alone.
pub fn read_header(_path: &Path) -> Result<Header, AudioError> {
    unimplemented!()
}

/// Reads one channel (or the mean) of a recording, resampled to [`super::SAMPLE_RATE_HZ`].
pub fn read_clip(_path: &Path, _channel: ChannelChoice) -> Result<Clip, AudioError> {
    unimplemented!()
}
