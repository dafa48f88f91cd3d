//! Pointwise convolution, batch norm, PReLU, 3x3 filter of each channel: the wide first half of bottlenecks, and the stem.
//!
//! The wide maps are never stored. The statistics of the pointwise convolution follow from the sums of its inputs and of
//! their products (`mean = W·s/n`, `variance = wᵀ(G/n - mmᵀ)w`), so that no pass makes the wide map only to add it up. In the
//! backward pass, the gradient of the wide map is `scale · g + by_value · z + constant` for each channel, of which only `g` is
//! as wide as the map: `dx = W(scale · g) + (W · diag(by_value) · Wᵀ)x + W · constant`. The first term is made in the pass that
//! finds the sums which `by_value` and `constant` need, the rest is a narrow product afterwards.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

use super::moments::{InputMoments, SegmentMoments};
use super::norm::{Norm, NormRule};
use super::pointwise::{Pointwise, add_weight_gradient};
use super::{Grid, STRETCH, Wanted, added_up, split};
use crate::nn::kernels::filter::{Stretch, filter, filter_gradient, gradient_padding, gradient_rows};
use crate::nn::kernels::product::{load, store};
use crate::nn::kernels::rows::Activation;

/// Where the inputs of the pointwise convolution come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// From the channels of a map.
    Channels,
    /// From the 3x3 neighbourhoods of every second row and column of a picture: a convolution of one channel.
    Patches { picture: Grid },
}

/// Sizes of the layers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expansion {
    pub source: Source,
    /// Of the wide map.
    pub grid: Grid,
    pub n_inputs: usize,
    pub n_wide: usize,
    /// Of the 3x3 filter.
    pub stride: usize,
    pub rule: NormRule,
}

/// What the layers compute with, in the order of the kernels.
pub(super) struct Prepared {
    /// `[n_wide][n_inputs]`
    weights: Vec<f32>,
    widen: Pointwise,
    norm: Norm,
    slope: Vec<f32>,
    /// `[9][n_wide]`
    taps: Vec<f32>,
    moments: InputMoments,
}

/// Gives the gradients of the filtered map, row by row.
pub(super) trait FilteredGradient: Sync {
    /// Puts the gradients of one row of a segment's filtered map into `row`, `[width, n_wide]`.
    fn fill<S: Simd>(&self, simd: S, segment_idx: usize, row_idx: usize, scratch: &mut Vec<f32>, row: &mut [f32]);
}

impl Expansion {
    pub(super) fn n_parameters(&self) -> usize {
        self.n_wide * (self.n_inputs + 3 + 9)
    }

    /// Numbers of one segment of the input.
    pub(super) fn input_len(&self) -> usize {
        match self.source {
            Source::Channels => self.grid.n_positions() * self.n_inputs,
            Source::Patches { picture } => picture.n_positions(),
        }
    }

    pub(super) fn filtered(&self) -> Grid {
        self.grid.filtered(self.stride)
    }

    /// Numbers of one segment of the filtered map.
    pub(super) fn filtered_len(&self) -> usize {
        self.filtered().n_positions() * self.n_wide
    }

    /// Rows of the wide map that are worked on at once; even, because a filter of stride 2 works on pairs.
    fn stretch_rows(&self) -> usize {
        (STRETCH / (self.n_wide * self.grid.width)).next_multiple_of(2).max(2)
    }

    /// The filtered map of a batch, and the sums of it that its batch norm needs.
    pub(super) fn forward(&self, prepared: &Prepared, input: &[f32]) -> (Vec<f32>, Vec<f64>) {
        let mut filtered = vec![0.0; input.len() / self.input_len() * self.filtered_len()];
        let segments = input
            .par_chunks(self.input_len())
            .zip(filtered.par_chunks_mut(self.filtered_len()));
        let sums: Vec<Vec<f32>> = segments
            .map(|(input, filtered)| {
                Arch::new().dispatch(Filter {
                    expansion: self,
                    prepared,
                    input,
                    filtered,
                })
            })
            .collect();
        (filtered, added_up(&sums))
    }

