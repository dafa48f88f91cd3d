//! Training falls, repeats itself, can be stopped and resumed, and says when it fails.

use std::path::Path;

use auscult::nn::{
    Batch, DenseAutoencoder, DeviceChoice, EarlyStop, ExampleSource, Examples, MobileAnoNet, NamedTensor, SegmentShape,
    TrainingError, TrainingPlan,
};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::watcher::Watcher;

pub(crate) const SEGMENT: SegmentShape = SegmentShape {
    n_bins: 33,
    n_frames: 16,
};

/// Examples in memory, in another order each epoch.
pub(crate) struct Memory {
    examples: Vec<(Vec<f32>, u32)>,
    order: Vec<usize>,
}

impl Memory {
    /// Rows on a plane of 3 dimensions, bent: something that a code of 8 can hold.
    fn rows(n_rows: usize, n_inputs: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let row = |rng: &mut ChaCha8Rng| {
            let [a, b, c] = std::array::from_fn(|_| rng.random_range(-1.0f32..1.0));
            let value = |i: usize| (a * i as f32 * 0.3).sin() + b * (i as f32 * 0.2).cos() + c;
            ((0..n_inputs).map(value).collect(), 0)
        };
        Self::of((0..n_rows).map(|_| row(&mut rng)).collect())
    }

    /// Noise with one louder band of bins, another for each class.
    fn segments(n_segments: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let segment = |rng: &mut ChaCha8Rng, class: usize| {
            let is_loud = |bin: usize| bin / 11 == class;
            (0..SEGMENT.n_values())
                .map(|i| rng.random_range(0.0..0.5) + if is_loud(i / SEGMENT.n_frames) { 0.5 } else { 0.0 })
                .collect()
        };
        let one = |i: usize| (segment(&mut rng, i % 3), (i % 3) as u32);
        Self::of((0..n_segments).map(one).collect())
    }

    pub(crate) fn of(examples: Vec<(Vec<f32>, u32)>) -> Self {
        Self {
            examples,
            order: Vec::new(),
        }
    }
}

impl ExampleSource for Memory {
    fn n_examples(&self) -> usize {
        self.examples.len()
    }

    fn begin_epoch(&mut self, seed: u64) {
        self.order = (0..self.examples.len()).collect();
        self.order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    }

    fn next_batch(&mut self, batch_size: usize) -> Result<Batch, TrainingError> {
        let mut batch = Batch::default();
        for index in self.order.drain(..batch_size.min(self.order.len())) {
            let (input, class) = &self.examples[index];
            batch.inputs.extend(input);
            batch.classes.push(*class);
        }
        Ok(batch)
    }
}

pub(crate) fn plan(n_epochs: usize, device: DeviceChoice) -> TrainingPlan {
    TrainingPlan {
        network: "fan".to_owned(),
        n_epochs,
        batch_size: 16,
        learning_rate: 1e-3,
        learning_rate_decay: 0.8,
        weight_decay: 1e-4,
        seed: 3,
        device,
        early_stop: None,
        data: "test".to_owned(),
    }
}

/// Which network a check is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Autoencoder,
    MobileAnoNet,
}

/// Trains a small network of this kind and gives its weights.
pub(crate) fn weights_after(
    kind: Kind,
    plan: &TrainingPlan,
    checkpoint: Option<&Path>,
    watcher: &mut Watcher,
) -> Result<Vec<NamedTensor>, TrainingError> {
    match kind {
        Kind::Autoencoder => {
            let (mut train, mut held_out) = (Memory::rows(72, 40, 1), Memory::rows(16, 40, 2));
            let examples = Examples {
                train: &mut train,
                held_out: Some(&mut held_out),
                label_free: None,
            };
            let network = DenseAutoencoder::new(40, plan.device, plan.seed)?;
            network.train(plan, examples, checkpoint, watcher)?.weights()
        }
        Kind::MobileAnoNet => {
            let (mut train, mut held_out) = (Memory::segments(36, 1), Memory::segments(18, 2));
            let examples = Examples {
                train: &mut train,
                held_out: Some(&mut held_out),
                label_free: None,
            };
            let network = MobileAnoNet::new(SEGMENT, 3, plan.device, plan.seed)?;
            network.train(plan, examples, checkpoint, watcher)?.weights()
        }
    }
}

