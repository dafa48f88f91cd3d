//! What is known of the clips before anybody searches: words in small letters, values by number, places by path. A keystroke in
//! the search field then compares numbers, and the list stays fast with tens of thousands of clips.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::super::{ClipScore, Verdict};
use super::filter::{ClipFilter, Facet, FacetCounts};
use crate::dataset::{Attribute, ClipEntry, Domain, Label, Split};

/// The number of a clip that has no value.
const NONE: u32 = u32::MAX;

/// The clips of a data set, ready to be searched and sorted.
#[derive(Debug, Default)]
pub(super) struct ClipIndex {
    /// `[n_clips]`: path and attributes in small letters.
    words: Vec<String>,
    /// `[n_clips]`: the place among all paths.
    path_ranks: Vec<u32>,
    facets: Vec<FacetIndex>,
}

/// Which value of one property each clip has.
#[derive(Debug)]
struct FacetIndex {
    facet: Facet,
    /// In order.
    values: Vec<String>,
    /// `[n_clips]`: indices into `values`, or [`NONE`].
    of_clips: Vec<u32>,
}

impl ClipIndex {
    pub(super) fn n_clips(&self) -> usize {
        self.words.len()
    }

    /// All but labels and marks, which a person changes: see [`Self::judge`].
    pub(super) fn new(clips: &[ClipEntry]) -> Self {
        let mut by_path: Vec<u32> = (0..clips.len() as u32).collect();
        by_path.sort_by(|&a, &b| clips[a as usize].path.cmp(&clips[b as usize].path));
        let mut path_ranks = vec![0; clips.len()];
        for (rank, &clip) in by_path.iter().enumerate() {
            path_ranks[clip as usize] = rank as u32;
        }
        let mut facets = vec![
            FacetIndex::new(Facet::Machine, clips, |clip| Some(&clip.group.machine)),
            FacetIndex::new(Facet::Section, clips, |clip| Some(&clip.group.section)),
            FacetIndex::new(Facet::Domain, clips, |clip| clip.domain.map(domain_name)),
            FacetIndex::new(Facet::Split, clips, |clip| Some(split_name(clip.split))),
            FacetIndex::empty(Facet::Label, &LABELS.map(label_name)),
            FacetIndex::empty(Facet::Mark, &Verdict::MARKED.map(Verdict::name)),
        ];
        let mut names: Vec<&str> = clips
            .iter()
            .flat_map(|clip| &clip.attributes)
            .map(|of| of.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        facets.extend(names.into_iter().map(|name| {
            FacetIndex::new(Facet::Attribute(name.to_owned()), clips, |clip| {
                let found = clip.attributes.iter().find(|attribute| attribute.name == name);
                found.map(|attribute| attribute.value.as_str())
            })
        }));
        Self {
            words: clips.iter().map(words_of).collect(),
            path_ranks,
            facets,
        }
    }

    /// Takes labels and decisions in as they are now. `scores` are parallel to the clips.
    pub(super) fn judge(&mut self, clips: &[ClipEntry], scores: &[Option<ClipScore>]) {
        for index in &mut self.facets {
            let number: &dyn Fn(usize) -> Option<usize> = match index.facet {
                Facet::Label => &|clip| LABELS.iter().position(|label| *label == clips[clip].label),
                Facet::Mark => &|clip| {
                    let verdict = Verdict::of(&clips[clip], scores.get(clip).copied().flatten());
                    Verdict::MARKED.iter().position(|marked| *marked == verdict)
                },
                _ => continue,
            };
            index.of_clips = (0..clips.len())
                .map(|clip| number(clip).map_or(NONE, |idx| idx as u32))
                .collect();
        }
    }

    pub(super) fn path_rank(&self, clip: usize) -> u64 {
        u64::from(self.path_ranks[clip])
    }

    /// Where the clip's value stands among all values; `None` where it has none.
    pub(super) fn value_rank(&self, facet: &Facet, clip: usize) -> Option<u64> {
        let index = self.facets.iter().find(|index| index.facet == *facet)?;
        let number = *index.of_clips.get(clip)?;
        (number != NONE).then(|| u64::from(number))
    }

    /// A filter made ready to be asked of many clips.
    pub(super) fn search(&self, filter: &ClipFilter) -> Search<'_> {
        let allowed = |index: &FacetIndex| {
            let chosen = filter.chosen(&index.facet)?;
            Some(index.values.iter().map(|value| chosen.contains(value)).collect())
        };
        Search {
            index: self,
            words: filter.text.split_whitespace().map(str::to_lowercase).collect(),
            allowed: self.facets.iter().map(allowed).collect(),
            percentiles: filter.percentiles,
            // A property that no clip has (any more) lets none through.
            is_vain: filter
                .values
                .keys()
                .any(|facet| self.facets.iter().all(|index| index.facet != *facet)),
            counts: self.facets.iter().map(|index| vec![0; index.values.len()]).collect(),
        }
    }
}

