//! Log-mel spectrograms, sixteen frames at a time.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::decibel::{magnitudes_to_db, powers_to_db};
use super::mel::LANES;
use super::stretches::in_stretches;
use super::{MelFilterBank, MelScale, Padding, Spectrogram, Stft, StftConfig};

/// The rate of every clip that a front end meets.
const SAMPLE_RATE_HZ: u32 = 16_000;

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
    #[serde(default)]
    pub scale: MelScale,
}

impl Default for LogMelConfig {
    fn default() -> Self {
        Self {
            n_fft: 1024,
            hop: 512,
            n_mels: 128,
            power: 2,
            padding: Padding::Zero,
            scale: MelScale::Slaney,
        }
    }
}

/// A planned log-mel front end for clips of 16 kHz.
#[derive(Debug, Clone)]
pub struct LogMel {
    config: LogMelConfig,
    stft: Stft,
    filter_bank: MelFilterBank,
}

impl LogMel {
    /// Plans the transform and the filters. Sizes must be at least 1, `power` 1 or 2: they come from code, not from files.
    pub fn new(config: LogMelConfig) -> Self {
        let LogMelConfig {
            n_fft,
            hop,
            n_mels,
            power,
            padding,
            scale,
        } = config;
        assert!(matches!(power, 1 | 2), "a spectrum to the power of {power}");
        Self {
            config,
            stft: Stft::new(StftConfig { n_fft, hop, padding }),
            filter_bank: MelFilterBank::on_scale(scale, SAMPLE_RATE_HZ, n_fft, n_mels),
        }
    }

    pub fn config(&self) -> LogMelConfig {
        self.config
    }

    /// The bands that the columns of the spectrogram are.
    pub fn filter_bank(&self) -> &MelFilterBank {
        &self.filter_bank
    }

    /// Mel energies in dB re 1, `[n_frames, n_mels]`.
    pub fn decibel(&self, samples: &[f32]) -> Spectrogram {
        let (n_frames, n_mels) = (self.stft.n_frames(samples.len()), self.config.n_mels);
        let values = in_stretches(n_frames, n_mels, |frames, values| self.fill(samples, frames, values));
        Spectrogram {
            values,
            n_frames,
            n_bins: n_mels,
        }
    }
}

impl LogMel {
    /// Writes the levels of these frames, `[frames, n_mels]`.
    fn fill(&self, samples: &[f32], frames: Range<usize>, values: &mut [f32]) {
        let n_mels = self.config.n_mels;
        let mut spectra = vec![[0.0; LANES]; self.stft.n_bins()];
        let mut energies = vec![[0.0; LANES]; n_mels];
        let is_power = self.config.power == 2;
        let Range { start, end } = frames;
        self.stft.for_each_frame(samples, frames, |frame_idx, bins| {
            let lane = (frame_idx - start) % LANES;
            for (spectra, bin) in spectra.iter_mut().zip(bins) {
                spectra[lane] = if is_power { bin.norm_sqr() } else { bin.norm_sqr().sqrt() };
            }
            if lane + 1 == LANES || frame_idx + 1 == end {
                self.filter_bank.energies(&spectra, &mut energies);
                let first = frame_idx - start - lane;
                let frames = values[first * n_mels..(frame_idx - start + 1) * n_mels].chunks_exact_mut(n_mels);
                for (lane, frame) in frames.enumerate() {
                    for (value, energies) in frame.iter_mut().zip(&energies) {
                        *value = energies[lane];
                    }
                }
            }
        });
        if is_power {
            powers_to_db(values);
        } else {
            magnitudes_to_db(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LogMel, LogMelConfig};
    use crate::dsp::{Stft, StftConfig, power_to_db};

    #[test]
    fn a_tone_is_loudest_in_the_band_around_it() {
        let tone: Vec<f32> = (0..16_000)
            .map(|i| (std::f32::consts::TAU * 2000.0 * i as f32 / 16_000.0).sin())
            .collect();
        let log_mel = LogMel::new(LogMelConfig::default());
        let spectrogram = log_mel.decibel(&tone);
        let middle = spectrogram.frame(spectrogram.n_frames / 2);
        let loudest = (0..128).max_by(|&a, &b| middle[a].total_cmp(&middle[b])).unwrap_or(0);
        assert!((log_mel.filter_bank().centres_hz()[loudest] - 2000.0).abs() < 40.0);
    }

    /// Clips of fewer frames than a vector has lanes, of as many, and of one more.
    #[test]
    fn every_frame_of_a_clip_of_any_length_is_that_of_its_spectrum() {
        let (n_fft, hop, n_mels) = (256, 100, 20);
        let log_mel = LogMel::new(LogMelConfig {
            n_fft,
            hop,
            n_mels,
            ..LogMelConfig::default()
        });
        let stft = Stft::new(StftConfig {
            n_fft,
            hop,
            ..StftConfig::default()
        });
        let weights = log_mel.filter_bank().dense();
        for n_samples in [0, 1, 99, 100, 1499, 1500, 1600, 3100, 3217] {
            let samples: Vec<f32> = (0..n_samples).map(|i| ((i * i) % 101) as f32 / 101.0 - 0.5).collect();
            let (found, power) = (log_mel.decibel(&samples), stft.power(&samples));
            assert_eq!((found.n_frames, found.n_bins), (1 + n_samples / hop, n_mels));
            assert_eq!(found.values.len(), found.n_frames * n_mels);
            for frame_idx in 0..found.n_frames {
                for (value, weights) in found.frame(frame_idx).iter().zip(weights.chunks_exact(power.n_bins)) {
                    let energy: f32 = weights
                        .iter()
                        .zip(power.frame(frame_idx))
                        .map(|(weight, bin)| weight * bin)
                        .sum();
                    let expected = power_to_db(energy);
                    assert!(
                        (value - expected).abs() < 1e-4,
                        "frame {frame_idx} of {n_samples} samples: {value}, not {expected}"
                    );
                }
            }
        }
    }
}
