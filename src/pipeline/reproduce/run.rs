//! Trains what a table needs, or takes what an earlier call trained, and works out its rows.

use std::path::{Path, PathBuf};

use super::plan::{Choice, SIX, System, Target};
use super::published::MACHINES;
use super::rows::{DataFacts, Reproduction, SystemRows};
use super::settings::Settings;
use super::write;
use crate::dataset::{Dataset, Label, Layout, Split};
use crate::detectors::{DetectorKind, DetectorSettings};
use crate::evaluation::{self, BootstrapConfig, LabelledScore, TableFigures};
use crate::extractors::{TrainingConfig, TrainingObserver};
use crate::pipeline::{self, Comparison, EmbeddedClips, GroupComparison, Half, PipelineError, Run};
use crate::project::RunRecipe;

/// Trains the systems of a table on `dataset` and writes the table into `out`, anew after each system, so that a run that is
/// stopped leaves what it has. Called again, it goes on: finished trainings below `out` are used again, one that was cut off
/// resumes from its checkpoint. A system that fails is left out, in words.
///
/// # Errors
/// Where the data are not those that the table is about, `out` cannot be written, or the wish to stop.
pub fn reproduce_table(
    target: Target,
    dataset: &Dataset,
    settings: &Settings,
    out: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<(Reproduction, Vec<PathBuf>), PipelineError> {
    let dataset = prepared(target, dataset, settings)?;
    let machines = machines_to_test(&dataset);
    if machines.is_empty() {
        return Err(wrong_data(
            target,
            &dataset,
            "it has no labelled test clips of both domains of any machine of the paper",
        ));
    }
    let mut reproduction = Reproduction {
        target,
        settings: settings.clone(),
        machines,
        rows: Vec::new(),
        left_out: Vec::new(),
        data: facts(&dataset),
    };
    let systems = target.systems();
    for (place, system) in systems.iter().enumerate() {
        observer.log(&format!(
            "{}: {} ({} of {})",
            target.name(),
            system.name,
            place + 1,
            systems.len()
        ));
        match rows_of(system, &reproduction, &dataset, out, observer) {
            Ok(rows) => reproduction.rows.extend(rows),
            Err(error) if error.is_cancelled() || matches!(error, PipelineError::Io { .. }) => return Err(error),
            Err(error) => {
                let reason = match error {
                    PipelineError::NoSystem { reason, .. } => reason,
                    other => other.to_string(),
                };
                observer.log(&format!("{} is left out: {reason}", system.name));
                reproduction.left_out.push((system.name.to_owned(), reason));
            }
        }
        let to_come = systems[place + 1..].iter();
        let mut so_far = reproduction.clone();
        so_far
            .left_out
            .extend(to_come.map(|system| (system.name.to_owned(), "not run yet: give the same command again".to_owned())));
        write::write(&so_far, out)?;
    }
    let written = write::write(&reproduction, out)?;
    Ok((reproduction, written))
}

/// A training that a target needs.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedTraining {
    pub system: &'static str,
    pub config: TrainingConfig,
    /// Normal clips to learn from, and how long they last together.
    pub n_clips: usize,
    pub secs: f64,
}

/// The trainings that a target needs on `dataset`, each once, whether an earlier call has done some of them or not.
pub fn planned_trainings(target: Target, dataset: &Dataset, settings: &Settings) -> Vec<PlannedTraining> {
    let dataset = settings.thinned(dataset, target.challenge());
    let fitted_on: Vec<f64> = dataset
        .clips
        .iter()
        .filter(|clip| clip.split == Split::Train && clip.label != Label::Anomalous)
        .map(|clip| clip.duration_secs)
        .collect();
    let mut slugs = std::collections::BTreeSet::new();
    let systems = target.systems().iter().filter(|system| slugs.insert(system.slug));
    let planned = systems.filter_map(|system| {
        let config = system.training(target.challenge(), settings).ok()?;
        Some(PlannedTraining {
            system: system.name,
            config,
            n_clips: fitted_on.len(),
            secs: fitted_on.iter().sum(),
        })
    });
    planned.collect()
}

/// The clips that a target speaks of.
pub(super) fn prepared(target: Target, dataset: &Dataset, settings: &Settings) -> Result<Dataset, PipelineError> {
    let challenge = target.challenge();
    let is_of_another = matches!(
        dataset.layout,
        Layout::Dcase2020 | Layout::Dcase2021 | Layout::Dcase2022 | Layout::Dcase2023 | Layout::Mimii
    ) && dataset.layout != challenge.layout();
    if is_of_another {
        return Err(wrong_data(
            target,
            dataset,
            &format!("its layout is {}", dataset.layout.name()),
        ));
    }
    Ok(settings.thinned(dataset, challenge))
}

