//! The sums of convolutions and dense layers, in either direction.
//!
//! Loop order of a convolution: a frame of the target outermost, so that the frames around it stay in the caches; then a tile of
//! its channels, whose sums over four neighbouring bands stay in registers while all sources pass by.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::maps::{Frame, Map};
use super::taps::{Axis, Part, Way};
use crate::exploration::{Layer, Operation};
use crate::nn::kernels::n_lanes;

/// Neighbouring targets that are summed up together.
const N_TOGETHER: usize = 4;
/// Channels of a tile at the most.
const MAX_TILE: usize = 4;

/// A convolution's geometry, for either way.
#[derive(Debug)]
pub(super) struct Convolution {
    pub input: Frame,
    pub output: Frame,
    /// Places of the kernel a side.
    pub side: usize,
    /// Each channel for itself.
    pub is_depthwise: bool,
    pub forwards: Vec<Part>,
    backwards: Vec<Part>,
}

/// Channels of the target that are summed up together.
#[derive(Debug, Clone)]
pub(super) struct Tile {
    pub first: usize,
    pub n: usize,
    /// Channels of the source that they need.
    pub sources: Range<usize>,
}

impl Convolution {
    /// `None`: the layer is a dense one.
    pub(super) fn of(layer: &Layer) -> Option<Self> {
        let (side, is_depthwise) = match layer.operation {
            Operation::Convolution { kernel } => (kernel, false),
            Operation::Depthwise => (3, true),
            Operation::Dense => return None,
        };
        let axes = Axis::both(layer, side);
        Some(Self {
            input: Frame { shape: layer.input },
            output: Frame { shape: layer.output },
            side,
            is_depthwise,
            forwards: Part::of(axes, Way::Forwards),
            backwards: Part::of(axes, Way::Backwards),
        })
    }

    fn parts(&self, way: Way) -> &[Part] {
        match way {
            Way::Forwards => &self.forwards,
            Way::Backwards => &self.backwards,
        }
    }

    /// Source and target.
    fn ends(&self, way: Way) -> (Frame, Frame) {
        match way {
            Way::Forwards => (self.input, self.output),
            Way::Backwards => (self.output, self.input),
        }
    }

    pub(super) fn tiles(&self, way: Way) -> Vec<Tile> {
        let (source, target) = self.ends(way);
        let n_channels = target.shape.channels;
        if self.is_depthwise {
            let tile = |channel| Tile {
                first: channel,
                n: 1,
                sources: channel..channel + 1,
            };
            return (0..n_channels).map(tile).collect();
        }
        // As equal as can be: a tile of one after some of four would load as much as they do.
        let n_tiles = n_channels.div_ceil(if n_lanes() >= 16 { MAX_TILE } else { MAX_TILE - 1 });
        let starts = (0..=n_tiles).map(|i| i * n_channels / n_tiles).collect::<Vec<_>>();
        let tiles = starts.windows(2).map(|ends| Tile {
            first: ends[0],
            n: ends[1] - ends[0],
            sources: 0..source.shape.channels,
        });
        tiles.collect()
    }

    /// `weights` `[output channels, input channels, side, side]` in the order in which [`Self::sum_up`] needs them.
    pub(super) fn pack(&self, way: Way, weights: &[f32]) -> Vec<f32> {
        let n_places = self.side * self.side;
        let kernel = |target: usize, source: usize| {
            let at = match way {
                _ if self.is_depthwise => target,
                Way::Forwards => target * self.input.shape.channels + source,
                Way::Backwards => source * self.input.shape.channels + target,
            };
            &weights[at * n_places..][..n_places]
        };
        let mut packed = Vec::new();
        for part in self.parts(way) {
            let taps: Vec<_> = part.places(self.side).collect();
            for tile in self.tiles(way) {
                for source in tile.sources {
                    for places in &taps {
                        let targets = tile.first..tile.first + tile.n;
                        packed.extend(targets.map(|target| {
                            let kernel = kernel(target, source);
                            places.iter().map(|place| kernel[*place]).sum::<f32>()
                        }));
                    }
                }
            }
        }
        packed
    }

    /// What the convolution makes of a group of windows; `bias` of each channel of the target, or empty.
    pub(super) fn sum_up(&self, way: Way, packed: &[f32], bias: &[f32], source: &Map, target: &mut Map) {
        Arch::new().dispatch(SumUp {
            convolution: self,
            way,
            packed,
            bias,
            source: source.values(),
            target: target.values_mut(),
        });
    }
}

struct SumUp<'a> {
    convolution: &'a Convolution,
    way: Way,
    packed: &'a [f32],
    bias: &'a [f32],
    source: &'a [f32],
    target: &'a mut [f32],
}

