//! An open project with scores, made up from a seed: what the screens Compare and Map are shown in their tests.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

#[path = "../common/plant.rs"]
mod plant;
#[path = "../common/screen.rs"]
pub mod screen;

use std::path::PathBuf;
use std::sync::Arc;

use auscult::app::{Action, ClipScore, Screen, State, Workbench};
use auscult::audio::ChannelChoice;
use auscult::dataset::{ClipEntry, Dataset, Domain, Label, Layout, MachineSection, Split};
use auscult::detectors::{DetectorConfig, DetectorKind};
use auscult::evaluation::{self, BootstrapConfig, LabelledScore};
use auscult::pipeline::{Comparison, DetectorResult, GroupComparison};
use auscult::progress::NoProgress;
use auscult::projection;
use eframe::egui;
use egui_kittest::Harness;

use plant::plant;
use screen::Scene;

pub const MACHINES: [&str; 7] = ["bearing", "fan", "gearbox", "slider", "ToyCar", "ToyTrain", "valve"];

/// Numbers that look random and are always the same.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// Uniform in 0..1.
    pub fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal, mean 0, deviation 1.
    pub fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// How large the made-up data set is.
#[derive(Clone, Copy)]
pub struct Size {
    pub n_machines: usize,
    pub n_sections: usize,
    /// Clips of one section in training; the test has as many, half of them anomalous.
    pub n_clips: usize,
    pub has_labels: bool,
}

pub const SMALL: Size = Size {
    n_machines: 3,
    n_sections: 1,
    n_clips: 40,
    has_labels: true,
};

pub const LARGE: Size = Size {
    n_machines: 7,
    n_sections: 3,
    n_clips: 100,
    has_labels: true,
};

fn clips(size: Size) -> Vec<ClipEntry> {
    let mut clips = Vec::new();
    for machine in &MACHINES[..size.n_machines] {
        for section in 0..size.n_sections {
            for (split, name) in [(Split::Train, "train"), (Split::Test, "test")] {
                for number in 0..size.n_clips {
                    let is_anomaly = split == Split::Test && number % 2 == 1;
                    let is_target = if split == Split::Train {
                        number % 33 == 32
                    } else {
                        number % 4 < 2
                    };
                    let label = match (split, is_anomaly) {
                        (Split::Test, _) if !size.has_labels => Label::Unknown,
                        (_, true) => Label::Anomalous,
                        (_, false) => Label::Normal,
                    };
                    clips.push(ClipEntry {
                        path: format!("{machine}/{name}/section_{section:02}_{number:04}.wav"),
                        group: MachineSection {
                            machine: (*machine).to_owned(),
                            section: format!("{section:02}"),
                        },
                        split,
                        label,
                        domain: Some(if is_target { Domain::Target } else { Domain::Source }),
                        attributes: Vec::new(),
                        sample_rate_hz: 16_000,
                        n_channels: 1,
                        duration_secs: 10.0,
                    });
                }
            }
        }
    }
    clips
}

fn dataset(size: Size) -> Dataset {
    Dataset {
        root: PathBuf::from("data"),
        layout: Layout::Dcase2022,
        channel: ChannelChoice::default(),
        clips: clips(size),
        skipped: Vec::new(),
        notes: Vec::new(),
    }
}

/// One detector on one section: anomalies score higher by `lift` deviations.
fn result(
    dataset: &Dataset,
    group: &GroupComparison,
    detector: DetectorKind,
    lift: f64,
    shared: &[f64],
    dice: &mut Dice,
) -> DetectorResult {
    let mut score = |is_anomaly: bool, shared: f64| {
        let bell = 0.8 * shared + 0.6 * dice.bell() + if is_anomaly { lift } else { 0.0 };
        0.02 * (0.35 * bell).exp()
    };
    let is_anomaly = |clip_idx: usize| clip_idx % 2 == 1;
    let test_scores: Vec<f64> = group
        .test_clips
        .iter()
        .zip(shared)
        .map(|(&clip_idx, &shared)| score(is_anomaly(clip_idx), shared))
        .collect();
    let normal_scores = group
        .train_clips
        .iter()
        .zip(shared)
        .map(|(_, &shared)| score(false, -shared))
        .collect();
    let labelled: Vec<LabelledScore> = group
        .test_clips
        .iter()
        .zip(&test_scores)
        .filter(|&(&clip_idx, _)| dataset.clips[clip_idx].label != Label::Unknown)
        .map(|(&clip_idx, &score)| LabelledScore {
            score,
            is_anomaly: dataset.clips[clip_idx].label == Label::Anomalous,
            is_target: Some(dataset.clips[clip_idx].is_target()),
        })
        .collect();
    let config = BootstrapConfig {
        n_resamples: 200,
        ..BootstrapConfig::default()
    };
    let fallback =
        (detector == DetectorKind::SoftMaha).then(|| "One target clip: its covariance was taken from the source".to_owned());
    DetectorResult::new(detector, (test_scores, normal_scores), labelled, fallback, config)
}

