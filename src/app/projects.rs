//! Opening, making, saving and closing projects; looking into folders before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::exploring::explorations_of;
use super::folders::remember;
use super::job_types::{JobOutput, OpenedProject};
use super::runs::runs_of;
use super::state::SaveState;
use super::{Access, App, ImportPreview, JobKind, RecentProject, RunStatus, RunView, Screen, Severity, Workbench};
use crate::audio::ChannelChoice;
use crate::dataset::{self, Dataset, Layout, ScanOptions, SkippedFile, SyntheticConfig};
use crate::extractors::{Recipe, TrainingConfig};
use crate::project::{self, Claim, Project, ProjectLock, RunRecipe, UnsavedPlaces};

/// A disk that takes longer than this when the program ends is taken for dead.
const LONGEST_LAST_SAVE: Duration = Duration::from_secs(10);
pub(super) const PROJECT_FILE: &str = "project.json";

impl App {
    pub(super) fn show(&mut self, screen: Screen) {
        self.state.screen = screen;
        if screen == Screen::Report {
            self.report_comes_in_sight();
        }
        self.touch_view();
        self.refocus_triage();
    }

    /// Opens what a person pointed at: a project, or a folder to look into.
    pub(super) fn inspect(&mut self, path: PathBuf) {
        let path = std::path::absolute(&path).unwrap_or(path);
        if path.is_file() && path.extension().is_some_and(|ending| ending == "json") {
            return self.open_project(path);
        }
        if path.join(PROJECT_FILE).is_file() {
            return self.open_project(path.join(PROJECT_FILE));
        }
        self.state.screen = Screen::Welcome;
        let name = path
            .file_name()
            .map_or_else(|| "Recordings".to_owned(), |name| name.to_string_lossy().into_owned());
        let project_file = self.folders.suggest_project(&name);
        self.state.preview = Some(ImportPreview {
            folder: path,
            project_file,
            ..ImportPreview::default()
        });
        self.inspect_again(None, ChannelChoice::default());
    }

    pub(super) fn inspect_again(&mut self, layout: Option<Layout>, channel: ChannelChoice) {
        self.abandon(|kind| *kind == JobKind::Scan);
        let Some(folder) = self.state.preview.as_ref().map(|preview| preview.folder.clone()) else {
            return;
        };
        let job = self.spawn(JobKind::Scan, "Looking into the folder", move |context| {
            let dataset = dataset::scan(&folder, ScanOptions { layout, channel }, context)?;
            Ok(JobOutput::FolderInspected(Arc::new(dataset)))
        });
        if let Some(preview) = &mut self.state.preview {
            *preview = ImportPreview {
                layout,
                channel,
                job,
                error: None,
                dataset: None,
                ..std::mem::take(preview)
            };
        }
    }

    pub(super) fn dismiss_preview(&mut self) {
        self.abandon(|kind| *kind == JobKind::Scan);
        self.state.preview = None;
    }

    pub(super) fn take_inspected(&mut self, result: Result<Arc<Dataset>, String>) {
        let Some(preview) = &mut self.state.preview else { return };
        preview.job = None;
        match result {
            Ok(dataset) => preview.dataset = Some(dataset),
            Err(error) => preview.error = Some(error),
        }
    }

    /// Makes a project of the folder that was looked into and scores it at once with the recipe that needs no training.
    pub(super) fn create_project(&mut self, path: &Path) {
        let Some((preview, dataset)) = self
            .state
            .preview
            .as_ref()
            .and_then(|preview| Some((preview, preview.dataset.clone()?)))
        else {
            return;
        };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if path.exists() {
            return self.notify(
                Severity::Error,
                format!("{} exists already: choose another name, or open it", path.display()),
            );
        }
        if path.starts_with(&dataset.root) {
            return self.notify(
                Severity::Error,
                "Choose a place outside the folder of recordings: nothing is ever written there",
            );
        }
        let project = Project::new(&path, &dataset.root, preview.layout, preview.channel);
        let folder = path.parent().unwrap_or(Path::new("."));
        let created = std::fs::create_dir_all(folder)
            .map_err(|source| project::ProjectError::Io {
                path: folder.to_owned(),
                source,
            })
            .and_then(|()| project::save(&path, &project));
        if let Err(error) = created {
            return self.notify(Severity::Error, error.to_string());
        }
        self.state.preview = None;
        self.enter(OpenedProject::new(path, project, Arc::unwrap_or_clone(dataset)));
    }

    pub(super) fn open_project(&mut self, path: PathBuf) {
        self.open_as(path, None);
    }

