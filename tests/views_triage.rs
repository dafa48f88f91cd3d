//! Boxes, triage and what stands in the way of saving, as a person meets them: the whole window with the program behind it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "made for the screen Browse; this is a part of it")]
#[path = "views_browse/fabricated.rs"]
mod fabricated;
#[path = "common/screen.rs"]
mod screen;

use std::path::PathBuf;

use auscult::app::{Access, Action, BoxAction, Recovery, SafetyAction, SaveState, TriageAction, TriageOrder};
use auscult::dataset::Label;
use auscult::ui::frame::Frame;
use eframe::egui::{Key, Modifiers, Pos2, Rect, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use screen::{Driven, drag};

/// A window on thirty clips, ten of which are scored; the sixth is focused and read.
fn window(theme: Theme) -> Harness<'static, Driven> {
    let mut state = fabricated::state(30);
    fabricated::focus(&mut state, 5, 10.0);
    let mut frame = Frame::default();
    let builder = screen::builder(vec2(1280.0, 720.0), theme)
        .with_render_cursor(false)
        .with_max_steps(16);
    let mut harness = screen::driven(builder, state, move |ui, state, actions| {
        screen::to_the_edge(ui, |ui| frame.ui(ui, state, actions));
    });
    harness.run_steps(4);
    harness.state_mut().take();
    harness
}

fn press(harness: &mut Harness<'_, Driven>, key: Key) {
    harness.key_press(key);
    harness.run_steps(3);
}

fn click(harness: &mut Harness<'_, Driven>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(4);
}

fn picture(harness: &Harness<'_, Driven>) -> Rect {
    harness.get_by_label_contains("Spectrogram of").rect()
}

/// A place on the picture of ten seconds below 8 kHz.
fn at(harness: &Harness<'_, Driven>, secs: f32, khz: f32) -> Pos2 {
    let picture = picture(harness);
    picture.left_bottom() + vec2(picture.width() * secs / 10.0, -picture.height() * khz / 8.0)
}

/// Start, end, low and high of the first box of the focused clip.
fn first_box(harness: &Harness<'_, Driven>) -> [f64; 4] {
    let drawn = &harness.state().workbench().boxes(5)[0];
    [
        drawn.start_secs,
        drawn.end_secs,
        drawn.low_hz.unwrap(),
        drawn.high_hz.unwrap(),
    ]
}

fn is_near(found: [f64; 4], expected: [f64; 4]) {
    let near = |(found, expected): (&f64, &f64)| (found - expected).abs() <= 0.02 * expected.abs() + 0.05;
    assert!(found.iter().zip(&expected).all(near), "{found:?} instead of {expected:?}");
}

/// Draws a box from 2 to 4 s, 1 to 3 kHz, and names it.
fn draw(harness: &mut Harness<'_, Driven>, name: &str) {
    press(harness, Key::B);
    harness.get_by_label("Drag over the spectrogram");
    // The list grows with its first box, and the picture shrinks: places are measured before.
    let (from, to) = (at(harness, 4.0, 1.0), at(harness, 2.0, 3.0));
    drag(harness, from, to);
    harness.get_by_label("Label of box 1").type_text(name);
    harness.run_steps(3);
}

#[test]
fn b_and_a_drag_make_a_box_that_is_named_at_once_and_every_step_goes_back() {
    let mut harness = window(Theme::Dark);
    draw(&mut harness, "knock");
    is_near(first_box(&harness), [2.0, 4.0, 1000.0, 3000.0]);
    assert_eq!(harness.state().workbench().boxes(5)[0].label, "knock");
    assert!(
        harness.query_by_label("1 box").is_some(),
        "the tool is put down after one box"
    );
    harness.get_by_label("Note of box 1").focus();
    harness.run_steps(2);
    harness.get_by_label("Note of box 1").type_text("n b a");
    harness.run_steps(3);
    assert_eq!(
        harness.state().workbench().boxes(5)[0].note,
        "n b a",
        "letters are no keys while one types"
    );
    assert!(harness.state().workbench().project.labels.is_empty());
    press(&mut harness, Key::Escape);
    for _ in 0..3 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.run_steps(3);
    }
    assert!(harness.state().workbench().boxes(5).is_empty());
    harness.get_by_label("No boxes yet");
}

