//! How large a reproduction is, and what it was made with.

use std::collections::BTreeMap;

use super::challenge::Challenge;
use super::published::MACHINES;
use crate::dataset::{ClipEntry, Dataset, Domain, Label, Split, SyntheticConfig, SyntheticLayout};
use crate::extractors::DeviceChoice;

/// What a person decides of a reproduction.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub seed: u64,
    pub device: DeviceChoice,
    /// The recordings were made up.
    pub is_synthetic: bool,
    /// `None`: all of the data, trained as published.
    pub caps: Option<Caps>,
    /// The day, for the papers.
    pub date: String,
}

/// A quick run takes no more than this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caps {
    pub n_epochs: usize,
    pub batch_size: usize,
    pub segments_per_clip: usize,
    /// No less than so many frames between the segments of a clip that is embedded.
    pub segment_hop: usize,
    /// Normal training clips a section, the target domain's among them.
    pub n_train: usize,
    /// Test clips a section, domain and label.
    pub n_test: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            n_epochs: 2,
            batch_size: 32,
            segments_per_clip: 4,
            segment_hop: 16,
            n_train: 18,
            n_test: 6,
        }
    }
}

/// Target clips that a quick run keeps in training: as many as synthetic data have.
const FEWEST_TARGET_CLIPS: usize = 3;

impl Settings {
    /// What must stand on everything that such a run leaves behind.
    pub fn warning(&self) -> Option<String> {
        match (self.caps.is_some(), self.is_synthetic) {
            (true, true) => Some("Quick run on synthetic data: figures mean nothing beside the published ones".to_owned()),
            (false, true) => {
                Some("Synthetic data: figures say nothing about the published ones, which are about other recordings".to_owned())
            }
            (true, false) => {
                Some("Quick run on a few clips and epochs: figures mean nothing beside the published ones".to_owned())
            }
            (false, false) => None,
        }
    }

    /// The recordings that are made where there are no real ones: the machines of the tables.
    pub fn synthetic(&self, challenge: Challenge) -> SyntheticConfig {
        let (n_clips, clip_secs) = if self.caps.is_some() { (30, 4.0) } else { (200, 10.0) };
        SyntheticConfig {
            layout: challenge.synthetic_layout(),
            machines: MACHINES.map(String::from).to_vec(),
            n_clips,
            clip_secs,
            seed: self.seed,
        }
    }

    /// The same for the `OutlierNets` paper.
    pub fn synthetic_tasks(&self) -> SyntheticConfig {
        let (n_clips, clip_secs) = if self.caps.is_some() { (16, 2.2) } else { (120, 10.0) };
        SyntheticConfig {
            layout: SyntheticLayout::Mimii,
            machines: ["fan", "slider"].map(String::from).to_vec(),
            n_clips,
            clip_secs,
            seed: self.seed,
        }
    }

    /// The clips that a reproduction looks at: the development sections, in a quick run a few clips of each.
    pub(super) fn thinned(&self, dataset: &Dataset, challenge: Challenge) -> Dataset {
        let mut dataset = dataset.clone();
        dataset
            .clips
            .retain(|clip| challenge.sections().contains(&clip.group.section.as_str()));
        if let Some(caps) = &self.caps {
            let mut taken: BTreeMap<_, usize> = BTreeMap::new();
            dataset.clips.retain(|clip| {
                let n_taken = taken
                    .entry((clip.group.clone(), clip.split, clip.label, clip.domain))
                    .or_default();
                *n_taken += 1;
                *n_taken <= caps.most(clip)
            });
        }
        dataset
    }
}

impl Caps {
    fn most(&self, clip: &ClipEntry) -> usize {
        match (clip.split, clip.domain, clip.label) {
            (Split::Test, _, _) => self.n_test,
            (Split::Train, Some(Domain::Target), _) => FEWEST_TARGET_CLIPS.min(self.n_train),
            (Split::Train, _, Label::Anomalous) => 0,
            (Split::Train, _, _) => self.n_train.saturating_sub(FEWEST_TARGET_CLIPS).max(1),
        }
    }
}
