//! Exact nearest neighbours by Euclidean distance.

use nalgebra::DMatrix;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::progress::{Cancelled, Progress};

/// A neighbour and its squared distance.
pub(super) type Neighbour = (u32, f64);

/// Rows looked up at a time: one matrix product each.
const BLOCK: usize = 32;
/// Blocks between two looks at whether to stop.
const WAVE: usize = 32;

/// The `k` nearest other columns of each column of `columns` (`n_features × n`), nearest first, equals by index.
///
/// By brute force: in a hundred dimensions a search tree visits nearly everything anyway, and a matrix product does so faster.
pub(super) fn nearest(columns: &DMatrix<f64>, k: usize, progress: &mut dyn Progress) -> Result<Vec<Vec<Neighbour>>, Cancelled> {
    let n_rows = columns.ncols();
    let rows = columns.transpose();
    let squares: Vec<f64> = columns.column_iter().map(|column| column.norm_squared()).collect();
    let starts: Vec<usize> = (0..n_rows).step_by(BLOCK).collect();
    let lookup = |&start: &usize| {
        let products = &rows * columns.columns(start, BLOCK.min(n_rows - start));
        let mut candidates: Vec<Neighbour> = Vec::with_capacity(n_rows);
        let mut found = Vec::with_capacity(BLOCK);
        for (query, products) in (start..).zip(products.column_iter()) {
            candidates.clear();
            for (other, (square, product)) in squares.iter().zip(products.iter()).enumerate() {
                if other != query {
                    candidates.push((other as u32, (squares[query] + square - 2.0 * product).max(0.0)));
                }
            }
            let by_distance = |a: &Neighbour, b: &Neighbour| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
            if k < candidates.len() {
                candidates.select_nth_unstable_by(k, by_distance);
            }
            let mut nearest = candidates[..k.min(candidates.len())].to_vec();
            nearest.sort_unstable_by(by_distance);
            found.push(nearest);
        }
        found
    };
    let mut neighbours = Vec::with_capacity(n_rows);
    for wave in starts.chunks(WAVE) {
        progress.step(neighbours.len() as u64, n_rows as u64)?;
        let blocks: Vec<Vec<Vec<Neighbour>>> = wave.par_iter().map(lookup).collect();
        neighbours.extend(blocks.into_iter().flatten());
    }
    Ok(neighbours)
}
