//! A made-up project for tests of views, and the window that shows it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

mod plant;
pub mod screen;

use std::path::PathBuf;
use std::sync::Arc;

use auscult::app::{
    Action, ClipScore, FocusView, JobKind, JobView, LoadedClip, RunStatus, RunView, Screen, SpectrogramSettings, State, Workbench,
};
use auscult::audio::{ChannelChoice, Clip, SAMPLE_RATE_HZ};
use auscult::dataset::{Attribute, ClipEntry, CropWindow, Dataset, Domain, Label, Layout, MachineSection, SkippedFile, Split};
use auscult::dsp::{Peaks, Spectrogram};
use auscult::extractors::{EpochMetrics, Recipe, TrainingConfig};
use auscult::jobs::JobId;
use auscult::pipeline::Ribbon;
use auscult::project::RunRecipe;
use auscult::ui::frame::Frame;
use eframe::egui::{self, Theme};
use egui_kittest::Harness;

use plant::plant;
pub use screen::Scene;

/// Draws `view` at 1280x720 up to the edge.
pub fn harness<'a>(
    state: State,
    theme: Theme,
    view: impl FnMut(&mut egui::Ui, &State, &mut Vec<Action>) + 'a,
) -> Harness<'a, Scene> {
    harness_of_size([1280.0, 720.0], state, theme, view)
}

/// The same at another size in points.
pub fn harness_of_size<'a>(
    size: [f32; 2],
    state: State,
    theme: Theme,
    mut view: impl FnMut(&mut egui::Ui, &State, &mut Vec<Action>) + 'a,
) -> Harness<'a, Scene> {
    let builder = screen::builder(size.into(), theme)
        .with_render_cursor(false)
        .with_max_steps(16);
    screen::scene(builder, state, (), move |(), ui, state, actions| {
        screen::to_the_edge(ui, |ui| view(ui, state, actions));
    })
}

/// The whole window.
pub fn window(state: State) -> Harness<'static, Scene> {
    let mut frame = Frame::default();
    let mut harness = harness(state, Theme::Dark, move |ui, state, actions| frame.ui(ui, state, actions));
    harness.run();
    harness
}

/// A project is open, a clip focused and read.
pub fn opened(screen: Screen) -> State {
    let mut workbench = workbench();
    focus(&mut workbench, 37);
    State {
        screen,
        workbench: Some(workbench),
        ..State::default()
    }
}

pub fn group(machine: &str, section: &str) -> MachineSection {
    MachineSection {
        machine: machine.to_owned(),
        section: section.to_owned(),
    }
}

/// Three machines with two sections each, in the manner of DCASE 2022: 12 training and 8 test clips a section.
pub fn dataset() -> Arc<Dataset> {
    let mut clips = Vec::new();
    for machine in ["bearing", "fan", "gearbox"] {
        for section in ["00", "01"] {
            for clip_idx in 0..20 {
                clips.push(clip(machine, section, clip_idx));
            }
        }
    }
    clips.sort_by(|a, b| a.path.cmp(&b.path));
    Arc::new(Dataset {
        root: PathBuf::from("/data/plant"),
        layout: Layout::Dcase2022,
        channel: ChannelChoice::default(),
        clips,
        skipped: (0..3)
            .map(|i| SkippedFile {
                path: PathBuf::from(format!("/data/plant/fan/train/broken_{i}.wav")),
                error: "the header promises 160000 samples, the file holds 12: copy it again".to_owned(),
            })
            .collect(),
        notes: vec!["fan 01 has fewer normal clips than the official split needs: 60 % of them train".to_owned()],
    })
}

fn clip(machine: &str, section: &str, clip_idx: usize) -> ClipEntry {
    let split = if clip_idx < 12 { Split::Train } else { Split::Test };
    let label = if clip_idx >= 16 { Label::Anomalous } else { Label::Normal };
    let domain = if clip_idx % 4 == 3 { Domain::Target } else { Domain::Source };
    let (split_name, label_name) = (
        if split == Split::Train { "train" } else { "test" },
        if label == Label::Normal { "normal" } else { "anomaly" },
    );
    let domain_name = if domain == Domain::Source { "source" } else { "target" };
    ClipEntry {
        path: format!("{machine}/{split_name}/section_{section}_{domain_name}_{split_name}_{label_name}_{clip_idx:04}_vel_6.wav"),
        group: group(machine, section),
        split,
        label,
        domain: Some(domain),
        attributes: vec![Attribute {
            name: "vel".to_owned(),
            value: "6".to_owned(),
        }],
        sample_rate_hz: SAMPLE_RATE_HZ,
        n_channels: 1,
        duration_secs: 10.0,
    }
}

