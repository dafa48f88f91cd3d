//! The order of the list: by one property, and by a second where the first says nothing.

use super::super::Workbench;
use super::filter::Facet;

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    #[default]
    Path,
    Machine,
    Section,
    Split,
    Domain,
    Label,
    Score,
    Mark,
    Duration,
}

impl SortKey {
    /// Smallest first, but for scores: the most anomalous clips are what a person wants first.
    pub(super) fn begins_ascending(self) -> bool {
        self != Self::Score
    }
}

/// What is compared of a clip; greater comes later.
type Rank = [u64; 2];

impl Workbench {
    /// All clips in the order that is asked for; clips of which a property says nothing come last, equal ones in the order of the
    /// data set.
    pub(super) fn sorted_clips(&self) -> Vec<u32> {
        let rank = |clip: u32, (key, is_ascending): (SortKey, bool)| {
            let rank = self.rank(key, clip as usize);
            rank.map_or([u64::MAX; 2], |rank| if is_ascending { rank } else { rank.map(|part| !part) })
        };
        let mut ranked: Vec<(Rank, Rank, u32)> = (0..self.dataset.clips.len() as u32)
            .map(|clip| {
                let second = self.list.then_by.map_or([0; 2], |second| rank(clip, second));
                (rank(clip, self.sort), second, clip)
            })
            .collect();
        // The number of the clip makes all of them different.
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, _, clip)| clip).collect()
    }

    fn rank(&self, key: SortKey, clip: usize) -> Option<Rank> {
        let value = |facet| Some([self.list.index.value_rank(facet, clip)?, 0]);
        match key {
            SortKey::Path => Some([self.list.index.path_rank(clip), 0]),
            SortKey::Machine => value(&Facet::Machine),
            SortKey::Section => value(&Facet::Section),
            SortKey::Split => value(&Facet::Split),
            SortKey::Domain => value(&Facet::Domain),
            SortKey::Label => value(&Facet::Label),
            SortKey::Mark => value(&Facet::Mark),
            // What is shown first, the percentile; among equals, how far beyond the normals.
            SortKey::Score => {
                let score = self.scores.get(clip).copied().flatten()?;
                Some([in_order(score.percentile), in_order(score.order)])
            }
            SortKey::Duration => Some([in_order(self.dataset.clips[clip].duration_secs), 0]),
        }
    }
}

/// A number whose order is that of `value`: a float's bits are in order but for its sign.
fn in_order(value: f64) -> u64 {
    let bits = value.to_bits();
    if value.is_sign_negative() { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn numbers_keep_their_order_as_bits() {
        let rising = [
            f64::NEG_INFINITY,
            -3.5,
            -1e-9,
            -0.0,
            0.0,
            1e-9,
            2.0,
            99.9,
            100.0,
            f64::INFINITY,
        ];
        assert!(rising.windows(2).all(|pair| in_order(pair[0]) < in_order(pair[1])));
    }
}
