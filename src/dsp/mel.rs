//! Mel filter banks: Slaney's scale with equal areas, librosa's default, and that of HTK with equal heights, torchaudio's.

use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::tone::hann_lobe;

/// Frames whose energies are summed at once, one a lane: the widest vectors there are.
pub(super) const LANES: usize = 16;

/// Which triangles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MelScale {
    /// Slaney's scale, each triangle of area 1 over Hz: `librosa.filters.mel(htk=False, norm="slaney")`.
    #[default]
    Slaney,
    /// HTK's scale, each triangle of height 1: `librosa.filters.mel(htk=True, norm=None)`, torchaudio's default.
    Htk,
}

/// Triangular filters on a mel scale, `[n_mels, 1 + n_fft / 2]`, from 0 Hz to half the sample rate.
///
/// Kept as the bins that are not zero.
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
    /// Filters of Slaney's scale for the spectra of an `n_fft`-sample window.
    pub fn new(sample_rate_hz: u32, n_fft: usize, n_mels: usize) -> Self {
        Self::on_scale(MelScale::Slaney, sample_rate_hz, n_fft, n_mels)
    }

    /// Filters for the spectra of an `n_fft`-sample window.
    pub fn on_scale(scale: MelScale, sample_rate_hz: u32, n_fft: usize, n_mels: usize) -> Self {
        let n_bins = 1 + n_fft / 2;
        let top_mel = scale.mel(f64::from(sample_rate_hz) / 2.0);
        let edges_hz: Vec<f64> = (0..n_mels + 2)
            .map(|i| scale.hz(top_mel * i as f64 / (n_mels + 1) as f64))
            .collect();
        let bin_hz = f64::from(sample_rate_hz) / n_fft as f64;
        let filters = edges_hz
            .windows(3)
            .map(|edges| Filter::triangle(scale, [edges[0], edges[1], edges[2]], bin_hz, n_bins));
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

    /// The power that a sine at each band's centre leaves in the band under a Hann window, as part of what it leaves in its own
    /// bin of the spectrum; `[n_mels]`. What the bands hold, divided by it, reads in dB as the sine does.
    pub fn tone_power(&self, sample_rate_hz: u32) -> Vec<f32> {
        let bin_hz = f64::from(sample_rate_hz) / (2 * (self.n_bins - 1)).max(1) as f64;
        let power = |(filter, &centre_hz): (&Filter, &f32)| {
            let weights = filter.weights.iter().enumerate();
            let parts = weights.map(|(i, &weight)| {
                let offset = (filter.first_bin + i) as f64 - f64::from(centre_hz) / bin_hz;
                f64::from(weight) * hann_lobe(offset).powi(2)
            });
            parts.sum::<f64>() as f32
        };
        self.filters.iter().zip(&self.centres_hz).map(power).collect()
    }

    /// All weights with their zeros, `[n_mels, n_bins]`.
    pub fn dense(&self) -> Vec<f32> {
        let mut weights = vec![0.0; self.filters.len() * self.n_bins];
        for (row, filter) in weights.chunks_exact_mut(self.n_bins).zip(&self.filters) {
            row[filter.first_bin..filter.first_bin + filter.weights.len()].copy_from_slice(&filter.weights);
        }
        weights
    }

    /// Energies of [`LANES`] frames in each band: `spectra` is `[n_bins]`, `energies` `[n_mels]`.
    pub(super) fn energies(&self, spectra: &[[f32; LANES]], energies: &mut [[f32; LANES]]) {
        pulp::Arch::new().dispatch(Energies {
            filters: &self.filters,
            spectra,
            energies,
        });
    }
}

impl Filter {
    /// Rises from the first edge to the second and falls to the third.
    fn triangle(scale: MelScale, [low, centre, high]: [f64; 3], bin_hz: f64, n_bins: usize) -> Self {
        let top = match scale {
            MelScale::Slaney => 2.0 / (high - low),
            MelScale::Htk => 1.0,
        };
        let weight = |bin: usize| {
            let hz = bin as f64 * bin_hz;
            let height = ((hz - low) / (centre - low)).min((high - hz) / (high - centre)).max(0.0);
            (height * top) as f32
        };
        let first_bin = ((low / bin_hz).floor() as usize).min(n_bins);
        let end_bin = ((high / bin_hz).ceil() as usize + 1).clamp(first_bin, n_bins);
        Self {
            first_bin,
            weights: (first_bin..end_bin).map(weight).collect(),
        }
    }
}

