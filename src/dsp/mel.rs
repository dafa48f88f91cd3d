//! Mel filter banks (Slaney scale and area normalisation, librosa's default) and log-mel spectrograms.

use super::{Padding, Spectrogram};
use serde::{Deserialize, Serialize};

/// Triangular filters on the Slaney mel scale, `[n_mels, 1 + n_fft / 2]`.
#[derive(Debug, Clone)]
pub struct MelFilterBank {}

impl MelFilterBank {
    pub fn new(_sample_rate_hz: u32, _n_fft: usize, _n_mels: usize) -> Self {
        unimplemented!()
    }
    /// Centre frequencies in Hz, one a band.
    pub fn centres_hz(&self) -> &[f32] {
        unimplemented!()
    }
}

/// How a log-mel spectrogram is made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogMelConfig {
    pub n_fft: usize,
    pub hop: usize,
    pub n_mels: usize,
    /// 2 for power (`10 log10`), 1 for magnitude (`20 log10`).
    pub power: u8,
    #[serde(default)]
    pub padding: Padding,
}

impl Default for LogMelConfig {
    fn default() -> Self {
        Self {
            n_fft: 1024,
            hop: 512,
            n_mels: 128,
            power: 2,
            padding: Padding::Zero,
        }
    }
}

/// A planned log-mel front end.
#[derive(Clone)]
pub struct LogMel {}

impl LogMel {
    pub fn new(_config: LogMelConfig) -> Self {
        unimplemented!()
    }
    /// Mel energies in dB re 1, `[n_frames, n_mels]`.
    pub fn decibel(&self, _samples: &[f32]) -> Spectrogram {
        unimplemented!()
    }
}
