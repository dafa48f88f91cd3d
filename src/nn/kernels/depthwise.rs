//! 3x3 depthwise convolution of one row: each channel by itself, zeros around the map.
//!
//! Loop order: a vector of channels outermost, with its nine weights in registers; four pixels at a time inside, so that
//! neighbours share the inputs that they have in common. Per pixel this loads at most nine vectors and multiplies nine times:
//! the loads are the limit, which is why the row before (an expanded one) should still lie in the first cache.

use pulp::Simd;

use super::activation::prelu;
use super::product::{load, store};

/// Weights of a 3x3 depthwise convolution: for each vector of channels its nine weights, its bias and its slope.
#[derive(Debug, Clone)]
pub(in crate::nn) struct DepthwiseWeights {
    /// `[n_vectors][11][n_lanes]`
    values: Vec<f32>,
    /// Of the activation.
    ceiling: f32,
    n_channels: usize,
    n_lanes: usize,
}

/// Vectors of [`DepthwiseWeights`] for each vector of channels.
const N_PARTS: usize = 11;

impl DepthwiseWeights {
    /// `kernel(channel, tap)` with taps row by row, `bias` and `slope` (of the PReLU) of each channel, and the PReLU's ceiling.
    pub(in crate::nn) fn new(
        n_lanes: usize,
        kernel: impl Fn(usize, usize) -> f32,
        bias: &[f32],
        (slope, ceiling): (&[f32], f32),
    ) -> Self {
        let n_channels = bias.len();
        let value = |channel: usize, part: usize| match part {
            _ if channel >= n_channels => 0.0,
            9 => bias[channel],
            10 => slope[channel],
            tap => kernel(channel, tap),
        };
        let values = (0..n_channels).step_by(n_lanes).flat_map(|first| {
            let parts = (0..N_PARTS).flat_map(move |part| (first..first + n_lanes).map(move |channel| (channel, part)));
            parts.map(|(channel, part)| value(channel, part))
        });
        Self {
            values: values.collect(),
            ceiling,
            n_channels,
            n_lanes,
        }
    }

    pub(in crate::nn) fn n_channels(&self) -> usize {
        self.n_channels
    }
}

/// One row of outputs `[width_out][n_channels]` of the three rows of inputs `[width_in][n_channels]` around it.
#[inline(always)]
pub(in crate::nn) fn depthwise_row<S: Simd>(
    simd: S,
    rows: [&[f32]; 3],
    weights: &DepthwiseWeights,
    stride: usize,
    output: &mut [f32],
) {
    assert_eq!(weights.n_lanes, S::F32_LANES, "weights are packed for this processor");
    let n_channels = weights.n_channels;
    let n_vectors = n_channels / S::F32_LANES;
    let ceiling = simd.splat_f32s(weights.ceiling);
    let parts = S::as_simd_f32s(&weights.values).0.as_chunks::<N_PARTS>().0;
    if n_channels.is_multiple_of(S::F32_LANES) {
        // Whole vectors only: the maps are slices of vectors.
        let rows = rows.map(
            #[inline(always)]
            |row| S::as_simd_f32s(row).0,
        );
        let output = S::as_mut_simd_f32s(output).0;
        let width = rows[0].len() / n_vectors;
        for (vector_idx, parts) in parts.iter().enumerate() {
            along_row(
                simd,
                (parts, ceiling),
                (width, output.len() / n_vectors, stride),
                #[inline(always)]
                |tap_row, column| rows[tap_row][column * n_vectors + vector_idx],
                #[inline(always)]
                |column, sum| output[column * n_vectors + vector_idx] = sum,
            );
        }
        return;
    }
    let width = rows[0].len() / n_channels;
    for (vector_idx, parts) in parts.iter().enumerate() {
        let channels = vector_idx * S::F32_LANES..n_channels.min((vector_idx + 1) * S::F32_LANES);
        along_row(
            simd,
            (parts, ceiling),
            (width, output.len() / n_channels, stride),
            #[inline(always)]
            |tap_row, column| load(simd, &rows[tap_row][column * n_channels..][channels.clone()]),
            #[inline(always)]
            |column, sum| store(simd, &mut output[column * n_channels..][channels.clone()], sum),
        );
    }
}

