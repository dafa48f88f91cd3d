//! The keys of the player: they work on every screen that has one.

use eframe::egui::{self, Key, Modifiers};

use crate::app::{Action, ListeningAction, State, Workbench};

/// Takes the player's keys out of the input. Before any widget sees them: a button that has the focus would take Space for itself.
pub(super) fn read(context: &egui::Context, state: &State, workbench: &Workbench, actions: &mut Vec<Action>) {
    let Some(clip) = workbench.focused() else { return };
    let pressed = |modifiers: Modifiers, key: Key| context.input_mut(|input| input.consume_key(modifiers, key));
    let is_held = context.input(|input| input.events.iter().any(is_repeated_space));
    // With Shift first: egui lets a plain key match with Shift held.
    let from_start = pressed(Modifiers::SHIFT, Key::Space);
    let plays = pressed(Modifiers::NONE, Key::Space);
    if plays && !is_held {
        actions.push(Action::PlayPause);
    }
    if pressed(Modifiers::NONE, Key::Home) {
        actions.push(Action::Seek(0.0));
    }
    if pressed(Modifiers::NONE, Key::End) {
        actions.push(Action::Seek(clip.duration_secs));
    }
    let mut wish = |action| actions.push(Action::Listening(action));
    if from_start && !is_held {
        wish(ListeningAction::PlayFromStart);
    }
    for (key, n_steps) in [(Key::Comma, -1), (Key::Period, 1)] {
        if pressed(Modifiers::NONE, key) {
            wish(ListeningAction::StepCrop(n_steps));
        }
    }
    if pressed(Modifiers::NONE, Key::L) {
        wish(ListeningAction::Loop(!state.playback.is_looping));
    }
    let pace = state.listening.pace();
    // The key of the equals sign says plus with Shift, and on the number pad.
    let paces = [
        (Key::Minus, pace.slower()),
        (Key::Equals, pace.faster()),
        (Key::Plus, pace.faster()),
        (Key::Num0, pace.at(1.0)),
    ];
    for (key, pace) in paces {
        if pressed(Modifiers::NONE, key) {
            wish(ListeningAction::Set(state.listening.at(pace)));
        }
    }
}

/// A key that is held down is pressed again and again by the system.
fn is_repeated_space(event: &egui::Event) -> bool {
    matches!(
        event,
        egui::Event::Key {
            key: Key::Space,
            repeat: true,
            ..
        }
    )
}
