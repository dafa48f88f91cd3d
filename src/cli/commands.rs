//! What each command does: arguments in, pipeline, results out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::json::ScanJson;
use super::output::{print, print_json};
use super::progress::StderrProgress;
use super::{BenchArguments, Engine, FrontEnd, Pad, SynthLayout, TrainArguments, bench};
use crate::app::{self, Workbench};
use crate::audio::{self, ChannelChoice};
use crate::dataset::{self, Dataset, ScanOptions, SyntheticConfig, SyntheticLayout};
use crate::detectors::{DetectorKind, DetectorSettings};
use crate::dsp;
use crate::evaluation::{EvaluationOptions, Rules};
use crate::extractors::{DeviceChoice, Recipe, TrainingConfig};
use crate::figures;
use crate::pipeline::{self, Comparison, EmbeddedClips, Run};
use crate::project::RunRecipe;
use crate::projection::{ProjectionConfig, ProjectionEngine};

/// Makes rayon use so many threads; all of the machine's by default.
pub(super) fn use_threads(n_threads: Option<usize>) -> anyhow::Result<()> {
    if let Some(n_threads) = n_threads {
        rayon::ThreadPoolBuilder::new().num_threads(n_threads).build_global()?;
    }
    Ok(())
}

pub(super) fn scan_data(data: &Path, channel: Option<ChannelChoice>) -> anyhow::Result<Dataset> {
    let mut progress = StderrProgress::new("Reading headers");
    let options = ScanOptions {
        channel: channel.unwrap_or_default(),
        ..ScanOptions::default()
    };
    let dataset = dataset::scan(data, options, &mut progress)?;
    drop(progress);
    if let Some(most) = dataset.clips.iter().map(|clip| clip.n_channels).max() {
        is_there(dataset.channel, most, data)?;
    }
    Ok(dataset)
}

/// A recording with fewer channels gives its last one: where all have fewer than was asked for, nobody can have meant that.
fn is_there(channel: ChannelChoice, n_channels: u16, path: &Path) -> anyhow::Result<()> {
    match channel {
        ChannelChoice::Index(index) if index >= n_channels => anyhow::bail!(
            "{}: no recording has channel {index}; choose --channel {}",
            path.display(),
            match n_channels {
                0 | 1 => "0".to_owned(),
                _ => format!("0 to {}, mean or loudest", n_channels - 1),
            }
        ),
        _ => Ok(()),
    }
}

pub(super) fn synth(
    dir: &Path,
    layout: SynthLayout,
    machines: Vec<String>,
    n_clips: usize,
    clip_secs: f32,
    seed: u64,
) -> anyhow::Result<()> {
    let layout = match layout {
        SynthLayout::Dcase2022 => SyntheticLayout::Dcase2022,
        SynthLayout::Dcase2023 => SyntheticLayout::Dcase2023,
        SynthLayout::Mimii => SyntheticLayout::Mimii,
    };
    let config = SyntheticConfig {
        layout,
        machines,
        n_clips,
        clip_secs,
        seed,
    };
    dataset::write_synthetic(dir, &config, &mut StderrProgress::new("Making recordings"))?;
    print(&dir.display().to_string())
}

pub(super) fn scan(data: &Path, json: bool, channel: Option<ChannelChoice>) -> anyhow::Result<()> {
    let found = ScanJson::new(&scan_data(data, channel)?);
    if json {
        print_json(&found)
    } else {
        found.lines().iter().try_for_each(|line| print(line))
    }
}

pub(super) fn features(
    file: &Path,
    front_end: FrontEnd,
    channel: ChannelChoice,
    pad: Pad,
    power: u8,
    out: &Path,
) -> anyhow::Result<()> {
    is_there(channel, audio::read_header(file)?.n_channels, file)?;
    let clip = audio::read_clip(file, channel)?;
    let padding = match pad {
        Pad::Zero => dsp::Padding::Zero,
        Pad::Reflect => dsp::Padding::Reflect,
    };
    let spectrogram = match front_end {
        FrontEnd::Stft => dsp::Stft::new(dsp::StftConfig {
            padding,
            ..dsp::StftConfig::default()
        })
        .magnitude(&clip.samples),
        FrontEnd::LogMel => dsp::LogMel::new(dsp::LogMelConfig {
            padding,
            power,
            ..dsp::LogMelConfig::default()
        })
        .decibel(&clip.samples),
    };
    pipeline::write_npy(&spectrogram, out)?;
    print(&format!(
        "{} [{}, {}]",
        out.display(),
        spectrogram.n_bins,
        spectrogram.n_frames
    ))
}

