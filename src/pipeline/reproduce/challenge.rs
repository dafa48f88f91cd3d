//! The challenges whose data the tables are about.

use crate::dataset::{Layout, SyntheticLayout};

/// The data that a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    Dcase2022,
    Dcase2023,
}

impl Challenge {
    pub fn title(self) -> &'static str {
        match self {
            Self::Dcase2022 => "DCASE 2022",
            Self::Dcase2023 => "DCASE 2023",
        }
    }

    /// Where the recordings are: development, additional training, evaluation.
    pub fn records(self) -> [&'static str; 3] {
        match self {
            Self::Dcase2022 => ["6355122", "6462969", "6586456"],
            Self::Dcase2023 => ["7882613", "7830345", "7860847"],
        }
    }

    pub fn layout(self) -> Layout {
        match self {
            Self::Dcase2022 => Layout::Dcase2022,
            Self::Dcase2023 => Layout::Dcase2023,
        }
    }

    pub fn synthetic_layout(self) -> SyntheticLayout {
        match self {
            Self::Dcase2022 => SyntheticLayout::Dcase2022,
            Self::Dcase2023 => SyntheticLayout::Dcase2023,
        }
    }

    /// The sections of the development set: the only ones that the paper speaks of.
    pub(super) fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Dcase2022 => &["00", "01", "02"],
            Self::Dcase2023 => &["00"],
        }
    }

    /// Machine types that the paper trained on.
    pub(super) fn n_machines_trained(self) -> usize {
        match self {
            Self::Dcase2022 => 7,
            Self::Dcase2023 => 14,
        }
    }
}
