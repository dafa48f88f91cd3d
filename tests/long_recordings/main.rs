//! Recordings too long to be held: opened at once, drawn piece by piece in a bounded memory, the same picture however one came to
//! it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod fabricated;
#[path = "../common/program.rs"]
mod program;
mod scoring;
#[path = "../common/wav.rs"]
mod wav;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auscult::app::{Action, App, FocusView, JobKind, LongPiece, LongView, SpectrogramSettings};
use auscult::audio::{ChannelChoice, Recording, SAMPLE_RATE_HZ, read_clip};
use auscult::dsp::{Padding, Stft, StftConfig};
use program::{app, create_project, wait};

const RATE: f64 = SAMPLE_RATE_HZ as f64;

fn view(app: &App) -> &FocusView {
    &app.state.workbench.as_ref().unwrap().focus_view
}

/// A project on a folder with the recordings that `write` puts there.
fn project(home: &Path, write: impl Fn(&Path)) -> App {
    let data = home.join("recordings");
    std::fs::create_dir_all(&data).unwrap();
    write(&data);
    let mut app = app(home);
    create_project(&mut app, data);
    app
}

/// Ten minutes at 16 kHz, opened without the app.
fn ten_minutes(folder: &Path) -> (LongView, SpectrogramSettings) {
    let path = folder.join("ten minutes.wav");
    fabricated::write(&path, 600, SAMPLE_RATE_HZ, 1);
    let settings = SpectrogramSettings::default();
    let recording = Arc::new(Recording::open(&path, ChannelChoice::default()).unwrap());
    (LongView::new(recording, settings, 1 + settings.n_fft / 2), settings)
}

#[test]
fn a_long_recording_opens_at_once_and_is_drawn_while_one_looks() {
    let home = tempfile::tempdir().unwrap();
    let mut app = project(home.path(), |data| {
        fabricated::write(&data.join("long.wav"), 600, 48_000, 2);
        fabricated::write(&data.join("short.wav"), 10, 48_000, 2);
    });
    let clips = &app.state.workbench.as_ref().unwrap().dataset.clips;
    let place = |name: &str| clips.iter().position(|clip| clip.path.ends_with(name)).unwrap();
    let (long, short) = (place("long.wav"), place("short.wav"));
    let start = Instant::now();
    app.apply(Action::Focus(long));
    wait(&mut app, "the header", |app| view(app).long.is_some());
    let opened = start.elapsed();
    println!("opened after {opened:?}");
    assert!(opened < Duration::from_secs(2));
    assert_eq!(view(&app).duration_secs(), Some(600.0));
    wait(&mut app, "the whole", |app| {
        view(app).long.as_ref().is_some_and(|long| long.progress() == 1.0)
    });
    println!("drawn after {:?}", start.elapsed());
    assert!(!app.state.jobs.iter().any(|job| job.kind == JobKind::LoadClip));

    // Zoomed out, every knock of 20 ms stands out: one column in 1.2 s.
    let long_view = view(&app).long.as_ref().unwrap();
    let columns = long_view.outline(0.0, 600.0, 500);
    // One that falls on the border of two columns is seen in both.
    let mut loud: Vec<usize> = (0..500).filter(|&column| columns[column][1] > 0.3).collect();
    loud.dedup_by(|after, before| *after == *before + 1);
    assert_eq!(loud, [41, 124, 208, 291, 374, 458]);
    let (overview, column_secs) = long_view.overview(1000).unwrap();
    let bin = (3_000.0 / RATE * 2048.0_f64).round() as usize;
    for knock in 0..6 {
        let secs = (f64::from(knock) + 0.5) * fabricated::KNOCK_EVERY_SECS;
        let column = (secs / column_secs) as usize;
        let [here, before] = [column, column - 4].map(|column| overview.frame(column)[bin]);
        assert!(here > -20.0 && before < -60.0, "at {secs} s: {here} dB after {before} dB");
    }

    // A look at a detail is drawn at once, and other settings draw all anew.
    let detail = long_view.piece_of(1, &(2_560..2_816)).unwrap();
    assert!(!long_view.has(&detail));
    app.apply(Action::LookAt(vec![detail]));
    wait(&mut app, "the detail", |app| view(app).long.as_ref().unwrap().has(&detail));
    app.apply(Action::SetSpectrogram(SpectrogramSettings {
        n_fft: 1024,
        hop: 256,
        ..SpectrogramSettings::default()
    }));
    let long_view = view(&app).long.as_ref().unwrap();
    assert!(!long_view.has(&detail) && long_view.progress() == 0.0);
    assert_eq!(long_view.outline(0.0, 600.0, 500), columns, "the outline stays");
    wait(&mut app, "the other picture", |app| {
        view(app).long.as_ref().is_some_and(|long| long.progress() == 1.0)
    });

    // A short clip is held whole; the long one that was left is kept.
    app.apply(Action::Focus(short));
    wait(&mut app, "the short clip", |app| view(app).loaded.is_some());
    assert!(view(&app).long.is_none() && view(&app).duration_secs() == Some(10.0));
    app.apply(Action::Focus(long));
    let again = view(&app).long.as_ref().expect("it is kept");
    assert_eq!(again.progress(), 1.0, "coming back to it, all is there");
    assert!(view(&app).loaded.is_some());
}

