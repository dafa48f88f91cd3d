//! How a search stands, and what can be done with it.

use eframe::egui::{self, ProgressBar, RichText};

use crate::app::{Action, ExplorationStatus, ExplorationView, JobView, Workbench, asked_auc, best_design};
use crate::exploration::TrialState;
use crate::ui::theme;
use crate::ui::widgets::{count, duration, empty_state, labelled_button, message};

/// The private look of the buttons.
#[derive(Default)]
pub(super) struct StatusView {
    /// The search whose deletion waits for a second click.
    deleting: Option<String>,
}

impl StatusView {
    /// Returns whether a new search with these settings is wished.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        view: &ExplorationView,
        jobs: &[JobView],
        actions: &mut Vec<Action>,
    ) -> bool {
        ui.add_space(theme::GRID);
        let job = jobs.iter().find(|job| Some(job.id) == view.job);
        progress(ui, view, job);
        if let Some(job) = job {
            job_buttons(ui, job, actions);
        } else {
            self.rest_buttons(ui, workbench, view, actions);
        }
        let hint = "Take these settings over into a new search";
        let wants_new = ui
            .horizontal(|ui| {
                let wants_new = labelled_button(ui, true, "New search like this", hint).clicked();
                if job.is_none() && self.deleting.is_none() && ui.button("Delete…").on_hover_text("Delete this search").clicked()
                {
                    self.deleting = Some(view.name.clone());
                }
                wants_new
            })
            .inner;
        ui.add_space(theme::GRID);
        wants_new
    }

    fn rest_buttons(&mut self, ui: &mut egui::Ui, workbench: &Workbench, view: &ExplorationView, actions: &mut Vec<Action>) {
        if view.status != ExplorationStatus::Done {
            let other = workbench.searching();
            let hint = other.map_or_else(
                || "Go on where it was stopped: the same designs follow as without the stop".to_owned(),
                |other| format!("{} is still searching", other.name),
            );
            if labelled_button(ui, other.is_none(), "Resume", &hint).clicked() {
                actions.push(Action::ResumeExploration(view.name.clone()));
            }
        }
        if self.deleting.as_deref() != Some(&view.name) {
            self.deleting = None;
            return;
        }
        message(ui, theme::palette(ui).error, "Its designs and weights go for good");
        ui.horizontal(|ui| {
            if ui.button("Delete search").clicked() {
                self.deleting = None;
                actions.push(Action::DeleteExploration(view.name.clone()));
            }
            if ui.button("Keep it").clicked() {
                self.deleting = None;
            }
        });
    }
}

/// How far it is, in a bar and in words.
fn progress(ui: &mut egui::Ui, view: &ExplorationView, job: Option<&JobView>) {
    let palette = theme::palette(ui);
    let trials = &view.exploration.trials;
    let n_over = trials.iter().filter(|trial| trial.state != TrialState::Running).count();
    let n_trials = view.exploration.settings.search.n_trials.max(1);
    let of_all = format!("{} of {} designs", count(n_over), count(n_trials));
    let (text, colour) = match (&view.status, job) {
        (ExplorationStatus::Searching, Some(job)) => (running_text(&of_all, job), palette.weak),
        (ExplorationStatus::Done, _) => (format!("Done: {of_all}"), palette.weak),
        (ExplorationStatus::Failed(reason), _) => (format!("Failed after {of_all}: {reason}"), palette.error),
        (ExplorationStatus::Searching | ExplorationStatus::Stopped, _) => {
            let text = format!("Stopped after {of_all}. All of them are kept.");
            (text, palette.warning)
        }
    };
    let bar =
        ProgressBar::new(n_over as f32 / n_trials as f32)
            .desired_height(8.0)
            .fill(if job.is_some_and(|job| !job.is_paused) {
                palette.accent
            } else {
                palette.weak
            });
    ui.add(bar).accessible_name(format!("Progress of {}", view.name));
    message(ui, colour, &text);
    remark(ui, best_words(view));
}

/// The best design so far in words.
fn best_words(view: &ExplorationView) -> String {
    let exploration = &view.exploration;
    match (best_design(exploration), asked_auc(exploration)) {
        (Some(place), _) => {
            let trial = &exploration.trials[place];
            let auc = trial.auc().unwrap_or_default();
            format!(
                "Best: design {} with {} parameters, AUC {auc:.3}",
                trial.number,
                count(trial.cost.n_parameters)
            )
        }
        (None, Some(asked)) => format!("No design reaches the AUC of {asked:.3} that the reference asks for"),
        (None, None) => "No design is trained to the end yet".to_owned(),
    }
}

fn running_text(of_all: &str, job: &JobView) -> String {
    let stage = if job.stage.is_empty() { "Searching" } else { &job.stage };
    match (job.is_cancelling, job.is_paused, job.remaining_secs) {
        (true, ..) => format!("{of_all}, stopping…"),
        (_, true, _) => format!("{of_all}, paused"),
        (_, _, Some(secs)) => format!("{of_all}. {stage}: about {} left", duration(secs.into())),
        _ => format!("{of_all}. {stage}…"),
    }
}

fn job_buttons(ui: &mut egui::Ui, job: &JobView, actions: &mut Vec<Action>) {
    let is_free = !job.is_cancelling;
    ui.horizontal(|ui| {
        if job.is_paused {
            if labelled_button(ui, is_free, "Continue", "Go on searching").clicked() {
                actions.push(Action::ContinueJob(job.id));
            }
        } else if labelled_button(ui, is_free, "Pause", "Rest until you continue; the designs stay").clicked() {
            actions.push(Action::PauseJob(job.id));
        }
        let hint = "Stop the search and keep what was found; it can be resumed, now or after a restart";
        if labelled_button(ui, is_free, "Stop and keep", hint).clicked() {
            actions.push(Action::CancelJob(job.id));
        }
    });
}

/// A search that has no design to show yet.
pub(super) fn before_the_first(ui: &mut egui::Ui, view: &ExplorationView) {
    let settings = &view.exploration.settings;
    let (title, text) = match &view.status {
        ExplorationStatus::Searching if settings.with_reference && view.exploration.reference.is_none() => (
            "The reference is trained first",
            "CAE-MCS has 4 million parameters: the first design follows when it is judged".to_owned(),
        ),
        ExplorationStatus::Searching => (
            "The first designs are being trained",
            "Each appears here as soon as it is judged".to_owned(),
        ),
        ExplorationStatus::Failed(reason) => ("The search failed before its first design", reason.clone()),
        ExplorationStatus::Stopped => (
            "Stopped before its first design",
            "Resume it at the left, or delete it".to_owned(),
        ),
        ExplorationStatus::Done => (
            "No design keeps these limits",
            "Not one of the designs that were tried is small enough: allow more in a new search".to_owned(),
        ),
    };
    empty_state(ui, title, &text, None);
}

/// A small line in the colour of text that explains.
pub(super) fn remark(ui: &mut egui::Ui, text: impl Into<String>) {
    let weak = theme::palette(ui).weak;
    ui.add(egui::Label::new(RichText::new(text).small().color(weak)).wrap());
}
