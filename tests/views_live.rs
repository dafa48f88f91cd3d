//! The screen Live on made-up sound.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::sync::Arc;

use auscult::app::{
    Action, EventVerdict, InputView, LeftTakeView, LiveAction, LiveEvent, LivePace, LiveScoring, LostInput, State, WatchView,
};
use auscult::audio::Clip;
use auscult::audio::capture::{InputDevice, Level};
use auscult::jobs::JobId;
use auscult::pipeline::{Judgement, LiveScore, WatchedFile, WatchedState};
use auscult::ui::live::{LiveScreen, left};
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
        rates_hz: vec![16_000, 44_100, 48_000],
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
    live.settings.score_as = Some(group("fan", "00"));
    live.scoring = Some(LiveScoring {
        job: JobId(7),
        group: group("fan", "00"),
        run: "pooled-log-mel".to_owned(),
        detector: "KNN",
        pace: Some(LivePace {
            cost_ms: 2.4,
            hop_frames: 1,
            behind_ms: 64.0,
        }),
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
        is_going_on: false,
        clip: Some(Arc::new(Clip::default())),
        verdict,
        file: None,
    }
}

fn recording() -> State {
    let mut state = listening();
    let take = &mut state.live.heard.take;
    take.is_running = true;
    take.secs = 12.3;
    take.files = Arc::new(vec![
        "/plant/recordings/fan/train/section_00_source_train_normal_0000_vel_6.wav".into(),
    ]);
    state.live.settings.machine = "fan".to_owned();
    state.live.settings.section = "00".to_owned();
    state
}

/// The microphone was pulled out during a take, and is back or not.
fn lost(is_back: bool) -> State {
    let mut state = idle();
    state.live.lost = Some(LostInput {
        id: Some("1".to_owned()),
        name: "USB Audio".to_owned(),
        reason: "the device is no longer available; connect it again or choose another input".to_owned(),
        was_recording: true,
        is_back,
    });
    state
}

fn left_takes() -> State {
    let mut state = idle();
    let take = |n: u32, title: &str| LeftTakeView {
        note: format!("/home/someone/.config/auscult/takes/new-{n}.take").into(),
        title: title.to_owned(),
        begun_at: 1_795_000_000,
        files: (0..19)
            .map(|file| format!("/plant/recordings/fan/train/section_00_source_train_normal_{file:04}_vel_6.wav").into())
            .collect(),
        secs: 185.5,
        n_marks: 2,
    };
    state.live.left = vec![take(1, "fan 00, normal"), take(2, "gearbox 01, anomalous")];
    state.live.asks_about_left = true;
    state
}

fn watching() -> State {
    let mut state = listening();
    let mut watch = WatchView::new(
        JobId(9),
        "/plant/recorder".into(),
        group("fan", "00"),
        "pooled-log-mel".to_owned(),
        "KNN",
    );
    watch.threshold = Some((0.0312, "leave-one-out scores of the normal training clips".to_owned()));
    let judged = |score: f64, percentile: f64, is_anomalous: bool| {
        WatchedState::Judged(Judgement {
            score,
            percentile,
            is_anomalous,
            duration_secs: 10.0,
        })
    };
    let states = [
        judged(0.0123, 41.0, false),
        judged(0.0581, 99.2, true),
        judged(0.0150, 55.5, false),
        WatchedState::Failed("cannot read it: it has no 'data' chunk".to_owned()),
        WatchedState::Unfinished,
        WatchedState::Growing,
    ];
    for (n, state) in states.into_iter().enumerate() {
        watch.note(WatchedFile {
            path: format!("/plant/recorder/2026-11-22/{n:04}.wav").into(),
            written_at: 1_795_000_000,
            state,
        });
    }
    state.live.watch = Some(watch);
    state
}

fn stage(state: State, theme: egui::Theme) -> Harness<'static, Scene> {
    stage_of_size([1200.0, 640.0], state, theme)
}

