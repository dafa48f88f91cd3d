//! The nearest clips of a bank: what several detectors look at.

use std::sync::{Arc, OnceLock};

use nalgebra::DMatrix;
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::columns::{columns, normalise_columns};
use super::cosine::CosineBank;
use super::neighbour::Neighbour;
use super::{Metric, Observations};

/// Clips that are passed over at once where none of them is near.
const STRETCH: usize = 16;
/// Clips of the bank whose neighbours a core looks for at once.
const BLOCK: usize = 64;

/// A bank and, of each of its clips, the nearest others: what several detectors look at.
pub(super) struct Neighbourhood {
    pub(super) bank: NeighbourBank,
    n_near: usize,
    near: OnceLock<Vec<Vec<Neighbour>>>,
}

impl Neighbourhood {
    /// Of more clips than `n_near`.
    pub(super) fn new(metric: Metric, clips: Arc<Observations>, n_near: usize) -> Self {
        Self {
            bank: NeighbourBank::new(metric, clips),
            n_near,
            near: OnceLock::new(),
        }
    }

    /// Finds the nearest of all clips now, on all cores.
    pub(super) fn found(self) -> Self {
        let near = OnceLock::from(self.bank.nearest_others_in_parallel(self.n_near));
        Self { near, ..self }
    }

    /// Of each clip the nearest others, nearest first; found now where they are not yet, on the core that asks: whoever waits
    /// for it on another may be the one that would have to do a part of it.
    pub(super) fn near(&self) -> &[Vec<Neighbour>] {
        self.near.get_or_init(|| self.bank.nearest_others(self.n_near))
    }
}

/// The bank, prepared for distances to it.
pub(super) struct NeighbourBank {
    clips: Arc<Observations>,
    metric: Metric,
    /// For the cosine.
    directions: Option<CosineBank>,
    columns: OnceLock<Columns>,
}

/// The bank in double precision.
struct Columns {
    /// `[n_clips, n_features]`, of length 1 for the cosine.
    rows: DMatrix<f64>,
    square_lengths: Vec<f64>,
}

impl NeighbourBank {
    pub(super) fn new(metric: Metric, clips: Arc<Observations>) -> Self {
        Self {
            directions: (metric == Metric::Cosine).then(|| CosineBank::new(Arc::clone(&clips))),
            columns: OnceLock::new(),
            metric,
            clips,
        }
    }

    /// The `k` nearest clips of each query, nearest first; `queries` is `[n_queries, n_features]`.
    pub(super) fn nearest(&self, queries: &[f32], k: usize) -> Vec<Vec<Neighbour>> {
        self.nearest_but(queries, k, |_| None)
    }

    /// The `k` nearest other clips of each clip of the bank, nearest first.
    pub(super) fn nearest_others(&self, k: usize) -> Vec<Vec<Neighbour>> {
        self.starts()
            .flat_map(|start| self.nearest_others_of_block(start, k))
            .collect()
    }

    /// The same on all cores.
    pub(super) fn nearest_others_in_parallel(&self, k: usize) -> Vec<Vec<Neighbour>> {
        let starts: Vec<usize> = self.starts().collect();
        let blocks = starts.into_par_iter().map(|start| self.nearest_others_of_block(start, k));
        blocks.collect::<Vec<_>>().concat()
    }

    fn nearest_others_of_block(&self, start: usize, k: usize) -> Vec<Vec<Neighbour>> {
        self.nearest_but(self.block(start), k, |query| Some(start + query))
    }

    fn starts(&self) -> impl Iterator<Item = usize> {
        (0..self.clips.n_clips()).step_by(BLOCK)
    }

    /// Clips of the bank from `start` on, `[n_clips, n_features]`.
    fn block(&self, start: usize) -> &[f32] {
        let end = (start + BLOCK).min(self.clips.n_clips());
        &self.clips.embeddings[start * self.clips.n_features..end * self.clips.n_features]
    }

    /// `left_out` names the clip that a query must not find.
    fn nearest_but(&self, queries: &[f32], k: usize, left_out: impl Fn(usize) -> Option<usize>) -> Vec<Vec<Neighbour>> {
        match &self.directions {
            Some(directions) => directions.nearest(queries, k, left_out),
            None => self.nearest_by_distance(queries, k, left_out),
        }
    }

    /// Of each query the smallest distance to a clip of the bank, each distance multiplied with what `measures` has for that clip;
    /// `queries` is `[n_queries, n_features]`, `measures` `[n_clips]`.
    pub(super) fn nearest_in_measure(&self, queries: &[f32], measures: &[f64]) -> Vec<f64> {
        self.nearest_in_measure_but(queries, measures, |_| None)
    }

    /// The same of each clip of the bank and the others.
    pub(super) fn nearest_others_in_measure(&self, measures: &[f64]) -> Vec<f64> {
        let of_block = |start| self.nearest_in_measure_but(self.block(start), measures, |query| Some(start + query));
        self.starts().flat_map(of_block).collect()
    }

    fn nearest_in_measure_but(&self, queries: &[f32], measures: &[f64], left_out: impl Fn(usize) -> Option<usize>) -> Vec<f64> {
        let (bank, queries) = (self.columns(), self.prepared(queries));
        let mut products = &bank.rows * &queries;
        let mut found = Vec::with_capacity(queries.ncols());
        for (query, mut products) in products.column_iter_mut().enumerate() {
            let products = products.as_mut_slice();
            match self.metric {
                Metric::Cosine => {
                    for (value, measure) in products.iter_mut().zip(measures) {
                        *value = (1.0 - *value).clamp(0.0, 2.0) * measure;
                    }
                }
                Metric::Euclidean => {
                    let square_length = queries.column(query).norm_squared();
                    for ((value, other), measure) in products.iter_mut().zip(&bank.square_lengths).zip(measures) {
                        *value = (square_length + other - 2.0 * *value).max(0.0).sqrt() * measure;
                    }
                }
            }
            if let Some(clip) = left_out(query) {
                products[clip] = f64::INFINITY;
            }
            found.push(products.iter().fold(f64::INFINITY, |least, value| least.min(*value)));
        }
        found
    }