/// A project on [`dataset`] without runs.
pub fn workbench() -> Workbench {
    let file = "/home/someone/auscult/plant/project.json";
    Workbench::new(PathBuf::from(file), plant(file, "/data/plant"), dataset())
}

/// The clip with this index is focused, read and scored, as it is some seconds after a project was opened.
pub fn focus(workbench: &mut Workbench, clip_idx: usize) {
    workbench.focus = Some(clip_idx);
    let crops: Vec<CropWindow> = (0..10)
        .map(|second| CropWindow {
            start_secs: f64::from(second),
            end_secs: f64::from(second) + 1.0,
        })
        .collect();
    workbench.focus_view = FocusView {
        loaded: Some(Arc::new(loaded_clip(clip_idx))),
        error: None,
        window: None,
        crops: crops.clone(),
        ribbon: Some(Arc::new(Ribbon {
            scores: Vec::new(),
            percentiles: vec![12.0, 14.0, 88.0, 97.0, 91.0, 20.0, 15.0, 11.0, 13.0, 12.0],
            crops,
        })),
        ..FocusView::default()
    };
    workbench.scores[clip_idx] = Some(ClipScore {
        raw: 0.003_142,
        percentile: 97.4,
        order: 97.4,
        is_anomalous: true,
    });
}

/// Ten seconds of a hum that grows louder in the middle.
fn loaded_clip(clip_idx: usize) -> LoadedClip {
    let n_samples = 10 * SAMPLE_RATE_HZ as usize;
    let samples: Vec<f32> = (0..n_samples)
        .map(|i| {
            let secs = i as f32 / SAMPLE_RATE_HZ as f32;
            let loudness = 0.1 + 0.5 * (-(secs - 3.5).powi(2)).exp();
            loudness * (std::f32::consts::TAU * 120.0 * secs).sin()
        })
        .collect();
    let (n_frames, n_bins) = (64, 32);
    LoadedClip {
        clip_idx,
        peaks: Peaks::new(&samples),
        clip: Arc::new(Clip {
            samples,
            sample_rate_hz: SAMPLE_RATE_HZ,
        }),
        settings: SpectrogramSettings::default(),
        spectrogram: Arc::new(Spectrogram {
            values: (0..n_frames * n_bins).map(|i| -100.0 + (i % n_bins) as f32).collect(),
            n_frames,
            n_bins,
        }),
        bin_hz: (0..n_bins).map(|bin| bin as f32 * 250.0).collect(),
        ..LoadedClip::default()
    }
}

/// A dense autoencoder after `n_done` of 12 epochs.
pub fn run(status: RunStatus, n_done: usize, job: Option<JobId>) -> RunView {
    let training = TrainingConfig {
        n_epochs: 12,
        ..TrainingConfig::published(Recipe::DenseAe)
    };
    RunView {
        recipe: RunRecipe {
            training,
            machines: Vec::new(),
            sections: Vec::new(),
        },
        status,
        epochs: (0..n_done).map(epoch).collect(),
        log: (0..n_done)
            .map(|epoch_idx| format!("epoch {} of 12: loss {:.4}", epoch_idx + 1, epoch(epoch_idx).train_loss))
            .collect(),
        job,
    }
}

fn epoch(epoch_idx: usize) -> EpochMetrics {
    let train_loss = 8.0 + 12.0 * (-0.5 * epoch_idx as f64).exp();
    EpochMetrics {
        epoch_idx,
        network: "fan".to_owned(),
        train_loss,
        validation_loss: Some(train_loss * 1.08),
        validation_accuracy: None,
        secs: 1.5,
        figures: Vec::new(),
    }
}

/// A job a third of the way.
pub fn job(id: u64, kind: JobKind, title: &str) -> JobView {
    JobView {
        id: JobId(id),
        kind,
        title: title.to_owned(),
        stage: "fan".to_owned(),
        done: 4,
        total: 12,
        remaining_secs: Some(80.0),
        is_paused: false,
        is_cancelling: false,
    }
}
