//! One window of a clip as a front end meets it: the very numbers, and what an autoencoder makes of them.

use std::ops::Range;

use super::crops::HOP;
use crate::audio::{Clip, SAMPLE_RATE_HZ};
use crate::dataset::CropWindow;
use crate::dsp::Spectrogram;

/// Frames on either side of a stretch that its own frames hear of: half of the longest transform, and one more.
pub(super) const MARGIN_FRAMES: usize = 3;

/// Which window of a clip: the one at `idx` of [`Extractor::crop_windows`](super::Extractor::crop_windows), or, with a hop, of the
/// [`WindowShape::windows`](super::WindowShape::windows).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowPlace {
    pub idx: usize,
    /// Frames between two windows; `None`: side by side.
    pub hop: Option<usize>,
}

/// What a front end is given of one window, exactly, and what it redraws.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelView {
    /// `[n_planes, n_frames, n_bins]`, as a picture lies: the network may have them in another order, see `shape`.
    pub values: Vec<f32>,
    /// More than one where a network sees several frames side by side as one row: a plane for each of them.
    pub n_planes: usize,
    pub n_frames: usize,
    pub n_bins: usize,
    /// What an autoencoder makes of `values`, in their order; `None` where the front end redraws nothing.
    pub redrawn: Option<Vec<f32>>,
    /// The mean squared difference of the two: what this window adds to the score of the clip.
    pub residual: Option<f32>,
    /// The tensor as the network meets it: sizes and what they count.
    pub shape: Vec<(usize, &'static str)>,
    /// Of the values.
    pub unit: &'static str,
    /// Where the lowest bin begins and the highest ends.
    pub band_hz: [f32; 2],
    /// Where in the clip it lies.
    pub window: CropWindow,
    /// What else there is to know of it; may be empty.
    pub note: &'static str,
}

impl ModelView {
    /// Of a front end without a network: frames of a log-mel spectrogram of an [`excerpt`] of the clip, the first of them at `first`.
    pub(super) fn of_log_mel(
        (log_mel, first): (&Spectrogram, usize),
        (clip, frames): (&Clip, &Range<usize>),
        unit: &'static str,
        note: &'static str,
    ) -> Self {
        let n_bins = log_mel.n_bins;
        Self {
            values: log_mel.values[first * n_bins..(first + frames.len()) * n_bins].to_vec(),
            n_planes: 1,
            n_frames: frames.len(),
            n_bins,
            redrawn: None,
            residual: None,
            shape: vec![(frames.len(), "frames"), (n_bins, "mel bands")],
            unit,
            band_hz: [0.0, 0.5 * SAMPLE_RATE_HZ as f32],
            window: secs_of(clip, frames),
            note,
        }
    }

    /// The numbers of one plane, `[n_frames, n_bins]`.
    pub fn plane(&self, plane: usize) -> &[f32] {
        plane_of(&self.values, plane, self.n_frames * self.n_bins)
    }

    /// The same of what is redrawn.
    pub fn redrawn_plane(&self, plane: usize) -> Option<&[f32]> {
        Some(plane_of(self.redrawn.as_ref()?, plane, self.n_frames * self.n_bins))
    }

    /// `[32 frames, 128 mel bands]`.
    pub fn shape_text(&self) -> String {
        let sizes = self.shape.iter().map(|(n, what)| format!("{n} {what}"));
        format!("[{}]", sizes.collect::<Vec<_>>().join(", "))
    }
}

fn plane_of(values: &[f32], plane: usize, len: usize) -> &[f32] {
    values.get(plane * len..(plane + 1) * len).unwrap_or_default()
}

/// The part of a clip whose transform has the frames `frames` of the whole clip's among its own, and where the first of them is:
/// a window of a long recording need not transform all of it.
pub(super) fn excerpt(clip: &Clip, frames: &Range<usize>) -> (Clip, usize) {
    let first = frames.start.saturating_sub(MARGIN_FRAMES);
    let n_samples = clip.samples.len();
    let end = ((frames.end + MARGIN_FRAMES) * HOP).min(n_samples);
    let part = Clip {
        samples: clip.samples[(first * HOP).min(end)..end].to_vec(),
        sample_rate_hz: clip.sample_rate_hz,
    };
    (part, frames.start - first)
}

/// The seconds that frames take up in a clip of this length.
pub(super) fn secs_of(clip: &Clip, frames: &Range<usize>) -> CropWindow {
    let secs = |frame_idx: usize| (frame_idx * HOP) as f64 / f64::from(clip.sample_rate_hz.max(1));
    CropWindow {
        start_secs: secs(frames.start),
        end_secs: secs(frames.end).min(clip.duration_secs()),
    }
}

/// What the tests of the front ends share.
#[cfg(test)]
pub(super) mod probe {
    use super::{Clip, ModelView};
    use crate::dataset::MachineSection;

    /// Noise with a tone that comes and goes: so many samples.
    pub(in super::super) fn clip(n_samples: usize) -> Clip {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        let sample = |i: usize| 0.05 * noise() + 0.1 * (i as f32 * 0.3).sin() * (i as f32 * 1e-4).sin();
        Clip {
            samples: (0..n_samples).map(sample).collect(),
            sample_rate_hz: 16_000,
        }
    }

    pub(in super::super) fn group() -> MachineSection {
        MachineSection {
            machine: "fan".to_owned(),
            section: "00".to_owned(),
        }
    }

    /// The residual is the mean squared difference of the two pictures, and `score`, the front end's own, but for what a network
    /// rounds otherwise where it redraws several windows at once.
    pub(in super::super) fn assert_residual(view: &ModelView, score: f32) {
        let residual = view.residual.expect("an autoencoder");
        assert!((residual / score - 1.0).abs() < 1e-6, "{residual} printed, {score} scored");
        let redrawn = view.redrawn.as_ref().expect("an autoencoder");
        let pairs = view.values.iter().zip(redrawn);
        let squares: f64 = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        let mean = squares / view.values.len() as f64;
        assert!((mean / f64::from(score) - 1.0).abs() < 1e-5, "{mean} drawn, {score} scored");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::{LogMel, LogMelConfig, Padding, Stft, StftConfig};

    #[test]
    fn a_stretch_of_a_clip_has_the_very_frames_of_the_whole() {
        let clip = probe::clip(50_123);
        let log_mel = LogMel::new(LogMelConfig {
            padding: Padding::Reflect,
            ..LogMelConfig::default()
        });
        let stft = Stft::new(StftConfig::default());
        let (by_mel, by_stft) = (log_mel.decibel(&clip.samples), stft.magnitude(&clip.samples));
        assert_eq!(by_mel.n_frames, 98);
        for frames in [0..32, 1..33, 40..72, 65..97, 66..98] {
            let (part, first) = excerpt(&clip, &frames);
            assert!(part.samples.len() < clip.samples.len());
            for (whole, of_part) in [
                (&by_mel, log_mel.decibel(&part.samples)),
                (&by_stft, stft.magnitude(&part.samples)),
            ] {
                for (there, here) in frames.clone().zip(first..) {
                    assert_eq!(whole.frame(there), of_part.frame(here), "frame {there}");
                }
            }
        }
    }
}
