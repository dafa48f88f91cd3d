//! How a person listens, kept: in the project, and beside the program for the input and for listening without a project.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::app::App;
use crate::project::LiveSettings;
use crate::whole_file::write_whole;

/// Rest after a change before it is kept.
const DELAY: Duration = Duration::from_secs(2);
const FILE: &str = "live.json";

/// What the program itself remembers; the default where there is nothing, or nothing that can be read.
pub(super) fn read(folder: &Path) -> LiveSettings {
    std::fs::read(file(folder))
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

impl App {
    /// Notes that the settings changed, to be kept in a moment.
    pub(super) fn keep_settings(&mut self) {
        self.live.settings_due = Some(Instant::now() + DELAY);
        let settings = &self.state.live.settings;
        if let Some(workbench) = &mut self.state.workbench
            && workbench.project.live.as_ref() != Some(settings)
        {
            workbench.project.live = Some(settings.clone());
            self.touch();
        }
    }

    /// The settings of the project that was opened, with the input of this computer.
    pub(in crate::app) fn restore_live_settings(&mut self) {
        let Some(workbench) = &self.state.workbench else { return };
        let here = &self.state.live.settings;
        let restored = match &workbench.project.live {
            Some(settings) => settings.clone().with_input_of(here),
            // What is scored with belongs to a project: this one was never listened with.
            None => LiveSettings {
                score_as: None,
                run: None,
                detector: None,
                ..here.clone()
            },
        };
        self.state.live.settings = restored;
    }

    /// When settings wait to be kept.
    pub(in crate::app) fn live_due(&self) -> Option<Instant> {
        self.live.settings_due
    }

    /// Keeps the settings that wait. Losing them is harmless, so a failure is not told.
    pub(in crate::app) fn write_live_settings(&mut self) {
        if self.live.settings_due.take().is_none() {
            return;
        }
        let (folder, settings) = (&self.folders.settings, &self.state.live.settings);
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(folder)?;
            write_whole(&file(folder), |file| Ok(serde_json::to_writer_pretty(file, settings)?))
        };
        write().ok();
    }
}