#[test]
fn a_selected_box_is_moved_stretched_and_deleted() {
    let mut harness = window(Theme::Dark);
    draw(&mut harness, "knock");
    press(&mut harness, Key::Escape);
    let (from, to) = (at(&harness, 3.0, 2.0), at(&harness, 5.0, 4.0));
    drag(&mut harness, from, to);
    is_near(first_box(&harness), [4.0, 6.0, 3000.0, 5000.0]);
    let (from, to) = (at(&harness, 6.0, 4.0), at(&harness, 7.0, 4.0));
    drag(&mut harness, from, to);
    is_near(first_box(&harness), [4.0, 7.0, 3000.0, 5000.0]);
    let (from, to) = (at(&harness, 4.0, 3.0), at(&harness, 3.0, 2.0));
    drag(&mut harness, from, to);
    is_near(first_box(&harness), [3.0, 7.0, 2000.0, 5000.0]);
    // An edge that is pulled over the other stops there.
    let (from, to) = (at(&harness, 3.0, 4.0), at(&harness, 9.0, 4.0));
    drag(&mut harness, from, to);
    is_near(first_box(&harness), [7.0, 7.0, 2000.0, 5000.0]);
    press(&mut harness, Key::Delete);
    assert!(harness.state().workbench().boxes(5).is_empty());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert_eq!(harness.state().workbench().boxes(5).len(), 1);
    click(&mut harness, "Delete box 1");
    assert!(harness.state().workbench().boxes(5).is_empty());
}

#[test]
fn without_the_tool_a_drag_selects_time_and_a_click_on_a_box_selects_it() {
    let mut harness = window(Theme::Dark);
    draw(&mut harness, "knock");
    press(&mut harness, Key::Escape);
    press(&mut harness, Key::Escape);
    harness.state_mut().take();
    let (from, to) = (at(&harness, 2.5, 2.0), at(&harness, 6.0, 2.0));
    drag(&mut harness, from, to);
    assert!(
        matches!(harness.state_mut().take()[..], [Action::SetLoop(Some(_))]),
        "an unselected box is in nobody's way"
    );
    let middle = at(&harness, 3.0, 2.0);
    harness.hover_at(middle);
    harness.drag_at(middle);
    harness.drop_at(middle);
    harness.run_steps(3);
    harness.state_mut().take();
    press(&mut harness, Key::Delete);
    assert_eq!(
        harness.state_mut().take(),
        [Action::Box(BoxAction::Delete { clip: 5, box_idx: 0 })],
        "the click selected it"
    );
}

#[test]
fn files_of_other_programs_are_asked_for() {
    let mut harness = window(Theme::Dark);
    draw(&mut harness, "knock");
    press(&mut harness, Key::Escape);
    click(&mut harness, "Box files");
    click(&mut harness, "Save this clip's as Raven table…");
    let field = harness.get_by_label("Write to this file");
    assert!(format!("{field:?}").contains(".Table.1.selections.txt"));
    click(&mut harness, "Cancel");
    click(&mut harness, "Box files");
    click(&mut harness, "Import a file…");
    harness.get_by_label("Path of the file").type_text("/somewhere/labels.txt");
    harness.run_steps(2);
    harness.state_mut().take();
    click(&mut harness, "Open");
    let expected = BoxAction::Import {
        file: PathBuf::from("/somewhere/labels.txt"),
        clip: 5,
    };
    assert_eq!(harness.state_mut().take(), [Action::Box(expected)]);
}

#[test]
fn triage_fills_the_screen_and_arrows_decide() {
    let mut harness = window(Theme::Dark);
    press(&mut harness, Key::R);
    assert_eq!(harness.state_mut().take()[0], Action::Triage(TriageAction::Begin));
    harness.get_by_label("1 of 30, 0 labelled anomalous");
    assert!(harness.query_by_label("Search clips").is_none(), "the table is gone");
    assert!(harness.query_by_label("Hide inspector").is_none() || harness.query_by_label("Metadata").is_none());
    let clips = harness.state().workbench().triage.as_ref().unwrap().clips.clone();
    press(&mut harness, Key::ArrowUp);
    press(&mut harness, Key::ArrowDown);
    press(&mut harness, Key::ArrowRight);
    harness.get_by_label("4 of 30, 1 labelled anomalous");
    let workbench = harness.state().workbench();
    assert_eq!(workbench.label(clips[0]), Label::Anomalous);
    assert_eq!(workbench.label(clips[1]), Label::Normal);
    assert_eq!(workbench.focus, Some(clips[3]));
    press(&mut harness, Key::ArrowLeft);
    press(&mut harness, Key::ArrowLeft);
    press(&mut harness, Key::ArrowLeft);
    harness.get_by_label("1 of 30, 0 labelled anomalous");
    assert!(harness.state().workbench().project.labels.is_empty());
    // The buttons do the same.
    harness.get_by_label("Anomaly").click();
    harness.run_steps(3);
    assert_eq!(harness.state().workbench().label(clips[0]), Label::Anomalous);
    harness.get_by_label("Order of the clips").click();
    harness.run_steps(3);
    click(&mut harness, "Balanced");
    assert_eq!(
        harness.state().workbench().triage.as_ref().unwrap().order,
        TriageOrder::Balanced
    );
    click(&mut harness, "Play each");
    assert!(!harness.state().workbench().triage.as_ref().unwrap().plays);
    press(&mut harness, Key::Escape);
    assert!(!harness.state().workbench().triage.as_ref().unwrap().is_shown);
    harness.get_by_label("Search clips");
}

