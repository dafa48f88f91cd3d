//! The program without a window, driven as the window drives it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auscult::app::{Action, App, AppFolders, Workbench};

/// A program whose own files lie below `home`.
pub fn app(home: &Path) -> App {
    let folders = AppFolders {
        settings: home.join("settings"),
        projects: home.join("projects"),
    };
    App::with_folders(Arc::new(|| ()), folders)
}

/// Polls until `is_reached`, as the window does each frame.
pub fn wait(app: &mut App, what: &str, is_reached: impl Fn(&App) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_reached(app) {
        let notices: Vec<&str> = app.state.notices.iter().map(|notice| notice.text.as_str()).collect();
        assert!(Instant::now() < deadline, "waited in vain for {what}; notices: {notices:?}");
        app.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Makes a project on a folder of recordings, at the place that the program suggests; returns its file.
pub fn create_project(app: &mut App, recordings: PathBuf) -> PathBuf {
    app.apply(Action::Inspect(recordings));
    wait(app, "the preview", is_previewed);
    let file = app.state.preview.as_ref().unwrap().project_file.clone();
    app.apply(Action::CreateProject(file.clone()));
    wait(app, "the project", |app| {
        let workbench = app.state.workbench.as_ref();
        workbench.is_some_and(|workbench| workbench.path == file)
    });
    file
}

/// Whether the folder that a person pointed at was looked into.
pub fn is_previewed(app: &App) -> bool {
    app.state.preview.as_ref().is_some_and(|preview| preview.dataset.is_some())
}

/// Whether all detectors were compared.
pub fn is_compared(app: &App) -> bool {
    let workbench = app.state.workbench.as_ref();
    workbench.is_some_and(|workbench| workbench.comparison.is_some())
}

/// The open project.
pub fn workbench(app: &App) -> &Workbench {
    app.state.workbench.as_ref().unwrap()
}

/// Whether a notice has these words.
pub fn says(app: &App, words: &str) -> bool {
    app.state.notices.iter().any(|notice| notice.text.contains(words))
}
