//! Frames of the window's two largest views, without a window.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::{Pace, Work, inputs};
use crate::app::{
    Action, App, AppFolders, ClipFilter, ClipScore, ExplorationView, FocusView, ListAction, LoadedClip, Screen, SortKey,
    SpectrogramSettings, State, Workbench,
};
use crate::audio::{ChannelChoice, SAMPLE_RATE_HZ};
use crate::dataset::{Attribute, ClipEntry, Dataset, Domain, Label, Layout, Split};
use crate::detectors::DetectorConfig;
use crate::dsp::{Peaks, Stft, StftConfig, magnitude_to_db};
use crate::exploration::{Genome, Outcome, SearchConfig, TrialState};
use crate::pipeline::{Exploration, ExploreSettings, JudgedBy, JudgedClip, JudgedLabel, TrialReport};
use crate::progress::Progress;
use crate::project::{DataSource, DetectorChoice, Project, Report, VERSION, ViewSettings};
use crate::projection::{self, ProjectionConfig};
use crate::ui::Headless;

pub(super) const WORKS: [Work; 5] = [
    Work {
        key: "frame_browse_20000_rows_ms",
        title: "the window: a frame of Browse with 20,000 clips, laid out and tessellated",
        measure: |pace, progress| frame_ms(&state(Screen::Browse, 20_000), pace, progress),
    },
    Work {
        key: "search_20000_rows_ms",
        title: "the window: a keystroke in the search field with 20,000 clips",
        measure: |pace, progress| {
            let searches = ["fan", "fan vel=6", "no such clip", ""].map(|text| {
                Action::SetFilter(ClipFilter {
                    text: text.to_owned(),
                    ..ClipFilter::default()
                })
            });
            action_ms(&searches, pace, progress)
        },
    },
    Work {
        key: "sort_20000_rows_ms",
        title: "the window: another order of 20,000 clips, by two keys",
        measure: |pace, progress| {
            let orders = [SortKey::Score, SortKey::Path, SortKey::Machine]
                .into_iter()
                .flat_map(|key| [Action::SortBy(key), Action::List(ListAction::ThenBy(SortKey::Label))]);
            action_ms(&orders.collect::<Vec<_>>(), pace, progress)
        },
    },
    Work {
        key: "frame_map_20000_points_ms",
        title: "the window: a frame of Map with 20,000 points, laid out and tessellated",
        measure: |pace, progress| frame_ms(&state(Screen::Map, 20_000), pace, progress),
    },
    Work {
        key: "frame_explore_1000_trials_ms",
        title: "the window: a frame of Explore with 1,000 designs, laid out and tessellated",
        measure: |pace, progress| frame_ms(&searched(1000), pace, progress),
    },
];

const MACHINES: [&str; 7] = ["ToyCar", "ToyTrain", "bearing", "fan", "gearbox", "slider", "valve"];

/// Median processor time of a frame, in ms.
pub(super) fn frame_ms(state: &State, pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let mut window = Headless::default();
    // Panels find their sizes and pictures are made in the first frames.
    for _ in 0..10 {
        window.draw(state);
    }
    Ok(1e3 * pace.median_secs(progress, || (), |()| Ok(window.draw(state)))?)
}

/// Median processor time of one of these wishes about the list of 20,000 clips, in ms: it is added to that of the frame after it.
fn action_ms(actions: &[Action], pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let home = tempfile::tempdir()?;
    let folders = AppFolders {
        settings: home.path().to_owned(),
        projects: home.path().to_owned(),
    };
    let mut app = App::with_folders(Arc::new(|| {}), folders);
    app.state = state(Screen::Browse, 20_000);
    let mut next = actions.iter().cycle();
    Ok(1e3
        * pace.median_secs(
            progress,
            || next.next().cloned(),
            |action| {
                action.into_iter().for_each(|action| app.apply(action));
                Ok(app.state.workbench.as_ref().map(|workbench| workbench.visible.len()))
            },
        )?)
}