/// One vector of channels along a row: `at(row of the kernel, column)` reads, `put(column, sum)` writes.
#[inline(always)]
fn along_row<S: Simd>(
    simd: S,
    (parts, ceiling): (&[S::f32s; N_PARTS], S::f32s),
    (width, width_out, stride): (usize, usize, usize),
    at: impl Fn(usize, usize) -> S::f32s,
    mut put: impl FnMut(usize, S::f32s),
) {
    const BLOCK: usize = 4;
    let (bias, slope) = (parts[9], parts[10]);
    let mut column = 0;
    while column < width_out {
        let first = column * stride;
        if first > 0 && column + BLOCK <= width_out && first + (BLOCK - 1) * stride + 1 < width {
            let mut sums = [bias; BLOCK];
            for tap_row in 0..3 {
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    for tap in 0..3 {
                        let x = at(tap_row, first + pixel * stride + tap - 1);
                        *sum = simd.mul_add_e_f32s(x, parts[3 * tap_row + tap], *sum);
                    }
                }
            }
            for (pixel, sum) in sums.into_iter().enumerate() {
                put(column + pixel, prelu(simd, sum, slope, ceiling));
            }
            column += BLOCK;
            continue;
        }
        let mut sum = bias;
        for tap_row in 0..3 {
            for tap in 0..3 {
                if (1..=width).contains(&(first + tap)) {
                    let x = at(tap_row, first + tap - 1);
                    sum = simd.mul_add_e_f32s(x, parts[3 * tap_row + tap], sum);
                }
            }
        }
        put(column, prelu(simd, sum, slope, ceiling));
        column += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::on_every_processor;

    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    /// Low enough that some sums lie above it.
    const CEILING: f32 = 0.5;

    #[derive(Clone)]
    struct Row {
        width: usize,
        n_channels: usize,
        stride: usize,
    }

    impl Row {
        /// Three rows, the kernel `[channels, 9]`, bias and slope.
        fn operands(&self) -> (Vec<f32>, Vec<f32>, Vec<f32>, Vec<f32>) {
            (
                numbers(3 * self.width * self.n_channels, 1.0),
                numbers(9 * self.n_channels, 2.0),
                numbers(self.n_channels, 3.0),
                numbers(self.n_channels, 4.0),
            )
        }
    }

    impl WithSimd for Row {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let (input, kernel, bias, slope) = self.operands();
            let weights = DepthwiseWeights::new(
                S::F32_LANES,
                |channel, tap| kernel[9 * channel + tap],
                &bias,
                (&slope, CEILING),
            );
            let row_len = self.width * self.n_channels;
            let rows = [0, 1, 2].map(|row: usize| &input[row * row_len..][..row_len]);
            let mut output = vec![f32::NAN; self.width.div_ceil(self.stride) * self.n_channels];
            depthwise_row(simd, rows, &weights, self.stride, &mut output);
            output
        }
    }

    proptest! {
        #[test]
        fn a_row_is_the_sum_over_nine_neighbours(width in 1usize..20, n_channels in 1usize..40, stride in 1usize..3) {
            let row = Row { width, n_channels, stride };
            let (input, kernel, bias, slope) = row.operands();
            for found in on_every_processor(&row) {
                for (idx, found) in found.into_iter().enumerate() {
                    let (column, channel) = (idx / n_channels, idx % n_channels);
                    let mut sum = bias[channel];
                    for tap in 0..9 {
                        let Some(from) = (column * stride + tap % 3).checked_sub(1).filter(|&from| from < width) else { continue };
                        sum += kernel[9 * channel + tap] * input[((tap / 3) * width + from) * n_channels + channel];
                    }
                    let expected = if sum > 0.0 { sum.min(CEILING) } else { slope[channel] * sum };
                    prop_assert!((found - expected).abs() < 1e-5, "column {column}, channel {channel}: {found}, not {expected}");
                }
            }
        }
    }
}
