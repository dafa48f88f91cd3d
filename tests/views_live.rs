//! The screen Live on made-up sound.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;

use auscult::app::{Action, EventVerdict, InputView, LiveAction, LiveEvent, LiveScoring, State};
use auscult::audio::Clip;
use auscult::audio::capture::{InputDevice, Level};
use auscult::jobs::JobId;
use auscult::pipeline::LiveScore;
use auscult::ui::live::LiveScreen;
use common::{Scene, group, harness_of_size, workbench};
use eframe::egui::{self, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn device(id: &str, name: &str) -> InputDevice {
    InputDevice {
        id: id.to_owned(),
        name: name.to_owned(),
        is_default: id == "0",
    }
}

/// A project, and two microphones that nobody listens to.
fn idle() -> State {
    let mut state = State {
        workbench: Some(workbench()),
        ..State::default()
    };
    state.live.devices = Some(vec![device("0", "Built-in microphone"), device("1", "USB Audio")]);
    state
}

/// A hum with knocks has been heard for 20 s and is scored.
fn listening() -> State {
    let mut state = idle();
    let live = &mut state.live;
    live.input = Some(InputView {
        name: "USB Audio".to_owned(),
        rate_hz: 48_000,
        n_channels: 2,
    });
    let samples: Vec<f32> = (0..20 * 16_000u32)
        .map(|i| {
            let secs = i as f32 / 16_000.0;
            let knock = (-(secs % 4.0) * 30.0).exp() * (secs * 9_000.0).sin();
            0.1 * (secs * 754.0).sin() + 0.05 * (secs * 7_540.0).sin() + 0.4 * knock
        })
        .collect();
    let mut from = 0;
    while live.waterfall.push(from as u64, &samples[from..]) {
        from = live.waterfall.needs_from() as usize;
    }
    live.heard.n_samples = samples.len() as u64;
    live.heard.level = Level {
        peak_db: -9.0,
        rms_db: -21.0,
        hold_db: -7.2,
        max_db: -7.2,
        n_clips: 0,
    };
    live.scoring = Some(LiveScoring {
        job: JobId(7),
        group: group("fan", "00"),
        run: "pooled-log-mel".to_owned(),
        detector: "KNN",
        pace: Some((2.4, 1)),
        training_db: Some(-30.0),
        is_paused: false,
    });
    live.scores = (0..500u64)
        .map(|n| LiveScore {
            start: n * 512,
            end: n * 512 + 32_768,
            percentile: if (200..230).contains(&n) {
                99.6
            } else {
                40.0 + (n % 37) as f32
            },
        })
        .collect();
    live.events = vec![
        event(2, 99.8, false, None),
        event(1, 98.0, true, None),
        event(0, 99.5, false, Some(EventVerdict::FalseAlarm)),
    ];
    state
}

fn event(id: u64, peak: f32, is_near_miss: bool, verdict: Option<EventVerdict>) -> LiveEvent {
    LiveEvent {
        id,
        start: id * 80_000,
        end: id * 80_000 + 40_000,
        peak,
        is_near_miss,
        at: 1_795_000_000,
        clip: Some(Arc::new(Clip::default())),
        verdict,
    }
}

fn recording() -> State {
    let mut state = listening();
    let take = &mut state.live.heard.take;
    take.is_running = true;
    take.secs = 12.3;
    take.files = vec!["/plant/recordings/fan/train/section_00_source_train_normal_0000_vel_6.wav".into()];
    state.live.settings.machine = "fan".to_owned();
    state.live.settings.section = "00".to_owned();
    state
}

fn stage(state: State, theme: egui::Theme) -> Harness<'static, Scene> {
    let mut view = LiveScreen::default();
    harness_of_size([1200.0, 640.0], state, theme, move |ui, state, actions| {
        let frame = egui::Frame::central_panel(ui.style());
        egui::CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| view.ui(ui, state, actions));
    })
}

fn click(harness: &mut Harness<'_, Scene>, label: &str) -> Vec<Action> {
    harness.run();
    harness.state_mut().take();
    harness.get_by_label(label).click();
    harness.run();
    harness.state_mut().take()
}

#[test]
fn pictures() {
    let mut results = egui_kittest::SnapshotResults::new();
    let states = [
        (idle(), egui::Theme::Light, "live_idle_light"),
        (listening(), egui::Theme::Dark, "live_listening_dark"),
        (recording(), egui::Theme::Light, "live_recording_light"),
    ];
    for (state, theme, name) in states {
        let mut harness = stage(state, theme);
        harness.run();
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}

#[test]
fn inputs_are_looked_for_once_and_listening_is_one_click() {
    let mut harness = stage(State::default(), egui::Theme::Dark);
    harness.run();
    assert!(harness.state_mut().take().contains(&Action::Live(LiveAction::ListInputs)));
    let mut harness = stage(idle(), egui::Theme::Dark);
    harness.run();
    assert!(!harness.state_mut().take().contains(&Action::Live(LiveAction::ListInputs)));
    harness.get_by_label("Listen").click();
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::Live(LiveAction::Listen)]);
}

#[test]
fn events_are_played_and_judged() {
    let mut harness = stage(listening(), egui::Theme::Dark);
    assert_eq!(
        click(&mut harness, "Play the event at 00:10.00"),
        [Action::Live(LiveAction::PlayEvent(2))]
    );
    harness.get_all_by_label("Keep as normal").next().unwrap().click();
    harness.run();
    let verdict = EventVerdict::KeptAsNormal;
    assert_eq!(
        harness.state_mut().take(),
        [Action::Live(LiveAction::JudgeEvent { id: 2, verdict })]
    );
    assert!(harness.query_by_label("false alarm").is_some(), "what was said of the oldest");
}

#[test]
fn a_take_is_begun_marked_and_ended_by_its_keys_and_its_machine_cannot_change_meanwhile() {
    let mut harness = stage(listening(), egui::Theme::Dark);
    harness.run();
    harness.state_mut().take();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Space);
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::Live(LiveAction::Record)]);
    let mut harness = stage(recording(), egui::Theme::Dark);
    harness.run();
    harness.state_mut().take();
    harness.key_press(Key::M);
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::Live(LiveAction::Mark)]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Space);
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::Live(LiveAction::StopRecording)]);
}

#[test]
fn clipping_and_a_level_that_differs_from_training_are_said() {
    let mut state = listening();
    state.live.heard.level.n_clips = 3;
    state.live.heard.n_dropped = 12;
    let mut harness = stage(state, egui::Theme::Light);
    harness.run();
    assert!(harness.query_by_label("+9 dB against training").is_some());
    assert!(harness.query_by_label("lost 12").is_some());
    assert_eq!(click(&mut harness, "CLIPPED 3x"), [Action::Live(LiveAction::ClearLevel)]);
}

#[test]
fn what_went_wrong_is_said_where_it_happened() {
    let mut state = idle();
    state.live.error = Some("no sound input: this computer has none; connect a microphone or switch it on".to_owned());
    state.live.heard.take.failure = Some("cannot access /plant/recordings/a.wav: no space left".to_owned());
    let mut harness = stage(state, egui::Theme::Light);
    harness.run();
    assert!(
        harness
            .query_by_label_contains("connect a microphone or switch it on")
            .is_some()
    );
    assert!(harness.query_by_label_contains("no space left").is_some());
}