#[test]
fn a_file_that_vanishes_while_it_is_drawn_is_said() {
    let home = tempfile::tempdir().unwrap();
    let mut app = project(home.path(), |data| fabricated::write(&data.join("long.wav"), 400, 16_000, 1));
    app.apply(Action::Focus(0));
    wait(&mut app, "the whole", |app| {
        view(app).long.as_ref().is_some_and(|long| long.progress() == 1.0)
    });
    std::fs::remove_file(home.path().join("recordings/long.wav")).unwrap();
    let detail = view(&app).long.as_ref().unwrap().sound_pieces(10.0, 10.01, 100);
    app.apply(Action::LookAt(detail));
    wait(&mut app, "the reason", |app| view(app).error.is_some());
    assert!(view(&app).error.as_ref().unwrap().contains("long.wav"));
}

#[test]
fn pieces_are_those_of_the_whole_picture_whatever_the_zoom() {
    let folder = tempfile::tempdir().unwrap();
    let (mut long, settings) = ten_minutes(folder.path());
    long.draw_overview_now().unwrap();
    let SpectrogramSettings { n_fft, hop, .. } = settings;
    let padding = Padding::Zero;
    let clip = read_clip(&folder.path().join("ten minutes.wav"), ChannelChoice::default()).unwrap();
    let whole = Stft::new(StftConfig { n_fft, hop, padding }).magnitude(&clip.samples);
    assert_eq!(long.n_frames(), whole.n_frames);
    let base = long.base_pool();
    assert!(base > 1, "there is a zoom that the overview does not have");
    let n_frames = whole.n_frames;
    for pool in [1, base / 2, base, 4 * base] {
        let n_columns = n_frames.div_ceil(pool);
        for first in [0, n_columns / 2, n_columns - 3] {
            let columns = first..(first + 40).min(n_columns);
            if let Some(piece) = long.piece_of(pool, &columns) {
                long.draw_now(piece).unwrap();
            }
            let picture = long.columns(pool, &columns).unwrap();
            assert_eq!(picture.n_frames, columns.len() + 2);
            for (i, column) in columns.clone().enumerate().step_by(7) {
                let frames = column * pool..((column + 1) * pool).min(n_frames);
                for bin in [0, 15, 384, 1024] {
                    let loudest = frames.clone().map(|frame| whole.frame(frame)[bin]).fold(0.0, f32::max);
                    let truth = 20.0 * (loudest / 512.0).max(1e-10).log10();
                    let got = picture.frame(i + 1)[bin];
                    // Hundredths of a decibel, and the rounding of a transform that begins elsewhere.
                    assert!(
                        (got - truth).abs() < 0.02,
                        "pool {pool}, column {column}, bin {bin}: {got} for {truth}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_picture_does_not_depend_on_the_way_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let (fresh, _) = ten_minutes(folder.path());
    let (pool, wanted) = (1, 5_120..5_376);
    let mut jumped = fresh.clone();
    jumped.draw_now(jumped.piece_of(pool, &wanted).unwrap()).unwrap();
    // The other comes by a pan, with the overview drawn from its end, and by way of other zooms.
    let mut panned = fresh.clone();
    for tile in 18..22 {
        let columns = tile * 256..(tile + 1) * 256;
        for pool in [2, 1] {
            panned.draw_now(panned.piece_of(pool, &columns).unwrap()).unwrap();
        }
    }
    assert_eq!(jumped.columns(pool, &wanted).unwrap(), panned.columns(pool, &wanted).unwrap());
    let n_blocks = (600.0 * RATE / f64::from(1 << 19)).ceil() as usize;
    for block in (0..n_blocks).rev() {
        panned.draw_now(LongPiece::Block(block)).unwrap();
    }
    jumped.draw_overview_now().unwrap();
    let base = jumped.base_pool();
    for pool in [base, 8 * base] {
        assert_eq!(jumped.columns(pool, &(3..90)), panned.columns(pool, &(3..90)));
    }
    assert_eq!(jumped.outline(0.0, 600.0, 700), panned.outline(0.0, 600.0, 700));
}