pub(super) fn wrong_data(target: Target, dataset: &Dataset, reason: &str) -> PipelineError {
    PipelineError::OtherData {
        root: dataset.root.clone(),
        target: target.name(),
        challenge: target.challenge().title(),
        reason: reason.to_owned(),
        records: target.challenge().records().join(", "),
    }
}

pub(super) fn facts(dataset: &Dataset) -> DataFacts {
    let of_split = |split| dataset.clips.iter().filter(move |clip| clip.split == split);
    let trained: std::collections::BTreeSet<&str> = of_split(Split::Train).map(|clip| clip.group.machine.as_str()).collect();
    DataFacts {
        fingerprint: dataset.fingerprint(),
        layout: dataset.layout.name().to_owned(),
        n_train: of_split(Split::Train).count(),
        n_test: of_split(Split::Test).count(),
        n_machines_trained: trained.len(),
    }
}

/// Machines of the paper with test clips of both labels and domains.
fn machines_to_test(dataset: &Dataset) -> Vec<String> {
    let has = |machine: &str, label: Label, is_target: bool| {
        dataset.clips.iter().any(|clip| {
            clip.group.machine == machine
                && clip.split == Split::Test
                && clip.label == label
                && clip.domain.is_some()
                && (label == Label::Anomalous || clip.is_target() == is_target)
        })
    };
    let can_be_tested = |machine: &&str| {
        has(machine, Label::Normal, false) && has(machine, Label::Normal, true) && has(machine, Label::Anomalous, false)
    };
    MACHINES.into_iter().filter(can_be_tested).map(str::to_owned).collect()
}

fn rows_of(
    system: &System,
    reproduction: &Reproduction,
    dataset: &Dataset,
    out: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Vec<SystemRows>, PipelineError> {
    let (run, embedded) = embedded(system, reproduction.target, &reproduction.settings, dataset, out, observer)?;
    let comparison = pipeline::compare(dataset, &embedded, &DetectorSettings::default(), observer)?;
    let training = fields(&run.recipe.training);
    let row = |&choice: &Choice| {
        let directions = directions(choice, &comparison);
        let chosen: Vec<Vec<Option<DetectorKind>>> = directions
            .iter()
            .map(|direction| chosen(choice, direction.chosen_by, &reproduction.machines))
            .collect();
        let told = directions.iter().zip(&chosen);
        SystemRows {
            system: system.name,
            detector: choice.title(),
            labels_used: choice.labels_used(),
            figures: figures(&directions, &reproduction.machines, &chosen),
            fallbacks: told
                .flat_map(|(direction, chosen)| fallbacks(direction.reported_on, &reproduction.machines, chosen))
                .collect(),
            chosen: (0..reproduction.machines.len())
                .map(|machine| chosen.iter().filter_map(|chosen| chosen[machine]).collect())
                .collect(),
            published: system.published,
            training: training.clone(),
        }
    };
    Ok(system.choices.iter().map(row).collect())
}

/// On which clips detectors are chosen, and on which they are reported.
struct Direction<'a> {
    chosen_by: &'a Comparison,
    reported_on: &'a Comparison,
}

fn directions(choice: Choice, comparison: &Comparison) -> Vec<Direction<'_>> {
    match choice {
        Choice::Fixed(_) | Choice::Fusion | Choice::Oracle => vec![Direction {
            chosen_by: comparison,
            reported_on: comparison,
        }],
        Choice::OtherHalf => match [Half::A, Half::B].map(|half| comparison.half(half)) {
            [Some(a), Some(b)] => [(a, b), (b, a)]
                .map(|(chosen_by, reported_on)| Direction { chosen_by, reported_on })
                .into(),
            _ => Vec::new(),
        },
    }
}

fn chosen(choice: Choice, comparison: &Comparison, machines: &[String]) -> Vec<Option<DetectorKind>> {
    machines
        .iter()
        .map(|machine| detector(choice, &sections(comparison, machine)))
        .collect()
}

