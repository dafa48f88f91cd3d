//! A design that is kept: its weights, trained on if asked, as an ordinary run.

use std::fmt::Write as _;
use std::path::Path;

use super::journal::{check_data, open_exploration, weights_of};
use super::material::Plan;
use super::report::{figure_words, judged_figures};
use super::{Exploration, ExploreSettings, JudgedBy, TrialReport};
use crate::dataset::{Dataset, Label, MachineSection, Split};
use crate::evaluation::{self, BootstrapConfig, LabelledScore, SectionMetrics, section_metrics};
use crate::extractors::{Extractor, ExtractorError, TrainingObserver};
use crate::pipeline::embed::embed_file;
use crate::pipeline::halves::{Half, halves};
use crate::pipeline::train::{Made, write_run};
use crate::pipeline::{PipelineError, Run};
use crate::progress::{self, NoProgress, Progress};
use crate::project::RunRecipe;

/// What a kept design makes of labelled test clips that had no part in the search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestedDesign {
    pub metrics: SectionMetrics,
    pub n_normal: usize,
    pub n_anomalous: usize,
}

impl TestedDesign {
    /// Whether such an AUC on these clips may well be chance.
    pub fn is_chance(&self, auc: f64) -> bool {
        evaluation::is_chance(auc, self.n_normal, self.n_anomalous)
    }
}

