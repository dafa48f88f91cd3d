//! How close rows are to each other in the sense of t-SNE: the matrix P.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::neighbours::Neighbour;

/// The symmetric matrix P over the neighbour graph, row by row; its values add up to 1.
pub(super) struct Affinities {
    /// `n + 1` offsets into `edges`.
    pub(super) starts: Vec<usize>,
    /// (column, value), by column within a row.
    pub(super) edges: Vec<(u32, f32)>,
}

impl Affinities {
    /// Gaussian similarities, each row's width chosen so that its perplexity is `perplexity`, made symmetric.
    pub(super) fn new(neighbours: &[Vec<Neighbour>], perplexity: f64) -> Self {
        let n_rows = neighbours.len();
        let conditional: Vec<Vec<f64>> = neighbours.par_iter().map(|row| similarities(row, perplexity)).collect();
        let mut rows: Vec<Vec<(u32, f64)>> = vec![Vec::new(); n_rows];
        for (row_idx, (row, similarities)) in neighbours.iter().zip(conditional).enumerate() {
            for (&(column, _), similarity) in row.iter().zip(similarities) {
                let half = similarity / (2 * n_rows) as f64;
                rows[row_idx].push((column, half));
                rows[column as usize].push((row_idx as u32, half));
            }
        }
        let mut affinities = Self {
            starts: vec![0],
            edges: Vec::new(),
        };
        for row in &mut rows {
            row.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            for pair in row.chunk_by(|a, b| a.0 == b.0) {
                let value: f64 = pair.iter().map(|edge| edge.1).sum();
                affinities.edges.push((pair[0].0, value as f32));
            }
            affinities.starts.push(affinities.edges.len());
        }
        affinities
    }

    /// The edges of one row.
    pub(super) fn row(&self, row_idx: usize) -> &[(u32, f32)] {
        &self.edges[self.starts[row_idx]..self.starts[row_idx + 1]]
    }
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
