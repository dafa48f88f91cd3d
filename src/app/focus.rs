//! The focused clip: its sound, its pictures and what was measured in it.

use std::sync::Arc;

use crate::audio::{ChannelChoice, Clip};
use crate::dsp::{LevelHistogram, Measurement, Peaks, Spectrogram, TimeFrequencyBox};
use crate::project::SpectrogramSettings;

/// A clip that was read, with all that is drawn of it.
#[derive(Debug, Clone, Default)]
pub struct LoadedClip {
    /// Index into the data set's clips.
    pub clip_idx: usize,
    pub clip: Arc<Clip>,
    pub peaks: Peaks,
    pub settings: SpectrogramSettings,
    /// dB re full scale (a full-scale sine reads 0 dB), `[n_frames, n_bins]`.
    pub spectrogram: Arc<Spectrogram>,
    /// Centre frequency of each bin.
    pub bin_hz: Vec<f32>,
    /// The levels of all frames and bins.
    pub levels: LevelHistogram,
    /// The channel that is heard: one of the file's, or the mean.
    pub heard: ChannelChoice,
}

/// A box that a person drew to learn what it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub area: TimeFrequencyBox,
    /// `None` while it is being measured.
    pub result: Option<Measurement>,
}
