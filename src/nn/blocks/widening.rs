//! A pointwise convolution to many channels, with batch norm and PReLU.
//!
//! Kept for the backward pass: the input alone. The statistics follow from the sums of inputs and of their products, as in
//! `expansion`.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

use super::moments::InputMoments;
use super::norm::{Norm, NormGradients, NormRule};
use super::pointwise::{Pointwise, add_weight_gradient};
use super::{Block, Forward, Gradients, Grid, STRETCH, Values, added_up, narrowed, split};
use crate::nn::kernels::product::store;
use crate::nn::kernels::rows::{Activation, activation_gradient, add_activation_moments};

/// Parameters, in this order: the convolution `[n_outputs, n_inputs]`, gamma, beta, slopes.
pub(in crate::nn) struct Widening {
    pub grid: Grid,
    pub n_inputs: usize,
    pub n_outputs: usize,
    pub rule: NormRule,
}

/// What the backward pass needs.
struct Kept {
    grid: Grid,
    input: Values,
    n_inputs: usize,
    n_outputs: usize,
    /// `[n_outputs][n_inputs]`
    weights: Vec<f32>,
    widen: Pointwise,
    norm: Norm,
    slope: Vec<f32>,
}

impl Block for Widening {
    fn n_parameters(&self) -> usize {
        self.n_outputs * (self.n_inputs + 3)
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let &Self {
            grid,
            n_inputs,
            n_outputs,
            rule,
        } = self;
        let lens = [n_outputs * n_inputs, n_outputs, n_outputs, n_outputs];
        let [weights, gamma, beta, slope] = split(parameters, lens);
        let moments = InputMoments::of(&input, grid.n_positions() * n_inputs, n_inputs);
        let kept = Kept {
            grid,
            n_inputs,
            n_outputs,
            norm: moments.norm_of_product(weights, gamma, beta, rule),
            weights: weights.to_vec(),
            widen: Pointwise::new(n_inputs, n_outputs, |i, channel| weights[channel * n_inputs + i]),
            slope: slope.to_vec(),
            input,
        };
        let mut output = vec![0.0; kept.input.len() / n_inputs * n_outputs];
        let segments = kept
            .input
            .par_chunks(kept.input_len())
            .zip(output.par_chunks_mut(kept.output_len()));
        segments.for_each(|(input, output)| {
            Arch::new().dispatch(Widen {
                widen: &kept.widen,
                activation: kept.norm.activation(&kept.slope),
                input,
                output,
            });
        });
        Forward {
            output,
            shape: vec![grid.rows, grid.width, n_outputs],
            statistics: kept.norm.statistics().collect(),
            backward: Box::new(move |of_output, _| kept.backward(&of_output)),
        }
    }
}

impl Kept {
    fn input_len(&self) -> usize {
        self.grid.n_positions() * self.n_inputs
    }

    fn output_len(&self) -> usize {
        self.grid.n_positions() * self.n_outputs
    }

    fn backward(&self, of_output: &[f32]) -> Gradients {
        let (n_inputs, n_outputs) = (self.n_inputs, self.n_outputs);
        let segments = of_output
            .par_chunks(self.output_len())
            .zip(self.input.par_chunks(self.input_len()));
        let sums: Vec<Vec<f32>> = segments
            .clone()
            .map(|(of_output, input)| {
                Arch::new().dispatch(Moments {
                    kept: self,
                    input,
                    of_output,
                })
            })
            .collect();
        let of_normed = added_up(&sums);
        let of_norm = self
            .norm
            .gradients(&of_normed[..n_outputs], &of_normed[n_outputs..2 * n_outputs]);
        let narrow = Pointwise::new(n_outputs, n_inputs, |channel, i| self.weights[channel * n_inputs + i]);
        let mut of_input = vec![0.0; self.input.len()];
        let sums: Vec<Vec<f32>> = segments
            .zip(of_input.par_chunks_mut(self.input_len()))
            .map(|((of_output, input), of_input)| {
                Arch::new().dispatch(Narrow {
                    kept: self,
                    of_norm: &of_norm,
                    narrow: &narrow,
                    input,
                    of_output,
                    of_input,
                })
            })
            .collect();
        let of_weights = added_up(&sums);
        let of_weights = (0..n_outputs * n_inputs).map(|at| of_weights[at % n_inputs * n_outputs + at / n_inputs] as f32);
        let mut of_parameters: Vec<f32> = of_weights.collect();
        of_parameters.extend(&of_norm.gamma);
        of_parameters.extend(&of_norm.beta);
        of_parameters.extend(narrowed(&of_normed[2 * n_outputs..]));
        Gradients {
            input: of_input,
            parameters: of_parameters,
        }
    }

