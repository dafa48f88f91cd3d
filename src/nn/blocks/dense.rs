//! A dense layer, with batch norm and ReLU where it is a hidden one.
//!
//! Rows are spread over the cores in chunks, except for the gradient of the weights: there each task takes some of the inputs
//! and all rows, so that no two tasks add to the same sums.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

use super::norm::Norm;
use super::pointwise::Pointwise;
use super::{Block, Forward, Gradients, Values, Wanted, added_up, narrowed, split};
use crate::nn::kernels::product::outer_product;
use crate::nn::kernels::rows::{Activation, NormGradient, activate, activation_gradient, add_activation_moments, add_moments};

/// Rows of a task.
const CHUNK_ROWS: usize = 64;
/// Inputs of a task that finds the gradient of their weights.
const CHUNK_INPUTS: usize = 32;

/// Parameters, in this order: weights `[n_inputs, n_outputs]`, bias, and for a hidden layer gamma and beta.
pub(in crate::nn) struct Dense {
    pub n_inputs: usize,
    pub n_outputs: usize,
    /// Of the batch norm of a hidden layer.
    pub epsilon: Option<f64>,
}

/// What the backward pass needs.
struct Kept {
    n_inputs: usize,
    n_outputs: usize,
    input: Values,
    /// `[n_inputs][n_outputs]`
    weights: Vec<f32>,
    hidden: Option<Hidden>,
}

/// What follows the product in a hidden layer.
struct Hidden {
    norm: Norm,
    /// Products and bias, before the norm.
    values: Vec<f32>,
    /// ReLU's: zeros.
    slope: Vec<f32>,
}

impl Block for Dense {
    fn n_parameters(&self) -> usize {
        let n_norms = if self.epsilon.is_some() { 2 } else { 0 };
        self.n_outputs * (self.n_inputs + 1 + n_norms)
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let &Self { n_inputs, n_outputs, .. } = self;
        let n_norms = if self.epsilon.is_some() { n_outputs } else { 0 };
        let [weights, bias, gamma, beta] = split(parameters, [n_inputs * n_outputs, n_outputs, n_norms, n_norms]);
        let product = Pointwise::with_bias(n_inputs, n_outputs, |i, o| weights[i * n_outputs + o], |o| bias[o]);
        let n_rows = input.len() / n_inputs;
        let mut values = vec![0.0; n_rows * n_outputs];
        let chunks = input
            .par_chunks(CHUNK_ROWS * n_inputs)
            .zip(values.par_chunks_mut(CHUNK_ROWS * n_outputs));
        let sums: Vec<Vec<f32>> = chunks
            .map(|(input, values)| {
                Arch::new().dispatch(Project {
                    product: &product,
                    input,
                    values,
                    n_outputs,
                })
            })
            .collect();
        let mut kept = Kept {
            n_inputs,
            n_outputs,
            input,
            weights: weights.to_vec(),
            hidden: None,
        };
        let Some(epsilon) = self.epsilon else {
            return Forward {
                output: values,
                shape: vec![n_outputs],
                statistics: Vec::new(),
                backward: Box::new(move |of_output, wanted| kept.backward(&of_output, wanted)),
            };
        };
        let hidden = Hidden {
            norm: Norm::from_sums(&added_up(&sums), n_rows, (gamma, beta), epsilon.into()),
            values,
            slope: vec![0.0; n_outputs],
        };
        let mut output = vec![0.0; n_rows * n_outputs];
        let chunks = hidden
            .values
            .par_chunks(CHUNK_ROWS * n_outputs)
            .zip(output.par_chunks_mut(CHUNK_ROWS * n_outputs));
        chunks.for_each(|(values, output)| {
            let activation = hidden.norm.activation(&hidden.slope);
            Arch::new().dispatch(Activate {
                values,
                activation,
                output,
            });
        });
        let statistics = hidden.norm.statistics().collect();
        kept.hidden = Some(hidden);
        Forward {
            output,
            shape: vec![n_outputs],
            statistics,
            backward: Box::new(move |of_output, wanted| kept.backward(&of_output, wanted)),
        }
    }
}

impl Kept {
    fn backward(&self, of_output: &[f32], wanted: Wanted) -> Gradients {
        let n_outputs = self.n_outputs;
        let (of_values, of_norm) = match &self.hidden {
            Some(hidden) => hidden.backward(of_output, n_outputs),
            None => (of_output.to_vec(), Vec::new()),
        };
        let input = || match wanted {
            Wanted::All => self.of_input(&of_values),
            Wanted::ParametersOnly => Vec::new(),
        };
        // Independent of one another: side by side they leave no core waiting.
        let ((mut parameters, of_bias), input) = rayon::join(
            || rayon::join(|| self.of_weights(&of_values), || self.of_bias(&of_values)),
            input,
        );
        parameters.extend(of_bias);
        parameters.extend(of_norm);
        Gradients { input, parameters }
    }

