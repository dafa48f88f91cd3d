//! Commands on the same pipeline as the window.
//!
//! # How to add a command
//! One variant of `Command` with its arguments, one function in `commands`; a file of its own where it has much to say.
//!
//! *Invariant:* standard output carries results only, progress goes to standard error.

pub mod bench;
mod commands;
mod demo;
mod detector_arguments;
mod explore;
mod export;
mod json;
mod mobileanonet_arguments;
mod output;
mod progress;
mod reproduce;
mod sections;
mod watch;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::audio::ChannelChoice;
use crate::evaluation::Rules;
use crate::exploration::Genome;
use crate::progress::Cancelled;
use detector_arguments::DetectorArguments;

/// Hear what is wrong with a machine before it breaks.
///
/// Without a command: the window.
#[derive(Debug, Parser)]
#[command(name = "auscult", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open the window on a project file or a folder of recordings
    Open { path: PathBuf },
    /// Open the window on synthetic machines: the 60-second tour
    Tour,
    /// The main job on synthetic machines, no window: data, training, detectors, figures, report
    Demo {
        /// Where everything is written; a folder in the current one by default
        #[arg(long, default_value = "auscult-demo")]
        out: PathBuf,
        /// Fewer and shorter clips
        #[arg(long)]
        quick: bool,
    },
    /// Write recordings of synthetic machines
    Synth {
        dir: PathBuf,
        #[arg(long, value_enum)]
        layout: SynthLayout,
        /// Names with commas between them: fan, pump, slider, valve, gearbox, bearing, ToyCar, ToyTrain
        #[arg(long, value_delimiter = ',', default_value = "fan,pump,slider")]
        machines: Vec<String>,
        /// Clips a machine section
        #[arg(long, default_value_t = 120)]
        clips: usize,
        /// Length of a clip
        #[arg(long, default_value_t = 10.0)]
        seconds: f32,
        #[arg(long, default_value_t = 7)]
        seed: u64,
    },
    /// What a folder holds, and what in it cannot be read
    Scan {
        data: PathBuf,
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        channel: ChannelArgument,
    },
    /// Write one recording's STFT magnitude or log-mel as `.npy`, `[bins, frames]`
    Features {
        file: PathBuf,
        #[arg(long, value_enum)]
        front_end: FrontEnd,
        #[command(flatten)]
        channel: ChannelArgument,
        #[arg(long, value_enum, default_value = "zero")]
        pad: Pad,
        /// 2: power, 1: magnitude (log-mel only)
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
        power: u8,
        #[arg(long)]
        out: PathBuf,
    },
    /// Train an extractor
    Train(Box<TrainArguments>),
    /// Search for tiny designs for one machine section: constrained evolution, judged without labels
    Explore(Box<explore::ExploreArguments>),
    /// Score all test clips and write the DCASE files
    Score {
        run: PathBuf,
        data: PathBuf,
        #[arg(long, default_value = "fusion")]
        detector: String,
        /// Frames between the segments of a clip (mobileanonet, cae-mcs, outliernet)
        #[arg(long, value_parser = count(100_000))]
        segment_hop: Option<usize>,
        #[arg(long, value_parser = count(1024))]
        threads: Option<usize>,
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        channel: ChannelArgument,
        #[command(flatten)]
        settings: DetectorArguments,
    },
    /// Score what another recorder writes into a folder, as it arrives, until Ctrl+C
    Watch(watch::WatchArguments),
    /// Evaluate score files against labelled data or DCASE ground-truth files
    Evaluate {
        #[arg(long)]
        scores: PathBuf,
        #[arg(long)]
        truth: PathBuf,
        #[arg(long)]
        json: bool,
        /// The year whose rules count; by the files by default
        #[arg(long, value_parser = PossibleValuesParser::new(Rules::NAMES))]
        rules: Option<String>,
        /// Repeat the faults of the evaluator of 2022, to compare files with its own
        #[arg(long)]
        as_evaluator_2022: bool,
        /// Also write the result file of that year's evaluator into this folder
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// The machine × detector matrix
    Compare {
        run: PathBuf,
        data: PathBuf,
        #[arg(long)]
        json: bool,
        /// Also write the matrix as a LaTeX table
        #[arg(long)]
        latex: Option<PathBuf>,
        /// Also write the matrix as CSV
        #[arg(long)]
        csv: Option<PathBuf>,
        #[command(flatten)]
        channel: ChannelArgument,
        #[command(flatten)]
        settings: DetectorArguments,
    },
    /// The t-SNE map of all clips: coordinates and figure
    Map {
        run: PathBuf,
        data: PathBuf,
        #[arg(long, default_value_t = 30.0, value_parser = perplexity)]
        perplexity: f32,
        #[arg(long, default_value_t = 7)]
        seed: u64,
        #[arg(long, value_enum, default_value = "tsne")]
        engine: Engine,
        #[arg(long)]
        out: PathBuf,
    },
    /// Write a trained network as ONNX, C or weights, with a page about it
    Export(export::ExportArguments),
    /// Every figure and table of a run, and an HTML page
    Report {
        run: PathBuf,
        data: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
    /// The tables and figures of the MobileAnoNet paper, our figures beside the published ones
    Reproduce(reproduce::ReproduceArguments),
    /// Time the works that the performance goals name
    Bench(BenchArguments),
}

#[derive(Debug, Args)]
struct BenchArguments {
    /// All figures as one JSON object instead of a line each
    #[arg(long)]
    json: bool,
    /// Keys of works, with commas; all by default
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(bench::keys()), hide_possible_values = true)]
    only: Vec<String>,
    #[arg(long, value_parser = count(1024))]
    threads: Option<usize>,
    /// Instead: measure how time and memory grow, and write each curve as CSV and SVG into this folder
    #[arg(long, conflicts_with_all = ["json", "only"])]
    growth: Option<PathBuf>,
    /// Sizes of the synthetic data sets that the curves go through
    #[arg(long, requires = "growth", value_delimiter = ',', value_parser = clip_count, default_value = "50,100,200,400,800")]
    clips: Vec<usize>,
}

