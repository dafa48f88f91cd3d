//! The screen Live: what comes in, its picture and its score, the takes that are recorded and the events that were found.

mod events;
mod input;
mod meter;
mod scores;
mod take;
mod waterfall;

use eframe::egui::{self, Key, Modifiers, Panel, vec2};

use self::waterfall::WaterfallView;
use super::{theme, widgets};
use crate::app::{Action, LiveAction, State};

const FOOT_HEIGHT: f32 = 216.0;
const SCORES_HEIGHT: f32 = 96.0;

/// The private look of the screen.
#[derive(Default)]
pub struct LiveScreen {
    waterfall: WaterfallView,
}

impl LiveScreen {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let live = &state.live;
        if live.devices.is_none() {
            actions.push(Action::Live(LiveAction::ListInputs));
        }
        if live.input.is_some() && !ui.ctx().text_edit_focused() {
            keys(ui, state, actions);
        }
        input::ui(ui, state, actions);
        if let Some(error) = &live.error {
            widgets::message(ui, theme::palette(ui).error, error);
        }
        Panel::bottom("live_foot")
            .frame(egui::Frame::NONE)
            .exact_size(FOOT_HEIGHT)
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                ui.add_space(theme::GRID);
                ui.columns(2, |columns| {
                    if let [left, right] = columns {
                        events::ui(left, state, actions);
                        take::ui(right, state, actions);
                    }
                });
            });
        if live.input.is_none() {
            let (title, text) = if live.is_opening {
                ("The input is being opened", "One moment")
            } else {
                (
                    "Nothing is listened to",
                    "Connect a microphone, choose it above and listen: its picture, level and anomaly score appear here",
                )
            };
            let button = (!live.is_opening).then_some("Listen");
            if widgets::empty_state(ui, title, text, button) {
                actions.push(Action::Live(LiveAction::Listen));
            }
            return;
        }
        meter::ui(ui, state, actions);
        ui.add_space(theme::GRID);
        let scores_height = if live.scoring.is_some() { SCORES_HEIGHT } else { 0.0 };
        let size = vec2(
            ui.available_width(),
            (ui.available_height() - scores_height - theme::GRID).max(64.0),
        );
        self.waterfall.ui(ui, size, &live.waterfall);
        if live.scoring.is_some() {
            ui.add_space(theme::GRID);
            scores::ui(ui, vec2(ui.available_width(), scores_height), live, actions);
        }
    }
}

fn keys(ui: &egui::Ui, state: &State, actions: &mut Vec<Action>) {
    let pressed = |modifiers, key| ui.ctx().input_mut(|input| input.consume_key(modifiers, key));
    let is_recording = state.live.heard.take.is_running;
    if pressed(Modifiers::COMMAND, Key::Space) {
        actions.push(if is_recording {
            Action::Live(LiveAction::StopRecording)
        } else {
            Action::Live(LiveAction::Record)
        });
    }
    if is_recording && pressed(Modifiers::NONE, Key::M) {
        actions.push(Action::Live(LiveAction::Mark));
    }
}
