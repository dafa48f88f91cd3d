//! CAE-MCS against PyTorch, and the processor's kernels against burn's layers.

use std::path::Path;

use auscult::nn::{CaeMcs, DeviceChoice, NamedTensor};

use super::numbers::largest_difference;

/// The numbers of `tests/data/networks/cae_mcs.py`.
pub(super) fn numbers(n: usize, tensor_idx: usize) -> Vec<f32> {
    let x = (0..n as u64).map(|idx| (idx * 2_654_435_761 + 40_503 * tensor_idx as u64) % (1 << 32));
    x.map(|x| (x as f64 * (2.0 / f64::from(1 << 16) / f64::from(1 << 16)) - 1.0) as f32)
        .collect()
}

fn reference_weights() -> Vec<NamedTensor> {
    let mut tensors = CaeMcs::new(DeviceChoice::Cpu, 0).unwrap().weights().unwrap();
    for (idx, tensor) in tensors.iter_mut().enumerate() {
        // PyTorch's dense layer is `[out, in]`.
        let is_dense = tensor.shape.len() == 2;
        let from = numbers(tensor.values.len(), idx);
        let bound = match tensor.shape[..] {
            [a, b, ref kernel @ ..] => (6.0 / ((a + b) * kernel.iter().product::<usize>()) as f64).sqrt(),
            _ => 0.1,
        };
        for (i, value) in tensor.values.iter_mut().enumerate() {
            let at = if is_dense {
                let [n_in, n_out] = tensor.shape[..] else { panic!("a matrix") };
                i % n_out * n_in + i / n_out
            } else {
                i
            };
            *value = match tensor.name.rsplit('.').next().unwrap() {
                "running_var" => 0.1 + 0.04 * (from[at] + 1.0),
                "gamma" => 1.0 + 0.1 * from[at],
                _ => (f64::from(from[at]) * bound) as f32,
            };
        }
    }
    tensors
}

#[test]
fn cae_mcs_equals_pytorch_on_every_device() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/networks/cae_mcs.json");
    let expected: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let weights = reference_weights();
    let windows = numbers(3 * CaeMcs::WINDOW_LEN, weights.len());
    for device in [DeviceChoice::Cpu, DeviceChoice::Ndarray] {
        let network = CaeMcs::from_weights(device, &weights, Path::new("reference")).unwrap();
        assert_eq!(network.n_parameters() as u64, expected["n_parameters"].as_u64().unwrap());
        let errors = network.errors(&windows).unwrap();
        let expected_errors: Vec<f32> = serde_json::from_value(expected["mean_squared_errors"].clone()).unwrap();
        assert!(
            largest_difference(&errors, &expected_errors) < 1e-5,
            "{errors:?} {expected_errors:?}"
        );
        let reconstructions = network.reconstruct(&windows).unwrap();
        let expected: Vec<Vec<f32>> = serde_json::from_value(expected["reconstructions"].clone()).unwrap();
        for (window, expected) in reconstructions.chunks(CaeMcs::WINDOW_LEN).zip(expected) {
            let sampled: Vec<f32> = window.iter().step_by(61).copied().collect();
            let worst = largest_difference(&sampled, &expected);
            println!("{}: largest difference from PyTorch {worst:e}", device.name());
            assert!(worst < 1e-4, "{}: {worst}", device.name());
        }
    }
}

#[test]
fn the_kernels_give_what_the_layers_give_for_any_number_of_windows() {
    let weights = reference_weights();
    let kernels = CaeMcs::from_weights(DeviceChoice::Cpu, &weights, Path::new("reference")).unwrap();
    let layers = CaeMcs::from_weights(DeviceChoice::Ndarray, &weights, Path::new("reference")).unwrap();
    let windows = numbers(9 * CaeMcs::WINDOW_LEN, 7);
    let expected = layers.reconstruct(&windows).unwrap();
    for n_windows in [0, 1, 4, 9] {
        let len = n_windows * CaeMcs::WINDOW_LEN;
        // Twice, because the second run takes the maps of the first.
        for _ in 0..2 {
            let worst = largest_difference(&kernels.reconstruct(&windows[..len]).unwrap(), &expected[..len]);
            assert!(worst < 1e-4, "{n_windows}: {worst}");
            let (of_kernels, of_layers) = (
                kernels.codes_and_errors(&windows[..len]).unwrap(),
                layers.codes_and_errors(&windows[..len]).unwrap(),
            );
            assert_eq!(
                (of_kernels.0.len(), of_kernels.1.len()),
                (n_windows * CaeMcs::CODE_LEN, n_windows)
            );
            assert!(of_layers.0.is_empty() || of_layers.0.iter().any(|&code| code.abs() > 0.01));
            assert!(largest_difference(&of_kernels.0, &of_layers.0) < 1e-4);
            assert!(largest_difference(&of_kernels.1, &of_layers.1) < 1e-4);
        }
    }
}
