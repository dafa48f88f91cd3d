//! The graphics card computes and trains as the processor does; where there is none, that is said, and the processor works on.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use auscult::nn::{
    DenseAutoencoder, DeviceChoice, Examples, MobileAnoNet, NamedTensor, SegmentShape, TrainingError, TrainingPlan,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::loop_behaviour::{Kind, Memory, SEGMENT, plan, weights_after};
use super::numbers::largest_difference;
use super::watcher::Watcher;

/// Says in the child process of the last test that it is the child.
const CHILD: &str = "AUSCULT_TEST_WITHOUT_CARD";

/// Whether there is a card, or a driver that plays one. Where there is none the test is passed over, and says so even where
/// the output of tests is caught.
fn has_card() -> bool {
    let opened = DenseAutoencoder::new(4, DeviceChoice::Gpu, 0);
    if let Err(error) = &opened {
        writeln!(std::io::stderr(), "SKIPPED: {error}").ok();
    }
    opened.is_ok()
}

fn wave(n_values: usize) -> Vec<f32> {
    (0..n_values)
        .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
        .collect()
}

#[test]
fn forward_passes_agree() {
    if !has_card() {
        return;
    }
    // Trained a little, so that batch norms have statistics of their own.
    let trained = |kind| weights_after(kind, &plan(1, DeviceChoice::Cpu), None, &mut Watcher::default()).unwrap();
    let nowhere = Path::new("memory");

    let weights = trained(Kind::Autoencoder);
    let redrawn = [DeviceChoice::Cpu, DeviceChoice::Gpu].map(|device| {
        let fresh = DenseAutoencoder::new(40, device, 0).unwrap();
        let network = fresh.with_weights(&weights, nowhere).unwrap();
        network.reconstruct(wave(40 * 33)).unwrap()
    });
    let codes = largest_difference(&redrawn[0].codes, &redrawn[1].codes);
    let errors = largest_difference(&redrawn[0].errors, &redrawn[1].errors);

    let weights = trained(Kind::MobileAnoNet);
    let embedded = [DeviceChoice::Cpu, DeviceChoice::Gpu].map(|device| {
        let network = MobileAnoNet::from_weights(SEGMENT, device, &weights, nowhere).unwrap();
        network.embed(&wave(5 * SEGMENT.n_values())).unwrap()
    });
    let embeddings = largest_difference(&embedded[0], &embedded[1]);
    println!("codes {codes:.1e}, errors {errors:.1e}, embeddings {embeddings:.1e}");
    assert!(codes < 1e-4 && errors < 1e-4 && embeddings < 1e-4);
    assert!(embedded[0].iter().any(|value| value.abs() > 0.1), "something was computed");
}

#[test]
fn it_trains_as_the_processor_does() {
    if !has_card() {
        return;
    }
    for kind in [Kind::Autoencoder, Kind::MobileAnoNet] {
        let [start, cpu, gpu] =
            [(0, DeviceChoice::Cpu), (2, DeviceChoice::Cpu), (2, DeviceChoice::Gpu)].map(|(n_epochs, device)| {
                let mut watcher = Watcher::default();
                let weights = weights_after(kind, &plan(n_epochs, device), None, &mut watcher).unwrap();
                (weights, watcher.epochs)
            });
        for (a, b) in cpu.1.iter().zip(&gpu.1) {
            println!("{kind:?}: loss {} and {}", a.train_loss, b.train_loss);
            assert!(
                (a.train_loss - b.train_loss).abs() < 1e-3 * a.train_loss,
                "{kind:?}: {a:?} {b:?}"
            );
        }
        // Adam divides each gradient by its own size, so that rounding tells in the smallest ones: the way that all weights
        // have gone together is compared.
        let apart = distance(&cpu.0, &gpu.0) / distance(&start.0, &cpu.0);
        println!("{kind:?}: {apart:.1e} of the way apart");
        assert!(apart < 0.02, "{kind:?}: {apart}");
    }
}

/// Euclidean, over all tensors.
fn distance(a: &[NamedTensor], b: &[NamedTensor]) -> f64 {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.values.iter().zip(&b.values));
    pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn a_training_on_the_card_is_resumed() {
    if !has_card() {
        return;
    }
    for kind in [Kind::Autoencoder, Kind::MobileAnoNet] {
        let (uninterrupted, resumed) = interrupted(kind, &plan(4, DeviceChoice::Gpu));
        let apart = distance(&uninterrupted, &resumed);
        println!("{kind:?}: {apart:.1e} apart");
        assert!(apart < 1e-4, "{kind:?}: {apart}");
    }
}

