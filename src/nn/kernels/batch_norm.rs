//! Batch norm and ReLU in training, one window at a time, with their gradients.
//!
//! Batch norm wants to see all outputs before it can pass on the first, so each way takes two passes over them: sums for each
//! channel, then the numbers themselves. Loop order: pixel by pixel, in each the vectors of its channels, whose coefficients and
//! sums stay in the first cache. A number for each channel always comes padded to whole vectors.

use pulp::Simd;

use super::geometry::Frame;
use super::product::{load, store};

/// `[2, channels]`: mean of each channel over the window, and the sum of squared distances from it.
#[inline(always)]
pub(in crate::nn) fn moments<S: Simd>(simd: S, frame: &Frame, window: &[f32]) -> Vec<f32> {
    let n_channels = frame.map.channels;
    let n_padded = n_channels.next_multiple_of(S::F32_LANES);
    let mut moments = vec![0.0; 2 * n_padded];
    let (means, squares) = moments.split_at_mut(n_padded);
    let (means, squares) = (S::as_mut_simd_f32s(means).0, S::as_mut_simd_f32s(squares).0);
    for row in frame.rows() {
        for pixel in window[row].chunks_exact(n_channels) {
            for (mean, x) in means.iter_mut().zip(pixel.chunks(S::F32_LANES)) {
                *mean = simd.add_f32s(*mean, load(simd, x));
            }
        }
    }
    let share = simd.splat_f32s(1.0 / frame.map.n_pixels() as f32);
    for mean in means.iter_mut() {
        *mean = simd.mul_f32s(*mean, share);
    }
    for row in frame.rows() {
        for pixel in window[row].chunks_exact(n_channels) {
            for ((mean, square), x) in means.iter().zip(squares.iter_mut()).zip(pixel.chunks(S::F32_LANES)) {
                let distance = simd.sub_f32s(load(simd, x), *mean);
                *square = simd.mul_add_e_f32s(distance, distance, *square);
            }
        }
    }
    moments
}

/// What a batch norm makes of its input `x`: `max(0, scale · x + shift)`; and the mean of `x`, for the gradients.
#[derive(Debug, Clone, Copy)]
pub(in crate::nn) struct Norm<'a> {
    pub scale: &'a [f32],
    pub shift: &'a [f32],
    pub mean: &'a [f32],
}

/// Writes `max(0, scale · x + shift)` to `y`.
#[inline(always)]
pub(in crate::nn) fn normalise<S: Simd>(
    simd: S,
    norm: Norm<'_>,
    (x_frame, x): (&Frame, &[f32]),
    (y_frame, y): (&Frame, &mut [f32]),
) {
    let (scale, shift) = (S::as_simd_f32s(norm.scale).0, S::as_simd_f32s(norm.shift).0);
    let (zero, n_channels) = (simd.splat_f32s(0.0), x_frame.map.channels);
    for (from, to) in x_frame.rows().zip(y_frame.rows()) {
        for (x, y) in x[from].chunks_exact(n_channels).zip(y[to].chunks_exact_mut(n_channels)) {
            let coefficients = scale.iter().zip(shift);
            let places = x.chunks(S::F32_LANES).zip(y.chunks_mut(S::F32_LANES));
            for ((x, y), (scale, shift)) in places.zip(coefficients) {
                let normal = simd.mul_add_e_f32s(load(simd, x), *scale, *shift);
                // In this order what is not a number stays so.
                store(simd, y, simd.max_f32s(zero, normal));
            }
        }
    }
}

/// `[2, channels]`: over the window, the sum of the gradients of `y` that pass the ReLU, and of their products with the distance
/// of `x` from its mean.
#[inline(always)]
pub(in crate::nn) fn gradient_sums<S: Simd>(
    simd: S,
    norm: Norm<'_>,
    (x_frame, x): (&Frame, &[f32]),
    (y_frame, y_gradient): (&Frame, &[f32]),
) -> Vec<f32> {
    let n_channels = x_frame.map.channels;
    let mut sums = vec![0.0; 2 * norm.scale.len()];
    let (plain, weighted) = sums.split_at_mut(norm.scale.len());
    let (plain, weighted) = (S::as_mut_simd_f32s(plain).0, S::as_mut_simd_f32s(weighted).0);
    let (scale, shift) = (S::as_simd_f32s(norm.scale).0, S::as_simd_f32s(norm.shift).0);
    let mean = S::as_simd_f32s(norm.mean).0;
    for (x_row, y_row) in x_frame.rows().zip(y_frame.rows()) {
        for (x, gradient) in x[x_row]
            .chunks_exact(n_channels)
            .zip(y_gradient[y_row].chunks_exact(n_channels))
        {
            let places = x.chunks(S::F32_LANES).zip(gradient.chunks(S::F32_LANES));
            let coefficients = scale.iter().zip(shift).zip(mean);
            let sums = plain.iter_mut().zip(weighted.iter_mut());
            for (((x, gradient), ((scale, shift), mean)), (plain, weighted)) in places.zip(coefficients).zip(sums) {
                let x = load(simd, x);
                let passed = passed(simd, simd.mul_add_e_f32s(x, *scale, *shift), load(simd, gradient));
                *plain = simd.add_f32s(*plain, passed);
                *weighted = simd.mul_add_e_f32s(passed, simd.sub_f32s(x, *mean), *weighted);
            }
        }
    }
    sums
}

