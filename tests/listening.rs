//! Listening without widgets: what is kept, which channel is played, and what is said where no sound card is.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

#[path = "common/program.rs"]
mod program;
#[path = "common/wav.rs"]
mod wav;

use std::path::Path;

use auscult::app::{Action, App, Follow, ListeningAction, ListeningSettings};
use auscult::audio::ChannelChoice;
use program::{app, is_previewed, wait};
use wav::{PCM, wav_head};

/// A second of 8 channels at 16 kHz in 16 bits; channel `c` holds nothing but `c / 10`.
fn eight_channels() -> Vec<u8> {
    let (n_channels, rate_hz, n_frames) = (8u16, 16_000u32, 16_000u32);
    let n_bytes = n_frames * u32::from(n_channels) * 2;
    let mut wav = wav_head(PCM, 16, rate_hz, n_channels, n_bytes);
    for _ in 0..n_frames {
        for channel in 0..n_channels {
            wav.extend((3_277 * channel as i16).to_le_bytes());
        }
    }
    wav
}

/// A project on one clip of 8 channels, of which this one is chosen; the clip is focused and read.
fn focused(folder: &Path, channel: ChannelChoice) -> App {
    let data = folder.join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("array.wav"), eight_channels()).unwrap();
    let mut app = app(folder);
    app.apply(Action::Inspect(data));
    wait(&mut app, "the scan", is_previewed);
    app.apply(Action::InspectAgain { layout: None, channel });
    wait(&mut app, "the scan of the channel", is_previewed);
    app.apply(Action::CreateProject(folder.join("project.json")));
    wait(&mut app, "the project", |app| app.state.workbench.is_some());
    app.apply(Action::Focus(0));
    wait(&mut app, "the clip", |app| {
        let workbench = app.state.workbench.as_ref();
        workbench.is_some_and(|workbench| workbench.focus_view.loaded.is_some())
    });
    app
}

#[test]
fn of_eight_channels_the_chosen_one_is_what_is_heard() {
    for (channel, level) in [
        (ChannelChoice::Index(0), 0.0),
        (ChannelChoice::Index(5), 0.5),
        (ChannelChoice::Mean, 0.35),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let app = focused(folder.path(), channel);
        let view = &app.state.workbench.as_ref().unwrap().focus_view;
        let samples = &view.loaded.as_ref().unwrap().clip.samples;
        assert_eq!(samples.len(), 16_000);
        let worst = samples.iter().map(|sample| (sample - level).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{channel}: off by {worst}");
    }
}

#[test]
fn the_way_of_listening_is_remembered_but_not_the_speed() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = app(folder.path());
    assert_eq!(first.state.listening, ListeningSettings::default());
    let wanted = ListeningSettings {
        speed: 0.25,
        keeps_pitch: false,
        volume_db: 6.0,
        follow: Follow::Off,
        plays_on_select: true,
    };
    first.apply(Action::Listening(ListeningAction::Set(wanted)));
    assert_eq!(first.state.listening, wanted);
    assert!(first.next_wake().is_some(), "it is written in a moment");
    first.shut_down();
    let second = app(folder.path());
    assert_eq!(second.state.listening, ListeningSettings { speed: 1.0, ..wanted });
    // Whatever stands in the file, the program starts.
    std::fs::write(folder.path().join("settings/listening.json"), "{ \"volume_db\": \"loud").unwrap();
    assert_eq!(app(folder.path()).state.listening, ListeningSettings::default());
}

#[test]
fn speeds_and_volumes_beyond_the_ends_are_the_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = app(folder.path());
    app.apply(Action::Listening(ListeningAction::Set(ListeningSettings {
        speed: 40.0,
        volume_db: -90.0,
        ..ListeningSettings::default()
    })));
    assert_eq!(app.state.listening.speed, 2.0);
    assert_eq!(app.state.listening.volume_db, ListeningSettings::SILENT_DB);
}

#[test]
fn the_playhead_goes_where_it_is_sent_and_a_stretch_that_excludes_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = focused(folder.path(), ChannelChoice::Index(3));
    let stretch = Some((0.2, 0.6));
    app.apply(Action::Seek(0.3));
    app.apply(Action::SetLoop(stretch));
    assert_eq!(
        (app.state.playback.position_secs, app.state.playback.is_playing),
        (0.3, false)
    );
    app.apply(Action::Seek(0.5));
    assert_eq!(app.state.playback.loop_span_secs, stretch);
    app.apply(Action::Seek(0.9));
    assert_eq!(app.state.playback.loop_span_secs, None);
    app.apply(Action::Listening(ListeningAction::Loop(true)));
    app.apply(Action::Listening(ListeningAction::StepCrop(-1)));
    assert_eq!(app.state.playback.position_secs, 0.0, "without a model a step is a second");
    assert!(app.state.playback.is_looping);
    app.apply(Action::Focus(0));
    assert!(app.state.playback.is_looping, "the switch stays as it was put");
}

#[test]
fn without_a_sound_card_the_reason_is_said_and_nothing_else_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = focused(folder.path(), ChannelChoice::Index(3));
    app.apply(Action::PlayPause);
    let Some(reason) = app.state.playback.unavailable.clone() else {
        eprintln!("SKIPPED: this computer has a sound card");
        return;
    };
    assert!(!app.state.playback.is_playing && !app.state.playback.is_placed);
    let n_said = |app: &App| {
        app.state
            .notices
            .iter()
            .filter(|notice| notice.text.contains(&reason))
            .count()
    };
    assert_eq!(n_said(&app), 1, "{reason}");
    app.apply(Action::PlayPause);
    assert_eq!(n_said(&app), 1, "said once, however often it is tried");
}
