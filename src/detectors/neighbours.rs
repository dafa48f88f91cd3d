//! The nearest clips of a bank, through blocked matrix products.

use nalgebra::DMatrix;

use super::Metric;
use super::columns::{BLOCK, normalise_columns};

/// A clip of the bank as a query sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbour {
    pub(super) clip: usize,
    pub(super) distance: f64,
}

/// The bank, prepared for distances to it.
pub(super) struct NeighbourBank {
    metric: Metric,
    /// `[n_clips, n_features]`, rows of length 1 for the cosine.
    rows: DMatrix<f64>,
    square_lengths: Vec<f64>,
}

impl NeighbourBank {
    /// `clips` is `[n_features, n_clips]`.
    pub(super) fn new(metric: Metric, mut clips: DMatrix<f64>) -> Self {
        if metric == Metric::Cosine {
            normalise_columns(&mut clips);
        }
        Self {
            metric,
            square_lengths: clips.column_iter().map(|clip| clip.norm_squared()).collect(),
            rows: clips.transpose(),
        }
    }

    pub(super) fn n_clips(&self) -> usize {
        self.rows.nrows()
    }

    /// The `k` nearest clips of each query, nearest first; `queries` is `[n_features, n_queries]`.
    pub(super) fn nearest(&self, mut queries: DMatrix<f64>, k: usize) -> Vec<Vec<Neighbour>> {
        if self.metric == Metric::Cosine {
            normalise_columns(&mut queries);
        }
        self.nearest_of_prepared(&queries, k, |_| None)
    }

    /// The `k` nearest other clips of each clip of the bank, nearest first.
    pub(super) fn nearest_others(&self, k: usize) -> Vec<Vec<Neighbour>> {
        let clips = self.rows.transpose();
        let starts = (0..self.n_clips()).step_by(BLOCK);
        starts
            .flat_map(|start| {
                let block = clips.columns(start, BLOCK.min(self.n_clips() - start)).into_owned();
                self.nearest_of_prepared(&block, k, |query| Some(start + query))
            })
            .collect()
    }

    fn nearest_of_prepared(
        &self,
        queries: &DMatrix<f64>,
        k: usize,
        left_out: impl Fn(usize) -> Option<usize>,
    ) -> Vec<Vec<Neighbour>> {
        let products = &self.rows * queries;
        let of_query = |(query, products): (usize, nalgebra::DVectorView<'_, f64>)| {
            let square_length = queries.column(query).norm_squared();
            let left_out = left_out(query);
            let mut nearest: Vec<Neighbour> = Vec::with_capacity(k + 1);
            for (clip, &product) in products.iter().enumerate() {
                let distance = match self.metric {
                    Metric::Cosine => (1.0 - product).clamp(0.0, 2.0),
                    Metric::Euclidean => (square_length + self.square_lengths[clip] - 2.0 * product).max(0.0).sqrt(),
                };
                let is_near = nearest.len() < k || nearest.last().is_some_and(|last| distance < last.distance);
                if is_near && left_out != Some(clip) {
                    let rank = nearest.partition_point(|other| other.distance <= distance);
                    nearest.insert(rank, Neighbour { clip, distance });
                    nearest.truncate(k);
                }
            }
            nearest
        };
        products.column_iter().enumerate().map(of_query).collect()
    }
}
