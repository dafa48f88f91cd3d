//! Convolution over all channels, padded so that stride 1 keeps the size.

use pulp::Simd;

use super::fold::Affine;
use super::{Band, Size, State};
use crate::nn::kernels::activation::store_activated;
use crate::nn::kernels::product::{Packed, padded, product};

#[derive(Debug)]
pub(super) struct Convolution {
    /// `[kernel row, kernel column, input channel]` by output channel: the three lie side by side in a row of pixels.
    weights: Packed,
    bias: Vec<f32>,
    slope: Vec<f32>,
    ceiling: f32,
    n_channels: usize,
    /// Of the kernel, which is square.
    size: usize,
    stride: usize,
}

impl Convolution {
    /// `kernel` is `[outputs, inputs, size, size]`.
    pub(super) fn new(kernel: &[f32], layer: &Affine, size: usize, stride: usize, n_lanes: usize) -> Self {
        let n_outputs = layer.scale.len();
        let n_channels = kernel.len() / (n_outputs * size * size);
        let weight = |input: usize, output: usize| {
            let (tap, channel) = (input / n_channels, input % n_channels);
            kernel[(output * n_channels + channel) * size * size + tap] * layer.scale[output]
        };
        Self {
            weights: Packed::new(size * size * n_channels, n_outputs, n_lanes, weight),
            bias: padded(layer.shift.iter().copied(), n_lanes),
            slope: padded(layer.slope.iter().copied(), n_lanes),
            ceiling: layer.ceiling,
            n_channels,
            size,
            stride,
        }
    }

    #[inline(always)]
    pub(super) fn push<S: Simd>(&self, simd: S, band: Band<'_>, state: &mut State, output: &mut Vec<f32>) -> Size {
        let pad = self.size / 2;
        // `held` is rows with zeros on both sides, from the first one that the next output needs.
        let (row_len, padded_len) = (band.width * self.n_channels, (band.width + 2 * pad) * self.n_channels);
        let State { held, n_taken, .. } = state;
        let n_below = if band.is_last { pad } else { 0 };
        if *n_taken == 0 {
            held.clear();
            held.resize(pad * padded_len, 0.0);
        }
        let n_before = held.len();
        held.resize(n_before + (band.n_rows + n_below) * padded_len, 0.0);
        let places = held[n_before..].chunks_exact_mut(padded_len);
        for (row, place) in band.values.chunks_exact(row_len).zip(places) {
            place[pad * self.n_channels..][..row_len].copy_from_slice(row);
        }
        *n_taken += band.n_rows;
        let n_outputs = self.weights.n_outputs();
        let n_steps = |n_padded: usize| (n_padded + self.stride).saturating_sub(self.size) / self.stride;
        let (n_out, width_out) = (n_steps(held.len() / padded_len), n_steps(band.width + 2 * pad));
        output.resize(n_out * width_out * n_outputs, 0.0);
        for (row, to) in output.chunks_exact_mut(width_out * n_outputs).enumerate() {
            let rows = &held[row * self.stride * padded_len..];
            product(
                simd,
                (width_out, self.size),
                #[inline(always)]
                |pixel, tap| {
                    let first = tap * padded_len + pixel * self.stride * self.n_channels;
                    &rows[first..first + self.size * self.n_channels]
                },
                &self.weights,
                &self.bias,
                #[inline(always)]
                |pixel, n, sums| {
                    let to = &mut to[pixel * n_outputs + n..(pixel + 1) * n_outputs];
                    store_activated(simd, to, sums, &self.slope[n..], self.ceiling);
                },
            );
        }
        if band.is_last {
            state.reset();
        } else {
            held.drain(..n_out * self.stride * padded_len);
        }
        (n_out, width_out)
    }
}
