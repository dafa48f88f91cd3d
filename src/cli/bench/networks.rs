//! Networks: forward passes, training steps, and a clip scored with every segment that it has.

use std::time::Instant;

use anyhow::Context as _;
use rand_chacha::ChaCha8Rng;

use super::pace::Laps;
use super::{Pace, Work, inputs};
use crate::exploration::Genome;
use crate::extractors::{self, Extractor, Recipe, TrainingConfig};
use crate::nn::{
    Batch, CaeMcs, DenseAutoencoder, DeviceChoice, EpochMetrics, ExampleSource, Examples, MobileAnoNet, OutlierNet, SegmentShape,
    TrainingError, TrainingObserver, TrainingPlan, write_weights,
};
use crate::pipeline;
use crate::progress::{Cancelled, NoProgress, Progress};

pub(super) const WORKS: [Work; 13] = [
    Work {
        key: "mobileanonet_infer_ms_per_segment",
        title: "MobileAnoNet: embedding a segment of 1025 x 64, the best of batches of 1, 8 and 32",
        measure: mobileanonet,
    },
    Work {
        key: "mobileanonet_infer_1_thread_ms_per_segment",
        title: "MobileAnoNet: embedding one segment on one thread",
        measure: mobileanonet_on_one_thread,
    },
    Work {
        key: "mobileanonet_train_ms_per_segment",
        title: "MobileAnoNet: a step of Adam on 32 segments of 7 classes, for each segment",
        measure: mobileanonet_step,
    },
    Work {
        key: "cae_mcs_infer_1_thread_ms_per_window",
        title: "CAE-MCS: redrawing one window of 32 x 128 on one thread",
        measure: cae_mcs_on_one_thread,
    },
    Work {
        key: "outliernet_fan_infer_1_thread_us_per_window",
        title: "OutlierNet of the kind of the smallest published net for a fan: redrawing one window of 32 x 128 on one thread",
        measure: fan_net,
    },
    Work {
        key: "outliernet_fan_c_us_per_window",
        title: "the same as exported C, compiled by cc -O2; not a number without a compiler",
        measure: fan_net_in_c,
    },
    Work {
        key: "outliernet_slider_infer_1_thread_us_per_window",
        title: "OutlierNet of the kind of a published net for a slider: redrawing one window of 32 x 128 on one thread",
        measure: slider_net,
    },
    Work {
        key: "outliernet_slider_c_us_per_window",
        title: "the same as exported C, compiled by cc -O2; not a number without a compiler",
        measure: slider_net_in_c,
    },
    Work {
        key: "outliernet_fan_train_ms_per_window",
        title: "the fan's OutlierNet: a step of Adam on 64 windows, for each window",
        measure: fan_net_step,
    },
    Work {
        key: "outliernet_slider_train_ms_per_window",
        title: "the slider's OutlierNet: a step of Adam on 64 windows, for each window",
        measure: slider_net_step,
    },
    Work {
        key: "cae_mcs_train_ms_per_window",
        title: "CAE-MCS: a step of Adam on 64 windows, for each window",
        measure: cae_mcs_step,
    },
    Work {
        key: "dense_ae_train_ms_per_vector",
        title: "dense autoencoder: a step of Adam on 512 rows of 640, for each row",
        measure: dense_ae_step,
    },
    Work {
        key: "score_clip_hop1_s",
        title: "MobileAnoNet: a 10 s clip from samples to embedding, all 250 segments",
        measure: clip_at_hop_1,
    },
];

const SEED: u64 = 7;
const N_CLASSES: usize = 7;

fn fresh_mobileanonet() -> Result<MobileAnoNet, TrainingError> {
    MobileAnoNet::new(SegmentShape::PUBLISHED, N_CLASSES, DeviceChoice::Cpu, SEED)
}

fn mobileanonet(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let network = fresh_mobileanonet()?;
    let embed = |segments: &[f32]| Ok(network.embed(segments)?);
    let mut best = f64::INFINITY;
    for n_segments in [1, 8, 32] {
        let forward_ms = forward_ms(n_segments, SegmentShape::PUBLISHED.n_values(), embed, pace, progress)?;
        best = best.min(forward_ms);
    }
    Ok(best)
}