pub(super) fn train(arguments: TrainArguments) -> anyhow::Result<()> {
    let TrainArguments {
        data,
        recipe,
        machine,
        section,
        epochs,
        segments_per_clip,
        window_hop,
        genome,
        ranking_decay,
        batch,
        learning_rate,
        device,
        threads,
        seed,
        out,
        channel,
        mobileanonet,
    } = arguments;
    use_threads(threads)?;
    let known: Vec<&str> = Recipe::ALL.iter().map(|recipe| recipe.name()).collect();
    let recipe = Recipe::from_name(&recipe)
        .with_context(|| format!("there is no recipe '{recipe}': choose among {}", known.join(", ")))?;
    let device =
        DeviceChoice::from_name(&device).with_context(|| format!("there is no device '{device}': choose cpu, ndarray or gpu"))?;
    let mobileanonet = mobileanonet.settings(recipe)?;
    if genome.is_some() && recipe != Recipe::OutlierNet {
        anyhow::bail!("--genome is an option of outliernet, not of {}: leave it out", recipe.name());
    }
    let dataset = scan_data(&data, channel.channel)?;
    let mut recipe = RunRecipe {
        training: TrainingConfig::published(recipe),
        machines: machine,
        sections: section,
    };
    let n_clips = pipeline::n_training_clips(&dataset, &recipe);
    let published = TrainingConfig::published_for(recipe.training.recipe, n_clips);
    recipe.training = TrainingConfig {
        n_epochs: epochs.unwrap_or(published.n_epochs),
        segments_per_clip: segments_per_clip.unwrap_or(published.segments_per_clip),
        window_hop: window_hop.unwrap_or(published.window_hop),
        ranking_decay: ranking_decay.unwrap_or(published.ranking_decay),
        batch_size: batch.unwrap_or(published.batch_size),
        learning_rate: learning_rate.unwrap_or(published.learning_rate),
        device,
        seed,
        genome: genome.unwrap_or_else(|| published.genome.clone()),
        mobileanonet,
        ..published
    };
    let run = pipeline::train(&dataset, &recipe, &out, &mut StderrProgress::new("Training"))?;
    print(&run.dir.display().to_string())
}

/// A run's view of a data set: what most commands begin with.
pub(super) struct Judged {
    pub(super) run: Run,
    pub(super) dataset: Dataset,
    pub(super) embedded: EmbeddedClips,
    pub(super) comparison: Comparison,
}

impl Judged {
    /// The state of a window that shows this run.
    pub(super) fn workbench(self) -> Workbench {
        Workbench::of_run(Arc::new(self.dataset), &self.run, self.embedded, self.comparison)
    }
}

/// Opens a run and says where it is to listen to another channel than it was trained on, or to look at other segments.
pub(super) fn open_run(run: &Path, channel: Option<ChannelChoice>, segment_hop: Option<usize>) -> anyhow::Result<Run> {
    let mut run = pipeline::load_run(run)?;
    if let Some(hop_frames) = segment_hop {
        run = pipeline::with_segment_hop(&run, hop_frames)?;
    }
    if let (Some(asked), Some(trained)) = (
        channel,
        run.recipe.training.channel.filter(|trained| Some(*trained) != channel),
    ) {
        super::progress::say(&format!(
            "note: the run was trained on {trained} and is asked to judge {asked}; without --channel it listens to its own"
        ));
    }
    run.recipe.training.channel = channel.or(run.recipe.training.channel);
    Ok(run)
}

pub(super) fn judge(run: &Path, data: &Path) -> anyhow::Result<Judged> {
    let run = open_run(run, None, None)?;
    let dataset = scan_data(data, run.recipe.training.channel)?;
    judge_run(run, dataset)
}

/// With the detectors' default parameters.
pub(super) fn judge_run(run: Run, dataset: Dataset) -> anyhow::Result<Judged> {
    judge_with(run, dataset, &DetectorSettings::default())
}

