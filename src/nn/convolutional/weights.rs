//! Weights on their way between the optimiser's order and the kernels'.

use rayon::prelude::*;

use super::dispatch::add_weight_gradient;
use crate::nn::kernels::convolution::Pass;
use crate::nn::kernels::n_lanes;
use crate::nn::kernels::product::Packed;
use crate::nn::kernels::weight_gradient::{WeightGradient, Workspace};

/// Sums of a piece, at most: they fit the second cache beside the panels.
const PIECE_SUMS: usize = 48 * 1024;
/// Pieces of work for a kernel, at least, so that many cores find some. Fixed, because it decides about the order of sums.
const PIECES: usize = 24;

/// The weights of each pass in its order.
pub(super) fn pack_all(passes: &[(&Pass, &[f32])]) -> Vec<Vec<Packed>> {
    let packed = passes.par_iter().with_max_len(1);
    packed.map(|(pass, weights)| pass.pack(weights, |_| 1.0, n_lanes())).collect()
}

/// Sums of one part of one group over one share of the windows.
struct Piece<'a> {
    group: usize,
    first: usize,
    len: usize,
    larges: &'a [f32],
    smalls: &'a [f32],
}

/// Writes the gradient of a convolution's weights, `[small channels, large channels, height, width]`, over windows that lie one
/// after another in their frames.
///
/// Long sums are cut into shares of the windows, wide kernels into parts of their rows.
pub(super) fn weight_gradient(gradient: &WeightGradient, larges: &[f32], smalls: &[f32], weights: &mut [f32]) {
    let (n_groups, run_len, n_small) = (gradient.n_groups(), gradient.run_len(), gradient.small.map.channels);
    let longest = (PIECE_SUMS / n_small).max(8);
    let part_len = run_len.div_ceil(run_len.div_ceil(longest)).next_multiple_of(8);
    let n_windows = larges.len() / gradient.large.n_values();
    let n_parts = run_len.div_ceil(part_len);
    let n_shares = PIECES.div_ceil(n_groups * n_parts).min(n_windows);
    let share_len = n_windows.div_ceil(n_shares);
    let larges = larges.chunks(share_len * gradient.large.n_values());
    let shares = larges.zip(smalls.chunks(share_len * gradient.small.n_values()));
    let pieces: Vec<Piece<'_>> = shares
        .flat_map(|(larges, smalls)| {
            let places = (0..n_groups).flat_map(|group| (0..run_len).step_by(part_len).map(move |first| (group, first)));
            places.map(move |(group, first)| Piece {
                group,
                first,
                len: part_len.min(run_len - first),
                larges,
                smalls,
            })
        })
        .collect();
    let sums = pieces.par_iter().with_max_len(1);
    let mut sums: Vec<Vec<f32>> = sums
        .map_init(Workspace::default, |workspace, piece| {
            let mut sums = vec![0.0; piece.len * n_small];
            let place = (piece.group, piece.first..piece.first + piece.len);
            add_weight_gradient(gradient, place, (piece.larges, piece.smalls), &mut sums, workspace);
            sums
        })
        .collect();
    let (parts, others) = sums.split_at_mut(n_groups * n_parts);
    parts.par_iter_mut().enumerate().for_each(|(i, part)| {
        for share in others.chunks(n_groups * n_parts) {
            part.iter_mut().zip(&share[i]).for_each(|(sum, of_share)| *sum += of_share);
        }
    });
    write_gradient(gradient, (parts, part_len), weights);
}

/// From parts of groups, each `[columns and large channels, small channels]`, to the gradient `[small channels, large channels,
/// height, width]`.
///
/// Block by block of both channels, in a buffer that the caches hold: in place, each number would lie in another line.
fn write_gradient(gradient: &WeightGradient, (parts, part_len): (&[Vec<f32>], usize), weights: &mut [f32]) {
    /// Channels of the large map in a block.
    const WIDTH: usize = 16;
    /// Channels of the small map in a block: two lines of the cache.
    const HEIGHT: usize = 32;
    let (n_large, n_small) = (gradient.large.map.channels, gradient.small.map.channels);
    let len = weights.len() / n_small;
    let (n_taps, n_columns) = (len / n_large, gradient.run_len() / n_large);
    let n_parts = parts.len() / gradient.n_groups();
    weights.par_chunks_mut(HEIGHT * len).enumerate().for_each(|(i, weights)| {
        let mut block = vec![0.0; HEIGHT * WIDTH * n_taps];
        let first_small = i * HEIGHT;
        let end_small = n_small.min(first_small + HEIGHT);
        for first in (0..n_large).step_by(WIDTH) {
            let width = WIDTH.min(n_large - first);
            for (l, tap) in (0..width).flat_map(|l| (0..n_taps).map(move |tap| (l, tap))) {
                let at = tap % n_columns * n_large + first + l;
                let (part, place) = (at / part_len, at % part_len * n_small);
                let mut sums = [0.0; HEIGHT];
                for (group, factor) in gradient.groups_of(tap / n_columns) {
                    let of_group = &parts[group * n_parts + part][place + first_small..place + end_small];
                    sums.iter_mut()
                        .zip(of_group)
                        .for_each(|(sum, of_group)| *sum += factor * of_group);
                }
                let places = block[l * n_taps + tap..].iter_mut().step_by(WIDTH * n_taps);
                places.zip(sums).for_each(|(place, sum)| *place = sum);
            }
            for (weights, block) in weights.chunks_mut(len).zip(block.chunks(WIDTH * n_taps)) {
                weights[first * n_taps..][..width * n_taps].copy_from_slice(&block[..width * n_taps]);
            }
        }
    });
}
