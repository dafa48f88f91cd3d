//! The program without its window, listening to cards that are not there.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use auscult::app::{Action, App, LiveAction, LiveSettings};
use auscult::audio::capture::{InputDevice, TakePlan};
use auscult::audio::{self, Clip};
use auscult::dataset::{self, Label, MachineSection, Split, SyntheticConfig, SyntheticLayout};
use auscult::detectors::{DetectorConfig, DetectorKind};
use auscult::evaluation::ThresholdRule;
use auscult::pipeline::{self, ClipJudge, WatchEvent, WatchedFolder, WatchedState};
use auscult::progress::{CancelAfter, NoProgress, Progress};

use crate::card::{listening, ramp_card};
pub(crate) use crate::program::wait as run_until;
use crate::program::{app as program, is_compared, is_previewed, says};

pub(crate) fn fan() -> MachineSection {
    MachineSection {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
    }
}

/// A project on a made-up fan, scored with the recipe that needs no training.
pub(crate) fn with_project(folder: &Path) -> App {
    let config = SyntheticConfig {
        layout: SyntheticLayout::Dcase2023,
        machines: vec!["fan".to_owned()],
        n_clips: 24,
        clip_secs: 6.0,
        seed: 5,
    };
    let data = folder.join("data");
    dataset::write_synthetic(&data, &config, &mut NoProgress).unwrap();
    let mut app = program(folder);
    app.apply(Action::Inspect(data));
    run_until(&mut app, "the data set", is_previewed);
    app.apply(Action::CreateProject(folder.join("projects/fan/project.json")));
    run_until(&mut app, "the scores", is_compared);
    app
}

fn live(action: LiveAction) -> Action {
    Action::Live(action)
}

fn of_fan(app: &App) -> Box<LiveSettings> {
    Box::new(LiveSettings {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
        condition: "vel=6".to_owned(),
        split_secs: Some(1.0),
        pre_roll_secs: 0.0,
        ..app.state.live.settings.clone()
    })
}

#[test]
fn an_input_that_goes_away_ends_its_take_is_said_and_offered_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = program(folder.path());
    let card = ramp_card(4);
    app.listen_to(Arc::new(listening(&card)));
    app.apply(live(LiveAction::Set(of_fan(&app))));
    app.apply(live(LiveAction::Record));
    run_until(&mut app, "a take", |app| app.state.live.heard.take.secs > 0.5);
    card.is_unplugged.store(true, Ordering::Relaxed);
    run_until(&mut app, "the loss", |app| app.state.live.lost.is_some());
    let lost = app.state.live.lost.clone().unwrap();
    assert!(lost.was_recording && !lost.is_back && lost.name == "ramp", "{lost:?}");
    assert!(app.state.live.input.is_none() && !app.state.live.heard.take.is_running);
    assert!(says(&app, "Recorded "), "{:?}", app.state.notices);
    let file = app.state.live.heard.take.files[0].clone();
    assert!(audio::read_header(&file).unwrap().n_frames > 0);
    app.take_devices(Vec::new());
    assert!(!app.state.live.lost.as_ref().unwrap().is_back);
    app.take_devices(vec![InputDevice {
        id: "usb".to_owned(),
        name: "USB".to_owned(),
        is_default: true,
    }]);
    assert!(app.state.live.lost.as_ref().unwrap().is_back);
    app.listen_to(Arc::new(listening(&ramp_card(4))));
    run_until(&mut app, "sound", |app| app.state.live.heard.n_samples > 0);
    assert!(app.state.live.lost.is_none());
    app.shut_down();
}

#[test]
fn a_take_that_cannot_be_noted_is_said_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = program(folder.path());
    // A file in the way: nothing can be written below it, as in a folder that is read-only.
    std::fs::create_dir_all(folder.path().join("settings")).unwrap();
    std::fs::write(folder.path().join("settings/takes"), "").unwrap();
    app.listen_to(Arc::new(listening(&ramp_card(4))));
    app.apply(live(LiveAction::Set(of_fan(&app))));
    for n in 0..2 {
        app.state.notices.clear();
        app.apply(live(LiveAction::Record));
        run_until(&mut app, "the words", |app| says(app, "is not offered again"));
        run_until(&mut app, "a take", |app| app.state.live.heard.take.secs > 0.2);
        app.apply(live(LiveAction::StopRecording));
        run_until(&mut app, "the end", |app| !app.state.live.heard.take.is_running);
        assert!(
            app.state.live.heard.take.files[0].is_file(),
            "take {n} is recorded all the same"
        );
    }
    app.shut_down();
}

