//! The sheet of keys tells the truth: every key on it does something somewhere, and every key that does something is on it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use auscult::app::{Action, ListeningAction, ListeningSettings, Screen, State};
use auscult::ui::frame::{Frame, key_sheet};
use common::screen::press;
use common::{Scene, opened};
use eframe::egui::{Event, Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

const PLAIN: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL: Modifiers = Modifiers::COMMAND;

/// Keys that nobody takes out of the input, or that need results which a made-up project lacks; who looks after them instead.
const ELSEWHERE: [(&str, &str); 9] = [
    ("Tab", "egui moves the focus"),
    ("Enter", "egui presses what has the focus"),
    ("left right", "in triage"),
    ("X", "views_browse, with a nearest normal clip"),
    ("Delete", "with a selected box; views_report, with a figure"),
    ("Alt+down up", "views_report, with a figure"),
    ("O [ ]", "views_compare, with a comparison"),
    ("P", "views_compare and views_explore, with a detector or a design"),
    ("Ctrl+Space M", "views_live, while somebody listens and records"),
];
/// egui's own: a larger, a smaller window.
const WINDOW_ZOOM: &str = "Ctrl+ + - 0";

/// The whole window, and the key presses that nobody took in its last frame.
fn window(state: State) -> (Harness<'static, Scene>, Rc<RefCell<Vec<Key>>>) {
    let mut frame = Frame::default();
    let left = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&left);
    let mut harness = common::harness(state, Theme::Dark, move |ui, state, actions| {
        frame.ui(ui, state, actions);
        let is_press = |event: &Event| match event {
            Event::Key { key, pressed: true, .. } => Some(*key),
            _ => None,
        };
        seen.borrow_mut()
            .extend(ui.input(|input| input.events.iter().filter_map(is_press).collect::<Vec<_>>()));
    });
    harness.run();
    (harness, left)
}

/// A project is open, a clip focused, a stretch chosen.
fn open(screen: Screen) -> State {
    let mut state = opened(screen);
    state.playback.loop_span_secs = Some((1.0, 2.0));
    state
}

/// These open or focus something that keeps the keys after them: each is pressed in a window of its own.
const ALONE: [Key; 6] = [Key::Questionmark, Key::O, Key::F, Key::Slash, Key::P, Key::S];

/// Which of these keys something takes on one of the screens.
fn taken(modifiers: Modifiers, keys: &[Key]) -> BTreeSet<Key> {
    let (alone, together): (Vec<Key>, Vec<Key>) = keys.iter().partition(|key| ALONE.contains(key));
    let mut batches: Vec<Vec<Key>> = alone.into_iter().map(|key| vec![key]).collect();
    batches.push(together);
    let screens = [
        Screen::Browse,
        Screen::Live,
        Screen::Map,
        Screen::Train,
        Screen::Compare,
        Screen::Explore,
        Screen::Report,
    ];
    let mut taken = BTreeSet::new();
    for (screen, batch) in screens
        .into_iter()
        .flat_map(|screen| batches.iter().map(move |batch| (screen, batch)))
    {
        let (mut harness, left) = window(open(screen));
        left.borrow_mut().clear();
        for key in batch {
            harness.key_press_modifiers(modifiers, *key);
            harness.run_steps(1);
        }
        taken.extend(batch.iter().filter(|key| !left.borrow().contains(key)));
    }
    taken
}

