//! Changing the project: each edit can be taken back and done again, and is noted to be kept and saved.

use std::time::{Duration, Instant};

use super::{Access, App, SaveState, Workbench};
use crate::project::Project;

/// Longest time from an edit to its save: who labels without a rest is saved all the same.
const AUTOSAVE_DELAY: Duration = Duration::from_secs(1);

impl App {
    /// Changes the project in a way that can be taken back.
    pub(super) fn edit(&mut self, label: &str, change: impl FnOnce(&mut Project)) {
        if !self.may_write() {
            return;
        }
        let Some(workbench) = &mut self.state.workbench else { return };
        let before = workbench.project.clone();
        change(&mut workbench.project);
        if workbench.project != before {
            workbench.history.record(label, &before);
            self.touch();
        }
    }

    pub(super) fn undo(&mut self) {
        self.step_history(|workbench| workbench.history.undo(&workbench.project));
    }

    pub(super) fn redo(&mut self) {
        self.step_history(|workbench| workbench.history.redo(&workbench.project));
    }

    fn step_history(&mut self, step: impl FnOnce(&mut Workbench) -> Option<Project>) {
        if !self.may_write() {
            return;
        }
        let Some(workbench) = &mut self.state.workbench else { return };
        let Some(project) = step(workbench) else { return };
        // Runs and recordings come and go with their files, not with the history.
        let (runs, active_run) = (
            std::mem::take(&mut workbench.project.runs),
            workbench.project.active_run.take(),
        );
        let added = std::mem::take(&mut workbench.project.added);
        let live = workbench.project.live.take();
        let view = std::mem::take(&mut workbench.project.view);
        let drawn = std::mem::take(&mut workbench.project.drawn);
        let labels_changed = project.labels != workbench.project.labels;
        let detector_changed = project.detector_settings() != workbench.project.detector_settings();
        workbench.project = Project {
            runs,
            active_run,
            added,
            live,
            drawn,
            view,
            ..project
        };
        if labels_changed {
            workbench.refresh_labels();
        }
        workbench.refresh_scores();
        self.touch();
        self.follow_channel();
        if labels_changed || detector_changed {
            self.forget_crop_banks();
            self.compare_again();
        }
        self.score_focused_crops();
    }

    /// Notes that the project differs from its file, to be kept at once and saved in a moment.
    pub(super) fn touch(&mut self) {
        self.touch_view();
        self.keep();
    }

    /// Notes that the person looks at something else, to be saved in a moment.
    pub(super) fn touch_view(&mut self) {
        if let Some(workbench) = &mut self.state.workbench
            && workbench.access == Access::Write
        {
            if !matches!(workbench.save, SaveState::Failed(_)) {
                workbench.save = SaveState::Changed;
            }
            self.save_due.get_or_insert(Instant::now() + AUTOSAVE_DELAY);
        }
    }
}
