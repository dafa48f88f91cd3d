//! Going along with what is heard: following, the stretch and its edges.

use auscult::app::{Action, Follow, ListeningAction, ListeningSettings};
use eframe::egui::{Key, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::screen::drag;
use super::{Bench, focused, harness, place};

fn wished(harness: &mut Harness<'_, Bench>) -> Vec<Action> {
    std::mem::take(&mut harness.state_mut().actions)
}

#[test]
fn how_to_follow_is_a_visible_choice() {
    let mut harness = harness(focused(30, 5));
    let settings = ListeningSettings::default();
    let set = |settings| [Action::Listening(ListeningAction::Set(settings))];
    for (title, follow) in [("Off", Follow::Off), ("Centre", Follow::Centre)] {
        harness.get_by_label("Follow the playhead").click();
        harness.run_steps(3);
        harness.get_by_label(title).click();
        harness.run_steps(3);
        assert_eq!(wished(&mut harness), set(ListeningSettings { follow, ..settings }));
    }
}

/// The seconds in sight after the playhead went from 1.9 s to 2.6 s, where 1 s to 2 s were in sight.
fn followed(follow: Follow) -> (f64, f64) {
    let mut state = focused(30, 5);
    state.listening.follow = follow;
    state.playback.loop_span_secs = Some((1.0, 2.0));
    state.playback.position_secs = 1.9;
    let mut harness = harness(state);
    harness.key_press(Key::Z);
    harness.run_steps(2);
    harness.state_mut().state.playback.is_playing = true;
    harness.state_mut().state.playback.position_secs = 2.6;
    harness.run_steps(2);
    let (time, _) = harness.state().view.shown();
    (time.start, time.end)
}

#[test]
fn the_picture_stays_turns_the_page_or_slides_along() {
    let near = |(start, end): (f64, f64), wanted: (f64, f64)| (start - wanted.0).abs() + (end - wanted.1).abs() < 1e-9;
    let (off, page, centre) = (followed(Follow::Off), followed(Follow::Page), followed(Follow::Centre));
    assert!(near(off, (0.95, 2.05)), "{off:?}");
    assert!(near(page, (2.6, 3.7)), "{page:?}");
    assert!(near(centre, (2.05, 3.15)), "{centre:?}");
}

#[test]
fn an_edge_of_the_stretch_is_moved_without_touching_the_playhead() {
    let mut state = focused(30, 5);
    state.playback.loop_span_secs = Some((2.0, 6.0));
    state.playback.position_secs = 3.0;
    state.playback.is_playing = true;
    let mut harness = harness(state);
    let picture = place(&harness, "Spectrogram of ");
    let at = |part: f32| picture.left_top() + vec2(picture.width() * part, 100.0);
    drag(&mut harness, at(0.6) + vec2(2.0, 0.0), at(0.5));
    let wishes = wished(&mut harness);
    let [Action::SetLoop(Some((start, end)))] = wishes[..] else {
        panic!("{wishes:?}");
    };
    assert!(start == 2.0 && (end - 5.0).abs() < 0.05, "{start}..{end}");
    drag(&mut harness, at(0.2) - vec2(2.0, 0.0), at(0.8));
    let wishes = wished(&mut harness);
    let [Action::SetLoop(Some((start, end)))] = wishes[..] else {
        panic!("{wishes:?}");
    };
    assert!(
        start == 6.0 && (end - 8.0).abs() < 0.05,
        "over the other edge: {start}..{end}"
    );
}