impl WithSimd for SumUp<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (source_frame, target_frame) = self.convolution.ends(self.way);
        let tiles = self.convolution.tiles(self.way);
        let (source, target) = (S::as_simd_f32s(self.source).0, S::as_mut_simd_f32s(self.target).0);
        let mut packed = self.packed;
        for part in self.convolution.parts(self.way) {
            let n_weights = part.n_taps() * tiles.iter().map(|tile| tile.n * tile.sources.len()).sum::<usize>();
            let of_part;
            (of_part, packed) = packed.split_at(n_weights);
            for frame_idx in 0..part.frames.n {
                let mut rest = of_part;
                for tile in &tiles {
                    let weights;
                    (weights, rest) = rest.split_at(part.n_taps() * tile.n * tile.sources.len());
                    let row = Row {
                        part,
                        tile,
                        weights,
                        bias: self.bias.get(tile.first..tile.first + tile.n).unwrap_or_default(),
                        source: (source_frame, source),
                        first_source: frame_idx * part.frames.advance * source_frame.pitch(),
                        target_frame,
                        frame: part.frames.first + frame_idx * part.frames.step,
                    };
                    match tile.n {
                        1 => row.sum_up::<S, 1>(simd, target),
                        2 => row.sum_up::<S, 2>(simd, target),
                        3 => row.sum_up::<S, 3>(simd, target),
                        _ => row.sum_up::<S, MAX_TILE>(simd, target),
                    }
                }
            }
        }
    }
}

/// A frame of a tile.
struct Row<'a, V> {
    part: &'a Part,
    tile: &'a Tile,
    /// `[sources, taps, tile]`
    weights: &'a [f32],
    bias: &'a [f32],
    source: (Frame, &'a [V]),
    /// Added to the places of the taps.
    first_source: usize,
    target_frame: Frame,
    frame: usize,
}

impl<V: Copy> Row<'_, V> {
    #[inline(always)]
    fn sum_up<S: Simd<f32s = V>, const N: usize>(&self, simd: S, target: &mut [V]) {
        let bands = &self.part.bands;
        let mut bias = [simd.splat_f32s(0.0); N];
        for (vector, bias) in bias.iter_mut().zip(self.bias) {
            *vector = simd.splat_f32s(*bias);
        }
        let mut band_idx = 0;
        while band_idx + N_TOGETHER <= bands.n {
            let sums = self.block::<S, N, N_TOGETHER>(simd, band_idx, bias);
            self.store(target, band_idx, &sums);
            band_idx += N_TOGETHER;
        }
        while band_idx < bands.n {
            let sums = self.block::<S, N, 1>(simd, band_idx, bias);
            self.store(target, band_idx, &sums);
            band_idx += 1;
        }
    }

    #[inline(always)]
    fn block<S: Simd<f32s = V>, const N: usize, const P: usize>(&self, simd: S, band_idx: usize, bias: [V; N]) -> [[V; P]; N] {
        let (frame, source) = self.source;
        let advance = self.part.bands.advance;
        let mut sums = bias.map(
            #[inline(always)]
            |bias| [bias; P],
        );
        let mut weights = self.weights.as_chunks::<N>().0.iter();
        for channel in self.tile.sources.clone() {
            let first = channel * frame.plane() + self.first_source + band_idx * advance;
            for row in &self.part.frames.taps {
                let row = first + row.source * frame.pitch();
                for (tap, weights) in self.part.bands.taps.iter().zip(&mut weights) {
                    let xs = &source[row + tap.source..][..(P - 1) * advance + 1];
                    let mut x = [simd.splat_f32s(0.0); P];
                    for (p, x) in x.iter_mut().enumerate() {
                        *x = xs[p * advance];
                    }
                    for (sums, weight) in sums.iter_mut().zip(weights) {
                        let weight = simd.splat_f32s(*weight);
                        for (sum, x) in sums.iter_mut().zip(x) {
                            *sum = simd.mul_add_e_f32s(weight, x, *sum);
                        }
                    }
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn store<const N: usize, const P: usize>(&self, target: &mut [V], band_idx: usize, sums: &[[V; P]; N]) {
        let bands = &self.part.bands;
        for (i, sums) in sums.iter().enumerate() {
            let row = self.target_frame.row(self.tile.first + i, self.frame);
            for (p, sum) in sums.iter().enumerate() {
                target[row + bands.first + (band_idx + p) * bands.step] = *sum;
            }
        }
    }
}

/// Makes every number of `target` the sum of all numbers of `source` times `weights` `[targets, sources]`, and `bias`, which may be empty.
pub(super) fn dense(weights: &[f32], bias: &[f32], source: (Frame, &Map), to: Frame, target: &mut Map) {
    Arch::new().dispatch(Dense {
        weights,
        bias,
        source: (source.0, source.1.values()),
        target: (to, target.values_mut()),
    });
}

struct Dense<'a> {
    weights: &'a [f32],
    bias: &'a [f32],
    source: (Frame, &'a [f32]),
    target: (Frame, &'a mut [f32]),
}

impl WithSimd for Dense<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (from, source) = (self.source.0, S::as_simd_f32s(self.source.1).0);
        let (to, target) = (self.target.0, S::as_mut_simd_f32s(self.target.1).0);
        let n_sources = from.shape.n_values();
        let mut kernels = self.weights.chunks_exact(n_sources);
        let mut bias = self.bias.iter();
        for row in to.rows() {
            for (at, kernel) in row.zip(&mut kernels) {
                // Four sums, because each product has to wait for the one before it.
                let mut sums = [simd.splat_f32s(0.0); 4];
                sums[0] = simd.splat_f32s(bias.next().copied().unwrap_or_default());
                let rows = from.rows().zip(kernel.chunks_exact(from.shape.bands));
                for (row, kernel) in rows {
                    for (i, (x, weight)) in source[row].iter().zip(kernel).enumerate() {
                        sums[i % 4] = simd.mul_add_e_f32s(*x, simd.splat_f32s(*weight), sums[i % 4]);
                    }
                }
                let [a, b, c, d] = sums;
                target[at] = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
            }
        }
    }
}
