//! Trainings: starting, resuming, finishing, choosing the one that the screens show.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::job_types::{JobOutput, JobUpdate, Scored};
use super::{Action, App, JobKind, NextStep, RunStatus, RunView, Severity, Workbench};
use crate::pipeline::{self, EmbeddedClips, PipelineError};
use crate::project::{Project, RunRecipe};

impl App {
    /// Starts a new run; its name is the recipe's with a number.
    pub(super) fn train(&mut self, recipe: RunRecipe) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let name = workbench.free_run_name(recipe.training.recipe.name());
        let view = RunView {
            recipe: recipe.clone(),
            status: RunStatus::Training,
            epochs: Vec::new(),
            log: Vec::new(),
            job: None,
        };
        workbench.runs.insert(name.clone(), view);
        workbench.project.runs.insert(name.clone(), recipe);
        self.touch();
        self.start_run(&name);
    }

    /// Goes on with a run that was stopped, from its last checkpoint.
    pub(super) fn resume(&mut self, name: &str) {
        let is_waiting = self
            .run(name)
            .is_some_and(|run| run.job.is_none() && run.status != RunStatus::Done);
        if is_waiting {
            self.start_run(name);
        }
    }

    fn start_run(&mut self, name: &str) {
        let Some(workbench) = &self.state.workbench else { return };
        let Some(recipe) = workbench.runs.get(name).map(|run| run.recipe.clone()) else {
            return;
        };
        let (dataset, run_dir) = (Arc::clone(&workbench.dataset), Project::run_dir(&workbench.path, name));
        let title = format!("Train {name}");
        let job = self.spawn(JobKind::Train { run: name.to_owned() }, &title, move |context| {
            pipeline::train(&dataset, &recipe, &run_dir, context)?;
            Ok(JobOutput::RunTrained)
        });
        if let Some(run) = self.run_mut(name) {
            run.job = job;
            run.status = if job.is_some() {
                RunStatus::Training
            } else {
                RunStatus::Stopped
            };
        }
    }

    pub(super) fn take_update(&mut self, id: crate::jobs::JobId, update: JobUpdate) {
        match (update, self.running.get(&id).map(|job| job.kind.clone())) {
            (JobUpdate::Epoch(epoch), Some(JobKind::Train { run })) => {
                if let Some(run) = self.run_mut(&run) {
                    run.epochs
                        .retain(|known| (known.epoch_idx, &known.network) != (epoch.epoch_idx, &epoch.network));
                    run.epochs.push(epoch);
                }
            }
            (JobUpdate::Layout(layout), Some(JobKind::Map)) => self.take_layout(layout),
            (JobUpdate::Drawn(piece, drawn), Some(JobKind::DrawLong)) => self.take_drawn(piece, drawn),
            (JobUpdate::Live { score, pace }, _) => self.take_live_score(score, pace),
            (JobUpdate::Watched(event), _) => self.take_watched(event),
            (JobUpdate::WatchThreshold(threshold, basis), _) => self.take_watch_threshold(threshold, basis),
            (JobUpdate::TrainingLevel(level_db), _) => self.take_training_level(level_db),
            (JobUpdate::Explored(event), Some(JobKind::Explore { exploration })) => self.take_explored(&exploration, *event),
            _ => {}
        }
    }

    pub(super) fn end_run(&mut self, name: &str, status: RunStatus) {
        if let RunStatus::Failed(reason) = &status {
            self.notify(Severity::Error, format!("{name}: {reason}"));
        }
        let is_done = status == RunStatus::Done;
        if let Some(run) = self.run_mut(name) {
            run.status = status;
            run.job = None;
        }
        if !is_done {
            return;
        }
        // What a person is looking at is not taken away: another run is shown when they say so.
        let shows_another = self.state.workbench.as_ref().is_some_and(|workbench| {
            let active = workbench.project.active_run.as_deref().filter(|&active| active != name);
            active
                .and_then(|active| workbench.runs.get(active))
                .is_some_and(|run| run.status == RunStatus::Done)
        });
        if !shows_another {
            self.activate_run(name);
        } else {
            self.notify_with(Severity::Info, format!("{name} is trained"), Some(NextStep::use_run(name)));
        }
    }

    /// Makes this run the one whose embeddings and scores are shown.
    pub(super) fn activate_run(&mut self, name: &str) {
        let Some(workbench) = &mut self.state.workbench else { return };
        if workbench.runs.get(name).is_none_or(|run| run.status != RunStatus::Done) {
            return;
        }
        let is_change = workbench.project.active_run.as_deref() != Some(name);
        workbench.project.active_run = Some(name.to_owned());
        workbench.forget_results();
        workbench.beside.remove(name);
        let (dataset, settings) = (Arc::clone(&workbench.dataset), workbench.project.detector_settings());
        let (run_name, run_dir) = (name.to_owned(), Project::run_dir(&workbench.path, name));
        // Opening a project is no change to it.
        if is_change {
            self.touch();
        }
        self.abandon(|kind| matches!(kind, JobKind::Score | JobKind::Ribbon | JobKind::Map));
        self.spawn(JobKind::Score, &format!("Score with {name}"), move |context| {
            let run = Arc::new(pipeline::load_run(&run_dir)?);
            Scored::by((run_name, run), dataset, settings, &EmbeddedClips::default(), context)
        });
    }

    pub(super) fn take_scored(&mut self, scored: Scored) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let n_failed = scored.embedded.failed.len();
        let first_failure = scored
            .embedded
            .failed
            .first()
            .map(|file| format!("{}: {}", file.path.display(), file.error));
        let heard = scored.run.recipe.channel(&workbench.dataset);
        let other_channel = (heard != workbench.dataset.channel).then(|| {
            let shown = workbench.dataset.channel;
            format!("{} listens to {heard}; Browse shows and plays {shown}", scored.run_name)
        });
        let is_news = workbench.run.as_ref().is_none_or(|(shown, _)| *shown != scored.run_name);
        let scores_ready = is_news.then(|| format!("The scores of {} are ready", scored.run_name));
        workbench.run = Some((scored.run_name, scored.run));
        workbench.embedded = Some(scored.embedded);
        workbench.comparison = Some(scored.comparison);
        workbench.refresh_scores();
        // Labels or settings that a person changed meanwhile.
        let is_outdated =
            !Arc::ptr_eq(&workbench.dataset, &scored.dataset) || workbench.project.detector_settings() != scored.settings;
        if is_outdated {
            self.compare_again();
        }
        if let Some(text) = scores_ready {
            let next_step = NextStep {
                label: "Show",
                action: Action::ShowMostSuspicious,
            };
            self.notify_with(Severity::Info, text, Some(next_step));
        }
        if let Some(text) = other_channel {
            self.notify(Severity::Info, text);
        }
        if let Some(first) = first_failure {
            self.notify(
                Severity::Warning,
                format!("{n_failed} clips could not be scored; the first: {first}"),
            );
        }
        self.score_focused_crops();
    }

    pub(super) fn delete_run(&mut self, name: &str) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let run_dir = Project::run_dir(&workbench.path, name);
        workbench.runs.remove(name);
        workbench.project.runs.remove(name);
        workbench.beside.remove(name);
        workbench.deleted_runs.insert(name.to_owned());
        if workbench.project.active_run.as_deref() == Some(name) {
            workbench.project.active_run = None;
            workbench.forget_results();
        }
        self.abandon(|kind| matches!(kind, JobKind::Train { run } if run == name));
        self.touch();
        self.spawn(JobKind::DeleteRun, &format!("Delete {name}"), move |_| {
            // Moved aside first: a training that has not noticed yet writes into nothing that is seen again.
            let trash = run_dir.with_extension("deleted");
            let removed = std::fs::rename(&run_dir, &trash).and_then(|()| std::fs::remove_dir_all(&trash));
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context(run_dir.display().to_string()),
                _ => Ok(JobOutput::RunDeleted),
            }
        });
    }

    fn run(&self, name: &str) -> Option<&RunView> {
        self.state.workbench.as_ref()?.runs.get(name)
    }

    fn run_mut(&mut self, name: &str) -> Option<&mut RunView> {
        self.state.workbench.as_mut()?.runs.get_mut(name)
    }
}

