//! The picture of a clip without a window: its levels against librosa and scipy, its settings, and the channel that is heard.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "common/program.rs"]
mod program;
#[path = "common/wav.rs"]
mod wav;

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auscult::app::{Action, App, LevelRange, LoadedClip, PictureLook, SpectrogramKind, SpectrogramSettings};
use auscult::audio::{ChannelChoice, heard_channel, read_clip};
use auscult::dsp::{self, FrequencyAxis, LevelHistogram, MelFilterBank, Stft, StftConfig, TimeFrequencyBox};
use auscult::figures::ColorMap;
use program::{app, create_project, wait, workbench};
use serde_json::Value;
use wav::{FLOAT, wav_head};

const RATE_HZ: u32 = 16_000;

/// As `tests/data/spectrogram/make.py` makes it.
fn sound() -> Vec<f32> {
    let mut state = 1u32;
    (0..3 * RATE_HZ)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / f64::from(1 << 24) - 0.5;
            let t = f64::from(i) / f64::from(RATE_HZ);
            let late = if t >= 1.0 { 0.01 * (TAU * 6000.0 * t).sin() } else { 0.0 };
            (0.1 * (TAU * 1234.5 * t).sin() + late + 0.02 * noise) as f32
        })
        .collect()
}

fn expected() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/spectrogram/expected.json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// A WAV file of floats, one `Vec` a channel.
fn write_wav(path: &Path, channels: &[Vec<f32>]) {
    let n_channels = channels.len() as u16;
    let data: Vec<u8> = (0..channels[0].len())
        .flat_map(|frame| channels.iter().map(move |channel| channel[frame]))
        .flat_map(f32::to_le_bytes)
        .collect();
    let mut bytes = wav_head(FLOAT, 32, RATE_HZ, n_channels, data.len() as u32);
    bytes.extend(data);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn sine(hz: f64, amplitude: f64) -> Vec<f32> {
    let sample = |i: u32| (amplitude * (TAU * hz * f64::from(i) / f64::from(RATE_HZ)).sin()) as f32;
    (0..2 * RATE_HZ).map(sample).collect()
}

fn loaded(app: &App) -> Option<&LoadedClip> {
    app.state.workbench.as_ref()?.focus_view.loaded.as_deref()
}

/// A project on one recording; returns its file.
fn project(app: &mut App, home: &Path, name: &str, channels: &[Vec<f32>]) -> PathBuf {
    let data = home.join(format!("recordings of {name}"));
    for (folder, file) in [("normal", "1.wav"), ("normal", "2.wav"), ("abnormal", "3.wav")] {
        write_wav(&data.join(folder).join(file), channels);
    }
    let file = create_project(app, data);
    wait(app, "the picture", |app| loaded(app).is_some());
    file
}

fn look_through(app: &mut App, settings: SpectrogramSettings) {
    app.apply(Action::SetSpectrogram(settings));
    wait(app, "the new picture", |app| {
        loaded(app).is_some_and(|loaded| loaded.settings == settings)
    });
}

#[test]
fn every_level_of_the_picture_is_that_of_librosa() {
    let home = tempfile::tempdir().unwrap();
    let mut app = app(home.path());
    project(&mut app, home.path(), "a sine", &[sound()]);
    let expected = expected();
    let cells = expected["cells"].as_array().unwrap();
    assert!(cells.len() > 50);
    for cell in cells {
        let number = |name: &str| cell[name].as_u64().unwrap() as usize;
        let settings = SpectrogramSettings {
            n_fft: number("n_fft"),
            hop: number("hop"),
            ..SpectrogramSettings::default()
        };
        if loaded(&app).unwrap().settings != settings {
            look_through(&mut app, settings);
        }
        let found = loaded(&app).unwrap().spectrogram.frame(number("frame"))[number("bin")];
        let exact = cell["db"].as_f64().unwrap();
        assert!((f64::from(found) - exact).abs() < 0.02, "{cell}: {found} dB");
    }
    let loudest = workbench(&app)
        .focus_view
        .loaded
        .as_ref()
        .unwrap()
        .levels
        .loudest_db()
        .unwrap();
    assert!((loudest + 20.0).abs() < 0.2, "a sine of -20 dBFS reads {loudest} dBFS");
}

#[test]
fn a_sine_in_the_middle_of_a_mel_band_reads_its_own_level() {
    let home = tempfile::tempdir().unwrap();
    let mut app = app(home.path());
    let (n_fft, n_mels) = (2048, 64);
    let centres = MelFilterBank::new(RATE_HZ, n_fft, n_mels).centres_hz().to_vec();
    let bands = [(5, -20.0), (30, -30.0), (60, -40.0)];
    let mut sum = vec![0.0; 2 * RATE_HZ as usize];
    for (band, level_db) in bands {
        let sine = sine(f64::from(centres[band]), 10f64.powf(level_db / 20.0));
        sum.iter_mut().zip(sine).for_each(|(sum, value)| *sum += value);
    }
    project(&mut app, home.path(), "bands", &[sum]);
    let settings = SpectrogramSettings {
        kind: SpectrogramKind::Mel,
        n_fft,
        hop: 512,
        n_mels,
    };
    look_through(&mut app, settings);
    let spectrogram = &loaded(&app).unwrap().spectrogram;
    for (band, level_db) in bands {
        let found = f64::from(spectrogram.frame(spectrogram.n_frames / 2)[band]);
        assert!((found - level_db).abs() < 0.05, "band {band}: {found}, not {level_db}");
    }
}

#[test]
fn a_measuring_box_says_what_scipy_and_librosa_say() {
    let sound = sound();
    for entry in expected()["boxes"].as_array().unwrap() {
        let number = |at: usize| entry["box"][at].as_f64().unwrap();
        let area = TimeFrequencyBox::between([number(0), number(2)], [number(1), number(3)]);
        let found: Result<_, ()> = dsp::measure(&sound, RATE_HZ, StftConfig::default(), area, |_, _| Ok(()));
        let found = found.unwrap();
        let close = |value: f64, name: &str, tolerance: f64| {
            let exact = entry[name].as_f64().unwrap();
            assert!((value - exact).abs() < tolerance, "{entry}: {name} is {exact}, not {value}");
        };
        close(found.mean_db, "mean_db", 0.01);
        // The sine between two bins is at most 1.43 dB louder than the louder of them.
        let above_bin = found.peak_db - entry["loudest_bin_db"].as_f64().unwrap();
        assert!((-0.001..1.43).contains(&above_bin), "{entry}: {above_bin} dB");
        close(found.band_db, "band_db_by_density", 0.15);
        close(found.band_db, "band_db_by_filter", 0.2);
        if area.low_hz < 1234.5 && area.high_hz > 1234.5 {
            assert!((found.peak_hz - 1234.5).abs() < 0.2, "{found:?}");
            assert!((found.peak_db + 20.0).abs() < 0.1, "{found:?}");
        }
    }
}

#[test]
fn percentiles_of_all_levels_are_those_of_numpy() {
    let mut spectrogram = Stft::new(StftConfig::default()).magnitude(&sound());
    for value in &mut spectrogram.values {
        *value = 20.0 * (*value / 512.0).max(1e-10).log10();
    }
    let levels = LevelHistogram::of(&spectrogram.values);
    let exact = expected()["percentiles"].as_array().unwrap().clone();
    for (percent, exact) in [1.0, 50.0, 99.5, 100.0].into_iter().zip(exact) {
        let (found, exact) = (f64::from(levels.percentile_db(percent).unwrap()), exact.as_f64().unwrap());
        assert!((found - exact).abs() < 0.1, "{percent} %: {found}, not {exact}");
    }
}

#[test]
fn the_loudest_channel_is_found_and_a_shift_is_no_sound() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("three.wav");
    let shifted: Vec<f32> = sine(500.0, 0.1).iter().map(|value| value + 0.6).collect();
    write_wav(&file, &[shifted, sine(1000.0, 0.3), sine(2000.0, 0.2)]);
    let second = ChannelChoice::Index(1);
    assert_eq!(heard_channel(&file, ChannelChoice::Loudest).unwrap(), second);
    assert_eq!(
        read_clip(&file, ChannelChoice::Loudest).unwrap(),
        read_clip(&file, second).unwrap()
    );
    assert_eq!(
        heard_channel(&file, ChannelChoice::Index(7)).unwrap(),
        ChannelChoice::Index(2)
    );
    assert_eq!(heard_channel(&file, ChannelChoice::Mean).unwrap(), ChannelChoice::Mean);
    let missing = heard_channel(&folder.path().join("none.wav"), ChannelChoice::Loudest).unwrap_err();
    assert!(missing.to_string().contains("none.wav"), "{missing}");
}

