//! A search for tiny designs for one machine section, and a run for each design on its front.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::commands;
use super::output::{print, print_json};
use super::progress::StderrProgress;
use super::sections::section_of;
use crate::dataset::Dataset;
use crate::evaluation::Figure;
use crate::exploration::{Accuracy, Limits, SearchConfig, TrialState, net_score};
use crate::pipeline::{
    self, Exploration, ExploreEvent, ExploreObserver, ExploreSettings, JudgedBy, TrialReport, figure_words, judged_figures,
};

#[derive(Debug, Args)]
pub(super) struct ExploreArguments {
    data: PathBuf,
    #[arg(long)]
    machine: String,
    #[arg(long)]
    section: String,
    /// A design has fewer
    #[arg(long, default_value_t = 100_000, value_parser = super::count(100_000_000))]
    max_params: usize,
    /// Of the weights in float32
    #[arg(long, value_parser = limit)]
    max_kilobytes: Option<f64>,
    /// Two operations a multiply-add, for a window of a second
    #[arg(long, value_parser = limit)]
    max_mflops: Option<f64>,
    /// Of the values between layers in float32
    #[arg(long, value_parser = limit)]
    max_peak_kilobytes: Option<f64>,
    /// Median for a window, measured here on one thread
    #[arg(long, value_parser = limit)]
    max_latency_ms: Option<f64>,
    /// Designs in all
    #[arg(long, default_value_t = SearchConfig::default().n_trials, value_parser = super::count(100_000))]
    trials: usize,
    /// Designs bred at once
    #[arg(long, default_value_t = SearchConfig::default().generation_size, value_parser = super::count(10_000))]
    generation: usize,
    /// Epochs after which the worse two thirds of a generation are given up; the last is a whole training
    #[arg(long, value_delimiter = ',', value_parser = super::count(100_000), default_value = "2,6,18")]
    rungs: Vec<usize>,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// What accuracy means while designs are compared
    #[arg(long, value_enum, default_value = "synthetic-anomalies")]
    judged_by: Judge,
    /// Count 2 AUC - 1 where the score of a design counts AUC, so that a net that hears nothing is worth nothing
    #[arg(long)]
    above_chance: bool,
    /// Train CAE-MCS first, and ask for an AUC within 10 % of its own
    #[arg(long)]
    reference: bool,
    #[arg(long, value_parser = super::count(1024))]
    threads: Option<usize>,
    #[arg(long)]
    json: bool,
    /// The search, and a run for each design on its front; the same place again goes on where it was stopped
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Judge {
    /// Held-out normal clips against the same clips with faults put in
    SyntheticAnomalies,
    /// Half of the labelled test clips; the other half reports
    LabelledHalf,
}

fn limit(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|limit| *limit > 0.0 && limit.is_finite());
    number.ok_or_else(|| "a number above 0 is needed".to_owned())
}

/// What the command prints.
#[derive(Debug, Serialize)]
struct Found {
    machine: String,
    section: String,
    judged_by: JudgedBy,
    trials: usize,
    reference_auc: Option<f64>,
    /// From the smallest to the largest.
    designs: Vec<FoundDesign>,
}

/// A design on the front.
#[derive(Debug, Serialize)]
struct FoundDesign {
    trial: usize,
    genome: String,
    parameters: usize,
    kilobytes: f64,
    mflops: f64,
    latency_p50_ms: Option<f64>,
    latency_p95_ms: Option<f64>,
    /// On the clips that it was judged by.
    auc: Option<Figure>,
    /// Whether scores that know nothing may well reach it on so many clips.
    is_chance: bool,
    pauc: Option<f64>,
    net_score: Option<f64>,
    /// Of the finished designs the one with the highest `NetScore`.
    is_best: bool,
    /// On labelled test clips that had no part in the search.
    test_auc: Option<Figure>,
    test_is_chance: bool,
    run: String,
}

pub(super) fn explore(arguments: &ExploreArguments) -> anyhow::Result<()> {
    commands::use_threads(arguments.threads)?;
    let dataset = commands::scan_data(&arguments.data, None)?;
    let settings = settings(arguments, &dataset)?;
    let exploration = pipeline::explore(&dataset, &settings, &arguments.out, &mut Watcher::new())?;
    let best = exploration.best().map(|report| report.number);
    let designs = exploration.front().into_iter().map(|report| {
        let run_dir = arguments.out.join(format!("design-{:04}", report.number));
        kept(&dataset, &settings, &arguments.out, report, best, &run_dir)
    });
    let found = Found {
        machine: settings.group.machine.clone(),
        section: settings.group.section.clone(),
        judged_by: settings.judged_by,
        trials: exploration.trials.len(),
        reference_auc: exploration.reference.as_ref().map(|reference| reference.auc),
        designs: designs.collect::<anyhow::Result<_>>()?,
    };
    if arguments.json {
        return print_json(&found);
    }
    lines(&found, &exploration).iter().try_for_each(|line| print(line))
}