    /// Opens a project; `unsaved` takes the place of what its file says.
    pub(super) fn open_as(&mut self, path: PathBuf, unsaved: Option<Project>) {
        self.abandon(|kind| matches!(kind, JobKind::OpenProject | JobKind::Scan));
        let path = std::path::absolute(&path).unwrap_or(path);
        let workbench = self.state.workbench.as_ref();
        // The window that has it open may open it anew; what it has not saved goes before.
        let is_held = self.lock.is_some() && workbench.is_some_and(|workbench| workbench.path == path);
        if is_held && self.is_unsaved() {
            self.save_now();
        }
        let folder = self.folders.unsaved();
        self.spawn(JobKind::OpenProject, "Opening the project", move |context| {
            let is_recovered = unsaved.is_some();
            let (access, lock) = if is_held { (Access::Write, None) } else { claimed(&path) };
            let mut found = None;
            let project = match unsaved {
                Some(project) => project,
                None => {
                    let project = project::open(&path)?;
                    if lock.is_some() {
                        project::clear_up(&path);
                        found = UnsavedPlaces::of(&path, &folder).find(&project)?;
                    }
                    project
                }
            };
            let options = ScanOptions {
                layout: project.data.layout,
                channel: project.data.channel,
            };
            let dataset = dataset::scan(&project.data_root(&path), options, context).with_context(|| {
                format!(
                    "the recordings of {} cannot be opened: connect their disk, or open the folder anew",
                    project.name
                )
            })?;
            let mut dataset = dataset;
            for clip in project.added_clips(&path) {
                if dataset.file(&clip).is_file() {
                    dataset.clips.push(clip);
                } else {
                    dataset.skipped.push(SkippedFile {
                        path: PathBuf::from(&clip.path),
                        error: "it was added to this project and is gone: bring it back, or record it anew".to_owned(),
                    });
                }
            }
            let (explorations, notes) = explorations_of(&path);
            Ok(JobOutput::ProjectOpened(Box::new(OpenedProject {
                runs: runs_of(&path, &project),
                explorations,
                notes,
                access,
                lock,
                unsaved: found,
                is_recovered,
                ..OpenedProject::new(path, project, dataset)
            })))
        });
    }

    /// Makes synthetic machines beside the program's projects, or takes those that an earlier tour made, and looks into them.
    pub(super) fn start_tour(&mut self) {
        self.abandon(|kind| *kind == JobKind::Tour);
        let project_file = self.folders.projects.join("Tour").join(PROJECT_FILE);
        if project_file.is_file() {
            return self.open_project(project_file);
        }
        let recordings = self.folders.projects.join("Tour recordings");
        self.spawn(JobKind::Tour, "Making a synthetic fan, pump and slider", move |context| {
            dataset::write_synthetic(&recordings, &SyntheticConfig::default(), context)?;
            let dataset = dataset::scan(&recordings, ScanOptions::default(), context)?;
            let mut project = Project::new(&project_file, &dataset.root, None, ChannelChoice::default());
            "Tour".clone_into(&mut project.name);
            std::fs::create_dir_all(project_file.parent().unwrap_or(&recordings))?;
            project::save(&project_file, &project)?;
            Ok(JobOutput::ProjectOpened(Box::new(OpenedProject::new(
                project_file,
                project,
                dataset,
            ))))
        });
    }

    /// Shows an opened project where it was left; one without any run is scored with the recipe that needs no training.
    pub(super) fn enter(&mut self, opened: OpenedProject) {
        let OpenedProject {
            path,
            mut project,
            runs,
            explorations,
            notes,
            dataset,
            access,
            lock,
            unsaved: _,
            is_recovered,
        } = opened;
        let before = self.state.workbench.as_ref().filter(|workbench| workbench.path == path);
        // Opened anew by the window that has it: nothing that was done meanwhile is undone.
        let kept_lock = match before.filter(|_| access == Access::Write && !is_recovered) {
            Some(before) if self.lock.is_some() => {
                project = before.project.clone();
                self.lock.take()
            }
            _ => None,
        };
        self.close_project();
        self.state.preview = None;
        (self.state.recovery, self.waiting) = (None, None);
        let (access, lock) = match (access, lock.or(kept_lock)) {
            (Access::Write, None) => claimed(&path),
            known => known,
        };
        self.lock = lock;
        remember(&mut self.state.recent, &path, &project.name, dataset.clips.len());
        self.folders.write_recent(&self.state.recent);
        // What was said of another project is over; what is to be known of the recordings is said once.
        self.state.notices.clear();
        if project.runs.is_empty() {
            for note in &dataset.notes {
                self.notify(Severity::Info, note.clone());
            }
        }
        for note in notes {
            self.notify(Severity::Warning, note);
        }
        let view = project.view.clone();
        let mut workbench = Workbench::new(path, project, Arc::new(dataset));
        workbench.runs = runs;
        workbench.explorations = explorations;
        let may_write = access == Access::Write;
        workbench.access = access;
        workbench.set_scope(view.scope_machine, view.scope_section);
        let focus = view
            .focus
            .and_then(|path| workbench.dataset.clips.iter().position(|clip| clip.path == path));
        let focus = focus.or_else(|| workbench.visible.first().copied());
        self.state.screen = Screen::from_title(&view.screen)
            .filter(|&screen| screen != Screen::Welcome)
            .unwrap_or(Screen::Browse);
        let name_of = |is_meant: &dyn Fn(&str, &RunView) -> bool| {
            let found = workbench.runs.iter().find(|(name, run)| is_meant(name, run));
            found.map(|(name, _)| name.clone())
        };
        let active = name_of(&|name, run| workbench.project.active_run.as_deref() == Some(name) && run.status == RunStatus::Done);
        // Closed before it was ready, or its folder is gone; it takes seconds, and nobody should have to ask for it.
        let unready = name_of(&|_, run| run.status == RunStatus::Stopped && !run.recipe.training.recipe.is_trained());
        let has_runs = !workbench.runs.is_empty();
        self.state.workbench = Some(workbench);
        self.restore_live_settings();
        self.restore_picture(view.picture);
        if let Some(clip) = focus {
            self.focus(clip);
            // It was not chosen just now.
            self.plays_when_read = false;
        }
        match (active, unready) {
            (Some(run), _) => self.activate_run(&run),
            (None, Some(run)) if may_write => self.resume(&run),
            (None, None) if !has_runs && may_write => {
                let training = TrainingConfig::published(Recipe::PooledLogMel);
                self.train(RunRecipe {
                    training,
                    machines: Vec::new(),
                    sections: Vec::new(),
                });
            }
            (None, _) => {}
        }
        if is_recovered {
            self.touch();
        }
    }

