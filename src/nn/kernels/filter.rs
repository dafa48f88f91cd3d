//! The 3x3 filter of each channel, forward and backward.
//!
//! Loop order: a vector of channels stays outermost, so that its nine weights (and in the backward pass nine sums of their
//! gradients) stay in registers; rows run inside it, positions of a row innermost. Of the nine neighbours of a position only a
//! new column is loaded, the others come over from the position before. Neighbours beyond the edge are read as zeros from
//! rows and columns around the picture, not branched for.

use pulp::Simd;

use super::product::{load, store};
use super::rows::{Activation, add_to, channel_vectors};

/// Sizes of a stretch of rows.
#[derive(Clone, Copy)]
pub(in crate::nn) struct Stretch {
    pub n_rows: usize,
    pub width: usize,
    /// Positions in a row of the padded picture.
    pub pitch: usize,
}

/// Filters a stretch of output rows, and adds `Σ z` and `Σ z²` of each channel to `sums` `[2, n_channels]`.
///
/// Row `r` and column `c` of `padded` are row `r - 1` and column `c - 1` of the picture, counted from the neighbourhood of the
/// first output. `weights` is `[9, n_channels]`.
#[inline(always)]
pub(in crate::nn) fn filter<S: Simd, const STRIDE: usize>(
    simd: S,
    padded: &[f32],
    weights: &[f32],
    stretch: Stretch,
    output: &mut [f32],
    sums: &mut [f32],
) {
    let n_channels = weights.len() / 9;
    for (first, end) in channel_vectors::<S>(n_channels) {
        let weights = taps(simd, weights, first, n_channels);
        let (mut sum, mut squares) = (simd.splat_f32s(0.0), simd.splat_f32s(0.0));
        let rows = output.chunks_exact_mut(stretch.width * n_channels).take(stretch.n_rows);
        for (row_idx, output) in rows.enumerate() {
            let row_len = stretch.pitch * n_channels;
            let rows = Rows::<3>::from(padded, row_idx * STRIDE, row_len, (first, end, n_channels));
            let (mut left, mut middle) = (rows.column(simd, 0), rows.column(simd, 1));
            for (x, output) in output.chunks_exact_mut(n_channels).enumerate() {
                if STRIDE == 2 {
                    middle = rows.column(simd, 2 * x + 1);
                }
                let right = rows.column(simd, STRIDE * x + 2);
                let z = dot(simd, [left, middle, right], weights);
                sum = simd.add_f32s(sum, z);
                squares = simd.mul_add_e_f32s(z, z, squares);
                store(simd, &mut output[first..end], z);
                (left, middle) = if STRIDE == 1 { (middle, right) } else { (right, middle) };
            }
        }
        add_to(simd, &mut sums[first..end], sum);
        add_to(simd, &mut sums[n_channels + first..n_channels + end], squares);
    }
}

/// Rows of a padded picture, looked at through a vector of channels.
struct Rows<'a, const N: usize> {
    rows: [&'a [f32]; N],
    /// First and end of the vector, and all channels.
    channels: (usize, usize, usize),
}

// No `array::from_fn` here: it is not always inlined, and then lacks the processor's vectors.
impl<'a, const N: usize> Rows<'a, N> {
    /// The rows from `first_row` on.
    #[inline(always)]
    fn from(padded: &'a [f32], first_row: usize, row_len: usize, channels: (usize, usize, usize)) -> Self {
        let mut rows: [&[f32]; N] = [&[]; N];
        for (y, row) in rows.iter_mut().enumerate() {
            *row = &padded[(first_row + y) * row_len..][..row_len];
        }
        Self { rows, channels }
    }

    #[inline(always)]
    fn column<S: Simd>(&self, simd: S, x: usize) -> [S::f32s; N] {
        let (first, end, n_channels) = self.channels;
        let mut column = [simd.splat_f32s(0.0); N];
        for (value, row) in column.iter_mut().zip(&self.rows) {
            *value = load(simd, &row[x * n_channels + first..x * n_channels + end]);
        }
        column
    }
}

