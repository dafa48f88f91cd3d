//! 1x1 convolution: every pixel on its own.

use pulp::Simd;

use super::fold::Affine;
use super::{Band, Size};
use crate::nn::kernels::activation::store_activated;
use crate::nn::kernels::product::{Packed, padded, product};

#[derive(Debug)]
pub(super) struct Pointwise {
    /// `[inputs, outputs]`
    weights: Packed,
    bias: Vec<f32>,
    slope: Vec<f32>,
    ceiling: f32,
}

impl Pointwise {
    /// `kernel` is `[outputs, inputs]`.
    pub(super) fn new(kernel: &[f32], layer: &Affine, n_lanes: usize) -> Self {
        let n_outputs = layer.scale.len();
        let n_inputs = kernel.len() / n_outputs;
        let weight = |input: usize, output: usize| kernel[output * n_inputs + input] * layer.scale[output];
        Self {
            weights: Packed::new(n_inputs, n_outputs, n_lanes, weight),
            bias: padded(layer.shift.iter().copied(), n_lanes),
            slope: padded(layer.slope.iter().copied(), n_lanes),
            ceiling: layer.ceiling,
        }
    }

    #[inline(always)]
    pub(super) fn push<S: Simd>(&self, simd: S, band: Band<'_>, output: &mut Vec<f32>) -> Size {
        let (n_inputs, n_outputs) = (self.weights.n_inputs(), self.weights.n_outputs());
        let n_pixels = band.n_rows * band.width;
        output.resize(n_pixels * n_outputs, 0.0);
        product(
            simd,
            (n_pixels, 1),
            #[inline(always)]
            |pixel, _| &band.values[pixel * n_inputs..][..n_inputs],
            &self.weights,
            &self.bias,
            #[inline(always)]
            |pixel, n, sums| {
                let to = &mut output[pixel * n_outputs + n..(pixel + 1) * n_outputs];
                store_activated(simd, to, sums, &self.slope[n..], self.ceiling);
            },
        );
        (band.n_rows, band.width)
    }
}
