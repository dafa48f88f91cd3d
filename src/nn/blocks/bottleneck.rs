//! The inverted bottleneck: expand and filter, then project to few channels.
//!
//! Kept for the backward pass: the input, the filtered map (unless it is large: then it is made again) and the projected one,
//! both before their batch norms.

use std::borrow::Cow;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

use super::expansion::{Expansion, FilteredGradient, Prepared, Source};
use super::norm::{Norm, NormGradients, NormRule};
use super::pointwise::{Pointwise, add_weight_gradient};
use super::{Block, Forward, Gradients, Grid, STRETCH, Values, Wanted, added_up, narrowed, split};
use crate::nn::kernels::product::{load, store};
use crate::nn::kernels::rows::{
    Activation, activate, add_activation_moments, add_moments, add_normalised, norm_gradient, normalise,
};

/// A batch's filtered map of more numbers is made again in the backward pass: it takes a tenth of a step's time, and saves
/// nearly half of its memory.
const MOST_KEPT: usize = 8 << 20;

/// Parameters, in this order: the expanding convolution `[n_wide, n_inputs]`, its batch norm's gamma and beta, its slopes; the
/// same four of the filter `[n_wide, 3, 3]`; the projecting convolution `[n_outputs, n_wide]`, gamma and beta.
#[derive(Clone, Copy)]
pub(in crate::nn) struct Bottleneck {
    expansion: Expansion,
    n_outputs: usize,
    most_kept: usize,
}

/// A forward pass, without the last batch norm's output.
pub(super) struct Pass {
    block: Bottleneck,
    prepared: Prepared,
    /// Empty where it is made again.
    filtered: Vec<f32>,
    filter_norm: Norm,
    filter_slope: Vec<f32>,
    projected: Vec<f32>,
    norm: Norm,
    /// `[n_outputs][n_wide]`
    weights: Vec<f32>,
}

impl Bottleneck {
    /// For maps of this size and this many channels: inputs, wide map, outputs.
    pub(in crate::nn) fn new(
        grid: Grid,
        [n_inputs, n_wide, n_outputs]: [usize; 3],
        stride: usize,
        rule: impl Into<NormRule>,
    ) -> Self {
        Self {
            expansion: Expansion {
                source: Source::Channels,
                grid,
                n_inputs,
                n_wide,
                stride,
                rule: rule.into(),
            },
            n_outputs,
            most_kept: MOST_KEPT,
        }
    }

    /// Makes every filtered map again.
    #[cfg(test)]
    pub(super) fn keeping_nothing(self) -> Self {
        Self { most_kept: 0, ..self }
    }

    /// Of one segment of the output.
    pub(super) fn shape(&self) -> Vec<usize> {
        let Grid { rows, width } = self.expansion.filtered();
        vec![rows, width, self.n_outputs]
    }

    fn output_len(&self) -> usize {
        self.expansion.filtered().n_positions() * self.n_outputs
    }

    pub(super) fn n_parameters(&self) -> usize {
        self.expansion.n_parameters() + 3 * self.expansion.n_wide + self.n_outputs * (self.expansion.n_wide + 2)
    }

    pub(super) fn pass(&self, input: &[f32], parameters: &[f32]) -> Pass {
        let &Self {
            expansion, n_outputs, ..
        } = self;
        let n_wide = expansion.n_wide;
        let n_weights = n_outputs * n_wide;
        let lens = [
            expansion.n_parameters(),
            n_wide,
            n_wide,
            n_wide,
            n_weights,
            n_outputs,
            n_outputs,
        ];
        let [of_expansion, filter_gamma, filter_beta, filter_slope, weights, gamma, beta] = split(parameters, lens);
        let prepared = expansion.prepare(input, of_expansion);
        let (filtered, sums) = expansion.forward(&prepared, input);
        let n_positions = filtered.len() / n_wide;
        let filter_norm = Norm::from_sums(&sums, n_positions, (filter_gamma, filter_beta), expansion.rule);
        let (projected, sums) = self.project(&filtered, &filter_norm, filter_slope, weights);
        Pass {
            block: *self,
            prepared,
            filtered: if filtered.len() > self.most_kept {
                Vec::new()
            } else {
                filtered
            },
            filter_norm,
            filter_slope: filter_slope.to_vec(),
            projected,
            norm: Norm::from_sums(&sums, n_positions, (gamma, beta), expansion.rule),
            weights: weights.to_vec(),
        }
    }

