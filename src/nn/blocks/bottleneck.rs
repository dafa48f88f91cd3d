//! The inverted bottleneck: expand and filter, then project to few channels and add the input.
//!
//! Kept for the backward pass: the input, the filtered map and the projected one, both before their batch norms.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

use super::expansion::{Expansion, FilteredGradient, Prepared, Source};
use super::norm::{Norm, NormGradients};
use super::pointwise::{Pointwise, add_weight_gradient};
use super::{Block, Forward, Gradients, Grid, STRETCH, Values, Wanted, added_up, narrowed, split};
use crate::nn::kernels::product::{load, store};
use crate::nn::kernels::rows::{activate, add_activation_moments, add_moments, norm_gradient, normalise};

/// Parameters, in this order: the expanding convolution `[n_wide, n_inputs]`, its batch norm's gamma and beta, its slopes; the
/// same four of the filter `[n_wide, 3, 3]`; the projecting convolution `[n_outputs, n_wide]`, gamma and beta.
pub(in crate::nn) struct Bottleneck {
    expansion: Expansion,
    n_outputs: usize,
    has_residual: bool,
}

/// What the backward pass needs.
struct Kept {
    block: Bottleneck,
    input: Values,
    prepared: Prepared,
    filtered: Vec<f32>,
    filter_norm: Norm,
    filter_slope: Vec<f32>,
    projected: Vec<f32>,
    norm: Norm,
    /// `[n_outputs][n_wide]`
    weights: Vec<f32>,
}

impl Bottleneck {
    /// For maps of this size and this many channels; inputs are added to the outputs where the filter has stride 1.
    pub(in crate::nn) fn new(grid: Grid, [n_inputs, n_wide, n_outputs]: [usize; 3], stride: usize, epsilon: f64) -> Self {
        Self {
            expansion: Expansion {
                source: Source::Channels,
                grid,
                n_inputs,
                n_wide,
                stride,
                epsilon,
            },
            n_outputs,
            has_residual: stride == 1,
        }
    }

    fn output_len(&self) -> usize {
        self.expansion.filtered().n_positions() * self.n_outputs
    }
}

impl Block for Bottleneck {
    fn n_parameters(&self) -> usize {
        self.expansion.n_parameters() + 3 * self.expansion.n_wide + self.n_outputs * (self.expansion.n_wide + 2)
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let &Self { expansion, n_outputs, has_residual } = self;
        let n_wide = expansion.n_wide;
        let [of_expansion, filter_gamma, filter_beta, filter_slope, weights, gamma, beta] = split(
            parameters,
            [expansion.n_parameters(), n_wide, n_wide, n_wide, n_outputs * n_wide, n_outputs, n_outputs],
        );
        let (filtered, sums, prepared) = expansion.forward(&input, of_expansion);
        let n_positions = filtered.len() / n_wide;
        let filter_norm = Norm::from_sums(&sums, n_positions, filter_gamma, filter_beta, expansion.epsilon);
        let mut kept = Kept {
            block: Self { expansion, n_outputs, has_residual },
            input,
            prepared,
            filtered,
            filter_norm,
            filter_slope: filter_slope.to_vec(),
            projected: vec![0.0; n_positions * n_outputs],
            norm: Norm::from_sums(&vec![0.0; 2 * n_outputs], 1, gamma, beta, expansion.epsilon),
            weights: weights.to_vec(),
        };
        let sums = kept.project();
        kept.norm = Norm::from_sums(&sums, n_positions, gamma, beta, expansion.epsilon);
        let norms = kept.prepared.statistics().chain(kept.filter_norm.statistics()).chain(kept.norm.statistics());
        let Grid { rows, width } = expansion.filtered();
        Forward {
            output: kept.output(),
            shape: vec![rows, width, n_outputs],
            statistics: norms.collect(),
            backward: Box::new(move |of_output, wanted| kept.backward(&of_output, wanted)),
        }
    }
}

impl Kept {
    /// Fills `projected`, and gives its sums.
    fn project(&mut self) -> Vec<f64> {
        let (n_wide, n_outputs) = (self.block.expansion.n_wide, self.block.n_outputs);
        let (filtered_len, output_len) = (self.block.expansion.filtered_len(), self.block.output_len());
        let weights = Pointwise::new(n_wide, n_outputs, |channel, output| self.weights[output * n_wide + channel]);
        let mut projected = std::mem::take(&mut self.projected);
        let segments = self.filtered.par_chunks(filtered_len).zip(projected.par_chunks_mut(output_len));
        let sums: Vec<Vec<f32>> = segments
            .map(|(filtered, projected)| {
                Arch::new().dispatch(Project {
                    kept: self,
                    weights: &weights,
                    filtered,
                    projected,
                })
            })
            .collect();
        self.projected = projected;
        added_up(&sums)
    }

    /// Batch norm of the projected map, plus the input.
    fn output(&self) -> Vec<f32> {
        let mut output = vec![0.0; self.projected.len()];
        let len = self.block.output_len();
        let segments = output.par_chunks_mut(len).zip(self.projected.par_chunks(len)).enumerate();
        segments.for_each(|(segment_idx, (output, projected))| {
            Arch::new().dispatch(Normalise {
                norm: &self.norm,
                projected,
                residual: self.block.has_residual.then(|| &self.input[segment_idx * len..][..len]),
                output,
            });
        });
        output
    }

