//! Networks as they leave compute what the networks that stay compute.

use auscult::export::Graph;
use auscult::nn::{CaeMcs, DenseAutoencoder, DeviceChoice, MobileAnoNet};

use super::loop_behaviour::{Kind, SEGMENT, plan, weights_after};
use super::watcher::Watcher;

fn wave(n_values: usize) -> Vec<f32> {
    (0..n_values)
        .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
        .collect()
}

fn assert_same(graph: &Graph, input: &[f32], expected: &[f32]) {
    let found = graph.run(input);
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-4 * largest,
            "{found} {expected}, the largest is {largest}"
        );
    }
}

/// Trained a little, so that batch norms have statistics of their own.
fn weights_of(kind: Kind) -> Vec<auscult::nn::NamedTensor> {
    weights_after(kind, &plan(1, DeviceChoice::Cpu), None, &mut Watcher::default()).unwrap()
}

#[test]
fn a_dense_autoencoder_leaves_whole() {
    let fresh = DenseAutoencoder::new(40, DeviceChoice::Cpu, 0).unwrap();
    let network = fresh.with_weights(&weights_of(Kind::Autoencoder), "memory".as_ref()).unwrap();
    let (graph, row) = (network.graph("net").unwrap(), wave(40));
    let found = network.reconstruct(row.clone()).unwrap();
    assert!((graph.score(&row) - f64::from(found.errors[0])).abs() < 1e-5 * f64::from(found.errors[0]));
}

#[test]
fn mobileanonet_leaves_without_its_heads() {
    let weights = weights_of(Kind::MobileAnoNet);
    let network = MobileAnoNet::from_weights(SEGMENT, DeviceChoice::Cpu, &weights, "memory".as_ref()).unwrap();
    let (graph, segment) = (network.graph("net").unwrap(), wave(SEGMENT.n_values()));
    assert_same(&graph, &segment, &network.embed(&segment).unwrap());
}

#[test]
fn cae_mcs_leaves_whole() {
    let network = CaeMcs::new(DeviceChoice::Cpu, 4).unwrap();
    let (graph, window) = (network.graph("net").unwrap(), wave(CaeMcs::WINDOW_LEN));
    assert_same(&graph, &window, &network.reconstruct(&window).unwrap());
}
