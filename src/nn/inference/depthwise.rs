//! 3x3 depthwise convolution, padded so that stride 1 keeps the size.

use pulp::Simd;

use super::fold::Affine;
use super::{Band, Size, State};
use crate::nn::kernels::depthwise::{DepthwiseWeights, depthwise_row};

#[derive(Debug)]
pub(super) struct Depthwise {
    weights: DepthwiseWeights,
    stride: usize,
}

impl Depthwise {
    /// `kernel` is `[channels, 3, 3]`.
    pub(super) fn new(kernel: &[f32], layer: &Affine, stride: usize, n_lanes: usize) -> Self {
        let weight = |channel: usize, tap: usize| kernel[channel * 9 + tap] * layer.scale[channel];
        Self {
            weights: DepthwiseWeights::new(n_lanes, weight, &layer.shift, (&layer.slope, layer.ceiling)),
            stride,
        }
    }

    #[inline(always)]
    pub(super) fn push<S: Simd>(&self, simd: S, band: Band<'_>, state: &mut State, output: &mut Vec<f32>) -> Size {
        let row_len = band.width * self.weights.n_channels();
        let width_out = band.width.div_ceil(self.stride);
        let State {
            held, n_taken, n_given, ..
        } = state;
        if *n_taken == 0 {
            // The row above the picture.
            held.clear();
            held.resize(row_len, 0.0);
        }
        // Counted from the row above the picture: rows `first_held..n_there` are at hand.
        let (n_before, n_there) = (*n_taken + 1, *n_taken + 1 + band.n_rows);
        let first_held = n_before - held.len() / row_len;
        let below = if band.is_last { vec![0.0; row_len] } else { Vec::new() };
        let row = |idx: usize| match idx.checked_sub(n_before) {
            _ if idx == n_there => below.as_slice(),
            Some(new) => &band.values[new * row_len..][..row_len],
            None => &held[(idx - first_held) * row_len..][..row_len],
        };
        // Output `r` needs the rows `r * stride` to `r * stride + 2`.
        let n_known = n_there + usize::from(band.is_last);
        let n_ready = (n_known + self.stride).saturating_sub(3) / self.stride;
        let n_out = n_ready - *n_given;
        let row_out_len = width_out * self.weights.n_channels();
        output.resize(n_out * row_out_len, 0.0);
        for (idx, to) in output.chunks_exact_mut(row_out_len).enumerate() {
            let first = (*n_given + idx) * self.stride;
            let rows = [row(first), row(first + 1), row(first + 2)];
            depthwise_row(simd, rows, &self.weights, self.stride, to);
        }
        if band.is_last {
            state.reset();
        } else {
            *n_given = n_ready;
            *n_taken += band.n_rows;
            keep_last(held, band.values, 2 * row_len);
        }
        (n_out, width_out)
    }
}

/// The last `n` numbers of `held` followed by `new`.
fn keep_last(held: &mut Vec<f32>, new: &[f32], n: usize) {
    if new.len() >= n {
        held.clear();
        held.extend_from_slice(&new[new.len() - n..]);
    } else {
        held.extend_from_slice(new);
        let n_old = held.len().saturating_sub(n);
        held.drain(..n_old);
    }
}
