//! A running job in one row.

use eframe::egui::{self, Align, Layout, ProgressBar, RichText};

use super::{Icon, duration, icon_button};
use crate::app::{Action, JobView};
use crate::ui::theme;

/// All but the name: bar, time left, two buttons and the gaps between them.
const BESIDE_NAME: f32 = 260.0;

/// One job in a row of up to 450 points: name, stage, bar, time left, pause, cancel. Where there is less room the name is cut.
pub fn job_row(ui: &mut egui::Ui, job: &JobView, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    ui.spacing_mut().item_spacing.x = 1.5 * theme::GRID;
    let what = if job.stage.is_empty() {
        job.title.clone()
    } else {
        format!("{}: {}", job.title, job.stage)
    };
    let name_width = (ui.available_width() - BESIDE_NAME).clamp(56.0, 190.0);
    let size = egui::vec2(name_width, theme::CONTROL_HEIGHT);
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
    // Of fixed width: the buttons beside it must not move under the pointer.
    let size = egui::vec2(84.0, theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(size.x);
        ui.add(egui::Label::new(RichText::new(left).small().color(palette.weak)).truncate());
    });
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
