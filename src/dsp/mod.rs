//! Pure functions on slices: windows, STFT, mel, decibel, measuring in time and frequency.
//!
//! *Invariant:* this room opens no file and starts no thread of its own; the same samples give the same numbers.

mod axis;
mod decibel;
mod harmonics;
mod level_histogram;
mod log_mel;
mod loudest;
mod measure;
mod mel;
mod peaks;
mod stft;
mod stretches;
mod tone;

pub use axis::FrequencyAxis;
pub use decibel::{magnitude_to_db, power_to_db};
pub use harmonics::{Harmonic, harmonics, rpm_from_hz, sidebands};
pub use level_histogram::LevelHistogram;
pub use log_mel::{LogMel, LogMelConfig};
pub use loudest::{LevelPyramid, Levels};
pub use measure::{Measurement, TimeFrequencyBox, measure};
pub use mel::{MelFilterBank, MelScale};
pub use peaks::{Peaks, cells};
pub use stft::{Padding, Stft, StftConfig};
pub use tone::{HANN_NOISE_BINS, hann_lobe, sine_at_peak};

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
