//! The paper's tables and figures by one command each.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use clap::Args;

use super::commands;
use super::output::print;
use super::progress::{StderrProgress, say};
use crate::app::estimate_secs;
use crate::dataset::{self, Dataset, SyntheticConfig, SyntheticLayout};
use crate::extractors::DeviceChoice;
use crate::figures;
use crate::pipeline::reproduce::{self, Caps, Challenge, PlannedTraining, Settings, Target};

const TABLE_1: &str = "table-1";

#[derive(Debug, Args)]
pub(super) struct ReproduceArguments {
    /// table-ii, table-iii, table-iv, figure-2, figure-3, or table-1 of the second paper
    target: String,
    /// The recordings of the challenge
    #[arg(long, conflicts_with = "synthetic")]
    data: Option<PathBuf>,
    /// Make recordings up instead
    #[arg(long)]
    synthetic: bool,
    /// A few clips and epochs: shows that all of it runs, says nothing about the paper
    #[arg(long)]
    quick: bool,
    /// The panels of figure-3, with commas; slider,ToyTrain by default
    #[arg(long, value_delimiter = ',')]
    machine: Vec<String>,
    /// cpu, ndarray or gpu
    #[arg(long, default_value = "cpu")]
    device: String,
    #[arg(long, value_parser = super::count(1024))]
    threads: Option<usize>,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Tables and figures, and below it trainings and recordings: the same place again goes on where it was stopped
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn reproduce(arguments: &ReproduceArguments) -> anyhow::Result<()> {
    let target = match arguments.target.as_str() {
        TABLE_1 => None,
        name => Some(target(name)?),
    };
    commands::use_threads(arguments.threads)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let settings = Settings {
        seed: arguments.seed,
        device: DeviceChoice::from_name(&arguments.device)
            .with_context(|| format!("there is no device '{}': choose cpu, ndarray or gpu", arguments.device))?,
        is_synthetic: arguments.synthetic,
        caps: arguments.quick.then(Caps::default),
        date: figures::date(now),
    };
    if let Some(warning) = settings.warning() {
        say(&warning);
    }
    let Some(target) = target else {
        return table_1(arguments, &settings);
    };
    let dataset = match &arguments.data {
        Some(data) => commands::scan_data(data, None).with_context(|| where_to_get(target.challenge()))?,
        None if arguments.synthetic => synthetic(&settings.synthetic(target.challenge()), &arguments.out)?,
        None => bail!(
            "{} is about recordings that are not given: {}; --synthetic runs it on made-up machines",
            target.name(),
            where_to_get(target.challenge())
        ),
    };
    say(&time_line(target, &dataset, &settings));
    let mut progress = StderrProgress::new("Reproducing");
    let written = if target.is_figure() {
        reproduce::reproduce_figure(target, &dataset, &settings, &arguments.machine, &arguments.out, &mut progress)?
    } else {
        let (reproduction, written) = reproduce::reproduce_table(target, &dataset, &settings, &arguments.out, &mut progress)?;
        drop(progress);
        reproduction.lines().iter().try_for_each(|line| print(line))?;
        written
    };
    written.iter().try_for_each(|path| print(&path.display().to_string()))
}

/// What a person plans the day by, before anything starts.
fn time_line(target: Target, dataset: &Dataset, settings: &Settings) -> String {
    let planned = reproduce::planned_trainings(target, dataset, settings);
    let secs = |training: &PlannedTraining| estimate_secs(&training.config, training.n_clips, training.secs);
    let each: Vec<String> = planned
        .iter()
        .map(|training| format!("{} {}", training.system, about(secs(training))))
        .collect();
    format!(
        "{} takes about {} on four cores, half or twice as much is no surprise ({}); trainings that are finished in the same place are \
         not done again",
        target.name(),
        about(planned.iter().map(secs).sum()),
        each.join(", ")
    )
}

/// A time to plan by, no more exact than it is known.
fn about(secs: f64) -> String {
    match secs {
        secs if secs < 90.0 => format!("{:.0} s", secs.max(1.0)),
        secs if secs < 5400.0 => format!("{:.0} min", secs / 60.0),
        secs => format!("{:.0} h", secs / 3600.0),
    }
}

/// Table 1 of the second paper.
fn table_1(arguments: &ReproduceArguments, settings: &Settings) -> anyhow::Result<()> {
    const WHERE: &str = "get MIMII from zenodo.org/records/3384388 (fan and slider at -6, 0 and 6 dB), unpack it and name its \
                         folder with --data";
    let dataset = match &arguments.data {
        Some(data) => commands::scan_data(data, None).context(WHERE)?,
        None if arguments.synthetic => synthetic(&settings.synthetic_tasks(), &arguments.out)?,
        None => bail!("{TABLE_1} is about recordings that are not given: {WHERE}; --synthetic runs it on made-up machines"),
    };
    let mut progress = StderrProgress::new("Reproducing");
    let (table, written) = reproduce::reproduce_table_1(&dataset, settings, &arguments.out, &mut progress)?;
    drop(progress);
    table.lines().iter().try_for_each(|line| print(line))?;
    written.iter().try_for_each(|path| print(&path.display().to_string()))
}

fn target(name: &str) -> anyhow::Result<Target> {
    let known: Vec<&str> = Target::ALL.iter().map(|target| target.name()).chain([TABLE_1]).collect();
    Target::from_name(name).with_context(|| format!("there is no '{name}' to reproduce: choose among {}", known.join(", ")))
}

/// Where the recordings of a challenge are.
fn where_to_get(challenge: Challenge) -> String {
    let [development, additional, evaluation] = challenge.records();
    format!(
        "get {} task 2 from zenodo.org/records/{development} (development; {additional} additional training, {evaluation} evaluation), \
         unpack it and name its folder with --data",
        challenge.title()
    )
}

/// Makes the recordings, unless an earlier call has made the same ones.
fn synthetic(config: &SyntheticConfig, out: &Path) -> anyhow::Result<Dataset> {
    let layout = match config.layout {
        SyntheticLayout::Dcase2022 => "dcase2022",
        SyntheticLayout::Dcase2023 => "dcase2023",
        SyntheticLayout::Mimii => "mimii",
    };
    let name = format!(
        "{}-{}-clips-of-{}-s-seed-{}",
        layout, config.n_clips, config.clip_secs, config.seed
    );
    let dir = out.join("recordings").join(&name);
    if !dir.is_dir() {
        // Under another name until it is whole: a folder of this name is never half a data set.
        let unfinished = out.join("recordings").join(format!("{name}.unfinished"));
        dataset::write_synthetic(&unfinished, config, &mut StderrProgress::new("Making recordings"))?;
        std::fs::rename(&unfinished, &dir).with_context(|| format!("cannot rename {}", unfinished.display()))?;
    }
    commands::scan_data(&dir, None)
}