/// `weights[y][x]` of a vector of channels.
#[inline(always)]
fn taps<S: Simd>(simd: S, weights: &[f32], channel: usize, n_channels: usize) -> [[S::f32s; 3]; 3] {
    let mut taps = [[simd.splat_f32s(0.0); 3]; 3];
    for (idx, tap) in taps.as_flattened_mut().iter_mut().enumerate() {
        *tap = load(simd, &weights[idx * n_channels + channel..(idx + 1) * n_channels]);
    }
    taps
}

/// Neighbours (by column) times weights (by row), in three sums that do not wait for each other.
#[inline(always)]
fn dot<S: Simd>(simd: S, columns: [[S::f32s; 3]; 3], weights: [[S::f32s; 3]; 3]) -> S::f32s {
    let mut sums = [simd.splat_f32s(0.0); 3];
    for y in 0..3 {
        sums[y] = simd.mul_f32s(columns[0][y], weights[y][0]);
        sums[y] = simd.mul_add_e_f32s(columns[1][y], weights[y][1], sums[y]);
        sums[y] = simd.mul_add_e_f32s(columns[2][y], weights[y][2], sums[y]);
    }
    simd.add_f32s(simd.add_f32s(sums[0], sums[1]), sums[2])
}

/// Columns of zeros that [`filter_gradient`] needs before and after a row of gradients.
pub(in crate::nn) const fn gradient_padding(stride: usize) -> (usize, usize) {
    if stride == 1 { (1, 1) } else { (0, 1) }
}

/// Rows of gradients that [`filter_gradient`] needs for the rows of inputs from `first_row` on, an even one: the first of
/// them (-1 stands for the row of zeros above), and how many.
pub(in crate::nn) const fn gradient_rows(stride: usize, first_row: usize, n_rows: usize) -> (isize, usize) {
    if stride == 1 {
        (first_row as isize - 1, n_rows + 2)
    } else {
        ((first_row / 2) as isize, n_rows / 2 + 1)
    }
}

/// The backward pass of activation and filter in one, for a stretch of rows of the filter's inputs.
///
/// `z` is what the activation was made from, `[n_rows, width, n_channels]`; the gradient of the activation's normed `h` takes its
/// place. `of_filtered` holds the gradients of the filter's outputs, the rows of [`gradient_rows`], padded by
/// [`gradient_padding`], `pitch` positions each. Adds to `sums` `[11, n_channels]`: the gradients of the nine weights, of `h`, and
/// of the slope.
#[inline(always)]
pub(in crate::nn) fn filter_gradient<S: Simd, const STRIDE: usize>(
    simd: S,
    of_filtered: &[f32],
    weights: &[f32],
    activation: Activation<'_>,
    stretch: Stretch,
    z: &mut [f32],
    sums: &mut [f32],
) {
    let n_channels = activation.scale.len();
    for (first, end) in channel_vectors::<S>(n_channels) {
        let zero = simd.splat_f32s(0.0);
        let mut pass = ChannelPass {
            simd,
            activation: activation.vectors(simd, first),
            weights: taps(simd, weights, first, n_channels),
            of_weights: [[zero; 3]; 3],
            of_normed: zero,
            of_slope: zero,
        };
        let rows = z.chunks_exact_mut(stretch.width * n_channels).take(stretch.n_rows);
        let (channels, row_len) = ((first, end, n_channels), stretch.pitch * n_channels);
        for (row_idx, z) in rows.enumerate() {
            if STRIDE == 1 {
                pass.whole_row(z, &Rows::from(of_filtered, row_idx, row_len, channels));
            } else if row_idx % 2 == 0 {
                pass.even_row(z, &Rows::from(of_filtered, row_idx / 2, row_len, channels));
            } else {
                pass.odd_row(z, &Rows::from(of_filtered, row_idx / 2, row_len, channels));
            }
        }
        let totals = pass.of_weights.as_flattened().iter().chain([&pass.of_normed, &pass.of_slope]);
        for (sums, total) in sums.chunks_exact_mut(n_channels).zip(totals) {
            add_to(simd, &mut sums[first..end], *total);
        }
    }
}

