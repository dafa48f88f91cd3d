//! The statistics of a batch norm and their gradients: a few numbers a channel, in double precision.

use super::narrowed;
use crate::nn::kernels::rows::{Activation, NormGradient};

/// What batch norms and activations are the same in, in all of a network.
#[derive(Debug, Clone, Copy)]
pub(in crate::nn) struct NormRule {
    /// Added to variances.
    pub epsilon: f64,
    /// Of the activations: 6 for ReLU6, infinite for PReLU.
    pub ceiling: f32,
}

impl From<f64> for NormRule {
    /// With this epsilon and PReLU.
    fn from(epsilon: f64) -> Self {
        Self {
            epsilon,
            ceiling: f32::INFINITY,
        }
    }
}

/// A batch norm with the statistics of the batch at hand.
pub(super) struct Norm {
    mean: Vec<f64>,
    variance: Vec<f64>,
    inverse_std: Vec<f64>,
    /// Positions that the statistics are of.
    n_positions: f64,
    ceiling: f32,
    /// `h = scale · z + shift`
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

/// Gradients of a batch norm: of its two parameters, and what it takes to find that of its input.
pub(super) struct NormGradients {
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub by_value: Vec<f64>,
    pub constant: Vec<f64>,
    by_value_narrow: Vec<f32>,
    constant_narrow: Vec<f32>,
}

impl Norm {
    /// From the sums `[2, n_channels]` of values and of squares.
    pub(super) fn from_sums(sums: &[f64], n_positions: usize, (gamma, beta): (&[f32], &[f32]), rule: NormRule) -> Self {
        let (sums, squares) = sums.split_at(gamma.len());
        let n = n_positions as f64;
        let mean: Vec<f64> = sums.iter().map(|sum| sum / n).collect();
        let variance = squares.iter().zip(&mean).map(|(square, mean)| square / n - mean * mean);
        let variance = variance.collect();
        Self::new(mean, variance, n_positions, (gamma, beta), rule)
    }

    pub(super) fn new(
        mean: Vec<f64>,
        variance: Vec<f64>,
        n_positions: usize,
        (gamma, beta): (&[f32], &[f32]),
        NormRule { epsilon, ceiling }: NormRule,
    ) -> Self {
        // Rounding may take the variance of a constant below 0.
        let variance: Vec<f64> = variance.into_iter().map(|variance| variance.max(0.0)).collect();
        let inverse_std: Vec<f64> = variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        let scale: Vec<f64> = inverse_std
            .iter()
            .zip(gamma)
            .map(|(inverse, gamma)| inverse * f64::from(*gamma))
            .collect();
        let shift = beta
            .iter()
            .zip(&scale)
            .zip(&mean)
            .map(|((beta, scale), mean)| (f64::from(*beta) - scale * mean) as f32);
        Self {
            shift: shift.collect(),
            scale: narrowed(&scale),
            mean,
            variance,
            inverse_std,
            n_positions: n_positions as f64,
            ceiling,
        }
    }

    /// Mean and variance, for the running statistics.
    pub(super) fn statistics(&self) -> impl Iterator<Item = f32> {
        self.mean.iter().chain(&self.variance).map(|&number| number as f32)
    }

    pub(super) fn activation<'a>(&'a self, slope: &'a [f32]) -> Activation<'a> {
        Activation {
            scale: &self.scale,
            shift: &self.shift,
            slope,
            ceiling: self.ceiling,
        }
    }

    /// From the sums over positions of the output's gradient `g` and of `g · z`.
    pub(super) fn gradients(&self, of_output: &[f64], times_value: &[f64]) -> NormGradients {
        let n_channels = self.mean.len();
        let (mut gamma, mut by_value, mut constant) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..n_channels {
            let (mean, inverse_std, scale) = (self.mean[i], self.inverse_std[i], f64::from(self.scale[i]));
            let of_gamma = inverse_std * (times_value[i] - mean * of_output[i]);
            gamma.push(of_gamma as f32);
            by_value.push(-scale * inverse_std * of_gamma / self.n_positions);
            constant.push(-scale * of_output[i] / self.n_positions - by_value[i] * mean);
        }
        NormGradients {
            gamma,
            beta: narrowed(&of_output[..n_channels]),
            by_value_narrow: narrowed(&by_value),
            constant_narrow: narrowed(&constant),
            by_value,
            constant,
        }
    }

    /// How the gradient of an input is found from that of its output.
    pub(super) fn gradient<'a>(&'a self, gradients: &'a NormGradients) -> NormGradient<'a> {
        NormGradient {
            scale: &self.scale,
            by_value: &gradients.by_value_narrow,
            constant: &gradients.constant_narrow,
        }
    }
}
