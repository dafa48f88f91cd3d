//! The rows that the training form is made of: a choice, a count, a number.

use std::ops::RangeInclusive;

use eframe::egui::{self, ComboBox, DragValue};

use crate::ui::theme;
use crate::ui::widgets::field;

/// A choice that fills its row, so that its words are read whole.
pub(super) fn choice<T: Copy + PartialEq>(
    ui: &mut egui::Ui,
    label: &str,
    chosen: &mut T,
    all: &[T],
    title: impl Fn(T) -> &'static str,
) {
    choice_of(ui, label, chosen, all, |one| title(one).to_owned());
}

/// The same with titles that are put together.
pub(super) fn choice_of<T: Copy + PartialEq>(
    ui: &mut egui::Ui,
    label: &str,
    chosen: &mut T,
    all: &[T],
    title: impl Fn(T) -> String,
) {
    field(ui, label, |ui| {
        ComboBox::from_id_salt(label)
            // The bar that scrolls the form stands at its edge.
            .width(ui.available_width() - 2.0 * theme::GRID)
            .selected_text(title(*chosen))
            .truncate()
            .show_ui(ui, |ui| {
                for &one in all {
                    ui.selectable_value(chosen, one, title(one));
                }
            });
    });
}

/// A whole number, with the unit that it counts in.
pub(super) fn count(ui: &mut egui::Ui, label: &str, value: &mut usize, most: usize, unit: &str, hint: &str) {
    field(ui, label, |ui| {
        let response = ui.add(DragValue::new(value).speed(1.0).range(1..=most));
        // A tooltip takes the place of a name that is not there yet.
        if !hint.is_empty() {
            response.on_hover_text(hint).accessible_name(label);
        }
        // Not as the value's own ending: that would take the place of its name for who cannot see the label.
        if !unit.is_empty() {
            ui.weak(unit);
        }
    });
}

/// A number as short as it can be told.
pub(super) fn number(ui: &mut egui::Ui, label: &str, value: &mut f64, range: RangeInclusive<f64>, speed: f64) -> egui::Response {
    field(ui, label, |ui| {
        let value = DragValue::new(value).range(range).speed(speed);
        ui.add(
            value
                .custom_formatter(|value, _| {
                    if value == 0.0 || value >= 0.01 {
                        format!("{value}")
                    } else {
                        format!("{value:e}")
                    }
                })
                .custom_parser(|text| text.trim().parse().ok()),
        )
    })
}
