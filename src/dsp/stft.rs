//! The short-time Fourier transform as librosa computes it: periodic Hann, centred frames.

use std::f64::consts::PI;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex32;
use serde::{Deserialize, Serialize};

use super::Spectrogram;
use super::stretches::in_stretches;

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
///
/// Frame `t` is centred on sample `t * hop`; what lies beyond the clip is [`Padding`]. A clip shorter than a window has
/// the frames that its length gives (`1 + n / hop`), and an empty clip one frame of silence.
#[derive(Clone)]
pub struct Stft {
    config: StftConfig,
    /// Periodic Hann, `[n_fft]`.
    window: Arc<[f32]>,
    transform: Arc<dyn RealToComplex<f32>>,
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stft").field(&self.config).finish()
    }
}

impl Stft {
    /// Plans the transform. `n_fft` and `hop` must be at least 1: they come from code, not from files.
    pub fn new(config: StftConfig) -> Self {
        let StftConfig { n_fft, hop, .. } = config;
        assert!(n_fft > 0 && hop > 0, "a transform of {n_fft} samples every {hop} samples");
        let hann = |i: usize| 0.5 - 0.5 * (2.0 * PI * i as f64 / n_fft as f64).cos();
        Self {
            config,
            window: (0..n_fft).map(|i| hann(i) as f32).collect(),
            transform: RealFftPlanner::new().plan_fft_forward(n_fft),
        }
    }

    /// How many frames a clip of `n_samples` has.
    pub fn n_frames(&self, n_samples: usize) -> usize {
        1 + n_samples / self.config.hop
    }

    /// Frequencies of one frame, from 0 to half the sample rate.
    pub fn n_bins(&self) -> usize {
        1 + self.config.n_fft / 2
    }

    /// Linear magnitude, `[1 + n / hop, 1 + n_fft / 2]`.
    pub fn magnitude(&self, samples: &[f32]) -> Spectrogram {
        self.map_bins(samples, |bin| bin.norm_sqr().sqrt())
    }

    /// Squared magnitude, same shape.
    pub fn power(&self, samples: &[f32]) -> Spectrogram {
        self.map_bins(samples, |bin| bin.norm_sqr())
    }

    fn map_bins(&self, samples: &[f32], value: impl Fn(&Complex32) -> f32 + Sync) -> Spectrogram {
        let (n_frames, n_bins) = (self.n_frames(samples.len()), self.n_bins());
        let values = in_stretches(n_frames, n_bins, |frames, values| {
            let mut rows = values.chunks_exact_mut(n_bins);
            self.for_each_frame(samples, frames, |_, bins| {
                for (to, bin) in rows.next().into_iter().flatten().zip(bins) {
                    *to = value(bin);
                }
            });
        });
        Spectrogram {
            values,
            n_frames,
            n_bins,
        }
    }

    /// Calls `see` with each of these frames and its complex bins, in order.
    pub(super) fn for_each_frame(&self, samples: &[f32], frames: Range<usize>, mut see: impl FnMut(usize, &[Complex32])) {
        let StftConfig { n_fft, hop, padding } = self.config;
        let mut frame = self.transform.make_input_vec();
        let mut bins = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        for frame_idx in frames {
            // The frame starts half a window before its centre, possibly before the clip.
            match (frame_idx * hop).checked_sub(n_fft / 2) {
                Some(start) if start + n_fft <= samples.len() => {
                    for ((out, x), w) in frame.iter_mut().zip(&samples[start..]).zip(&*self.window) {
                        *out = x * w;
                    }
                }
                _ => {
                    let start = (frame_idx * hop) as isize - (n_fft / 2) as isize;
                    for (i, (out, w)) in frame.iter_mut().zip(&*self.window).enumerate() {
                        *out = sample_beyond(samples, start + i as isize, padding) * w;
                    }
                }
            }
            let done = self.transform.process_with_scratch(&mut frame, &mut bins, &mut scratch);
            debug_assert!(done.is_ok(), "the buffers were made by the plan itself");
            see(frame_idx, &bins);
        }
    }
}

/// The sample at an index that may lie outside the clip.
fn sample_beyond(samples: &[f32], idx: isize, padding: Padding) -> f32 {
    let n = samples.len() as isize;
    let inside = match padding {
        Padding::Zero => idx,
        // Folded at the first and the last sample, as often as it takes where the clip is shorter than the padding.
        Padding::Reflect if n > 1 => {
            let folded = idx.rem_euclid(2 * (n - 1));
            folded.min(2 * (n - 1) - folded)
        }
        Padding::Reflect => 0,
    };
    usize::try_from(inside)
        .ok()
        .and_then(|i| samples.get(i))
        .copied()
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{Padding, Stft, StftConfig, sample_beyond};

    #[test]
    fn a_tone_stands_in_its_bin_with_half_the_window_as_magnitude() {
        let config = StftConfig::default();
        let tone: Vec<f32> = (0..16_000)
            .map(|i| (std::f32::consts::TAU * 100.0 * i as f32 / 2048.0).sin())
            .collect();
        let spectrogram = Stft::new(config).magnitude(&tone);
        let middle = spectrogram.frame(15);
        let loudest = (0..middle.len()).max_by(|&a, &b| middle[a].total_cmp(&middle[b]));
        assert_eq!(loudest, Some(100));
        assert!(
            (middle[100] - 512.0).abs() < 0.1,
            "half of the window's sum, found {}",
            middle[100]
        );
    }

    #[test]
    fn short_and_empty_clips_have_frames() {
        for padding in [Padding::Zero, Padding::Reflect] {
            let stft = Stft::new(StftConfig {
                padding,
                ..StftConfig::default()
            });
            for n_samples in [0, 1, 2, 511, 512, 1023, 2047] {
                let spectrogram = stft.power(&vec![0.5; n_samples]);
                assert_eq!(spectrogram.n_frames, 1 + n_samples / 512);
                assert_eq!(spectrogram.values.len(), spectrogram.n_frames * 1025);
                assert!(spectrogram.values.iter().all(|v| v.is_finite()));
            }
            assert!(stft.power(&[]).values.iter().all(|&v| v == 0.0), "silence");
        }
    }

    #[test]
    fn reflection_folds_as_numpy_does() {
        let samples = [0.0, 1.0, 2.0];
        let padded: Vec<f32> = (-6..9).map(|i| sample_beyond(&samples, i, Padding::Reflect)).collect();
        assert_eq!(
            padded,
            [2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0]
        );
    }
}