    /// The projected map, and its sums.
    fn project(&self, filtered: &[f32], norm: &Norm, slope: &[f32], weights: &[f32]) -> (Vec<f32>, Vec<f64>) {
        let (n_wide, n_outputs) = (self.expansion.n_wide, self.n_outputs);
        let weights = Pointwise::new(n_wide, n_outputs, |channel, output| weights[output * n_wide + channel]);
        let mut projected = vec![0.0; filtered.len() / n_wide * n_outputs];
        let segments = filtered.par_chunks(self.expansion.filtered_len());
        let sums: Vec<Vec<f32>> = segments
            .zip(projected.par_chunks_mut(self.output_len()))
            .map(|(filtered, projected)| {
                Arch::new().dispatch(Project {
                    block: self,
                    activation: norm.activation(slope),
                    weights: &weights,
                    filtered,
                    projected,
                })
            })
            .collect();
        (projected, added_up(&sums))
    }

    /// Positions that are worked on at once.
    fn stretch(&self) -> usize {
        (STRETCH / self.expansion.n_wide).next_multiple_of(8)
    }
}

impl Block for Bottleneck {
    fn n_parameters(&self) -> usize {
        self.n_parameters()
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let pass = self.pass(&input, parameters);
        let mut output = vec![0.0; pass.projected.len()];
        pass.each_stretch(&mut output, Normalise::Whole);
        Forward {
            output,
            shape: self.shape(),
            statistics: pass.statistics().collect(),
            backward: Box::new(move |of_output, wanted| pass.backward(&input, &of_output, None, wanted)),
        }
    }
}

impl Pass {
    /// Mean and variance of the three batch norms.
    pub(super) fn statistics(&self) -> impl Iterator<Item = f32> {
        self.prepared
            .statistics()
            .chain(self.filter_norm.statistics())
            .chain(self.norm.statistics())
    }

    /// Adds the output to `maps`.
    pub(super) fn add_to(&self, maps: &mut [f32]) {
        self.each_stretch(maps, Normalise::Added);
    }

    /// Takes the output away from `maps` again, but for rounding.
    pub(super) fn take_from(&self, maps: &mut [f32]) {
        self.each_stretch(maps, Normalise::TakenAway);
    }

    fn each_stretch(&self, maps: &mut [f32], how: Normalise) {
        let scaled = |sign: f32| {
            let signed = |numbers: &[f32]| numbers.iter().map(|number| sign * number).collect();
            (signed(&self.norm.scale), signed(&self.norm.shift))
        };
        let (scale, shift): (Vec<f32>, Vec<f32>) = scaled(if how == Normalise::TakenAway { -1.0 } else { 1.0 });
        let stretch = STRETCH.next_multiple_of(self.block.n_outputs);
        let stretches = maps.par_chunks_mut(stretch).zip(self.projected.par_chunks(stretch));
        stretches.with_min_len(16).for_each(|(maps, projected)| {
            Arch::new().dispatch(NormaliseStretch {
                is_added: how != Normalise::Whole,
                norm: (&scale, &shift),
                projected,
                maps,
            });
        });
    }

