//! The columns of the list: their names, what they sort by, and which of them are shown.

use super::super::Workbench;
use super::order::SortKey;
use crate::dataset::{ClipEntry, Dataset};

/// One column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClipColumn {
    File,
    Machine,
    Section,
    Domain,
    Split,
    Label,
    Score,
    Mark,
    Duration,
    Attributes,
}

impl ClipColumn {
    /// From left to right.
    pub const ALL: [Self; 10] = [
        Self::File,
        Self::Score,
        Self::Mark,
        Self::Label,
        Self::Split,
        Self::Machine,
        Self::Section,
        Self::Domain,
        Self::Duration,
        Self::Attributes,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Machine => "machine",
            Self::Section => "section",
            Self::Domain => "domain",
            Self::Split => "split",
            Self::Label => "label",
            Self::Score => "score",
            Self::Mark => "mark",
            Self::Duration => "secs",
            Self::Attributes => "attributes",
        }
    }

    pub fn sort_key(self) -> Option<SortKey> {
        Some(match self {
            Self::File => SortKey::Path,
            Self::Machine => SortKey::Machine,
            Self::Section => SortKey::Section,
            Self::Domain => SortKey::Domain,
            Self::Split => SortKey::Split,
            Self::Label => SortKey::Label,
            Self::Score => SortKey::Score,
            Self::Mark => SortKey::Mark,
            Self::Duration => SortKey::Duration,
            Self::Attributes => return None,
        })
    }

    /// Without the name of its file a row says nothing.
    pub fn can_be_hidden(self) -> bool {
        self != Self::File
    }

    /// All but those that would be empty from top to bottom.
    pub fn worth_showing(dataset: &Dataset) -> Vec<Self> {
        let any = |is_filled: fn(&ClipEntry) -> bool| dataset.clips.iter().any(is_filled);
        Self::ALL
            .into_iter()
            .filter(|column| match column {
                Self::Domain => any(|clip| clip.domain.is_some()),
                Self::Attributes => any(|clip| !clip.attributes.is_empty()),
                _ => true,
            })
            .collect()
    }
}

impl Workbench {
    /// Whether the person has put a column away.
    pub fn is_hidden(&self, column: ClipColumn) -> bool {
        column.can_be_hidden() && self.project.view.hidden_columns.contains(column.title())
    }
}