fn stage_of_size(size: [f32; 2], state: State, theme: egui::Theme) -> Harness<'static, Scene> {
    let mut view = LiveScreen::default();
    harness_of_size(size, state, theme, move |ui, state, actions| {
        let frame = egui::Frame::central_panel(ui.style());
        egui::CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| view.ui(ui, state, actions));
        left::ui(ui, state, actions);
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
    // What the smallest window leaves to the screen.
    let states = [
        (recording(), egui::Theme::Dark, "live_recording_small_dark"),
        (watching(), egui::Theme::Light, "live_watching_small_light"),
        (lost(true), egui::Theme::Light, "live_lost_small_light"),
        (left_takes(), egui::Theme::Dark, "live_left_small_dark"),
    ];
    for (state, theme, name) in states {
        let mut harness = stage_of_size([940.0, 530.0], state, theme);
        harness.run();
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}

#[test]
fn monitoring_is_off_until_asked_for_and_warns_of_howling_while_it_is_on() {
    let mut harness = stage(listening(), egui::Theme::Dark);
    harness.run();
    assert!(harness.query_by_label_contains("use headphones").is_none());
    assert_eq!(click(&mut harness, "Monitor"), [Action::Live(LiveAction::Monitor(true))]);
    let mut state = listening();
    state.live.heard.is_monitored = true;
    let mut harness = stage(state, egui::Theme::Light);
    harness.run();
    assert!(harness.query_by_label_contains("use headphones").is_some());
    assert_eq!(click(&mut harness, "Monitor"), [Action::Live(LiveAction::Monitor(false))]);
}

#[test]
fn a_lost_input_is_said_and_offered_when_it_is_back() {
    let mut harness = stage(lost(false), egui::Theme::Dark);
    harness.run();
    let said = harness.query_by_label_contains("USB Audio went away: the device is no longer available");
    assert!(said.is_some());
    assert!(
        harness
            .query_by_label_contains("The take was ended, what was recorded is kept")
            .is_some()
    );
    assert!(harness.query_by_label("Listen again").is_none());
    let mut harness = stage(lost(true), egui::Theme::Dark);
    harness.run();
    assert!(harness.query_by_label_contains("is there again").is_some());
    assert_eq!(click(&mut harness, "Listen again"), [Action::Live(LiveAction::Listen)]);
}

#[test]
fn an_input_that_delivers_nothing_is_said() {
    let mut state = listening();
    state.live.heard.waits_secs = 4.2;
    let mut harness = stage(state, egui::Theme::Dark);
    harness.run();
    assert!(
        harness
            .query_by_label_contains("Nothing has come from the input for 4 s")
            .is_some()
    );
}

#[test]
fn takes_of_a_killed_program_are_recovered_discarded_or_left_for_later() {
    let note = |n: u32| format!("/home/someone/.config/auscult/takes/new-{n}.take").into();
    let mut harness = stage(left_takes(), egui::Theme::Light);
    harness.run();
    harness.state_mut().take();
    harness.get_all_by_label("Recover").next().unwrap().click();
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::Live(LiveAction::RecoverTake(note(1)))]);
    harness.get_all_by_label("Discard").nth(1).unwrap().click();
    harness.run();
    assert_eq!(harness.state_mut().take(), [Action::Live(LiveAction::DiscardTake(note(2)))]);
    let both = [1, 2].map(|n| Action::Live(LiveAction::RecoverTake(note(n))));
    assert_eq!(click(&mut harness, "Recover all"), both);
    assert_eq!(
        click(&mut harness, "Open without"),
        [Action::Live(LiveAction::AskAboutLeft(false))]
    );
    let mut state = left_takes();
    state.live.asks_about_left = false;
    let mut harness = stage(state, egui::Theme::Light);
    harness.run();
    assert!(harness.query_by_label_contains("2 takes that were cut off").is_some());
    assert_eq!(
        click(&mut harness, "Show them"),
        [Action::Live(LiveAction::AskAboutLeft(true))]
    );
}

#[test]
fn watched_files_stand_with_their_decisions_newest_first_and_are_played() {
    let mut harness = stage(watching(), egui::Theme::Dark);
    harness.run();
    assert!(harness.query_by_label("Watched folder: 3 scored, 1 anomalous").is_some());
    assert!(harness.query_by_label("half-written").is_some());
    assert!(harness.query_by_label("not scored").is_some());
    assert_eq!(click(&mut harness, "Stop watching"), [Action::Live(LiveAction::StopWatching)]);
    let path = "/plant/recorder/2026-11-22/0002.wav".into();
    let played = click(&mut harness, "Play 2026-11-22/0002.wav");
    assert_eq!(played, [Action::Live(LiveAction::PlayWatched(path))]);
    let mut state = watching();
    state.live.watch.as_mut().unwrap().is_gone = true;
    let mut harness = stage(state, egui::Theme::Dark);
    harness.run();
    assert!(
        harness
            .query_by_label_contains("/plant/recorder is not there: it is looked for")
            .is_some()
    );
}

#[test]
fn a_take_that_ended_can_be_taken_into_the_project() {
    let mut state = recording();
    state.live.heard.take.is_running = false;
    state.live.can_add_take = true;
    let mut harness = stage(state, egui::Theme::Dark);
    assert_eq!(click(&mut harness, "Add to the project"), [Action::Live(LiveAction::AddTake)]);
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
fn an_event_that_goes_on_is_listed_and_one_whose_sound_is_gone_cannot_be_kept() {
    let mut state = listening();
    let no_sound = LiveEvent {
        clip: None,
        ..event(3, 99.9, false, None)
    };
    state.live.events = vec![
        LiveEvent {
            is_going_on: true,
            ..no_sound.clone()
        },
        no_sound,
    ];
    let mut harness = stage(state, egui::Theme::Dark);
    harness.get_by_label("Events: 2");
    harness.get_by_label("going on");
    harness.get_by_label("sound no longer held");
    assert!(harness.query_by_label("Keep").is_none(), "there is nothing to write");
    harness.state_mut().state.live.events[0].clip = Some(Arc::new(Clip::default()));
    harness.run();
    harness.get_by_label("Keep");
}

#[test]
fn no_row_moves_from_under_the_pointer_when_an_event_comes() {
    let mut harness = stage(listening(), egui::Theme::Dark);
    // Under the pointer its hint bears the same words.
    let place = |harness: &Harness<'_, Scene>, label: &str| harness.query_all_by_label(label).next().unwrap().rect().center();
    let row = place(&harness, "Play the event at 00:10.00");
    harness.hover_at(row);
    harness.run();
    harness.state_mut().state.live.events.insert(0, event(3, 99.9, false, None));
    harness.run();
    assert_eq!(place(&harness, "Play the event at 00:10.00"), row);
    harness.get_by_label("Events: 3 and a near miss; 1 new when the pointer is elsewhere");
    harness.hover_at(egui::pos2(600.0, 200.0));
    harness.run();
    assert_eq!(place(&harness, "Play the event at 00:15.00"), row);
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
    assert!(harness.query_by_label("level differs from training by +9 dB").is_some());
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
