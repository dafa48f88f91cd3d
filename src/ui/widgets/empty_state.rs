//! What stands where something will be: what it will be, and the one click that fills it.

use eframe::egui;

use super::primary_button;
use crate::ui::theme;

/// Longer lines are harder to read.
const TEXT_WIDTH: f32 = 420.0;

/// Fills the space with a title, a sentence and, where there is one, the button that ends the emptiness. Returns whether it was clicked.
pub fn empty_state(ui: &mut egui::Ui, title: &str, text: &str, button: Option<&str>) -> bool {
    let palette = theme::palette(ui);
    let mut is_clicked = false;
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 60.0).max(2.0 * theme::GRID));
        ui.heading(title);
        ui.scope(|ui| {
            ui.set_max_width(TEXT_WIDTH.min(ui.available_width() - 8.0 * theme::GRID));
            ui.colored_label(palette.weak, text);
        });
        if let Some(button) = button {
            ui.add_space(2.0 * theme::GRID);
            is_clicked = primary_button(ui, true, button, text).clicked();
        }
    });
    is_clicked
}
