//! Machines and their working conditions learned together: a tiny set by heart, resumed training, clips without labels.

use std::path::Path;

use auscult::audio::{ChannelChoice, read_clip};
use auscult::dataset::Attribute;
use auscult::extractors::{self, ExtractorError, MobileAnoNetConfig, Recipe, SegmentInput, TrainingClip, TrainingConfig};
use auscult::nn::{
    Batch, ClipEmbeddings, ConditionAveraging, DeviceChoice, EpochMetrics, ExampleSource, Examples, Heads, LabelFree, LossChoice,
    MobileAnoNet, NamedTensor, TrainingError, TrainingPlan,
};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::extractors::{group, hum, write};
use super::loop_behaviour::{SEGMENT, plan};
use super::watcher::Watcher;

/// Segments of three machines: which band is loud tells the machine, how loud the first frames are one of two conditions. The first
/// machine has both conditions, the second one of them, the third none; a clip is four segments, and the last clip has no labels.
struct Tiny {
    batch: Batch,
    order: Vec<usize>,
}

impl Tiny {
    fn new() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut batch = Batch::default();
        for i in 0..48u32 {
            let (clip, class) = (i / 4, i / 4 % 3);
            let is_odd = clip / 3 % 2;
            let loudness = |bin: usize, frame: usize| {
                let of_machine = if bin / 11 == class as usize { 0.5 } else { 0.0 };
                let of_condition = if frame < 4 && is_odd == 1 { 0.4 } else { 0.0 };
                of_machine + of_condition
            };
            let values = (0..SEGMENT.n_values()).map(|i| loudness(i / SEGMENT.n_frames, i % SEGMENT.n_frames));
            batch.inputs.extend(values.map(|value| value + rng.random_range(0.0..0.3f32)));
            batch.classes.push(class);
            batch.clips.push(clip);
            let missing = Batch::NO_CLASS;
            batch.conditions.extend(match (class, clip) {
                (_, 9..) => [missing; 3],
                (0, _) => [is_odd, 2 - is_odd, missing],
                (1, _) => [missing, missing, is_odd],
                _ => [missing; 3],
            });
        }
        Self {
            batch,
            order: Vec::new(),
        }
    }
}

impl ExampleSource for Tiny {
    fn n_examples(&self) -> usize {
        self.batch.classes.len()
    }

    fn begin_epoch(&mut self, seed: u64) {
        self.order = (0..self.n_examples()).collect();
        self.order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    }

    fn next_batch(&mut self, batch_size: usize) -> Result<Batch, TrainingError> {
        let mut batch = Batch::default();
        for i in self.order.drain(..batch_size.min(self.order.len())) {
            let n_values = SEGMENT.n_values();
            batch.inputs.extend(&self.batch.inputs[i * n_values..(i + 1) * n_values]);
            batch.classes.push(self.batch.classes[i]);
            batch.clips.push(self.batch.clips[i]);
            batch.conditions.extend(&self.batch.conditions[3 * i..3 * i + 3]);
        }
        Ok(batch)
    }
}

fn heads(loss: LossChoice) -> Heads {
    Heads {
        loss,
        n_classes: 3,
        n_values: vec![2, 3, 2],
        averaging: ConditionAveraging::Examples,
        centre_weight: 0.2,
        has_machine_norm: false,
    }
}

/// What figures without labels are made of: how many clips there are on either side.
fn counts(reference: &ClipEmbeddings, held_out: &ClipEmbeddings) -> Vec<(&'static str, f64)> {
    vec![("clips", (reference.classes.len() * 100 + held_out.classes.len()) as f64)]
}

fn weights_after(
    heads: &Heads,
    plan: &TrainingPlan,
    checkpoint: Option<&Path>,
    watcher: &mut Watcher,
) -> Result<Vec<NamedTensor>, TrainingError> {
    let (mut train, mut held_out, mut reference) = (Tiny::new(), Tiny::new(), Tiny::new());
    let examples = Examples {
        train: &mut train,
        held_out: Some(&mut held_out),
        label_free: Some(LabelFree {
            reference: &mut reference,
            figures: &counts,
        }),
    };
    let network = MobileAnoNet::with_heads(SEGMENT, heads, plan.device, plan.seed)?;
    network.train(plan, examples, checkpoint, watcher)?.weights()
}

fn figure(epoch: &EpochMetrics, name: &str, is_held_out: bool) -> Option<f64> {
    let mut figures = epoch.figures.iter();
    let found = figures.find(|figure| figure.name == name && figure.is_held_out == is_held_out);
    found.map(|figure| figure.value)
}

