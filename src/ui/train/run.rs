//! One run: what can be done with it, its loss, its log.

use eframe::egui::{self, RichText, ScrollArea};

use super::loss_plot;
use crate::app::{Action, DeployFormat, JobView, RunStatus, RunView, Workbench, loss_figure};
use crate::extractors::Recipe;
use crate::figures::Figure;
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::widgets::{job_row, labelled_button, menu_button, message, save_figure_menu};
use crate::ui::{dialogs, theme};

/// The private look of the run that is shown.
#[derive(Default)]
pub(super) struct RunDetail {
    /// The run whose deletion waits for a second click.
    deleting: Option<String>,
    /// The figures that are drawn, by their title; empty for the loss.
    curves: loss_plot::Choice,
}

impl RunDetail {
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        name: &str,
        run: &RunView,
        workbench: &Workbench,
        jobs: &[JobView],
        actions: &mut Vec<Action>,
    ) {
        if run.epochs.is_empty() {
            offers::none_because(ui, "This run has no loss curve to add to the report");
        } else {
            offers::offer(ui, ui.max_rect(), || recipe(name));
        }
        ui.separator();
        ui.horizontal(|ui| {
            ui.label(RichText::new(name).strong());
            self.buttons(ui, name, run, workbench, actions);
        });
        if let Some(job) = jobs.iter().find(|job| Some(job.id) == run.job) {
            ui.horizontal(|ui| job_row(ui, job, actions));
        }
        if let RunStatus::Failed(reason) = &run.status {
            let error = theme::palette(ui).error;
            message(ui, error, reason);
        }
        settings(ui, run);
        let log_height = (ui.available_height() * 0.3).clamp(72.0, 220.0);
        if run.recipe.training.recipe.is_trained() {
            let plot_height = (ui.available_height() - log_height - 40.0).max(120.0);
            loss_plot::ui(ui, run, plot_height, &mut self.curves);
        }
        log(ui, run);
    }

    fn buttons(&mut self, ui: &mut egui::Ui, name: &str, run: &RunView, workbench: &Workbench, actions: &mut Vec<Action>) {
        let is_active = workbench.project.active_run.as_deref() == Some(name);
        if run.status == RunStatus::Done && !is_active {
            let hint = "Show the scores of this run on all screens";
            if labelled_button(ui, true, "Use this run", hint).clicked() {
                actions.push(Action::ActivateRun(name.to_owned()));
            }
        }
        if matches!(run.status, RunStatus::Stopped | RunStatus::Failed(_))
            && labelled_button(ui, true, "Resume", "Go on from the last checkpoint").clicked()
        {
            actions.push(Action::Resume(name.to_owned()));
        }
        if !run.epochs.is_empty() {
            let figure = || loss_figure(workbench, name).map(Figure::Loss);
            save_figure_menu(ui, &format!("loss_{name}"), figure, || recipe(name));
        }
        if run.status == RunStatus::Done {
            export_menu(ui, name, run.recipe.training.recipe);
        }
        if run.status == RunStatus::Training {
            return;
        }
        if self.deleting.as_deref() == Some(name) {
            let error = theme::palette(ui).error;
            ui.colored_label(error, "Its weights and scores go for good");
            if ui.button("Delete run").clicked() {
                self.deleting = None;
                actions.push(Action::DeleteRun(name.to_owned()));
            }
            if ui.button("Keep it").clicked() {
                self.deleting = None;
            }
        } else if labelled_button(ui, true, "Delete…", "Delete this run's folder").clicked() {
            self.deleting = Some(name.to_owned());
        }
    }
}

/// The loss curve, to be drawn again by the report.
fn recipe(run: &str) -> FigureRecipe {
    FigureRecipe::Loss { run: run.to_owned() }
}

/// `Export…` with its formats; what has no network says so.
fn export_menu(ui: &mut egui::Ui, name: &str, recipe: Recipe) {
    if !recipe.is_deployable() {
        let hint = format!(
            "{} has no network that could run elsewhere: train an autoencoder or MobileAnoNet",
            recipe.title()
        );
        labelled_button(ui, false, "Export…", &hint);
        return;
    }
    menu_button(ui, "Export…", |ui| {
        for format in DeployFormat::ALL {
            if ui.button(format.title()).clicked() {
                ui.close();
                let run = name.to_owned();
                let title = format!("Export {name} as {} into a folder", format.title());
                dialogs::pick_folder(ui.ctx(), &title, move |folder| Action::ExportRun { run, format, folder });
            }
        }
    });
}

/// The recipe in one line.
fn settings(ui: &mut egui::Ui, run: &RunView) {
    let training = &run.recipe.training;
    let machines = if run.recipe.machines.is_empty() {
        "all machines".to_owned()
    } else {
        run.recipe.machines.join(", ")
    };
    let text = if training.recipe.is_trained() {
        let own = &training.mobileanonet;
        let own = match training.recipe {
            Recipe::MobileAnoNet => format!(", loss {}, input {}", own.loss.name(), own.input.name()),
            Recipe::OutlierNet => format!(", design {}", training.genome),
            _ => String::new(),
        };
        format!(
            "{} on {machines}; {} epochs, batch {}, learning rate {:e}, seed {}, {}{own}",
            training.recipe.title(),
            training.n_epochs,
            training.batch_size,
            training.learning_rate,
            training.seed,
            training.device.name(),
        )
    } else {
        format!("{} on {machines}", training.recipe.title())
    };
    let weak = theme::palette(ui).weak;
    ui.add(egui::Label::new(RichText::new(text).small().color(weak)).wrap());
}

fn log(ui: &mut egui::Ui, run: &RunView) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Log").strong());
        if !run.log.is_empty() && ui.small_button("Copy log").clicked() {
            ui.ctx().copy_text(run.log.join("\n"));
        }
    });
    let palette = theme::palette(ui);
    egui::Frame::NONE.fill(palette.canvas).inner_margin(6).show(ui, |ui| {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 2.0;
        let font = egui::FontId::monospace(11.5);
        let row_height = ui.fonts_mut(|fonts| fonts.row_height(&font));
        ScrollArea::both()
            .id_salt("log")
            .auto_shrink(false)
            .stick_to_bottom(true)
            .show_rows(ui, row_height, run.log.len(), |ui, rows| {
                for line in &run.log[rows] {
                    let text = RichText::new(line).font(font.clone());
                    ui.add(egui::Label::new(text).extend());
                }
                if run.log.is_empty() {
                    ui.colored_label(palette.weak, "Nothing was logged");
                }
            });
    });
}