/// What stays in registers while the positions of a vector of channels run past.
struct ChannelPass<S: Simd> {
    simd: S,
    activation: super::rows::ActivationVectors<S>,
    weights: [[S::f32s; 3]; 3],
    of_weights: [[S::f32s; 3]; 3],
    of_normed: S::f32s,
    of_slope: S::f32s,
}

impl<S: Simd> ChannelPass<S> {
    /// Stride 1: every input has nine outputs.
    #[inline(always)]
    fn whole_row(&mut self, z: &mut [f32], rows: &Rows<'_, 3>) {
        let (simd, (first, end, n_channels)) = (self.simd, rows.channels);
        let (mut left, mut middle) = (rows.column(simd, 0), rows.column(simd, 1));
        for (x, z) in z.chunks_exact_mut(n_channels).enumerate() {
            let right = rows.column(simd, x + 2);
            let h = self.activation.normed(load(simd, &z[first..end]));
            let a = self.activation.activated(h);
            let mut sums = [simd.splat_f32s(0.0); 3];
            for (x, column) in [left, middle, right].into_iter().enumerate() {
                for (y, gradient) in column.into_iter().enumerate() {
                    // The output below and to the right saw this input above and to the left of it.
                    let of_weight = &mut self.of_weights[2 - y][2 - x];
                    *of_weight = simd.mul_add_e_f32s(a, gradient, *of_weight);
                    sums[x] = simd.mul_add_e_f32s(self.weights[2 - y][2 - x], gradient, sums[x]);
                }
            }
            let g = self.finish(h, simd.add_f32s(simd.add_f32s(sums[0], sums[1]), sums[2]));
            store(simd, &mut z[first..end], g);
            (left, middle) = (middle, right);
        }
    }

    /// Stride 2: an even row was in the middle of one row of outputs.
    #[inline(always)]
    fn even_row(&mut self, z: &mut [f32], rows: &Rows<'_, 1>) {
        let (simd, (first, end, n_channels)) = (self.simd, rows.channels);
        let [mut here] = rows.column(simd, 0);
        for (x, pair) in z.chunks_mut(2 * n_channels).enumerate() {
            let h = self.activation.normed(load(simd, &pair[first..end]));
            let a = self.activation.activated(h);
            self.of_weights[1][1] = simd.mul_add_e_f32s(a, here, self.of_weights[1][1]);
            let g = self.finish(h, simd.mul_f32s(self.weights[1][1], here));
            store(simd, &mut pair[first..end], g);
            if pair.len() > n_channels {
                let [next] = rows.column(simd, x + 1);
                let odd = &mut pair[n_channels + first..n_channels + end];
                let h = self.activation.normed(load(simd, odd));
                let a = self.activation.activated(h);
                self.of_weights[1][2] = simd.mul_add_e_f32s(a, here, self.of_weights[1][2]);
                self.of_weights[1][0] = simd.mul_add_e_f32s(a, next, self.of_weights[1][0]);
                let of_activated = simd.mul_add_e_f32s(self.weights[1][0], next, simd.mul_f32s(self.weights[1][2], here));
                let g = self.finish(h, of_activated);
                store(simd, odd, g);
                here = next;
            }
        }
    }