#[derive(Debug, Args)]
struct TrainArguments {
    data: PathBuf,
    /// pooled-log-mel, dense-ae, mobileanonet, gwrp-gmm, cae-mcs, outliernet, mobilenet-v2 or attribute-classifier
    #[arg(long)]
    recipe: String,
    /// Machine types to train on, with commas; all by default
    #[arg(long, value_delimiter = ',')]
    machine: Vec<String>,
    /// Sections to train on, with commas; all by default
    #[arg(long, value_delimiter = ',')]
    section: Vec<String>,
    #[arg(long, value_parser = count(100_000))]
    epochs: Option<usize>,
    #[arg(long, value_parser = count(100_000))]
    segments_per_clip: Option<usize>,
    /// cae-mcs, outliernet: frames between two windows that are learned from, 3 and 32 by default
    #[arg(long, value_parser = count(100_000))]
    window_hop: Option<usize>,
    /// outliernet: what is built, e.g. 'std6 dw12/1x2 pw8 code16': steps down with their channels and strides, and numbers of the
    /// dense code; an example of 686 parameters by default
    #[arg(long)]
    genome: Option<Genome>,
    /// gwrp-gmm: weight of a frame over that of the next louder one, from 0 (the loudest frame) to 1 (the mean, the default)
    #[arg(long)]
    ranking_decay: Option<f64>,
    /// Examples a step; as published by default, of mobileanonet 32 where there are fewer than 2,000 clips
    #[arg(long, value_parser = count(1_000_000))]
    batch: Option<usize>,
    #[arg(long, value_parser = mobileanonet_arguments::learning_rate)]
    learning_rate: Option<f64>,
    /// cpu, ndarray or gpu
    #[arg(long, default_value = "cpu")]
    device: String,
    #[arg(long, value_parser = count(1024))]
    threads: Option<usize>,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    channel: ChannelArgument,
    #[command(flatten)]
    mobileanonet: mobileanonet_arguments::MobileAnoNetArguments,
}

/// Which microphone of a recording with several is listened to.
#[derive(Debug, Clone, Copy, Args)]
struct ChannelArgument {
    /// Of recordings with several channels, counted from 0, `mean` for the mean of all, or `loudest` for the one with the most
    /// energy, for each recording its own; that of the run by default, else 0
    #[arg(long, value_parser = channel)]
    channel: Option<ChannelChoice>,
}

