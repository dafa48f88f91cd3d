//! Searches for tiny designs: starting, going on after a stop or a restart, keeping a design as a run.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::job_types::JobOutput;
use super::{App, JobKind, RunStatus, RunView, Severity, Workbench};
use crate::dataset::MachineSection;
use crate::exploration::TrialState;
use crate::jobs::JobId;
use crate::pipeline::{self, Exploration, ExploreEvent, ExploreSettings};
use crate::project::Project;

/// The name that runs of kept designs begin with.
const KEPT: &str = "outliernet";

/// How a search stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExplorationStatus {
    Searching,
    /// Stopped or cut off; its log is kept, and it can go on.
    Stopped,
    Done,
    Failed(String),
}

/// A search for a tiny design.
#[derive(Debug, Clone)]
pub struct ExplorationView {
    /// Of its folder below `explorations/`.
    pub name: String,
    pub exploration: Exploration,
    pub status: ExplorationStatus,
    pub job: Option<JobId>,
    /// Grows with each thing that becomes known, so that a view can keep what it worked out.
    pub revision: u64,
}

impl ExplorationView {
    /// A search as its folder tells it.
    pub fn new(name: impl Into<String>, exploration: Exploration) -> Self {
        let is_running = |state| state == TrialState::Running;
        let is_whole = exploration.trials.len() >= exploration.settings.search.n_trials
            && !exploration.trials.iter().any(|trial| is_running(trial.state));
        Self {
            name: name.into(),
            exploration,
            status: if is_whole {
                ExplorationStatus::Done
            } else {
                ExplorationStatus::Stopped
            },
            job: None,
            revision: 0,
        }
    }
}

impl App {
    /// Starts a search; its name is its machine's with a number. One search at a time: it has all processors at work.
    pub(super) fn explore(&mut self, settings: ExploreSettings) {
        let Some(workbench) = &mut self.state.workbench else { return };
        if workbench.searching().is_some() {
            return;
        }
        let name = workbench.free_exploration_name(&settings.group);
        let view = ExplorationView::new(name.clone(), Exploration::new(settings));
        workbench.explorations.push(view);
        self.start_exploration(&name);
    }

    pub(super) fn resume_exploration(&mut self, name: &str) {
        let Some(workbench) = &self.state.workbench else { return };
        let is_waiting = workbench
            .exploration(name)
            .is_some_and(|view| view.job.is_none() && view.status != ExplorationStatus::Done);
        if is_waiting && workbench.searching().is_none() {
            self.start_exploration(name);
        }
    }

    fn start_exploration(&mut self, name: &str) {
        let Some(workbench) = &self.state.workbench else { return };
        let Some(settings) = workbench.exploration(name).map(|view| view.exploration.settings.clone()) else {
            return;
        };
        let (dataset, dir) = (Arc::clone(&workbench.dataset), workbench.exploration_dir(name));
        let kind = JobKind::Explore {
            exploration: name.to_owned(),
        };
        let job = self.spawn(kind, &format!("Search {name}"), move |context| {
            let exploration = pipeline::explore(&dataset, &settings, &dir, context)?;
            Ok(JobOutput::Explored(Box::new(exploration)))
        });
        self.change_exploration(name, |view| {
            view.job = job;
            if job.is_some() {
                view.status = ExplorationStatus::Searching;
            }
        });
    }

    /// A trial, or the reference, has come.
    pub(super) fn take_explored(&mut self, name: &str, event: ExploreEvent) {
        self.change_exploration(name, |view| view.exploration.take(event));
    }

    pub(super) fn take_exploration(&mut self, name: &str, exploration: Exploration) {
        self.change_exploration(name, |view| view.exploration = exploration);
        self.end_exploration(name, ExplorationStatus::Done);
    }

    pub(super) fn end_exploration(&mut self, name: &str, status: ExplorationStatus) {
        if let ExplorationStatus::Failed(reason) = &status {
            self.notify(Severity::Error, format!("{name}: {reason}"));
        }
        self.change_exploration(name, |view| {
            view.status = status;
            view.job = None;
        });
    }

    fn change_exploration(&mut self, name: &str, change: impl FnOnce(&mut ExplorationView)) {
        let Some(workbench) = &mut self.state.workbench else { return };
        if let Some(view) = workbench.explorations.iter_mut().find(|view| view.name == name) {
            change(view);
            view.revision += 1;
        }
    }

