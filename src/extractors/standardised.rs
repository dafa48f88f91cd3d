//! Levels of each band less their mean, in units of their spread: as scikit-learn's `StandardScaler` makes them.

use super::ExtractorError;
use super::training_parts::FrontEnd;
use super::training_set::TrainingSpectrogram;
use crate::dsp::Spectrogram;
use crate::export::Normalisation;
use crate::nn::NamedTensor;
use crate::progress::{self, Progress};

/// Mean and standard deviation of each band over the frames of a machine's training clips.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standardiser {
    means: Vec<f32>,
    /// Never 0: a band that does not vary is only shifted.
    deviations: Vec<f32>,
}

/// Names of the tensors among the weights of a network.
const MEANS: &str = "standardiser.means";
const DEVIATIONS: &str = "standardiser.deviations";

/// Sums over the frames of clips.
struct Sums {
    n_frames: usize,
    /// Sum of the levels and of their squares, one a band.
    of_bands: Vec<(f64, f64)>,
}

impl Sums {
    fn of(levels: &Spectrogram) -> Self {
        let mut of_bands = vec![(0.0, 0.0); levels.n_bins];
        for frame in levels.values.chunks_exact(levels.n_bins) {
            for ((sum, squares), &level) in of_bands.iter_mut().zip(frame) {
                let level = f64::from(level);
                *sum += level;
                *squares += level * level;
            }
        }
        Self {
            n_frames: levels.n_frames,
            of_bands,
        }
    }
}

impl Standardiser {
    /// Of these clips; spectrograms that were not kept are computed again.
    pub(super) fn of(
        clips: &[TrainingSpectrogram],
        front_end: FrontEnd<'_>,
        n_bands: usize,
        progress: &mut dyn Progress,
    ) -> Result<Self, ExtractorError> {
        let each = progress::par_map(clips, progress, |read| match &read.kept {
            Some(levels) => Ok(Sums::of(levels)),
            None => read.computed(front_end).map(|levels| Sums::of(&levels)),
        })?;
        let (mut n_frames, mut of_bands) = (0, vec![(0.0, 0.0); n_bands]);
        for sums in each {
            let sums = sums?;
            n_frames += sums.n_frames;
            for (all, (sum, squares)) in of_bands.iter_mut().zip(sums.of_bands) {
                *all = (all.0 + sum, all.1 + squares);
            }
        }
        let n_frames = n_frames.max(1) as f64;
        let of_band = |(sum, squares): (f64, f64)| {
            let mean = sum / n_frames;
            let variance = squares / n_frames - mean * mean;
            // Squares of levels of some 300 dB leave this much of rounding.
            let is_constant = variance.is_nan() || variance < 1e-10 * mean * mean;
            let deviation = if is_constant || variance == 0.0 {
                1.0
            } else {
                variance.sqrt()
            };
            (mean as f32, deviation as f32)
        };
        let (means, deviations) = of_bands.into_iter().map(of_band).unzip();
        Ok(Self { means, deviations })
    }

    pub(super) fn apply(&self, mut levels: Spectrogram) -> Spectrogram {
        for frame in levels.values.chunks_exact_mut(levels.n_bins) {
            for ((level, mean), deviation) in frame.iter_mut().zip(&self.means).zip(&self.deviations) {
                *level = (*level - mean) / deviation;
            }
        }
        levels
    }

    /// For whoever feeds the network elsewhere.
    pub(super) fn normalisation(&self) -> Normalisation {
        Normalisation {
            means: self.means.clone(),
            deviations: self.deviations.clone(),
        }
    }

    /// To be kept with the network's weights.
    pub(super) fn tensors(&self) -> [NamedTensor; 2] {
        [(MEANS, &self.means), (DEVIATIONS, &self.deviations)].map(|(name, values)| NamedTensor {
            name: name.to_owned(),
            shape: vec![values.len()],
            values: values.clone(),
        })
    }

    /// Takes [`Self::tensors`] out of a network's weights. The error is in words.
    pub(super) fn take_from(tensors: &mut Vec<NamedTensor>, n_bands: usize) -> Result<Self, String> {
        let mut take = |name: &str| {
            let place = tensors.iter().position(|tensor| tensor.name == name);
            let NamedTensor { shape, values, .. } = tensors.remove(place.ok_or_else(|| format!("{name} is missing"))?);
            if shape == [n_bands] && values.len() == n_bands {
                Ok(values)
            } else {
                Err(format!("{name} has the shape {shape:?}, [{n_bands}] is expected"))
            }
        };
        let (means, deviations) = (take(MEANS)?, take(DEVIATIONS)?);
        if deviations.contains(&0.0) {
            return Err(format!("{DEVIATIONS} holds a 0"));
        }
        Ok(Self { means, deviations })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audio::ChannelChoice;
    use crate::dataset::MachineSection;
    use crate::extractors::TrainingClip;
    use crate::extractors::training_parts::Part;
    use crate::progress::NoProgress;

    fn clip(values: &[f32]) -> TrainingSpectrogram {
        let levels = Spectrogram {
            values: values.to_vec(),
            n_frames: values.len() / 2,
            n_bins: 2,
        };
        TrainingSpectrogram {
            clip: TrainingClip {
                file: "kept.wav".into(),
                channel: ChannelChoice::default(),
                group: MachineSection {
                    machine: "fan".to_owned(),
                    section: "00".to_owned(),
                },
                attributes: Vec::new(),
                is_target: false,
            },
            part: Part::Whole,
            n_frames: levels.n_frames,
            n_bytes: 0,
            kept: Some(Arc::new(levels)),
        }
    }

    #[test]
    fn bands_have_mean_0_and_spread_1_and_constant_bands_are_shifted() {
        let clips = [clip(&[-300.0, -313.07, -310.0, -313.07]), clip(&[-320.0, -313.07])];
        let front_end = |_: &[f32]| Spectrogram::default();
        let standardiser = Standardiser::of(&clips, &front_end, 2, &mut NoProgress).expect("all are kept");
        let levels = standardiser.apply(Arc::unwrap_or_clone(clips[0].kept.clone().expect("kept")));
        // The spread of -300, -310, -320 is the root of 200 / 3.
        let by_hand = 10.0 / (200.0f32 / 3.0).sqrt();
        assert!((levels.values[0] - by_hand).abs() < 1e-4, "{:?}", levels.values);
        assert!(
            levels.values[2].abs() < 1e-4 && levels.values[1].abs() < 1e-3,
            "{:?}",
            levels.values
        );

        let mut tensors = standardiser.tensors().to_vec();
        assert_eq!(Standardiser::take_from(&mut tensors, 2), Ok(standardiser.clone()));
        assert!(tensors.is_empty());
        assert!(Standardiser::take_from(&mut tensors, 2).is_err_and(|reason| reason.contains("missing")));
        let refused = Standardiser::take_from(&mut standardiser.tensors().to_vec(), 3);
        assert!(refused.is_err_and(|reason| reason.contains("[2]")));
    }
}