fn channel(text: &str) -> Result<ChannelChoice, String> {
    match text {
        "mean" => Ok(ChannelChoice::Mean),
        "loudest" => Ok(ChannelChoice::Loudest),
        _ => text
            .parse()
            .map(ChannelChoice::Index)
            .map_err(|_| "a number counted from 0, mean or loudest, is needed".to_owned()),
    }
}

/// A number from 1 to `most`.
fn count(most: usize) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(format!("a whole number from 1 to {most} is needed")),
    }
}

/// Two machines of six clips are the smallest synthetic data set to train on.
fn clip_count(text: &str) -> Result<usize, String> {
    count(100_000)(text)
        .ok()
        .filter(|n_clips| *n_clips >= 12)
        .ok_or_else(|| "a whole number from 12 to 100000 is needed".to_owned())
}

fn perplexity(text: &str) -> Result<f32, String> {
    text.parse()
        .ok()
        .filter(|value| (1.0..=1e4).contains(value))
        .ok_or_else(|| "a number from 1 to 10000 is needed".to_owned())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SynthLayout {
    Dcase2023,
    Dcase2022,
    Mimii,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FrontEnd {
    Stft,
    LogMel,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Pad {
    Zero,
    Reflect,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Engine {
    Tsne,
    LinfaTsne,
    Pca,
}

/// The whole program: parses arguments, opens the window or runs one command.
///
/// Status 0: done; 1: failed, with one line that says why; 2: usage; 130: interrupted, what was finished is kept.
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.chain().any(|cause| cause.is::<Cancelled>()) => {
            progress::say("interrupted; everything finished so far is kept");
            ExitCode::from(130)
        }
        // Whoever reads our output has gone: nothing is left to say.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            progress::say(&format!("auscult: {}", crate::app::error_text(&error)));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    progress::catch_interrupts();
    match arguments.command {
        None => window::open_last(),
        Some(Command::Open { path }) => window::open(path),
        Some(Command::Tour) => window::tour(),
        Some(Command::Demo { out, quick }) => demo::demo(&out, quick),
        Some(Command::Synth {
            dir,
            layout,
            machines,
            clips,
            seconds,
            seed,
        }) => commands::synth(&dir, layout, machines, clips, seconds, seed),
        Some(Command::Scan { data, json, channel }) => commands::scan(&data, json, channel.channel),
        Some(Command::Features {
            file,
            front_end,
            channel,
            pad,
            power,
            out,
        }) => commands::features(&file, front_end, channel.channel.unwrap_or_default(), pad, power, &out),
        Some(Command::Train(arguments)) => commands::train(*arguments),
        Some(Command::Explore(arguments)) => explore::explore(&arguments),
        Some(Command::Score {
            run,
            data,
            detector,
            segment_hop,
            threads,
            out,
            channel,
            settings,
        }) => {
            commands::use_threads(threads)?;
            let run = commands::open_run(&run, channel.channel, segment_hop)?;
            commands::score(run, &data, &detector, &settings.settings(), &out)
        }
        Some(Command::Watch(arguments)) => watch::watch(&arguments),
        Some(Command::Evaluate {
            scores,
            truth,
            json,
            rules,
            as_evaluator_2022,
            out,
        }) => commands::evaluate(&scores, &truth, json, rules.as_deref(), as_evaluator_2022, out.as_deref()),
        Some(Command::Compare {
            run,
            data,
            json,
            latex,
            csv,
            channel,
            settings,
        }) => {
            let run = commands::open_run(&run, channel.channel, None)?;
            commands::compare(run, &data, json, [latex, csv], &settings.settings())
        }
        Some(Command::Map {
            run,
            data,
            perplexity,
            seed,
            engine,
            out,
        }) => commands::map(&run, &data, perplexity, seed, engine, &out),
        Some(Command::Export(arguments)) => export::export(&arguments),
        Some(Command::Report { run, data, out }) => commands::report(&run, &data, &out),
        Some(Command::Reproduce(arguments)) => reproduce::reproduce(&arguments),
        Some(Command::Bench(arguments)) => commands::bench(&arguments),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