/// The keys that one line of the sheet names, as `(modifiers, key)`; lines about the mouse name none.
fn named(line: &str) -> Vec<(Modifiers, Key)> {
    match line {
        "B, then drag" => return vec![(PLAIN, Key::B)],
        _ if line.contains("wheel") || line.contains("drag") => return Vec::new(),
        "Ctrl+1 to 7" => {
            let numbers = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
            return numbers.map(|key| (CTRL, key)).to_vec();
        }
        WINDOW_ZOOM => return vec![(CTRL, Key::Plus), (CTRL, Key::Minus), (CTRL, Key::Num0)],
        _ => {}
    }
    let words = line.split_whitespace().map(|word| {
        let word = if word.len() > 1 { word.trim_end_matches(',') } else { word };
        let mut parts: Vec<&str> = word.split('+').collect();
        let name = parts.pop().unwrap();
        let modifiers = parts.into_iter().fold(PLAIN, |sum, part| match part {
            "Ctrl" => sum | CTRL,
            "Shift" => sum | SHIFT,
            "Alt" => sum | Modifiers::ALT,
            other => panic!("{other} is no modifier, in '{line}'"),
        });
        let key = match name {
            "Esc" => Key::Escape,
            "down" => Key::ArrowDown,
            "up" => Key::ArrowUp,
            "left" => Key::ArrowLeft,
            "right" => Key::ArrowRight,
            name => Key::from_name(name).unwrap_or_else(|| panic!("'{name}' is no key, in '{line}'")),
        };
        (modifiers, key)
    });
    words.collect()
}

#[test]
fn every_key_on_the_sheet_does_something() {
    let on_sheet: Vec<(&str, Modifiers, Key)> = key_sheet()
        .flat_map(|(line, _)| named(line).into_iter().map(move |(modifiers, key)| (line, modifiers, key)))
        .collect();
    let mut dead: Vec<&(&str, Modifiers, Key)> = Vec::new();
    for modifiers in [PLAIN, SHIFT, CTRL, CTRL | SHIFT] {
        let with = on_sheet.iter().filter(|(_, with, _)| *with == modifiers);
        let keys: BTreeSet<Key> = with.clone().map(|(_, _, key)| *key).collect();
        let taken = taken(modifiers, &keys.into_iter().collect::<Vec<_>>());
        dead.extend(with.filter(|(line, with, key)| {
            let is_elsewhere = ELSEWHERE.iter().any(|(names, _)| named(names).contains(&(*with, *key)));
            *line != WINDOW_ZOOM && !is_elsewhere && !taken.contains(key)
        }));
    }
    assert!(dead.is_empty(), "on the sheet, but nobody takes them: {dead:#?}");
}

#[test]
fn every_key_that_does_something_is_on_the_sheet() {
    let on_sheet: BTreeSet<(bool, bool, Key)> = key_sheet()
        .flat_map(|(line, _)| named(line))
        .map(|(modifiers, key)| (modifiers.command, modifiers.shift, key))
        .collect();
    let letters = Key::ALL.iter().copied().filter(|key| {
        let name = key.name();
        name.len() == 1
            || matches!(
                key,
                Key::Space | Key::Home | Key::End | Key::PageUp | Key::PageDown | Key::Delete
            )
    });
    let symbols = [Key::Comma, Key::Period, Key::Minus, Key::Equals, Key::Semicolon, Key::Slash];
    let keys: Vec<Key> = letters.chain(symbols).collect::<BTreeSet<_>>().into_iter().collect();
    let mut secret = Vec::new();
    for modifiers in [PLAIN, SHIFT, CTRL] {
        for key in taken(modifiers, &keys) {
            // A plain key also fits while Shift is held: it is on the sheet by itself.
            let is_known = on_sheet.contains(&(modifiers.command, modifiers.shift, key))
                || modifiers == SHIFT && on_sheet.contains(&(false, false, key));
            // Copy, cut and paste, the zoom of the window; Ctrl+Y is the other redo, plus the other equals.
            let is_usual = key == Key::Plus
                || modifiers == CTRL && matches!(key, Key::C | Key::X | Key::V | Key::Y | Key::Equals | Key::Minus | Key::Num0);
            if !is_known && !is_usual {
                secret.push(format!("{modifiers:?} {key:?}"));
            }
        }
    }
    assert!(secret.is_empty(), "they do something and are not on the sheet: {secret:#?}");
}

