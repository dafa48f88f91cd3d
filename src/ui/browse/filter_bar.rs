//! What the table shows: words to search for, chips, and how many clips are left.

use eframe::egui::{self, Button, Key, Modifiers, TextEdit};

use crate::app::{Action, ClipFilter, Workbench};
use crate::dataset::{Domain, Label, Split};
use crate::ui::theme;

/// Two rows: the search field with the count, and the chips.
pub(super) fn filter_bar(ui: &mut egui::Ui, workbench: &Workbench, has_domains: bool, actions: &mut Vec<Action>) {
    let mut filter = workbench.filter.clone();
    ui.horizontal(|ui| {
        let n_clips = workbench.dataset.clips.len();
        let count = format!("{} of {}", thousands(workbench.visible.len()), thousands(n_clips));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(count).on_hover_text("Clips shown, of all in the data set");
            if filter != ClipFilter::default() && ui.button("Clear").on_hover_text("Show all clips again").clicked() {
                filter = ClipFilter::default();
            }
            search_field(ui, &mut filter.text);
        });
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        chip(ui, &mut filter.split, Split::Train, "Train");
        chip(ui, &mut filter.split, Split::Test, "Test");
        ui.add_space(2.0 * theme::GRID);
        chip(ui, &mut filter.label, Label::Normal, "Normal");
        chip(ui, &mut filter.label, Label::Anomalous, "Anomalous");
        chip(ui, &mut filter.label, Label::Unknown, "Unknown");
        if has_domains {
            ui.add_space(2.0 * theme::GRID);
            chip(ui, &mut filter.domain, Domain::Source, "Source");
            chip(ui, &mut filter.domain, Domain::Target, "Target");
        }
        ui.add_space(2.0 * theme::GRID);
        let n_selected = workbench.selection.len();
        let text = format!("Selected ({})", thousands(n_selected));
        let is_possible = n_selected > 0 || filter.selected_only;
        let button = Button::selectable(filter.selected_only, text).frame_when_inactive(true);
        if ui
            .add_enabled(is_possible, button)
            .on_hover_text("Show the selected clips only")
            .on_disabled_hover_text("Ctrl-click or Shift-click rows to select clips")
            .clicked()
        {
            filter.selected_only = !filter.selected_only;
        }
    });
    if filter != workbench.filter {
        actions.push(Action::SetFilter(filter));
    }
}

fn search_field(ui: &mut egui::Ui, text: &mut String) {
    let field = ui
        .add(
            TextEdit::singleline(text)
                // An id of its own: the button that appears beside it must not take the focus along.
                .id_salt("clip search")
                .hint_text("Search names and attributes")
                .desired_width(f32::INFINITY),
        )
        .accessible_name("Search clips")
        .on_hover_text("Words in any order; attributes as name=value (Ctrl+F)");
    if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F)) {
        field.request_focus();
    }
}

/// Shows one kind only; clicked again, all.
fn chip<T: Copy + PartialEq>(ui: &mut egui::Ui, chosen: &mut Option<T>, value: T, text: &str) {
    let is_on = *chosen == Some(value);
    if ui.add(Button::selectable(is_on, text).frame_when_inactive(true)).clicked() {
        *chosen = (!is_on).then_some(value);
    }
}

/// `12,400`.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn counts_are_grouped_by_three() {
        assert_eq!(
            [0, 812, 12_400, 1_234_567].map(thousands),
            ["0", "812", "12,400", "1,234,567"]
        );
    }
}
