//! The sheet of all keys.

use eframe::egui::{self, Grid, Id, Modal, RichText};

use super::{keys, theme, widgets};

/// Shows the sheet; returns whether it stays.
pub(super) fn ui(ui: &mut egui::Ui) -> bool {
    let mut is_closed = false;
    let frame = egui::Frame::popup(ui.style()).inner_margin(4.0 * theme::GRID);
    let modal = Modal::new(Id::unique("key sheet")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(740.0);
        ui.horizontal(|ui| {
            ui.heading("Keys");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                is_closed = widgets::icon_button(ui, true, widgets::Icon::Close, "Close keys", "Esc").clicked();
            });
        });
        let weak = theme::palette(ui).weak;
        ui.columns(2, |columns| {
            for (place, (title, keys)) in keys::SHEET.into_iter().enumerate() {
                // What one does with a clip at the left, the rest at the right.
                let ui = &mut columns[usize::from(place > 1)];
                widgets::heading(ui, title);
                Grid::new(title)
                    .num_columns(2)
                    .min_col_width(132.0)
                    .min_row_height(18.0)
                    .spacing([8.0, 2.0])
                    .show(ui, |ui| {
                        for (key, meaning) in keys {
                            ui.label(RichText::new(*key).monospace());
                            ui.colored_label(weak, *meaning);
                            ui.end_row();
                        }
                    });
            }
        });
    });
    !is_closed && !modal.should_close()
}