/// Frequency of the loudest bin in the middle of the clip.
fn loudest_hz(app: &App) -> f32 {
    let loaded = loaded(app).unwrap();
    let frame = loaded.spectrogram.frame(loaded.spectrogram.n_frames / 2);
    let bin = (0..frame.len()).max_by(|&a, &b| frame[a].total_cmp(&frame[b])).unwrap();
    loaded.bin_hz[bin]
}

#[test]
fn another_channel_is_shown_heard_saved_and_taken_back_and_a_run_keeps_its_own() {
    let home = tempfile::tempdir().unwrap();
    let mut app = app(home.path());
    let channels = [sine(500.0, 0.1), sine(1000.0, 0.3), sine(2000.0, 0.2)];
    let file = project(&mut app, home.path(), "channels", &channels);
    wait(&mut app, "the scores", |app| workbench(app).comparison.is_some());
    assert_eq!((loudest_hz(&app), workbench(&app).channel_of_scores()), (500.0, None));

    app.apply(Action::SetChannel(ChannelChoice::Index(2)));
    wait(&mut app, "the other channel", |app| loaded(app).is_some());
    assert_eq!(loudest_hz(&app), 2000.0);
    assert_eq!(
        workbench(&app).channel_of_scores(),
        Some(ChannelChoice::Index(0)),
        "the scores are still of the first"
    );
    let recipes: Vec<_> = workbench(&app).project.runs.values().collect();
    assert!(
        recipes
            .iter()
            .all(|run| run.training.channel == Some(ChannelChoice::Index(0)))
    );

    app.apply(Action::SetChannel(ChannelChoice::Loudest));
    wait(&mut app, "the loudest channel", |app| loaded(app).is_some());
    assert_eq!(loaded(&app).unwrap().heard, ChannelChoice::Index(1));
    app.apply(Action::Undo);
    wait(&mut app, "the channel before", |app| {
        loaded(app).is_some_and(|loaded| loaded.heard == ChannelChoice::Index(2))
    });

    app.shut_down();
    let mut again = self::app(home.path());
    again.apply(Action::OpenProject(file));
    wait(&mut again, "the reopened picture", |app| loaded(app).is_some());
    assert_eq!(workbench(&again).dataset.channel, ChannelChoice::Index(2));
    assert_eq!(loudest_hz(&again), 2000.0);
}

