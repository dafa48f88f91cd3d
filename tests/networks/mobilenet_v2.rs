//! MobileNetV2 against Keras' layers in PyTorch, and the processor's stages against burn's layers.

use std::path::Path;

use auscult::nn::{DeviceChoice, MobileNetV2, NamedTensor};

use super::cae_mcs::numbers;
use super::numbers::largest_difference;

const N_CLASSES: usize = 3;

/// The weights of `tests/data/mobilenet_v2/mobilenet_v2.py`, as this network has them: kernels turned, the dense layer `[in, out]`.
fn reference_weights() -> Vec<NamedTensor> {
    let mut tensors = MobileNetV2::new(N_CLASSES, DeviceChoice::Cpu, 0).unwrap().weights().unwrap();
    for (idx, tensor) in tensors.iter_mut().enumerate() {
        let from = numbers(tensor.values.len(), idx);
        let scaled = |scale: f32, offset: f32| from.iter().map(|x| offset + scale * x).collect::<Vec<_>>();
        tensor.values = match (tensor.shape.as_slice(), tensor.name.rsplit('.').next().unwrap()) {
            (&[_, inputs, height, width], _) => {
                let mut kernels = scaled(1.2 * (6.0 / (inputs * height * width) as f32).sqrt(), 0.0);
                kernels.chunks_exact_mut(height * width).for_each(<[f32]>::reverse);
                kernels
            }
            (&[n_in, n_out], _) => {
                let dense = scaled(0.2, 0.0);
                (0..n_in * n_out).map(|i| dense[i % n_out * n_in + i / n_out]).collect()
            }
            (_, "running_var") => scaled(0.4, 1.2),
            (_, "gamma") => scaled(0.1, 1.0),
            _ => scaled(0.1, 0.0),
        };
    }
    tensors
}

#[test]
fn mobilenet_v2_equals_kerass_layers_on_every_device() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mobilenet_v2/mobilenet_v2.json");
    let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let weights = reference_weights();
    let n_without_head: usize = weights.iter().map(|tensor| tensor.values.len()).sum::<usize>() - 1281 * N_CLASSES;
    assert_eq!(n_without_head as u64, expected["n_without_head"].as_u64().unwrap());
    assert_eq!(n_without_head, 706_224, "what Keras counts");

    let starts: Vec<usize> = serde_json::from_value(expected["starts"].clone()).unwrap();
    let n_frames = MobileNetV2::N_FRAMES + starts.iter().max().unwrap();
    let picture: Vec<f32> = numbers(n_frames * MobileNetV2::N_BANDS, weights.len())
        .iter()
        .map(|x| 2.0 * x)
        .collect();
    for device in [DeviceChoice::Cpu, DeviceChoice::Ndarray] {
        let network = MobileNetV2::from_weights(device, &weights, Path::new("reference")).unwrap();
        let classified = network.classify(&picture, &starts).unwrap();
        let sampled: Vec<f32> = classified
            .embeddings
            .chunks(MobileNetV2::EMBEDDING_LEN)
            .flat_map(|embedding| embedding.iter().step_by(13).copied())
            .collect();
        let embeddings: Vec<Vec<f32>> = serde_json::from_value(expected["embeddings"].clone()).unwrap();
        let worst = largest_difference(&sampled, &embeddings.concat());
        let probabilities: Vec<Vec<f64>> = serde_json::from_value(expected["probabilities"].clone()).unwrap();
        let pairs = classified.probabilities.iter().zip(probabilities.iter().flatten());
        let worst_probability = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!(
            "{}: largest difference from PyTorch {worst:e}, of probabilities {worst_probability:e}",
            device.name()
        );
        assert!(worst < 1e-4 && worst_probability < 1e-4, "{}", device.name());
    }
}