#[test]
fn a_tiny_set_is_learned_by_heart_by_each_loss() {
    // Half of the set, so that the norms of the condition heads see several rows of each condition.
    let plan = TrainingPlan {
        batch_size: 24,
        learning_rate: 3e-3,
        learning_rate_decay: 0.97,
        ..plan(80, DeviceChoice::Cpu)
    };
    for loss in LossChoice::ALL {
        let mut watcher = Watcher::default();
        let weights = weights_after(&heads(loss), &plan, None, &mut watcher).unwrap();
        let (first, last) = (&watcher.epochs[0], watcher.epochs.last().unwrap());
        println!("{}: {first:?}\n{last:?}", loss.name());
        let (has_machine, has_conditions) = (loss != LossChoice::Condition, loss != LossChoice::Machine);
        assert_eq!(last.validation_accuracy, has_machine.then_some(1.0));
        assert_eq!(figure(last, "condition accuracy", true), has_conditions.then_some(1.0));
        for (name, is_there) in [
            ("machine loss", has_machine),
            ("centre loss", has_machine),
            ("condition loss", has_conditions),
        ] {
            for is_held_out in [false, true] {
                let [before, after] = [first, last].map(|epoch| figure(epoch, name, is_held_out));
                assert_eq!(after.is_some(), is_there, "{name}");
                // Running statistics of so few steps make held-out losses jump; what counts there is who is recognised.
                assert!(is_held_out || after <= before, "{name}: {before:?} {after:?}");
            }
        }
        let total: f64 = ["machine loss", "condition loss"]
            .iter()
            .filter_map(|name| figure(last, name, false))
            .sum::<f64>()
            + 0.2 * figure(last, "centre loss", false).unwrap_or(0.0);
        assert!((total / last.train_loss - 1.0).abs() < 1e-4, "{total} {}", last.train_loss);
        assert_eq!(
            figure(last, "clips", true),
            Some(1212.0),
            "twelve clips of four segments on either side"
        );
        let has = |name: &str| weights.iter().any(|tensor| tensor.name.starts_with(name));
        assert_eq!((has("head.machine"), has("head.conditions")), (has_machine, has_conditions));
    }
}

#[test]
fn a_resumed_training_equals_an_uninterrupted_one_in_all_its_heads() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("checkpoint.safetensors");
    let (heads, plan) = (
        Heads {
            has_machine_norm: true,
            ..heads(LossChoice::Both)
        },
        plan(4, DeviceChoice::Cpu),
    );
    let mut uninterrupted = Watcher::default();
    let expected = weights_after(&heads, &plan, None, &mut uninterrupted).unwrap();
    let n_steps_an_epoch = uninterrupted.steps.len() / 4;
    let mut stopped = Watcher {
        steps_left: Some(2 * n_steps_an_epoch + 2),
        ..Watcher::default()
    };
    let outcome = weights_after(&heads, &plan, Some(&checkpoint), &mut stopped);
    assert!(matches!(outcome, Err(TrainingError::Cancelled(_))));
    assert_eq!(stopped.epochs.len(), 2);
    let mut resumed = Watcher::default();
    assert_eq!(
        weights_after(&heads, &plan, Some(&checkpoint), &mut resumed).unwrap(),
        expected
    );
    for (resumed, uninterrupted) in resumed.epochs.iter().zip(&uninterrupted.epochs) {
        assert_eq!(resumed.figures, uninterrupted.figures);
    }
    let moved = expected.iter().find(|tensor| tensor.name == "head.machine.centres").unwrap();
    let fresh = MobileAnoNet::with_heads(super::loop_behaviour::SEGMENT, &heads, DeviceChoice::Cpu, plan.seed).unwrap();
    let fresh = fresh.weights().unwrap();
    let drawn = fresh.iter().find(|tensor| tensor.name == "head.machine.centres").unwrap();
    assert_ne!(drawn.values, moved.values, "the centres are learned");
}

#[test]
fn both_processor_backends_learn_several_heads_alike() {
    let train = |device| {
        let mut watcher = Watcher::default();
        weights_after(&heads(LossChoice::Both), &plan(2, device), None, &mut watcher).unwrap();
        watcher.epochs
    };
    let (flex, ndarray) = (train(DeviceChoice::Cpu), train(DeviceChoice::Ndarray));
    for (a, b) in flex.iter().zip(&ndarray) {
        assert!((a.train_loss / b.train_loss - 1.0).abs() < 1e-3, "{a:?} {b:?}");
    }
}