#[test]
fn settings_are_kept_with_the_project_and_the_input_with_the_computer_but_never_monitoring() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    let wished = LiveSettings {
        device: Some("usb".to_owned()),
        threshold: 97.5,
        score_as: Some(fan()),
        detector: Some(DetectorKind::Lof),
        ..*of_fan(&app)
    };
    app.apply(live(LiveAction::Set(Box::new(wished.clone()))));
    app.shut_down();
    // Without a project: what is not about one.
    let app = program(folder.path());
    assert_eq!(app.state.live.settings, wished);
    assert!(!app.state.live.heard.is_monitored);
    // The project at another computer.
    std::fs::remove_dir_all(folder.path().join("settings")).unwrap();
    let mut app = program(folder.path());
    assert_eq!(app.state.live.settings, LiveSettings::default());
    app.apply(Action::OpenProject(folder.path().join("projects/fan/project.json")));
    run_until(&mut app, "the scores", |app| {
        app.state
            .workbench
            .as_ref()
            .is_some_and(|workbench| workbench.comparison.is_some())
    });
    let expected = LiveSettings { device: None, ..wished };
    assert_eq!(app.state.live.settings, expected);
    // Listening scores as it was scored last.
    app.listen_to(Arc::new(listening(&ramp_card(4))));
    let scoring = app.state.live.scoring.as_ref().unwrap();
    assert_eq!((&scoring.group, scoring.detector), (&fan(), DetectorKind::Lof.title()));
    assert!(!app.state.live.heard.is_monitored && !app.state.live.is_monitor_opening);
    app.shut_down();
}

#[test]
fn a_pause_stops_the_scores_and_not_the_sound_and_afterwards_nobody_waits_for_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    app.listen_to(Arc::new(listening(&ramp_card(2))));
    app.apply(live(LiveAction::Score(Some(fan()))));
    run_until(&mut app, "scores", |app| app.state.live.scores.len() > 5);
    app.apply(live(LiveAction::PauseScoring(true)));
    let rest = Instant::now();
    run_until(&mut app, "a rest", |_| rest.elapsed() > Duration::from_millis(300));
    let (n_scores, n_samples) = (app.state.live.scores.len(), app.state.live.heard.n_samples);
    run_until(&mut app, "six seconds", |app| {
        app.state.live.heard.n_samples > n_samples + 6 * 16_000
    });
    assert_eq!(app.state.live.scores.len(), n_scores, "no score during the pause");
    app.apply(live(LiveAction::PauseScoring(false)));
    run_until(&mut app, "a score", |app| app.state.live.scores.len() > n_scores);
    let first = app.state.live.scores[n_scores];
    assert!(
        first.end + 4 * 16_000 > app.state.live.heard.n_samples,
        "{first:?} of {n_samples}"
    );
    assert!(app.state.live.scoring.as_ref().unwrap().training_db.is_some());
    app.shut_down();
}

/// A take that a program left which is gone: its file is cut off, its header of a moment before.
fn leave_a_take(app: &mut App, folder: &Path) -> std::path::PathBuf {
    app.listen_to(Arc::new(listening(&ramp_card(4))));
    app.apply(live(LiveAction::Set(of_fan(app))));
    app.apply(live(LiveAction::Record));
    run_until(app, "a take of two files", |app| app.state.live.heard.take.secs > 1.5);
    let first = app.state.live.heard.take.files[0].clone();
    // What a killed program leaves is copied from one that lives.
    let left = folder.join("left");
    std::fs::create_dir_all(&left).unwrap();
    for note in std::fs::read_dir(folder.join("settings/takes")).unwrap().flatten() {
        std::fs::copy(note.path(), left.join(note.file_name())).unwrap();
    }
    app.apply(live(LiveAction::Mark));
    app.apply(live(LiveAction::StopRecording));
    run_until(app, "the end", |app| !app.state.live.heard.take.is_running);
    app.apply(live(LiveAction::StopListening));
    assert_eq!(std::fs::read_dir(folder.join("settings/takes")).unwrap().count(), 0);
    std::fs::remove_dir_all(folder.join("settings/takes")).unwrap();
    std::fs::rename(left, folder.join("settings/takes")).unwrap();
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[40..44].copy_from_slice(&600u32.to_le_bytes());
    std::fs::write(&first, &bytes).unwrap();
    first
}

