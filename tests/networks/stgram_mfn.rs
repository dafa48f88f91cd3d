//! STgram-MFN against PyTorch, on stages of the processor and by burn's layers.

use std::path::Path;

use auscult::nn::{AttributeClasses, DeviceChoice, NamedTensor, StgramMfn};

use super::cae_mcs::numbers;
use super::numbers::largest_difference;

fn classes() -> AttributeClasses {
    AttributeClasses {
        sizes: vec![1, 4, 2],
        attributes: vec![vec![true, false], vec![true, true], vec![false, true]],
    }
}

/// The weights of `tests/data/stgram/stgram_mfn.py`, with the dense layers `[in, out]`.
fn reference_weights(n_samples: usize) -> Vec<NamedTensor> {
    let network = StgramMfn::new(n_samples, &classes(), DeviceChoice::Cpu, 0).unwrap();
    let mut tensors = network.weights().unwrap();
    for (idx, tensor) in tensors.iter_mut().enumerate() {
        let from = numbers(tensor.values.len(), idx);
        let scaled = |scale: f32, offset: f32| from.iter().map(|x| offset + scale * x).collect::<Vec<_>>();
        let kernels = |n_inputs: usize| scaled((6.0 / n_inputs as f32).sqrt(), 0.0);
        tensor.values = match (tensor.shape.as_slice(), tensor.name.rsplit('.').next().unwrap()) {
            (&[n_in, n_out], _) => {
                let dense = kernels(n_in);
                (0..n_in * n_out).map(|i| dense[i % n_out * n_in + i / n_out]).collect()
            }
            ([_, kernel @ ..], _) if !kernel.is_empty() => kernels(kernel.iter().product()),
            (_, "running_var") => scaled(0.4, 1.2),
            (_, "gamma") => scaled(0.1, 1.0),
            (_, "alpha") => scaled(0.1, 0.25),
            _ => scaled(0.1, 0.0),
        };
    }
    tensors
}

#[test]
fn stgram_mfn_equals_pytorch_on_every_device() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stgram/stgram_mfn.json");
    let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let count = |name: &str| expected[name].as_u64().unwrap() as usize;
    let n_samples = count("n_samples");
    let published = StgramMfn::new(StgramMfn::N_SAMPLES, &classes(), DeviceChoice::Cpu, 0).unwrap();
    assert_eq!(published.n_parameters(), count("n_parameters_10_s"));

    let weights = reference_weights(n_samples);
    let example = numbers(StgramMfn::example_len(n_samples), weights.len());
    for device in [DeviceChoice::Cpu, DeviceChoice::Ndarray] {
        let network = StgramMfn::new(n_samples, &classes(), device, 0).unwrap();
        let network = network.with_weights(&weights, Path::new("reference")).unwrap();
        assert_eq!(network.n_parameters(), count("n_parameters"));
        let classified = network.classify(example.clone()).unwrap();
        let embedding: Vec<f32> = serde_json::from_value(expected["embedding"].clone()).unwrap();
        let worst = largest_difference(&classified.embedding, &embedding);
        let probabilities: Vec<f64> = serde_json::from_value(expected["probabilities"].clone()).unwrap();
        let pairs = classified.probabilities.iter().zip(&probabilities);
        let worst_probability = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!(
            "{}: largest difference from PyTorch {worst:e}, of probabilities {worst_probability:e}",
            device.name()
        );
        assert!(worst < 1e-4 && worst_probability < 1e-4, "{}", device.name());
    }
}
