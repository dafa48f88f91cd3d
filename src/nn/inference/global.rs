//! Depthwise convolution with a kernel as large as the map: one number for each channel.

use pulp::Simd;

use super::{Band, Size, State};

#[derive(Debug)]
pub(super) struct Global {
    /// `[n_rows][width][channels]`
    kernel: Vec<f32>,
    shift: Vec<f32>,
}

impl Global {
    /// `kernel` is `[channels, n_rows, width]`.
    pub(super) fn new(kernel: &[f32], scale: &[f32], shift: &[f32]) -> Self {
        let n_channels = shift.len();
        let n_pixels = kernel.len() / n_channels;
        let by_pixel = (0..n_pixels).flat_map(|pixel| (0..n_channels).map(move |channel| (channel, pixel)));
        Self {
            kernel: by_pixel
                .map(|(channel, pixel)| kernel[channel * n_pixels + pixel] * scale[channel])
                .collect(),
            shift: shift.to_vec(),
        }
    }

    /// One pixel at the end of the picture, nothing before.
    #[inline(always)]
    pub(super) fn push<S: Simd>(&self, simd: S, band: Band<'_>, state: &mut State, output: &mut Vec<f32>) -> Size {
        let n_channels = self.shift.len();
        if state.n_taken == 0 {
            state.held.clear();
            state.held.extend_from_slice(&self.shift);
        }
        let kernel = &self.kernel[state.n_taken * band.width * n_channels..];
        for (pixel, weights) in band.values.chunks_exact(n_channels).zip(kernel.chunks_exact(n_channels)) {
            let (sums, sums_rest) = S::as_mut_simd_f32s(&mut state.held);
            let (pixel, pixel_rest) = S::as_simd_f32s(pixel);
            let (weights, weights_rest) = S::as_simd_f32s(weights);
            for ((sum, x), weight) in sums.iter_mut().zip(pixel).zip(weights) {
                *sum = simd.mul_add_e_f32s(*x, *weight, *sum);
            }
            for ((sum, x), weight) in sums_rest.iter_mut().zip(pixel_rest).zip(weights_rest) {
                *sum += x * weight;
            }
        }
        state.n_taken += band.n_rows;
        output.clear();
        if !band.is_last {
            return (0, 1);
        }
        output.extend_from_slice(&state.held);
        state.reset();
        (1, 1)
    }
}
