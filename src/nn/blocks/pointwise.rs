//! A product of every position with the same weights.

use pulp::Simd;

use crate::nn::kernels::n_lanes;
use crate::nn::kernels::product::{Packed, outer_product, padded, product, store_all};

/// Weights of a pointwise convolution, in the order of the product.
pub(super) struct Pointwise {
    packed: Packed,
    bias: Vec<f32>,
}

impl Pointwise {
    /// `weight(input_idx, output_idx)`
    pub(super) fn new(n_inputs: usize, n_outputs: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        Self::with_bias(n_inputs, n_outputs, weight, |_| 0.0)
    }

    pub(super) fn with_bias(
        n_inputs: usize,
        n_outputs: usize,
        weight: impl Fn(usize, usize) -> f32,
        bias: impl Fn(usize) -> f32,
    ) -> Self {
        Self {
            packed: Packed::new(n_inputs, n_outputs, n_lanes(), weight),
            bias: padded((0..n_outputs).map(bias), n_lanes()),
        }
    }

    /// `rows · weights + bias`, handed to `sink(position, first channel, vectors)`.
    #[inline(always)]
    pub(super) fn product<S: Simd>(&self, simd: S, rows: &[f32], sink: impl FnMut(usize, usize, &[S::f32s])) {
        let n_inputs = self.packed.n_inputs();
        product(
            simd,
            (rows.len() / n_inputs, 1),
            #[inline(always)]
            |m, _| &rows[m * n_inputs..][..n_inputs],
            &self.packed,
            &self.bias,
            sink,
        );
    }

    /// `rows · weights + bias` into `output`.
    #[inline(always)]
    pub(super) fn apply<S: Simd>(&self, simd: S, rows: &[f32], output: &mut [f32]) {
        let n_outputs = self.packed.n_outputs();
        self.product(
            simd,
            rows,
            #[inline(always)]
            |m, n, vectors| store_all(simd, &mut output[m * n_outputs + n..(m + 1) * n_outputs], vectors),
        );
    }
}

/// Adds `rowsᵀ · gradients` to `sums` `[n_inputs, n_outputs]`: the gradient of the weights.
#[inline(always)]
pub(super) fn add_weight_gradient<S: Simd>(
    simd: S,
    (rows, n_inputs): (&[f32], usize),
    (gradients, n_outputs): (&[f32], usize),
    sums: &mut [f32],
) {
    outer_product(
        simd,
        rows.len() / n_inputs,
        #[inline(always)]
        |p| &rows[p * n_inputs..][..n_inputs],
        #[inline(always)]
        |p| &gradients[p * n_outputs..][..n_outputs],
        (n_inputs, n_outputs),
        sums,
    );
}
