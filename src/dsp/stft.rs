//! The short-time Fourier transform as librosa computes it: periodic Hann, centred frames.

use super::Spectrogram;
use serde::{Deserialize, Serialize};

/// What stands beyond the ends of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// librosa 0.9 and later.
    #[default]
    Zero,
    /// librosa before 0.9.
    Reflect,
}

/// Sizes in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StftConfig {
    pub n_fft: usize,
    pub hop: usize,
    #[serde(default)]
    pub padding: Padding,
}

impl Default for StftConfig {
    fn default() -> Self {
        Self {
            n_fft: 2048,
            hop: 512,
            padding: Padding::Zero,
        }
    }
}

/// A planned transform, to be used for many clips and from many threads.
#[derive(Clone)]
pub struct Stft {}

impl Stft {
    pub fn new(_config: StftConfig) -> Self {
        unimplemented!()
    }
    /// Linear magnitude, `[1 + n / hop, 1 + n_fft / 2]`.
    pub fn magnitude(&self, _samples: &[f32]) -> Spectrogram {
        unimplemented!()
    }
    /// Squared magnitude, same shape.
    pub fn power(&self, _samples: &[f32]) -> Spectrogram {
        unimplemented!()
    }
}