    /// The filtered map.
    fn filtered(&self, input: &[f32]) -> Cow<'_, [f32]> {
        if self.filtered.is_empty() {
            Cow::Owned(self.block.expansion.forward(&self.prepared, input).0)
        } else {
            Cow::Borrowed(&self.filtered)
        }
    }

    /// The gradients of input and parameters; `residual` is the gradient that comes past the block.
    pub(super) fn backward(&self, input: &[f32], of_output: &[f32], residual: Option<&[f32]>, wanted: Wanted) -> Gradients {
        let (expansion, n_outputs) = (&self.block.expansion, self.block.n_outputs);
        let (n_wide, len) = (expansion.n_wide, self.block.output_len());
        let filtered = self.filtered(input);
        let segments = of_output.par_chunks(len).zip(self.projected.par_chunks(len));
        let sums: Vec<Vec<f32>> = segments
            .map(|(of_output, projected)| {
                Arch::new().dispatch(Moments {
                    of_output,
                    projected,
                    n_outputs,
                })
            })
            .collect();
        let sums = added_up(&sums);
        let of_norm = self.norm.gradients(&sums[..n_outputs], &sums[n_outputs..]);
        let back = Pointwise::new(n_outputs, n_wide, |output, channel| self.weights[output * n_wide + channel]);
        let unproject = |segment_idx| {
            Arch::new().dispatch(Unproject {
                pass: self,
                filtered: &filtered,
                back: &back,
                of_norm: &of_norm,
                of_output,
                segment_idx,
            })
        };
        let n_segments = of_output.len() / len;
        let sums: Vec<Vec<f32>> = (0..n_segments).into_par_iter().map(unproject).collect();
        let sums = added_up(&sums);
        let (of_filter, of_weights) = sums.split_at(3 * n_wide);
        let of_filter_norm = self
            .filter_norm
            .gradients(&of_filter[..n_wide], &of_filter[n_wide..2 * n_wide]);
        let of_filtered = OfFiltered {
            pass: self,
            filtered: &filtered,
            back: &back,
            of_norm: &of_norm,
            of_filter_norm: &of_filter_norm,
            of_output,
        };
        let (of_input, mut of_parameters) = expansion.backward(&self.prepared, input, &of_filtered, residual, wanted);
        of_parameters.extend(&of_filter_norm.gamma);
        of_parameters.extend(&of_filter_norm.beta);
        of_parameters.extend(narrowed(&of_filter[2 * n_wide..]));
        of_parameters.extend((0..n_outputs * n_wide).map(|at| of_weights[at % n_wide * n_outputs + at / n_wide] as f32));
        of_parameters.extend(&of_norm.gamma);
        of_parameters.extend(&of_norm.beta);
        Gradients {
            input: of_input,
            parameters: of_parameters,
        }
    }
}

/// What becomes of the last batch norm's output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Normalise {
    Whole,
    Added,
    TakenAway,
}

/// The last batch norm of a stretch of positions.
struct NormaliseStretch<'a> {
    is_added: bool,
    norm: (&'a [f32], &'a [f32]),
    projected: &'a [f32],
    maps: &'a mut [f32],
}

impl WithSimd for NormaliseStretch<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.is_added {
            add_normalised(simd, self.projected, self.norm, self.maps);
        } else {
            normalise(simd, self.projected, self.norm, self.maps);
        }
    }
}

/// Projects a segment; gives the sums of the outputs and of their squares.
struct Project<'a> {
    block: &'a Bottleneck,
    activation: Activation<'a>,
    weights: &'a Pointwise,
    filtered: &'a [f32],
    projected: &'a mut [f32],
}

impl WithSimd for Project<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let (n_wide, n_outputs) = (self.block.expansion.n_wide, self.block.n_outputs);
        let step = self.block.stretch();
        let mut activated = vec![0.0; step * n_wide];
        let mut sums = vec![0.0; 2 * n_outputs];
        let stretches = self
            .filtered
            .chunks(step * n_wide)
            .zip(self.projected.chunks_mut(step * n_outputs));
        for (filtered, projected) in stretches {
            let activated = &mut activated[..filtered.len()];
            activate(simd, filtered, self.activation, activated);
            self.weights.apply(simd, activated, projected);
            add_moments(simd, projected, projected, &mut sums);
        }
        sums
    }
}

/// The sums of a segment's gradients of outputs and of their products with the projected map.
struct Moments<'a> {
    of_output: &'a [f32],
    projected: &'a [f32],
    n_outputs: usize,
}

impl WithSimd for Moments<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut sums = vec![0.0; 2 * self.n_outputs];
        let stretch = STRETCH.next_multiple_of(self.n_outputs);
        for (of_output, projected) in self.of_output.chunks(stretch).zip(self.projected.chunks(stretch)) {
            add_moments(simd, of_output, projected, &mut sums);
        }
        sums
    }
}

