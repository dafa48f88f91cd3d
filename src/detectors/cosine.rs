//! The nearest clips of a bank by the cosine.
//!
//! Most clips are ruled out in single precision, which costs half as much: what could still be among the nearest for all that
//! rounding may have done is then compared in double precision, so that the answer is that of double precision.
//!
//! Loop order: a panel of 32 clips of the bank, feature by feature, stays in the first cache while a block of queries runs past
//! it, eight at a time (four where registers are few), and two vectors of sums a query stay in registers. Then query by query,
//! without a branch for most clips: the largest of every 32nd product in one pass; the k-th largest of these, which at least `k`
//! clips reach; and who reaches it.

use std::sync::Arc;

use pulp::{Simd, WithSimd};

use super::Observations;
use super::neighbour::Neighbour;
use super::sums::{dot, length, one_over};

/// Clips of the bank that are multiplied together, and products that are looked at at once.
const PANEL: usize = 32;
/// Queries whose products are kept before they are looked through.
const QUERIES: usize = 32;

/// The bank, prepared for products with it.
pub(super) struct CosineBank {
    clips: Arc<Observations>,
    lengths: Vec<f64>,
    /// The clips' directions, `[n_panels][n_features][PANEL]`; beyond the last clip zeros.
    panels: Vec<f32>,
}

impl CosineBank {
    pub(super) fn new(clips: Arc<Observations>) -> Self {
        let (n_features, n_clips) = (clips.n_features, clips.n_clips());
        let lengths: Vec<f64> = clips.embeddings.chunks_exact(n_features).map(length).collect();
        let mut panels = vec![0.0; n_clips.div_ceil(PANEL) * PANEL * n_features];
        let rows = clips.embeddings.chunks(PANEL * n_features).zip(lengths.chunks(PANEL));
        for (panel, (rows, lengths)) in panels.chunks_exact_mut(PANEL * n_features).zip(rows) {
            for (place, (row, &length)) in rows.chunks_exact(n_features).zip(lengths).enumerate() {
                let scale = one_over(length);
                for (along, x) in panel.chunks_exact_mut(PANEL).zip(row) {
                    along[place] = (f64::from(*x) * scale) as f32;
                }
            }
        }
        Self { clips, lengths, panels }
    }

    /// The `k` nearest clips of each query but for the one that is `left_out` of its search, nearest first, of equally near ones
    /// the first; `queries` is `[n_queries, n_features]`.
    pub(super) fn nearest(&self, queries: &[f32], k: usize, left_out: impl Fn(usize) -> Option<usize>) -> Vec<Vec<Neighbour>> {
        let n_features = self.clips.n_features;
        let n_clips = self.lengths.len();
        // Of two vectors of length 1 whose numbers are rounded and whose products are summed in single precision: each step
        // rounds by half an epsilon at most.
        let rounding = (n_features as f32 + 8.0) * 0.5 * f32::EPSILON;
        let pitch = n_clips.next_multiple_of(PANEL);
        let mut products = vec![0.0; QUERIES * pitch];
        let mut directions = vec![0.0; QUERIES * n_features];
        let mut candidates = Vec::new();
        let arch = pulp::Arch::new();
        let mut found = Vec::with_capacity(queries.len() / n_features);
        for block in queries.chunks(QUERIES * n_features) {
            let lengths: Vec<f64> = block.chunks_exact(n_features).map(length).collect();
            let rows = block.chunks_exact(n_features).zip(directions.chunks_exact_mut(n_features));
            for ((query, direction), length) in rows.zip(&lengths) {
                let scale = one_over(*length);
                for (to, x) in direction.iter_mut().zip(query) {
                    *to = (f64::from(*x) * scale) as f32;
                }
            }
            arch.dispatch(Products {
                panels: &self.panels,
                n_features,
                queries: &directions[..block.len()],
                products: &mut products,
            });
            for (query, products) in block.chunks_exact(n_features).zip(products.chunks_exact_mut(pitch)) {
                let query_idx = found.len();
                products[n_clips..].fill(f32::NEG_INFINITY);
                if let Some(clip) = left_out(query_idx) {
                    products[clip] = f32::NEG_INFINITY;
                }
                arch.dispatch(Sift {
                    products,
                    k,
                    slack: 2.0 * rounding,
                    candidates: &mut candidates,
                });
                let scale = one_over(lengths[query_idx % QUERIES]);
                let cosine = |clip: usize| dot(self.clips.embedding(clip), query) * scale * one_over(self.lengths[clip]);
                let mut near: Vec<Neighbour> = candidates
                    .iter()
                    .map(|&clip| Neighbour {
                        clip,
                        distance: (1.0 - cosine(clip)).clamp(0.0, 2.0),
                    })
                    .collect();
                near.sort_by(|a, b| a.distance.total_cmp(&b.distance));
                near.truncate(k);
                found.push(near);
            }
        }
        found
    }
}