fn mobileanonet_on_one_thread(pace: Pace, _progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let network = fresh_mobileanonet()?;
    let embed = |segments: &[f32]| Ok(network.embed(segments)?);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    one_thread.install(|| forward_ms(1, SegmentShape::PUBLISHED.n_values(), embed, pace, &mut NoProgress))
}

fn cae_mcs_on_one_thread(pace: Pace, _progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let network = CaeMcs::new(DeviceChoice::Cpu, SEED)?;
    let redraw = |windows: &[f32]| Ok(network.reconstruct(windows)?);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    one_thread.install(|| forward_ms(1, CaeMcs::WINDOW_LEN, redraw, pace, &mut NoProgress))
}

fn fan_net(_pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    net_us(&Genome::fan_example(), progress)
}

fn slider_net(_pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    net_us(&Genome::slider_example(), progress)
}

fn fan_net_in_c(_pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    net_in_c_us(&Genome::fan_example(), progress)
}

fn slider_net_in_c(_pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    net_in_c_us(&Genome::slider_example(), progress)
}

fn net_us(genome: &Genome, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let graph = OutlierNet::new(genome, DeviceChoice::Cpu, SEED)?.graph("net")?;
    Ok(1e6 * pipeline::in_process_latency(&graph, progress)?.p50_secs)
}

fn net_in_c_us(genome: &Genome, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let graph = OutlierNet::new(genome, DeviceChoice::Cpu, SEED)?.graph("net")?;
    let latency = pipeline::measure_latency(&graph, progress)?;
    Ok(latency.exported.map_or(f64::NAN, |timing| 1e6 * timing.p50_secs))
}

/// Median time of a forward pass for each of its `n_examples`, in ms.
fn forward_ms<R>(
    n_examples: usize,
    example_len: usize,
    forward: impl Fn(&[f32]) -> anyhow::Result<R>,
    pace: Pace,
    progress: &mut dyn Progress,
) -> anyhow::Result<f64> {
    let examples = inputs::noise(n_examples * example_len, &mut inputs::dice());
    let secs = pace.median_secs(progress, || (), |()| forward(&examples))?;
    Ok(1e3 * secs / n_examples as f64)
}

fn mobileanonet_step(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let train = |plan: &TrainingPlan, examples: Examples<'_>, observer: &mut dyn TrainingObserver| {
        fresh_mobileanonet()?.train(plan, examples, None, observer).map(drop)
    };
    step_ms(32, SegmentShape::PUBLISHED.n_values(), train, pace, progress)
}

fn cae_mcs_step(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let train = |plan: &TrainingPlan, examples: Examples<'_>, observer: &mut dyn TrainingObserver| {
        let fresh = CaeMcs::new(DeviceChoice::Cpu, SEED)?;
        fresh.train(plan, examples, None, observer).map(drop)
    };
    step_ms(64, CaeMcs::WINDOW_LEN, train, pace, progress)
}

fn fan_net_step(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    net_step_ms(&Genome::fan_example(), pace, progress)
}

fn slider_net_step(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    net_step_ms(&Genome::slider_example(), pace, progress)
}

fn net_step_ms(genome: &Genome, pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let train = |plan: &TrainingPlan, examples: Examples<'_>, observer: &mut dyn TrainingObserver| {
        let fresh = OutlierNet::new(genome, DeviceChoice::Cpu, SEED)?;
        fresh.train(plan, examples, None, observer).map(drop)
    };
    step_ms(64, OutlierNet::WINDOW_LEN, train, pace, progress)
}

fn dense_ae_step(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    const ROW_LEN: usize = 640;
    let train = |plan: &TrainingPlan, examples: Examples<'_>, observer: &mut dyn TrainingObserver| {
        let fresh = DenseAutoencoder::new(ROW_LEN, DeviceChoice::Cpu, SEED)?;
        fresh.train(plan, examples, None, observer).map(drop)
    };
    step_ms(512, ROW_LEN, train, pace, progress)
}

