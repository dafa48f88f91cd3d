//! Sums of a pointwise convolution's inputs and of their products, from which the statistics of its outputs follow.
//!
//! `mean = W·s/n` and `variance = wᵀ(G/n - mmᵀ)w`: so no pass over the batch makes the outputs only to add them up.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{ParallelIterator, ParallelSlice};

use super::norm::{Norm, NormRule};
use super::pointwise::add_weight_gradient;
use super::{STRETCH, added_up};
use crate::nn::kernels::rows::add_moments;

/// Sums over all positions of a batch.
pub(super) struct InputMoments {
    /// `[n_inputs]`
    pub sums: Vec<f64>,
    /// `[n_inputs, n_inputs]`: of each input times each.
    pub products: Vec<f64>,
    pub n_positions: usize,
}

impl InputMoments {
    /// Of segments of `segment_len` numbers, `n_inputs` at each position.
    pub(super) fn of(input: &[f32], segment_len: usize, n_inputs: usize) -> Self {
        let segments = input
            .par_chunks(segment_len)
            .map(|segment| SegmentMoments::of(segment, n_inputs));
        Self::added_up(&segments.collect::<Vec<_>>(), input.len() / n_inputs, n_inputs)
    }

    /// From the sums of segments; see [`SegmentMoments`].
    pub(super) fn added_up(segments: &[Vec<f32>], n_positions: usize, n_inputs: usize) -> Self {
        let mut sums = added_up(segments);
        // The squares between them stand among the products too.
        let products = sums.split_off(2 * n_inputs);
        sums.truncate(n_inputs);
        Self {
            sums,
            products,
            n_positions,
        }
    }

    /// The batch norm of `W · inputs`; `weights` is `[n_outputs, n_inputs]`.
    pub(super) fn norm_of_product(&self, weights: &[f32], gamma: &[f32], beta: &[f32], rule: NormRule) -> Norm {
        let (n_inputs, n) = (self.sums.len(), self.n_positions as f64);
        let covariance = |i: usize, j: usize| self.products[i * n_inputs + j] / n - self.sums[i] / n * (self.sums[j] / n);
        let covariances: Vec<f64> = (0..n_inputs * n_inputs)
            .map(|at| covariance(at / n_inputs, at % n_inputs))
            .collect();
        let outputs = weights.chunks_exact(n_inputs);
        let mean = outputs.clone().map(|weights| dot(weights, &self.sums) / n);
        let variance = outputs.map(|weights| {
            let rows = weights.iter().zip(covariances.chunks_exact(n_inputs));
            rows.map(|(weight, row)| f64::from(*weight) * dot(weights, row)).sum()
        });
        Norm::new(mean.collect(), variance.collect(), self.n_positions, (gamma, beta), rule)
    }

    /// `products · weights` of one output: the sum of its values times each input.
    pub(super) fn times_output<'a>(&'a self, weights: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
        self.products.chunks_exact(weights.len()).map(|row| dot(weights, row))
    }
}

fn dot(weights: &[f32], numbers: &[f64]) -> f64 {
    weights
        .iter()
        .zip(numbers)
        .map(|(weight, number)| f64::from(*weight) * number)
        .sum()
}

/// The sums of a segment: of inputs, of their squares `[2, n_inputs]`, and of their products `[n_inputs, n_inputs]`.
pub(super) struct SegmentMoments<'a> {
    input: &'a [f32],
    n_inputs: usize,
}

impl<'a> SegmentMoments<'a> {
    fn of(input: &'a [f32], n_inputs: usize) -> Vec<f32> {
        Arch::new().dispatch(Self { input, n_inputs })
    }

    /// Room for the sums.
    pub(super) fn zeros(n_inputs: usize) -> Vec<f32> {
        vec![0.0; (2 + n_inputs) * n_inputs]
    }

    /// Adds some positions to the sums.
    #[inline(always)]
    pub(super) fn add<S: Simd>(simd: S, input: &[f32], n_inputs: usize, sums: &mut [f32]) {
        let (moments, products) = sums.split_at_mut(2 * n_inputs);
        add_moments(simd, input, input, moments);
        add_weight_gradient(simd, (input, n_inputs), (input, n_inputs), products);
    }
}

impl WithSimd for SegmentMoments<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut sums = Self::zeros(self.n_inputs);
        for input in self.input.chunks(STRETCH.next_multiple_of(self.n_inputs)) {
            Self::add(simd, input, self.n_inputs, &mut sums);
        }
        sums
    }
}
