//! The foot line: what runs, how far it is, and whether all is saved.

use eframe::egui::{self, Align, Layout, ProgressBar, RichText};

use super::theme;
use crate::app::{Action, JobKind, JobView, SaveState, State};
use crate::ui::widgets::{Icon, duration, icon_button};

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
                    job_ui(ui, job, actions);
                }
                if jobs.len() > n_shown {
                    ui.menu_button(format!("{} more", jobs.len() - n_shown), |ui| {
                        for job in &jobs[n_shown..] {
                            ui.horizontal(|ui| job_ui(ui, job, actions));
                        }
                    });
                }
            });
        });
    });
}

/// Reading a clip and saving are over before a person could read of them.
fn is_shown(job: &JobView) -> bool {
    !matches!(job.kind, JobKind::LoadClip | JobKind::Save)
}

/// One job: name, stage, bar, time left, pause, cancel.
pub(super) fn job_ui(ui: &mut egui::Ui, job: &JobView, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    ui.spacing_mut().item_spacing.x = 1.5 * theme::GRID;
    let what = if job.stage.is_empty() {
        job.title.clone()
    } else {
        format!("{}: {}", job.title, job.stage)
    };
    let size = egui::vec2(190.0, theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_max_width(size.x);
        let label = egui::Label::new(RichText::new(&what).small()).truncate();
        ui.add(label).on_hover_text(&what);
    });
    let share = if job.total == 0 {
        0.0
    } else {
        job.done as f32 / job.total as f32
    };
    let bar = ProgressBar::new(share)
        .desired_width(84.0)
        .desired_height(8.0)
        .fill(if job.is_paused { palette.weak } else { palette.accent });
    ui.add(bar).accessible_name(format!("Progress of {}", job.title));
    let left = match (job.is_cancelling, job.is_paused, job.remaining_secs) {
        (true, _, _) => "stopping…".to_owned(),
        (_, true, _) => "paused".to_owned(),
        (_, _, Some(secs)) => format!("{} left", duration(secs.into())),
        _ => format!("{:.0} %", share * 100.0),
    };
    ui.label(RichText::new(left).small().color(palette.weak));
    if job.is_paused {
        if icon_button(ui, !job.is_cancelling, Icon::Play, &format!("Continue {}", job.title), "").clicked() {
            actions.push(Action::ContinueJob(job.id));
        }
    } else if icon_button(ui, !job.is_cancelling, Icon::Pause, &format!("Pause {}", job.title), "").clicked() {
        actions.push(Action::PauseJob(job.id));
    }
    if icon_button(ui, !job.is_cancelling, Icon::Close, &format!("Cancel {}", job.title), "").clicked() {
        actions.push(Action::CancelJob(job.id));
    }
}

fn save_state(ui: &mut egui::Ui, state: &State) {
    let Some(workbench) = &state.workbench else { return };
    let palette = theme::palette(ui);
    let (text, colour, hint) = match &workbench.save {
        SaveState::Saved => ("Saved", palette.weak, workbench.path.display().to_string()),
        SaveState::Changed => ("Saving…", palette.weak, workbench.path.display().to_string()),
        SaveState::Failed(reason) => ("Not saved", palette.error, reason.clone()),
    };
    ui.label(RichText::new(text).small().color(colour)).on_hover_text(hint);
}