/// Leaves in `candidates` the clips, in their order, that are no farther than the `k` nearest but for so much `slack`. What is
/// left out has a product of minus infinity; `products` fill whole panels.
struct Sift<'a> {
    products: &'a [f32],
    k: usize,
    slack: f32,
    candidates: &'a mut Vec<usize>,
}

impl WithSimd for Sift<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let reached = if 2 * self.k <= PANEL {
            kth_of_largest(simd, self.products, self.k)
        } else {
            let place = self.products.len() - self.k;
            *self.products.to_vec().select_nth_unstable_by(place, f32::total_cmp).1
        };
        let to_reach = (reached - self.slack).max(f32::MIN);
        self.candidates.clear();
        for (stretch_idx, stretch) in self.products.as_chunks::<PANEL>().0.iter().enumerate() {
            if stretch.iter().fold(false, |is_any, value| is_any | (*value >= to_reach)) {
                for (clip, &value) in (stretch_idx * PANEL..).zip(stretch) {
                    if value >= to_reach {
                        self.candidates.push(clip);
                    }
                }
            }
        }
    }
}

/// What at least `k` products reach: the `k`-th of those that are the largest of every 32nd one, or less.
#[inline(always)]
fn kth_of_largest<S: Simd>(simd: S, products: &[f32], k: usize) -> f32 {
    let mut largest = [f32::NEG_INFINITY; PANEL];
    for stretch in products.as_chunks::<PANEL>().0 {
        for (largest, value) in largest.iter_mut().zip(stretch) {
            *largest = if value > largest { *value } else { *largest };
        }
    }
    let mut reached = f32::INFINITY;
    for _ in 0..k {
        let mut left = simd.splat_f32s(f32::NEG_INFINITY);
        for vector in S::as_mut_simd_f32s(&mut largest).0 {
            let is_left = simd.less_than_f32s(*vector, simd.splat_f32s(reached));
            *vector = simd.select_f32s(is_left, *vector, simd.splat_f32s(f32::NEG_INFINITY));
            left = simd.max_f32s(left, *vector);
        }
        reached = simd.reduce_max_f32s(left);
    }
    reached
}

/// The products of directions in single precision.
struct Products<'a> {
    panels: &'a [f32],
    n_features: usize,
    /// `[n_queries][n_features]`
    queries: &'a [f32],
    /// `[n_queries or more][n_panels · PANEL]`
    products: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.by_tiles::<S, 8>(simd);
        } else {
            self.by_tiles::<S, 4>(simd);
        }
    }
}

