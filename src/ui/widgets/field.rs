//! Rows of forms, headings of groups, and messages that stand where something happened.

use eframe::egui::{self, Color32, RichText};

use crate::ui::theme;

/// Width of the label column of a form.
const LABEL_WIDTH: f32 = 112.0;

/// One row of a form: its label, then the inputs, which are named by the label.
pub fn field<R>(ui: &mut egui::Ui, label: &str, add_inputs: impl FnOnce(&mut egui::Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let weak = theme::palette(ui).weak;
        let size = egui::vec2(LABEL_WIDTH, theme::CONTROL_HEIGHT);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.set_min_width(LABEL_WIDTH);
            ui.colored_label(weak, label);
        });
        ui.name_inputs(label, add_inputs)
    })
    .inner
}

/// The heading of a group of controls within a screen.
pub fn heading(ui: &mut egui::Ui, text: &str) {
    ui.add_space(theme::GRID);
    ui.label(RichText::new(text).strong());
}

/// A sentence in a colour of its meaning, wrapped and selectable.
pub fn message(ui: &mut egui::Ui, colour: Color32, text: &str) {
    ui.add(egui::Label::new(RichText::new(text).color(colour)).wrap().selectable(true));
}
