//! Nothing lost: what is kept before it is saved, what an earlier end left behind, who may write, and the ways out where nothing
//! can be written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;

use super::folders::remember;
use super::job_types::{JobOutput, OpenedProject};
use super::{App, JobKind, SaveState, Screen, Severity};
use crate::dataset::Label;
use crate::project::{self, Claim, Project, ProjectLock, Unsaved, UnsavedPlaces};

/// A save that failed is tried again after this.
pub(super) const TRY_AGAIN: Duration = Duration::from_secs(5);
/// What lies beside a project and belongs to it.
const FOLDERS: [&str; 3] = ["runs", "explorations", "recordings"];

/// What a person can do where a project was not closed well, or cannot be written.
#[derive(Debug, Clone, PartialEq)]
pub enum SafetyAction {
    /// Goes on with what was not saved.
    Recover,
    /// Removes what was not saved.
    Discard,
    /// Opens the project as it was saved; what was not becomes a project file of its own.
    OpenWithout,
    /// Writes the project and what lies beside it to another place, and goes on there where this one cannot be written.
    SaveCopy(PathBuf),
    /// Saves again, or looks again whether the project is free.
    TryAgain,
}

/// Whether the open project may be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Access {
    #[default]
    Write,
    /// Another window has it: who.
    HeldBy(String),
    /// Its folder takes nothing: why.
    ReadOnly(String),
}

impl Access {
    /// Why nothing may be changed; `None`: it may.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Write => None,
            Self::HeldBy(holder) => Some(format!("Read only: the project is open in another window ({holder})")),
            Self::ReadOnly(reason) => Some(format!("Read only: the project's folder cannot be written to ({reason})")),
        }
    }
}

/// What an earlier end of the program left behind, for a person to decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    pub name: String,
    pub path: PathBuf,
    pub kept_at: Option<SystemTime>,
    /// What it holds that the saved project does not, a line each.
    pub differences: Vec<String>,
}

/// A project that waits for the decision.
pub(super) struct Waiting {
    opened: Box<OpenedProject>,
    unsaved: Unsaved,
}

impl App {
    pub(super) fn apply_safety(&mut self, action: SafetyAction) {
        match action {
            SafetyAction::Recover => self.recover(),
            SafetyAction::Discard => {
                if let Some(waiting) = self.take_waiting() {
                    self.places(&waiting.opened.path).forget();
                    self.enter(*waiting.opened);
                }
            }
            SafetyAction::OpenWithout => self.open_without(),
            SafetyAction::SaveCopy(path) => self.save_copy(&path),
            SafetyAction::TryAgain => self.try_again(),
        }
    }

    /// Shows a project that was read, or asks first what is to become of what was not saved.
    pub(super) fn take_opened(&mut self, mut opened: Box<OpenedProject>) {
        let is_ours = matches!(opened.access, Access::Write);
        match opened.unsaved.take().filter(|_| is_ours) {
            Some(unsaved) => {
                self.state.recovery = Some(Recovery {
                    name: opened.project.name.clone(),
                    path: opened.path.clone(),
                    kept_at: unsaved.kept_at,
                    differences: differences(&opened.project, &unsaved.project),
                });
                self.waiting = Some(Waiting { opened, unsaved });
            }
            None => self.enter(*opened),
        }
    }

    fn take_waiting(&mut self) -> Option<Waiting> {
        self.state.recovery = None;
        self.waiting.take()
    }

    /// Opens the project again with what was not saved in the place of what was: other clips and runs may belong to it.
    fn recover(&mut self) {
        if let Some(Waiting { opened, unsaved }) = self.take_waiting() {
            let path = opened.path.clone();
            // Its lock falls first: the same project is claimed again.
            drop(opened);
            self.open_as(path, Some(unsaved.project));
        }
    }

