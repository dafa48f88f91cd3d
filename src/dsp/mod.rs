//! Pure functions on slices: windows, STFT, mel, decibel, normalisation.
//!
//! *Invariant:* this room opens no file and starts no thread of its own; the same samples give the same numbers.

mod decibel;
mod log_mel;
mod loudest;
mod mel;
mod peaks;
mod stft;
mod stretches;

pub use decibel::{magnitude_to_db, power_to_db};
pub use log_mel::{LogMel, LogMelConfig};
pub use loudest::{LevelPyramid, Levels};
pub use mel::{MelFilterBank, MelScale};
pub use peaks::{Peaks, cells};
pub use stft::{Padding, Stft, StftConfig};

/// A picture of sound over time and frequency. What the values are (magnitude, power, dB) is said by the function that made it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spectrogram {
    /// `[n_frames, n_bins]`, the bins of one frame side by side.
    pub values: Vec<f32>,
    pub n_frames: usize,
    pub n_bins: usize,
}

impl Spectrogram {
    /// The bins of one frame.
    pub fn frame(&self, frame_idx: usize) -> &[f32] {
        &self.values[frame_idx * self.n_bins..(frame_idx + 1) * self.n_bins]
    }
}
