//! The runs of the project, one a row.

use eframe::egui::{self, Align, Layout, RichText};
use egui_extras::{Column, TableBuilder};

use crate::app::{RunStatus, RunView, Workbench};
use crate::ui::theme;

const ROW_HEIGHT: f32 = 24.0;
/// Rows that are seen without scrolling.
const MAX_ROWS: usize = 5;

/// Draws the table; returns the run that was clicked.
pub(super) fn ui(ui: &mut egui::Ui, workbench: &Workbench, shown: &str) -> Option<String> {
    let mut clicked = None;
    let mut runs: Vec<(&String, &RunView)> = workbench.runs.iter().collect();
    runs.sort_by_key(|(_, run)| run.status != RunStatus::Training);
    let palette = theme::palette(ui);
    ui.spacing_mut().item_spacing.y = 2.0;
    let height = (ROW_HEIGHT + 2.0) * runs.len().min(MAX_ROWS) as f32;
    TableBuilder::new(ui)
        .id_salt("runs")
        .auto_shrink([false, true])
        .min_scrolled_height(height)
        .max_scroll_height(height)
        .column(Column::initial(180.0).at_least(100.0).clip(true))
        .column(Column::initial(140.0).at_least(80.0).clip(true))
        .column(Column::initial(84.0).at_least(60.0))
        .column(Column::initial(80.0).at_least(60.0))
        .column(Column::remainder().clip(true))
        .cell_layout(Layout::left_to_right(Align::Center))
        .header(ROW_HEIGHT, |mut header| {
            for title in ["Run", "Recipe", "Epochs", "Loss", "Status"] {
                header.col(|ui| {
                    ui.colored_label(palette.weak, title);
                });
            }
        })
        .body(|body| {
            body.rows(ROW_HEIGHT, runs.len(), |mut row| {
                let (name, run) = runs[row.index()];
                let is_active = workbench.project.active_run.as_ref() == Some(name);
                row.col(|ui| {
                    if ui.selectable_label(name == shown, name).clicked() {
                        clicked = Some(name.clone());
                    }
                });
                row.col(|ui| {
                    ui.label(run.recipe.training.recipe.title());
                });
                row.col(|ui| {
                    ui.monospace(epochs(run));
                });
                row.col(|ui| {
                    let loss = run
                        .epochs
                        .last()
                        .map_or_else(|| "–".to_owned(), |epoch| format!("{:.4}", epoch.train_loss));
                    ui.monospace(loss);
                });
                row.col(|ui| {
                    let (status, colour) = status(run, palette, ui.visuals().text_color());
                    ui.label(RichText::new(status).color(colour));
                    if is_active {
                        ui.label(RichText::new("in use").color(palette.accent))
                            .on_hover_text("All screens show the scores of this run");
                    }
                });
            });
        });
    clicked
}

/// `12 / 15`; with a network a machine, of the network that trains.
pub(super) fn epochs(run: &RunView) -> String {
    if !run.recipe.training.recipe.is_trained() {
        return "–".to_owned();
    }
    let done = run.epochs.last().map_or(0, |last| {
        run.epochs.iter().filter(|epoch| epoch.network == last.network).count()
    });
    format!("{done} / {}", run.recipe.training.n_epochs)
}

fn status(run: &RunView, palette: theme::Palette, text: egui::Color32) -> (&'static str, egui::Color32) {
    match &run.status {
        RunStatus::Training => ("Training", palette.accent),
        RunStatus::Stopped => ("Stopped", palette.warning),
        RunStatus::Done => ("Done", text),
        RunStatus::Failed(_) => ("Failed", palette.error),
    }
}
