//! A long recording among short clips, from the data set to what the model sees of it.

use std::path::Path;
use std::sync::Arc;

use auscult::app::{Action, App, LevelRange, ModelAction, ModelPane, PictureLook};
use auscult::audio::{Clip, LONG_SECS, SAMPLE_RATE_HZ, read_clip, write_wav};
use auscult::dataset::{Dataset, ScanOptions, Split, scan};
use auscult::extractors::{EpochMetrics, Recipe, TrainingConfig, TrainingObserver, WindowPlace, load};
use auscult::pipeline::{self, PipelineError};
use auscult::progress::{Cancelled, Progress};
use auscult::project::RunRecipe;

use super::{project, view, wait};

/// Little to write and to read, and resampled on its way.
const RATE_HZ: u32 = 4_000;
const LONG_CLIP_SECS: u32 = LONG_SECS as u32 + 95;
/// The rattle in the long recording.
const RATTLE_SECS: std::ops::Range<f32> = 250.0..254.0;

fn sound(secs: u32, seed: u32, rattle: std::ops::Range<f32>) -> Clip {
    let mut state = 2 * seed + 1;
    let samples = (0..secs * RATE_HZ).map(|i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let t = i as f32 / RATE_HZ as f32;
        let loud = if rattle.contains(&t) { 8.0 } else { 1.0 };
        0.02 * loud * (state as f32 / u32::MAX as f32 - 0.5) + 0.05 * (t * 120.0 * std::f32::consts::TAU).sin()
    });
    Clip {
        samples: samples.collect(),
        sample_rate_hz: RATE_HZ,
    }
}

/// Eight short normal clips, and a long one to be tested.
fn write(data: &Path) {
    let folder = |name: &str| {
        let folder = data.join("fan/id_00").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    let (normal, abnormal) = (folder("normal"), folder("abnormal"));
    for take in 0..8 {
        write_wav(&normal.join(format!("{take:08}.wav")), &sound(10, take, 0.0..0.0)).unwrap();
    }
    write_wav(&abnormal.join("00000000.wav"), &sound(LONG_CLIP_SECS, 99, RATTLE_SECS)).unwrap();
}

fn long_clip(dataset: &Dataset) -> usize {
    dataset.clips.iter().position(|clip| clip.duration_secs > LONG_SECS).unwrap()
}

/// Notes what it is told; asks to stop at a step of a stage.
#[derive(Default)]
struct Watcher {
    stage: String,
    steps: Vec<(String, u64, u64)>,
    stop_at: Option<(String, u64)>,
}

impl Progress for Watcher {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.steps.push((self.stage.clone(), done, total));
        match &self.stop_at {
            Some((stage, step)) if *stage == self.stage && done >= *step => Err(Cancelled),
            _ => Ok(()),
        }
    }

    fn stage(&mut self, name: &str) {
        name.clone_into(&mut self.stage);
    }
}

impl TrainingObserver for Watcher {
    fn epoch(&mut self, _metrics: &EpochMetrics) {}
}

#[test]
fn a_long_clip_is_embedded_as_the_whole_with_progress_and_can_be_stopped_within() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    write(&data);
    let dataset = scan(&data, ScanOptions::default(), &mut Watcher::default()).unwrap();
    let recipe = RunRecipe {
        training: TrainingConfig::published(Recipe::PooledLogMel),
        machines: Vec::new(),
        sections: Vec::new(),
    };
    let run_dir = home.path().join("run");
    let run = pipeline::train(&dataset, &recipe, &run_dir, &mut Watcher::default()).unwrap();
    let long = long_clip(&dataset);
    let stage = format!("Embedding {}", dataset.clips[long].file_name());

    let mut stopping = Watcher {
        stop_at: Some((stage.clone(), 1)),
        ..Watcher::default()
    };
    let stopped = pipeline::extract(&run, &dataset, &mut stopping);
    assert!(matches!(stopped, Err(PipelineError::Cancelled(_))), "{:?}", stopped.err());

    // What was done before is kept: the long clip is all that is left.
    let mut watcher = Watcher::default();
    let embedded = pipeline::extract(&run, &dataset, &mut watcher).unwrap();
    let of_long: Vec<&(String, u64, u64)> = watcher.steps.iter().filter(|(name, ..)| *name == stage).collect();
    assert!(of_long.len() > 2, "{:?}", watcher.steps);
    let n_stretches = of_long[0].2;
    assert!(n_stretches >= 6 && of_long.last().unwrap().1 == n_stretches, "{of_long:?}");
    let of_short = |(name, _, total): &&(String, u64, u64)| name == "Embedding clips" && *total > 0;
    assert_eq!(watcher.steps.iter().filter(of_short).count(), 0, "{:?}", watcher.steps);

    let entry = &dataset.clips[long];
    let whole = read_clip(&dataset.file(entry), dataset.channel).unwrap();
    let truth = run.extractor.embed(&whole, &entry.group).unwrap();
    let found = embedded.embeddings[long].as_ref().unwrap();
    for (a, b) in found.values.iter().zip(&truth.values) {
        assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{a} for {b}");
    }
}

