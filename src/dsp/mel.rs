//! Mel filter banks (Slaney scale and area normalisation, librosa's default) and log-mel spectrograms.

use serde::{Deserialize, Serialize};

use super::decibel::{magnitude_to_db, power_to_db};
use super::{Padding, Spectrogram, Stft, StftConfig};

/// The rate of every clip that a front end meets.
const SAMPLE_RATE_HZ: u32 = 16_000;

/// Triangular filters on the Slaney mel scale, `[n_mels, 1 + n_fft / 2]`, from 0 Hz to half the sample rate.
///
/// Equal to `librosa.filters.mel(htk=False, norm="slaney")`; kept as the bins that are not zero.
#[derive(Debug, Clone)]
pub struct MelFilterBank {
    n_bins: usize,
    centres_hz: Vec<f32>,
    filters: Vec<Filter>,
}

/// One triangle: the weights of the bins from `first_bin` on.
#[derive(Debug, Clone)]
struct Filter {
    first_bin: usize,
    weights: Vec<f32>,
}

impl MelFilterBank {
    /// Filters for the spectra of an `n_fft`-sample window.
    pub fn new(sample_rate_hz: u32, n_fft: usize, n_mels: usize) -> Self {
        let n_bins = 1 + n_fft / 2;
        let top_mel = hz_to_mel(f64::from(sample_rate_hz) / 2.0);
        let edges_hz: Vec<f64> = (0..n_mels + 2)
            .map(|i| mel_to_hz(top_mel * i as f64 / (n_mels + 1) as f64))
            .collect();
        let bin_hz = f64::from(sample_rate_hz) / n_fft as f64;
        let filters = edges_hz
            .windows(3)
            .map(|edges| Filter::triangle([edges[0], edges[1], edges[2]], bin_hz, n_bins));
        Self {
            n_bins,
            filters: filters.collect(),
            centres_hz: edges_hz[1..=n_mels].iter().map(|&hz| hz as f32).collect(),
        }
    }

    /// Centre frequencies in Hz, one a band.
    pub fn centres_hz(&self) -> &[f32] {
        &self.centres_hz
    }

    /// All weights with their zeros, `[n_mels, n_bins]`.
    pub fn dense(&self) -> Vec<f32> {
        let mut weights = vec![0.0; self.filters.len() * self.n_bins];
        for (row, filter) in weights.chunks_exact_mut(self.n_bins).zip(&self.filters) {
            row[filter.first_bin..filter.first_bin + filter.weights.len()].copy_from_slice(&filter.weights);
        }
        weights
    }

    /// Energy of one frame in each band: `spectrum` is `[n_bins]`, the result `[n_mels]`.
    pub fn energies<'a>(&'a self, spectrum: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.filters.iter().map(|filter| {
            let bins = &spectrum[filter.first_bin..];
            filter.weights.iter().zip(bins).map(|(weight, bin)| weight * bin).sum()
        })
    }
}

impl Filter {
    /// Rises from the first edge to the second and falls to the third; its area over Hz is 1.
    fn triangle([low, centre, high]: [f64; 3], bin_hz: f64, n_bins: usize) -> Self {
        let weight = |bin: usize| {
            let hz = bin as f64 * bin_hz;
            let height = ((hz - low) / (centre - low)).min((high - hz) / (high - centre)).max(0.0);
            (height * 2.0 / (high - low)) as f32
        };
        let first_bin = ((low / bin_hz).floor() as usize).min(n_bins);
        let end_bin = ((high / bin_hz).ceil() as usize + 1).clamp(first_bin, n_bins);
        Self {
            first_bin,
            weights: (first_bin..end_bin).map(weight).collect(),
        }
    }
}

/// Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz (15 mel), logarithmic above.
const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / LINEAR_HZ_PER_MEL;

/// Nepers a mel above the break: 27 mel from 1 kHz to 6.4 kHz.
fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn hz_to_mel(hz: f64) -> f64 {
    if hz < BREAK_HZ {
        hz / LINEAR_HZ_PER_MEL
    } else {
        BREAK_MEL + (hz / BREAK_HZ).ln() / log_step()
    }
}

fn mel_to_hz(mel: f64) -> f64 {
    if mel < BREAK_MEL {
        mel * LINEAR_HZ_PER_MEL
    } else {
        BREAK_HZ * ((mel - BREAK_MEL) * log_step()).exp()
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
        } = config;
        assert!(matches!(power, 1 | 2), "a spectrum to the power of {power}");
        Self {
            config,
            stft: Stft::new(StftConfig { n_fft, hop, padding }),
            filter_bank: MelFilterBank::new(SAMPLE_RATE_HZ, n_fft, n_mels),
        }
    }

    /// The bands that the columns of the spectrogram are.
    pub fn filter_bank(&self) -> &MelFilterBank {
        &self.filter_bank
    }

    /// Mel energies in dB re 1, `[n_frames, n_mels]`.
    pub fn decibel(&self, samples: &[f32]) -> Spectrogram {
        let (n_frames, n_mels) = (self.stft.n_frames(samples.len()), self.config.n_mels);
        let mut values = Vec::with_capacity(n_frames * n_mels);
        let mut spectrum = vec![0.0; self.stft.n_bins()];
        let is_power = self.config.power == 2;
        self.stft.for_each_frame(samples, |bins| {
            for (out, bin) in spectrum.iter_mut().zip(bins) {
                *out = if is_power { bin.norm_sqr() } else { bin.norm_sqr().sqrt() };
            }
            let energies = self.filter_bank.energies(&spectrum);
            if is_power {
                values.extend(energies.map(power_to_db));
            } else {
                values.extend(energies.map(magnitude_to_db));
            }
        });
        Spectrogram {
            values,
            n_frames,
            n_bins: n_mels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LogMel, LogMelConfig, MelFilterBank, hz_to_mel, mel_to_hz};

    #[test]
    fn the_mel_scale_has_its_anchors_and_inverts() {
        assert!((hz_to_mel(1000.0) - 15.0).abs() < 1e-12);
        assert!((hz_to_mel(6400.0) - 42.0).abs() < 1e-12);
        for hz in [0.0, 50.0, 999.9, 1000.0, 1234.5, 8000.0] {
            assert!((mel_to_hz(hz_to_mel(hz)) - hz).abs() < 1e-9 * (1.0 + hz));
        }
    }

    #[test]
    fn a_tone_is_loudest_in_the_band_around_it() {
        let bank = MelFilterBank::new(16_000, 1024, 128);
        let tone: Vec<f32> = (0..16_000)
            .map(|i| (std::f32::consts::TAU * 2000.0 * i as f32 / 16_000.0).sin())
            .collect();
        let log_mel = LogMel::new(LogMelConfig::default()).decibel(&tone);
        let middle = log_mel.frame(log_mel.n_frames / 2);
        let loudest = (0..128).max_by(|&a, &b| middle[a].total_cmp(&middle[b])).unwrap_or(0);
        assert!((bank.centres_hz()[loudest] - 2000.0).abs() < 40.0);
    }
}