#[test]
fn what_a_killed_program_left_is_asked_about_and_becomes_clips_of_the_project() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    let n_clips = app.state.workbench.as_ref().unwrap().dataset.clips.len();
    let first = leave_a_take(&mut app, folder.path());
    app.look_for_left_takes();
    run_until(&mut app, "the question", |app| app.state.live.asks_about_left);
    let take = app.state.live.left[0].clone();
    assert_eq!((take.title.as_str(), take.files.len()), ("fan 00, normal", 2));
    assert!(take.begun_at > 1_700_000_000);
    // Without: nothing changes, and it can be asked for again.
    app.apply(live(LiveAction::AskAboutLeft(false)));
    assert!(!app.state.live.asks_about_left && app.state.live.left.len() == 1);
    app.apply(live(LiveAction::AskAboutLeft(true)));
    app.apply(live(LiveAction::RecoverTake(take.note.clone())));
    run_until(&mut app, "the clips", |app| {
        let workbench = app.state.workbench.as_ref().unwrap();
        let is_embedded = workbench
            .embedded
            .as_ref()
            .is_some_and(|embedded| embedded.embeddings.len() == n_clips + 2);
        workbench.dataset.clips.len() == n_clips + 2 && is_embedded
    });
    assert!(app.state.live.left.is_empty() && !app.state.live.asks_about_left && !take.note.exists());
    assert_eq!(
        audio::read_header(&first).unwrap().n_frames,
        16_000,
        "its header says all again"
    );
    let clip = app.state.workbench.as_ref().unwrap().dataset.clips[n_clips].clone();
    assert_eq!((clip.group, clip.split, clip.label), (fan(), Split::Train, Label::Normal));
    assert_eq!(
        (clip.attributes[0].name.as_str(), clip.attributes[0].value.as_str()),
        ("vel", "6")
    );
    assert!(says(&app, "Recovered "), "{:?}", app.state.notices);
    // The same take again, as after a normal end: the project has it already.
    app.apply(live(LiveAction::AddTake));
    run_until(&mut app, "the answer", |app| says(app, "has it already"));
    app.shut_down();
    let project = auscult::project::open(&folder.path().join("projects/fan/project.json")).unwrap();
    assert_eq!(project.added.len(), 2);
}

#[test]
fn what_is_discarded_lies_beside_the_recordings_and_is_not_asked_about_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = program(folder.path());
    let first = leave_a_take(&mut app, folder.path());
    let sound = std::fs::read(&first).unwrap();
    app.look_for_left_takes();
    run_until(&mut app, "the question", |app| app.state.live.asks_about_left);
    let note = app.state.live.left[0].note.clone();
    app.apply(live(LiveAction::DiscardTake(note.clone())));
    run_until(&mut app, "the end", |app| app.state.live.left.is_empty());
    assert!(!first.exists() && !note.exists() && !app.state.live.asks_about_left);
    let recordings = folder.path().join("projects/recordings");
    let trash = folder.path().join("projects/discarded recordings");
    let moved = trash.join(first.strip_prefix(&recordings).unwrap());
    assert_eq!(std::fs::read(moved).unwrap(), sound);
    assert!(says(&app, "discarded recordings"), "{:?}", app.state.notices);
    app.shut_down();
}

#[test]
fn a_take_of_a_program_that_lives_is_not_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let listener = listening(&ramp_card(4));
    listener.record(TakePlan {
        folder: folder.path().join("takes"),
        note: Some((folder.path().join("settings/takes"), String::new())),
        ..TakePlan::default()
    });
    crate::card::until("a take", || listener.heard().take.is_running);
    let mut other = program(folder.path());
    other.look_for_left_takes();
    run_until(&mut other, "the answer", |app| app.state.jobs.is_empty());
    assert!(other.state.live.left.is_empty());
}