/// Makes an ordinary run of a trial of the search in `exploration_dir`: its weights as the search left them, or trained for so
/// many epochs more.
///
/// # Errors
/// Where there is no such trial or search, it is of other recordings, `run_dir` cannot be written, or the wish to stop.
pub fn keep(
    dataset: &Dataset,
    exploration_dir: &Path,
    trial: usize,
    n_more_epochs: usize,
    run_dir: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Run, PipelineError> {
    let exploration = open_exploration(exploration_dir)?;
    let settings = &exploration.settings;
    let report = exploration.trials.iter().find(|report| report.number == trial);
    let report = report
        .filter(|report| report.outcomes.iter().any(|outcome| outcome.auc.is_some()))
        .ok_or_else(|| PipelineError::NoSuchDesign {
            trial,
            path: exploration_dir.to_owned(),
        })?;
    let plan = Plan::new(dataset, settings)?;
    check_data(&plan, exploration_dir)?;
    let windows = plan.read_windows(observer)?;
    let n_epochs = report.epochs() + n_more_epochs;
    let config = windows.config(&report.genome, report.seed, n_epochs);
    let recipe = RunRecipe {
        training: config.clone(),
        machines: vec![settings.group.machine.clone()],
        sections: vec![settings.group.section.clone()],
    };
    write_run(dataset, &recipe, run_dir, observer, plan.learn.len(), |recorder| {
        let held_out = plan.held_out_files();
        recorder.held_out(&held_out.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>());
        // The search keeps its own: it may go on after this.
        let checkpoint = run_dir.join("checkpoint-00.safetensors");
        let found = weights_of(exploration_dir, trial);
        if !checkpoint.exists() && found.exists() {
            std::fs::copy(&found, &checkpoint).map_err(|source| PipelineError::io(&checkpoint, source))?;
        }
        recorder.stage("Training the design");
        let network = windows.train(&config, &checkpoint, recorder)?;
        let extractor = windows.extractor(&config, &settings.group, network);
        let tested = tested(dataset, settings, &*extractor, recorder)?;
        Ok(Made {
            notes: notes(&exploration, report, n_more_epochs, &plan, tested.as_ref()),
            extractor,
        })
    })
}

/// How a kept design, or any front end of its section, does on labelled test clips that had no part in the search: all of them,
/// or half B where half A guided it. `None` where a class is missing.
///
/// # Errors
/// Where a clip cannot be read or scored, or the wish to stop.
pub fn test_design(
    dataset: &Dataset,
    settings: &ExploreSettings,
    run: &Run,
    progress: &mut dyn Progress,
) -> Result<Option<TestedDesign>, PipelineError> {
    tested(dataset, settings, &*run.extractor, progress)
}

pub(super) fn tested(
    dataset: &Dataset,
    settings: &ExploreSettings,
    extractor: &dyn Extractor,
    progress: &mut dyn Progress,
) -> Result<Option<TestedDesign>, PipelineError> {
    progress.stage("Testing the design");
    let clips = reported_clips(dataset, settings);
    let scores = progress::par_map(&clips, progress, |&clip_idx| {
        score(dataset, clip_idx, &settings.group, extractor)
    })?;
    let scores = scores.into_iter().collect::<Result<Vec<_>, _>>()?;
    let n_anomalous = scores.iter().filter(|score| score.is_anomaly).count();
    let n_normal = scores.len() - n_anomalous;
    Ok((n_anomalous > 0 && n_normal > 0).then(|| TestedDesign {
        metrics: section_metrics(&scores, BootstrapConfig::default()),
        n_normal,
        n_anomalous,
    }))
}

/// Labelled test clips of the section that did not guide the search.
fn reported_clips(dataset: &Dataset, settings: &ExploreSettings) -> Vec<usize> {
    let tested = dataset.indices(&settings.group, Split::Test);
    let of_halves = halves(dataset, &tested);
    let may_report = |half: Option<Half>| match settings.judged_by {
        JudgedBy::SyntheticAnomalies => half.is_some(),
        JudgedBy::LabelledHalf => half == Some(Half::B),
    };
    let clips = tested.into_iter().zip(of_halves);
    clips
        .filter(|(_, half)| may_report(*half))
        .map(|(clip_idx, _)| clip_idx)
        .collect()
}

fn score(
    dataset: &Dataset,
    clip_idx: usize,
    group: &MachineSection,
    extractor: &dyn Extractor,
) -> Result<LabelledScore, ExtractorError> {
    let entry = &dataset.clips[clip_idx];
    let source = (&*dataset.file(entry), dataset.channel);
    let embedding = embed_file(extractor, source, entry.duration_secs, group, &mut NoProgress)?;
    Ok(LabelledScore {
        score: embedding.own_scores.first().map_or(f64::NAN, |&score| f64::from(score)),
        is_anomaly: entry.label == Label::Anomalous,
        is_target: None,
    })
}

/// What the model card says beside what it says of every run.
fn notes(
    exploration: &Exploration,
    report: &TrialReport,
    n_more_epochs: usize,
    plan: &Plan,
    tested: Option<&TestedDesign>,
) -> String {
    let settings = &exploration.settings;
    let mut text = String::from("\n## How this design was found\n\n");
    let _ = writeln!(
        text,
        "Design {} of a search of {} for {}, seed {}, by constrained evolution with successive halving. It learned from {} normal clips\n\
         for {} epochs; {} were held out.",
        report.number,
        settings.search.n_trials,
        settings.group,
        settings.search.seed,
        plan.learn.len(),
        report.epochs() + n_more_epochs,
        plan.held_out.len(),
    );
    let _ = writeln!(text, "\nLimits: {}.", limits_words(settings));
    let how = match settings.judged_by {
        JudgedBy::SyntheticAnomalies => {
            "held-out normal clips against the same clips with made-up faults put in; no label had a part in the choice, and real \
             faults sound otherwise"
        }
        JudgedBy::LabelledHalf => "half A of the labelled test clips, chosen by their paths; half B had no part in the choice",
    };
    let _ = writeln!(text, "\nDesigns were judged by {how}.");
    let judged = judged_figures(&report.judged);
    if let Some(auc) = judged.auc {
        let after = if n_more_epochs > 0 { ", before it was trained on" } else { "" };
        let _ = writeln!(
            text,
            "\nAUC on the clips that it was judged by{after}: {}.",
            figure_words(auc, report.is_chance(auc.value))
        );
    }
    if let Some(reference) = &exploration.reference {
        let _ = writeln!(text, "\nCAE-MCS on the same clips: AUC {:.3}.", reference.auc);
    }
    if let Some((median, high)) = report.latency_ms {
        let _ = writeln!(
            text,
            "\nLatency of a window in the program, one thread, warm: median {median:.3} ms, 95th percentile {high:.3} ms."
        );
    }
    let _ = match tested.and_then(|tested| tested.metrics.auc.map(|auc| (tested, auc))) {
        Some((tested, auc)) => writeln!(
            text,
            "\n**AUC on {} normal and {} anomalous test clips that had no part in the search: {}.**",
            tested.n_normal,
            tested.n_anomalous,
            figure_words(auc, tested.is_chance(auc.value))
        ),
        None => writeln!(text, "\nThere were no labelled test clips left to measure it by."),
    };
    text
}

fn limits_words(settings: &ExploreSettings) -> String {
    let limits = &settings.search.limits;
    let mut words = vec![format!("fewer than {} parameters", limits.max_parameters)];
    let mut add = |limit: Option<f64>, unit: &str| words.extend(limit.map(|limit| format!("at most {limit} {unit}")));
    add(limits.max_kilobytes, "KB of weights");
    add(limits.max_mflops, "MFLOP a window");
    add(limits.max_peak_kilobytes, "KB between layers");
    add(limits.max_latency_ms, "ms a window");
    words.join(", ")
}