#[test]
fn escape_puts_the_tool_down_before_it_leaves_the_triage() {
    let mut harness = window(Theme::Dark);
    press(&mut harness, Key::R);
    let clip_idx = harness.state().workbench().focus.unwrap();
    fabricated::focus(&mut harness.state_mut().app.state, clip_idx, 10.0);
    harness.run_steps(3);
    press(&mut harness, Key::B);
    press(&mut harness, Key::Escape);
    assert!(harness.state().workbench().triage.as_ref().unwrap().is_shown);
    press(&mut harness, Key::Escape);
    assert!(!harness.state().workbench().triage.as_ref().unwrap().is_shown);
}

#[test]
fn the_end_of_a_triage_says_what_came_of_it_and_has_a_way_back() {
    let mut harness = window(Theme::Dark);
    click(&mut harness, "Triage");
    for _ in 0..30 {
        press(&mut harness, Key::ArrowDown);
    }
    harness.get_by_label("0 labelled anomalous, 30 normal, 0 unknown, 0 skipped");
    press(&mut harness, Key::ArrowLeft);
    harness.get_by_label("30 of 30, 0 labelled anomalous");
}

#[test]
fn a_project_of_another_window_says_who_has_it_and_offers_a_copy() {
    let mut harness = window(Theme::Dark);
    harness.state_mut().workbench_mut().access = Access::HeldBy("process 4711 of ann on plant-laptop".to_owned());
    harness.run_steps(2);
    harness.get_by_label_contains("process 4711 of ann on plant-laptop");
    press(&mut harness, Key::A);
    assert!(harness.state().workbench().project.labels.is_empty(), "nothing is changed");
    click(&mut harness, "Save copy elsewhere…");
    harness.get_by_label("Write to this file").type_text("/elsewhere/");
    harness.run_steps(2);
    click(&mut harness, "Cancel");
}

#[test]
fn a_save_that_failed_stays_in_sight_with_the_ways_out() {
    let mut harness = window(Theme::Light);
    harness.state_mut().workbench_mut().save =
        SaveState::Failed("cannot access /data/project.json: No space left on device".to_owned());
    harness.run_steps(2);
    harness.get_by_label_contains("Not saved: cannot access /data/project.json: No space left");
    harness.get_by_label("Save copy elsewhere…");
    harness.get_by_label("Try again");
}

#[test]
fn unsaved_work_is_asked_about_once() {
    for (button, action) in [
        ("Recover", SafetyAction::Recover),
        ("Open without", SafetyAction::OpenWithout),
        ("Discard", SafetyAction::Discard),
    ] {
        let mut harness = window(Theme::Dark);
        harness.state_mut().app.state.recovery = Some(Recovery {
            name: "Plant A".to_owned(),
            path: PathBuf::from("/data/project.json"),
            kept_at: None,
            differences: vec!["3 changed labels (2 anomalous by hand in all)".to_owned()],
        });
        harness.run_steps(3);
        harness.get_by_label_contains("3 changed labels");
        press(&mut harness, Key::Escape);
        harness.get_by_label_contains("Recover unsaved work?");
        harness.state_mut().take();
        click(&mut harness, button);
        assert_eq!(harness.state_mut().take(), [Action::Safety(action)]);
    }
}

#[test]
fn pictures() {
    let mut harness = window(Theme::Dark);
    press(&mut harness, Key::R);
    for key in [Key::ArrowUp, Key::ArrowDown, Key::ArrowRight] {
        press(&mut harness, key);
    }
    let clip_idx = harness.state().workbench().focus.unwrap();
    fabricated::focus(&mut harness.state_mut().app.state, clip_idx, 10.0);
    harness.run_steps(3);
    press(&mut harness, Key::B);
    let (from, to) = (at(&harness, 3.0, 2.2), at(&harness, 5.0, 3.0));
    drag(&mut harness, from, to);
    harness.get_by_label("Label of box 1").type_text("whistle");
    press(&mut harness, Key::Escape);
    // Neither jobs nor notices of files that do not exist.
    harness.state_mut().app.state.jobs.clear();
    harness.state_mut().app.state.notices.clear();
    harness.hover_at(Pos2::new(640.0, 4.0));
    harness.run_steps(4);
    harness.snapshot("triage_dark");
}
