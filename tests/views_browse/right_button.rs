//! The right button on the picture: a drag zooms to what it draws, a click opens the menu of that place.

use auscult::app::Action;
use eframe::egui::{self, Modifiers, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::{Bench, focused, harness, place};

fn right(harness: &mut Harness<'_, Bench>, at: Pos2, pressed: bool) {
    harness.hover_at(at);
    harness.event(egui::Event::PointerButton {
        pos: at,
        button: egui::PointerButton::Secondary,
        pressed,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(2);
}

fn right_drag(harness: &mut Harness<'_, Bench>, from: Pos2, to: Pos2) {
    right(harness, from, true);
    harness.hover_at(from.lerp(to, 0.5));
    harness.hover_at(to);
    harness.run_steps(2);
    right(harness, to, false);
}

#[test]
fn a_right_drag_fills_the_picture_with_what_it_draws() {
    let mut harness = harness(focused(30, 5));
    let picture = place(&harness, "Spectrogram of ");
    let at = |x: f32, y: f32| picture.left_top() + picture.size() * vec2(x, y);
    right_drag(&mut harness, at(0.2, 0.25), at(0.4, 0.75));
    let (time, positions) = harness.state().view.shown();
    assert!((time.start - 2.0).abs() < 0.02 && (time.end - 4.0).abs() < 0.02, "{time:?}");
    assert!(
        (positions.start - 0.25).abs() < 0.01 && (positions.end - 0.75).abs() < 0.01,
        "{positions:?}"
    );
    // Flat: the frequencies stay as they are.
    right_drag(&mut harness, at(0.5, 0.5), at(0.75, 0.505));
    let (time, flat) = harness.state().view.shown();
    assert!((time.start - 3.0).abs() < 0.02 && (time.end - 3.5).abs() < 0.02, "{time:?}");
    assert_eq!(flat, positions);
    assert!(harness.state().actions.is_empty(), "it selects and plays nothing");
}

#[test]
fn a_right_drag_on_the_waveform_zooms_the_time() {
    let mut harness = harness(focused(30, 5));
    let waveform = place(&harness, "Waveform of ");
    let at = |x: f32, y: f32| waveform.left_top() + waveform.size() * vec2(x, y);
    right_drag(&mut harness, at(0.1, 0.1), at(0.3, 0.9));
    let (time, positions) = harness.state().view.shown();
    assert!((time.start - 1.0).abs() < 0.02 && (time.end - 3.0).abs() < 0.02, "{time:?}");
    assert_eq!(positions.len(), 1.0);
}

#[test]
fn the_menu_of_a_place_plays_copies_and_lays_multiples_there() {
    let mut harness = harness(focused(30, 5));
    let picture = place(&harness, "Spectrogram of ");
    let at = picture.left_top() + picture.size() * vec2(0.5, 0.5);
    let choose = |harness: &mut Harness<'_, Bench>, label: &str| {
        right(harness, at, true);
        right(harness, at, false);
        harness.get_by_label_contains(label).click();
        harness.run_steps(2);
    };
    choose(&mut harness, "Play from here");
    let [Action::PlayFrom(secs)] = harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert!((secs - 5.0).abs() < 0.02, "{secs}");
    choose(&mut harness, "Lay multiples of this frequency");
    assert!(
        harness.query_by_label_contains("Base frequency").is_some(),
        "the harmonic cursor is on"
    );
    choose(&mut harness, "Copy 5.0");
    assert!(harness.query_by_label("Loop the stretch").is_none(), "there is none");
}
