//! The menu that saves the picture: the format, then the place.

use std::path::PathBuf;

use eframe::egui::{self, Key, TextEdit};

use crate::app::Action;
use crate::figures::Figure;

const FORMATS: [(&str, &str); 3] = [("svg", "SVG"), ("png", "PNG"), ("csv", "CSV (the data)")];

/// A figure that waits for its path.
#[derive(Default)]
pub(super) struct SaveMenu {
    waiting: Option<(Figure, String)>,
}

impl SaveMenu {
    /// The button with its formats; `make_figure` is asked once one was chosen, and `stem` becomes the suggested name.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        stem: &str,
        actions: &mut Vec<Action>,
        make_figure: impl FnOnce() -> Option<Figure>,
    ) {
        let mut chosen = None;
        ui.menu_button("Save figure…", |ui| {
            for (ending, name) in FORMATS {
                if ui.button(name).clicked() {
                    chosen = Some(ending);
                    ui.close();
                }
            }
        });
        if let Some(ending) = chosen {
            self.waiting = make_figure().map(|figure| (figure, format!("{stem}.{ending}")));
        }
        self.ask_path(ui, actions);
    }

    fn ask_path(&mut self, ui: &egui::Ui, actions: &mut Vec<Action>) {
        let Some((figure, mut path)) = self.waiting.take() else {
            return;
        };
        let mut is_confirmed = false;
        let mut is_cancelled = false;
        let modal = egui::Modal::new(ui.scope_id().with("save figure")).show(ui.ctx(), |ui| {
            ui.set_width(480.0);
            ui.heading("Save figure");
            let label = ui.label("Write to this file");
            let field = ui
                .add(TextEdit::singleline(&mut path).desired_width(f32::INFINITY))
                .labelled_by(label.id);
            is_confirmed = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            ui.horizontal(|ui| {
                is_confirmed |= ui.button("Save").clicked();
                is_cancelled = ui.button("Cancel").clicked();
            });
        });
        if is_confirmed && !path.trim().is_empty() {
            let path = PathBuf::from(path.trim());
            actions.push(Action::SaveFigure { figure, path });
        } else if !is_cancelled && !modal.should_close() {
            self.waiting = Some((figure, path));
        }
    }
}
