//! What a person asks a search for.

use serde::{Deserialize, Serialize};

use crate::dataset::MachineSection;
use crate::exploration::SearchConfig;

/// What accuracy means while designs are compared. The clips that are reported on never steer a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedBy {
    /// Held-out normal training clips against the same clips with faults put in: no label is needed.
    #[default]
    SyntheticAnomalies,
    /// One half of the labelled test clips; the other half reports.
    LabelledHalf,
}

impl JudgedBy {
    pub const ALL: [Self; 2] = [Self::SyntheticAnomalies, Self::LabelledHalf];

    pub fn title(self) -> &'static str {
        match self {
            Self::SyntheticAnomalies => "synthetic anomalies",
            Self::LabelledHalf => "labelled half",
        }
    }
}

/// A search, as it is saved beside its log. Equal settings on equal clips give equal trials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExploreSettings {
    /// The machine to find a design for.
    pub group: MachineSection,
    pub search: SearchConfig,
    pub judged_by: JudgedBy,
    /// Whether CAE-MCS is trained first, to be held against: minutes to hours, by the size of the section.
    pub with_reference: bool,
}
