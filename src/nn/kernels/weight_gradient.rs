//! The gradient of a convolution's weights: a sum over pixels of products of a large and a small pixel.
//!
//! Standard and transposed convolutions share it: a weight joins a channel of the large map with one of the small map, whichever
//! of the two is the input. Loop order: pixels in stretches of [`PIXELS_PER_STRETCH`], of several windows where maps are small;
//! past a stretch, which stays in the caches, runs one tile of sums after the other, each in registers.

use std::ops::Range;

use pulp::Simd;

use super::convolution::repeated;
use super::geometry::{Convolution, Direction, Frame, phases};
use super::product::outer_product;

/// Enough that a tile of sums is seldom fetched and written back.
const PIXELS_PER_STRETCH: usize = 64;

/// Pairs of pixels whose products make the gradient of one convolution, between maps that lie in given frames.
#[derive(Debug, Clone)]
pub(in crate::nn) struct WeightGradient {
    convolution: Convolution,
    pub large: Frame,
    pub small: Frame,
    /// Where the first run of each small pixel begins in the large map, over the windows of a group.
    runs: Vec<usize>,
    /// Where each small pixel lies.
    pixels: Vec<usize>,
    n_group: usize,
}

impl WeightGradient {
    /// The large map's frame has the margin of [`Direction::Down`] or more.
    pub(in crate::nn) fn new(convolution: Convolution, large: Frame, small: Frame) -> Self {
        let phases = phases(&convolution, Direction::Down, &large, &small);
        let n_group = PIXELS_PER_STRETCH.div_ceil(small.map.n_pixels());
        let (runs, pixels) = phases
            .into_iter()
            .map(|phase| (phase.inputs, phase.outputs))
            .next()
            .unwrap_or_default();
        Self {
            convolution,
            large,
            small,
            runs: repeated(&runs, n_group, large.n_values()),
            pixels: repeated(&pixels, n_group, small.n_values()),
            n_group,
        }
    }

    /// Rows of the kernel.
    pub(in crate::nn) fn n_runs(&self) -> usize {
        self.convolution.kernel[0]
    }

    /// Numbers of the large map in a run: columns of the kernel, in each the channels.
    pub(in crate::nn) fn run_len(&self) -> usize {
        self.convolution.kernel[1] * self.large.map.channels
    }
}

/// Adds to `sums`, `[part of a run, small channels]`, the gradient of the weights that join `part` of the kernel's row `run` with
/// each channel of the small map, over windows that lie one after another in their frames.
#[inline(always)]
pub(in crate::nn) fn add_weight_gradient<S: Simd>(
    simd: S,
    gradient: &WeightGradient,
    (run, part): (usize, Range<usize>),
    larges: &[f32],
    smalls: &[f32],
    sums: &mut [f32],
) {
    let (n_large, n_small) = (part.len(), gradient.small.map.channels);
    let skipped = run * gradient.large.pitch() + part.start;
    let (large_len, small_len) = (gradient.large.n_values(), gradient.small.n_values());
    let groups = larges
        .chunks(gradient.n_group * large_len)
        .zip(smalls.chunks(gradient.n_group * small_len));
    for (larges, smalls) in groups {
        let n_pixels = larges.len() / large_len * gradient.small.map.n_pixels();
        let runs = gradient.runs[..n_pixels].chunks(PIXELS_PER_STRETCH);
        for (runs, pixels) in runs.zip(gradient.pixels[..n_pixels].chunks(PIXELS_PER_STRETCH)) {
            outer_product(
                simd,
                runs.len(),
                #[inline(always)]
                |p| &larges[runs[p] + skipped..][..n_large],
                #[inline(always)]
                |p| &smalls[pixels[p]..][..n_small],
                (n_large, n_small),
                sums,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::convolution::tests::{any_convolution, for_each_product, framed};
    use crate::nn::kernels::{numbers, on_every_processor};

    #[derive(Clone)]
    struct Add {
        convolution: Convolution,
        n_windows: usize,
        /// Columns of the kernel in each part.
        n_columns: usize,
    }

    impl WithSimd for Add {
        /// `[height, width, large channels, small channels]`
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let large = Frame {
                map: self.convolution.large,
                margin: self.convolution.margin(Direction::Down),
            };
            let small = Frame::dense(self.convolution.small);
            let gradient = WeightGradient::new(self.convolution, large, small);
            let larges = framed(&numbers(self.n_windows * large.map.n_values(), 1.0), &large);
            let smalls = numbers(self.n_windows * small.map.n_values(), 2.0);
            let mut sums = vec![1.0; self.convolution.n_weights()];
            let row_len = gradient.run_len() * small.map.channels;
            let part_len = self.n_columns * large.map.channels;
            for run in 0..gradient.n_runs() {
                for start in (0..gradient.run_len()).step_by(part_len) {
                    let part = start..(start + part_len).min(gradient.run_len());
                    let place = run * row_len + start * small.map.channels..run * row_len + part.end * small.map.channels;
                    add_weight_gradient(simd, &gradient, (run, part), &larges, &smalls, &mut sums[place]);
                }
            }
            sums
        }
    }

    proptest! {
        #[test]
        fn every_weight_gets_its_sum_over_pixels(convolution in any_convolution(), n_windows in 1usize..4, n_columns in 1usize..4) {
            let Convolution { large, small, kernel, .. } = convolution;
            let (larges, smalls) = (numbers(n_windows * large.n_values(), 1.0), numbers(n_windows * small.n_values(), 2.0));
            let mut expected = vec![1.0; convolution.n_weights()];
            for_each_product(&convolution, n_windows, |large, small, weight| {
                expected[weight] += f64::from(larges[large]) * f64::from(smalls[small]);
            });
            for found in on_every_processor(&Add { convolution, n_windows, n_columns }) {
                for (i, found) in found.iter().enumerate() {
                    let (tap_and_l, s) = (i / small.channels, i % small.channels);
                    let (tap, l) = (tap_and_l / large.channels, tap_and_l % large.channels);
                    let expected = expected[(s * large.channels + l) * kernel[0] * kernel[1] + tap];
                    prop_assert!((f64::from(*found) - expected).abs() < 1e-4 * (1.0 + expected.abs()));
                }
            }
        }
    }
}