    /// What the passes over this batch compute with.
    pub(super) fn prepare(&self, input: &[f32], parameters: &[f32]) -> Prepared {
        let (n_inputs, n_wide) = (self.n_inputs, self.n_wide);
        let lens = [n_wide * n_inputs, n_wide, n_wide, n_wide, n_wide * 9];
        let [weights, gamma, beta, slope, filters] = split(parameters, lens);
        let moments = self.input_moments(input);
        Prepared {
            weights: weights.to_vec(),
            widen: Pointwise::new(n_inputs, n_wide, |i, channel| weights[channel * n_inputs + i]),
            norm: moments.norm_of_product(weights, gamma, beta, self.rule),
            slope: slope.to_vec(),
            taps: (0..9 * n_wide).map(|at| filters[at % n_wide * 9 + at / n_wide]).collect(),
            moments,
        }
    }

    fn input_moments(&self, input: &[f32]) -> InputMoments {
        if self.source == Source::Channels {
            return InputMoments::of(input, self.input_len(), self.n_inputs);
        }
        let segments = input.par_chunks(self.input_len());
        let n_positions = segments.len() * self.grid.n_positions();
        let sums: Vec<Vec<f32>> = segments
            .map(|input| Arch::new().dispatch(PatchMoments { expansion: self, input }))
            .collect();
        InputMoments::added_up(&sums, n_positions, self.n_inputs)
    }

    /// The gradients of input (where wanted; plus `residual`, the gradient that comes past the block) and of parameters.
    pub(super) fn backward<F: FilteredGradient>(
        &self,
        prepared: &Prepared,
        input: &[f32],
        of_filtered: &F,
        residual: Option<&[f32]>,
        wanted: Wanted,
    ) -> (Vec<f32>, Vec<f32>) {
        let n_segments = input.len() / self.input_len();
        let narrow = Pointwise::new(self.n_wide, self.n_inputs, |channel, i| {
            prepared.weights[channel * self.n_inputs + i] * prepared.norm.scale[channel]
        });
        let pass = |segment_idx: usize, of_input: Option<&mut [f32]>| {
            Arch::new().dispatch(Unfilter {
                expansion: self,
                prepared,
                narrow: &narrow,
                input: &input[segment_idx * self.input_len()..][..self.input_len()],
                segment_idx,
                of_filtered,
                of_input,
            })
        };
        let mut of_input = Vec::new();
        let sums: Vec<Vec<f32>> = if wanted == Wanted::All {
            of_input = vec![0.0; input.len()];
            let segments = of_input.par_chunks_mut(self.input_len()).enumerate();
            segments
                .map(|(segment_idx, of_input)| pass(segment_idx, Some(of_input)))
                .collect()
        } else {
            (0..n_segments)
                .into_par_iter()
                .map(|segment_idx| pass(segment_idx, None))
                .collect()
        };
        self.finish(prepared, &added_up(&sums), input, of_input, residual)
    }