#[test]
fn the_autoencoder_learns_to_redraw() {
    let mut watcher = Watcher::default();
    let plan = TrainingPlan {
        learning_rate_decay: 1.0,
        weight_decay: 0.0,
        ..plan(60, DeviceChoice::Cpu)
    };
    weights_after(Kind::Autoencoder, &plan, None, &mut watcher).unwrap();
    let (first, last) = (&watcher.epochs[0], &watcher.epochs[59]);
    println!(
        "loss {} -> {}, held out {:?}",
        first.train_loss, last.train_loss, last.validation_loss
    );
    assert!(last.train_loss < 0.1 * first.train_loss);
    // The running statistics are good enough for inference: held-out rows of the same kind are redrawn nearly as well.
    assert!(last.validation_loss.unwrap() < 0.3 * first.train_loss);
    assert_eq!(last.validation_accuracy, None);
    assert_eq!((last.epoch_idx, last.network.as_str()), (59, "fan"));
}

#[test]
fn mobileanonet_learns_to_tell_machines_apart() {
    let mut watcher = Watcher::default();
    let plan = TrainingPlan {
        learning_rate_decay: 1.0,
        ..plan(12, DeviceChoice::Cpu)
    };
    weights_after(Kind::MobileAnoNet, &plan, None, &mut watcher).unwrap();
    let (first, last) = (&watcher.epochs[0], &watcher.epochs[11]);
    println!("{first:?}\n{last:?}");
    assert!(last.train_loss < 0.3 * first.train_loss);
    assert!(last.validation_accuracy.unwrap() > 0.8, "chance is a third");
}

#[test]
fn a_resumed_training_equals_an_uninterrupted_one() {
    for kind in [Kind::Autoencoder, Kind::MobileAnoNet] {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = folder.path().join("checkpoint.safetensors");
        let plan = plan(4, DeviceChoice::Cpu);
        let mut uninterrupted = Watcher::default();
        let expected = weights_after(kind, &plan, None, &mut uninterrupted).unwrap();

        // In the middle of the third epoch.
        let n_steps_an_epoch = uninterrupted.steps.len() / 4;
        let mut stopped = Watcher {
            steps_left: Some(2 * n_steps_an_epoch + 2),
            ..Watcher::default()
        };
        let outcome = weights_after(kind, &plan, Some(&checkpoint), &mut stopped);
        assert!(matches!(outcome, Err(TrainingError::Cancelled(_))));
        assert_eq!(stopped.epochs.len(), 2);
        assert!(checkpoint.is_file());

        let mut resumed = Watcher::default();
        let weights = weights_after(kind, &plan, Some(&checkpoint), &mut resumed).unwrap();
        assert_eq!(weights, expected, "{kind:?}");
        let losses = |watcher: &Watcher| watcher.epochs.iter().map(|epoch| epoch.train_loss).collect::<Vec<_>>();
        assert_eq!(
            losses(&resumed),
            losses(&uninterrupted),
            "the earlier epochs are told of again"
        );
        assert_eq!(resumed.steps[0].0 * 2, resumed.steps[0].1, "it begins half way");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file stays"
        );
    }
}

#[test]
fn a_checkpoint_of_another_plan_or_a_broken_one_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("checkpoint.safetensors");
    let one = plan(1, DeviceChoice::Cpu);
    weights_after(Kind::Autoencoder, &one, Some(&checkpoint), &mut Watcher::default()).unwrap();
    let other = TrainingPlan { seed: 4, ..one.clone() };
    let mut watcher = Watcher::default();
    let weights = weights_after(Kind::Autoencoder, &other, Some(&checkpoint), &mut watcher).unwrap();
    assert_eq!(
        weights,
        weights_after(Kind::Autoencoder, &other, None, &mut Watcher::default()).unwrap()
    );
    assert!(watcher.log[0].contains("another configuration"), "{:?}", watcher.log);

    let whole = std::fs::read(&checkpoint).unwrap();
    for broken in [
        &whole[..whole.len() / 2],
        &whole[..7],
        b"" as &[u8],
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        std::fs::write(&checkpoint, broken).unwrap();
        let mut watcher = Watcher::default();
        assert_eq!(
            weights_after(Kind::Autoencoder, &other, Some(&checkpoint), &mut watcher).unwrap(),
            weights
        );
        assert!(watcher.log[0].contains("begins anew"), "{:?}", watcher.log);
    }
}

