//! CAE-MCS on the same clips, to hold designs against: trained and judged as they are, on windows that do not overlap.

use std::path::Path;

use super::TestedDesign;
use super::journal::reference_dir;
use super::keep::tested;
use super::material::Plan;
use super::report::labelled_scores;
use super::{ExploreObserver, ExploreSettings, JudgedClip, Reference};
use crate::dataset::Dataset;
use crate::evaluation::{PAUC_MAX_FPR, auc, partial_auc};
use crate::exploration::N_FRAMES;
use crate::extractors::networks::CaeMcs;
use crate::extractors::{self, DeviceChoice, EpochMetrics, Extractor, ExtractorError, Recipe, TrainingConfig, TrainingObserver};
use crate::pipeline::PipelineError;
use crate::pipeline::latency::brief_latency_of;
use crate::progress::{self, Cancelled, Progress};

/// Sections with fewer clips to learn from are learned with the published overlap of windows: few windows would be a few steps.
const MANY_CLIPS: usize = 100;
/// Multiply-adds of a window; parameters are counted from the network.
const N_MULTIPLY_ADDS: usize = 289_144_832;

/// Trains CAE-MCS on the clips to learn from, or goes on in `dir`, and judges it.
pub(super) fn judged_reference(
    settings: &ExploreSettings,
    plan: &Plan,
    dir: &Path,
    observer: &mut dyn ExploreObserver,
) -> Result<Reference, PipelineError> {
    std::fs::create_dir_all(dir).map_err(|source| PipelineError::io(dir, source))?;
    let trained = trained(settings, plan, dir, &mut Watcher(&mut *observer))?;
    observer.stage("Judging the reference");
    let judged = progress::par_map(&plan.judged, observer, |sound| {
        let embedding = trained.embed(&sound.read()?, &settings.group)?;
        Ok::<_, ExtractorError>(JudgedClip {
            path: sound.path.clone(),
            label: sound.label.clone(),
            score: embedding.own_scores.first().copied().unwrap_or(f32::NAN),
        })
    })?;
    let judged = judged.into_iter().collect::<Result<Vec<_>, _>>()?;
    let scores = labelled_scores(&judged);
    let fresh = CaeMcs::new(DeviceChoice::Cpu, 0).map_err(ExtractorError::from)?;
    let window: Vec<f32> = (0..CaeMcs::WINDOW_LEN).map(|i| (i as f32 * 0.37).sin()).collect();
    Ok(Reference {
        n_parameters: fresh.n_parameters(),
        n_multiply_adds: N_MULTIPLY_ADDS,
        auc: auc(&scores).unwrap_or(f64::NAN),
        pauc: partial_auc(&scores, PAUC_MAX_FPR).unwrap_or(f64::NAN),
        latency_ms: brief_latency_of(|| drop(fresh.errors(&window))).map(|timing| timing.in_milliseconds()),
    })
}

/// How the reference of a search does on labelled test clips that had no part in it; `None` where a class is missing.
///
/// # Errors
/// As a training.
pub fn test_reference(
    dataset: &Dataset,
    settings: &ExploreSettings,
    exploration_dir: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Option<TestedDesign>, PipelineError> {
    let plan = Plan::new(dataset, settings)?;
    let trained = trained(settings, &plan, &reference_dir(exploration_dir), observer)?;
    tested(dataset, settings, &*trained, observer)
}

/// From the clips to learn from, or from where an earlier call left it.
fn trained(
    settings: &ExploreSettings,
    plan: &Plan,
    dir: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Box<dyn Extractor>, PipelineError> {
    let published = TrainingConfig::published(Recipe::CaeMcs);
    let config = TrainingConfig {
        segment_hop: N_FRAMES,
        window_hop: if plan.learn.len() < MANY_CLIPS {
            published.window_hop
        } else {
            N_FRAMES
        },
        seed: settings.search.seed,
        ..published
    };
    Ok(extractors::train(&config, &plan.learn, dir, observer)?)
}

/// The reference's epochs are no trial's: they are lines of the log.
struct Watcher<'a>(&'a mut dyn ExploreObserver);

impl Progress for Watcher<'_> {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.0.step(done, total)
    }

    fn stage(&mut self, name: &str) {
        self.0.stage(&format!("Reference CAE-MCS: {name}"));
    }

    fn log(&mut self, line: &str) {
        self.0.log(line);
    }
}

impl TrainingObserver for Watcher<'_> {
    fn epoch(&mut self, metrics: &EpochMetrics) {
        let epoch = metrics.epoch_idx + 1;
        self.0.log(&format!("CAE-MCS, epoch {epoch}: loss {:.4}", metrics.train_loss));
    }
}
