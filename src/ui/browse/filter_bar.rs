//! What the table shows: words to search for, the views with their counts, a chip for each property, columns and export.

use eframe::egui::{self, Button, Key, Modifiers, TextEdit};

use super::chips::chips;
use crate::app::{Action, ClipColumn, ClipFilter, ListAction, ListView, Workbench};
use crate::ui::widgets;
use crate::ui::{dialogs, theme};

/// The search field with what may be done with the list, and below it the views and the chips. `columns` are those worth showing.
pub(super) fn filter_bar(ui: &mut egui::Ui, workbench: &Workbench, columns: &[ClipColumn], actions: &mut Vec<Action>) {
    let mut filter = workbench.filter.clone();
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            export(ui, workbench);
            column_menu(ui, workbench, columns, actions);
            if !filter.is_empty() && ui.button("Clear").on_hover_text("Show all clips again").clicked() {
                filter = ClipFilter::default();
            }
            search_field(ui, &mut filter.text);
        });
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        ui.spacing_mut().button_padding.x = 1.75 * theme::GRID;
        views(ui, workbench, actions);
        ui.add_space(theme::GRID);
        chips(ui, workbench, &mut filter, actions);
    });
    if filter != workbench.filter {
        actions.push(Action::SetFilter(filter));
    }
}

fn views(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    for view in ListView::ALL {
        let n_clips = workbench.list.counts.of(view);
        let text = format!("{} {}", view.title(), thousands(n_clips));
        let is_shown = workbench.list.view == view;
        let (is_possible, hint, why_not) = match view {
            ListView::All => (true, "All clips of the machine and section chosen above", ""),
            ListView::Filtered => (
                !workbench.filter.is_empty(),
                "Clips that the search and the chips let through",
                "Search, or choose a value of a chip",
            ),
            ListView::Selected => (
                n_clips > 0,
                "The selected clips only",
                "Ctrl+click or Shift+click rows to select clips",
            ),
        };
        let button = Button::selectable(is_shown, text).frame_when_inactive(true);
        let response = ui.add_enabled(is_possible || is_shown, button);
        if response.on_hover_text(hint).on_disabled_hover_text(why_not).clicked() {
            actions.push(Action::List(ListAction::Show(view)));
        }
    }
    if !workbench.selection.is_empty()
        && widgets::icon_button(ui, true, widgets::Icon::Close, "Deselect all", "Select no clip").clicked()
    {
        actions.push(Action::Select(Vec::new()));
    }
}

fn column_menu(ui: &mut egui::Ui, workbench: &Workbench, columns: &[ClipColumn], actions: &mut Vec<Action>) {
    let close_outside = egui::PopupCloseBehavior::CloseOnClickOutside;
    widgets::menu_button_that(ui, "Columns", false, close_outside, |ui| {
        for &column in columns.iter().filter(|column| column.can_be_hidden()) {
            let mut is_shown = !workbench.is_hidden(column);
            if ui.checkbox(&mut is_shown, column.title()).changed() {
                actions.push(Action::List(ListAction::Hide {
                    column,
                    is_hidden: !is_shown,
                }));
            }
        }
    })
    .on_hover_text("Which columns are shown, and exported");
}

fn export(ui: &mut egui::Ui, workbench: &Workbench) {
    let n_clips = workbench.visible.len();
    let hint = format!(
        "Save the {} clips shown, in this order and with these columns",
        thousands(n_clips)
    );
    let button = ui.add_enabled(n_clips > 0, Button::new("CSV…"));
    if button.on_hover_text(hint).accessible_name("Export the list as CSV").clicked() {
        dialogs::save_file(ui.ctx(), "Save the list of clips", "clips.csv", |path| {
            Action::List(ListAction::Export(path))
        });
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

/// `12,400`.
pub(super) fn thousands(n: usize) -> String {
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
