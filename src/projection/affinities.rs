//! How close rows are to each other in the sense of t-SNE: the matrix P.

use std::cmp::Ordering;

use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::neighbours::Neighbour;

/// The symmetric matrix P over the neighbour graph, row by row; its values add up to 1.
pub(super) struct Affinities {
    /// `n + 1` offsets into `columns` and `values`.
    starts: Vec<usize>,
    /// Ascending within a row.
    columns: Vec<u32>,
    /// Parallel to `columns`.
    values: Vec<f32>,
}

/// The affinities of one row to its neighbours, and to the rows that it is a neighbour of.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) columns: &'a [u32],
    pub(super) values: &'a [f32],
}

impl Affinities {
    /// Gaussian similarities, each row's width chosen so that its perplexity is `perplexity`, made symmetric.
    pub(super) fn new(neighbours: &[Vec<Neighbour>], perplexity: f64) -> Self {
        let half = 0.5 / neighbours.len() as f64;
        let of_row = |row: &Vec<Neighbour>| {
            let similarities = similarities(row, perplexity);
            let edges = row
                .iter()
                .zip(similarities)
                .map(|(&(column, _), similarity)| (column, half * similarity));
            let mut edges: Vec<(u32, f64)> = edges.collect();
            edges.sort_unstable_by_key(|edge| edge.0);
            edges
        };
        let rows: Vec<Vec<(u32, f64)>> = neighbours.par_iter().map(of_row).collect();
        // The transpose comes out in ascending order too, as its rows are filled in the order of its columns.
        let mut transposed: Vec<Vec<(u32, f64)>> = vec![Vec::new(); rows.len()];
        for (row_idx, row) in rows.iter().enumerate() {
            for &(column, value) in row {
                transposed[column as usize].push((row_idx as u32, value));
            }
        }
        let sums: Vec<Vec<(u32, f64)>> = rows.par_iter().zip(&transposed).map(|(a, b)| sum(a, b)).collect();
        let ends = sums.iter().scan(0, |end, row| {
            *end += row.len();
            Some(*end)
        });
        Self {
            starts: std::iter::once(0).chain(ends).collect(),
            columns: sums.iter().flatten().map(|edge| edge.0).collect(),
            values: sums.iter().flatten().map(|edge| edge.1 as f32).collect(),
        }
    }

    pub(super) fn row(&self, row_idx: usize) -> Row<'_> {
        let edges = self.starts[row_idx]..self.starts[row_idx + 1];
        Row {
            columns: &self.columns[edges.clone()],
            values: &self.values[edges],
        }
    }
}

/// Two rows in ascending order added up.
fn sum(mut a: &[(u32, f64)], mut b: &[(u32, f64)]) -> Vec<(u32, f64)> {
    let mut sum = Vec::with_capacity(a.len() + b.len());
    while let (Some((first_a, rest_a)), Some((first_b, rest_b))) = (a.split_first(), b.split_first()) {
        match first_a.0.cmp(&first_b.0) {
            Ordering::Less => {
                sum.push(*first_a);
                a = rest_a;
            }
            Ordering::Greater => {
                sum.push(*first_b);
                b = rest_b;
            }
            Ordering::Equal => {
                sum.push((first_a.0, first_a.1 + first_b.1));
                (a, b) = (rest_a, rest_b);
            }
        }
    }
    sum.extend_from_slice(a);
    sum.extend_from_slice(b);
    sum
}

/// The similarities of one row, adding up to 1, by bisection on the width as scikit-learn does.
fn similarities(row: &[Neighbour], perplexity: f64) -> Vec<f64> {
    let nearest = row.first().map_or(0.0, |neighbour| neighbour.1);
    // Taking the nearest distance off changes nothing but keeps the sum from vanishing.
    let distances: Vec<f64> = row.iter().map(|neighbour| neighbour.1 - nearest).collect();
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    let wanted_entropy = perplexity.ln();
    let mut beta = if mean > 0.0 { mean.recip() } else { 1.0 };
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut values = vec![0.0; distances.len()];
    for _ in 0..100 {
        let (mut sum, mut weighted) = (0.0, 0.0);
        for (value, distance) in values.iter_mut().zip(&distances) {
            *value = (-beta * distance).exp();
            sum += *value;
            weighted += *value * distance;
        }
        for value in &mut values {
            *value /= sum;
        }
        let excess = sum.ln() + beta * weighted / sum - wanted_entropy;
        if excess.abs() < 1e-5 {
            break;
        }
        if excess > 0.0 {
            low = beta;
            beta = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * beta };
        } else {
            high = beta;
            beta = 0.5 * (low + high);
        }
        // Equal distances have one entropy whatever the width.
        if !beta.is_finite() || beta == 0.0 {
            break;
        }
    }
    values
}