fn comparison(dataset: &Dataset) -> Comparison {
    let detectors = DetectorKind::ALL.to_vec();
    let mut dice = Dice::new(7);
    let groups = dataset.groups().into_iter().map(|group| {
        let mut group = GroupComparison {
            train_clips: dataset.indices(&group, Split::Train),
            test_clips: dataset.indices(&group, Split::Test),
            config: DetectorConfig::default(),
            group,
            results: Vec::new(),
            oracle: None,
        };
        let base = 0.4 + 1.8 * dice.uniform();
        let shared: Vec<f64> = group.test_clips.iter().map(|_| dice.bell()).collect();
        group.results = detectors
            .iter()
            .map(|&detector| {
                if detector == DetectorKind::Residual {
                    return Err("the front end is no autoencoder: it leaves no residual".to_owned());
                }
                let lift = base + 0.5 * dice.bell();
                Ok(result(dataset, &group, detector, lift, &shared, &mut dice))
            })
            .collect();
        let hmean = |result: &&DetectorResult| result.metrics.hmean.map(|figure| figure.value);
        let best = group.results.iter().flatten().filter(|result| hmean(result).is_some());
        group.oracle = best
            .max_by(|a, b| hmean(a).partial_cmp(&hmean(b)).unwrap())
            .map(|result| result.detector);
        group
    });
    let groups = groups.collect();
    Comparison::of_groups(dataset, detectors.clone(), groups, &Comparison::default(), &mut NoProgress).unwrap()
}

/// An open project without anything computed.
pub fn bare_state(size: Size) -> State {
    let workbench = Workbench::new(
        PathBuf::from("plant_a/project.json"),
        plant("plant/project.json", "data"),
        Arc::new(dataset(size)),
    );
    State {
        screen: Screen::Compare,
        workbench: Some(workbench),
        ..State::default()
    }
}

/// The same with scores of every detector.
pub fn scored_state(size: Size) -> State {
    let mut state = bare_state(size);
    let workbench = state.workbench.as_mut().unwrap();
    let comparison = Arc::new(comparison(&workbench.dataset));
    for group in &comparison.groups {
        let result = group.result(DetectorKind::Fusion).unwrap();
        for (&clip_idx, &raw) in group.test_clips.iter().zip(&result.test_scores) {
            let percentile = evaluation::percentile(raw, &result.normal_scores).unwrap();
            workbench.scores[clip_idx] = Some(ClipScore {
                raw,
                percentile,
                order: percentile,
                is_anomalous: percentile >= 90.0,
            });
        }
    }
    workbench.comparison = Some(comparison);
    state
}

/// The same with a map: a cloud for each section, anomalies at its edge.
pub fn mapped_state(size: Size) -> State {
    let mut state = scored_state(size);
    state.screen = Screen::Map;
    let workbench = state.workbench.as_mut().unwrap();
    let mut dice = Dice::new(11);
    let groups = workbench.dataset.groups();
    let points = workbench.dataset.clips.iter().map(|clip| {
        let place = groups.iter().position(|group| *group == clip.group).unwrap() as f64;
        let angle = place / groups.len() as f64 * std::f64::consts::TAU;
        let spread = if clip.label == Label::Anomalous { 5.0 } else { 3.0 };
        let shift = if clip.is_target() { 4.0 } else { 0.0 };
        [
            (30.0 * angle.cos() + shift + spread * dice.bell()) as f32,
            (20.0 * angle.sin() + spread * dice.bell()) as f32,
        ]
    });
    workbench.map.layout = Some(Arc::new(projection::Layout {
        points: points.collect(),
        iteration: 1000,
        kl_divergence: Some(1.214),
    }));
    workbench.map.clips = Arc::new((0..workbench.dataset.clips.len()).collect());
    state
}

/// The size that a screen has in a window of 1280 × 720.
pub const SIZE: egui::Vec2 = egui::vec2(1190.0, 610.0);

/// A screen of this size, in the panel that it lies in.
pub fn stage<V: 'static>(
    state: State,
    is_dark: bool,
    size: egui::Vec2,
    view: V,
    mut draw: impl FnMut(&mut V, &mut egui::Ui, &State, &mut Vec<Action>) + 'static,
) -> Harness<'static, Scene<V>> {
    let theme = if is_dark { egui::Theme::Dark } else { egui::Theme::Light };
    screen::scene(screen::builder(size, theme), state, view, move |view, ui, state, actions| {
        let frame = egui::Frame::central_panel(ui.style());
        egui::CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| draw(view, ui, state, actions));
    })
}
