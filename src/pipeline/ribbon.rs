//! When in a clip the anomaly is heard: each crop scored against crops of normal training clips.

use std::collections::BTreeSet;

use super::extract::own_score_detectors;
use super::ribbon_crops::crops_of;
use super::training_clips::may_be_fitted_on;
use super::{PipelineError, Run};
use crate::audio::Recording;
use crate::dataset::{CropWindow, Dataset, MachineSection};
use crate::detectors::{self, Bank, Detector, DetectorConfig, DetectorKind, Observations};
use crate::evaluation;
use crate::extractors::{Embedding, ExtractorError};
use crate::progress::{self, NoProgress, Progress};

/// Training clips whose crops make the bank: enough for a percentile, few enough to be ready in seconds.
const MAX_BANK_CLIPS: usize = 40;

/// The anomaly of each crop of one clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ribbon {
    pub crops: Vec<CropWindow>,
    /// Percentile (0–100) among the crops of normal training clips; parallel to `crops`.
    pub percentiles: Vec<f32>,
    /// What the detector itself says, in its own unit; parallel to `crops`.
    pub scores: Vec<f32>,
}

/// Crops of normal training clips in two halves, so that no clip is ever judged by a detector that knows it.
pub struct CropBank {
    group: MachineSection,
    halves: [Half; 2],
}

/// A detector fitted to the crops of one half of the clips, and what the crops of the other half score.
struct Half {
    /// Indices into the data set's clips.
    fitted_on: BTreeSet<usize>,
    detector: Box<dyn Detector>,
    normal_scores: Vec<f64>,
}

impl CropBank {
    /// Fits the bank of one section.
    ///
    /// # Errors
    /// Where the section has fewer than two normal training clips that can be read, or the detector cannot be fitted to them.
    pub fn fit(
        run: &Run,
        dataset: &Dataset,
        group: &MachineSection,
        kind: DetectorKind,
        config: &DetectorConfig,
        progress: &mut dyn Progress,
    ) -> Result<Self, PipelineError> {
        let candidates: Vec<usize> = (0..dataset.clips.len())
            .filter(|&clip| dataset.clips[clip].group == *group && may_be_fitted_on(&dataset.clips[clip]))
            .collect();
        // Every n-th, so that the bank covers the whole span of recording time.
        let step = candidates.len().div_ceil(MAX_BANK_CLIPS).max(1);
        let chosen: Vec<usize> = candidates.into_iter().step_by(step).collect();
        let crops = progress::par_map(&chosen, progress, |&clip| (clip, embed_crops(run, dataset, clip)))?;
        let readable: Vec<(usize, Vec<Embedding>)> = crops
            .into_iter()
            .filter_map(|(clip, crops)| crops.ok().map(|crops| (clip, crops)))
            .collect();
        let (even, odd): (Vec<_>, Vec<_>) = readable.into_iter().enumerate().partition(|(position, _)| position % 2 == 0);
        let halves = [even, odd].map(|half| half.into_iter().map(|(_, clip)| clip).collect::<Vec<_>>());
        let fit = |own: &[(usize, Vec<Embedding>)], other: &[(usize, Vec<Embedding>)]| -> Result<Half, PipelineError> {
            let observations = gather(run, own.iter().flat_map(|(_, crops)| crops));
            let bank = Bank {
                is_target: own
                    .iter()
                    .flat_map(|(clip, crops)| crops.iter().map(|_| dataset.clips[*clip].is_target()))
                    .collect(),
                observations,
            };
            let detector = detectors::fit(kind, config, &bank).map_err(|error| PipelineError::NoDetector {
                detector: kind.name(),
                group: group.to_string(),
                reason: error.to_string(),
            })?;
            let normal_scores = detector.scores(&gather(run, other.iter().flat_map(|(_, crops)| crops)));
            Ok(Half {
                fitted_on: own.iter().map(|(clip, _)| *clip).collect(),
                detector,
                normal_scores,
            })
        };
        if halves[1].is_empty() {
            return Err(PipelineError::NothingToTrainOn {
                root: dataset.root.clone(),
            });
        }
        Ok(Self {
            group: group.clone(),
            halves: [fit(&halves[0], &halves[1])?, fit(&halves[1], &halves[0])?],
        })
    }

    pub fn group(&self) -> &MachineSection {
        &self.group
    }

    /// Scores the crops of one clip of the bank's section; with a `hop`, and a front end that judges windows, those that begin
    /// every so many frames. The bank is of windows side by side whatever the hop: each window is held against the same ones.
    ///
    /// # Errors
    /// Where the clip cannot be read or is too short for a crop, or the wish to stop.
    pub fn score(
        &self,
        run: &Run,
        dataset: &Dataset,
        clip_idx: usize,
        hop: Option<usize>,
        progress: &mut dyn Progress,
    ) -> Result<Ribbon, PipelineError> {
        let file = dataset.file(&dataset.clips[clip_idx]);
        let recording = Recording::open(&file, run.recipe.channel(dataset))?;
        let (crops, embeddings) = crops_of(&*run.extractor, &recording, &self.group, hop, progress)?;
        let (percentiles, scores) = self.judge(run, &embeddings, Some(clip_idx));
        Ok(Ribbon {
            crops,
            percentiles,
            scores,
        })
    }

    /// The percentile of each crop among those of normal training clips, and its score, by the detectors that do not know this
    /// clip of the data set; a clip from elsewhere (`None`) is known to none.
    pub(super) fn judge(&self, run: &Run, crops: &[Embedding], clip_idx: Option<usize>) -> (Vec<f32>, Vec<f32>) {
        let queries = gather(run, crops.iter());
        let knows = |half: &&Half| clip_idx.is_some_and(|clip| half.fitted_on.contains(&clip));
        let strangers: Vec<&Half> = self.halves.iter().filter(|half| !knows(half)).collect();
        let mut percentiles = vec![0.0f32; crops.len()];
        let mut scores = vec![0.0f32; crops.len()];
        let share = 1.0 / strangers.len() as f64;
        for half in &strangers {
            for ((percentile, mean), score) in percentiles.iter_mut().zip(&mut scores).zip(half.detector.scores(&queries)) {
                *percentile += (share * evaluation::percentile(score, &half.normal_scores).unwrap_or(0.0)) as f32;
                *mean += (share * score) as f32;
            }
        }
        (percentiles, scores)
    }
}

fn embed_crops(run: &Run, dataset: &Dataset, clip_idx: usize) -> Result<Vec<Embedding>, ExtractorError> {
    let clip = &dataset.clips[clip_idx];
    let recording = Recording::open(&dataset.file(clip), run.recipe.channel(dataset))?;
    crops_of(&*run.extractor, &recording, &clip.group, None, &mut NoProgress).map(|(_, embeddings)| embeddings)
}

fn gather<'a>(run: &Run, crops: impl Iterator<Item = &'a Embedding>) -> Observations {
    let own_scores = own_score_detectors(&*run.extractor);
    let mut observations = Observations::default();
    for embedding in crops {
        observations.push(embedding, &own_scores);
    }
    observations
}
