//! What a design costs: closed forms, exact before anything is built.

use serde::{Deserialize, Serialize};

use super::layers::Layer;

/// The cost of a design as it is deployed: batch norms folded into weights and biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Weights and biases.
    pub n_parameters: usize,
    /// Numbers that are trained: where a batch norm follows, a factor and an offset in place of the bias.
    pub n_trainable: usize,
    /// For one window.
    pub n_multiply_adds: usize,
    /// Values that are alive at once, at most: the input and the output of a layer.
    pub n_live_values: usize,
}

impl Cost {
    pub(super) fn of(layers: &[Layer]) -> Self {
        let n_weights: usize = layers.iter().map(Layer::n_weights).sum();
        let n_biases: usize = layers.iter().map(Layer::n_biases).sum();
        let n_norm: usize = layers
            .iter()
            .filter(|layer| layer.has_norm)
            .map(|layer| layer.output.channels)
            .sum();
        Self {
            n_parameters: n_weights + n_biases,
            n_trainable: n_weights + n_biases + n_norm,
            n_multiply_adds: layers.iter().map(Layer::n_multiply_adds).sum(),
            n_live_values: layers
                .iter()
                .map(|layer| layer.input.n_values() + layer.output.n_values())
                .max()
                .unwrap_or(0),
        }
    }

    /// The size of the model as the paper counts it: four bytes a parameter, 1 KB = 1024 bytes.
    pub fn kilobytes(&self) -> f64 {
        self.n_parameters as f64 * 4.0 / 1024.0
    }

    /// Memory for the values between layers, in float32.
    pub fn peak_kilobytes(&self) -> f64 {
        self.n_live_values as f64 * 4.0 / 1024.0
    }

    /// Two operations a multiply-add, in millions.
    pub fn mflops(&self) -> f64 {
        self.n_multiply_adds as f64 * 2e-6
    }
}
