//! From a data set and a recipe to a run: a folder with everything that is needed to embed clips again.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::data_folder::refuse_inside_data;
use super::held_out::{self, HELD_OUT_FILE};
use super::model_card::{limits, model_card};
use super::normal_scores::{self, NORMAL_SCORES_FILE};
use super::run::{CARD_FILE, LOG_FILE, METRICS_FILE, RECIPE_FILE, Run, read_epochs};
use super::training_clips::training_clips;
use super::{PipelineError, metrics_file};
use crate::dataset::Dataset;
use crate::extractors::{self, EpochMetrics, Extractor, TrainingObserver};
use crate::progress::{Cancelled, Progress};
use crate::project::RunRecipe;
use crate::whole_file::write_whole;

/// Trains on the normal training clips of the chosen machines and writes the run's folder. Resumes a training that was cut off there.
/// The run that comes back names the channel that it listens to.
///
/// # Errors
/// Where there is nothing to train on, the folder cannot be written, the training fails, or the wish to stop.
pub fn train(
    dataset: &Dataset,
    recipe: &RunRecipe,
    run_dir: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Run, PipelineError> {
    let recipe = &recipe.heard_in(dataset);
    let clips = training_clips(dataset, recipe)?;
    write_run(dataset, recipe, run_dir, observer, clips.len(), |recorder| {
        Ok(Made {
            extractor: extractors::train(&recipe.training, &clips, run_dir, recorder)?,
            notes: String::new(),
        })
    })
}

/// A trained front end, and what its model card says beside what it says of every run.
pub(super) struct Made {
    pub extractor: Box<dyn Extractor>,
    pub notes: String,
}

/// Writes the folder of a run whose front end `make` trains on so many clips.
pub(super) fn write_run(
    dataset: &Dataset,
    recipe: &RunRecipe,
    run_dir: &Path,
    observer: &mut dyn TrainingObserver,
    n_clips: usize,
    make: impl FnOnce(&mut dyn TrainingObserver) -> Result<Made, PipelineError>,
) -> Result<Run, PipelineError> {
    prepare_folder(dataset, run_dir)?;
    let mut recorder = Recorder {
        run_dir,
        root: &dataset.root,
        observer,
        error: None,
    };
    recorder.log(&format!("{}: {n_clips} normal clips", recipe.training.recipe.title()));
    let made = make(&mut recorder);
    if let Some(error) = recorder.error {
        return Err(error);
    }
    let Made { extractor, notes } = made?;
    extractor.save(run_dir)?;
    let run = Run {
        dir: run_dir.to_owned(),
        recipe: recipe.clone(),
        extractor: Arc::from(extractor),
    };
    let scores = normal_scores::of_run(&run, dataset, observer)?;
    if !scores.is_empty() {
        normal_scores::write(run_dir, &scores)?;
    }
    let n_held_out = held_out::held_out_lines(run_dir);
    let epochs = read_epochs(run_dir);
    let card = model_card(dataset, recipe, n_clips, &epochs) + &limits(recipe.training.recipe, n_held_out, &scores) + &notes;
    write(&run_dir.join(CARD_FILE), card.as_bytes())?;
    let json = serde_json::to_vec_pretty(recipe).map_err(|source| PipelineError::io(run_dir, source.into()))?;
    write(&run_dir.join(RECIPE_FILE), &json)?;
    Ok(run)
}

/// Makes the run's folder, and takes out of it what an earlier training said of itself: a folder that is cut off in the middle
/// must not pass for finished, and a resumed training tells its earlier epochs again. Checkpoints stay.
fn prepare_folder(dataset: &Dataset, run_dir: &Path) -> Result<(), PipelineError> {
    refuse_inside_data(dataset, run_dir)?;
    std::fs::create_dir_all(run_dir).map_err(|source| PipelineError::io(run_dir, source))?;
    for name in [
        RECIPE_FILE,
        CARD_FILE,
        METRICS_FILE,
        LOG_FILE,
        HELD_OUT_FILE,
        NORMAL_SCORES_FILE,
    ] {
        let path = run_dir.join(name);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(PipelineError::io(&path, source)),
            _ => {}
        }
    }
    Ok(())
}

/// Whole or not at all: half a recipe would be a finished run that can neither be opened nor resumed.
fn write(path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
    write_whole(path, |file| file.write_all(bytes)).map_err(|source| PipelineError::io(path, source))
}

/// An epoch as a line of the log.
fn epoch_line(metrics: &EpochMetrics) -> String {
    let held_out = metrics
        .validation_loss
        .map_or_else(String::new, |loss| format!(", held out {loss:.4}"));
    let accuracy = metrics
        .validation_accuracy
        .map_or_else(String::new, |share| format!(", accuracy {:.1} %", share * 100.0));
    let figures = metrics.figures.iter().fold(String::new(), |line, figure| {
        let held_out = if figure.is_held_out { "held-out " } else { "" };
        format!("{line}, {held_out}{} {:.4}", figure.name, figure.value)
    });
    let EpochMetrics {
        epoch_idx,
        network,
        train_loss,
        secs,
        ..
    } = metrics;
    let network = if network.is_empty() {
        String::new()
    } else {
        format!("{network} ")
    };
    format!(
        "{network}epoch {}: loss {train_loss:.4}{held_out}{accuracy}{figures} ({secs:.1} s)",
        epoch_idx + 1
    )
}

/// Passes everything on and keeps epochs and log lines in the run's folder.
struct Recorder<'a> {
    run_dir: &'a Path,
    /// Of the data.
    root: &'a Path,
    observer: &'a mut dyn TrainingObserver,
    /// The first failure to write: a training must not go on for hours without leaving a trace.
    error: Option<PipelineError>,
}

impl Recorder<'_> {
    fn append(&mut self, name: &str, line: &str) {
        let path = self.run_dir.join(name);
        let appended = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        if let Err(source) = appended {
            self.error.get_or_insert(PipelineError::io(&path, source));
        }
    }
}

impl Progress for Recorder<'_> {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        if self.error.is_some() {
            return Err(Cancelled);
        }
        self.observer.step(done, total)
    }

    fn stage(&mut self, name: &str) {
        self.observer.stage(name);
    }

    fn log(&mut self, line: &str) {
        self.append(LOG_FILE, &format!("{line}\n"));
        self.observer.log(line);
    }
}

impl TrainingObserver for Recorder<'_> {
    fn held_out(&mut self, files: &[&Path]) {
        let is_new = !self.run_dir.join(HELD_OUT_FILE).exists();
        let header = if is_new { held_out::header() } else { String::new() };
        let lines = files.iter().filter_map(|file| held_out::line(self.root, file));
        self.append(HELD_OUT_FILE, &lines.fold(header, |text, line| text + &line));
        self.observer.held_out(files);
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        let path = self.run_dir.join(METRICS_FILE);
        if let Err(source) = metrics_file::append(&path, metrics) {
            self.error.get_or_insert(PipelineError::io(&path, source));
        }
        self.log(&epoch_line(metrics));
        self.observer.epoch(metrics);
    }
}
