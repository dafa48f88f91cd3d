//! The screen Train: a recipe and its settings on the left, the runs with their curves and logs on the right.

mod conditions;
mod form;
mod inputs;
mod loss_plot;
mod mobileanonet;
mod outliernet;
mod run;
mod runs;

use eframe::egui::{self, Margin, Panel};

use self::form::Form;
use self::run::RunDetail;
use super::{theme, widgets};
use crate::app::{Action, RunStatus, State, Workbench};

/// The longest title of a choice is read whole beside its label; in a narrow window the runs need the room.
const FORM_WIDTH: f32 = 344.0;
const NARROW_FORM_WIDTH: f32 = 296.0;
/// So much room form and runs need for the wide form.
const WIDE_FROM: f32 = 800.0;

/// The private look of the screen.
#[derive(Default)]
pub struct TrainView {
    form: Form,
    /// The run whose curve and log are shown; `None`: the one in use.
    selected: Option<String>,
    /// The training that was seen last: a new one is shown, and stays when it is done.
    watched: Option<String>,
    detail: RunDetail,
}

impl TrainView {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(workbench) = &state.workbench else { return };
        let n_runs = workbench.runs.len();
        let is_wide = ui.available_width() >= WIDE_FROM;
        Panel::left("recipe")
            .exact_size(if is_wide { FORM_WIDTH } else { NARROW_FORM_WIDTH })
            .resizable(false)
            .frame(egui::Frame::NONE.inner_margin(Margin {
                right: 8,
                ..Margin::ZERO
            }))
            .show(ui, |ui| self.form.ui(ui, workbench, n_runs, actions));
        egui::Frame::NONE.inner_margin(Margin { left: 8, ..Margin::ZERO }).show(ui, |ui| {
            if n_runs == 0 {
                let text = "Choose a recipe on the left and start it: its curve, log and runs appear here, and you can browse meanwhile";
                widgets::empty_state(ui, "No runs yet", text, None);
                return;
            }
            self.watch_what_trains(workbench);
            let shown = self.shown_run(workbench);
            if let Some(chosen) = ui.scope(|ui| runs::ui(ui, workbench, &shown)).inner {
                self.selected = Some(chosen);
            }
            if let Some(run) = workbench.runs.get(&shown) {
                ui.add_space(theme::GRID);
                self.detail.ui(ui, &shown, run, workbench, &state.jobs, actions);
            }
        });
    }

    fn watch_what_trains(&mut self, workbench: &Workbench) {
        let is_training = |name: &String| workbench.runs.get(name).is_some_and(|run| run.status == RunStatus::Training);
        if self.watched.as_ref().is_some_and(is_training) {
            return;
        }
        if let Some(name) = workbench.runs.keys().find(|name| is_training(name)) {
            self.watched = Some(name.clone());
            self.selected = Some(name.clone());
        }
    }

    /// The run that was clicked or started, else the one in use, else the first.
    fn shown_run(&self, workbench: &Workbench) -> String {
        let is_there = |name: &&String| workbench.runs.contains_key(*name);
        let chosen = self.selected.as_ref().filter(is_there);
        let shown = chosen
            .or_else(|| workbench.project.active_run.as_ref().filter(is_there))
            .or_else(|| workbench.runs.keys().next());
        shown.cloned().unwrap_or_default()
    }
}