/// The way back through the projection, for sums only: `[3, n_wide]` for norm and slope of the filter, and the gradients of the
/// projecting weights, `[n_wide, n_outputs]`.
struct Unproject<'a> {
    pass: &'a Pass,
    filtered: &'a [f32],
    back: &'a Pointwise,
    of_norm: &'a NormGradients,
    of_output: &'a [f32],
    segment_idx: usize,
}

impl WithSimd for Unproject<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let pass = self.pass;
        let (n_wide, n_outputs) = (pass.block.expansion.n_wide, pass.block.n_outputs);
        let (len, filtered_len) = (pass.block.output_len(), pass.block.expansion.filtered_len());
        let of_output = &self.of_output[self.segment_idx * len..][..len];
        let projected = &pass.projected[self.segment_idx * len..][..len];
        let filtered = &self.filtered[self.segment_idx * filtered_len..][..filtered_len];
        let activation = pass.filter_norm.activation(&pass.filter_slope);
        let step = pass.block.stretch();
        let mut of_projected = vec![0.0; step * n_outputs];
        let mut of_activated = vec![0.0; step * n_wide];
        let mut activated = vec![0.0; step * n_wide];
        let mut sums = vec![0.0; 3 * n_wide + n_wide * n_outputs];
        let (of_filter, of_weights) = sums.split_at_mut(3 * n_wide);
        let stretches = of_output.chunks(step * n_outputs).zip(projected.chunks(step * n_outputs));
        for ((of_output, projected), filtered) in stretches.zip(filtered.chunks(step * n_wide)) {
            let of_projected = &mut of_projected[..projected.len()];
            let (of_activated, activated) = (&mut of_activated[..filtered.len()], &mut activated[..filtered.len()]);
            norm_gradient(simd, of_output, projected, pass.norm.gradient(self.of_norm), of_projected);
            self.back.apply(simd, of_projected, of_activated);
            add_activation_moments(simd, of_activated, filtered, activation, Some(&mut *activated), of_filter);
            add_weight_gradient(simd, (activated, n_wide), (of_projected, n_outputs), of_weights);
        }
        sums
    }
}

/// The gradients of the filtered map, made again from those of the output.
struct OfFiltered<'a> {
    pass: &'a Pass,
    filtered: &'a [f32],
    back: &'a Pointwise,
    of_norm: &'a NormGradients,
    of_filter_norm: &'a NormGradients,
    of_output: &'a [f32],
}

impl FilteredGradient for OfFiltered<'_> {
    #[inline(always)]
    fn fill<S: Simd>(&self, simd: S, segment_idx: usize, row_idx: usize, scratch: &mut Vec<f32>, row: &mut [f32]) {
        let pass = self.pass;
        let n_wide = pass.block.expansion.n_wide;
        let Grid { rows, width } = pass.block.expansion.filtered();
        let len = width * pass.block.n_outputs;
        let first_row = segment_idx * rows + row_idx;
        let filtered = &self.filtered[first_row * width * n_wide..][..width * n_wide];
        let projected = &pass.projected[first_row * len..][..len];
        let of_output = &self.of_output[first_row * len..][..len];
        scratch.resize(len, 0.0);
        norm_gradient(simd, of_output, projected, pass.norm.gradient(self.of_norm), scratch);
        let activation = pass.filter_norm.activation(&pass.filter_slope);
        let norm = pass.filter_norm.gradient(self.of_filter_norm);
        self.back.product(
            simd,
            scratch,
            #[inline(always)]
            |m, n, vectors| {
                for (i, of_activated) in vectors.iter().enumerate() {
                    let channel = n + i * S::F32_LANES;
                    let at = m * n_wide + channel..m * n_wide + (channel + S::F32_LANES).min(n_wide);
                    let activation = activation.vectors(simd, channel);
                    let z = load(simd, &filtered[at.clone()]);
                    let g = activation.gradient(activation.normed(z), *of_activated);
                    store(simd, &mut row[at], norm.vectors(simd, channel).of_value(g, z));
                }
            },
        );
    }
}
