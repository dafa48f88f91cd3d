//! From sound to score, on the clock.
//!
//! A sound is heard when the card hands over the buffer that it is in. A score is published when the program's state has it, where
//! the window draws from. The latency of a score is the time from the first hearing of the last sample of its window to its
//! publication: what it takes beyond the window's own length.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auscult::app::{Action, App, LiveAction, LiveSettings, RunStatus};
use auscult::audio;
use auscult::dataset::Split;
use auscult::extractors::{Recipe, TrainingConfig};
use auscult::project::RunRecipe;

use crate::app::{fan, run_until, with_project};
use crate::card::{Card, Delivered, Sound, listening, ramp_card};

const RATE_HZ: u32 = 48_000;
/// When the made-up machine breaks.
const STEP_AT: u64 = 12 * RATE_HZ as u64;
const GOAL_MS: f64 = 150.0;

/// A normal training clip over and over, and from a moment on loud noise with it.
fn sound(app: &App) -> Sound {
    let dataset = &app.state.workbench.as_ref().unwrap().dataset;
    let clip = dataset.indices(&fan(), Split::Train)[3];
    let clip = audio::read_clip(&dataset.file(&dataset.clips[clip]), dataset.channel).unwrap();
    let samples = audio::resample(&clip.samples, clip.sample_rate_hz, RATE_HZ);
    Arc::new(move |frame| {
        let noise = (frame.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 / (1u32 << 24) as f32 - 0.5;
        let hum = samples[(frame % samples.len() as u64) as usize];
        if frame < STEP_AT { hum } else { hum + 0.8 * noise }
    })
}

/// What was measured of one run.
struct Measured {
    hop_frames: u64,
    n_scores: usize,
    p50_ms: f64,
    p95_ms: f64,
    /// The median percentile before the step, and the first one behind it.
    before: f32,
    after: f32,
}

/// Listens for so long to the made-up machine, scored by the run that the program has in use.
fn measure(app: &mut App, name: &str, wall: Duration) -> Measured {
    let delivered = Delivered::default();
    let card = Card {
        rate_hz: RATE_HZ,
        buffer_frames: 1_024,
        sound: sound(app),
        delivered: Some(Arc::clone(&delivered)),
        ..ramp_card(1)
    };
    app.listen_to(Arc::new(listening(&card)));
    app.apply(Action::Live(LiveAction::Score(Some(fan()))));
    // As the window does it: woken by each event, here at every millisecond.
    let mut published: Vec<(u64, u64, f32, Instant)> = Vec::new();
    let start = Instant::now();
    run_until(app, "the first score", |app| !app.state.live.scores.is_empty());
    while start.elapsed() < wall {
        app.poll();
        let now = Instant::now();
        let known = published.last().map_or(0, |(_, end, ..)| *end);
        let new = app.state.live.scores.iter().filter(|score| score.end > known);
        published.extend(new.map(|score| (score.start, score.end, score.percentile, now)));
        std::thread::sleep(Duration::from_millis(1));
    }
    let pace = app.state.live.scoring.as_ref().unwrap().pace.unwrap();
    app.apply(Action::Live(LiveAction::StopListening));
    let delivered = delivered.lock().unwrap();
    let heard_at = |sample: u64| {
        let frame = sample * u64::from(RATE_HZ) / 16_000;
        delivered[delivered.partition_point(|(end, _)| *end < frame)].1
    };
    let mut latencies_ms: Vec<f64> = published
        .iter()
        .skip(1)
        .map(|(_, end, _, at)| at.duration_since(heard_at(*end)).as_secs_f64() * 1e3)
        .collect();
    latencies_ms.sort_by(f64::total_cmp);
    let at = |share: f64| latencies_ms[(share * (latencies_ms.len() - 1) as f64).round() as usize];
    let (p50_ms, p95_ms) = (at(0.5), at(0.95));
    // The step: the first window that lies wholly behind it.
    let step_sample = STEP_AT * 16_000 / u64::from(RATE_HZ);
    let (first_start, first_end, after, first_at) = *published.iter().find(|(start, ..)| *start >= step_sample).unwrap();
    let window_secs = (first_end - first_start) as f64 / 16_000.0;
    let step_secs = first_at.duration_since(heard_at(step_sample)).as_secs_f64();
    let mut before: Vec<f32> = published
        .iter()
        .filter(|(_, end, ..)| *end < step_sample)
        .map(|(_, _, percentile, _)| *percentile)
        .collect();
    before.sort_by(f32::total_cmp);
    let before = before[before.len() / 2];
    // And the first score that shows the step at all.
    let crossed = published
        .iter()
        .find(|(_, end, value, _)| *end >= step_sample && *value >= 99.9);
    eprintln!(
        "{name}: sound to score over {} windows, every {} frames, {:.1} ms of work each: p50 {p50_ms:.0} ms, p95 {p95_ms:.0} ms (goal {GOAL_MS} ms)",
        latencies_ms.len(),
        pace.hop_frames,
        pace.cost_ms,
    );
    eprintln!(
        "{name}: a step in level: a window of nothing else is scored {step_secs:.3} s after it, {:.0} ms beyond the window's {window_secs:.3} s; first seen after {}",
        (step_secs - window_secs) * 1e3,
        crossed.map_or_else(
            || "never".to_owned(),
            |(.., at)| format!("{:.3} s", at.duration_since(heard_at(step_sample)).as_secs_f64())
        ),
    );
    Measured {
        hop_frames: pace.hop_frames,
        n_scores: latencies_ms.len(),
        p50_ms,
        p95_ms,
        before,
        after,
    }
}

#[test]
fn a_score_is_there_soon_after_the_sound_of_its_window() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    let measured = measure(&mut app, "pooled-log-mel", Duration::from_secs(20));
    app.shut_down();
    assert!(measured.n_scores > 300, "{} scores", measured.n_scores);
    assert!(
        measured.after >= 99.0 && measured.before < 99.0,
        "the step is heard: {}, before it {}",
        measured.after,
        measured.before
    );
    assert!(measured.p50_ms < GOAL_MS, "{} ms", measured.p50_ms);
    // A machine that is busy with other tests may be late now and then, but not by seconds.
    assert!(measured.p95_ms < 4.0 * GOAL_MS, "{} ms", measured.p95_ms);
}

