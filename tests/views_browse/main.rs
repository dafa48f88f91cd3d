//! The screen Browse: what a person does on it becomes actions, whatever the number of clips.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod fabricated;
mod instruments;
mod listening;
mod model;
mod right_button;
#[path = "../common/screen.rs"]
mod screen;
mod table;

use std::time::Instant;

use auscult::app::{Action, ClipFilter, Facet, SortKey, State};
use auscult::ui::browse::BrowseView;
use eframe::egui::{self, Key, Modifiers, Rect, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use screen::{Scene, click_at, drag};

type Bench = Scene<BrowseView>;

fn harness_with(state: State, theme: Theme) -> Harness<'static, Bench> {
    harness_of_width(state, theme, 1220.0)
}

fn harness_of_width(state: State, theme: Theme, width: f32) -> Harness<'static, Bench> {
    let mut harness = bench(vec2(width, 600.0), state, theme);
    harness.run_steps(4);
    harness.state_mut().actions.clear();
    harness
}

fn bench(size: Vec2, state: State, theme: Theme) -> Harness<'static, Bench> {
    screen::scene(screen::builder(size, theme), state, BrowseView::default(), BrowseView::ui)
}

fn harness(state: State) -> Harness<'static, Bench> {
    harness_with(state, Theme::Dark)
}

fn focused(n_clips: usize, clip_idx: usize) -> State {
    let mut state = fabricated::state(n_clips);
    fabricated::focus(&mut state, clip_idx, 10.0);
    state
}

fn name(state: &State, clip_idx: usize) -> String {
    state.workbench.as_ref().unwrap().dataset.clips[clip_idx]
        .file_name()
        .to_owned()
}

fn place(harness: &Harness<'_, Bench>, label: &str) -> Rect {
    harness.get_by_label_contains(label).rect()
}

#[test]
fn a_click_on_a_row_focuses_its_clip() {
    let mut harness = harness(fabricated::state(30));
    let third = harness.state_mut().workbench().visible[3];
    let name = name(&harness.state().state, third);
    harness.get_by_label(&name).click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Focus(third)]);
}

#[test]
fn ctrl_and_shift_select() {
    let mut harness = harness(fabricated::state(30));
    let visible = harness.state_mut().workbench().visible.clone();
    let names: Vec<String> = visible
        .iter()
        .map(|&clip_idx| name(&harness.state().state, clip_idx))
        .collect();
    harness.state_mut().workbench().selection.insert(visible[0]);
    harness.get_by_label(&names[2]).click_modifiers(Modifiers::COMMAND);
    harness.run_steps(2);
    let mut both = vec![visible[0], visible[2]];
    both.sort_unstable();
    assert_eq!(harness.state().actions, [Action::Select(both)]);

    harness.state_mut().actions.clear();
    harness.state_mut().workbench().focus = Some(visible[1]);
    harness.run_steps(2);
    harness.get_by_label(&names[4]).click_modifiers(Modifiers::SHIFT);
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Select(visible[1..=4].to_vec())]);
}

#[test]
fn a_click_on_a_header_sorts() {
    let mut harness = harness(fabricated::state(30));
    harness.get_by_label("Sort by score").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::SortBy(SortKey::Score)]);
    harness.state_mut().workbench().sort = (SortKey::Score, false);
    harness.run_steps(2);
    harness.get_by_label("Sort by score, largest first");
}

#[test]
fn typing_and_chips_set_the_filter() {
    let mut harness = harness(fabricated::state(30));
    harness.get_by_label("Search clips").focus();
    harness.run_steps(2);
    harness.get_by_label("Search clips").type_text("vel_5");
    harness.run_steps(2);
    harness.get_by_label("Filter by label").click();
    harness.run_steps(3);
    harness.get_by_label("anomalous (5)").click();
    harness.run_steps(2);
    // The state was not changed meanwhile: each wish is on its own.
    let text = ClipFilter {
        text: "vel_5".to_owned(),
        ..ClipFilter::default()
    };
    let mut label = ClipFilter::default();
    label.toggle(&Facet::Label, "anomalous");
    assert_eq!(harness.state().actions, [Action::SetFilter(text), Action::SetFilter(label)]);
}