/// An open project with scores, a map and one clip in focus, of so many clips that no file holds.
pub(super) fn state(screen: Screen, n_clips: usize) -> State {
    let mut clips: Vec<ClipEntry> = (0..n_clips).map(clip_entry).collect();
    clips.sort_by(|a, b| a.path.cmp(&b.path));
    let dataset = Dataset {
        root: PathBuf::from("recordings"),
        layout: Layout::Dcase2023,
        channel: ChannelChoice::default(),
        clips,
        skipped: Vec::new(),
        notes: Vec::new(),
    };
    let mut workbench = Workbench::new(PathBuf::from("project.json"), project(), Arc::new(dataset));
    workbench.scores = (0..n_clips).map(|clip_idx| Some(clip_score(clip_idx))).collect();
    workbench.map.layout = Some(Arc::new(projection::Layout {
        points: places(n_clips),
        ..projection::Layout::default()
    }));
    workbench.map.clips = Arc::new((0..n_clips).collect());
    workbench.focus = Some(n_clips / 2);
    workbench.focus_view = FocusView {
        loaded: Some(Arc::new(loaded_clip(n_clips / 2))),
        ..FocusView::default()
    };
    State {
        screen,
        workbench: Some(workbench),
        ..State::default()
    }
}

/// A project with a search of so many designs, each of them trained to the end and judged by 200 clips.
fn searched(n_trials: usize) -> State {
    let mut state = state(Screen::Explore, 200);
    let Some(workbench) = &mut state.workbench else { return state };
    let clips = &workbench.dataset.clips;
    let mut exploration = Exploration::new(ExploreSettings {
        group: inputs::group("fan"),
        search: SearchConfig {
            n_trials,
            ..SearchConfig::default()
        },
        judged_by: JudgedBy::default(),
        with_reference: false,
    });
    let dice = &mut inputs::dice();
    exploration.trials = (0..n_trials).map(|number| trial(number, clips, dice)).collect();
    workbench.explorations = vec![ExplorationView::new("fan-00-1", exploration)];
    state
}

fn trial(number: usize, clips: &[ClipEntry], dice: &mut ChaCha8Rng) -> TrialReport {
    let genome = Genome::random(dice);
    let auc = 0.5 + 0.5 * ((number * 37 % 101) as f64 / 101.0);
    let outcome = Outcome {
        trial: number,
        epochs: 18,
        auc: Some(auc),
        latency_ms: Some(0.5),
    };
    let judge = |(place, clip): (usize, &ClipEntry)| JudgedClip {
        path: clip.path.clone(),
        label: if place % 2 == 0 {
            JudgedLabel::Normal
        } else {
            JudgedLabel::Synthetic("rattling".to_owned())
        },
        score: (place * 53 % 199) as f32,
    };
    TrialReport {
        number,
        cost: genome.cost(),
        genome,
        seed: number as u64,
        state: TrialState::Done,
        outcomes: vec![outcome],
        curve: Vec::new(),
        pauc: Some(auc),
        latency_ms: Some((0.5, 0.6)),
        judged: clips.iter().enumerate().map(judge).collect(),
        error: None,
    }
}

fn project() -> Project {
    Project {
        version: VERSION,
        name: "Plant A".to_owned(),
        data: DataSource {
            root: PathBuf::from("recordings"),
            layout: None,
            channel: ChannelChoice::default(),
        },
        runs: BTreeMap::new(),
        active_run: None,
        detector: DetectorConfig::default(),
        section_detectors: BTreeMap::new(),
        pins: BTreeMap::new(),
        choice: DetectorChoice::default(),
        thresholds: BTreeMap::new(),
        design_pins: BTreeMap::new(),
        labels: BTreeMap::new(),
        boxes: BTreeMap::new(),
        map: ProjectionConfig::default(),
        added: Vec::new(),
        live: None,
        report: Report::default(),
        drawn: BTreeMap::new(),
        view: ViewSettings::default(),
    }
}