    fn open_without(&mut self) {
        let Some(waiting) = self.take_waiting() else { return };
        let path = waiting.opened.path.clone();
        let aside = free_name(&path);
        match project::save(&aside, &waiting.unsaved.project) {
            Ok(()) => {
                self.places(&path).forget();
                self.enter(*waiting.opened);
                let text = format!("What was not saved lies in {}: open it as a project", aside.display());
                self.notify(Severity::Info, text);
            }
            // Nothing is lost for want of a place: the question stays.
            Err(error) => {
                self.notify(Severity::Error, error.to_string());
                let Waiting { mut opened, unsaved } = waiting;
                opened.unsaved = Some(unsaved);
                self.take_opened(opened);
            }
        }
    }

    fn try_again(&mut self) {
        let Some(workbench) = &self.state.workbench else { return };
        if workbench.access == Access::Write {
            self.save_now();
        } else {
            self.open_project(workbench.path.clone());
        }
    }

    /// Whether the project may be changed; says why where it may not.
    pub(super) fn may_write(&mut self) -> bool {
        let workbench = self.state.workbench.as_ref();
        let refusal = workbench.and_then(|workbench| workbench.access.refusal());
        match refusal {
            Some(reason) => {
                self.notify(Severity::Warning, format!("{reason}. Save a copy to go on in it."));
                false
            }
            None => true,
        }
    }

    /// Asks for the state of the project to be kept at the next poll.
    pub(super) fn keep(&mut self) {
        self.is_to_be_kept = true;
    }

    /// Keeps what was changed, one state at a time: while one is written, the next waits.
    pub(super) fn poll_keeping(&mut self) {
        let is_busy = self.running.values().any(|job| job.kind == JobKind::Keep);
        if self.is_to_be_kept && !is_busy {
            self.keep_now();
        }
    }

    /// Keeps what was changed, whatever else is being written.
    pub(super) fn keep_now(&mut self) {
        if !std::mem::take(&mut self.is_to_be_kept) {
            return;
        }
        let Some(workbench) = &self.state.workbench else { return };
        if workbench.access != Access::Write {
            return;
        }
        let folder = self.folders.unsaved();
        let keep = self.saver.keep(workbench.path.clone(), workbench.project.clone(), &folder);
        self.spawn(JobKind::Keep, "Keeping the last change", move |_| {
            keep()?;
            Ok(JobOutput::ProjectKept)
        });
    }

    pub(super) fn take_saved(&mut self) {
        let is_due = self.save_due.is_some();
        if let Some(workbench) = &mut self.state.workbench
            && matches!(workbench.save, SaveState::Failed(_))
        {
            workbench.save = if is_due { SaveState::Changed } else { SaveState::Saved };
        }
    }

