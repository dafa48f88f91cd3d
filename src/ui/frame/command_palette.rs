//! The palette of commands: a line to type into and what fits, from any screen.

use eframe::egui::{
    self, Align, Button, Id, Key, Layout, Modal, Modifiers, RichText, ScrollArea, TextEdit, ViewportCommand, vec2,
};

use super::commands::{Command, Effect, matching};
use super::{Frame, theme};
use crate::app::{Action, State};
use crate::ui::{dialogs, offers};

const SIZE: [f32; 2] = [520.0, 320.0];

/// The palette while it is open.
#[derive(Default)]
pub(super) struct CommandPalette {
    query: String,
    /// What fits the query; `None`: not looked up yet.
    found: Option<Vec<Command>>,
    chosen: usize,
}

impl CommandPalette {
    /// Shows the palette; returns whether it stays, and what was chosen.
    fn ui(&mut self, ui: &mut egui::Ui, state: &State) -> (bool, Option<Effect>) {
        let frame = egui::Frame::popup(ui.style()).inner_margin(2.0 * theme::GRID);
        let modal = Modal::new(Id::unique("command palette")).frame(frame).show(ui.ctx(), |ui| {
            ui.set_width(SIZE[0]);
            // The arrows go through the list, not through the text.
            let n_down = n_presses(ui, Key::ArrowDown) - n_presses(ui, Key::ArrowUp);
            let is_taken = ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
            let line = TextEdit::singleline(&mut self.query)
                .hint_text("Command, screen, machine, run, project or clip")
                .desired_width(f32::INFINITY);
            let line = ui.add(line).accessible_name("Command");
            // Asking each frame would draw without end.
            if !line.has_focus() {
                line.request_focus();
            }
            if line.changed() {
                self.found = None;
                self.chosen = 0;
            }
            let found = self.found.get_or_insert_with(|| matching(state, &self.query));
            let last = found.len().saturating_sub(1);
            self.chosen = self.chosen.saturating_add_signed(n_down).min(last);
            ui.add_space(theme::GRID);
            let clicked = list(ui, found, self.chosen, n_down != 0);
            let place = clicked.or(is_taken.then_some(self.chosen))?;
            found.get(place).map(|command| command.effect.clone())
        });
        (!modal.should_close() && modal.inner.is_none(), modal.inner)
    }
}

impl Frame {
    /// Shows the palette while it is open, and does what is chosen in it.
    pub(super) fn command_palette(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(palette) = &mut self.palette else { return };
        let (stays, effect) = palette.ui(ui, state);
        if !stays {
            self.palette = None;
        }
        let Some(effect) = effect else { return };
        match effect {
            Effect::Act(wishes) => actions.extend(wishes),
            Effect::OpenFolder => dialogs::open_folder(ui.ctx()),
            Effect::OpenProject => dialogs::open_project(ui.ctx()),
            Effect::SaveCopy => dialogs::save_copy(ui.ctx()),
            Effect::Figure(wanted) => {
                // The screens come before the palette: they are asked in the next frame.
                offers::ask(ui.ctx(), wanted);
                ui.ctx().request_repaint();
            }
            Effect::ExportReport => dialogs::export_report(ui.ctx()),
            Effect::ShowKeys => self.shows_keys = true,
            Effect::ToggleInspector => self.shows_inspector = !self.shows_inspector,
            Effect::FullScreen => toggle_full_screen(ui.ctx()),
            Effect::Theme(preference) => ui.ctx().set_theme(preference),
        }
    }
}

pub(super) fn toggle_full_screen(context: &egui::Context) {
    let is_full = context.input(|input| input.viewport().fullscreen.unwrap_or(false));
    context.send_viewport_cmd(ViewportCommand::Fullscreen(!is_full));
}

fn n_presses(ui: &egui::Ui, key: Key) -> isize {
    ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as isize
}

/// The commands, a row each; returns the one that was clicked.
fn list(ui: &mut egui::Ui, found: &[Command], chosen: usize, follows: bool) -> Option<usize> {
    let mut clicked = None;
    let weak = theme::palette(ui).weak;
    let is_empty = found.is_empty();
    ScrollArea::vertical()
        .max_height(SIZE[1])
        .min_scrolled_height(SIZE[1])
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if is_empty {
                ui.colored_label(weak, "Nothing is called so");
            }
            for (place, command) in found.iter().enumerate() {
                let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
                let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
                let row = Button::selectable(place == chosen, "").min_size(size);
                let response = ui.put(rect, row).accessible_name(&command.title);
                let mut inside = ui.new_child(
                    egui::UiBuilder::new()
                        .max_rect(rect.shrink2(vec2(2.0 * theme::GRID, 0.0)))
                        .layout(Layout::right_to_left(Align::Center)),
                );
                let beside = if command.keys.is_empty() {
                    command.about
                } else {
                    command.keys
                };
                inside.add(egui::Label::new(RichText::new(beside).small().color(weak)).selectable(false));
                inside.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(&command.title).truncate().selectable(false));
                });
                if response.clicked() {
                    clicked = Some(place);
                }
                if place == chosen && follows {
                    response.scroll_to_me(None);
                }
            }
        });
    clicked
}
