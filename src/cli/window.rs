//! The commands that open the window.

use std::path::PathBuf;

use crate::app::{Action, AppFolders};

/// The project that was open last; the welcome page where there is none.
pub(super) fn open_last() -> anyhow::Result<()> {
    run(AppFolders::of_this_user().last_project().map(Action::OpenProject))
}

/// A project file or a folder of recordings.
pub(super) fn open(path: PathBuf) -> anyhow::Result<()> {
    anyhow::ensure!(
        path.exists(),
        "there is no {}: name a project file or a folder of recordings",
        path.display()
    );
    run(Some(Action::Inspect(path)))
}

/// Synthetic machines.
pub(super) fn tour() -> anyhow::Result<()> {
    run(Some(Action::StartTour))
}

#[cfg(feature = "gui")]
fn run(first: Option<Action>) -> anyhow::Result<()> {
    Ok(crate::ui::run(first)?)
}

#[cfg(not(feature = "gui"))]
fn run(_first: Option<Action>) -> anyhow::Result<()> {
    anyhow::bail!("this build has no window: try 'auscult demo' or 'auscult --help'")
}