    /// A save failed: what is in memory stays there, and it is tried again.
    pub(super) fn take_save_failure(&mut self, text: String) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.save = SaveState::Failed(text);
            self.save_due = Some(Instant::now() + TRY_AGAIN);
        } else {
            let text = format!("not saved: {text}. It is kept, and offered when the project is opened again.");
            self.notify(Severity::Error, text);
        }
    }

    fn places(&self, path: &Path) -> UnsavedPlaces {
        UnsavedPlaces::of(path, &self.folders.unsaved())
    }

    fn save_copy(&mut self, path: &Path) {
        let screen = self.state.screen;
        let Some(workbench) = &self.state.workbench else { return };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // A folder was meant where no file is named.
        let path = if path.extension().is_none() || path.is_dir() {
            path.join(super::projects::PROJECT_FILE)
        } else {
            path
        };
        if path.exists() {
            let text = format!("{} exists already: choose another name", path.display());
            return self.notify(Severity::Error, text);
        }
        if path.starts_with(&workbench.dataset.root) {
            let text = "choose a place outside the folder of recordings: nothing is ever written there";
            return self.notify(Severity::Error, text);
        }
        let from = workbench.path.clone();
        let project = workbench.project_to_save(screen).moved(&from, &path);
        self.spawn(JobKind::SaveCopy, "Saving a copy", move |_| {
            write_copy(&from, &path, &project).with_context(|| format!("the copy {} could not be written", path.display()))?;
            let lock = match project::claim(&path) {
                Claim::Ours(lock) => Some(lock),
                Claim::HeldBy(_) | Claim::ReadOnly(_) => None,
            };
            Ok(JobOutput::CopySaved { path, lock })
        });
    }

    /// Goes on in the copy where the original cannot be written.
    pub(super) fn take_copy(&mut self, path: &Path, lock: Option<ProjectLock>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let is_stuck = workbench.access != Access::Write || matches!(workbench.save, SaveState::Failed(_));
        if !is_stuck {
            return self.notify(Severity::Info, format!("Saved a copy: {}", path.display()));
        }
        workbench.project = workbench.project.moved(&workbench.path, path);
        UnsavedPlaces::of(&workbench.path, &self.folders.unsaved()).forget();
        // Runs that were being trained go on in the old folder; all others have been copied.
        path.clone_into(&mut workbench.path);
        workbench.access = Access::Write;
        workbench.save = SaveState::Changed;
        self.lock = lock;
        let (name, n_clips) = (workbench.project.name.clone(), workbench.dataset.clips.len());
        remember(&mut self.state.recent, path, &name, n_clips);
        self.folders.write_recent(&self.state.recent);
        self.notify(Severity::Info, format!("You go on in the copy {}", path.display()));
        // What was done while the copy was written.
        self.touch();
        self.save_now();
        if self.state.screen == Screen::Welcome {
            self.show(Screen::Browse);
        }
    }
}

/// What an unsaved state has that the saved one lacks.
fn differences(saved: &Project, unsaved: &Project) -> Vec<String> {
    let mut lines = Vec::new();
    let n_labels = unsaved
        .labels
        .iter()
        .filter(|(clip, label)| saved.labels.get(*clip) != Some(label));
    let n_labels = n_labels.count() + saved.labels.keys().filter(|clip| !unsaved.labels.contains_key(*clip)).count();
    let n_anomalous = unsaved.labels.values().filter(|label| **label == Label::Anomalous).count();
    if n_labels > 0 {
        let s = if n_labels == 1 { "" } else { "s" };
        lines.push(format!(
            "{n_labels} changed label{s} ({n_anomalous} anomalous by hand in all)"
        ));
    }
    let n_boxes = |project: &Project| project.boxes.values().map(Vec::len).sum::<usize>();
    if saved.boxes != unsaved.boxes {
        lines.push(format!("boxes: {} instead of {}", n_boxes(unsaved), n_boxes(saved)));
    }
    let rest = Project {
        labels: saved.labels.clone(),
        boxes: saved.boxes.clone(),
        view: saved.view.clone(),
        ..unsaved.clone()
    };
    if rest != *saved {
        lines.push("other settings, runs or recordings".to_owned());
    }
    lines
}

/// `project unsaved.json` beside the project; with a number where that is taken.
fn free_name(path: &Path) -> PathBuf {
    let stem = path
        .file_stem()
        .map_or_else(|| "project".into(), std::ffi::OsStr::to_string_lossy);
    let names = (1..).map(|n| match n {
        1 => format!("{stem} unsaved.json"),
        n => format!("{stem} unsaved {n}.json"),
    });
    let mut places = names.map(|name| path.with_file_name(name));
    places.find(|place| !place.exists()).unwrap_or_default()
}

/// The folders first: a copy whose file is there is whole.
fn write_copy(from: &Path, to: &Path, project: &Project) -> anyhow::Result<()> {
    let (source, target) = (from.parent().unwrap_or(Path::new(".")), to.parent().unwrap_or(Path::new(".")));
    std::fs::create_dir_all(target)?;
    if source != target {
        for folder in FOLDERS {
            if source.join(folder).is_dir() {
                copy_folder(&source.join(folder), &target.join(folder))?;
            }
        }
    }
    Ok(project::save(to, project)?)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
