//! Which clips the list shows, and in what order.

use std::cmp::Ordering;

use super::Workbench;
use crate::dataset::{ClipEntry, Domain, Label, Split};

/// Which clips are shown, beside the scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClipFilter {
    /// Words that the path or an attribute must hold, in any order and case.
    pub text: String,
    pub split: Option<Split>,
    pub label: Option<Label>,
    pub domain: Option<Domain>,
    /// The selected clips only.
    pub selected_only: bool,
}

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
    Duration,
}

impl Workbench {
    /// Works out [`Workbench::visible`] anew: after the filter, the order, the scope, labels or scores have changed.
    pub(super) fn refresh_visible(&mut self) {
        let words: Vec<String> = self.filter.text.split_whitespace().map(str::to_lowercase).collect();
        let mut visible: Vec<usize> = (0..self.dataset.clips.len())
            .filter(|&clip| self.is_visible(clip, &words))
            .collect();
        let (key, ascending) = self.sort;
        visible.sort_by(|&a, &b| {
            let order = self.order(key, a, b);
            if ascending { order } else { order.reverse() }.then(a.cmp(&b))
        });
        self.visible = visible;
    }

    fn is_visible(&self, clip_idx: usize, words: &[String]) -> bool {
        let clip = &self.dataset.clips[clip_idx];
        let filter = &self.filter;
        self.scope.contains(&clip.group)
            && filter.split.is_none_or(|split| clip.split == split)
            && filter.label.is_none_or(|label| self.label(clip_idx) == label)
            && filter.domain.is_none_or(|domain| clip.domain == Some(domain))
            && (!filter.selected_only || self.selection.contains(&clip_idx))
            && (words.is_empty() || holds_all(clip, words))
    }

    fn order(&self, key: SortKey, a: usize, b: usize) -> Ordering {
        let (left, right) = (&self.dataset.clips[a], &self.dataset.clips[b]);
        match key {
            SortKey::Path => left.path.cmp(&right.path),
            SortKey::Machine => left.group.machine.cmp(&right.group.machine),
            SortKey::Section => left.group.section.cmp(&right.group.section),
            SortKey::Split => left.split.cmp(&right.split),
            SortKey::Domain => left.domain.cmp(&right.domain),
            SortKey::Label => self.label(a).cmp(&self.label(b)),
            SortKey::Score => self
                .score_order(a)
                .partial_cmp(&self.score_order(b))
                .unwrap_or(Ordering::Equal),
            SortKey::Duration => left.duration_secs.total_cmp(&right.duration_secs),
        }
    }

    /// What is shown first, the percentile; among equals, how far beyond the normals. Clips without a score come before all others.
    fn score_order(&self, clip_idx: usize) -> (f64, f64) {
        let score = self.scores.get(clip_idx).copied().flatten();
        score.map_or((f64::NEG_INFINITY, 0.0), |score| (score.percentile, score.order))
    }
}

fn holds_all(clip: &ClipEntry, words: &[String]) -> bool {
    let path = clip.path.to_lowercase();
    words.iter().all(|word| {
        path.contains(word.as_str())
            || clip.attributes.iter().any(|attribute| {
                format!("{}={}", attribute.name, attribute.value)
                    .to_lowercase()
                    .contains(word.as_str())
            })
    })
}
