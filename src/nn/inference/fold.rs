//! Batch norm folded into the layer before it.

use std::collections::BTreeMap;

use crate::nn::NamedTensor;

/// What follows a convolution, channel by channel: `scale · x + shift`, then PReLU with `slope` (1 where there is none)
/// and a ceiling (infinite where there is none).
#[derive(Debug)]
pub(super) struct Affine {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
    pub slope: Vec<f32>,
    pub ceiling: f32,
}

/// Tensors of a trained network by name, and what its batch norms add to variances.
pub(super) struct Tensors<'a> {
    by_name: BTreeMap<&'a str, &'a [f32]>,
    epsilon: f32,
}

impl<'a> Tensors<'a> {
    pub(super) fn new(tensors: &'a [NamedTensor], epsilon: f32) -> Self {
        let by_name = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor.values.as_slice()));
        Self {
            by_name: by_name.collect(),
            epsilon,
        }
    }

    /// The tensor of this name; networks are built of complete sets of weights only.
    pub(super) fn get(&self, name: &str) -> &'a [f32] {
        let found = self.by_name.get(name).copied();
        assert!(found.is_some(), "{name} is a tensor of this network");
        found.unwrap_or_default()
    }

    /// The batch norm `norm` without activation.
    pub(super) fn norm(&self, norm: &str) -> Affine {
        let part = |name: &str| self.get(&format!("{norm}.{name}"));
        let (gamma, beta) = (part("gamma"), part("beta"));
        let (mean, variance) = (part("running_mean"), part("running_var"));
        let scale: Vec<f32> = gamma
            .iter()
            .zip(variance)
            .map(|(gamma, variance)| gamma / (variance + self.epsilon).sqrt())
            .collect();
        let shift = beta.iter().zip(mean).zip(&scale);
        Affine {
            shift: shift.map(|((beta, mean), scale)| beta - mean * scale).collect(),
            slope: vec![1.0; scale.len()],
            ceiling: f32::INFINITY,
            scale,
        }
    }

    /// The batch norm and the PReLU of a block with `.norm` and `.activation`.
    pub(super) fn norm_and_prelu(&self, block: &str) -> Affine {
        Affine {
            slope: self.get(&format!("{block}.activation.alpha")).to_vec(),
            ..self.norm(&format!("{block}.norm"))
        }
    }

    /// The batch norm `norm` and ReLU6.
    pub(super) fn norm_and_relu6(&self, norm: &str) -> Affine {
        let norm = self.norm(norm);
        Affine {
            slope: vec![0.0; norm.scale.len()],
            ceiling: 6.0,
            ..norm
        }
    }
}
