//! The screen Train: a recipe and its settings on the left, the runs with their curves and logs on the right.

mod conditions;
mod form;
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

/// The private look of the screen.
#[derive(Default)]
pub struct TrainView {
    form: Form,
    /// The run whose curve and log are shown; `None`: the newest that matters.
    selected: Option<String>,
    detail: RunDetail,
}

impl TrainView {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(workbench) = &state.workbench else { return };
        let n_runs = workbench.runs.len();
        Panel::left("recipe")
            .exact_size(296.0)
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

    /// The run that was clicked, else the one that trains, else the one in use, else the first.
    fn shown_run(&self, workbench: &Workbench) -> String {
        let is_there = |name: &&String| workbench.runs.contains_key(*name);
        let training = || {
            let mut runs = workbench.runs.iter();
            runs.find(|(_, run)| run.status == RunStatus::Training).map(|(name, _)| name)
        };
        let chosen = self.selected.as_ref().filter(is_there);
        let shown = chosen
            .or_else(training)
            .or_else(|| workbench.project.active_run.as_ref().filter(is_there))
            .or_else(|| workbench.runs.keys().next());
        shown.cloned().unwrap_or_default()
    }
}