/// Twelve clips of 2.2 s of each of two machines. The fan runs at two speeds, but one clip does not say so; one clip's speed is
/// nobody else's. The pump has one speed.
fn clips(folder: &Path) -> Vec<TrainingClip> {
    let mut clips = Vec::new();
    for (machine_idx, machine) in ["fan", "pump"].into_iter().enumerate() {
        for take in 0..12 {
            let file = folder.join(format!("{machine}_{take}.wav"));
            let frequency_hz = 100.0 * (1 + machine_idx) as f32 + 40.0 * (take % 2) as f32;
            write(&file, &hum(frequency_hz, 2.2, (20 * machine_idx + take) as u64));
            let speed = match (machine, take) {
                ("fan", 0) => None,
                ("fan", 1) => Some("7"),
                ("fan", _) => Some(if take % 2 == 0 { "1" } else { "2" }),
                _ => Some("1"),
            };
            let attributes = speed.map(|speed| Attribute {
                name: "spd".to_owned(),
                value: speed.to_owned(),
            });
            clips.push(TrainingClip {
                is_target: false,
                file,
                channel: ChannelChoice::default(),
                group: group(machine, "00"),
                attributes: attributes.into_iter().collect(),
            });
        }
    }
    clips
}

fn config(own: MobileAnoNetConfig) -> TrainingConfig {
    TrainingConfig {
        n_epochs: 1,
        batch_size: 8,
        segments_per_clip: 1,
        mobileanonet: own,
        ..TrainingConfig::published(Recipe::MobileAnoNet)
    }
}

#[test]
fn an_extractor_is_trained_by_what_its_clips_say_and_sees_a_clip_alike_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let clips = clips(folder.path());
    let own = MobileAnoNetConfig {
        input: SegmentInput::LogClip,
        averaging: ConditionAveraging::Heads,
        has_fixed_segments: true,
        ..MobileAnoNetConfig::default()
    };
    let run_dir = folder.path().join("run");
    let mut watcher = Watcher::default();
    let extractor = extractors::train(&config(own.clone()), &clips, &run_dir, &mut watcher).unwrap();
    let log = watcher.log.join("\n");
    assert!(log.contains("2 machine classes: fan 00, pump 00"), "{log}");
    assert!(log.contains("1 working conditions: fan 00 spd ("), "{log}");
    assert!(log.contains("input log-clip: each clip is scaled by itself"), "{log}");
    let epoch = &watcher.epochs[0];
    assert!(figure(epoch, "condition loss", false).is_some());
    assert!(figure(epoch, "distance ratio", true).is_some(), "{epoch:?}");
    assert!(epoch.validation_accuracy.is_some());

    extractor.save(&run_dir).unwrap();
    let opened = extractors::load(&config(own.clone()), &run_dir).unwrap();
    let clip = read_clip(&clips[0].file, ChannelChoice::default()).unwrap();
    let embedding = extractor.embed(&clip, &clips[0].group).unwrap();
    assert_eq!(opened.embed(&clip, &clips[0].group).unwrap(), embedding);
    // A louder clip is the same clip to this input, and another one to the input that keeps levels.
    let mut loud = clip.clone();
    loud.samples.iter_mut().for_each(|sample| *sample *= 1.5);
    let distance = |extractor: &dyn extractors::Extractor| {
        let [a, b] = [&clip, &loud].map(|clip| extractor.embed(clip, &clips[0].group).unwrap().values);
        a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    let fixed = MobileAnoNetConfig {
        input: SegmentInput::LogFixed,
        ..own.clone()
    };
    let by_level = extractors::load(&config(fixed), &run_dir).unwrap();
    let (without, with) = (distance(&*opened), distance(&*by_level));
    assert!(without < 0.02 * with, "{without} {with}");

    // Another setting is another training.
    let other = MobileAnoNetConfig {
        averaging: ConditionAveraging::Examples,
        ..own
    };
    let mut watcher = Watcher::default();
    extractors::train(&config(other), &clips, &run_dir, &mut watcher).unwrap();
    assert!(watcher.log.iter().any(|line| line.contains("another configuration")));
}

#[test]
fn what_has_nothing_to_tell_apart_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut clips = clips(folder.path());
    let by_conditions = config(MobileAnoNetConfig {
        loss: LossChoice::Condition,
        ..MobileAnoNetConfig::default()
    });
    // One machine will do where its conditions are what is learned.
    let fans: Vec<TrainingClip> = clips.iter().filter(|clip| clip.group.machine == "fan").cloned().collect();
    let mut watcher = Watcher::default();
    extractors::train(&by_conditions, &fans, folder.path(), &mut watcher).unwrap();
    assert_eq!(watcher.epochs[0].validation_accuracy, None);
    assert!(figure(&watcher.epochs[0], "condition loss", true).is_some());

    clips.retain(|clip| clip.group.machine == "pump");
    let outcome = extractors::train(&by_conditions, &clips, folder.path(), &mut Watcher::default());
    let error = outcome.err().unwrap();
    assert!(matches!(error, ExtractorError::NoConditions), "{error}");
}
