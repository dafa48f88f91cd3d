//! Before there is a matrix: the one click that fills it, or how far the scoring has come.

use eframe::egui::{self, ProgressBar};

use crate::app::{Action, JobKind, JobView, RunStatus, State, Workbench};
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

pub(super) fn ui(ui: &mut egui::Ui, state: &State, workbench: &Workbench, actions: &mut Vec<Action>) {
    let is_underway = |job: &&JobView| matches!(job.kind, JobKind::Score | JobKind::Train { .. });
    if let Some(job) = state.jobs.iter().find(is_underway) {
        progress(ui, job, actions);
        return;
    }
    let text = failure(workbench)
        .unwrap_or_else(|| "Here will stand a row for each machine, a column for each detector, and their ROC curves".to_owned());
    if widgets::empty_state(ui, "Nothing is scored yet", &text, Some("Score with pooled log-mel now")) {
        actions.push(Action::score_now());
    }
}

/// Why the active run has no scores.
fn failure(workbench: &Workbench) -> Option<String> {
    let run = workbench.project.active_run.as_ref()?;
    match &workbench.runs.get(run)?.status {
        RunStatus::Failed(error) => Some(format!("The run {run} failed: {error}")),
        RunStatus::Stopped => Some(format!(
            "The run {run} was stopped before it could score: resume it on the screen Train"
        )),
        RunStatus::Training | RunStatus::Done => None,
    }
}

fn progress(ui: &mut egui::Ui, job: &JobView, actions: &mut Vec<Action>) {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 60.0).max(2.0 * GRID));
        ui.heading(&job.title);
        let weak = theme::palette(ui).weak;
        let stage = if job.stage.is_empty() {
            "The matrix fills when the clips are scored"
        } else {
            &job.stage
        };
        ui.colored_label(weak, stage);
        ui.add_space(GRID);
        let part = if job.total == 0 {
            0.0
        } else {
            job.done as f32 / job.total as f32
        };
        let remaining = job
            .remaining_secs
            .map(|secs| format!(", about {} left", widgets::duration(f64::from(secs))));
        let text = format!("{} of {}{}", job.done, job.total, remaining.unwrap_or_default());
        ui.add(ProgressBar::new(part).desired_width(320.0).text(text));
        ui.add_space(GRID);
        if widgets::labelled_button(ui, !job.is_cancelling, "Cancel", "Stop; what was computed is kept").clicked() {
            actions.push(Action::CancelJob(job.id));
        }
    });
}