#[test]
fn a_filter_that_nothing_matches_can_be_cleared() {
    let mut harness = harness(fabricated::state(30));
    let workbench = harness.state_mut().workbench();
    workbench.filter.text = "no such clip".to_owned();
    workbench.visible.clear();
    harness.run_steps(2);
    harness.get_by_label("Clear filter").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::SetFilter(Default::default())]);
}

#[test]
fn twenty_thousand_rows_stay_virtual() {
    let mut harness = harness(focused(20_000, 10));
    let n_rows = harness.state().view.n_drawn_rows();
    assert!((10..40).contains(&n_rows), "{n_rows} rows drawn");
    // The fastest of many frames: the others share the machine with other tests.
    let fastest = (0..50).map(|_| {
        let start = Instant::now();
        harness.run_steps(1);
        start.elapsed()
    });
    println!("fastest frame with 20,000 clips: {:?}", fastest.min().unwrap());
}

#[test]
fn a_new_focus_scrolls_into_sight_and_scrolling_away_holds() {
    let mut harness = harness(fabricated::state(5000));
    let far = harness.state_mut().workbench().visible[3000];
    let far_name = name(&harness.state().state, far);
    assert!(harness.query_by_label(&far_name).is_none());
    harness.state_mut().workbench().focus = Some(far);
    harness.run_steps(60);
    // The name stands over the picture too.
    let named = harness.get_all_by_label(&far_name).map(|node| node.rect());
    let row = named.min_by(|a, b| a.left().total_cmp(&b.left())).unwrap();
    assert!(row.top() > 0.0 && row.bottom() < 600.0, "{row:?}");
    harness.hover_at(row.center());
    for _ in 0..20 {
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: vec2(0.0, -20.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
    }
    harness.run_steps(60);
    assert_eq!(harness.get_all_by_label(&far_name).count(), 1, "the person was pulled back");
}

#[test]
fn a_click_on_the_ribbon_plays_from_its_crop() {
    let mut harness = harness(focused(30, 5));
    let ribbon = place(&harness, "Scores of the crops");
    // The second of four crops of 2.048 s in 10 s.
    let at = ribbon.left_top() + vec2(ribbon.width() * 0.3, 8.0);
    click_at(&mut harness, at);
    assert_eq!(harness.state().actions, [Action::PlayFrom(2.048)]);
}

/// Rows of pixels of the picture, from its top, in which the green of the windows is seen.
fn green_rows(harness: &mut Harness<'_, Bench>) -> Vec<usize> {
    let picture = place(harness, "Spectrogram of ");
    let image = harness.render().unwrap();
    let is_green = |x, y| {
        let [red, green, blue, _] = image.get_pixel(x, y).0;
        // An edge between two rows of pixels is half as bright in both.
        i16::from(green) > 60 + i16::from(red).max(blue.into())
    };
    let rows = picture.top() as u32..picture.bottom() as u32;
    let columns = picture.left() as u32..picture.right() as u32;
    rows.clone()
        .filter(|&y| columns.clone().any(|x| is_green(x, y)))
        .map(|y| (y - rows.start) as usize)
        .collect()
}

#[test]
fn windows_of_a_network_are_boxes_as_high_as_their_bands_and_the_left_over_end_is_said() {
    let mut plain = harness(focused(30, 5));
    assert!(green_rows(&mut plain).is_empty(), "crops that pool a clip are no windows");
    assert!(plain.query_by_label("Window step").is_none());

    let mut state = fabricated::state(30);
    fabricated::focus_windows(&mut state, 5, 32);
    let mut harness = harness(state);
    let height = place(&harness, "Spectrogram of ").height() as usize;
    let rows = green_rows(&mut harness);
    assert!(rows.len() > 5, "two edges and the scores: {rows:?}");
    let (first, last) = (rows[0], rows[rows.len() - 1]);
    assert!(first > height / 10, "no band is above 4 kHz: {first} of {height}");
    assert!(last > height - 6, "the lowest band begins at 0 Hz: {last} of {height}");
    harness.get_by_label("The last 0.78 s make no whole window of 32 frames: no score is theirs");
    let step = harness.get_by_label("Window step");
    step.decrement_accesskit();
    harness.run_steps(3);
    assert_eq!(harness.state().actions, [Action::SetWindowHop(Some(31))]);
    harness.state_mut().actions.clear();
    harness.state_mut().workbench().window_hop = Some(31);
    harness.run_steps(3);
    harness.get_by_label("Side by side").click();
    harness.run_steps(3);
    assert_eq!(harness.state().actions, [Action::SetWindowHop(None)]);
}

#[test]
fn a_drag_selects_and_a_click_seeks() {
    let mut harness = harness(focused(30, 5));
    let picture = place(&harness, "Spectrogram of ");
    let at = |part: f32| picture.left_top() + vec2(picture.width() * part, 100.0);
    drag(&mut harness, at(0.6), at(0.2));
    let [Action::SetLoop(Some((start, end)))] = harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert!((start - 2.0).abs() < 0.05 && (end - 6.0).abs() < 0.05, "{start}..{end}");

    harness.state_mut().actions.clear();
    harness.state_mut().state.playback.loop_span_secs = Some((start, end));
    click_at(&mut harness, at(0.8));
    let [Action::SetLoop(None), Action::Seek(secs)] = harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert!((secs - 8.0).abs() < 0.05, "{secs}");
}

#[test]
fn the_wheel_zooms_at_the_pointer_and_f_shows_the_whole() {
    let mut harness = harness(focused(30, 5));
    let picture = place(&harness, "Spectrogram of ");
    let at = picture.left_top() + vec2(picture.width() * 0.25, 100.0);
    harness.hover_at(at);
    let wheel = |harness: &mut Harness<'_, Bench>, modifiers| {
        let event = egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: vec2(0.0, 8.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers,
        };
        harness.event_modifiers(event, modifiers);
        harness.run_steps(20);
    };
    wheel(&mut harness, Modifiers::COMMAND);
    let (time, _) = harness.state().view.shown();
    assert!(time.len() < 5.0 && time.contains(2.5), "{time:?}");
    let part = (2.5 - time.start) / time.len();
    assert!((part - 0.25).abs() < 0.01, "the pointer's second moved to {part}");

    wheel(&mut harness, Modifiers::ALT);
    let (_, positions) = harness.state().view.shown();
    assert!(positions.len() < 0.5, "{positions:?}");

    harness.key_press(Key::F);
    harness.run_steps(2);
    let (time, positions) = harness.state().view.shown();
    assert_eq!((time.start, time.end, positions.len()), (0.0, 10.0, 1.0));
}