    /// The parts of the gradients that hang on the sums over the whole batch.
    fn finish(
        &self,
        prepared: &Prepared,
        sums: &[f64],
        input: &[f32],
        mut of_input: Vec<f32>,
        residual: Option<&[f32]>,
    ) -> (Vec<f32>, Vec<f32>) {
        let (n_inputs, n_wide) = (self.n_inputs, self.n_wide);
        let (of_taps, rest) = sums.split_at(9 * n_wide);
        let (of_normed, rest) = rest.split_at(n_wide);
        let (of_slope, with_inputs) = rest.split_at(n_wide);
        let weight = |channel: usize, i: usize| f64::from(prepared.weights[channel * n_inputs + i]);
        let times_value: Vec<f64> = (0..n_wide)
            .map(|channel| {
                (0..n_inputs)
                    .map(|i| weight(channel, i) * with_inputs[i * n_wide + channel])
                    .sum()
            })
            .collect();
        let gradients = prepared.norm.gradients(of_normed, &times_value);
        let (by_value, constant) = (&gradients.by_value, &gradients.constant);
        let mut of_parameters = Vec::with_capacity(self.n_parameters());
        for channel in 0..n_wide {
            let weights = &prepared.weights[channel * n_inputs..][..n_inputs];
            for (i, with_value) in prepared.moments.times_output(weights).enumerate() {
                let direct = f64::from(prepared.norm.scale[channel]) * with_inputs[i * n_wide + channel];
                let through_statistics = by_value[channel] * with_value + constant[channel] * prepared.moments.sums[i];
                of_parameters.push((direct + through_statistics) as f32);
            }
        }
        of_parameters.extend(&gradients.gamma);
        of_parameters.extend(&gradients.beta);
        of_parameters.extend(of_slope.iter().map(|&sum| sum as f32));
        of_parameters.extend((0..9 * n_wide).map(|at| of_taps[at % 9 * n_wide + at / 9] as f32));
        if !of_input.is_empty() {
            let sum = |term: &dyn Fn(usize) -> f64| (0..n_wide).map(term).sum::<f64>() as f32;
            let through_values = Pointwise::with_bias(
                n_inputs,
                n_inputs,
                |i, j| sum(&|channel| weight(channel, i) * by_value[channel] * weight(channel, j)),
                |i| sum(&|channel| weight(channel, i) * constant[channel]),
            );
            let len = self.input_len();
            let segments = of_input.par_chunks_mut(len).zip(input.par_chunks(len)).enumerate();
            segments.for_each(|(segment_idx, (of_input, input))| {
                Arch::new().dispatch(Finish {
                    through_values: &through_values,
                    n_inputs,
                    input,
                    residual: residual.map(|residual| &residual[segment_idx * len..][..len]),
                    of_input,
                });
            });
        }
        (of_input, of_parameters)
    }

    /// The inputs of the pointwise convolution for some rows of the wide map, `[rows, width, n_inputs]`.
    #[inline(always)]
    fn inputs<'a>(&self, segment: &'a [f32], rows: Range<usize>, scratch: &'a mut Vec<f32>) -> &'a [f32] {
        match self.source {
            Source::Channels => {
                let row_len = self.grid.width * self.n_inputs;
                &segment[rows.start * row_len..rows.end * row_len]
            }
            Source::Patches { picture } => {
                patches(segment, picture, self.grid.width, rows, scratch);
                scratch
            }
        }
    }
}

impl Prepared {
    /// For the running statistics.
    pub(super) fn statistics(&self) -> impl Iterator<Item = f32> {
        self.norm.statistics()
    }

    fn activation(&self) -> Activation<'_> {
        self.norm.activation(&self.slope)
    }
}

/// The 3x3 neighbourhoods around every second row and column, `[rows, width, 9]`; zeros beyond the edge.
fn patches(picture: &[f32], size: Grid, width: usize, rows: Range<usize>, patches: &mut Vec<f32>) {
    patches.clear();
    patches.resize(rows.len() * width * 9, 0.0);
    for (row_idx, patches) in rows.zip(patches.chunks_exact_mut(width * 9)) {
        for y in 0..3 {
            // Row and column 0 of a neighbourhood lie one above and one left of its middle.
            let Some(from) = (2 * row_idx + y).checked_sub(1).filter(|&from| from < size.rows) else {
                continue;
            };
            let from = &picture[from * size.width..][..size.width];
            for (x, patch) in patches.chunks_exact_mut(9).enumerate() {
                let first = if x == 0 { 1 } else { 0 };
                let end = (size.width + 1 - 2 * x).min(3);
                for i in first..end {
                    patch[3 * y + i] = from[2 * x + i - 1];
                }
            }
        }
    }
}