#[test]
fn a_training_ends_when_the_held_out_loss_stands_still() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("checkpoint.safetensors");
    // No epoch is better than the first by so much.
    let stopping = TrainingPlan {
        early_stop: Some(EarlyStop {
            patience: 2,
            min_delta: 100.0,
        }),
        ..plan(60, DeviceChoice::Cpu)
    };
    let mut watcher = Watcher::default();
    let weights = weights_after(Kind::Autoencoder, &stopping, Some(&checkpoint), &mut watcher).unwrap();
    assert_eq!(watcher.epochs.len(), 3, "the first, and two to wait");
    assert!(
        watcher.log.iter().any(|line| line.contains("enough after epoch 3 of 60")),
        "{:?}",
        watcher.log
    );
    let (done, total) = *watcher.steps.last().unwrap();
    assert_eq!(done, total, "the bar is full");
    let three = plan(3, DeviceChoice::Cpu);
    assert_eq!(
        weights,
        weights_after(Kind::Autoencoder, &three, None, &mut Watcher::default()).unwrap()
    );
    // Opened again there is nothing left to do.
    let mut again = Watcher::default();
    assert_eq!(
        weights,
        weights_after(Kind::Autoencoder, &stopping, Some(&checkpoint), &mut again).unwrap()
    );
    assert_eq!(again.epochs, watcher.epochs);
    // As long as the loss falls, a training goes on.
    let patient = TrainingPlan {
        early_stop: Some(EarlyStop {
            patience: 2,
            min_delta: 0.0,
        }),
        learning_rate_decay: 1.0,
        ..plan(5, DeviceChoice::Cpu)
    };
    let mut watcher = Watcher::default();
    weights_after(Kind::Autoencoder, &patient, None, &mut watcher).unwrap();
    assert_eq!(watcher.epochs.len(), 5);
}

#[test]
fn the_seed_decides_the_weights() {
    for kind in [Kind::Autoencoder, Kind::MobileAnoNet] {
        let one = plan(1, DeviceChoice::Cpu);
        let train = |plan: &TrainingPlan| weights_after(kind, plan, None, &mut Watcher::default()).unwrap();
        assert_eq!(train(&one), train(&one), "{kind:?}");
        assert_ne!(train(&one), train(&TrainingPlan { seed: 4, ..one.clone() }), "{kind:?}");
    }
}

#[test]
fn both_processor_backends_train_alike() {
    for kind in [Kind::Autoencoder, Kind::MobileAnoNet] {
        let train = |device| {
            let mut watcher = Watcher::default();
            weights_after(kind, &plan(2, device), None, &mut watcher).unwrap();
            watcher.epochs
        };
        let (flex, ndarray) = (train(DeviceChoice::Cpu), train(DeviceChoice::Ndarray));
        for (a, b) in flex.iter().zip(&ndarray) {
            println!("{kind:?}: {} and {}", a.train_loss, b.train_loss);
            assert!(
                (a.train_loss - b.train_loss).abs() < 1e-3 * a.train_loss,
                "{kind:?}: {a:?} {b:?}"
            );
        }
    }
}

#[test]
fn failures_are_told() {
    let wild = TrainingPlan {
        learning_rate: 1e30,
        ..plan(3, DeviceChoice::Cpu)
    };
    let outcome = weights_after(Kind::Autoencoder, &wild, None, &mut Watcher::default());
    assert!(matches!(outcome, Err(TrainingError::Diverged { .. })), "{outcome:?}");

    let network = DenseAutoencoder::new(40, DeviceChoice::Cpu, 0).unwrap();
    let mut single = Memory::rows(1, 40, 1);
    let examples = Examples {
        train: &mut single,
        held_out: None,
        label_free: None,
    };
    let outcome = network.train(&plan(1, DeviceChoice::Cpu), examples, None, &mut Watcher::default());
    assert!(matches!(outcome, Err(TrainingError::TooFewExamples { found: 1 })));

    if !DeviceChoice::available().contains(&DeviceChoice::Gpu) {
        let outcome = DenseAutoencoder::new(40, DeviceChoice::Gpu, 0);
        assert!(matches!(outcome, Err(TrainingError::NoDevice { device: "gpu" })));
    }
}
