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
    // The name says the recipe too, mostly: where there is little room it is enough.
    let has_recipe = ui.available_width() > 540.0;
    let recipe_column = has_recipe.then_some(Column::exact(136.0).clip(true));
    let titles = ["Run", "Recipe", "Epochs", "Loss", "Status"];
    let titles = titles.into_iter().filter(|title| has_recipe || *title != "Recipe");
    let mut table = TableBuilder::new(ui)
        .id_salt("runs")
        .auto_shrink([false, true])
        .min_scrolled_height(height)
        .max_scroll_height(height)
        .column(Column::exact(136.0).clip(true));
    if let Some(column) = recipe_column {
        table = table.column(column);
    }
    table
        .column(Column::exact(72.0).clip(true))
        .column(Column::exact(68.0).clip(true))
        .column(Column::remainder().clip(true))
        .cell_layout(Layout::left_to_right(Align::Center))
        .header(ROW_HEIGHT, |mut header| {
            for title in titles {
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
                if has_recipe {
                    row.col(|ui| {
                        ui.label(run.recipe.training.recipe.title());
                    });
                }
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
