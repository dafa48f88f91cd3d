//! The front end of the system "GWRP + GMM": a log-mel pooled over time by rank. No network, no training.
//!
//! Source: Guan, Xiao et al., DCASE 2022 Task 2 (the team's published code): torchaudio's log-mel (HTK scale, triangles of equal
//! height, reflected ends, no level below -100 dB), each band pooled over the frames with weights `r^k` from its loudest frame
//! to its quietest, and one Gaussian mixture a section on the 128 numbers. The mixture is a detector: choose `gmm` for the
//! system as published; every other detector and the fusion stand beside it.
//!
//! # The decay
//! 1 pools to the mean, and is the default: it is the one choice that no label steers. The team's values (`ToyCar` 1.00,
//! `ToyTrain` 0.81, bearing 1.00, fan 1.00, gearbox 0.98, slider 0.90, valve 0.50) were chosen on the labels of the development
//! test clips, as were the 1 or 2 components of their mixtures; with either, a figure on those clips is an upper bound, not a
//! result. Their oversampling of target clips is left out.

use std::ops::Range;
use std::path::Path;

use super::crops::{crop_frames, crop_windows, frames_of_crop, n_frames_of, too_short};
use super::model_view::excerpt;
use super::ranking_pooling::{RankingPools, ranking_pooled};
use super::stretches::{Stretch, each_stretch};
use super::{Embedding, Extractor, ExtractorError, ModelView, Recipe, TrainingConfig, WindowPlace};
use crate::audio::{Clip, Sound};
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{LogMel, LogMelConfig, MelScale, Padding, Spectrogram};
use crate::progress::Progress;

/// One window of the transform without its reflected ends.
const MIN_FRAMES: usize = 3;
/// torchaudio's floor of 1e-10, in dB.
const FLOOR_DB: f32 = -100.0;

/// The extractor that needs no training. Embeddings have 128 features, in dB.
pub(super) struct GwrpGmm {
    log_mel: LogMel,
    decay: f64,
}

impl GwrpGmm {
    /// Plans the log-mel.
    ///
    /// # Errors
    /// Where the decay is not between 0 and 1.
    pub(super) fn new(config: &TrainingConfig) -> Result<Self, ExtractorError> {
        let decay = config.ranking_decay;
        if !(0.0..=1.0).contains(&decay) {
            return Err(ExtractorError::RankingDecay { found: decay });
        }
        let log_mel = LogMelConfig {
            padding: Padding::Reflect,
            scale: MelScale::Htk,
            ..LogMelConfig::default()
        };
        Ok(Self {
            log_mel: LogMel::new(log_mel),
            decay,
        })
    }

    fn decibel(&self, samples: &[f32]) -> Spectrogram {
        let mut spectrogram = self.log_mel.decibel(samples);
        spectrogram.values.iter_mut().for_each(|level| *level = level.max(FLOOR_DB));
        spectrogram
    }

    /// Of the frames `start..end`.
    fn embedding(&self, log_mel: &Spectrogram, start: usize, end: usize) -> Embedding {
        let n_bands = log_mel.n_bins;
        let frames = &log_mel.values[start * n_bands..end * n_bands];
        let band = |band: usize| frames.iter().skip(band).step_by(n_bands).copied();
        Embedding {
            values: (0..n_bands).map(|idx| ranking_pooled(band(idx), self.decay)).collect(),
            own_scores: Vec::new(),
        }
    }
}

impl Extractor for GwrpGmm {
    fn recipe(&self) -> Recipe {
        Recipe::GwrpGmm
    }

    /// Of each band the frames are kept whose weights count. For a decay of 0.98 these are a thousand; between 0.9999 and 1 they are
    /// all there are, 58 MB an hour. Of the mean, a decay of 1, none is kept.
    fn embed_sound(
        &self,
        sound: &Sound<'_>,
        _group: &MachineSection,
        progress: &mut dyn Progress,
    ) -> Result<Embedding, ExtractorError> {
        let n_frames = n_frames_of(sound.duration_secs());
        if n_frames < MIN_FRAMES {
            return Err(too_short(sound.duration_secs(), MIN_FRAMES));
        }
        let every_frame: Vec<usize> = (0..n_frames).collect();
        let of_stretch = |stretch: &Stretch<'_>| {
            let log_mel = self.decibel(&stretch.samples);
            Ok(stretch.frames(&log_mel, 1).to_vec())
        };
        let mut pools = RankingPools::new(self.log_mel.config().n_mels, self.decay);
        each_stretch(sound, (&every_frame, 1), progress, of_stretch, |frames| pools.add(&frames))?;
        Ok(Embedding {
            values: pools.pooled(),
            own_scores: Vec::new(),
        })
    }

    fn crop_windows(&self, clip_secs: f64) -> Vec<CropWindow> {
        crop_windows(clip_secs, MIN_FRAMES)
    }

    fn embed_crops(&self, clip: &Clip, _group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        let log_mel = self.decibel(&clip.samples);
        let of_crop = |frames: Range<usize>| self.embedding(&log_mel, frames.start, frames.end);
        Ok(crop_frames(log_mel.n_frames, MIN_FRAMES).into_iter().map(of_crop).collect())
    }

    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.decibel(&clip.samples)
    }

    fn model_view(&self, clip: &Clip, _group: &MachineSection, place: WindowPlace) -> Result<ModelView, ExtractorError> {
        let frames = frames_of_crop(clip, place.idx, MIN_FRAMES)?;
        let (part, first) = excerpt(clip, &frames);
        let log_mel = self.decibel(&part.samples);
        Ok(ModelView::of_log_mel(
            (&log_mel, first),
            (clip, &frames),
            "dB, -100 at the least",
            "no network sees it: its levels, pooled by rank, are the embedding",
        ))
    }

    /// There is nothing to keep.
    fn save(&self, _run_dir: &Path) -> Result<(), ExtractorError> {
        Ok(())
    }
}
