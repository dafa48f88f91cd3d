//! The keys: what each does, and the list that the key sheet shows.

use eframe::egui::{self, Key, Modifiers};

use super::command_palette::{CommandPalette, toggle_full_screen};
use super::{Frame, play_keys};
use crate::app::{Action, JobView, Screen, State, TriageAction, Workbench};
use crate::dataset::Label;
use crate::ui::dialogs;
use crate::ui::offers::{self, Wanted};

/// All keys as a person reads them, by what they are for.
pub(super) const SHEET: [(&str, &[(&str, &str)]); 5] = [
    (
        "Listen",
        &[
            ("Space", "Play from the worst crop, pause"),
            ("Shift+Space", "Play from the start"),
            ("Home, End", "To the start, to the end"),
            (", .", "One crop back, on"),
            ("L", "Loop the stretch, or the clip"),
            ("- = 0", "Half, twice, its own speed"),
            ("X", "A/B with the nearest normal"),
            ("J K, down up", "Next, previous clip"),
            ("Ctrl+Space, M", "Record, mark a moment (Live)"),
        ],
    ),
    (
        "Look",
        &[
            ("Ctrl+, Alt+wheel", "Zoom time, frequency"),
            ("Wheel, Alt+drag", "Move along, move the picture"),
            ("Right drag, click", "Zoom to what is drawn, menu"),
            ("Z, F", "Zoom to the stretch, show all"),
            ("C, Shift+C", "Next colour map, invert"),
            ("M, H", "Measuring box, harmonic cursor"),
            ("Shift+drag", "Draw a measuring box"),
            ("G, Shift+G", "Larger, smaller FFT"),
            ("Esc", "Drop the stretch"),
            ("Ctrl+F, Ctrl+A", "Search, select all clips"),
            ("P, O, [ ]", "Pin, open, threshold (Compare)"),
            ("P, down up", "Pin, next design (Explore)"),
        ],
    ),
    (
        "Label",
        &[
            ("N, A, U", "Normal, anomalous, unknown"),
            ("B", "Draw a box; Delete removes it"),
            ("R", "Triage: arrows decide on each clip"),
        ],
    ),
    (
        "Project",
        &[
            ("Ctrl+O", "Open a folder of recordings"),
            ("Ctrl+S", "Save now (it also saves itself)"),
            ("Ctrl+Shift+S", "Save a copy and go on there"),
            ("Ctrl+Z", "Undo"),
            ("Ctrl+Shift+Z", "Redo"),
            ("Ctrl+Enter", "Start training, search, map"),
            ("F9, Ctrl+E", "Figure in sight: to the report, a file"),
            ("Alt+down up", "Move the figure (Report)"),
            ("Delete", "Remove the figure (Report)"),
            ("Ctrl+.", "Pause the newest job, or go on"),
        ],
    ),
    (
        "Window",
        &[
            ("Ctrl+P", "Palette: all commands, clips, runs"),
            ("Ctrl+1 to 7", "Screens"),
            ("Ctrl+Home", "Welcome"),
            ("I", "Show or hide the inspector"),
            ("Ctrl+ + - 0", "Larger, smaller, as it was"),
            ("F11", "Full screen"),
            ("?", "This sheet"),
            ("Tab, Enter", "Next control, press it"),
        ],
    ),
];

/// The lines of the key sheet: keys and what they do.
pub fn key_sheet() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHEET.into_iter().flat_map(|(_, lines)| lines.iter().copied())
}

const NUMBERS: [Key; 7] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];