fn judge_with(run: Run, dataset: Dataset, settings: &DetectorSettings) -> anyhow::Result<Judged> {
    let mut progress = StderrProgress::new("Embedding clips");
    let embedded = pipeline::extract(&run, &dataset, &mut progress)?;
    let comparison = pipeline::compare(&dataset, &embedded, settings, &mut progress)?;
    drop(progress);
    for failed in &embedded.failed {
        super::progress::say(&format!("left out: {}: {}", failed.path.display(), failed.error));
    }
    Ok(Judged {
        run,
        dataset,
        embedded,
        comparison,
    })
}

pub(super) fn score(run: Run, data: &Path, detector: &str, settings: &DetectorSettings, out: &Path) -> anyhow::Result<()> {
    let known: Vec<&str> = DetectorKind::ALL.iter().map(|kind| kind.name()).collect();
    let kind = DetectorKind::from_name(detector)
        .with_context(|| format!("there is no detector '{detector}': choose among {}", known.join(", ")))?;
    let dataset = scan_data(data, run.recipe.training.channel)?;
    let judged = judge_with(run, dataset, settings)?;
    for path in pipeline::write_scores(&judged.dataset, &judged.comparison, kind, out)? {
        print(&path.display().to_string())?;
    }
    Ok(())
}

pub(super) fn evaluate(
    scores: &Path,
    truth: &Path,
    json: bool,
    rules: Option<&str>,
    as_evaluator_2022: bool,
    out: Option<&Path>,
) -> anyhow::Result<()> {
    let mut rules = rules.and_then(Rules::from_name);
    if as_evaluator_2022 && *rules.get_or_insert(Rules::Dcase2022) != Rules::Dcase2022 {
        anyhow::bail!("--as-evaluator-2022 repeats the evaluator of 2022: leave --rules out, or give --rules 2022");
    }
    let options = EvaluationOptions {
        rules,
        as_evaluator_2022,
    };
    let evaluation = pipeline::evaluate(scores, truth, options, &mut StderrProgress::new("Evaluating"))?;
    let written = out
        .map(|out| pipeline::write_evaluation(scores, &evaluation, out))
        .transpose()?;
    if json {
        return print_json(&evaluation);
    }
    let written = written.map(|path| path.display().to_string());
    let mut lines = pipeline::evaluation_lines(&evaluation).into_iter().chain(written);
    lines.try_for_each(|line| print(&line))
}

pub(super) fn compare(
    run: Run,
    data: &Path,
    json: bool,
    tables: [Option<PathBuf>; 2],
    settings: &DetectorSettings,
) -> anyhow::Result<()> {
    let dataset = scan_data(data, run.recipe.training.channel)?;
    let judged = judge_with(run, dataset, settings)?;
    let summary = judged.comparison.summary();
    let table = pipeline::summary_table(&summary);
    for path in tables.into_iter().flatten() {
        figures::write_table(&table, &path)?;
    }
    if json {
        print_json(&summary)
    } else {
        pipeline::summary_lines(&summary).iter().try_for_each(|line| print(line))
    }
}

pub(super) fn map(run: &Path, data: &Path, perplexity: f32, seed: u64, engine: Engine, out: &Path) -> anyhow::Result<()> {
    let engine = match engine {
        Engine::Tsne => ProjectionEngine::Tsne,
        Engine::LinfaTsne => ProjectionEngine::LinfaTsne,
        Engine::Pca => ProjectionEngine::Pca,
    };
    let config = ProjectionConfig {
        engine,
        perplexity,
        seed,
        ..ProjectionConfig::default()
    };
    let mut workbench = judge(run, data)?.workbench();
    workbench.place_on_map(&config, &mut StderrProgress::new("Drawing the map"))?;
    for path in app::write_map(&workbench, out)? {
        print(&path.display().to_string())?;
    }
    Ok(())
}

pub(super) fn report(run: &Path, data: &Path, out: &Path) -> anyhow::Result<()> {
    let workbench = judge(run, data)?.workbench();
    let page = app::write_report(&mut [workbench], out, &mut StderrProgress::new("Drawing figures"))?;
    print(&page.display().to_string())
}

pub(super) fn bench(arguments: &BenchArguments) -> anyhow::Result<()> {
    use_threads(arguments.threads)?;
    match &arguments.growth {
        Some(out) => bench::run_growth(out, &arguments.clips),
        None => bench::run(&arguments.only, arguments.json),
    }
}
