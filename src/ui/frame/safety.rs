//! What stands in the way of saving, under the top bar until it is gone; and the question that a bad end leaves for the next start.

use eframe::egui::{self, Id, Margin, Modal, Panel, RichText};

use super::{theme, widgets};
use crate::app::{Access, Action, Recovery, SafetyAction, SaveState, State};
use crate::ui::dialogs;

/// The strip with what is wrong and the ways out; nothing while all is well.
pub(super) fn strip(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(workbench) = &state.workbench else { return };
    let (text, again) = match (workbench.access.refusal(), &workbench.save) {
        (Some(refusal), _) => {
            let end = match workbench.access {
                Access::HeldBy(_) => "Labels, boxes and settings cannot be changed here",
                Access::Write | Access::ReadOnly(_) => "What you change here could not be kept",
            };
            (format!("{refusal}. {end}."), "Look again")
        }
        (None, SaveState::Failed(reason)) => {
            let text = format!("Not saved: {reason}. Nothing is lost while this window is open.");
            (text, "Try again")
        }
        (None, SaveState::Saved | SaveState::Changed) => return,
    };
    let palette = theme::palette(ui);
    let colour = match workbench.access {
        Access::Write => palette.error,
        Access::HeldBy(_) | Access::ReadOnly(_) => palette.warning,
    };
    let frame = egui::Frame::side_top_panel(ui.style())
        .inner_margin(Margin::symmetric(8, 4))
        .fill(ui.visuals().panel_fill.lerp_to_gamma(colour, 0.14));
    Panel::top("safety").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if widgets::labelled_button(ui, true, again, "What is wrong may be over").clicked() {
                    actions.push(Action::Safety(SafetyAction::TryAgain));
                }
                let hint = "The project with its labels, boxes and runs, in a folder that can be written to; you go on there";
                if widgets::labelled_button(ui, true, "Save copy elsewhere\u{2026}", hint).clicked() {
                    dialogs::save_copy(ui.ctx());
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(&text).color(colour)).truncate())
                        .on_hover_text(&text);
                });
            });
        });
    });
}

/// The question what is to become of unsaved work.
pub(super) fn recovery(ui: &mut egui::Ui, recovery: &Recovery, actions: &mut Vec<Action>) {
    let frame = egui::Frame::popup(ui.style()).inner_margin(4.0 * theme::GRID);
    // It must be answered: neither Esc nor a click beside it is an answer.
    Modal::new(Id::unique("recovery")).frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(520.0);
        ui.heading("Recover unsaved work?");
        ui.add_space(theme::GRID);
        let age = recovery.kept_at.and_then(|kept_at| kept_at.elapsed().ok());
        let when = age.map_or(String::new(), |age| format!(" {} ago", widgets::duration(age.as_secs_f64())));
        ui.label(format!(
            "{} was not closed properly{when}. This was done and is not in the project's file:",
            recovery.name
        ));
        for difference in &recovery.differences {
            ui.label(format!("\u{2022} {difference}"));
        }
        let weak = theme::palette(ui).weak;
        ui.add(egui::Label::new(RichText::new(recovery.path.display().to_string()).small().color(weak)).truncate());
        ui.add_space(2.0 * theme::GRID);
        ui.horizontal(|ui| {
            let hint = "Opens the project with it";
            if widgets::primary_button(ui, true, "Recover", hint).clicked() {
                actions.push(Action::Safety(SafetyAction::Recover));
            }
            let hint = "Opens the project as it was saved; the rest becomes a project file of its own beside it";
            if widgets::labelled_button(ui, true, "Open without", hint).clicked() {
                actions.push(Action::Safety(SafetyAction::OpenWithout));
            }
            let hint = "Opens the project as it was saved, and removes the rest for good";
            if widgets::labelled_button(ui, true, "Discard", hint).clicked() {
                actions.push(Action::Safety(SafetyAction::Discard));
            }
        });
    });
}
