//! The dialog about takes that a killed program left: recover, discard, or open without.

use eframe::egui::{self, RichText, ScrollArea};

use crate::app::{Action, JobKind, LeftTakeView, LiveAction, State};
use crate::ui::theme;
use crate::ui::widgets::{clock, date, labelled_button, primary_button};

const WIDTH: f32 = 620.0;
const LIST_HEIGHT: f32 = 260.0;

/// Shown over every screen while it is asked. Called once a frame.
pub fn ui(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let live = &state.live;
    // What is recovered goes into the project: wait until that is open.
    let is_opening = state.jobs.iter().any(|job| job.kind == JobKind::OpenProject);
    if !live.asks_about_left || live.left.is_empty() || is_opening {
        return;
    }
    let is_busy = state.jobs.iter().any(|job| job.kind == JobKind::TakeIn);
    let frame = egui::Frame::popup(ui.style()).inner_margin(4.0 * theme::GRID);
    let modal = egui::Modal::new(egui::Id::unique("left takes"))
        .frame(frame)
        .show(ui.ctx(), |ui| {
            ui.set_width(WIDTH);
            ui.heading("Recordings that were cut off");
            ui.add_space(theme::GRID);
            ui.label(
                "The program ended while it recorded. All but the last moments of these takes reached the disk and can be heard.",
            );
            ui.add_space(theme::GRID);
            ScrollArea::vertical().max_height(LIST_HEIGHT).show(ui, |ui| {
                for take in &live.left {
                    row(ui, take, !is_busy, actions);
                }
            });
            ui.add_space(2.0 * theme::GRID);
            ui.horizontal(|ui| {
                let hint =
                    "Their files become clips of the open project where they lie in it; elsewhere they stay where they are";
                if live.left.len() > 1 && primary_button(ui, !is_busy, "Recover all", hint).clicked() {
                    let all = live.left.iter().map(|take| LiveAction::RecoverTake(take.note.clone()));
                    actions.extend(all.map(Action::Live));
                }
                let hint = "Change nothing; you are asked again at the next start, and on the screen Live";
                if labelled_button(ui, true, "Open without", hint).clicked() {
                    actions.push(Action::Live(LiveAction::AskAboutLeft(false)));
                }
            });
        });
    if modal.should_close() {
        actions.push(Action::Live(LiveAction::AskAboutLeft(false)));
    }
}

fn row(ui: &mut egui::Ui, take: &LeftTakeView, is_enabled: bool, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let when = if take.begun_at > 0 {
        format!(", {}", date(take.begun_at))
    } else {
        String::new()
    };
    ui.push_id(&take.note, |ui| {
        ui.horizontal(|ui| {
            ui.vertical(|ui| {
                ui.set_width(WIDTH - 200.0);
                ui.label(RichText::new(format!("{}{when}", take.title)).strong());
                let files = match take.files.len() {
                    1 => "one file".to_owned(),
                    n => format!("{n} files"),
                };
                let marks = match take.n_marks {
                    0 => String::new(),
                    1 => ", one mark".to_owned(),
                    n => format!(", {n} marks"),
                };
                ui.colored_label(palette.weak, format!("{} in {files}{marks}", clock(take.secs)));
                if let Some(first) = take.files.first() {
                    let place = RichText::new(first.display().to_string()).color(palette.weak).small();
                    ui.add(egui::Label::new(place).truncate());
                }
            });
            let hint = "Make its files whole and take them into the project";
            if primary_button(ui, is_enabled, "Recover", hint).clicked() {
                actions.push(Action::Live(LiveAction::RecoverTake(take.note.clone())));
            }
            let hint = "Move its files to the folder 'discarded recordings' beside the recordings; nothing is deleted";
            if labelled_button(ui, is_enabled, "Discard", hint).clicked() {
                actions.push(Action::Live(LiveAction::DiscardTake(take.note.clone())));
            }
        });
        ui.add_space(theme::GRID);
    });
}
