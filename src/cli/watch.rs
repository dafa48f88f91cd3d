//! `auscult watch`: scores of recordings as they arrive.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::ChannelArgument;
use super::commands::{open_run, scan_data};
use super::detector_arguments::DetectorArguments;
use super::output::print;
use super::progress::{StderrProgress, say};
use super::sections::section_of;
use crate::detectors::DetectorKind;
use crate::evaluation::ThresholdRule;
use crate::pipeline::{self, ClipJudge, WatchEvent, WatchedFile, WatchedFolder, WatchedState};

#[derive(Debug, Args)]
pub(super) struct WatchArguments {
    run: PathBuf,
    /// The data whose normal training clips the detector is fitted to
    data: PathBuf,
    /// The folder that the other recorder writes into
    folder: PathBuf,
    /// The machine and section that it records, e.g. 'fan 00'; not needed where the data has one only
    #[arg(long)]
    section: Option<String>,
    #[arg(long, default_value = "fusion")]
    detector: String,
    /// Also keep all scores as CSV in this file
    #[arg(long)]
    out: Option<PathBuf>,
    /// A file that did not change for so many seconds is complete, unless its header says otherwise
    #[arg(long, default_value_t = pipeline::SETTLE.as_secs_f64(), value_parser = settle)]
    settle: f64,
    /// End once everything that lies in the folder is scored
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    channel: ChannelArgument,
    #[command(flatten)]
    settings: DetectorArguments,
}

fn settle(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|secs| (0.1..=3600.0).contains(secs))
        .ok_or_else(|| "a number of seconds from 0.1 to 3600 is needed".to_owned())
}

pub(super) fn watch(arguments: &WatchArguments) -> anyhow::Result<()> {
    let known: Vec<&str> = DetectorKind::ALL.iter().map(|kind| kind.name()).collect();
    let name = &arguments.detector;
    let kind = DetectorKind::from_name(name)
        .with_context(|| format!("there is no detector '{name}': choose among {}", known.join(", ")))?;
    let run = open_run(&arguments.run, arguments.channel.channel, None)?;
    let dataset = scan_data(&arguments.data, run.recipe.training.channel)?;
    let group = &section_of(&dataset, arguments.section.as_deref())?;
    if let Some(out) = &arguments.out {
        // What cannot be written is known before hours have passed.
        pipeline::write_watch_csv(out, [])?;
    }
    let mut progress = StderrProgress::new("Hearing the training clips");
    let settings = arguments.settings.settings();
    let config = settings.of(&group.to_string());
    let rule = ThresholdRule::default();
    let judge = ClipJudge::fit(Arc::new(run), &dataset, None, group, (kind, config), rule, &mut progress)?;
    drop(progress);
    say(&format!(
        "watching {} as {group}: {} is anomalous from {} on, by {}",
        arguments.folder.display(),
        kind.title(),
        judge.threshold(),
        judge.basis()
    ));
    let mut watched = WatchedFolder::new(&arguments.folder, Duration::from_secs_f64(arguments.settle));
    let mut told = Told {
        out: arguments.out.as_deref(),
        files: Vec::new(),
        failure: None,
    };
    let end = pipeline::watch(
        &mut watched,
        &judge,
        arguments.once,
        &mut super::progress::Interrupts,
        |event| match event {
            WatchEvent::FolderGone => say(&format!("{} is not there; it is looked for", arguments.folder.display())),
            WatchEvent::FolderBack => say(&format!("{} is back", arguments.folder.display())),
            WatchEvent::File(file) => told.take(file),
        },
    );
    told.failure.map_or(Ok(()), Err)?;
    Ok(end?)
}

/// What was said of each file, on the screen and in the table.
struct Told<'a> {
    /// Of the table.
    out: Option<&'a Path>,
    files: Vec<WatchedFile>,
    /// The first line that could not be printed.
    failure: Option<anyhow::Error>,
}

impl Told<'_> {
    fn take(&mut self, file: WatchedFile) {
        let place = file.path.display();
        let line = match &file.state {
            WatchedState::Judged(judged) => {
                let decision = pipeline::decision_words(judged);
                print(&format!("{decision}\t{:.2}\t{}\t{place}", judged.percentile, judged.score))
            }
            WatchedState::Growing => Ok(()),
            state => {
                say(&format!("{place}: {}", pipeline::problem_words(state).unwrap_or_default()));
                Ok(())
            }
        };
        self.failure = self.failure.take().or(line.err());
        self.files.retain(|known| known.path != file.path);
        self.files.push(file);
        // A full disk loses the table, not the scores that are printed: it is tried again with the next file.
        if let Some(Err(error)) = self.out.map(|out| pipeline::write_watch_csv(out, &self.files)) {
            say(&format!("{error}"));
        }
    }
}