/// Replaces `x` by its gradient, `scale · passed + slope · (x - mean) + offset`: `slope` and `offset` carry what reaches every
/// `x` of a channel through its variance and mean.
#[inline(always)]
pub(in crate::nn) fn replace_by_gradient<S: Simd>(
    simd: S,
    norm: Norm<'_>,
    (slope, offset): (&[f32], &[f32]),
    (x_frame, x): (&Frame, &mut [f32]),
    (y_frame, y_gradient): (&Frame, &[f32]),
) {
    let n_channels = x_frame.map.channels;
    let (scale, shift) = (S::as_simd_f32s(norm.scale).0, S::as_simd_f32s(norm.shift).0);
    let (slope, offset) = (S::as_simd_f32s(slope).0, S::as_simd_f32s(offset).0);
    let mean = S::as_simd_f32s(norm.mean).0;
    for (x_row, y_row) in x_frame.rows().zip(y_frame.rows()) {
        for (x, gradient) in x[x_row]
            .chunks_exact_mut(n_channels)
            .zip(y_gradient[y_row].chunks_exact(n_channels))
        {
            let places = x.chunks_mut(S::F32_LANES).zip(gradient.chunks(S::F32_LANES));
            let coefficients = scale.iter().zip(shift).zip(mean).zip(slope.iter().zip(offset));
            for ((x, gradient), (((scale, shift), mean), (slope, offset))) in places.zip(coefficients) {
                let old = load(simd, x);
                let passed = passed(simd, simd.mul_add_e_f32s(old, *scale, *shift), load(simd, gradient));
                let common = simd.mul_add_e_f32s(*slope, simd.sub_f32s(old, *mean), *offset);
                store(simd, x, simd.mul_add_e_f32s(*scale, passed, common));
            }
        }
    }
}

/// The gradient where the ReLU is open.
#[inline(always)]
fn passed<S: Simd>(simd: S, normal: S::f32s, gradient: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.greater_than_f32s(normal, zero), gradient, zero)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::geometry::{MapShape, Margin};
    use crate::nn::kernels::product::padded;
    use crate::nn::kernels::{numbers, on_every_processor};

    #[derive(Clone)]
    struct Passes {
        x_frame: Frame,
        y_frame: Frame,
    }

    /// One window with margins that are not zero, so that a look at them shows.
    fn window(frame: &Frame, seed: f32) -> Vec<f32> {
        numbers(frame.n_values(), seed)
    }

    impl WithSimd for Passes {
        /// Moments, outputs, sums of gradients, gradients of the input.
        type Output = [Vec<f32>; 4];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let Self { x_frame, y_frame } = self;
            let mut x = window(&x_frame, 1.0);
            let coefficients =
                [2.0, 3.0, 4.0, 5.0, 6.0].map(|seed| padded(numbers(x_frame.map.channels, seed).into_iter(), S::F32_LANES));
            let [scale, shift, mean, slope, offset] = &coefficients;
            let norm = Norm { scale, shift, mean };
            let moments = moments(simd, &x_frame, &x);
            let mut y = vec![f32::NAN; y_frame.n_values()];
            normalise(simd, norm, (&x_frame, &x), (&y_frame, &mut y));
            let y_gradient = window(&y_frame, 7.0);
            let sums = gradient_sums(simd, norm, (&x_frame, &x), (&y_frame, &y_gradient));
            replace_by_gradient(simd, norm, (slope, offset), (&x_frame, &mut x), (&y_frame, &y_gradient));
            [moments, y, sums, x]
        }
    }

    fn is_near(found: f32, expected: f64) -> bool {
        (f64::from(found) - expected).abs() < 1e-4 * (1.0 + expected.abs())
    }

    proptest! {
        #[test]
        fn every_pass_is_its_formula(height in 1usize..4, width in 1usize..4, channels in 1usize..40, edge in 0usize..3) {
            let map = MapShape { height, width, channels };
            let x_frame = Frame { map, margin: Margin { before: [edge, 1], after: [0, edge] } };
            let y_frame = Frame { map, margin: Margin { before: [0, edge], after: [1, 1] } };
            let (x, y_gradient) = (window(&x_frame, 1.0), window(&y_frame, 7.0));
            let [scale, shift, mean, slope, offset] = [2.0, 3.0, 4.0, 5.0, 6.0].map(|seed| numbers(channels, seed));
            for [moments, y, sums, x_gradient] in on_every_processor(&Passes { x_frame, y_frame }) {
                let (n_pixels, n_padded) = (map.n_pixels() as f64, moments.len() / 2);
                for c in 0..channels {
                    let [scale, shift, mean, slope, offset] = [&scale, &shift, &mean, &slope, &offset].map(|of| f64::from(of[c]));
                    let values: Vec<f64> = x_frame.pixels().map(|pixel| f64::from(x[pixel][c])).collect();
                    let mean_of_window = values.iter().sum::<f64>() / n_pixels;
                    prop_assert!(is_near(moments[c], mean_of_window));
                    let squares = values.iter().map(|value| (value - mean_of_window).powi(2));
                    prop_assert!(is_near(moments[n_padded + c], squares.sum()));
                    let (mut plain, mut weighted) = (0.0, 0.0);
                    for ((x, x_at), y_at) in values.iter().zip(x_frame.pixels()).zip(y_frame.pixels()) {
                        let normal = scale * x + shift;
                        prop_assert!(is_near(y[y_at.clone()][c], normal.max(0.0)));
                        let passed = if normal > 0.0 { f64::from(y_gradient[y_at][c]) } else { 0.0 };
                        plain += passed;
                        weighted += passed * (x - mean);
                        prop_assert!(is_near(x_gradient[x_at][c], scale * passed + slope * (x - mean) + offset));
                    }
                    prop_assert!(is_near(sums[c], plain) && is_near(sums[n_padded + c], weighted));
                }
                let n_written = y.iter().filter(|value| !value.is_nan()).count();
                prop_assert_eq!(n_written, map.n_values());
                let margins_of_x = (0..x.len()).filter(|&i| x[i] != x_gradient[i]).count();
                prop_assert!(margins_of_x <= map.n_values());
            }
        }
    }
}