fn show(app: &mut App, pane: ModelPane) {
    app.apply(Action::Model(ModelAction::Show { pane, is_shown: true }));
}

#[test]
fn the_model_is_seen_at_the_playhead_of_a_long_recording_and_held_against_a_normal_clip() {
    let home = tempfile::tempdir().unwrap();
    let mut app = project(home.path(), write);
    wait(&mut app, "the scores", |app| {
        app.state.workbench.as_ref().unwrap().comparison.is_some()
    });
    let dataset = Arc::clone(&app.state.workbench.as_ref().unwrap().dataset);
    let long = long_clip(&dataset);
    app.apply(Action::SetLook(PictureLook {
        level: LevelRange::Auto,
        ..PictureLook::default()
    }));
    app.apply(Action::Focus(long));
    wait(&mut app, "the recording", |app| {
        view(app).long.is_some() && view(app).ribbon.is_some()
    });

    // The loudest crop of six minutes is where the rattle is.
    let worst = view(&app).worst_crop().unwrap();
    assert!(worst.end_secs > 250.0 && worst.start_secs < 254.0, "{worst:?}");

    // The very tensor that the whole would give, where the playhead stands.
    show(&mut app, ModelPane::Input);
    app.apply(Action::Seek(251.0));
    wait(&mut app, "the model's view", |app| {
        let model = &app.state.workbench.as_ref().unwrap().model;
        model.view.as_ref().is_some_and(|view| view.window.start_secs > 200.0) || model.view_error.is_some()
    });
    let model = &app.state.workbench.as_ref().unwrap().model;
    assert_eq!(model.view_error, None);
    let shown = model.view.clone().unwrap();
    let idx = (251.0 / 2.048) as usize;
    let extractor = load(&TrainingConfig::published(Recipe::PooledLogMel), home.path()).unwrap();
    let whole = read_clip(&dataset.file(&dataset.clips[long]), dataset.channel).unwrap();
    let truth = extractor
        .model_view(&whole, &dataset.clips[long].group, WindowPlace { idx, hop: None })
        .unwrap();
    assert_eq!(shown.window, truth.window);
    assert!(shown.values == truth.values);

    // The ten seconds at the playhead are held against a normal clip that is laid beside them.
    show(&mut app, ModelPane::Nearest);
    let nearest = |app: &App| {
        let workbench = app.state.workbench.as_ref().unwrap();
        assert_eq!(workbench.model.nearest_error, None);
        workbench.model.nearest_of(Some(long)).cloned()
    };
    wait(&mut app, "the nearest", |app| nearest(app).is_some());
    let found = nearest(&app).unwrap();
    let stretch_secs = found.stretch.as_ref().map(|stretch| stretch.clip.duration_secs());
    assert_eq!((found.from_secs, stretch_secs), (250.0, Some(10.0)));
    assert_eq!(found.loaded.clip.samples.len(), 10 * SAMPLE_RATE_HZ as usize);
    let n_normal = dataset.clips.iter().filter(|clip| clip.split == Split::Train).count();
    assert_eq!(found.found.n_candidates, n_normal);
    let at_rattle = found.found.distance;
    // The end is no whole stretch: the last ten seconds are taken.
    app.apply(Action::Seek(394.0));
    wait(&mut app, "the nearest to the end", |app| {
        nearest(app).is_some_and(|nearest| nearest.from_secs == 385.0)
    });
    let at_end = nearest(&app).unwrap().found.distance;
    assert!(at_rattle > 2.0 * at_end, "{at_rattle} at the rattle, {at_end} at the end");
}

#[test]
fn levels_are_those_of_what_is_drawn_and_settle() {
    let home = tempfile::tempdir().unwrap();
    let mut app = project(home.path(), write);
    let dataset = Arc::clone(&app.state.workbench.as_ref().unwrap().dataset);
    app.apply(Action::Focus(long_clip(&dataset)));
    let mut seen = Vec::new();
    wait(&mut app, "the recording", |app| view(app).long.is_some());
    let counted = std::cell::RefCell::new(&mut seen);
    wait(&mut app, "the whole", |app| {
        let view = view(app);
        let loaded = view.loaded.as_ref().unwrap();
        let progress = view.long.as_ref().unwrap().progress();
        counted.borrow_mut().push((progress, loaded.levels.loudest_db()));
        progress == 1.0
    });
    let (_, settled) = *seen.last().unwrap();
    assert!(settled.is_some_and(|level| level > -40.0 && level < 0.0), "{seen:?}");
    assert!(
        seen.iter().all(|(progress, level)| *progress == 0.0 || level.is_some()),
        "as soon as something is drawn there are levels: {seen:?}"
    );
}