#[test]
fn alt_drag_moves_the_picture_and_selects_nothing() {
    let mut harness = harness(focused(30, 5));
    let picture = place(&harness, "Spectrogram of ");
    let at = |part: f32| picture.left_top() + vec2(picture.width() * part, 100.0);
    harness.state_mut().state.playback.loop_span_secs = Some((4.0, 6.0));
    harness.key_press(Key::Z);
    harness.run_steps(2);
    harness.state_mut().state.playback.loop_span_secs = None;
    let (before, _) = harness.state().view.shown();
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::ALT,
    };
    harness.hover_at(at(0.5));
    harness.event_modifiers(button(at(0.5), true), Modifiers::ALT);
    harness.event_modifiers(egui::Event::PointerMoved(at(0.75)), Modifiers::ALT);
    harness.event_modifiers(button(at(0.75), false), Modifiers::ALT);
    harness.run_steps(3);
    let (after, _) = harness.state().view.shown();
    let moved = before.start - after.start;
    assert!((moved - before.len() * 0.25).abs() < 0.02, "moved by {moved} s");
    assert!(harness.state().actions.is_empty(), "{:?}", harness.state().actions);
}

#[test]
fn the_page_turns_when_the_playhead_leaves_it_but_not_back_to_who_panned_away() {
    let mut state = focused(30, 5);
    state.playback.loop_span_secs = Some((1.0, 2.0));
    let mut harness = harness(state);
    harness.key_press(Key::Z);
    harness.run_steps(2);
    harness.state_mut().state.playback.loop_span_secs = None;
    harness.state_mut().state.playback.position_secs = 1.9;
    harness.run_steps(2);
    harness.state_mut().state.playback.is_playing = true;
    harness.state_mut().state.playback.position_secs = 2.1;
    harness.run_steps(2);
    let (turned, _) = harness.state().view.shown();
    assert!((turned.start - 2.1).abs() < 1e-9, "{turned:?}");
    harness.state_mut().state.playback.position_secs = 8.0;
    harness.run_steps(2);
    let (jumped, _) = harness.state().view.shown();
    assert!(jumped.contains(8.0));
    // As a person would: away from the playhead, which then moves on.
    let picture = place(&harness, "Spectrogram of ");
    harness.hover_at(picture.left_top() + vec2(50.0, 100.0));
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: vec2(0.0, 40.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(30);
    harness.state_mut().state.playback.position_secs = 8.5;
    harness.run_steps(2);
    let (held, _) = harness.state().view.shown();
    assert!(held.end < 8.0, "{held:?}");
}

#[test]
fn a_clip_that_is_being_read_says_so() {
    let mut state = focused(30, 5);
    // What is there is still of the clip before.
    state.workbench.as_mut().unwrap().focus = Some(6);
    let name = name(&state, 6);
    let harness = harness(state);
    harness.get_by_label(&format!("Reading {name}"));
    assert!(harness.query_by_label_contains("Spectrogram of").is_none());
}

#[test]
fn a_selection_can_be_zoomed_to_and_dropped() {
    let mut state = focused(30, 5);
    state.playback.loop_span_secs = Some((4.0, 5.0));
    let mut harness = harness(state);
    harness.key_press(Key::Z);
    harness.run_steps(2);
    let (time, _) = harness.state().view.shown();
    assert!((time.start - 3.95).abs() < 1e-9 && (time.end - 5.05).abs() < 1e-9, "{time:?}");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::SetLoop(None)]);
}

