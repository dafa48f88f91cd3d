//! A state as the screen meets it, made up from formulas: no file, no clock, no random numbers.

#[path = "../common/plant.rs"]
mod plant;

use std::path::PathBuf;
use std::sync::Arc;

use auscult::app::{ClipScore, FocusView, LoadedClip, Screen, SpectrogramSettings, State, Workbench};
use auscult::audio::{ChannelChoice, Clip};
use auscult::dataset::{Attribute, ClipEntry, CropWindow, Dataset, Domain, Label, Layout, MachineSection, Split};
use auscult::dsp::{Peaks, Spectrogram};
use auscult::extractors::WindowShape;
use auscult::pipeline::Ribbon;

use plant::plant;

const RATE_HZ: u32 = 16_000;

/// A number in 0..1 that looks random and is the same every time.
fn noise(i: u64) -> f64 {
    let mut x = i.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// `n_clips` clips of fans and pumps as DCASE names them; the test clips are scored.
pub(crate) fn state(n_clips: usize) -> State {
    let clips: Vec<ClipEntry> = (0..n_clips).map(entry).collect();
    let scores = clips
        .iter()
        .enumerate()
        .map(|(clip_idx, clip)| score(clip_idx, clip))
        .collect();
    let dataset = Dataset {
        root: PathBuf::from("/data/plant_a"),
        layout: Layout::Dcase2023,
        channel: ChannelChoice::default(),
        clips,
        skipped: Vec::new(),
        notes: Vec::new(),
    };
    let mut workbench = Workbench::new(
        PathBuf::from("/data/project.json"),
        plant("plant/project.json", "plant_a"),
        Arc::new(dataset),
    );
    workbench.scores = scores;
    State {
        screen: Screen::Browse,
        workbench: Some(workbench),
        ..State::default()
    }
}

fn entry(clip_idx: usize) -> ClipEntry {
    let machine = if clip_idx.is_multiple_of(2) { "fan" } else { "pump" };
    let is_target = clip_idx % 5 == 4;
    let is_test = clip_idx % 3 == 2;
    let is_anomalous = is_test && clip_idx % 6 == 5;
    let domain = if is_target { "target" } else { "source" };
    let split = if is_test { "test" } else { "train" };
    let kind = if is_anomalous { "anomaly" } else { "normal" };
    let speed = 4 + clip_idx % 4;
    ClipEntry {
        path: format!("{machine}/{split}/section_00_{domain}_{split}_{kind}_{clip_idx:04}_vel_{speed}.wav"),
        group: MachineSection {
            machine: machine.to_owned(),
            section: "00".to_owned(),
        },
        split: if is_test { Split::Test } else { Split::Train },
        label: if is_anomalous { Label::Anomalous } else { Label::Normal },
        domain: Some(if is_target { Domain::Target } else { Domain::Source }),
        attributes: vec![
            Attribute {
                name: "vel".to_owned(),
                value: speed.to_string(),
            },
            Attribute {
                name: "loc".to_owned(),
                value: ["A", "B", "C"][clip_idx % 3].to_owned(),
            },
        ],
        sample_rate_hz: RATE_HZ,
        n_channels: 1,
        duration_secs: 10.0,
    }
}

fn score(clip_idx: usize, clip: &ClipEntry) -> Option<ClipScore> {
    if clip.split == Split::Train {
        return None;
    }
    let base = noise(clip_idx as u64) * 100.0;
    let percentile = if clip.label == Label::Anomalous {
        100.0 - 0.3 * (100.0 - base)
    } else {
        base
    };
    Some(ClipScore {
        raw: 0.001 + percentile / 40_000.0,
        percentile,
        order: percentile,
        is_anomalous: percentile > 90.0,
    })
}

/// Focuses a clip with its sound and pictures there, and the crops scored.
pub(crate) fn focus(state: &mut State, clip_idx: usize, secs: f64) {
    let workbench = state.workbench.as_mut().unwrap();
    workbench.focus = Some(clip_idx);
    let crop_secs = 2.048;
    let starts = (0..)
        .map(|i| f64::from(i) * crop_secs)
        .take_while(|start| start + crop_secs < secs);
    let crops: Vec<CropWindow> = starts
        .map(|start_secs| CropWindow {
            start_secs,
            end_secs: start_secs + crop_secs,
        })
        .collect();
    let percentiles = (0..crops.len()).map(|i| [14.0, 97.0, 58.0, 88.0][i % 4]).collect();
    workbench.focus_view = FocusView {
        loaded: Some(Arc::new(fan(clip_idx, secs))),
        error: None,
        crops: crops.clone(),
        window: None,
        ribbon: Some(Arc::new(Ribbon {
            crops,
            percentiles,
            ..Ribbon::default()
        })),
        ..FocusView::default()
    };
}

/// The same by a network that sees windows of 32 frames by 128 bands below 4 kHz: nine of them in ten seconds, one every `hop`.
pub(crate) fn focus_windows(state: &mut State, clip_idx: usize, hop: usize) {
    focus(state, clip_idx, 10.0);
    let shape = WindowShape {
        n_frames: 32,
        n_bands: 128,
        band_hz: [0.0, 4000.0],
    };
    let view = &mut state.workbench.as_mut().unwrap().focus_view;
    view.window = Some(shape);
    view.crops = shape.windows(10.0, hop);
    view.ribbon = Some(Arc::new(Ribbon {
        crops: view.crops.clone(),
        percentiles: (0..view.crops.len()).map(|i| [14.0, 97.0, 58.0][i % 3]).collect(),
        scores: (0..view.crops.len()).map(|i| 0.4 + 0.1 * i as f32).collect(),
    }));
}

/// A fan with a knocking bearing: harmonics of 120 Hz that waver, broadband hiss that falls with frequency, a knock
/// every 0.4 s, and a whistle at 2.6 kHz from 3 to 5 s.
fn fan(clip_idx: usize, secs: f64) -> LoadedClip {
    let settings = SpectrogramSettings::default();
    let n_samples = (secs * f64::from(RATE_HZ)) as usize;
    let samples: Vec<f32> = (0..n_samples).map(|i| sample(i) as f32).collect();
    let (n_frames, n_bins) = (1 + n_samples / settings.hop, 1 + settings.n_fft / 2);
    let bin_hz: Vec<f32> = (0..n_bins)
        .map(|bin| bin as f32 * RATE_HZ as f32 / settings.n_fft as f32)
        .collect();
    let mut values = Vec::with_capacity(n_frames * n_bins);
    for frame_idx in 0..n_frames {
        let t = frame_idx as f64 * settings.hop as f64 / f64::from(RATE_HZ);
        values.extend(
            bin_hz
                .iter()
                .enumerate()
                .map(|(bin, &hz)| level_db(t, f64::from(hz), (frame_idx * n_bins + bin) as u64) as f32),
        );
    }
    let clip = Clip {
        samples,
        sample_rate_hz: RATE_HZ,
    };
    LoadedClip {
        clip_idx,
        peaks: Peaks::new(&clip.samples),
        clip: Arc::new(clip),
        settings,
        spectrogram: Arc::new(Spectrogram {
            values,
            n_frames,
            n_bins,
        }),
        bin_hz,
        ..LoadedClip::default()
    }
}

fn sample(i: usize) -> f64 {
    let t = i as f64 / f64::from(RATE_HZ);
    let hum: f64 = (1..6).map(|k| (f64::from(k) * 754.0 * t).sin() / f64::from(k * k)).sum();
    let knock = (-30.0 * (t % 0.4)).exp() * (noise(i as u64) - 0.5);
    0.06 * hum + 0.02 * (noise(i as u64 + 7) - 0.5) + 0.25 * knock
}

fn level_db(t: f64, hz: f64, seed: u64) -> f64 {
    // The difference of two levels of power is roughly that of noise in a spectrogram.
    let hiss = -68.0 - 22.0 * (hz / 8000.0) + 10.0 * (noise(seed) + 0.02).log10();
    let fundamental = 120.0 + 2.0 * (1.3 * t).sin();
    let order = (hz / fundamental).round().clamp(1.0, 40.0);
    let harmonic = -28.0 - 1.2 * order - ((hz - order * fundamental) / 9.0).powi(2);
    let knock = -48.0 - 60.0 * (t % 0.4) - ((hz - 3500.0) / 700.0).powi(2) * 4.0;
    let whistle = if (3.0..5.0).contains(&t) {
        -34.0 - ((hz - 2600.0 - 120.0 * (t - 4.0)) / 9.0).powi(2)
    } else {
        f64::NEG_INFINITY
    };
    hiss.max(harmonic).max(knock).max(whistle).max(-130.0)
}