    /// Stride 2: an odd row was below one row of outputs and above the next.
    #[inline(always)]
    fn odd_row(&mut self, z: &mut [f32], rows: &Rows<'_, 2>) {
        let (simd, (first, end, n_channels)) = (self.simd, rows.channels);
        // The output above saw this row through the last row of its weights, the one below through the first.
        const WEIGHT_ROWS: [usize; 2] = [2, 0];
        let mut here = rows.column(simd, 0);
        for (x, pair) in z.chunks_mut(2 * n_channels).enumerate() {
            let h = self.activation.normed(load(simd, &pair[first..end]));
            let a = self.activation.activated(h);
            let mut of_activated = simd.splat_f32s(0.0);
            for (i, ky) in WEIGHT_ROWS.into_iter().enumerate() {
                self.of_weights[ky][1] = simd.mul_add_e_f32s(a, here[i], self.of_weights[ky][1]);
                of_activated = simd.mul_add_e_f32s(self.weights[ky][1], here[i], of_activated);
            }
            let g = self.finish(h, of_activated);
            store(simd, &mut pair[first..end], g);
            if pair.len() > n_channels {
                let next = rows.column(simd, x + 1);
                let odd = &mut pair[n_channels + first..n_channels + end];
                let h = self.activation.normed(load(simd, odd));
                let a = self.activation.activated(h);
                let mut sums = [simd.splat_f32s(0.0); 2];
                for (i, ky) in WEIGHT_ROWS.into_iter().enumerate() {
                    self.of_weights[ky][2] = simd.mul_add_e_f32s(a, here[i], self.of_weights[ky][2]);
                    self.of_weights[ky][0] = simd.mul_add_e_f32s(a, next[i], self.of_weights[ky][0]);
                    sums[0] = simd.mul_add_e_f32s(self.weights[ky][2], here[i], sums[0]);
                    sums[1] = simd.mul_add_e_f32s(self.weights[ky][0], next[i], sums[1]);
                }
                let g = self.finish(h, simd.add_f32s(sums[0], sums[1]));
                store(simd, odd, g);
                here = next;
            }
        }
    }