impl Products<'_> {
    #[inline(always)]
    fn by_tiles<S: Simd, const ROWS: usize>(self, simd: S) {
        let n_queries = self.queries.len() / self.n_features;
        let pitch = self.panels.len() / self.n_features;
        for (panel_idx, panel) in self.panels.chunks_exact(PANEL * self.n_features).enumerate() {
            for first_query in (0..n_queries).step_by(ROWS) {
                // Rows beyond the last repeat it: what they yield is thrown away.
                let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
                for (m, row) in rows.iter_mut().enumerate() {
                    *row = &self.queries[(first_query + m).min(n_queries - 1) * self.n_features..][..self.n_features];
                }
                for first in (0..PANEL).step_by(2 * S::F32_LANES) {
                    let sums = tile(simd, panel, first / S::F32_LANES, rows);
                    for (m, sums) in sums.iter().enumerate().take(n_queries - first_query) {
                        let place = (first_query + m) * pitch + panel_idx * PANEL + first;
                        let to = &mut self.products[place..place + 2 * S::F32_LANES];
                        S::as_mut_simd_f32s(to).0.copy_from_slice(sums);
                    }
                }
            }
        }
    }
}

/// The products of some rows with two vectors of a panel, from its vector `first` on.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize>(simd: S, panel: &[f32], first: usize, rows: [&[f32]; ROWS]) -> [[S::f32s; 2]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
    for (k, along) in S::as_simd_f32s(panel).0.chunks_exact(PANEL / S::F32_LANES).enumerate() {
        let along = [along[first], along[first + 1]];
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let x = simd.splat_f32s(row[k]);
            for (sum, along) in sums.iter_mut().zip(along) {
                *sum = simd.mul_add_e_f32s(x, along, *sum);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use pulp::Simd;

    use super::{PANEL, Products, Sift};

    /// Numbers that look random, the same on every machine.
    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    proptest! {
        #[test]
        fn products_are_sums_over_features_on_any_processor(n_queries in 1usize..20, n_panels in 1usize..4, n_features in 1usize..40) {
            let (queries, panels) = (numbers(n_queries * n_features, 1.0), numbers(n_panels * n_features * PANEL, 2.0));
            let mut found = [vec![0.0; n_queries * n_panels * PANEL], vec![0.0; n_queries * n_panels * PANEL]];
            for (is_wide, products) in found.iter_mut().enumerate() {
                let products = Products { panels: &panels, n_features, queries: &queries, products };
                if is_wide == 1 { pulp::Arch::new().dispatch(products) } else { pulp::Scalar.vectorize(products) }
            }
            for (query, row) in queries.chunks_exact(n_features).enumerate() {
                for clip in 0..n_panels * PANEL {
                    let along = |k: usize| panels[(clip / PANEL * n_features + k) * PANEL + clip % PANEL];
                    let expected: f64 = row.iter().enumerate().map(|(k, x)| f64::from(*x) * f64::from(along(k))).sum();
                    for products in &found {
                        prop_assert!((f64::from(products[query * n_panels * PANEL + clip]) - expected).abs() < 1e-5);
                    }
                }
            }
        }

        /// None of those that sorting finds is missed, however many are alike, and nobody who was left out comes in.
        #[test]
        fn what_is_sifted_holds_the_nearest_on_any_processor(n_panels in 1usize..5, n_levels in 1usize..200, k in 1usize..31) {
            let products: Vec<f32> = numbers(n_panels * PANEL, 3.0)
                .iter()
                .enumerate()
                .map(|(clip, x)| if clip == 5 { f32::NEG_INFINITY } else { (x * n_levels as f32).round() / n_levels as f32 })
                .collect();
            let mut sorted = products.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let slack = 1e-3;
            for is_wide in [false, true] {
                let mut candidates = Vec::new();
                let sift = Sift { products: &products, k, slack, candidates: &mut candidates };
                if is_wide { pulp::Arch::new().dispatch(sift) } else { pulp::Scalar.vectorize(sift) }
                let needed = (0..products.len()).filter(|&clip| clip != 5 && products[clip] >= sorted[k - 1] - slack);
                for clip in needed {
                    prop_assert!(candidates.contains(&clip));
                }
                prop_assert!(!candidates.contains(&5));
                prop_assert!(candidates.is_sorted());
                let mut once = candidates.clone();
                once.dedup();
                prop_assert_eq!(once, candidates);
            }
        }
    }
}