    pub(super) fn close_project(&mut self) {
        self.keep_now();
        if self.is_unsaved() {
            self.save_now();
        }
        self.stop_playing();
        self.last_long = None;
        self.clip_ahead = None;
        self.stop_live_scoring();
        self.stop_watching();
        // A save that is under way must reach the disk, a run that is deleted must be gone from it, and listening goes on.
        self.abandon(|kind| {
            !matches!(
                kind,
                JobKind::Save
                    | JobKind::DeleteRun
                    | JobKind::DeleteExploration
                    | JobKind::Scan
                    | JobKind::OpenInput
                    | JobKind::OpenMonitor
                    | JobKind::OpenOutput
                    | JobKind::CloseInput
                    | JobKind::LeftTakes
                    | JobKind::TakeIn
                    | JobKind::Keep
                    | JobKind::SaveCopy
            )
        });
        self.state.workbench = None;
        self.lock = None;
        self.state.screen = Screen::Welcome;
    }

    pub(super) fn forget_recent(&mut self, path: &Path) {
        self.state.recent.retain(|recent: &RecentProject| recent.path != path);
        self.folders.write_recent(&self.state.recent);
    }

    /// Saves in the background.
    pub(super) fn save_now(&mut self) {
        self.save_due = None;
        let screen = self.state.screen;
        let folder = self.folders.unsaved();
        let Some(workbench) = &mut self.state.workbench else { return };
        if workbench.access != Access::Write {
            return;
        }
        // A failure stays in sight until a save has gone well.
        if !matches!(workbench.save, SaveState::Failed(_)) {
            workbench.save = SaveState::Saved;
        }
        let save = self
            .saver
            .save(workbench.path.clone(), workbench.project_to_save(screen), &folder);
        let (folders, picture) = (self.folders.clone(), workbench.picture_settings());
        self.spawn(JobKind::Save, "Saving", move |_| {
            folders.write_picture(picture);
            save()?;
            Ok(JobOutput::ProjectSaved)
        });
    }

    /// Gives up all work but saving and deleting, saves what is not saved yet and waits for it: for the end of the program.
    pub fn shut_down(&mut self) {
        self.keep_listening();
        self.write_live_settings();
        self.stop_listening();
        self.keep_now();
        self.abandon(|kind| {
            !matches!(
                kind,
                JobKind::Save
                    | JobKind::Keep
                    | JobKind::SaveCopy
                    | JobKind::DeleteRun
                    | JobKind::DeleteExploration
                    | JobKind::CloseInput
                    | JobKind::TakeIn
            )
        });
        if self.is_unsaved() {
            self.save_now();
        }
        let deadline = Instant::now() + LONGEST_LAST_SAVE;
        while !self.running.is_empty() && Instant::now() < deadline {
            self.poll();
            std::thread::sleep(Duration::from_millis(1));
        }
        self.running.clear();
    }

    fn is_unsaved(&self) -> bool {
        let workbench = self.state.workbench.as_ref();
        workbench.is_some_and(|workbench| workbench.save != SaveState::Saved)
    }
}

/// Whether a project may be written, and the lock that keeps others from it.
fn claimed(path: &Path) -> (Access, Option<ProjectLock>) {
    match project::claim(path) {
        Claim::Ours(lock) => (Access::Write, Some(lock)),
        Claim::HeldBy(holder) => (Access::HeldBy(holder), None),
        Claim::ReadOnly(reason) => (Access::ReadOnly(reason), None),
    }
}

impl Workbench {
    /// The project with where the person is now.
    pub(super) fn project_to_save(&self, screen: Screen) -> Project {
        let mut project = self.project.clone();
        screen.title().clone_into(&mut project.view.screen);
        project.view.focus = self.focused().map(|clip| clip.path.clone());
        project.view.scope_machine.clone_from(&self.scope.machine);
        project.view.scope_section.clone_from(&self.scope.section);
        project.view.picture = Some(self.picture_settings());
        project
    }
}