/// As the DCASE data sets name their clips.
fn clip_entry(clip_idx: usize) -> ClipEntry {
    let machine = MACHINES[clip_idx % MACHINES.len()];
    let (is_test, is_target) = (clip_idx % 3 == 2, clip_idx % 5 == 4);
    let is_anomalous = is_test && clip_idx.is_multiple_of(2);
    let (split, kind) = (
        if is_test { "test" } else { "train" },
        if is_anomalous { "anomaly" } else { "normal" },
    );
    let domain = if is_target { "target" } else { "source" };
    ClipEntry {
        path: format!("{machine}/{split}/section_00_{domain}_{split}_{kind}_{clip_idx:05}_vel_6.wav"),
        group: inputs::group(machine),
        split: if is_test { Split::Test } else { Split::Train },
        label: if is_anomalous { Label::Anomalous } else { Label::Normal },
        domain: Some(if is_target { Domain::Target } else { Domain::Source }),
        attributes: vec![Attribute {
            name: "vel".to_owned(),
            value: "6".to_owned(),
        }],
        sample_rate_hz: SAMPLE_RATE_HZ,
        n_channels: 1,
        duration_secs: 10.0,
    }
}

fn clip_score(clip_idx: usize) -> ClipScore {
    let percentile = (clip_idx * 37 % 100) as f64;
    ClipScore {
        raw: 1e-3 * percentile,
        percentile,
        order: percentile,
        is_anomalous: percentile > 90.0,
    }
}

/// A cloud of points.
fn places(n_points: usize) -> Vec<[f32; 2]> {
    let dice = &mut inputs::dice();
    let mut coordinate = || 20.0 * inputs::noise(12, dice).iter().sum::<f32>();
    (0..n_points).map(|_| [coordinate(), coordinate()]).collect()
}

fn loaded_clip(clip_idx: usize) -> LoadedClip {
    let settings = SpectrogramSettings::default();
    let clip = inputs::clip(&mut inputs::dice());
    let mut spectrogram = Stft::new(StftConfig::default()).magnitude(&clip.samples);
    for value in &mut spectrogram.values {
        *value = magnitude_to_db(*value);
    }
    let hz = |bin| bin as f32 * SAMPLE_RATE_HZ as f32 / settings.n_fft as f32;
    LoadedClip {
        clip_idx,
        peaks: Peaks::new(&clip.samples),
        clip: Arc::new(clip),
        settings,
        bin_hz: (0..spectrogram.n_bins).map(hz).collect(),
        spectrogram: Arc::new(spectrogram),
        ..LoadedClip::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Screen, searched, state};
    use crate::ui::Headless;

    /// Triangles of a frame once everything has found its place.
    fn n_triangles(screen: Screen, n_clips: usize) -> usize {
        let (state, mut window) = (state(screen, n_clips), Headless::default());
        (0..10).map(|_| window.draw(&state)).last().unwrap_or(0)
    }

    #[test]
    fn every_design_is_drawn_and_no_row_out_of_sight() {
        let [few, many] = [200, 1000].map(|n_trials| {
            let (state, mut window) = (searched(n_trials), Headless::default());
            (0..10).map(|_| window.draw(&state)).last().unwrap_or(0)
        });
        let per_design = (many - few) as f64 / 800.0;
        // A filled circle and its edge.
        assert!((2.0..60.0).contains(&per_design), "found {few} and {many}");
    }

    #[test]
    fn every_point_is_drawn_and_no_row_out_of_sight() {
        let [few, many] = [1000, 5000].map(|n_clips| n_triangles(Screen::Map, n_clips));
        assert!(many - few > 2 * 3900, "two triangles a point, found {few} and {many}");
        let [few, many] = [1000, 5000].map(|n_clips| n_triangles(Screen::Browse, n_clips));
        assert!(few > 1000 && many < few + 500, "found {few} and {many}");
    }
}