impl FacetIndex {
    fn empty(facet: Facet, values: &[&str]) -> Self {
        Self {
            facet,
            values: values.iter().map(|&value| value.to_owned()).collect(),
            of_clips: Vec::new(),
        }
    }

    fn new<'a>(facet: Facet, clips: &'a [ClipEntry], value: impl Fn(&'a ClipEntry) -> Option<&'a str>) -> Self {
        let mut numbers: BTreeMap<&str, u32> = clips.iter().filter_map(&value).map(|value| (value, 0)).collect();
        let mut values: Vec<&str> = numbers.keys().copied().collect();
        values.sort_by(|a, b| by_number(a, b));
        for (idx, value) in values.iter().enumerate() {
            numbers.insert(value, idx as u32);
        }
        let number = |clip| value(clip).and_then(|value| numbers.get(value).copied()).unwrap_or(NONE);
        Self {
            facet,
            of_clips: clips.iter().map(number).collect(),
            values: values.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// A filter that is being asked of clips, and what it has counted so far.
pub(super) struct Search<'a> {
    index: &'a ClipIndex,
    words: Vec<String>,
    /// By property: which values are let through; `None`: all.
    allowed: Vec<Option<Vec<bool>>>,
    percentiles: Option<[f64; 2]>,
    is_vain: bool,
    counts: Vec<Vec<usize>>,
}

impl Search<'_> {
    /// Whether the filter lets a clip through; counts it for the values that it would be shown by.
    pub(super) fn meets(&mut self, clip: usize, score: Option<ClipScore>) -> bool {
        if self.is_vain || !self.has_percentile(score) {
            return false;
        }
        // A clip that fails by one property alone would be there if the value of that property were asked for.
        let mut failed = None;
        for (idx, (index, allowed)) in self.index.facets.iter().zip(&self.allowed).enumerate() {
            let Some(allowed) = allowed else { continue };
            let number = index.of_clips.get(clip).map_or(usize::MAX, |&number| number as usize);
            if !allowed.get(number).copied().unwrap_or(false) && failed.replace(idx).is_some() {
                return false;
            }
        }
        let words = &self.index.words[clip];
        if !self.words.iter().all(|word| words.contains(word.as_str())) {
            return false;
        }
        for (idx, (index, counts)) in self.index.facets.iter().zip(&mut self.counts).enumerate() {
            if failed.is_none_or(|failed| failed == idx)
                && let Some(count) = index.of_clips.get(clip).and_then(|&number| counts.get_mut(number as usize))
            {
                *count += 1;
            }
        }
        failed.is_none()
    }

    fn has_percentile(&self, score: Option<ClipScore>) -> bool {
        self.percentiles
            .is_none_or(|[from, to]| score.is_some_and(|score| (from..=to).contains(&score.percentile)))
    }

    /// What was counted, for all properties that clips have.
    pub(super) fn counts(self) -> Vec<FacetCounts> {
        let facets = self.index.facets.iter().zip(self.counts);
        let counts = facets.map(|(index, counts)| FacetCounts {
            facet: index.facet.clone(),
            values: index.values.iter().cloned().zip(counts).collect(),
        });
        counts.filter(|counts| !counts.values.is_empty()).collect()
    }
}

const LABELS: [Label; 3] = [Label::Normal, Label::Anomalous, Label::Unknown];

/// The name of a label, as everywhere in the list.
pub(super) fn label_name(label: Label) -> &'static str {
    match label {
        Label::Normal => "normal",
        Label::Anomalous => "anomalous",
        Label::Unknown => "unknown",
    }
}

pub(super) fn split_name(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Test => "test",
    }
}

pub(super) fn domain_name(domain: Domain) -> &'static str {
    match domain {
        Domain::Source => "source",
        Domain::Target => "target",
    }
}

/// `vel=6`.
pub(super) fn attribute_text(attribute: &Attribute) -> String {
    format!("{}={}", attribute.name, attribute.value)
}

fn words_of(clip: &ClipEntry) -> String {
    let mut words = clip.path.to_lowercase();
    for attribute in &clip.attributes {
        // A line break: no word that a person types goes over it.
        words.push('\n');
        words.push_str(&attribute_text(attribute).to_lowercase());
    }
    words
}

/// 4 before 10, and numbers before words.
fn by_number(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.total_cmp(&right).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}
