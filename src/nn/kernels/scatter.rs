//! Transposed convolutions to a few channels, which would leave most of each vector empty: here a vector holds places of the
//! kernel instead.
//!
//! Loop order: every pixel of the small map is multiplied by the whole kernel, a product of the pixels and one matrix that stays
//! in the first cache; then its rows are added to the large map where they belong, which needs its sums to stay in the cache: one
//! window at a time.

use pulp::Simd;

use super::floor::Floor;
use super::geometry::{Convolution, Direction, Frame, phases};
use super::product::{Packed, padded, product, store_all};

/// A transposed convolution between maps that lie in given frames.
#[derive(Debug, Clone)]
pub(super) struct Scatter {
    /// Where the sums of a window grow: the large map with room for every kernel's edges.
    sums: Frame,
    n_runs: usize,
    run_len: usize,
    /// Where the first row of its kernel begins in the sums, and the pixel of the small map.
    pairs: Vec<(usize, usize)>,
}

impl Scatter {
    pub(super) fn new(convolution: &Convolution, input: &Frame) -> Self {
        let sums = Frame {
            map: convolution.large,
            margin: convolution.margin(Direction::Down),
        };
        let phases = phases(convolution, Direction::Down, &sums, input);
        let pairs = phases
            .into_iter()
            .flat_map(|phase| phase.inputs.into_iter().zip(phase.outputs));
        Self {
            sums,
            n_runs: convolution.kernel[0],
            run_len: convolution.kernel[1] * convolution.large.channels,
            pairs: pairs.collect(),
        }
    }

    /// `weights` `[small channels, large channels, height, width]`, each times `scale` of its large channel, as a matrix from
    /// the small channels to places of the kernel.
    pub(super) fn pack(&self, weights: &[f32], scale: impl Fn(usize) -> f32, n_small: usize, n_lanes: usize) -> Packed {
        let (n_channels, n_places) = (self.sums.map.channels, self.n_runs * self.run_len);
        let n_taps = n_places / n_channels;
        Packed::new(n_small, n_places, n_lanes, |s, place| {
            let (tap, channel) = (place / n_channels, place % n_channels);
            weights[(s * n_channels + channel) * n_taps + tap] * scale(channel)
        })
    }
}

/// What [`super::convolution::convolve`] does, for one window.
#[inline(always)]
pub(super) fn scatter<S: Simd>(
    simd: S,
    scatter: &Scatter,
    (weights, bias, activation): (&Packed, &[f32], Floor),
    small: &[f32],
    output: &Frame,
    large: &mut [f32],
) {
    let Scatter {
        sums: frame,
        n_runs,
        run_len,
        pairs,
    } = scatter;
    let (n_small, n_places, pitch) = (weights.n_inputs(), weights.n_outputs(), frame.pitch());
    let no_bias = padded(std::iter::repeat_n(0.0, n_places), S::F32_LANES);
    let mut products = vec![0.0; pairs.len() * n_places];
    product(
        simd,
        (pairs.len(), 1),
        #[inline(always)]
        |m, _| &small[pairs[m].1..][..n_small],
        weights,
        &no_bias,
        #[inline(always)]
        |m, first, vectors| store_all(simd, &mut products[m * n_places + first..(m + 1) * n_places], vectors),
    );
    let mut sums = vec![0.0; frame.n_values()];
    for ((at, _), products) in pairs.iter().zip(products.chunks_exact(n_places)) {
        for (run, products) in products.chunks_exact(*run_len).enumerate().take(*n_runs) {
            for (sum, product) in sums[at + run * pitch..][..*run_len].iter_mut().zip(products) {
                *sum += product;
            }
        }
    }
    let n_channels = frame.map.channels;
    for (from, to) in frame.rows().zip(output.rows()) {
        for (sums, large) in sums[from]
            .chunks_exact(n_channels)
            .zip(large[to].chunks_exact_mut(n_channels))
        {
            for ((sum, large), bias) in sums.iter().zip(large).zip(bias) {
                *large = match activation {
                    Floor::Relu if sum + bias < 0.0 => 0.0,
                    _ => sum + bias,
                };
            }
        }
    }
}