#[test]
fn a_clip_that_cannot_be_read_says_why_and_where() {
    let mut state = fabricated::state(30);
    let workbench = state.workbench.as_mut().unwrap();
    workbench.focus = Some(5);
    workbench.focus_view.error = Some("the file holds no sound".to_owned());
    let path = workbench.dataset.clips[5].path.clone();
    let harness = harness(state);
    let text = harness.get_by_label_contains("the file holds no sound");
    assert!(format!("{text:?}").contains(&path));
}

#[test]
fn the_picture_is_computed_as_the_tool_row_says() {
    let mut harness = harness(focused(30, 5));
    harness.get_by_label("FFT size").click();
    harness.run_steps(3);
    harness.get_by_label("1024").click();
    harness.run_steps(3);
    let [Action::SetSpectrogram(settings)] = harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert_eq!((settings.n_fft, settings.hop), (1024, 256));
}

#[test]
fn the_screen_looks_as_it_did() {
    let mut results = egui_kittest::SnapshotResults::new();
    for (theme, name) in [(Theme::Dark, "browse_dark"), (Theme::Light, "browse_light")] {
        let mut state = focused(400, 11);
        state.playback.loop_span_secs = Some((3.0, 5.0));
        state.playback.position_secs = 3.7;
        state.workbench.as_mut().unwrap().selection.extend([4, 9, 10]);
        let mut harness = harness_with(state, theme);
        harness.run_steps(10);
        results.add(harness.try_snapshot(name));
    }
}
