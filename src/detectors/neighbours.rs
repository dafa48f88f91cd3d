//! The nearest clips of a bank, through blocked matrix products.
//!
//! By the cosine most clips are ruled out in single precision, which costs half as much: what could still be among the nearest
//! for all that rounding may have done is then compared in double precision, so that the answer is that of double precision.

use std::sync::OnceLock;

use nalgebra::DMatrix;
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::Metric;
use super::columns::{BLOCK, normalise_columns};

/// Clips that are passed over at once where none of them is near.
const STRETCH: usize = 16;

/// A clip of the bank as a query sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbour {
    pub(super) clip: usize,
    pub(super) distance: f64,
}

/// A bank and, of each of its clips, the nearest others: what several detectors look at.
pub(super) struct Neighbourhood {
    pub(super) bank: NeighbourBank,
    n_near: usize,
    near: OnceLock<Vec<Vec<Neighbour>>>,
}

impl Neighbourhood {
    /// `clips` is `[n_features, n_clips]`, more than `n_near`.
    pub(super) fn new(metric: Metric, clips: DMatrix<f64>, n_near: usize) -> Self {
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
    metric: Metric,
    /// `[n_features, n_clips]`, of length 1 for the cosine.
    clips: DMatrix<f64>,
    /// `[n_clips, n_features]`
    rows: DMatrix<f64>,
    /// The same in single precision, for the cosine.
    rough_rows: DMatrix<f32>,
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
            rough_rows: match metric {
                Metric::Cosine => clips.map(|x| x as f32).transpose(),
                Metric::Euclidean => DMatrix::zeros(0, 0),
            },
            rows: clips.transpose(),
            clips,
        }
    }

    fn n_clips(&self) -> usize {
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
        let starts = (0..self.n_clips()).step_by(BLOCK);
        starts.flat_map(|start| self.nearest_others_of_block(start, k)).collect()
    }

    /// The same on all cores.
    pub(super) fn nearest_others_in_parallel(&self, k: usize) -> Vec<Vec<Neighbour>> {
        let starts: Vec<usize> = (0..self.n_clips()).step_by(BLOCK).collect();
        let blocks = starts.into_par_iter().map(|start| self.nearest_others_of_block(start, k));
        blocks.collect::<Vec<_>>().concat()
    }

    fn nearest_others_of_block(&self, start: usize, k: usize) -> Vec<Vec<Neighbour>> {
        self.nearest_of_prepared(&self.block(start), k, |query| Some(start + query))
    }

    /// Clips of the bank from `start` on, `[n_features, n_clips]`.
    fn block(&self, start: usize) -> DMatrix<f64> {
        self.clips.columns(start, BLOCK.min(self.n_clips() - start)).into_owned()
    }

    /// Of each query the smallest distance to a clip of the bank, each distance multiplied with what `measures` has for that clip;
    /// `queries` is `[n_features, n_queries]`, `measures` `[n_clips]`.
    pub(super) fn nearest_in_measure(&self, mut queries: DMatrix<f64>, measures: &[f64]) -> Vec<f64> {
        if self.metric == Metric::Cosine {
            normalise_columns(&mut queries);
        }
        self.nearest_of_prepared_in_measure(&queries, measures, |_| None)
    }

    /// The same of each clip of the bank and the others.
    pub(super) fn nearest_others_in_measure(&self, measures: &[f64]) -> Vec<f64> {
        let of_block = |start| self.nearest_of_prepared_in_measure(&self.block(start), measures, |query| Some(start + query));
        (0..self.n_clips()).step_by(BLOCK).flat_map(of_block).collect()
    }

    fn nearest_of_prepared_in_measure(
        &self,
        queries: &DMatrix<f64>,
        measures: &[f64],
        left_out: impl Fn(usize) -> Option<usize>,
    ) -> Vec<f64> {
        let mut products = &self.rows * queries;
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
                    for ((value, other), measure) in products.iter_mut().zip(&self.square_lengths).zip(measures) {
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

    fn nearest_of_prepared(
        &self,
        queries: &DMatrix<f64>,
        k: usize,
        left_out: impl Fn(usize) -> Option<usize>,
    ) -> Vec<Vec<Neighbour>> {
        match self.metric {
            Metric::Cosine => self.nearest_by_cosine(queries, k, left_out),
            Metric::Euclidean => self.nearest_by_distance(queries, k, left_out),
        }
    }

    fn nearest_by_distance(
        &self,
        queries: &DMatrix<f64>,
        k: usize,
        left_out: impl Fn(usize) -> Option<usize>,
    ) -> Vec<Vec<Neighbour>> {
        let mut products = &self.rows * queries;
        let mut found = Vec::with_capacity(queries.ncols());
        for (query, mut closeness) in products.column_iter_mut().enumerate() {
            let closeness = closeness.as_mut_slice();
            let square_length = queries.column(query).norm_squared();
            for (value, other) in closeness.iter_mut().zip(&self.square_lengths) {
                *value = 2.0 * *value - other;
            }
            let distance = |closeness: f64| (square_length - closeness).sqrt();
            found.push(nearest(closeness, k, left_out(query), square_length, distance));
        }
        found
    }

    fn nearest_by_cosine(
        &self,
        queries: &DMatrix<f64>,
        k: usize,
        left_out: impl Fn(usize) -> Option<usize>,
    ) -> Vec<Vec<Neighbour>> {
        // Of two vectors of length 1 whose numbers are rounded and whose products are summed in single precision: each step
        // rounds by half an epsilon at most.
        let rounding = (self.clips.nrows() as f32 + 8.0) * 0.5 * f32::EPSILON;
        let rough = &self.rough_rows * queries.map(|x| x as f32);
        let mut candidates = Vec::new();
        let of_query = |(query, rough): (usize, nalgebra::DVectorView<'_, f32>)| {
            sift(rough.as_slice(), k, left_out(query), 2.0 * rounding, &mut candidates);
            let column = queries.column(query);
            let closeness: Vec<f64> = candidates
                .iter()
                .map(|&(_, clip)| self.clips.column(clip).dot(&column))
                .collect();
            let mut found = nearest(&closeness, k, None, 1.0, |closeness| (1.0 - closeness).min(2.0));
            for neighbour in &mut found {
                neighbour.clip = candidates[neighbour.clip].1;
            }
            found
        };
        rough.column_iter().enumerate().map(of_query).collect()
    }
}

/// Leaves in `candidates` the clips, in their order, that are no farther than the `k` nearest but for so much `slack`.
fn sift(closeness: &[f32], k: usize, left_out: Option<usize>, slack: f32, candidates: &mut Vec<(f32, usize)>) {
    candidates.clear();
    let mut largest = Vec::with_capacity(k + 1);
    let mut to_reach = f32::NEG_INFINITY;
    for (stretch_idx, stretch) in closeness.chunks(STRETCH).enumerate() {
        if !stretch.iter().fold(false, |is_any, value| is_any | (*value >= to_reach)) {
            continue;
        }
        for (clip, &value) in (stretch_idx * STRETCH..).zip(stretch) {
            if value < to_reach || left_out == Some(clip) {
                continue;
            }
            candidates.push((value, clip));
            let rank = largest.partition_point(|other| *other >= value);
            if rank < k {
                largest.insert(rank, value);
                largest.truncate(k);
                if largest.len() == k {
                    to_reach = largest[k - 1] - slack;
                }
            }
        }
    }
    candidates.retain(|&(value, _)| value >= to_reach);
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

    use super::{Metric, Neighbour, NeighbourBank};

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
            values in prop::collection::vec(prop_oneof![3 => -2.0f64..2.0, 1 => Just(0.0), 1 => Just(1.0)], 61),
            k in 1usize..9,
        ) {
            let clips = DMatrix::from_fn(n_features, n_clips, |feature, clip| values[(clip * 17 + feature * 5) % 61]);
            let k = k.min(n_clips - 1);
            for metric in [Metric::Cosine, Metric::Euclidean] {
                let bank = NeighbourBank::new(metric, clips.clone());
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