/// The system's front end, trained or taken from an earlier call, and what it makes of all clips.
pub(super) fn embedded(
    system: &System,
    target: Target,
    settings: &Settings,
    dataset: &Dataset,
    out: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<(Run, EmbeddedClips), PipelineError> {
    let training = system
        .training(target.challenge(), settings)
        .map_err(|reason| PipelineError::NoSystem {
            system: system.name,
            reason,
        })?;
    let recipe = RunRecipe {
        training,
        machines: Vec::new(),
        sections: Vec::new(),
    };
    let run_dir = out.join("runs").join(run_name(system, &recipe, dataset));
    let finished = pipeline::is_finished(&run_dir).then(|| pipeline::load_run(&run_dir));
    let run = match finished {
        // A run from before runs named their channel listens to that of the data set.
        Some(Ok(run)) if run.recipe.heard_in(dataset) == recipe.heard_in(dataset) => {
            observer.log(&format!("{}: trained before in {}", system.name, run_dir.display()));
            run
        }
        _ => pipeline::train(dataset, &recipe, &run_dir, observer)?,
    };
    let embedded = pipeline::extract(&run, dataset, observer)?;
    for failed in &embedded.failed {
        observer.log(&format!("left out: {}: {}", failed.path.display(), failed.error));
    }
    Ok((run, embedded))
}

/// Another setting or other clips, another folder: nothing that was trained is ever written over.
fn run_name(system: &System, recipe: &RunRecipe, dataset: &Dataset) -> String {
    let mut hasher = blake3::Hasher::new();
    // A recipe is plain data: there is always a JSON of it.
    hasher.update(&serde_json::to_vec(recipe).unwrap_or_default());
    hasher.update(dataset.fingerprint().as_bytes());
    format!("{}-{}", system.slug, &hasher.finalize().to_hex()[..8])
}

/// The fields of a configuration, as they are named in a run's recipe; of settings that one recipe alone knows, its own.
fn fields(training: &TrainingConfig) -> Vec<(String, String)> {
    use serde_json::Value;

    let Ok(Value::Object(fields)) = serde_json::to_value(training) else {
        return Vec::new();
    };
    let plain = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut lines = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Object(own) if name == training.recipe.name() => {
                lines.extend(own.into_iter().map(|(name, value)| (name, plain(value))));
            }
            Value::Object(_) => {}
            value => lines.push((name, plain(value))),
        }
    }
    lines
}

fn sections<'a>(comparison: &'a Comparison, machine: &str) -> Vec<&'a GroupComparison> {
    comparison
        .groups
        .iter()
        .filter(|group| group.group.machine == machine)
        .collect()
}

/// The detector of one machine type, the same for all its sections, as in the paper.
fn detector(choice: Choice, sections: &[&GroupComparison]) -> Option<DetectorKind> {
    match choice {
        Choice::Fixed(kind) => Some(kind),
        Choice::Fusion => Some(DetectorKind::Fusion),
        Choice::OtherHalf | Choice::Oracle => {
            let hmean = |kind: DetectorKind| {
                let mut parts = Vec::new();
                for section in sections {
                    parts.extend(section.result(kind)?.metrics.hmean_parts());
                }
                Some((kind, evaluation::harmonic_mean(&parts)?))
            };
            let best = SIX.into_iter().filter_map(hmean).max_by(|a, b| a.1.total_cmp(&b.1));
            best.map(|(kind, _)| kind)
        }
    }
}

fn figures(directions: &[Direction<'_>], machines: &[String], chosen: &[Vec<Option<DetectorKind>>]) -> TableFigures {
    let told = directions.iter().zip(chosen);
    let scores: Vec<Vec<Vec<&[LabelledScore]>>> = told
        .map(|(direction, chosen)| {
            let of_machine =
                |(machine, &kind): (&String, &Option<DetectorKind>)| scores_of(&sections(direction.reported_on, machine), kind);
            machines.iter().zip(chosen).map(of_machine).collect()
        })
        .collect();
    match &scores[..] {
        [all] => evaluation::table_figures(all, BootstrapConfig::default()),
        [first, second] => evaluation::table_figures_midway(first, second, BootstrapConfig::default()),
        _ => TableFigures::default(),
    }
}

/// A section that the detector could not be fitted to has no scores: its machine's figures are then undefined.
fn scores_of<'a>(sections: &[&'a GroupComparison], kind: Option<DetectorKind>) -> Vec<&'a [LabelledScore]> {
    let of_section = |section: &&'a GroupComparison| {
        kind.and_then(|kind| section.result(kind))
            .map_or(&[][..], |result| result.labelled.as_slice())
    };
    sections.iter().map(of_section).collect()
}

fn fallbacks(comparison: &Comparison, machines: &[String], chosen: &[Option<DetectorKind>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (machine, kind) in machines.iter().zip(chosen) {
        for section in sections(comparison, machine) {
            let Some(kind) = *kind else {
                lines.push(format!("{}: no detector could be fitted", section.group));
                continue;
            };
            match section.result(kind) {
                Some(result) => lines.extend(
                    result
                        .fallback
                        .iter()
                        .map(|fallback| format!("{}: {fallback}", section.group)),
                ),
                None => lines.push(format!("{}: {} could not be fitted", section.group, kind.title())),
            }
        }
    }
    lines
}