/// The sums of a segment's patches; see [`SegmentMoments`].
struct PatchMoments<'a> {
    expansion: &'a Expansion,
    input: &'a [f32],
}

impl WithSimd for PatchMoments<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let (rows, step) = (self.expansion.grid.rows, self.expansion.stretch_rows());
        let mut sums = SegmentMoments::zeros(self.expansion.n_inputs);
        let mut scratch = Vec::new();
        for first in (0..rows).step_by(step) {
            let patches = self
                .expansion
                .inputs(self.input, first..(first + step).min(rows), &mut scratch);
            SegmentMoments::add(simd, patches, self.expansion.n_inputs, &mut sums);
        }
        sums
    }
}

/// The forward pass of a segment; gives the sums `[2, n_wide]` of filtered values and of their squares.
struct Filter<'a> {
    expansion: &'a Expansion,
    prepared: &'a Prepared,
    input: &'a [f32],
    filtered: &'a mut [f32],
}

impl WithSimd for Filter<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let &Expansion {
            grid, n_wide, stride, ..
        } = self.expansion;
        let size = self.expansion.filtered();
        let pitch = grid.width + 2;
        let step = self.expansion.stretch_rows() / stride;
        let row_len = pitch * n_wide;
        // Activated rows in a frame of zeros, from the one above the first neighbourhood on.
        let n_held = (step - 1) * stride + 3;
        let mut held = vec![0.0; n_held * row_len];
        let mut sums = vec![0.0; 2 * n_wide];
        let (mut next, mut scratch) = (0, Vec::new());
        for first in (0..size.rows).step_by(step) {
            let n_rows = step.min(size.rows - first);
            if first > 0 {
                held.copy_within(step * stride * row_len.., 0);
            }
            // Row `row` of the map lies in row `row + 1 - first * stride` of `held`.
            let end = first * stride + (n_rows - 1) * stride + 2;
            while next < end.min(grid.rows) {
                let to = &mut held[(next + 1 - first * stride) * row_len..][..row_len];
                self.activate_row(simd, next, &mut scratch, &mut to[n_wide..]);
                next += 1;
            }
            if end > grid.rows {
                held[(grid.rows + 1 - first * stride) * row_len..].fill(0.0);
            }
            let stretch = Stretch {
                n_rows,
                width: size.width,
                pitch,
            };
            let output = &mut self.filtered[first * size.width * n_wide..][..n_rows * size.width * n_wide];
            match stride {
                1 => filter::<S, 1>(simd, &held, &self.prepared.taps, stretch, output, &mut sums),
                _ => filter::<S, 2>(simd, &held, &self.prepared.taps, stretch, output, &mut sums),
            }
        }
        sums
    }
}

impl Filter<'_> {
    /// Pointwise convolution, batch norm and PReLU of one row.
    #[inline(always)]
    fn activate_row<S: Simd>(&self, simd: S, row_idx: usize, scratch: &mut Vec<f32>, to: &mut [f32]) {
        let n_wide = self.expansion.n_wide;
        let inputs = self.expansion.inputs(self.input, row_idx..row_idx + 1, scratch);
        let activation = self.prepared.activation();
        self.prepared.widen.product(
            simd,
            inputs,
            #[inline(always)]
            |m, n, vectors| {
                for (i, z) in vectors.iter().enumerate() {
                    let first = n + i * S::F32_LANES;
                    let end = (first + S::F32_LANES).min(n_wide);
                    let activation = activation.vectors(simd, first);
                    let h = activation.normed(*z);
                    store(simd, &mut to[m * n_wide + first..m * n_wide + end], activation.activated(h));
                }
            },
        );
    }
}

/// The backward pass of a segment, up to the sums that the rest of it hangs on: those of the filter's weights, of the normed
/// map's gradients and of the slopes, `[11, n_wide]`, and of inputs times gradients, `[n_inputs, n_wide]`.
struct Unfilter<'a, F> {
    expansion: &'a Expansion,
    prepared: &'a Prepared,
    /// The way from the gradient of the normed wide map to the input.
    narrow: &'a Pointwise,
    input: &'a [f32],
    segment_idx: usize,
    of_filtered: &'a F,
    of_input: Option<&'a mut [f32]>,
}

