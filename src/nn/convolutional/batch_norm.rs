//! A batch norm with ReLU over the windows of a batch.

use rayon::prelude::*;

use super::dispatch::{gradient_sums, normalise, replace_by_gradient};
use crate::nn::kernels::batch_norm::Norm;
use crate::nn::kernels::geometry::Frame;
use crate::nn::kernels::n_lanes;
use crate::nn::kernels::product::padded;

/// The norm of a batch; a number for each channel, padded to whole vectors.
#[derive(Debug)]
pub(super) struct BatchNorm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
    /// 1 / √(variance + ε)
    inverse: Vec<f32>,
    n_channels: usize,
}

impl BatchNorm {
    /// `of_windows`: the moments of each window; `parameters`: factors, then offsets.
    pub(super) fn of_batch(frame: &Frame, of_windows: &[Vec<f32>], parameters: &[f32], epsilon: f32) -> Self {
        let n_channels = frame.map.channels;
        let (mean, variance) = mean_and_variance(frame, of_windows);
        let inverse: Vec<f32> = variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        let (factors, offsets) = parameters.split_at(n_channels);
        let scale = padded(
            factors.iter().zip(&inverse).map(|(factor, inverse)| factor * inverse),
            n_lanes(),
        );
        let shift = offsets
            .iter()
            .zip(&mean)
            .zip(&scale)
            .map(|((offset, mean), scale)| offset - mean * scale);
        Self {
            shift: padded(shift, n_lanes()),
            scale,
            mean,
            variance,
            inverse,
            n_channels,
        }
    }

    /// Mean and biased variance of the layer's sums with their bias, which the norm itself need not know.
    pub(super) fn statistics(&self, bias: &[f32]) -> impl Iterator<Item = f32> {
        let means = self.mean.iter().zip(bias).map(|(mean, bias)| mean + bias);
        means.chain(self.variance[..self.n_channels].iter().copied())
    }

    fn norm(&self) -> Norm<'_> {
        Norm {
            scale: &self.scale,
            shift: &self.shift,
            mean: &self.mean,
        }
    }

    pub(super) fn normalise(&self, (x_frame, x): (&Frame, &[f32]), (y_frame, y): (&Frame, &mut [f32])) {
        let windows = x.par_chunks(x_frame.n_values()).zip(y.par_chunks_mut(y_frame.n_values()));
        windows.for_each(|(x, y)| normalise(self.norm(), (x_frame, x), (y_frame, y)));
    }

    /// What the gradients are made of, over a window, from the gradient of `y`.
    pub(super) fn gradient_sums(&self, x: (&Frame, &[f32]), y: (&Frame, &[f32])) -> Vec<f32> {
        gradient_sums(self.norm(), x, y)
    }

    /// Replaces `x` by its gradient and writes those of factors and offsets, from the gradient of `y` and the
    /// [`Self::gradient_sums`] of each window.
    pub(super) fn backward(
        &self,
        sums: &[Vec<f32>],
        (x_frame, x): (&Frame, &mut [f32]),
        (y_frame, y): (&Frame, &[f32]),
        parameters: &mut [f32],
    ) {
        let n_padded = self.scale.len();
        let total = |at: usize| sums.iter().map(|sums| f64::from(sums[at])).sum::<f64>() as f32;
        let n_values = (sums.len() * x_frame.map.n_pixels()) as f32;
        let (mut slope, mut offset) = (vec![0.0; n_padded], vec![0.0; n_padded]);
        let (factors, offsets) = parameters.split_at_mut(self.n_channels);
        for c in 0..self.n_channels {
            let (plain, weighted) = (total(c), total(n_padded + c));
            offsets[c] = plain;
            factors[c] = weighted * self.inverse[c];
            offset[c] = -self.scale[c] * plain / n_values;
            slope[c] = -self.scale[c] * weighted * self.inverse[c] * self.inverse[c] / n_values;
        }
        let windows = x.par_chunks_mut(x_frame.n_values()).zip(y.par_chunks(y_frame.n_values()));
        windows.for_each(|(x, y)| replace_by_gradient(self.norm(), (&slope, &offset), (x_frame, x), (y_frame, y)));
    }
}

/// Of each channel over all windows, the variance biased; padded.
fn mean_and_variance(frame: &Frame, of_windows: &[Vec<f32>]) -> (Vec<f32>, Vec<f32>) {
    let n_padded = frame.map.channels.next_multiple_of(n_lanes());
    let (n_windows, n_pixels) = (of_windows.len() as f64, frame.map.n_pixels() as f64);
    let channels = (0..n_padded).map(|c| {
        let means = of_windows.iter().map(|moments| f64::from(moments[c]));
        let mean = means.clone().sum::<f64>() / n_windows;
        let squares: f64 = of_windows.iter().map(|moments| f64::from(moments[n_padded + c])).sum();
        let between: f64 = means.map(|of_window| (of_window - mean).powi(2)).sum();
        (mean as f32, (squares / (n_windows * n_pixels) + between / n_windows) as f32)
    });
    channels.unzip()
}
