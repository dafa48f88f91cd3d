//! Weights on their way between the optimiser's order and the kernels'.

use rayon::prelude::*;

use super::dispatch::add_weight_gradient;
use crate::nn::kernels::convolution::Pass;
use crate::nn::kernels::n_lanes;
use crate::nn::kernels::product::Packed;
use crate::nn::kernels::weight_gradient::WeightGradient;

/// Longest part of a kernel's row whose gradient is one piece of work: its sums for 64 channels fit the first cache.
const LONGEST_PART: usize = 160;
/// Pieces of work for a kernel, at least, so that many cores find some. Fixed, because it decides about the order of sums.
const PIECES: usize = 32;

/// The weights of each pass in its order.
pub(super) fn pack_all(passes: &[(&Pass, &[f32])]) -> Vec<Vec<Packed>> {
    let packed = passes.par_iter().with_max_len(1);
    packed.map(|(pass, weights)| pass.pack(weights, |_| 1.0, n_lanes())).collect()
}

/// Writes the gradient of a convolution's weights, `[small channels, large channels, height, width]`, over windows that lie one
/// after another in their frames.
///
/// Long sums are cut into shares of the windows, wide kernels into parts of their rows.
pub(super) fn weight_gradient(gradient: &WeightGradient, larges: &[f32], smalls: &[f32], weights: &mut [f32]) {
    let (n_runs, run_len, n_small) = (gradient.n_runs(), gradient.run_len(), gradient.small.map.channels);
    let part_len = run_len.div_ceil(run_len.div_ceil(LONGEST_PART)).next_multiple_of(8);
    let n_windows = larges.len() / gradient.large.n_values();
    let n_shares = PIECES.div_ceil(n_runs * run_len.div_ceil(part_len)).min(n_windows);
    let share_len = n_windows.div_ceil(n_shares);
    let larges = larges.chunks(share_len * gradient.large.n_values());
    let shares: Vec<_> = larges.zip(smalls.chunks(share_len * gradient.small.n_values())).collect();
    let mut sums = vec![0.0; shares.len() * weights.len()];
    let mut pieces = Vec::new();
    for (share, sums) in shares.into_iter().zip(sums.chunks_mut(weights.len())) {
        for (run, sums) in sums.chunks_mut(run_len * n_small).enumerate() {
            for (i, sums) in sums.chunks_mut(part_len * n_small).enumerate() {
                pieces.push((share, run, i * part_len, sums));
            }
        }
    }
    pieces
        .into_par_iter()
        .with_max_len(1)
        .for_each(|((larges, smalls), run, start, sums)| {
            let place = (run, start..start + sums.len() / n_small);
            add_weight_gradient(gradient, place, larges, smalls, sums);
        });
    add_up(&sums, gradient, weights);
}

/// From shares `[height, width, large channels, small channels]` to their sum `[small channels, large channels, height, width]`.
///
/// Block by block of both channels, in a buffer in the first cache: in place, each number would lie in another line.
fn add_up(shares: &[f32], gradient: &WeightGradient, weights: &mut [f32]) {
    /// Channels of each kind in a block: a line of the cache.
    const SIDE: usize = 16;
    let (n_large, n_small) = (gradient.large.map.channels, gradient.small.map.channels);
    let len = weights.len() / n_small;
    let n_taps = len / n_large;
    weights.par_chunks_mut(SIDE * len).enumerate().for_each(|(i, weights)| {
        let mut block = vec![0.0; SIDE * SIDE * n_taps];
        for first in (0..n_large).step_by(SIDE) {
            let width = SIDE.min(n_large - first);
            block.fill(0.0);
            for share in shares.chunks(n_small * len) {
                for (tap, l) in (0..n_taps).flat_map(|tap| (0..width).map(move |l| (tap, l))) {
                    let sums = &share[(tap * n_large + first + l) * n_small..][..n_small];
                    let places = block[l * n_taps + tap..].iter_mut().step_by(SIDE * n_taps);
                    for (place, sum) in places.zip(&sums[i * SIDE..]) {
                        *place += sum;
                    }
                }
            }
            for (weights, block) in weights.chunks_mut(len).zip(block.chunks(SIDE * n_taps)) {
                weights[first * n_taps..][..width * n_taps].copy_from_slice(&block[..width * n_taps]);
            }
        }
    });
}
