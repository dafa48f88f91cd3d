//! Networks that are built from genomes: what they cost is known before, and what leaves computes the same.

use std::path::Path;

use auscult::exploration::{Genome, N_BANDS, N_FRAMES, Operation};
use auscult::nn::{DeviceChoice, Examples, OutlierNet, TrainingPlan};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::loop_behaviour::Memory;
use super::numbers::largest_difference;
use super::watcher::Watcher;

fn windows(n: usize) -> Vec<f32> {
    let value = |i: usize| {
        let (window, frame, band) = (i / OutlierNet::WINDOW_LEN, i / N_BANDS % N_FRAMES, i % N_BANDS);
        (band as f32 * 0.09 + window as f32).sin() * (frame as f32 * 0.17).cos()
    };
    (0..n * OutlierNet::WINDOW_LEN).map(value).collect()
}

/// A network that has learned a little, so that its norms have statistics of their own.
fn trained(genome: &Genome, n_epochs: usize) -> OutlierNet {
    let fresh = OutlierNet::new(genome, DeviceChoice::Cpu, 3).unwrap();
    let all = windows(24);
    let mut examples = Memory::of(
        all.chunks(OutlierNet::WINDOW_LEN)
            .map(|window| (window.to_vec(), 0))
            .collect(),
    );
    let plan = TrainingPlan {
        network: String::new(),
        n_epochs,
        batch_size: 8,
        learning_rate: 3e-3,
        learning_rate_decay: 1.0,
        weight_decay: 0.0,
        seed: 1,
        device: DeviceChoice::Cpu,
        early_stop: None,
        data: "waves".to_owned(),
    };
    let examples = Examples {
        train: &mut examples,
        held_out: None,
        label_free: None,
    };
    fresh.train(&plan, examples, None, &mut Watcher::default()).unwrap()
}

#[test]
fn costs_are_those_of_the_built_network() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..200 {
        let mut genome = Genome::random(&mut random);
        for _ in 0..random.random_range(0..4) {
            genome = genome.mutated(&mut random);
        }
        let cost = genome.cost();
        let network = OutlierNet::new(&genome, DeviceChoice::Cpu, 0).unwrap();
        assert_eq!(network.n_parameters(), cost.n_trainable, "{genome}");
        let graph = network.graph("net").unwrap();
        assert_eq!(graph.n_parameters(), cost.n_parameters, "{genome}");
        let layers = genome.layers();
        for (at, (node, layer)) in graph.nodes.iter().zip(&layers).enumerate() {
            assert_eq!(node.output.n_values(), layer.output.n_values(), "{genome}, layer {at}");
            assert_eq!(graph.input_of(at).n_values(), layer.input.n_values(), "{genome}, layer {at}");
        }
        // Counted from the weights that leave: each is met once for every pixel, those of a dense layer once.
        let met = graph.nodes.iter().zip(&layers).map(|(node, layer)| match layer.operation {
            Operation::Dense => node.weights.len(),
            _ => node.weights.len() * node.output.height * node.output.width,
        });
        assert_eq!(met.sum::<usize>(), cost.n_multiply_adds, "{genome}");
        let live = (0..graph.nodes.len()).map(|at| graph.input_of(at).n_values() + graph.nodes[at].output.n_values());
        assert_eq!(live.max(), Some(cost.n_live_values), "{genome}");
    }
}

#[test]
fn what_leaves_computes_what_stays_computes() {
    for genome in ["std4/2x2 dw6/1x2 pw3 code5", "dw3/2x1 std4/2x2", "pw2/1x2 code7"] {
        let genome: Genome = genome.parse().unwrap();
        let network = trained(&genome, 2);
        let graph = network.graph("net").unwrap();
        let windows = windows(2);
        let redrawn = network.reconstruct(&windows).unwrap();
        // Burn's own layers, which train it, on another device; here our kernels run it.
        let weights = network.weights().unwrap();
        let by_burn = OutlierNet::from_weights(&genome, DeviceChoice::Ndarray, &weights, Path::new("memory")).unwrap();
        let by_burn = by_burn.reconstruct(&windows).unwrap();
        assert!(largest_difference(&redrawn, &by_burn) < 1e-5, "{genome}");
        for (window, redrawn) in windows
            .chunks(OutlierNet::WINDOW_LEN)
            .zip(redrawn.chunks(OutlierNet::WINDOW_LEN))
        {
            assert!(largest_difference(&graph.run(window), redrawn) < 1e-4, "{genome}");
        }
        let errors = network.errors(&windows).unwrap();
        assert!(
            (graph.score(&windows[..N_FRAMES * N_BANDS]) - f64::from(errors[0])).abs() < 1e-5,
            "{genome}"
        );
    }
}

#[test]
fn a_design_learns_to_redraw_and_its_weights_come_back() {
    let genome: Genome = "std6/2x2 dw8/2x2 code16".parse().unwrap();
    let mean = |network: &OutlierNet| network.errors(&windows(24)).unwrap().iter().sum::<f32>() / 24.0;
    let (little, much) = (trained(&genome, 1), trained(&genome, 60));
    let power = windows(24).iter().map(|x| x * x).sum::<f32>() / windows(24).len() as f32;
    assert!(
        mean(&much) < 0.3 * power,
        "{} of {power}, {} after one epoch",
        mean(&much),
        mean(&little)
    );
    let weights = much.weights().unwrap();
    let again = OutlierNet::from_weights(&genome, DeviceChoice::Cpu, &weights, Path::new("memory")).unwrap();
    assert_eq!(again.errors(&windows(3)).unwrap(), much.errors(&windows(3)).unwrap());
    let other: Genome = "std6/2x2 dw8/2x2 code12".parse().unwrap();
    let refused = OutlierNet::from_weights(&other, DeviceChoice::Cpu, &weights, Path::new("odd.safetensors"));
    assert!(refused.is_err_and(|error| error.to_string().contains("odd.safetensors")));
}
