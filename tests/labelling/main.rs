//! Labels, boxes and triage in the program without its window: every step can be taken back, files of other programs come and go,
//! and nothing is lost when the program is killed, the disk is full, or two windows have one project.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod boxes;
mod disks;
mod killed;
#[path = "../common/program.rs"]
mod program;
mod triage;
mod windows;

use std::path::{Path, PathBuf};

use auscult::annotations::Annotation;
use auscult::app::{Action, App, BoxAction, SafetyAction, SaveState};
use auscult::audio::ChannelChoice;
use auscult::dataset::{self, Label, SyntheticConfig, SyntheticLayout};
use auscult::progress::NoProgress;
use auscult::project::{self, Project, UnsavedPlaces};
pub(crate) use program::{app as app_in, says, wait, workbench};

/// A folder of recordings with a project on it, and the program's own folder.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// Twelve clips of a fan, a second each.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = SyntheticConfig {
            layout: SyntheticLayout::Mimii,
            machines: vec!["fan".to_owned()],
            n_clips: 12,
            clip_secs: 1.0,
            seed: 3,
        };
        let home = Self { folder };
        dataset::write_synthetic(&home.recordings(), &config, &mut NoProgress).unwrap();
        std::fs::create_dir_all(home.project().parent().unwrap()).unwrap();
        let project = Project::new(&home.project(), &home.recordings(), None, ChannelChoice::default());
        project::save(&home.project(), &project).unwrap();
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn recordings(&self) -> PathBuf {
        self.path().join("recordings")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.path().join("plant/project.json")
    }

    pub(crate) fn app(&self) -> App {
        app_in(self.path())
    }

    /// A window with the project open.
    pub(crate) fn opened(&self) -> App {
        let mut app = self.app();
        open(&mut app, &self.project());
        app
    }
}

/// Where a program with its folders in `home` keeps what is not saved.
pub(crate) fn places(home: &Path, project: &Path) -> UnsavedPlaces {
    UnsavedPlaces::of(project, &home.join("settings/unsaved"))
}

pub(crate) fn open(app: &mut App, path: &Path) {
    app.apply(Action::OpenProject(path.to_owned()));
    wait(app, "the project", |app| {
        app.state.workbench.is_some() || app.state.recovery.is_some()
    });
}

pub(crate) fn is_saved(app: &App) -> bool {
    workbench(app).save == SaveState::Saved && app.state.jobs.is_empty()
}

pub(crate) fn label(app: &mut App, clip: usize, label: Label) {
    app.apply(Action::SetLabel { clip, label });
}

/// A box with this label, somewhere else for each second.
pub(crate) fn boxed(label: &str, start_secs: f64) -> Annotation {
    Annotation {
        start_secs,
        end_secs: start_secs + 0.25,
        low_hz: Some(1000.0),
        high_hz: Some(2500.5),
        label: label.to_owned(),
        ..Annotation::default()
    }
}

pub(crate) fn add(app: &mut App, clip: usize, annotation: Annotation) {
    app.apply(Action::Box(BoxAction::Add { clip, annotation }));
}

pub(crate) fn safety(app: &mut App, action: SafetyAction) {
    app.apply(Action::Safety(action));
}
