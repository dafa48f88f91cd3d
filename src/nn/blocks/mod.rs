//! Blocks of layers for training: their forward and backward passes, fused as far as it saves ways to the memory.
//!
//! Activations of a batch are much larger than the caches, so the ways to the memory decide. Between two passes over the batch
//! (a batch norm needs its statistics first) a block keeps only the narrowest tensors and computes the wide ones again, a few
//! rows at a time, in the first caches. Every pass goes over the segments of a batch in parallel; what it adds up, each segment
//! adds up alone, and the segments are added in their order: so the number of threads changes no result.
//!
//! *Invariant:* no burn, and no vectors by hand (those are in `kernels`).

mod bottleneck;
mod chain;
mod dense;
mod expansion;
mod moments;
mod norm;
mod pointwise;
mod residuals;
mod stem;
#[cfg(test)]
mod tests;
mod widening;

use std::ops::Deref;
use std::sync::Arc;

pub(super) use bottleneck::Bottleneck;
pub(super) use chain::Chain;
pub(super) use dense::Dense;
pub(super) use norm::NormRule;
pub(super) use residuals::Residuals;
pub(super) use stem::Stem;
pub(super) use widening::Widening;

/// Numbers of a wide map that are worked on at once: what passes from kernel to kernel stays in the caches.
const STRETCH: usize = 4096;

/// Several layers as one differentiable operation. Maps are `[batch, rows, width, channels]`.
pub(super) trait Block: Send + Sync {
    /// Numbers in the parameters of all layers.
    fn n_parameters(&self) -> usize;

    /// What the layers make of `input` with `parameters`, all of them one after another.
    fn forward(&self, input: Values, parameters: &[f32]) -> Forward;
}

/// The forward pass of a block.
pub(super) struct Forward {
    pub output: Vec<f32>,
    /// Of one segment of the output.
    pub shape: Vec<usize>,
    /// Mean and biased variance over the batch of each of the block's batch norms: `mean, variance, mean, variance, …`
    pub statistics: Vec<f32>,
    pub backward: BackwardPass,
}

/// The gradients of input and parameters from that of the output. What the forward pass has kept for it goes with it.
pub(super) type BackwardPass = Box<dyn FnOnce(Values, Wanted) -> Gradients + Send>;

/// Whether the gradient of the input is wanted too: not where the input is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    ParametersOnly,
}

/// The gradients that a block gives back.
pub(super) struct Gradients {
    /// Empty where it was not wanted.
    pub input: Vec<f32>,
    pub parameters: Vec<f32>,
}

/// Numbers that are shared and not copied.
#[derive(Clone)]
pub(super) struct Values(Arc<dyn AsRef<[f32]> + Send + Sync>);

impl Values {
    pub(super) fn new(values: impl AsRef<[f32]> + Send + Sync + 'static) -> Self {
        Self(Arc::new(values))
    }
}

impl Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        (*self.0).as_ref()
    }
}

/// Rows and columns of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub rows: usize,
    pub width: usize,
}

impl Grid {
    fn n_positions(self) -> usize {
        self.rows * self.width
    }

    /// After a 3x3 filter, padded by one, of this stride.
    pub(super) fn filtered(self, stride: usize) -> Self {
        Self {
            rows: self.rows.div_ceil(stride),
            width: self.width.div_ceil(stride),
        }
    }
}

/// Sums of segments, added up in the order of the segments.
fn added_up(sums: &[Vec<f32>]) -> Vec<f64> {
    let mut total = vec![0.0; sums.first().map_or(0, Vec::len)];
    for sums in sums {
        for (total, sum) in total.iter_mut().zip(sums) {
            *total += f64::from(*sum);
        }
    }
    total
}

/// Cuts `numbers` into pieces of these lengths.
fn split<const N: usize>(numbers: &[f32], lens: [usize; N]) -> [&[f32]; N] {
    let mut rest = numbers;
    lens.map(|len| {
        let (piece, others) = rest.split_at(len);
        rest = others;
        piece
    })
}

fn narrowed(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&number| number as f32).collect()
}
