//! The screen Live: what comes in, its picture and its score, the takes that are recorded and the events that were found.

mod events;
mod input;
pub mod left;
mod meter;
mod scores;
mod take;
mod watched;
mod waterfall;

use eframe::egui::{self, Key, Modifiers, Panel, vec2};

use self::events::EventList;
use self::waterfall::WaterfallView;
use super::{theme, widgets};
use crate::app::{Action, LiveAction, LiveView, State};

const FOOT_HEIGHT: f32 = 216.0;
const SCORES_HEIGHT: f32 = 96.0;
/// Where the window is so low that the picture would vanish.
const LOW_SCORES_HEIGHT: f32 = 64.0;
const LOW: f32 = 240.0;
/// Of the width, for events and watched files.
const FOUND_SHARE: f32 = 0.54;
/// A card that delivers nothing for so long is said to.
const WAITS_SECS: f64 = 1.5;

/// The private look of the screen.
#[derive(Default)]
pub struct LiveScreen {
    waterfall: WaterfallView,
    events: EventList,
    /// The watched folder has the place of the events.
    shows_watched: Option<bool>,
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
        troubles(ui, live, actions);
        Panel::bottom("live_foot")
            .frame(egui::Frame::NONE)
            .exact_size(FOOT_HEIGHT)
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                ui.add_space(theme::GRID);
                // Two panes side by side; what was found has the longer rows.
                let (left, right) = ui.available_rect_before_wrap().split_left_right_at_fraction(FOUND_SHARE);
                let pane = |rect: egui::Rect| egui::UiBuilder::new().max_rect(rect.shrink2(vec2(theme::GRID, 0.0)));
                ui.scope_builder(pane(left), |ui| self.found(ui, state, actions));
                ui.scope_builder(pane(right), |ui| take::ui(ui, state, actions));
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
            let button = match &live.lost {
                _ if live.is_opening => None,
                Some(lost) if lost.is_back => Some("Listen again"),
                _ => Some("Listen"),
            };
            if widgets::empty_state(ui, title, text, button) {
                actions.push(Action::Live(LiveAction::Listen));
            }
            return;
        }
        meter::ui(ui, state, actions);
        ui.add_space(theme::GRID);
        let scores_height = match live.scoring {
            None => 0.0,
            Some(_) if ui.available_height() < LOW => LOW_SCORES_HEIGHT,
            Some(_) => SCORES_HEIGHT,
        };
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

impl LiveScreen {
    /// The events, or what came into the watched folder.
    fn found(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(watch) = &state.live.watch else {
            self.shows_watched = None;
            return self.events.ui(ui, state, actions);
        };
        let shows_watched = self.shows_watched.get_or_insert(true);
        ui.horizontal(|ui| {
            ui.selectable_value(shows_watched, false, "Events");
            ui.selectable_value(shows_watched, true, "Folder");
        });
        if *shows_watched {
            watched::ui(ui, watch, actions);
        } else {
            self.events.ui(ui, state, actions);
        }
    }
}

/// What is wrong with the input, in words, with the way out.
fn troubles(ui: &mut egui::Ui, live: &LiveView, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    if let Some(error) = &live.error {
        widgets::message(ui, palette.error, error);
    }
    if let Some(lost) = &live.lost {
        let take = if lost.was_recording {
            " The take was ended, what was recorded is kept."
        } else {
            ""
        };
        if lost.is_back {
            let text = format!(
                "{} went away and is there again.{take} Listen to it again, or choose another input.",
                lost.name
            );
            widgets::message(ui, palette.warning, &text);
        } else {
            let text = format!(
                "{} went away: {}.{take} It is looked for, and offered when it is back.",
                lost.name, lost.reason
            );
            widgets::message(ui, palette.error, &text);
        }
    }
    if live.input.is_some() && live.heard.waits_secs > WAITS_SECS {
        let text = format!(
            "Nothing has come from the input for {:.0} s: check its cable and its switch, or choose another input",
            live.heard.waits_secs
        );
        widgets::message(ui, palette.warning, &text);
    }
    if !live.left.is_empty() && !live.asks_about_left {
        ui.horizontal(|ui| {
            let text = match live.left.len() {
                1 => "A take that was cut off waits to be recovered or discarded".to_owned(),
                n => format!("{n} takes that were cut off wait to be recovered or discarded"),
            };
            ui.colored_label(palette.warning, text);
            if widgets::labelled_button(ui, true, "Show them", "Recover or discard what a killed program left").clicked() {
                actions.push(Action::Live(LiveAction::AskAboutLeft(true)));
            }
        });
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