    /// Positions that are worked on at once.
    fn stretch(&self) -> usize {
        (STRETCH / self.n_outputs).next_multiple_of(8)
    }
}

/// The forward pass of a segment.
struct Widen<'a> {
    widen: &'a Pointwise,
    activation: Activation<'a>,
    input: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n_outputs = self.activation.scale.len();
        let (activation, output) = (self.activation, self.output);
        self.widen.product(
            simd,
            self.input,
            #[inline(always)]
            |m, n, vectors| {
                for (i, z) in vectors.iter().enumerate() {
                    let first = n + i * S::F32_LANES;
                    let end = (first + S::F32_LANES).min(n_outputs);
                    let activation = activation.vectors(simd, first);
                    let a = activation.activated(activation.normed(*z));
                    store(simd, &mut output[m * n_outputs + first..m * n_outputs + end], a);
                }
            },
        );
    }
}

/// The sums of a segment that the gradients of norm and slope are made of, `[3, n_outputs]`.
struct Moments<'a> {
    kept: &'a Kept,
    input: &'a [f32],
    of_output: &'a [f32],
}

impl WithSimd for Moments<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let (n_inputs, n_outputs, step) = (self.kept.n_inputs, self.kept.n_outputs, self.kept.stretch());
        let activation = self.kept.norm.activation(&self.kept.slope);
        let mut wide = vec![0.0; step * n_outputs];
        let mut sums = vec![0.0; 3 * n_outputs];
        let stretches = self
            .input
            .chunks(step * n_inputs)
            .zip(self.of_output.chunks(step * n_outputs));
        for (input, of_output) in stretches {
            let wide = &mut wide[..of_output.len()];
            self.kept.widen.apply(simd, input, wide);
            add_activation_moments(simd, of_output, wide, activation, None, &mut sums);
        }
        sums
    }
}

/// The gradients of a segment's input, and of the weights, `[n_inputs, n_outputs]`.
struct Narrow<'a> {
    kept: &'a Kept,
    of_norm: &'a NormGradients,
    narrow: &'a Pointwise,
    input: &'a [f32],
    of_output: &'a [f32],
    of_input: &'a mut [f32],
}

impl WithSimd for Narrow<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let (n_inputs, n_outputs, step) = (self.kept.n_inputs, self.kept.n_outputs, self.kept.stretch());
        let activation = self.kept.norm.activation(&self.kept.slope);
        let norm = self.kept.norm.gradient(self.of_norm);
        let (mut wide, mut of_wide) = (vec![0.0; step * n_outputs], vec![0.0; step * n_outputs]);
        let mut sums = vec![0.0; n_inputs * n_outputs];
        let stretches = self
            .input
            .chunks(step * n_inputs)
            .zip(self.of_output.chunks(step * n_outputs));
        for ((input, of_output), of_input) in stretches.zip(self.of_input.chunks_mut(step * n_inputs)) {
            let (wide, of_wide) = (&mut wide[..of_output.len()], &mut of_wide[..of_output.len()]);
            self.kept.widen.apply(simd, input, wide);
            activation_gradient(simd, of_output, wide, (activation, norm), of_wide);
            add_weight_gradient(simd, (input, n_inputs), (of_wide, n_outputs), &mut sums);
            self.narrow.apply(simd, of_wide, of_input);
        }
        sums
    }
}
