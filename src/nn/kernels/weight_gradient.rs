//! The gradient of a convolution's weights: a sum over pixels of products of a large and a small pixel.
//!
//! Standard and transposed convolutions share it: a weight joins a channel of the large map with one of the small map, whichever
//! of the two is the input. Loop order: pixels in stretches of [`PIXELS_PER_STRETCH`], whose runs of the large map and pixels of
//! the small one are copied side by side, because in place they lie a power of two apart and drive each other out of the first
//! cache; then a product of the two stretches, with the sums in registers.

use std::ops::Range;

use pulp::Simd;

use super::geometry::{Convolution, Direction, Frame, phases};
use super::product::outer_product;

/// What a tile of sums runs past before it is written back.
const PIXELS_PER_STRETCH: usize = 128;

/// Pairs of pixels whose products make the gradient of one convolution, between maps that lie in given frames.
#[derive(Debug, Clone)]
pub(in crate::nn) struct WeightGradient {
    pub convolution: Convolution,
    pub large: Frame,
    pub small: Frame,
    /// Where the first run of each small pixel begins, and the pixel itself.
    pairs: Vec<(usize, usize)>,
}

impl WeightGradient {
    /// The large map's frame has the margin of [`Direction::Down`] or more.
    pub(in crate::nn) fn new(convolution: Convolution, large: Frame, small: Frame) -> Self {
        let phases = phases(&convolution, Direction::Down, &large, &small);
        let pairs = phases
            .into_iter()
            .flat_map(|phase| phase.inputs.into_iter().zip(phase.outputs));
        Self {
            convolution,
            large,
            small,
            pairs: pairs.collect(),
        }
    }

    /// Rows of the gradient as [`Self::add`] makes it: one for each row of the kernel.
    pub(in crate::nn) fn n_runs(&self) -> usize {
        self.convolution.kernel[0]
    }

    /// Numbers of the large map in a run: columns of the kernel, in each the channels.
    pub(in crate::nn) fn run_len(&self) -> usize {
        self.convolution.kernel[1] * self.large.map.channels
    }
}

/// Copies for one stretch.
#[derive(Debug, Default)]
pub(in crate::nn) struct Stretch {
    large: Vec<f32>,
    small: Vec<f32>,
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
    stretch: &mut Stretch,
    sums: &mut [f32],
) {
    let (n_large, n_small) = (part.len(), gradient.small.map.channels);
    let skipped = run * gradient.large.pitch() + part.start;
    let n_pixels = larges.len() / gradient.large.n_values() * gradient.pairs.len();
    let windows = larges
        .chunks_exact(gradient.large.n_values())
        .zip(smalls.chunks_exact(gradient.small.n_values()));
    let mut pairs =
        windows.flat_map(|(large, small)| gradient.pairs.iter().map(move |pair| (&large[pair.0..], &small[pair.1..])));
    for first in (0..n_pixels).step_by(PIXELS_PER_STRETCH) {
        stretch.large.clear();
        stretch.small.clear();
        for (large, small) in pairs.by_ref().take(PIXELS_PER_STRETCH) {
            stretch.large.extend_from_slice(&large[skipped..skipped + n_large]);
            stretch.small.extend_from_slice(&small[..n_small]);
        }
        let (large, small) = (stretch.large.as_slice(), stretch.small.as_slice());
        outer_product(
            simd,
            (n_pixels - first).min(PIXELS_PER_STRETCH),
            #[inline(always)]
            |p| &large[p * n_large..][..n_large],
            #[inline(always)]
            |p| &small[p * n_small..][..n_small],
            (n_large, n_small),
            sums,
        );
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
            let mut stretch = Stretch::default();
            for run in 0..gradient.n_runs() {
                for start in (0..gradient.run_len()).step_by(part_len) {
                    let part = start..(start + part_len).min(gradient.run_len());
                    let place = run * row_len + start * small.map.channels..run * row_len + part.end * small.map.channels;
                    add_weight_gradient(simd, &gradient, (run, part), &larges, &smalls, &mut stretch, &mut sums[place]);
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