    fn backward(&self, of_output: &[f32], wanted: Wanted) -> Gradients {
        let (expansion, n_outputs) = (&self.block.expansion, self.block.n_outputs);
        let (n_wide, len) = (expansion.n_wide, self.block.output_len());
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
                kept: self,
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
        let of_filter_norm = self.filter_norm.gradients(&of_filter[..n_wide], &of_filter[n_wide..2 * n_wide]);
        let of_filtered = OfFiltered {
            kept: self,
            back: &back,
            of_norm: &of_norm,
            of_filter_norm: &of_filter_norm,
            of_output,
        };
        let residual = self.block.has_residual.then_some(of_output);
        let (of_input, mut of_parameters) = expansion.backward(&self.prepared, &self.input, &of_filtered, residual, wanted);
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

    /// Positions that are worked on at once.
    fn stretch(&self) -> usize {
        (STRETCH / self.block.expansion.n_wide).next_multiple_of(8)
    }
}

/// Projects a segment; gives the sums of the outputs and of their squares.
struct Project<'a> {
    kept: &'a Kept,
    weights: &'a Pointwise,
    filtered: &'a [f32],
    projected: &'a mut [f32],
}

impl WithSimd for Project<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let (n_wide, n_outputs) = (self.kept.block.expansion.n_wide, self.kept.block.n_outputs);
        let activation = self.kept.filter_norm.activation(&self.kept.filter_slope);
        let step = self.kept.stretch();
        let mut activated = vec![0.0; step * n_wide];
        let mut sums = vec![0.0; 2 * n_outputs];
        let stretches = self.filtered.chunks(step * n_wide).zip(self.projected.chunks_mut(step * n_outputs));
        for (filtered, projected) in stretches {
            let activated = &mut activated[..filtered.len()];
            activate(simd, filtered, activation, activated);
            self.weights.apply(simd, activated, projected);
            add_moments(simd, projected, projected, &mut sums);
        }
        sums
    }
}

/// Batch norm of a segment's projected map, plus the residual.
struct Normalise<'a> {
    norm: &'a Norm,
    projected: &'a [f32],
    residual: Option<&'a [f32]>,
    output: &'a mut [f32],
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let stretch = STRETCH.next_multiple_of(self.norm.scale.len());
        let norm = (self.norm.scale.as_slice(), self.norm.shift.as_slice());
        let stretches = self.projected.chunks(stretch).zip(self.output.chunks_mut(stretch));
        for (idx, (projected, output)) in stretches.enumerate() {
            let residual = self.residual.map(|residual| &residual[idx * stretch..][..output.len()]);
            normalise(simd, projected, norm, residual, output);
        }
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
    kept: &'a Kept,
    back: &'a Pointwise,
    of_norm: &'a NormGradients,
    of_output: &'a [f32],
    segment_idx: usize,
}

impl WithSimd for Unproject<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let kept = self.kept;
        let (n_wide, n_outputs) = (kept.block.expansion.n_wide, kept.block.n_outputs);
        let (len, filtered_len) = (kept.block.output_len(), kept.block.expansion.filtered_len());
        let of_output = &self.of_output[self.segment_idx * len..][..len];
        let projected = &kept.projected[self.segment_idx * len..][..len];
        let filtered = &kept.filtered[self.segment_idx * filtered_len..][..filtered_len];
        let activation = kept.filter_norm.activation(&kept.filter_slope);
        let step = kept.stretch();
        let mut of_projected = vec![0.0; step * n_outputs];
        let mut of_activated = vec![0.0; step * n_wide];
        let mut activated = vec![0.0; step * n_wide];
        let mut sums = vec![0.0; 3 * n_wide + n_wide * n_outputs];
        let (of_filter, of_weights) = sums.split_at_mut(3 * n_wide);
        let stretches = of_output.chunks(step * n_outputs).zip(projected.chunks(step * n_outputs));
        for ((of_output, projected), filtered) in stretches.zip(filtered.chunks(step * n_wide)) {
            let of_projected = &mut of_projected[..projected.len()];
            let (of_activated, activated) = (&mut of_activated[..filtered.len()], &mut activated[..filtered.len()]);
            norm_gradient(simd, of_output, projected, kept.norm.gradient(self.of_norm), of_projected);
            self.back.apply(simd, of_projected, of_activated);
            add_activation_moments(simd, of_activated, filtered, activation, Some(&mut *activated), of_filter);
            add_weight_gradient(simd, (activated, n_wide), (of_projected, n_outputs), of_weights);
        }
        sums
    }
}

/// The gradients of the filtered map, made again from those of the output.
struct OfFiltered<'a> {
    kept: &'a Kept,
    back: &'a Pointwise,
    of_norm: &'a NormGradients,
    of_filter_norm: &'a NormGradients,
    of_output: &'a [f32],
}

impl FilteredGradient for OfFiltered<'_> {
    #[inline(always)]
    fn fill<S: Simd>(&self, simd: S, segment_idx: usize, row_idx: usize, scratch: &mut Vec<f32>, row: &mut [f32]) {
        let kept = self.kept;
        let n_wide = kept.block.expansion.n_wide;
        let Grid { rows, width } = kept.block.expansion.filtered();
        let len = width * kept.block.n_outputs;
        let first_row = segment_idx * rows + row_idx;
        let filtered = &kept.filtered[first_row * width * n_wide..][..width * n_wide];
        let projected = &kept.projected[first_row * len..][..len];
        let of_output = &self.of_output[first_row * len..][..len];
        scratch.resize(len, 0.0);
        norm_gradient(simd, of_output, projected, kept.norm.gradient(self.of_norm), scratch);
        let activation = kept.filter_norm.activation(&kept.filter_slope);
        let norm = kept.filter_norm.gradient(self.of_filter_norm);
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