#[test]
#[ignore = "two minutes: trains three networks, and wants a machine to itself"]
fn networks_score_as_soon_or_say_that_they_score_more_seldom() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    for recipe in [Recipe::DenseAe, Recipe::OutlierNet, Recipe::MobileAnoNet] {
        let training = TrainingConfig {
            n_epochs: 1,
            segments_per_clip: 4,
            ..TrainingConfig::published(recipe)
        };
        let known: Vec<String> = app.state.workbench.as_ref().unwrap().runs.keys().cloned().collect();
        app.apply(Action::Train(RunRecipe {
            training,
            machines: Vec::new(),
            sections: Vec::new(),
        }));
        let trained = |app: &App| {
            let runs = &app.state.workbench.as_ref().unwrap().runs;
            let mut done = runs.iter().filter(|(_, run)| run.status == RunStatus::Done);
            done.find(|(name, _)| !known.contains(name)).map(|(name, _)| name.clone())
        };
        run_until(&mut app, "the run", |app| trained(app).is_some());
        run_until(&mut app, "the end of all jobs", |app| app.state.jobs.is_empty());
        let settings = LiveSettings {
            run: trained(&app),
            ..app.state.live.settings.clone()
        };
        app.apply(Action::Live(LiveAction::Set(Box::new(settings))));
        let measured = measure(&mut app, &format!("{recipe:?}"), Duration::from_secs(20));
        // A larger hop is what the window says; a score comes as soon after its window all the same.
        assert!(
            measured.n_scores as u64 > 150 / measured.hop_frames,
            "{} scores",
            measured.n_scores
        );
        assert!(measured.p50_ms < GOAL_MS, "{recipe:?}: {} ms", measured.p50_ms);
    }
    app.shut_down();
}
