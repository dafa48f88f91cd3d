//! The gradients of weights: of each, the sum over all targets of the gradient there times the source that it met.
//!
//! Loop order of a convolution: a frame of the target outermost; then a tile of its channels, a channel of the source and a row of
//! the kernel, whose sums stay in registers along the bands. Lanes are added up last.

use pulp::{Arch, Simd, WithSimd};

use super::maps::{Frame, Map};
use super::sums::{Convolution, Tile};
use super::taps::{Part, Way};

/// Adds to `weights` `[output channels, input channels, side, side]` what a group of windows contributes.
pub(super) fn of_convolution(convolution: &Convolution, input: &Map, output_gradient: &Map, weights: &mut [f32]) {
    Arch::new().dispatch(OfConvolution {
        convolution,
        input: input.values(),
        output_gradient: output_gradient.values(),
        weights,
    });
}

struct OfConvolution<'a> {
    convolution: &'a Convolution,
    input: &'a [f32],
    output_gradient: &'a [f32],
    weights: &'a mut [f32],
}

impl WithSimd for OfConvolution<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let tiles = self.convolution.tiles(Way::Forwards);
        let maps = (S::as_simd_f32s(self.input).0, S::as_simd_f32s(self.output_gradient).0);
        for part in &self.convolution.forwards {
            let n_sums = part.n_taps() * tiles.iter().map(|tile| tile.n * tile.sources.len()).sum::<usize>();
            // `[tiles][sources, rows of the kernel, tile, taps in a row]`
            let mut sums = vec![simd.splat_f32s(0.0); n_sums];
            for frame_idx in 0..part.frames.n {
                self.add_frame(simd, (part, &tiles), frame_idx, maps, &mut sums);
            }
            self.hand_over(simd, (part, &tiles), &sums);
        }
    }
}

