//! Judging whole recordings of one machine section from elsewhere, as those of the data set are judged.

use std::path::Path;
use std::sync::Arc;

use crate::audio;
use crate::dataset::{Dataset, MachineSection, Split};
use crate::detectors::{self, Bank, Detector, DetectorConfig, DetectorKind, Observations};
use crate::evaluation::{self, ThresholdRule};
use crate::extractors::ExtractorError;
use crate::pipeline::embed::embed_file;
use crate::pipeline::extract::{extract, own_score_detectors};
use crate::pipeline::held_out;
use crate::pipeline::training_clips::may_be_fitted_on;
use crate::pipeline::{EmbeddedClips, PipelineError, Run, ThresholdBasis};
use crate::progress::{NoProgress, Progress};

/// A detector of one section with its threshold: [`ClipJudge::judge`] scores any recording of that machine.
pub struct ClipJudge {
    run: Arc<Run>,
    group: MachineSection,
    kind: DetectorKind,
    detector: Box<dyn Detector>,
    own_scores: Vec<DetectorKind>,
    channel: audio::ChannelChoice,
    /// Rising.
    normal_scores: Vec<f64>,
    threshold: f64,
    basis: ThresholdBasis,
}

/// What a recording scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    pub score: f64,
    /// 0–100 among the leave-one-out scores of the training clips.
    pub percentile: f64,
    pub is_anomalous: bool,
    pub duration_secs: f64,
}

impl std::fmt::Debug for ClipJudge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClipJudge")
            .field("group", &self.group)
            .field("kind", &self.kind)
            .field("threshold", &self.threshold)
            .finish_non_exhaustive()
    }
}

impl ClipJudge {
    /// Fits a detector to the normal training clips of a section. `embedded` are the data set's clips, where they are at hand.
    ///
    /// # Errors
    /// Where the section has no such clips, or the detector cannot be fitted to them.
    pub fn fit(
        run: Arc<Run>,
        dataset: &Dataset,
        embedded: Option<&EmbeddedClips>,
        group: &MachineSection,
        (kind, config): (DetectorKind, &DetectorConfig),
        rule: ThresholdRule,
        progress: &mut dyn Progress,
    ) -> Result<Self, PipelineError> {
        let no_detector = |reason: String| PipelineError::NoDetector {
            detector: kind.name(),
            group: group.to_string(),
            reason,
        };
        let fit_on: Vec<usize> = dataset
            .indices(group, Split::Train)
            .into_iter()
            .filter(|&clip| may_be_fitted_on(&dataset.clips[clip]))
            .collect();
        if fit_on.is_empty() {
            return Err(no_detector("it has no normal training clip".into()));
        }
        // Where nothing is at hand, the other clips need not be heard.
        let own = Dataset {
            clips: fit_on.iter().map(|&clip| dataset.clips[clip].clone()).collect(),
            ..dataset.clone()
        };
        let made;
        let (embedded, dataset, fit_on) = match embedded {
            Some(embedded) => (embedded, dataset, fit_on),
            None => {
                made = extract(&run, &own, progress)?;
                (&made, &own, (0..own.clips.len()).collect())
            }
        };
        progress.stage("Fitting the detector");
        let (observations, train_clips) = embedded.observations(&fit_on);
        let is_target = train_clips.iter().map(|&clip| dataset.clips[clip].is_target()).collect();
        let detector =
            detectors::fit(kind, config, &Bank { observations, is_target }).map_err(|error| no_detector(error.to_string()))?;
        let mut normal_scores = detector.leave_one_out_scores().to_vec();
        let held_out = embedded.held_out.as_ref();
        let basis = held_out::basis(held_out, &train_clips);
        let threshold = evaluation::threshold(rule, &held_out::scores(held_out, &train_clips, &normal_scores))
            .ok_or_else(|| no_detector("its normal clips give no threshold".into()))?;
        normal_scores.sort_unstable_by(f64::total_cmp);
        Ok(Self {
            channel: run.recipe.channel(dataset),
            own_scores: own_score_detectors(&*run.extractor),
            run,
            group: group.clone(),
            kind,
            detector,
            normal_scores,
            threshold,
            basis,
        })
    }

    pub fn group(&self) -> &MachineSection {
        &self.group
    }

    pub fn detector(&self) -> DetectorKind {
        self.kind
    }

    /// A recording that scores as much or more is called anomalous.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    pub fn basis(&self) -> ThresholdBasis {
        self.basis
    }

    /// Scores a recording.
    ///
    /// # Errors
    /// Where it cannot be read, or is too short for the front end.
    pub fn judge(&self, recording: &Path) -> Result<Judgement, PipelineError> {
        let header = audio::read_header(recording).map_err(ExtractorError::from)?;
        let duration_secs = header.n_frames as f64 / f64::from(header.sample_rate_hz);
        let source = (recording, self.channel);
        let embedding = embed_file(&*self.run.extractor, source, duration_secs, &self.group, &mut NoProgress)?;
        let mut query = Observations::default();
        query.push(&embedding, &self.own_scores);
        let score = self.detector.scores(&query).first().copied().unwrap_or(f64::INFINITY);
        Ok(Judgement {
            score,
            percentile: evaluation::percentile_of_sorted(score, &self.normal_scores).unwrap_or(100.0),
            is_anomalous: score >= self.threshold,
            duration_secs,
        })
    }
}