    fn of_weights(&self, of_values: &[f32]) -> Vec<f32> {
        let mut of_weights = vec![0.0; self.weights.len()];
        let tasks = of_weights.par_chunks_mut(CHUNK_INPUTS * self.n_outputs).enumerate();
        tasks.for_each(|(task, sums)| {
            Arch::new().dispatch(WeightGradient {
                kept: self,
                first_input: task * CHUNK_INPUTS,
                of_values,
                sums,
            });
        });
        of_weights
    }

    fn of_bias(&self, of_values: &[f32]) -> Vec<f32> {
        let mut of_bias = vec![0.0f64; self.n_outputs];
        // The norm takes any bias away again.
        if self.hidden.is_none() {
            for of_values in of_values.chunks_exact(self.n_outputs) {
                let sums = of_bias.iter_mut().zip(of_values);
                sums.for_each(|(sum, value)| *sum += f64::from(*value));
            }
        }
        narrowed(&of_bias)
    }

    fn of_input(&self, of_values: &[f32]) -> Vec<f32> {
        let (n_inputs, n_outputs) = (self.n_inputs, self.n_outputs);
        let product = Pointwise::new(n_outputs, n_inputs, |o, i| self.weights[i * n_outputs + o]);
        let mut of_input = vec![0.0; self.input.len()];
        let chunks = of_values
            .par_chunks(CHUNK_ROWS * n_outputs)
            .zip(of_input.par_chunks_mut(CHUNK_ROWS * n_inputs));
        chunks.for_each(|(of_values, of_input)| {
            Arch::new().dispatch(Apply {
                product: &product,
                rows: of_values,
                output: of_input,
            });
        });
        of_input
    }
}

impl Hidden {
    /// The gradient of the values before the norm, and those of gamma and beta.
    fn backward(&self, of_output: &[f32], n_outputs: usize) -> (Vec<f32>, Vec<f32>) {
        let activation = self.norm.activation(&self.slope);
        let chunks = of_output
            .par_chunks(CHUNK_ROWS * n_outputs)
            .zip(self.values.par_chunks(CHUNK_ROWS * n_outputs));
        let sums: Vec<Vec<f32>> = chunks
            .clone()
            .map(|(of_output, values)| {
                Arch::new().dispatch(Moments {
                    of_output,
                    values,
                    activation,
                })
            })
            .collect();
        let sums = added_up(&sums);
        let gradients = self.norm.gradients(&sums[..n_outputs], &sums[n_outputs..2 * n_outputs]);
        let mut of_values = vec![0.0; of_output.len()];
        let chunks = chunks.zip(of_values.par_chunks_mut(CHUNK_ROWS * n_outputs));
        chunks.for_each(|((of_output, values), of_values)| {
            Arch::new().dispatch(Unactivate {
                of_output,
                values,
                through: (activation, self.norm.gradient(&gradients)),
                of_values,
            });
        });
        (of_values, [gradients.gamma, gradients.beta].concat())
    }
}

/// Products of a chunk, and their sums and those of their squares.
struct Project<'a> {
    product: &'a Pointwise,
    input: &'a [f32],
    values: &'a mut [f32],
    n_outputs: usize,
}

impl WithSimd for Project<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut sums = vec![0.0; 2 * self.n_outputs];
        self.product.apply(simd, self.input, self.values);
        add_moments(simd, self.values, self.values, &mut sums);
        sums
    }
}

struct Activate<'a> {
    values: &'a [f32],
    activation: Activation<'a>,
    output: &'a mut [f32],
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        activate(simd, self.values, self.activation, self.output);
    }
}

struct Apply<'a> {
    product: &'a Pointwise,
    rows: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.product.apply(simd, self.rows, self.output);
    }
}

/// The sums of a chunk that the gradient of the norm is made of.
struct Moments<'a> {
    of_output: &'a [f32],
    values: &'a [f32],
    activation: Activation<'a>,
}

impl WithSimd for Moments<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut sums = vec![0.0; 3 * self.activation.scale.len()];
        add_activation_moments(simd, self.of_output, self.values, self.activation, None, &mut sums);
        sums
    }
}

struct Unactivate<'a> {
    of_output: &'a [f32],
    values: &'a [f32],
    through: (Activation<'a>, NormGradient<'a>),
    of_values: &'a mut [f32],
}

impl WithSimd for Unactivate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        activation_gradient(simd, self.of_output, self.values, self.through, self.of_values);
    }
}

/// The gradient of the weights of some inputs.
struct WeightGradient<'a> {
    kept: &'a Kept,
    first_input: usize,
    of_values: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let &Kept {
            n_inputs,
            n_outputs,
            ref input,
            ..
        } = self.kept;
        let n_here = self.sums.len() / n_outputs;
        let input: &[f32] = input;
        outer_product(
            simd,
            input.len() / n_inputs,
            #[inline(always)]
            |row| &input[row * n_inputs + self.first_input..][..n_here],
            #[inline(always)]
            |row| &self.of_values[row * n_outputs..][..n_outputs],
            (n_here, n_outputs),
            self.sums,
        );
    }
}
