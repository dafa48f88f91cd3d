//! The button that saves a figure or a table: pick the format, then the place.

use eframe::egui;

use super::menu_button;
use crate::app::Action;
use crate::figures::{Figure, Table};
use crate::project::FigureRecipe;
use crate::ui::{dialogs, offers};

/// `Save figure…` with its formats, and to the report. `make_figure` is asked once a format was chosen; `stem` becomes the
/// suggested file name.
pub fn save_figure_menu(
    ui: &mut egui::Ui,
    stem: &str,
    make_figure: impl FnOnce() -> Option<Figure>,
    make_recipe: impl FnOnce() -> FigureRecipe,
) {
    if let Some(ending) = formats(
        ui,
        "Save figure…",
        &[("svg", "SVG"), ("png", "PNG"), ("csv", "CSV (the data)")],
        make_recipe,
    ) && let Some(figure) = make_figure()
    {
        let name = format!("{}.{ending}", file_stem(stem));
        dialogs::save_file(ui.ctx(), "Save figure", &name, move |path| Action::SaveFigure {
            figure,
            path,
        });
    }
}

/// `Save table…` with its formats.
pub fn save_table_menu(
    ui: &mut egui::Ui,
    stem: &str,
    make_table: impl FnOnce() -> Option<Table>,
    make_recipe: impl FnOnce() -> FigureRecipe,
) {
    let endings = [("csv", "CSV"), ("tex", "LaTeX"), ("md", "Markdown")];
    if let Some(ending) = formats(ui, "Save table…", &endings, make_recipe)
        && let Some(table) = make_table()
    {
        let name = format!("{}.{ending}", file_stem(stem));
        dialogs::save_file(ui.ctx(), "Save table", &name, move |path| Action::SaveTable { table, path });
    }
}

/// The ending that was chosen in this frame.
fn formats(
    ui: &mut egui::Ui,
    title: &str,
    formats: &[(&'static str, &str)],
    make_recipe: impl FnOnce() -> FigureRecipe,
) -> Option<&'static str> {
    let mut chosen = None;
    menu_button(ui, title, |ui| {
        for &(ending, name) in formats {
            if ui.button(name).clicked() {
                chosen = Some(ending);
                ui.close();
            }
        }
        ui.separator();
        if ui.add(egui::Button::new("Add to report").shortcut_text("F9")).clicked() {
            offers::send(ui, make_recipe());
            ui.close();
        }
    });
    chosen
}

/// A title as part of a file name.
fn file_stem(title: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let stem: String = title.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    stem.trim_matches('_').to_owned()
}