/// Loop order: a band stays outermost, its bins run innermost, and every step takes one weight to the same bin of all frames, so
/// that the narrowest band fills the vectors.
struct Energies<'a> {
    filters: &'a [Filter],
    spectra: &'a [[f32; LANES]],
    energies: &'a mut [[f32; LANES]],
}

impl WithSimd for Energies<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (filter, energies) in self.filters.iter().zip(self.energies) {
            let bins = &self.spectra[filter.first_bin..filter.first_bin + filter.weights.len()];
            for (vector_idx, energy) in S::as_mut_simd_f32s(energies).0.iter_mut().enumerate() {
                let mut sum = simd.splat_f32s(0.0);
                for (weight, bin) in filter.weights.iter().zip(bins) {
                    sum = simd.mul_add_e_f32s(simd.splat_f32s(*weight), S::as_simd_f32s(bin).0[vector_idx], sum);
                }
                *energy = sum;
            }
        }
    }
}

/// Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz (15 mel), logarithmic above.
const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / LINEAR_HZ_PER_MEL;

/// HTK's mel scale: `2595 log10(1 + f / 700)`.
const HTK_MEL_PER_DECADE: f64 = 2595.0;
const HTK_CORNER_HZ: f64 = 700.0;

/// Nepers a mel above the break: 27 mel from 1 kHz to 6.4 kHz.
fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

impl MelScale {
    pub(super) fn mel(self, hz: f64) -> f64 {
        match self {
            Self::Slaney if hz < BREAK_HZ => hz / LINEAR_HZ_PER_MEL,
            Self::Slaney => BREAK_MEL + (hz / BREAK_HZ).ln() / log_step(),
            Self::Htk => HTK_MEL_PER_DECADE * (1.0 + hz / HTK_CORNER_HZ).log10(),
        }
    }

    pub(super) fn hz(self, mel: f64) -> f64 {
        match self {
            Self::Slaney if mel < BREAK_MEL => mel * LINEAR_HZ_PER_MEL,
            Self::Slaney => BREAK_HZ * ((mel - BREAK_MEL) * log_step()).exp(),
            Self::Htk => HTK_CORNER_HZ * (10.0_f64.powf(mel / HTK_MEL_PER_DECADE) - 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::Simd;

    use super::{Energies, LANES, MelFilterBank, MelScale};

    #[test]
    fn the_mel_scales_have_their_anchors_and_invert() {
        assert!((MelScale::Slaney.mel(1000.0) - 15.0).abs() < 1e-12);
        assert!((MelScale::Slaney.mel(6400.0) - 42.0).abs() < 1e-12);
        assert!((MelScale::Htk.mel(1000.0) - 999.985_537).abs() < 1e-5);
        assert!((MelScale::Htk.mel(6300.0) - 2595.0).abs() < 1e-9);
        for scale in [MelScale::Slaney, MelScale::Htk] {
            for hz in [0.0, 50.0, 999.9, 1000.0, 1234.5, 8000.0] {
                assert!((scale.hz(scale.mel(hz)) - hz).abs() < 1e-9 * (1.0 + hz));
            }
        }
    }

    #[test]
    fn energies_are_those_of_the_dense_matrix_on_any_processor() {
        for (n_fft, n_mels) in [(1024, 128), (2048, 64), (30, 7), (2, 1), (512, 200)] {
            let bank = MelFilterBank::new(16_000, n_fft, n_mels);
            let spectra: Vec<[f32; LANES]> = (0..bank.n_bins)
                .map(|bin| std::array::from_fn(|lane| ((bin * 7 + lane * 13) % 19) as f32))
                .collect();
            let (mut widest, mut single) = (vec![[f32::NAN; LANES]; n_mels], vec![[f32::NAN; LANES]; n_mels]);
            bank.energies(&spectra, &mut widest);
            pulp::Scalar.vectorize(Energies {
                filters: &bank.filters,
                spectra: &spectra,
                energies: &mut single,
            });
            for (mel, weights) in bank.dense().chunks_exact(bank.n_bins).enumerate() {
                for lane in 0..LANES {
                    let terms = weights
                        .iter()
                        .zip(&spectra)
                        .map(|(weight, bin)| f64::from(*weight) * f64::from(bin[lane]));
                    let expected: f64 = terms.sum();
                    for found in [widest[mel][lane], single[mel][lane]] {
                        let difference = (f64::from(found) - expected).abs();
                        assert!(difference <= 1e-6 * expected, "band {mel} of {n_mels}, frame {lane}");
                    }
                }
            }
        }
    }
}
