//! The same numbers as PyTorch and Keras on the same weights and input.

use std::path::Path;

use auscult::nn::{DenseAutoencoder, DeviceChoice, EMBEDDING_LEN, MobileAnoNet, NamedTensor, SegmentShape};

use super::hdf5::Hdf5;
use super::shared::shared;

fn read_floats(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

#[test]
fn the_networks_have_the_published_sizes() {
    let autoencoder = DenseAutoencoder::new(640, DeviceChoice::Cpu, 0).unwrap();
    assert_eq!(autoencoder.n_parameters(), 267_928);
    let network = MobileAnoNet::new(SegmentShape::PUBLISHED, 14, DeviceChoice::Cpu, 0).unwrap();
    assert_eq!(network.n_parameters(), 101_312);
    // Table I of the paper prints the kernel of a 192-frame segment, 65 x 12.
    let long = SegmentShape {
        n_bins: 1025,
        n_frames: 192,
    };
    let network = MobileAnoNet::new(long, 14, DeviceChoice::Cpu, 0).unwrap();
    assert_eq!(network.n_parameters(), 167_872);
}

#[test]
fn mobileanonet_equals_pytorch() {
    let Some(folder) = shared("reference/mobileanonet_forward") else {
        return;
    };
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let weights = read_floats(&folder.join("weights_f32.bin"));
    let input = read_floats(&folder.join("input_1x1025x64_f32.bin"));
    let expected = read_floats(&folder.join("expected_embedding_128_f32.bin"));
    for device in [DeviceChoice::Cpu, DeviceChoice::Ndarray] {
        let fresh = MobileAnoNet::new(SegmentShape::PUBLISHED, 2, device, 0).unwrap();
        let mut tensors = fresh.weights().unwrap();
        let listed = manifest["tensors"].as_array().unwrap();
        let n_of_heads = tensors.iter().filter(|tensor| tensor.name.starts_with("head.")).count();
        assert_eq!(
            listed.len(),
            tensors.len() - n_of_heads,
            "all tensors but those of the classifiers"
        );
        for (tensor, listed) in tensors.iter_mut().zip(listed) {
            let shape: Vec<usize> = serde_json::from_value(listed["shape"].clone()).unwrap();
            assert_eq!(tensor.shape, shape, "{} is {}", tensor.name, listed["name"]);
            let start = listed["offset_floats"].as_u64().unwrap() as usize;
            let len = tensor.values.len();
            tensor.values.copy_from_slice(&weights[start..start + len]);
        }
        let network = MobileAnoNet::from_weights(SegmentShape::PUBLISHED, device, &tensors, Path::new("reference")).unwrap();
        // Twice in a batch, so that a mistake between examples shows too.
        let embeddings = network.embed(&[input.clone(), input.clone()].concat()).unwrap();
        assert_eq!(embeddings.len(), 2 * EMBEDDING_LEN);
        let worst = embeddings
            .iter()
            .zip(expected.iter().chain(&expected))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        println!("{}: largest difference from PyTorch {worst:e}", device.name());
        assert!(worst < 1e-4, "{}: {worst}", device.name());
    }
}

#[test]
fn the_dense_autoencoder_equals_keras() {
    let Some(folder) = shared("evaluator/mlperf_tiny_toycar") else {
        return;
    };
    let file = std::fs::read(folder.join("ad01.h5")).unwrap();
    let file = Hdf5(&file);
    let log_mel = read_floats(&folder.join("normal_id_01_00000000_hist_librosa.bin"));
    let rows: Vec<f32> = log_mel.windows(5 * 128).step_by(128).flatten().copied().collect();
    assert_eq!(rows.len(), 196 * 640);
    for device in [DeviceChoice::Cpu, DeviceChoice::Ndarray] {
        let fresh = DenseAutoencoder::new(640, device, 0).unwrap();
        let mut tensors = fresh.weights().unwrap();
        for tensor in &mut tensors {
            tensor.values = file.dataset(&keras_name(tensor));
        }
        let network = fresh.with_weights(&tensors, Path::new("ad01.h5")).unwrap();
        let errors = network.reconstruct(rows.clone()).unwrap().errors;
        let mean = errors.iter().map(|&error| f64::from(error)).sum::<f64>() / errors.len() as f64;
        println!("{}: mean squared error {mean:.6}, Keras 9.491293", device.name());
        assert!((mean - 9.491_293).abs() < 1e-3, "{}: {mean}", device.name());
    }
}

/// `hidden.3.norm.gamma` is `model_weights/batch_normalization_3/batch_normalization_3/gamma:0` in Keras.
fn keras_name(tensor: &NamedTensor) -> String {
    let parts: Vec<&str> = tensor.name.split('.').collect();
    let (layer_idx, kind, leaf) = match parts[..] {
        ["hidden", layer_idx, kind, leaf] => (layer_idx.parse::<usize>().unwrap(), kind, leaf),
        ["output", leaf] => (9, "linear", leaf),
        _ => panic!("unexpected tensor {}", tensor.name),
    };
    let layer = if kind == "linear" { "dense" } else { "batch_normalization" };
    let layer = if layer_idx == 0 {
        layer.to_owned()
    } else {
        format!("{layer}_{layer_idx}")
    };
    let leaf = match leaf {
        "weight" => "kernel:0",
        "bias" => "bias:0",
        "gamma" => "gamma:0",
        "beta" => "beta:0",
        "running_mean" => "moving_mean:0",
        "running_var" => "moving_variance:0",
        _ => panic!("unexpected tensor {}", tensor.name),
    };
    format!("model_weights/{layer}/{layer}/{leaf}")
}
