//! Buttons of one height: the primary action of a screen, and plain ones with a tooltip.

use eframe::egui::{self, Button, Color32, Response, RichText, vec2};

use crate::ui::theme;

/// The one action that a screen is for, in the accent colour. `hint` says more and names the key.
pub fn primary_button(ui: &mut egui::Ui, is_enabled: bool, text: &str, hint: &str) -> Response {
    let palette = theme::palette(ui);
    let ink = if ui.visuals().dark_mode {
        Color32::BLACK
    } else {
        Color32::WHITE
    };
    let button = Button::new(RichText::new(text).color(ink).strong())
        .fill(palette.accent)
        .min_size(vec2(0.0, theme::CONTROL_HEIGHT + theme::GRID));
    ui.add_enabled(is_enabled, button)
        .on_hover_text(hint)
        .on_disabled_hover_text(hint)
}

/// A plain button with a tooltip.
pub fn labelled_button(ui: &mut egui::Ui, is_enabled: bool, text: &str, hint: &str) -> Response {
    ui.add_enabled(is_enabled, Button::new(text))
        .on_hover_text(hint)
        .on_disabled_hover_text(hint)
}