#[test]
fn the_players_keys_wish_what_they_say() {
    let (mut harness, _) = window(open(Screen::Browse));
    let listening = Action::Listening;
    let at = |speed| {
        listening(ListeningAction::Set(ListeningSettings {
            speed,
            ..ListeningSettings::default()
        }))
    };
    let cases = [
        (PLAIN, Key::Space, Action::PlayPause),
        (SHIFT, Key::Space, listening(ListeningAction::PlayFromStart)),
        (PLAIN, Key::Home, Action::Seek(0.0)),
        (PLAIN, Key::End, Action::Seek(10.0)),
        (PLAIN, Key::Comma, listening(ListeningAction::StepCrop(-1))),
        (PLAIN, Key::Period, listening(ListeningAction::StepCrop(1))),
        (PLAIN, Key::L, listening(ListeningAction::Loop(true))),
        (PLAIN, Key::Minus, at(0.5)),
        (PLAIN, Key::Equals, at(2.0)),
        (PLAIN, Key::Num0, at(1.0)),
    ];
    for (modifiers, key, action) in cases {
        assert_eq!(press(&mut harness, modifiers, key), [action], "{modifiers:?} {key:?}");
    }
    harness.state_mut().state.playback.is_looping = true;
    harness.state_mut().state.listening.speed = 0.25;
    assert_eq!(press(&mut harness, PLAIN, Key::L), [listening(ListeningAction::Loop(false))]);
    assert_eq!(press(&mut harness, PLAIN, Key::Minus), [at(0.125)]);
}

#[test]
fn a_clicked_button_does_not_keep_space_for_itself() {
    let (mut harness, _) = window(open(Screen::Browse));
    for button in ["Loop", "Keep pitch", "Auto-play", "Keys"] {
        harness.get_by_label(button).click();
        harness.run();
        harness.state_mut().take();
        if button == "Keys" {
            press(&mut harness, PLAIN, Key::Escape);
        }
        harness.get_by_label(button).focus();
        harness.run();
        assert_eq!(press(&mut harness, PLAIN, Key::Space), [Action::PlayPause], "{button}");
    }
    assert!(harness.query_by_label("Close keys").is_none());
}

#[test]
fn letters_and_signs_belong_to_the_search_field_that_has_the_focus() {
    let (mut harness, _) = window(open(Screen::Browse));
    harness.get_by_label("Search clips").focus();
    harness.run();
    for key in [
        Key::Space,
        Key::L,
        Key::Minus,
        Key::Equals,
        Key::Num0,
        Key::Comma,
        Key::Period,
        Key::Home,
    ] {
        assert_eq!(press(&mut harness, PLAIN, key), [], "{key:?}");
    }
}

#[test]
fn the_players_controls_wish_what_they_say() {
    let (mut harness, _) = window(open(Screen::Train));
    let defaults = ListeningSettings::default();
    let set = |settings| [Action::Listening(ListeningAction::Set(settings))];
    harness.get_by_label("Keep pitch").click();
    harness.run();
    let keeps_pitch = false;
    assert_eq!(harness.state_mut().take(), set(ListeningSettings { keeps_pitch, ..defaults }));
    assert!(!defaults.plays_on_select, "no sound that was not asked for");
    harness.get_by_label("Auto-play").click();
    harness.run();
    let plays_on_select = true;
    assert_eq!(
        harness.state_mut().take(),
        set(ListeningSettings {
            plays_on_select,
            ..defaults
        })
    );
    harness.get_by_label("Speed").click();
    harness.run();
    harness.get_by_label("0.25\u{d7}").click();
    harness.run();
    let speed = 0.25;
    assert_eq!(harness.state_mut().take(), set(ListeningSettings { speed, ..defaults }));
    harness.state_mut().state.listening.volume_db = 12.0;
    harness.run();
    harness.get_by_label("cut off");
    harness.state_mut().state.listening.volume_db = 0.0;
    harness.run();
    assert!(harness.query_by_label("cut off").is_none(), "played as it is");
}

#[test]
fn key_names_are_read_right() {
    assert_eq!(named("G, Shift+G"), [(PLAIN, Key::G), (SHIFT, Key::G)]);
    assert_eq!(
        named("- = 0"),
        [(PLAIN, Key::Minus), (PLAIN, Key::Equals), (PLAIN, Key::Num0)]
    );
    assert_eq!(named(", ."), [(PLAIN, Key::Comma), (PLAIN, Key::Period)]);
    assert!(named("Ctrl+, Alt+wheel").is_empty());
}
