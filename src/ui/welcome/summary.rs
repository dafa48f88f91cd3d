//! What a data set holds, counted by machine and section.

use std::collections::BTreeMap;

use crate::dataset::{Dataset, Domain, Label, MachineSection, Split};

/// Counts of one section, or of all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) n_train: usize,
    pub(super) n_test_normal: usize,
    pub(super) n_test_anomalous: usize,
    pub(super) n_test_unknown: usize,
    pub(super) n_source: usize,
    pub(super) n_target: usize,
}

/// A data set in figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Summary {
    pub(super) groups: Vec<(MachineSection, Counts)>,
    pub(super) total: Counts,
    pub(super) n_machines: usize,
    pub(super) max_channels: u16,
    pub(super) total_secs: f64,
}

impl Summary {
    pub(super) fn new(dataset: &Dataset) -> Self {
        let mut groups: BTreeMap<&MachineSection, Counts> = BTreeMap::new();
        let mut summary = Self::default();
        for clip in &dataset.clips {
            summary.max_channels = summary.max_channels.max(clip.n_channels);
            summary.total_secs += clip.duration_secs;
            for counts in [groups.entry(&clip.group).or_default(), &mut summary.total] {
                match (clip.split, clip.label) {
                    (Split::Train, _) => counts.n_train += 1,
                    (Split::Test, Label::Normal) => counts.n_test_normal += 1,
                    (Split::Test, Label::Anomalous) => counts.n_test_anomalous += 1,
                    (Split::Test, Label::Unknown) => counts.n_test_unknown += 1,
                }
                match clip.domain {
                    Some(Domain::Source) => counts.n_source += 1,
                    Some(Domain::Target) => counts.n_target += 1,
                    None => {}
                }
            }
        }
        summary.n_machines = groups
            .keys()
            .map(|group| &group.machine)
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        summary.groups = groups.into_iter().map(|(group, counts)| (group.clone(), counts)).collect();
        summary
    }

    /// Whether the layout knows domains.
    pub(super) fn has_domains(&self) -> bool {
        self.total.n_source + self.total.n_target > 0
    }
}