/// Median time of a training step – forward, backward, Adam – for each of its `batch_size` examples, in ms: what passes between
/// two reports of the training loop, whose batches lie ready.
fn step_ms(
    batch_size: usize,
    example_len: usize,
    train: impl Fn(&TrainingPlan, Examples<'_>, &mut dyn TrainingObserver) -> Result<(), TrainingError>,
    pace: Pace,
    progress: &mut dyn Progress,
) -> anyhow::Result<f64> {
    /// The first warms up.
    const STEPS: usize = 6;
    let plan = TrainingPlan {
        network: String::new(),
        n_epochs: 1,
        batch_size,
        learning_rate: 1e-3,
        learning_rate_decay: 1.0,
        weight_decay: 0.0,
        seed: SEED,
        device: DeviceChoice::Cpu,
        early_stop: None,
        data: String::new(),
    };
    let dice = &mut inputs::dice();
    let batches: Vec<Batch> = (0..STEPS).map(|_| batch(batch_size, example_len, dice)).collect();
    let mut laps = Laps::default();
    while laps.goes_on(pace) {
        let mut source = ReadyBatches(batches.clone());
        let mut watch = StepWatch {
            progress: &mut *progress,
            last: None,
            laps: Vec::new(),
        };
        let examples = Examples {
            train: &mut source,
            held_out: None,
            label_free: None,
        };
        train(&plan, examples, &mut watch)?;
        laps.0.extend(watch.laps.iter().skip(1));
    }
    Ok(1e3 * laps.median() / batch_size as f64)
}

fn batch(n_examples: usize, example_len: usize, dice: &mut ChaCha8Rng) -> Batch {
    Batch {
        inputs: inputs::noise(n_examples * example_len, dice),
        classes: (0..n_examples).map(|example_idx| (example_idx % N_CLASSES) as u32).collect(),
        ..Batch::default()
    }
}

/// One epoch of batches that cost nothing to take.
struct ReadyBatches(Vec<Batch>);

impl ExampleSource for ReadyBatches {
    fn n_examples(&self) -> usize {
        self.0.iter().map(|batch| batch.classes.len()).sum()
    }

    fn begin_epoch(&mut self, _seed: u64) {}

    fn next_batch(&mut self, _batch_size: usize) -> Result<Batch, TrainingError> {
        Ok(self.0.pop().unwrap_or_default())
    }
}

/// Times what passes between two reports.
struct StepWatch<'a> {
    progress: &'a mut dyn Progress,
    last: Option<Instant>,
    laps: Vec<f64>,
}

impl Progress for StepWatch<'_> {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.laps.extend(self.last.map(|last| last.elapsed().as_secs_f64()));
        self.progress.step(done, total)?;
        self.last = Some(Instant::now());
        Ok(())
    }
}

impl TrainingObserver for StepWatch<'_> {
    fn epoch(&mut self, _metrics: &EpochMetrics) {}
}

fn clip_at_hop_1(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    clip_secs(1, pace, progress)
}

/// Median time to embed a 10 s clip whose segments lie `segment_hop` frames apart.
pub(super) fn clip_secs(segment_hop: usize, pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let (extractor, clip) = (mobileanonet_extractor(segment_hop)?, inputs::clip(&mut inputs::dice()));
    pace.median_secs(progress, || (), |()| Ok(extractor.embed(&clip, &inputs::group("fan"))?))
}

/// The front end as it opens a finished run.
fn mobileanonet_extractor(segment_hop: usize) -> anyhow::Result<Box<dyn Extractor>> {
    let recipe = Recipe::MobileAnoNet;
    let run_dir = tempfile::tempdir().context("a folder for weights")?;
    let weights_file = run_dir.path().join(format!("{}.safetensors", recipe.name()));
    write_weights(&weights_file, &fresh_mobileanonet()?.weights()?)?;
    let config = TrainingConfig {
        segment_hop,
        ..TrainingConfig::published(recipe)
    };
    Ok(extractors::load(&config, run_dir.path())?)
}