fn settings(arguments: &ExploreArguments, dataset: &Dataset) -> anyhow::Result<ExploreSettings> {
    let name = format!("{} {}", arguments.machine, arguments.section);
    let group = section_of(dataset, Some(&name))?;
    if !arguments.rungs.is_sorted_by(|a, b| a < b) {
        bail!("--rungs must rise, as 2,6,18");
    }
    Ok(ExploreSettings {
        group,
        search: SearchConfig {
            limits: Limits {
                max_parameters: arguments.max_params,
                max_kilobytes: arguments.max_kilobytes,
                max_mflops: arguments.max_mflops,
                max_peak_kilobytes: arguments.max_peak_kilobytes,
                max_latency_ms: arguments.max_latency_ms,
                ..Limits::default()
            },
            accuracy: if arguments.above_chance {
                Accuracy::AboveChance
            } else {
                Accuracy::Auc
            },
            n_trials: arguments.trials,
            generation_size: arguments.generation,
            rungs: arguments.rungs.clone(),
            seed: arguments.seed,
            ..SearchConfig::default()
        },
        judged_by: match arguments.judged_by {
            Judge::SyntheticAnomalies => JudgedBy::SyntheticAnomalies,
            Judge::LabelledHalf => JudgedBy::LabelledHalf,
        },
        with_reference: arguments.reference,
    })
}

/// Makes a run of a design on the front, or takes the one that an earlier call made, and tests it.
fn kept(
    dataset: &Dataset,
    settings: &ExploreSettings,
    exploration_dir: &Path,
    report: &TrialReport,
    best: Option<usize>,
    run_dir: &Path,
) -> anyhow::Result<FoundDesign> {
    let mut progress = StderrProgress::new("Keeping the front");
    let run = if pipeline::is_finished(run_dir) {
        pipeline::load_run(run_dir)?
    } else {
        pipeline::keep(dataset, exploration_dir, report.number, 0, run_dir, &mut progress)
            .with_context(|| format!("keeping design {}", report.number))?
    };
    let tested = pipeline::test_design(dataset, settings, &run, &mut progress)?;
    let auc = judged_figures(&report.judged).auc;
    Ok(FoundDesign {
        trial: report.number,
        genome: report.genome.to_string(),
        parameters: report.cost.n_parameters,
        kilobytes: report.cost.kilobytes(),
        mflops: report.cost.mflops(),
        latency_p50_ms: report.latency_ms.map(|(median, _)| median),
        latency_p95_ms: report.latency_ms.map(|(_, high)| high),
        auc,
        is_chance: auc.is_some_and(|auc| report.is_chance(auc.value)),
        pauc: report.pauc,
        net_score: report.auc().map(|auc| net_score(auc, &report.cost, settings.search.accuracy)),
        is_best: best == Some(report.number),
        test_auc: tested.and_then(|tested| tested.metrics.auc),
        test_is_chance: tested.is_some_and(|tested| tested.metrics.auc.is_some_and(|auc| tested.is_chance(auc.value))),
        run: run_dir.display().to_string(),
    })
}

/// The same as lines for a person.
fn lines(found: &Found, exploration: &Exploration) -> Vec<String> {
    let states = |state| exploration.trials.iter().filter(|trial| trial.state == state).count();
    let mut lines = vec![format!(
        "{} {}: {} designs, {} trained to the end, {} given up early, {} failed; judged by {}",
        found.machine,
        found.section,
        found.trials,
        states(TrialState::Done),
        states(TrialState::Cut),
        states(TrialState::Failed),
        found.judged_by.title()
    )];
    lines.extend(
        found
            .reference_auc
            .map(|auc| format!("CAE-MCS, 4130729 parameters: AUC {auc:.3}")),
    );
    if found.designs.is_empty() {
        lines.push("no finished design keeps the limits: give it more trials, or ask for less".to_owned());
    }
    for design in &found.designs {
        let latency = design.latency_p50_ms.map_or_else(String::new, |ms| format!(", {ms:.3} ms"));
        let best = if design.is_best { " (highest NetScore)" } else { "" };
        let words = |figure: Option<Figure>, is_chance: bool| match figure {
            Some(figure) => figure_words(figure, is_chance),
            None => "unknown".to_owned(),
        };
        lines.push(format!(
            "design {}{best}: {}: {} parameters, {:.1} KB, {:.2} MFLOP{latency}; AUC {}; on test clips that had no part in it {}; {}",
            design.trial,
            design.genome,
            design.parameters,
            design.kilobytes,
            design.mflops,
            words(design.auc, design.is_chance),
            words(design.test_auc, design.test_is_chance),
            design.run
        ));
    }
    lines
}

/// Progress, and a line for each design that is through.
struct Watcher(StderrProgress);

impl Watcher {
    fn new() -> Self {
        Self(StderrProgress::new("Exploring"))
    }
}

impl crate::progress::Progress for Watcher {
    fn step(&mut self, done: u64, total: u64) -> Result<(), crate::progress::Cancelled> {
        self.0.step(done, total)
    }

    fn stage(&mut self, name: &str) {
        self.0.stage(name);
    }

    fn log(&mut self, line: &str) {
        self.0.log(line);
    }
}

impl ExploreObserver for Watcher {
    fn event(&mut self, event: &ExploreEvent) {
        use crate::progress::Progress as _;
        match event {
            ExploreEvent::Reference(reference) => self.0.log(&format!("reference CAE-MCS: AUC {:.3}", reference.auc)),
            ExploreEvent::Trial(report) if report.state == TrialState::Done => {
                let auc = report.auc().unwrap_or(f64::NAN);
                self.0.log(&format!(
                    "design {}: {}, {} parameters, AUC {auc:.3}",
                    report.number, report.genome, report.cost.n_parameters
                ));
            }
            ExploreEvent::Trial(_) => {}
        }
    }
}