/// A software driver that cuts long loops short knows a part of such a batch only, which looks like a training.
#[test]
fn a_large_batch_is_learned_as_on_the_processor_or_refused() {
    if !has_card() {
        return;
    }
    let train = |device| {
        let segment = SegmentShape::PUBLISHED;
        let mut noise = ChaCha8Rng::seed_from_u64(1);
        let mut one = |i: u32| {
            let level = 0.2 + 0.1 * (i % 7) as f32;
            (
                (0..segment.n_values()).map(|_| noise.random_range(0.0..level)).collect(),
                i % 2,
            )
        };
        let mut segments = Memory::of((0..32).map(&mut one).collect());
        let examples = Examples {
            train: &mut segments,
            held_out: None,
            label_free: None,
        };
        let plan = TrainingPlan {
            batch_size: 32,
            ..plan(1, device)
        };
        let mut watcher = Watcher::default();
        let network = MobileAnoNet::new(segment, 2, device, 7).unwrap();
        network
            .train(&plan, examples, None, &mut watcher)
            .map(|_| watcher.epochs[0].train_loss)
    };
    match train(DeviceChoice::Gpu) {
        Ok(loss) => {
            let expected = train(DeviceChoice::Cpu).unwrap();
            assert!((loss - expected).abs() < 1e-3 * expected, "{loss} and {expected}");
        }
        Err(error) => {
            println!("{error}");
            assert!(error.to_string().contains("the processor one of"), "{error}");
        }
    }
}

/// The weights of a training, and of the same one stopped in its third epoch and resumed from its checkpoint.
fn interrupted(kind: Kind, plan: &TrainingPlan) -> (Vec<NamedTensor>, Vec<NamedTensor>) {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = folder.path().join("checkpoint.safetensors");
    let mut watcher = Watcher::default();
    let uninterrupted = weights_after(kind, plan, None, &mut watcher).unwrap();
    let mut stopped = Watcher {
        steps_left: Some(watcher.steps.len() / 2 + 2),
        ..Watcher::default()
    };
    let outcome = weights_after(kind, plan, Some(&checkpoint), &mut stopped);
    assert!(matches!(outcome, Err(TrainingError::Cancelled(_))), "{outcome:?}");
    let mut watcher = Watcher::default();
    let resumed = weights_after(kind, plan, Some(&checkpoint), &mut watcher).unwrap();
    assert!(watcher.log[0].contains("resuming after epoch 2"), "{:?}", watcher.log);
    (uninterrupted, resumed)
}

/// In a process of its own that finds no driver, since a card that was once found stays open.
#[test]
fn without_a_card_that_is_said_and_the_processor_works_on() {
    if std::env::var_os(CHILD).is_some() {
        return without_a_card();
    }
    let nowhere = "/nowhere/driver.json";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("graphics_card::without_a_card_that_is_said_and_the_processor_works_on")
        .env(CHILD, "1")
        .envs(["VK_ICD_FILENAMES", "VK_DRIVER_FILES", "__EGL_VENDOR_LIBRARY_FILENAMES"].map(|name| (name, nowhere)))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

fn without_a_card() {
    let is_said = |outcome: Result<Vec<NamedTensor>, TrainingError>| match outcome {
        Err(TrainingError::Device { reason }) => assert!(reason.contains("no graphics card"), "{reason}"),
        other => panic!("{other:?}"),
    };
    for kind in [Kind::Autoencoder, Kind::MobileAnoNet] {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = folder.path().join("checkpoint.safetensors");
        is_said(weights_after(
            kind,
            &plan(1, DeviceChoice::Gpu),
            Some(&checkpoint),
            &mut Watcher::default(),
        ));
        is_said(weights_after(
            kind,
            &plan(1, DeviceChoice::Gpu),
            Some(&checkpoint),
            &mut Watcher::default(),
        ));
        let (uninterrupted, resumed) = interrupted(kind, &plan(4, DeviceChoice::Cpu));
        assert_eq!(uninterrupted, resumed, "{kind:?}");
    }
}
