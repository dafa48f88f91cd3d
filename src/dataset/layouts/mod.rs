//! The layouts of known data sets: from a file's place and name to machine, section, split, label, domain, attributes.

use serde::{Deserialize, Serialize};

/// How a folder of recordings is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    Manifest,
    Dcase2020,
    Dcase2021,
    Dcase2022,
    Dcase2023,
    Mimii,
    PlainFolders,
}

/// The first layout that fits wins.
pub const DETECTION_ORDER: [Layout; 7] = [
    Layout::Manifest,
    Layout::Dcase2020,
    Layout::Dcase2021,
    Layout::Dcase2022,
    Layout::Dcase2023,
    Layout::Mimii,
    Layout::PlainFolders,
];

impl Layout {
    /// The name on the command line and in `scan --json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Dcase2020 => "dcase2020",
            Self::Dcase2021 => "dcase2021",
            Self::Dcase2022 => "dcase2022",
            Self::Dcase2023 => "dcase2023",
            Self::Mimii => "mimii",
            Self::PlainFolders => "folders",
        }
    }
}