impl<F: FilteredGradient> WithSimd for Unfilter<'_, F> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Vec<f32> {
        let &Expansion {
            grid,
            n_inputs,
            n_wide,
            stride,
            ..
        } = self.expansion;
        let size = self.expansion.filtered();
        let step = self.expansion.stretch_rows();
        let (left, right) = gradient_padding(stride);
        let pitch = left + size.width + right;
        let row_len = pitch * n_wide;
        let (_, n_held) = gradient_rows(stride, 0, step);
        let mut held = vec![0.0; n_held * row_len];
        let mut wide = vec![0.0; step * grid.width * n_wide];
        let mut sums = vec![0.0; 11 * n_wide + n_inputs * n_wide];
        let (of_filter, with_inputs) = sums.split_at_mut(11 * n_wide);
        let (mut next, mut scratch, mut patches) = (0, Vec::new(), Vec::new());
        for first in (0..grid.rows).step_by(step) {
            let n_rows = step.min(grid.rows - first);
            if first > 0 {
                held.copy_within(step / stride * row_len.., 0);
            }
            // Row `row` of the gradients lies in row `row - top` of `held`.
            let (top, n_needed) = gradient_rows(stride, first, n_rows);
            let place = |row: usize| (row as isize - top) as usize * row_len;
            let end = (top + n_needed as isize) as usize;
            while next < end.min(size.rows) {
                let to = &mut held[place(next) + left * n_wide..][..size.width * n_wide];
                self.of_filtered.fill(simd, self.segment_idx, next, &mut scratch, to);
                next += 1;
            }
            if end > size.rows {
                held[place(size.rows)..].fill(0.0);
            }
            let inputs = self.expansion.inputs(self.input, first..first + n_rows, &mut patches);
            let wide = &mut wide[..n_rows * grid.width * n_wide];
            self.prepared.widen.apply(simd, inputs, wide);
            let stretch = Stretch {
                n_rows,
                width: grid.width,
                pitch,
            };
            let (taps, activation) = (&self.prepared.taps, self.prepared.activation());
            match stride {
                1 => filter_gradient::<S, 1>(simd, &held, taps, activation, stretch, wide, of_filter),
                _ => filter_gradient::<S, 2>(simd, &held, taps, activation, stretch, wide, of_filter),
            }
            let wide = &*wide;
            add_weight_gradient(simd, (inputs, n_inputs), (wide, n_wide), with_inputs);
            if let Some(of_input) = &mut self.of_input {
                let row_len = grid.width * n_inputs;
                self.narrow
                    .apply(simd, wide, &mut of_input[first * row_len..][..n_rows * row_len]);
            }
        }
        sums
    }
}

/// Adds to the gradient of a segment's input what hangs on sums over the batch.
struct Finish<'a> {
    through_values: &'a Pointwise,
    n_inputs: usize,
    input: &'a [f32],
    residual: Option<&'a [f32]>,
    of_input: &'a mut [f32],
}

impl WithSimd for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (n_inputs, of_input) = (self.n_inputs, self.of_input);
        self.through_values.product(
            simd,
            self.input,
            #[inline(always)]
            |m, n, vectors| {
                for (i, sum) in vectors.iter().enumerate() {
                    let first = m * n_inputs + n + i * S::F32_LANES;
                    let end = (first + S::F32_LANES).min((m + 1) * n_inputs);
                    let mut sum = simd.add_f32s(*sum, load(simd, &of_input[first..end]));
                    if let Some(residual) = self.residual {
                        sum = simd.add_f32s(sum, load(simd, &residual[first..end]));
                    }
                    store(simd, &mut of_input[first..end], sum);
                }
            },
        );
    }
}