    fn nearest_by_distance(&self, queries: &[f32], k: usize, left_out: impl Fn(usize) -> Option<usize>) -> Vec<Vec<Neighbour>> {
        let (bank, queries) = (self.columns(), self.prepared(queries));
        let mut products = &bank.rows * &queries;
        let mut found = Vec::with_capacity(queries.ncols());
        for (query, mut closeness) in products.column_iter_mut().enumerate() {
            let closeness = closeness.as_mut_slice();
            let square_length = queries.column(query).norm_squared();
            for (value, other) in closeness.iter_mut().zip(&bank.square_lengths) {
                *value = 2.0 * *value - other;
            }
            let distance = |closeness: f64| (square_length - closeness).sqrt();
            found.push(nearest(closeness, k, left_out(query), square_length, distance));
        }
        found
    }

    /// Worked out when first asked for: the nearest by the cosine ask for none of it.
    fn columns(&self) -> &Columns {
        self.columns.get_or_init(|| {
            let clips = self.prepared(&self.clips.embeddings);
            Columns {
                square_lengths: clips.column_iter().map(|clip| clip.norm_squared()).collect(),
                rows: clips.transpose(),
            }
        })
    }

    /// `rows` is `[n_clips, n_features]`, the outcome `[n_features, n_clips]`.
    fn prepared(&self, rows: &[f32]) -> DMatrix<f64> {
        let mut columns = columns(rows, self.clips.n_features);
        if self.metric == Metric::Cosine {
            normalise_columns(&mut columns);
        }
        columns
    }
}

/// The `k` nearest clips, nearest first, of equally near ones the first.
///
/// `closeness` falls as the distance grows, from `largest` at no distance (more is rounding): most clips are passed over by it,
/// many at once, and only the nearest ask for their distance.
fn nearest(closeness: &[f64], k: usize, left_out: Option<usize>, largest: f64, distance: impl Fn(f64) -> f64) -> Vec<Neighbour> {
    let mut nearest: Vec<(f64, usize)> = Vec::with_capacity(k + 1);
    let mut to_exceed = f64::NEG_INFINITY;
    for (stretch_idx, stretch) in closeness.chunks(STRETCH).enumerate() {
        if !stretch.iter().fold(false, |is_any, value| is_any | (*value > to_exceed)) {
            continue;
        }
        for (clip, value) in (stretch_idx * STRETCH..).zip(stretch) {
            let value = value.min(largest);
            if value > to_exceed && left_out != Some(clip) {
                let rank = nearest.partition_point(|(other, _)| *other >= value);
                nearest.insert(rank, (value, clip));
                nearest.truncate(k);
                if nearest.len() == k {
                    to_exceed = nearest[k - 1].0;
                }
            }
        }
    }
    let neighbour = |(closeness, clip)| Neighbour {
        clip,
        distance: distance(closeness),
    };
    nearest.into_iter().map(neighbour).collect()
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::{Just, prop, prop_oneof, proptest};

    use std::sync::Arc;

    use super::{Metric, Neighbour, NeighbourBank, Observations};

    /// By the definition: all distances, sorted.
    fn by_hand(metric: Metric, clips: &DMatrix<f64>, query: usize, k: usize) -> Vec<Neighbour> {
        let distance = |clip: usize| {
            let (a, b) = (clips.column(clip), clips.column(query));
            match metric {
                Metric::Euclidean => (a - b).norm(),
                Metric::Cosine if a.norm() * b.norm() == 0.0 => 1.0,
                Metric::Cosine => 1.0 - a.dot(&b) / (a.norm() * b.norm()),
            }
        };
        let others = (0..clips.ncols()).filter(|clip| *clip != query);
        let mut all: Vec<Neighbour> = others
            .map(|clip| Neighbour {
                clip,
                distance: distance(clip),
            })
            .collect();
        all.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        all.truncate(k);
        all
    }

    proptest! {
        /// More clips than a block holds, clips that are the same, clips of nothing.
        #[test]
        fn the_nearest_are_those_that_sorting_finds(
            n_clips in prop_oneof![2usize..40, 120usize..300],
            n_features in 1usize..7,
            values in prop::collection::vec(prop_oneof![3 => -2.0f32..2.0, 1 => Just(0.0), 1 => Just(1.0)], 61),
            k in 1usize..9,
        ) {
            let clips = DMatrix::from_fn(n_features, n_clips, |feature, clip| f64::from(values[(clip * 17 + feature * 5) % 61]));
            let k = k.min(n_clips - 1);
            for metric in [Metric::Cosine, Metric::Euclidean] {
                let observations = Observations {
                    embeddings: clips.iter().map(|&x| x as f32).collect(),
                    n_features,
                    ..Observations::default()
                };
                let bank = NeighbourBank::new(metric, Arc::new(observations));
                let found = bank.nearest_others(k);
                assert_eq!(found, bank.nearest_others_in_parallel(k));
                for (query, found) in found.iter().enumerate() {
                    let expected = by_hand(metric, &clips, query, k);
                    assert_eq!(found.len(), k);
                    // Of clips that are equally near any may come first; how far they are must be the same.
                    for (found, expected) in found.iter().zip(&expected) {
                        assert!((found.distance - expected.distance).abs() < 1e-7, "{metric:?}: {found:?}, not {expected:?}");
                        assert_ne!(found.clip, query);
                    }
                }
            }
        }
    }
}