impl OfConvolution<'_> {
    #[inline(always)]
    fn add_frame<S: Simd>(
        &self,
        simd: S,
        (part, tiles): (&Part, &[Tile]),
        frame_idx: usize,
        (input, output_gradient): (&[S::f32s], &[S::f32s]),
        mut sums: &mut [S::f32s],
    ) {
        let Convolution {
            input: from, output: to, ..
        } = *self.convolution;
        let frame = part.frames.first + frame_idx * part.frames.step;
        for tile in tiles {
            let first = to.row(tile.first, frame) + part.bands.first;
            let gradients = &output_gradient[first..];
            for channel in tile.sources.clone() {
                for row in &part.frames.taps {
                    let row = row.source + frame_idx * part.frames.advance;
                    let sources = &input[channel * from.plane() + row * from.pitch()..];
                    let own;
                    (own, sums) = std::mem::take(&mut sums).split_at_mut(tile.n * part.bands.taps.len());
                    along_bands(simd, part, (gradients, to.plane(), tile.n), sources, own);
                }
            }
        }
    }

    /// The sums over the lanes, each to the places of its tap.
    #[inline(always)]
    fn hand_over<S: Simd>(&mut self, simd: S, (part, tiles): (&Part, &[Tile]), sums: &[S::f32s]) {
        let side = self.convolution.side;
        let n_sources = if self.convolution.is_depthwise {
            1
        } else {
            self.convolution.input.shape.channels
        };
        let mut sums = sums.iter();
        for tile in tiles {
            for source in tile.sources.clone().map(|source| source % n_sources) {
                for row in &part.frames.taps {
                    for target in tile.first..tile.first + tile.n {
                        let kernel = &mut self.weights[(target * n_sources + source) * side * side..][..side * side];
                        for (column, sum) in part.bands.taps.iter().zip(&mut sums) {
                            let sum = simd.reduce_sum_f32s(*sum);
                            for place in row.places.iter() {
                                column.places.iter().for_each(|column| kernel[place * side + column] += sum);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `sums` `[tile, taps]`; the channels of the tile lie `plane` apart.
#[inline(always)]
fn along_bands<S: Simd>(
    simd: S,
    part: &Part,
    (gradients, plane, n): (&[S::f32s], usize, usize),
    sources: &[S::f32s],
    sums: &mut [S::f32s],
) {
    macro_rules! of_size {
        ($($n:literal $t:literal),*) => {
            match (n, part.bands.taps.len()) {
                $(($n, $t) => along::<S, $n, $t>(simd, part, (gradients, plane), sources, sums),)*
                _ => unreachable!("tiles have one to four channels, kernels one to three taps a row"),
            }
        };
    }
    of_size!(1 1, 1 2, 1 3, 2 1, 2 2, 2 3, 3 1, 3 2, 3 3, 4 1, 4 2, 4 3);
}

#[inline(always)]
fn along<S: Simd, const N: usize, const T: usize>(
    simd: S,
    part: &Part,
    (gradients, plane): (&[S::f32s], usize),
    sources: &[S::f32s],
    sums: &mut [S::f32s],
) {
    let bands = &part.bands;
    let mut own = [[simd.splat_f32s(0.0); T]; N];
    for (own, sums) in own.iter_mut().zip(sums.as_chunks::<T>().0) {
        *own = *sums;
    }
    let mut places = [0; T];
    for (place, tap) in places.iter_mut().zip(&bands.taps) {
        *place = tap.source;
    }
    for band_idx in 0..bands.n {
        let mut x = [simd.splat_f32s(0.0); T];
        for (x, place) in x.iter_mut().zip(places) {
            *x = sources[place + band_idx * bands.advance];
        }
        for (i, own) in own.iter_mut().enumerate() {
            let gradient = gradients[i * plane + band_idx * bands.step];
            for (own, x) in own.iter_mut().zip(x) {
                *own = simd.mul_add_e_f32s(gradient, x, *own);
            }
        }
    }
    for (sums, own) in sums.as_chunks_mut::<T>().0.iter_mut().zip(own) {
        *sums = own;
    }
}

/// Adds to `weights` `[sources, targets]` of a dense layer what a group of windows contributes.
pub(super) fn of_dense(source: (Frame, &Map), target_gradient: (Frame, &Map), weights: &mut [f32]) {
    Arch::new().dispatch(OfDense {
        source: (source.0, source.1.values()),
        target_gradient: (target_gradient.0, target_gradient.1.values()),
        weights,
    });
}

struct OfDense<'a> {
    source: (Frame, &'a [f32]),
    target_gradient: (Frame, &'a [f32]),
    weights: &'a mut [f32],
}

impl WithSimd for OfDense<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (from, source) = (self.source.0, S::as_simd_f32s(self.source.1).0);
        let (to, gradient) = (self.target_gradient.0, S::as_simd_f32s(self.target_gradient.1).0);
        let mut kernels = self.weights.chunks_exact_mut(to.shape.n_values());
        for row in from.rows() {
            for (x, kernel) in source[row].iter().zip(&mut kernels) {
                let rows = to.rows().zip(kernel.chunks_exact_mut(to.shape.bands));
                for (row, kernel) in rows {
                    for (gradient, weight) in gradient[row].iter().zip(kernel) {
                        *weight += simd.reduce_sum_f32s(simd.mul_f32s(*x, *gradient));
                    }
                }
            }
        }
    }
}

/// Adds to `bias` what a group of windows contributes: a number for each channel, or for each value where there are as many.
pub(super) fn of_bias(frame: Frame, gradient: &Map, bias: &mut [f32]) {
    Arch::new().dispatch(OfBias {
        frame,
        gradient: gradient.values(),
        bias,
    });
}

struct OfBias<'a> {
    frame: Frame,
    gradient: &'a [f32],
    bias: &'a mut [f32],
}

impl WithSimd for OfBias<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let gradient = S::as_simd_f32s(self.gradient).0;
        let n_shared = self.frame.shape.n_values() / self.bias.len();
        let mut value_idx = 0;
        for row in self.frame.rows() {
            for vector in &gradient[row] {
                self.bias[value_idx / n_shared] += simd.reduce_sum_f32s(*vector);
                value_idx += 1;
            }
        }
    }
}