#[test]
fn how_a_clip_is_looked_at_is_remembered_by_the_project_and_for_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let mut app = app(home.path());
    let file = project(&mut app, home.path(), "first", &[sine(500.0, 0.1)]);
    let settings = SpectrogramSettings {
        n_fft: 1024,
        hop: 128,
        ..SpectrogramSettings::default()
    };
    look_through(&mut app, settings);
    let look = PictureLook {
        axis: FrequencyAxis::Log,
        map: ColorMap::Viridis,
        is_inverted: true,
        level: LevelRange::Fixed([-90.0, -30.0]),
    };
    let spectrogram = Arc::clone(&loaded(&app).unwrap().spectrogram);
    app.apply(Action::SetLook(look));
    app.poll();
    assert!(
        Arc::ptr_eq(&spectrogram, &loaded(&app).unwrap().spectrogram),
        "colours and levels compute nothing anew"
    );
    app.shut_down();

    let mut again = self::app(home.path());
    again.apply(Action::OpenProject(file.clone()));
    wait(&mut again, "the reopened picture", |app| loaded(app).is_some());
    assert_eq!((workbench(&again).spectrogram, workbench(&again).look), (settings, look));
    project(&mut again, home.path(), "second", &[sine(500.0, 0.1)]);
    assert_eq!(
        (workbench(&again).spectrogram, workbench(&again).look),
        (settings, look),
        "a new project begins as the last one was looked at"
    );
    again.shut_down();

    let text = std::fs::read_to_string(&file).unwrap().replace("\"hop\": 128", "\"hop\": 0");
    std::fs::write(&file, text).unwrap();
    let mut third = self::app(home.path());
    third.apply(Action::OpenProject(file));
    wait(&mut third, "the picture of a damaged file", |app| loaded(app).is_some());
    assert_eq!(workbench(&third).spectrogram, SpectrogramSettings::default());
    let notices: Vec<&str> = third.state.notices.iter().map(|notice| notice.text.as_str()).collect();
    assert!(notices.iter().any(|text| text.contains("a hop of 0 samples")), "{notices:?}");
}

#[test]
fn a_box_is_measured_in_the_background_and_again_when_the_transform_changes() {
    let home = tempfile::tempdir().unwrap();
    let mut app = app(home.path());
    project(&mut app, home.path(), "a sine", &[sound()]);
    let area = TimeFrequencyBox::between([0.5, 1000.0], [2.0, 1500.0]);
    app.apply(Action::Measure(Some(area)));
    let measured = |app: &App| workbench(app).focus_view.measured.and_then(|measured| measured.result);
    wait(&mut app, "the measurement", |app| measured(app).is_some());
    let first = measured(&app).unwrap();
    assert!(
        (first.peak_hz - 1234.5).abs() < 0.2 && (first.peak_db + 20.0).abs() < 0.1,
        "{first:?}"
    );
    let settings = SpectrogramSettings::default().other_fft(1).unwrap();
    look_through(&mut app, settings);
    wait(&mut app, "the measurement by the larger transform", |app| {
        measured(app).is_some_and(|again| (again.mean_db - first.mean_db).abs() > 0.5)
    });
    app.apply(Action::Measure(None));
    assert!(workbench(&app).focus_view.measured.is_none());
}