impl Workbench {
    /// The first name that neither a run nor a folder that was left behind has, nor a run that was deleted: its training may
    /// not have noticed yet and would write into the new one's folder.
    fn free_run_name(&self, recipe: &str) -> String {
        self.free_run_name_but(recipe, |_| false)
    }

    /// The same, and none that `is_taken` in another way.
    pub(super) fn free_run_name_but(&self, recipe: &str, is_taken: impl Fn(&str) -> bool) -> String {
        let mut names = (1..).map(|n| format!("{recipe}-{n}"));
        let is_free = |name: &String| {
            let is_known = self.runs.contains_key(name) || self.deleted_runs.contains(name);
            !is_known && !is_taken(name) && !Project::run_dir(&self.path, name).exists()
        };
        names.find(is_free).unwrap_or_default()
    }

    /// Drops everything that the active run said.
    fn forget_results(&mut self) {
        self.run = None;
        self.embedded = None;
        self.comparison = None;
        self.crop_banks.clear();
        self.map = super::MapView::default();
        self.focus_view.crops.clear();
        self.focus_view.window = None;
        self.focus_view.ribbon = None;
        self.refresh_scores();
    }
}

/// How the runs of the project at `path` stand, by what their folders hold.
pub(super) fn runs_of(path: &Path, project: &Project) -> BTreeMap<String, RunView> {
    let view = |(name, recipe): (&String, &RunRecipe)| (name.clone(), view_of(path, name, recipe));
    project.runs.iter().map(view).collect()
}

/// How one run of the project at `path` stands.
pub(super) fn view_of(path: &Path, name: &str, recipe: &RunRecipe) -> RunView {
    let run_dir = Project::run_dir(path, name);
    RunView {
        recipe: recipe.clone(),
        status: if pipeline::is_finished(&run_dir) {
            RunStatus::Done
        } else {
            RunStatus::Stopped
        },
        epochs: pipeline::read_epochs(&run_dir),
        log: pipeline::read_log(&run_dir),
        job: None,
    }
}

/// A failure in words; cancelled trainings are stopped, not failed.
pub(super) fn failure_text(error: &anyhow::Error) -> String {
    match error.downcast_ref::<PipelineError>() {
        Some(error) => error.to_string(),
        None => error_text(error),
    }
}

/// An error and its causes in one line, nothing said twice.
pub fn error_text(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().replace(['\n', '\r'], " ");
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
