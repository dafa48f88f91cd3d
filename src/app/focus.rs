//! The focused clip: its sound, its pictures and their settings.

use std::sync::Arc;

use crate::audio::Clip;
use crate::dsp::{Peaks, Spectrogram};

/// What the picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpectrogramKind {
    #[default]
    Stft,
    Mel,
}

/// How the picture is computed. Axis, colours and zoom are the view's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpectrogramSettings {
    pub kind: SpectrogramKind,
    pub n_fft: usize,
    pub hop: usize,
    /// Bands, for [`SpectrogramKind::Mel`].
    pub n_mels: usize,
}

impl Default for SpectrogramSettings {
    fn default() -> Self {
        Self {
            kind: SpectrogramKind::Stft,
            n_fft: 2048,
            hop: 512,
            n_mels: 128,
        }
    }
}

/// A clip that was read, with all that is drawn of it.
#[derive(Debug, Clone)]
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
}
