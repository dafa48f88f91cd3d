//! Sums of outer products over positions, `Σ_p a[p] · b[p]ᵀ`, whose factors are laid out for it first.
//!
//! Pixels of a map lie hundreds of numbers apart, a power of two as a rule: read in place, many of them would fall into the same
//! few lines of the first cache, and each costs an address of its own. In a panel lies what one tile of sums meets, position
//! after position. Loop order: a panel of `b` outermost, which stays in the first cache; past it run the panels of `a`, and past
//! each tile of sums, in registers, all positions.

use pulp::Simd;

use super::product::{load, store};

/// Numbers of `a` in a tile of sums.
#[inline(always)]
pub(super) const fn panel_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 8 } else { 4 }
}

/// Adds the outer products to `sums`, `[n_a, n_b]`.
///
/// `a` holds a panel for each [`panel_rows`] of its numbers, the last one filled up with zeros, each `[n_positions][panel_rows]`.
/// A panel of `b` is written by `lay(first, panel)` when its turn comes: `[n_positions][numbers from first on]`, zeros behind the
/// last number. `panel` may hold anything.
#[inline(always)]
pub(super) fn add_outer_products<S: Simd>(
    simd: S,
    n_positions: usize,
    (a, n_a): (&[f32], usize),
    (mut lay, n_b): (impl FnMut(usize, &mut [f32]), usize),
    panel: &mut Vec<f32>,
    sums: &mut [f32],
) {
    for first in (0..n_b).step_by(2 * S::F32_LANES) {
        let n_vectors = if n_b - first > S::F32_LANES { 2 } else { 1 };
        panel.resize(n_positions * n_vectors * S::F32_LANES, 0.0);
        lay(first, panel);
        let b = S::as_simd_f32s(panel).0;
        let (n_rows, place) = (panel_rows::<S>(), (first, n_b));
        let tiles = a
            .chunks_exact(n_positions * n_rows)
            .zip(sums.chunks_mut(n_rows * n_b))
            .take(n_a.div_ceil(n_rows));
        for (a, sums) in tiles {
            match (n_rows == 8, n_vectors == 2) {
                (true, true) => add_tile::<S, 8, 2>(simd, a.as_chunks().0, b.as_chunks().0, place, sums),
                (true, false) => add_tile::<S, 8, 1>(simd, a.as_chunks().0, b.as_chunks().0, place, sums),
                (false, true) => add_tile::<S, 4, 2>(simd, a.as_chunks().0, b.as_chunks().0, place, sums),
                (false, false) => add_tile::<S, 4, 1>(simd, a.as_chunks().0, b.as_chunks().0, place, sums),
            }
        }
    }
}

#[inline(always)]
fn add_tile<S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    a: &[[f32; ROWS]],
    b: &[[S::f32s; WIDTH]],
    (first, n_b): (usize, usize),
    sums: &mut [f32],
) {
    let mut tile = [[simd.splat_f32s(0.0); WIDTH]; ROWS];
    for (a, b) in a.iter().zip(b) {
        for (sums, a) in tile.iter_mut().zip(a) {
            let a = simd.splat_f32s(*a);
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum = simd.mul_add_e_f32s(a, *b, *sum);
            }
        }
    }
    let end = n_b.min(first + WIDTH * S::F32_LANES);
    for (sums, tile) in sums.chunks_exact_mut(n_b).zip(tile) {
        for (to, sum) in sums[first..end].chunks_mut(S::F32_LANES).zip(tile) {
            let old = load(simd, to);
            store(simd, to, simd.add_f32s(old, sum));
        }
    }
}