/// Takes the keys that belong to the window out of the input. Single letters are left to a text field that has the focus.
pub(super) fn read(context: &egui::Context, state: &State, frame: &mut Frame, actions: &mut Vec<Action>) {
    let pressed = |modifiers: Modifiers, key: Key| context.input_mut(|input| input.consume_key(modifiers, key));
    for screen in Screen::ALL {
        let key = screen.number().and_then(|number| NUMBERS.get(number - 1));
        if key.is_some_and(|&key| pressed(Modifiers::COMMAND, key)) {
            actions.push(Action::Show(screen));
        }
    }
    if state.workbench.is_some() && pressed(Modifiers::NONE, Key::F9) {
        offers::ask(context, Wanted::InReport);
    }
    if pressed(Modifiers::COMMAND, Key::P) {
        frame.palette = match frame.palette.take() {
            Some(_) => None,
            None => Some(CommandPalette::default()),
        };
    }
    if state.workbench.is_some() && pressed(Modifiers::COMMAND, Key::E) {
        offers::ask(context, Wanted::AsFile);
    }
    if pressed(Modifiers::COMMAND, Key::O) {
        dialogs::open_folder(context);
    }
    if pressed(Modifiers::NONE, Key::F11) {
        toggle_full_screen(context);
    }
    if pressed(Modifiers::COMMAND, Key::Period) {
        actions.extend(pause_newest(&state.jobs));
    }
    // With Shift first: egui lets a plain key match with Shift held.
    if state.workbench.is_some() && pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::S) {
        dialogs::save_copy(context);
    }
    if state.workbench.is_some() && pressed(Modifiers::COMMAND, Key::S) {
        actions.push(Action::Save);
    }
    if context.text_edit_focused() || egui::Popup::is_any_open(context) {
        return;
    }
    if pressed(Modifiers::COMMAND, Key::Home) {
        actions.push(Action::Show(Screen::Welcome));
    }
    if pressed(Modifiers::NONE, Key::Questionmark) {
        frame.shows_keys = !frame.shows_keys;
    }
    if let Some(workbench) = &state.workbench {
        if super::has_inspector(state) && pressed(Modifiers::NONE, Key::I) {
            frame.shows_inspector = !frame.shows_inspector;
        }
        if state.recovery.is_some() {
            return;
        }
        undo_keys(&pressed, actions);
        if state.screen == Screen::Browse && triage_keys(&pressed, workbench, actions) {
            play_keys::read(context, state, workbench, actions);
            return;
        }
        edit_keys(&pressed, workbench, actions);
        clip_keys(context, state, workbench, actions);
    }
}

/// The job that was started last waits, or goes on where it waited.
fn pause_newest(jobs: &[JobView]) -> Option<Action> {
    let newest = jobs.iter().filter(|job| !job.is_cancelling).max_by_key(|job| job.id)?;
    Some(if newest.is_paused {
        Action::ContinueJob(newest.id)
    } else {
        Action::PauseJob(newest.id)
    })
}

/// R begins a triage; returns whether one is going on, whose keys these are.
fn triage_keys(pressed: &impl Fn(Modifiers, Key) -> bool, workbench: &Workbench, actions: &mut Vec<Action>) -> bool {
    if workbench.triage.as_ref().is_none_or(|triage| !triage.is_shown) {
        if pressed(Modifiers::NONE, Key::R) {
            actions.push(Action::Triage(TriageAction::Begin));
        }
        return false;
    }
    let keys = [
        (Key::ArrowUp, TriageAction::Decide(Label::Anomalous)),
        (Key::A, TriageAction::Decide(Label::Anomalous)),
        (Key::ArrowDown, TriageAction::Decide(Label::Normal)),
        (Key::N, TriageAction::Decide(Label::Normal)),
        (Key::U, TriageAction::Decide(Label::Unknown)),
        (Key::ArrowRight, TriageAction::Skip),
        (Key::ArrowLeft, TriageAction::Back),
    ];
    // One decision a frame: each is on the clip that was in sight.
    if let Some((_, action)) = keys.into_iter().find(|&(key, _)| pressed(Modifiers::NONE, key)) {
        actions.push(Action::Triage(action));
    }
    true
}

fn undo_keys(pressed: &impl Fn(Modifiers, Key) -> bool, actions: &mut Vec<Action>) {
    // Redo first: Ctrl+Z alone also fits while Shift is down.
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || pressed(Modifiers::COMMAND, Key::Y) {
        actions.push(Action::Redo);
    }
    if pressed(Modifiers::COMMAND, Key::Z) {
        actions.push(Action::Undo);
    }
}

fn edit_keys(pressed: &impl Fn(Modifiers, Key) -> bool, workbench: &Workbench, actions: &mut Vec<Action>) {
    let labels = [(Key::N, Label::Normal), (Key::A, Label::Anomalous), (Key::U, Label::Unknown)];
    if let Some(clip) = workbench.focus {
        for (key, label) in labels {
            if pressed(Modifiers::NONE, key) {
                actions.push(Action::SetLabel { clip, label });
            }
        }
    }
}

fn clip_keys(context: &egui::Context, state: &State, workbench: &Workbench, actions: &mut Vec<Action>) {
    // Arrows belong to a control that has the focus: a slider, a combo box; on Explore they go through the designs, on Report through
    // the figures.
    let arrows_are_free =
        !matches!(state.screen, Screen::Explore | Screen::Report) && context.memory(|memory| memory.focused().is_none());
    // Each press counts: a held key repeats several times within a slow frame.
    let n_presses = |key: Key| context.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as isize;
    let n_arrows = if arrows_are_free {
        n_presses(Key::ArrowDown) - n_presses(Key::ArrowUp)
    } else {
        0
    };
    let n_rows = n_presses(Key::J) - n_presses(Key::K) + n_arrows;
    if n_rows != 0 {
        actions.push(Action::MoveFocus(n_rows));
    }
    play_keys::read(context, state, workbench, actions);
}
