//! The foot line: what runs, how far it is, and whether all is saved.

use eframe::egui::{self, Align, Layout, RichText};

use super::theme;
use crate::app::{Action, JobKind, JobView, SaveState, State};
use crate::ui::widgets::job_row;

/// Room that one job takes.
const JOB_WIDTH: f32 = 420.0;

pub(super) fn ui(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        let width = ui.available_width() - 200.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            save_state(ui, state);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let jobs: Vec<&JobView> = state.jobs.iter().filter(|job| is_shown(job)).collect();
                if jobs.is_empty() {
                    let weak = theme::palette(ui).weak;
                    ui.colored_label(weak, RichText::new("Nothing is running").small());
                }
                let n_shown = ((width / JOB_WIDTH) as usize).max(1);
                for job in jobs.iter().take(n_shown) {
                    job_row(ui, job, actions);
                }
                if jobs.len() > n_shown {
                    ui.menu_button(format!("{} more", jobs.len() - n_shown), |ui| {
                        for job in &jobs[n_shown..] {
                            ui.horizontal(|ui| job_row(ui, job, actions));
                        }
                    });
                }
            });
        });
    });
}

/// Reading a clip, saving and deleting are over before a person could read of them.
fn is_shown(job: &JobView) -> bool {
    let is_a_look_at_a_detail = matches!(job.kind, JobKind::DrawLong | JobKind::DrawFigure { .. }) && job.total == 0;
    !is_a_look_at_a_detail
        && !matches!(
            job.kind,
            JobKind::LoadClip
                | JobKind::ReadAhead
                | JobKind::Save
                | JobKind::Keep
                | JobKind::DeleteRun
                | JobKind::DeleteExploration
                | JobKind::OpenInput
                | JobKind::CloseInput
                | JobKind::OpenMonitor
                | JobKind::OpenOutput
                | JobKind::ScoreLive
                | JobKind::LeftTakes
                | JobKind::ReadSound
                | JobKind::ModelView
                | JobKind::Nearest
        )
}

fn save_state(ui: &mut egui::Ui, state: &State) {
    let Some(workbench) = &state.workbench else { return };
    let palette = theme::palette(ui);
    if let Some(refusal) = workbench.access.refusal() {
        ui.label(RichText::new("Read only").small().color(palette.warning))
            .on_hover_text(refusal);
        return;
    }
    let (text, colour, hint) = match &workbench.save {
        SaveState::Saved => ("Saved", palette.weak, workbench.path.display().to_string()),
        SaveState::Changed => ("Saving…", palette.weak, workbench.path.display().to_string()),
        SaveState::Failed(reason) => ("Not saved", palette.error, reason.clone()),
    };
    ui.label(RichText::new(text).small().color(colour)).on_hover_text(hint);
}
