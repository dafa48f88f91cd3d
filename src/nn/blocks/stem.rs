//! The first two layers: a convolution of stride 2 over the one channel of a spectrogram and a 3x3 filter of each channel, each
//! with batch norm and PReLU.
//!
//! Kept for the backward pass: the input and the filtered map before its batch norm.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

use super::expansion::{Expansion, FilteredGradient, Prepared, Source};
use super::norm::{Norm, NormGradients, NormRule};
use super::{Block, Forward, Gradients, Grid, STRETCH, Values, Wanted, added_up, narrowed, split};
use crate::nn::kernels::rows::{Activation, activate, activation_gradient, add_activation_moments};

/// Parameters, in this order: the convolution `[n_channels, 3, 3]`, its batch norm's gamma and beta, its slopes; the same four
/// of the filter.
pub(in crate::nn) struct Stem(Expansion);

/// What the backward pass needs.
struct Kept {
    expansion: Expansion,
    input: Values,
    prepared: Prepared,
    filtered: Vec<f32>,
    norm: Norm,
    slope: Vec<f32>,
}

impl Stem {
    /// For spectrograms of this size.
    pub(in crate::nn) fn new(picture: Grid, n_channels: usize, rule: impl Into<NormRule>) -> Self {
        Self(Expansion {
            source: Source::Patches { picture },
            grid: picture.filtered(2),
            n_inputs: 9,
            n_wide: n_channels,
            stride: 1,
            rule: rule.into(),
        })
    }
}

impl Stem {
    /// For maps `[rows, width, n_inputs]` that hold the neighbourhoods already, as a convolution of several channels sees them.
    pub(in crate::nn) fn of_patches(grid: Grid, n_inputs: usize, n_channels: usize, rule: impl Into<NormRule>) -> Self {
        Self(Expansion {
            source: Source::Channels,
            grid,
            n_inputs,
            n_wide: n_channels,
            stride: 1,
            rule: rule.into(),
        })
    }
}

impl Block for Stem {
    fn n_parameters(&self) -> usize {
        self.0.n_parameters() + 3 * self.0.n_wide
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let (expansion, n_channels) = (self.0, self.0.n_wide);
        let lens = [expansion.n_parameters(), n_channels, n_channels, n_channels];
        let [of_expansion, gamma, beta, slope] = split(parameters, lens);
        let prepared = expansion.prepare(&input, of_expansion);
        let (filtered, sums) = expansion.forward(&prepared, &input);
        let norm = Norm::from_sums(&sums, filtered.len() / n_channels, (gamma, beta), expansion.rule);
        let mut output = vec![0.0; filtered.len()];
        let len = expansion.filtered_len();
        let activation = norm.activation(slope);
        let segments = filtered.par_chunks(len).zip(output.par_chunks_mut(len));
        segments.for_each(|(filtered, output)| {
            Arch::new().dispatch(Activate {
                activation,
                filtered,
                output,
            });
        });
        let Grid { rows, width } = expansion.filtered();
        let kept = Kept {
            expansion,
            input,
            slope: slope.to_vec(),
            prepared,
            filtered,
            norm,
        };
        Forward {
            output,
            shape: vec![rows, width, n_channels],
            statistics: kept.prepared.statistics().chain(kept.norm.statistics()).collect(),
            backward: Box::new(move |of_output, wanted| kept.backward(&of_output, wanted)),
        }
    }
}

impl Kept {
    fn backward(&self, of_output: &[f32], wanted: Wanted) -> Gradients {
        // A spectrogram is data: its gradient is never wanted.
        let wanted = match self.expansion.source {
            Source::Channels => wanted,
            Source::Patches { .. } => Wanted::ParametersOnly,
        };
        let (n_channels, len) = (self.expansion.n_wide, self.expansion.filtered_len());
        let segments = of_output.par_chunks(len).zip(self.filtered.par_chunks(len));
        let sums: Vec<Vec<f32>> = segments
            .map(|(of_output, filtered)| {
                Arch::new().dispatch(ActivationMoments {
                    of_output,
                    filtered,
                    activation: self.norm.activation(&self.slope),
                })
            })
            .collect();
        let sums = added_up(&sums);
        let of_norm = self.norm.gradients(&sums[..n_channels], &sums[n_channels..2 * n_channels]);
        let of_filtered = OfFiltered {
            kept: self,
            of_norm: &of_norm,
            of_output,
        };
        let (of_input, mut of_parameters) = self
            .expansion
            .backward(&self.prepared, &self.input, &of_filtered, None, wanted);
        of_parameters.extend(&of_norm.gamma);
        of_parameters.extend(&of_norm.beta);
        of_parameters.extend(narrowed(&sums[2 * n_channels..]));
        Gradients {
            input: of_input,
            parameters: of_parameters,
        }
    }
}

/// Batch norm and PReLU of a segment.
struct Activate<'a> {
    activation: Activation<'a>,
    filtered: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let stretch = STRETCH.next_multiple_of(self.activation.scale.len());
        for (filtered, output) in self.filtered.chunks(stretch).zip(self.output.chunks_mut(stretch)) {
            activate(simd, filtered, self.activation, output);
        }
    }
}

/// The sums of a segment that the gradients of norm and slope are made of.
struct ActivationMoments<'a> {
    of_output: &'a [f32],
    filtered: &'a [f32],
    activation: Activation<'a>,
}

impl WithSimd for ActivationMoments<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut sums = vec![0.0; 3 * self.activation.scale.len()];
        let stretch = STRETCH.next_multiple_of(self.activation.scale.len());
        for (of_output, filtered) in self.of_output.chunks(stretch).zip(self.filtered.chunks(stretch)) {
            add_activation_moments(simd, of_output, filtered, self.activation, None, &mut sums);
        }
        sums
    }
}

/// The gradients of the filtered map, from those of the output.
struct OfFiltered<'a> {
    kept: &'a Kept,
    of_norm: &'a NormGradients,
    of_output: &'a [f32],
}

impl FilteredGradient for OfFiltered<'_> {
    #[inline(always)]
    fn fill<S: Simd>(&self, simd: S, segment_idx: usize, row_idx: usize, _scratch: &mut Vec<f32>, row: &mut [f32]) {
        let kept = self.kept;
        let first = (segment_idx * kept.expansion.filtered().rows + row_idx) * row.len();
        let filtered = &kept.filtered[first..first + row.len()];
        let of_output = &self.of_output[first..first + row.len()];
        let (activation, norm) = (kept.norm.activation(&kept.slope), kept.norm.gradient(self.of_norm));
        activation_gradient(simd, of_output, filtered, (activation, norm), row);
    }
}