    pub(super) fn delete_exploration(&mut self, name: &str) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let dir = workbench.exploration_dir(name);
        workbench.explorations.retain(|view| view.name != name);
        workbench.project.design_pins.remove(name);
        self.abandon(|kind| matches!(kind, JobKind::Explore { exploration } if exploration == name));
        self.touch();
        self.spawn(JobKind::DeleteExploration, &format!("Delete {name}"), move |_| {
            // Moved aside first: a search that has not noticed yet writes into nothing that is seen again.
            let trash = dir.with_extension("deleted");
            let removed = std::fs::rename(&dir, &trash).and_then(|()| std::fs::remove_dir_all(&trash));
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context(dir.display().to_string()),
                _ => Ok(JobOutput::ExplorationDeleted),
            }
        });
    }

    pub(super) fn pin_design(&mut self, name: &str, trial: usize, is_pinned: bool) {
        let words = if is_pinned { "Pin" } else { "Unpin" };
        self.edit(&format!("{words} design {trial} of {name}"), |project| {
            let pins = project.design_pins.entry(name.to_owned()).or_default();
            if is_pinned {
                pins.insert(trial);
            } else {
                pins.remove(&trial);
            }
            if pins.is_empty() {
                project.design_pins.remove(name);
            }
        });
    }

    /// Makes the sound of a clip that a design was judged by again, and plays it.
    pub(super) fn hear_judged(&mut self, name: &str, trial: usize, place: usize) {
        let Some(workbench) = &self.state.workbench else { return };
        let Some(exploration) = workbench.exploration(name).map(|view| &view.exploration) else {
            return;
        };
        let report = exploration.trials.iter().find(|report| report.number == trial);
        let Some(clip) = report.and_then(|report| report.judged.get(place)).cloned() else {
            return;
        };
        let (dataset, settings) = (Arc::clone(&workbench.dataset), exploration.settings.clone());
        // The click before it is not waited for.
        self.abandon(|kind| *kind == JobKind::ReadSound);
        self.spawn(JobKind::ReadSound, "Putting the fault in", move |_| {
            let sound = pipeline::judged_sound(&dataset, &settings, &clip.path, &clip.label)?;
            Ok(JobOutput::SoundRead(Arc::new(sound)))
        });
    }

    /// Makes a run of a design, trained on where that is asked for.
    pub(super) fn keep_design(&mut self, name: &str, trial: usize, n_more_epochs: usize) {
        let Some(workbench) = &self.state.workbench else { return };
        if workbench.exploration(name).is_none() {
            return;
        }
        // The folder of a run that is still being kept may not be there yet.
        let is_taken = |run: &str| {
            let mut jobs = self.state.jobs.iter();
            jobs.any(|job| matches!(&job.kind, JobKind::KeepDesign { run: taken } if taken == run))
        };
        let run = workbench.free_run_name_but(KEPT, is_taken);
        let (dataset, dir) = (Arc::clone(&workbench.dataset), workbench.exploration_dir(name));
        let run_dir = Project::run_dir(&workbench.path, &run);
        let title = format!("Keep design {trial} as {run}");
        self.spawn(JobKind::KeepDesign { run }, &title, move |context| {
            let kept = pipeline::keep(&dataset, &dir, trial, n_more_epochs, &run_dir, context)?;
            Ok(JobOutput::DesignKept(Box::new(RunView {
                recipe: kept.recipe,
                status: RunStatus::Done,
                epochs: pipeline::read_epochs(&run_dir),
                log: pipeline::read_log(&run_dir),
                job: None,
            })))
        });
    }

    /// A design has become a run: it stands beside the active one, or is the first.
    pub(super) fn take_kept(&mut self, name: &str, run: RunView) {
        let Some(workbench) = &mut self.state.workbench else { return };
        workbench.project.runs.insert(name.to_owned(), run.recipe.clone());
        workbench.runs.insert(name.to_owned(), run);
        let has_active = workbench.project.active_run.is_some();
        self.touch();
        if has_active {
            self.show_beside(name.to_owned(), true);
        } else {
            self.activate_run(name);
        }
        self.notify(
            Severity::Info,
            format!("{name} is kept: see its scores on the screen Compare, export it on the screen Train"),
        );
    }
}

impl Workbench {
    /// The search of this name.
    pub fn exploration(&self, name: &str) -> Option<&ExplorationView> {
        self.explorations.iter().find(|view| view.name == name)
    }

    /// The search that is under way.
    pub fn searching(&self) -> Option<&ExplorationView> {
        self.explorations.iter().find(|view| view.job.is_some())
    }

    pub fn is_design_pinned(&self, exploration: &str, trial: usize) -> bool {
        let pins = self.project.design_pins.get(exploration);
        pins.is_some_and(|pins| pins.contains(&trial))
    }

    fn exploration_dir(&self, name: &str) -> std::path::PathBuf {
        Project::explorations_dir(&self.path).join(name)
    }

    /// The first name that no search has, nor a folder that was left behind.
    fn free_exploration_name(&self, group: &MachineSection) -> String {
        let plain = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
        let stem: String = format!("{}-{}", group.machine, group.section).chars().map(plain).collect();
        let mut names = (1..).map(|n| format!("{stem}-{n}"));
        let is_free = |name: &String| self.exploration(name).is_none() && !self.exploration_dir(name).exists();
        names.find(is_free).unwrap_or_default()
    }
}

/// The searches of the project at `path` from the oldest to the newest, and why some cannot be read.
pub(super) fn explorations_of(path: &Path) -> (Vec<ExplorationView>, Vec<String>) {
    let folder = Project::explorations_dir(path);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return (Vec::new(), Vec::new());
    };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir() && entry.path().extension().is_none_or(|ending| ending != "deleted"))
        .map(|entry| {
            let begun = entry
                .metadata()
                .and_then(|metadata| metadata.created().or_else(|_| metadata.modified()));
            (begun.ok(), entry.path())
        })
        .collect();
    found.sort();
    let (mut views, mut notes) = (Vec::new(), Vec::new());
    for (_, dir) in found {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match pipeline::open_exploration(&dir) {
            Ok(exploration) => views.push(ExplorationView::new(name, exploration)),
            Err(error) => notes.push(format!("the search {name} cannot be shown: {error}")),
        }
    }
    (views, notes)
}