    /// The gradient of `h`, which is added to the sums.
    #[inline(always)]
    fn finish(&mut self, h: S::f32s, of_activated: S::f32s) -> S::f32s {
        let g = self.activation.gradient(h, of_activated);
        self.of_normed = self.simd.add_f32s(self.of_normed, g);
        self.of_slope = self
            .simd
            .mul_add_e_f32s(of_activated, self.activation.negative(h), self.of_slope);
        g
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::{numbers, on_every_processor};

    /// What stands in `sums` before.
    const BEFORE: f32 = 1.0;
    /// Low enough that some activations lie above it.
    const CEILING: f32 = 0.5;

    /// The filter over a stretch of outputs, or its gradient over a stretch of inputs.
    #[derive(Clone, Copy, Debug)]
    struct Case {
        stride: usize,
        n_rows: usize,
        width: usize,
        n_channels: usize,
        is_gradient: bool,
    }

    impl Case {
        fn stretch(&self) -> Stretch {
            let (before, after) = gradient_padding(self.stride);
            Stretch {
                n_rows: self.n_rows,
                width: self.width,
                pitch: if self.is_gradient {
                    before + self.width.div_ceil(self.stride) + after
                } else {
                    (self.width - 1) * self.stride + 3
                },
            }
        }

        /// The padded picture, or the padded gradients of the filter's outputs.
        fn padded(&self) -> Vec<f32> {
            let n_rows = if self.is_gradient {
                gradient_rows(self.stride, 0, self.n_rows).1
            } else {
                (self.n_rows - 1) * self.stride + 3
            };
            numbers(n_rows * self.stretch().pitch * self.n_channels, 1.0)
        }

        fn weights(&self) -> Vec<f32> {
            numbers(9 * self.n_channels, 2.0)
        }

        fn z(&self) -> Vec<f32> {
            numbers(self.n_rows * self.width * self.n_channels, 3.0)
        }

        fn n_sums(&self) -> usize {
            (if self.is_gradient { 11 } else { 2 }) * self.n_channels
        }

        /// Outputs, or gradients that take the place of `z`; and sums.
        fn expected(&self) -> [Vec<f64>; 2] {
            let mut outputs = vec![0.0; self.z().len()];
            let mut sums = vec![f64::from(BEFORE); self.n_sums()];
            let (padded, weights, z) = (self.padded(), self.weights(), self.z());
            let coefficients = [4.0, 5.0, 6.0].map(|seed| numbers(self.n_channels, seed));
            for (at, output) in outputs.iter_mut().enumerate() {
                let (c, x) = (at % self.n_channels, at / self.n_channels % self.width);
                let y = at / self.n_channels / self.width;
                let padded = |y: usize, x: usize| f64::from(padded[(y * self.stretch().pitch + x) * self.n_channels + c]);
                let weight = |tap: usize| f64::from(weights[tap * self.n_channels + c]);
                let taps = (0..3).flat_map(|i| (0..3).map(move |j| (i, j)));
                if !self.is_gradient {
                    *output = taps
                        .map(|(i, j)| weight(3 * i + j) * padded(y * self.stride + i, x * self.stride + j))
                        .sum();
                    sums[c] += *output;
                    sums[self.n_channels + c] += *output * *output;
                    continue;
                }
                let [scale, shift, slope] = [0, 1, 2].map(|i| f64::from(coefficients[i][c]));
                let h = scale * f64::from(z[at]) + shift;
                let ceiling = f64::from(CEILING);
                let activated = slope * h.min(0.0) + h.clamp(0.0, ceiling);
                let factor = if h > ceiling {
                    0.0
                } else if h > 0.0 {
                    1.0
                } else {
                    slope
                };
                let mut of_activated = 0.0;
                // Output (y + 1 - i) / stride saw this input through row i of its weights, where that is a whole number.
                let is_whole = |sum: usize| sum.is_multiple_of(self.stride);
                for (i, j) in taps.filter(|(i, j)| is_whole(y + 1 + i) && is_whole(x + 1 + j)) {
                    let (above, left) = match self.stride {
                        1 => (y + 2 - i, x + 2 - j),
                        _ => ((y + 1 - i) / 2, (x + 1 - j) / 2),
                    };
                    of_activated += weight(3 * i + j) * padded(above, left);
                    sums[(3 * i + j) * self.n_channels + c] += activated * padded(above, left);
                }
                *output = factor * of_activated;
                sums[9 * self.n_channels + c] += *output;
                sums[10 * self.n_channels + c] += of_activated * h.min(0.0);
            }
            [outputs, sums]
        }
    }

    impl WithSimd for Case {
        type Output = [Vec<f32>; 2];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let (padded, weights, stretch) = (self.padded(), self.weights(), self.stretch());
            let (mut z, mut sums) = (self.z(), vec![BEFORE; self.n_sums()]);
            let [scale, shift, slope] = [4.0, 5.0, 6.0].map(|seed| numbers(self.n_channels, seed));
            let activation = Activation {
                scale: &scale,
                shift: &shift,
                slope: &slope,
                ceiling: CEILING,
            };
            match (self.is_gradient, self.stride) {
                (false, 1) => filter::<S, 1>(simd, &padded, &weights, stretch, &mut z, &mut sums),
                (false, _) => filter::<S, 2>(simd, &padded, &weights, stretch, &mut z, &mut sums),
                (true, 1) => filter_gradient::<S, 1>(simd, &padded, &weights, activation, stretch, &mut z, &mut sums),
                (true, _) => filter_gradient::<S, 2>(simd, &padded, &weights, activation, stretch, &mut z, &mut sums),
            }
            [z, sums]
        }
    }

    proptest! {
        #[test]
        fn filter_and_gradient_are_their_sums_over_neighbours(
            stride in 1usize..3, n_rows in 1usize..5, width in 1usize..6, n_channels in 1usize..40, is_gradient: bool,
        ) {
            let case = Case { stride, n_rows, width, n_channels, is_gradient };
            let expected = case.expected();
            for found in on_every_processor(&case) {
                for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                    prop_assert!((f64::from(*found) - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{} {}", found, expected);
                }
            }
        }
    }
}