#[test]
fn a_watched_folder_is_scored_as_the_data_set_is_and_survives_going_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    let watched = folder.path().join("recorder");
    std::fs::create_dir(&watched).unwrap();
    app.apply(live(LiveAction::Watch(watched.clone())));
    run_until(&mut app, "the threshold", |app| {
        app.state.live.watch.as_ref().is_some_and(|watch| watch.threshold.is_some())
    });
    let workbench = app.state.workbench.as_ref().unwrap();
    let tested: Vec<usize> = workbench.dataset.indices(&fan(), Split::Test).into_iter().take(6).collect();
    let expected: Vec<(f64, bool)> = tested
        .iter()
        .map(|&clip| {
            let score = workbench.scores[clip].unwrap();
            (score.raw, score.is_anomalous)
        })
        .collect();
    for (n, &clip) in tested.iter().enumerate() {
        let file = workbench.dataset.file(&workbench.dataset.clips[clip]);
        std::fs::copy(file, watched.join(format!("{n}.wav"))).unwrap();
    }
    std::fs::write(watched.join("broken.wav"), "no sound").unwrap();
    run_until(&mut app, "all scores", |app| {
        let watch = app.state.live.watch.as_ref().unwrap();
        watch.files.len() == 7 && !watch.files.iter().any(|file| file.state == WatchedState::Growing)
    });
    let watch = app.state.live.watch.clone().unwrap();
    for (n, (score, is_anomalous)) in expected.iter().enumerate() {
        let file = watch
            .files
            .iter()
            .find(|file| file.path == watched.join(format!("{n}.wav")))
            .unwrap();
        let WatchedState::Judged(judged) = &file.state else {
            panic!("{file:?}")
        };
        assert!(
            (judged.score - score).abs() < 1e-9 * score.abs().max(1.0),
            "{} and {score}",
            judged.score
        );
        assert_eq!(judged.is_anomalous, *is_anomalous);
    }
    let broken = watch.files.iter().find(|file| file.path.ends_with("broken.wav")).unwrap();
    assert!(
        matches!(&broken.state, WatchedState::Failed(reason) if reason.contains("broken.wav")),
        "{broken:?}"
    );
    let away = folder.path().join("away");
    std::fs::rename(&watched, &away).unwrap();
    run_until(&mut app, "the loss", |app| app.state.live.watch.as_ref().unwrap().is_gone);
    std::fs::rename(&away, &watched).unwrap();
    run_until(&mut app, "the return", |app| !app.state.live.watch.as_ref().unwrap().is_gone);
    let table = folder.path().join("scores.csv");
    app.apply(live(LiveAction::SaveWatched(table.clone())));
    run_until(&mut app, "the table", |_| table.is_file());
    let rows: Vec<csv::StringRecord> = csv::Reader::from_path(&table)
        .unwrap()
        .records()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), 7);
    assert_eq!(rows.iter().filter(|row| !row[6].is_empty()).count(), 1);
    app.apply(live(LiveAction::StopWatching));
    assert!(app.state.live.watch.is_none());
    app.shut_down();
}

#[test]
fn a_judge_that_embeds_for_itself_says_the_same_and_watching_ends_where_nothing_waits_or_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    app.shut_down();
    let workbench = app.state.workbench.as_ref().unwrap();
    let name = workbench.project.active_run.clone().unwrap();
    let run = Arc::new(pipeline::load_run(&folder.path().join("projects/fan/runs").join(name)).unwrap());
    let kind = DetectorKind::Knn;
    let fit = |embedded| {
        let config = DetectorConfig::default();
        let rule = ThresholdRule::default();
        ClipJudge::fit(
            Arc::clone(&run),
            &workbench.dataset,
            embedded,
            &fan(),
            (kind, &config),
            rule,
            &mut NoProgress,
        )
        .unwrap()
    };
    let (own, given) = (fit(None), fit(workbench.embedded.as_deref()));
    assert_eq!(own.threshold(), given.threshold());
    let comparison = workbench.comparison.as_ref().unwrap();
    let result = comparison.of(&fan()).unwrap();
    let watched = folder.path().join("recorder");
    std::fs::create_dir(&watched).unwrap();
    let clip = result.test_clips[0];
    let file = workbench.dataset.file(&workbench.dataset.clips[clip]);
    std::fs::copy(file, watched.join("a.wav")).unwrap();
    let silence = Clip {
        samples: vec![0.0; 10],
        sample_rate_hz: 16_000,
    };
    audio::write_wav(&watched.join("b.wav"), &silence).unwrap();
    let mut told = Vec::new();
    let mut seen = WatchedFolder::new(&watched, Duration::from_millis(100));
    pipeline::watch(&mut seen, &own, true, &mut NoProgress, |event| told.push(event)).unwrap();
    let judged = told.iter().find_map(|event| match event {
        WatchEvent::File(file) => match &file.state {
            WatchedState::Judged(judged) => Some(*judged),
            _ => None,
        },
        _ => None,
    });
    let score = result.result(kind).unwrap().test_scores[0];
    assert!((judged.unwrap().score - score).abs() < 1e-9 * score.abs().max(1.0));
    // The wish to stop is heard while nothing happens.
    struct Stop(CancelAfter);
    impl Progress for Stop {
        fn step(&mut self, done: u64, total: u64) -> Result<(), auscult::progress::Cancelled> {
            self.0.step(done, total)
        }
    }
    assert!(pipeline::watch(&mut seen, &own, false, &mut Stop(CancelAfter(3)), |_| {}).is_err());
}
