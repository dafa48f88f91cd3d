//! The rules of the challenges' years: what counts, against what, and how it is averaged.

use serde::{Deserialize, Serialize};

use super::Truth;
use super::names::{FileSubject, Naming};

/// A year's rules. 2022 and later compute the same figures; the evaluator of 2022 averages them wrongly
/// (see [`super::EvaluationOptions::as_evaluator_2022`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rules {
    /// AUC and pAUC of each machine id, arithmetic means. No domains, no decisions.
    #[serde(rename = "2020")]
    Dcase2020,
    /// Everything for each domain by itself; score: harmonic mean of AUC and pAUC of all sections and domains.
    #[serde(rename = "2021")]
    Dcase2021,
    /// The anomalies of both domains against the normal clips of each, one pAUC a section; score: harmonic mean of AUC source,
    /// AUC target and pAUC of all sections.
    #[serde(rename = "2022")]
    Dcase2022,
    /// 2023 to 2026: the same with one section a machine.
    #[serde(rename = "2023")]
    Dcase2023,
    /// Not of a challenge: data without domains; score: harmonic mean of AUC and pAUC of all sections.
    #[serde(rename = "no-domains")]
    NoDomains,
}

impl Rules {
    /// What [`Rules::from_name`] understands.
    pub const NAMES: [&'static str; 8] = ["2020", "2021", "2022", "2023", "2024", "2025", "2026", "no-domains"];

    /// The rules of a year, `None` where there are none.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "2020" => Some(Self::Dcase2020),
            "2021" => Some(Self::Dcase2021),
            "2022" => Some(Self::Dcase2022),
            "2023" | "2024" | "2025" | "2026" => Some(Self::Dcase2023),
            "no-domains" => Some(Self::NoDomains),
            _ => None,
        }
    }

    /// The year, or `no-domains`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dcase2020 => "2020",
            Self::Dcase2021 => "2021",
            Self::Dcase2022 => "2022",
            Self::Dcase2023 => "2023",
            Self::NoDomains => "no-domains",
        }
    }

    /// By the names of the score files and the sections and domains of the truth.
    pub(super) fn detect(files: &[&FileSubject], truth: &Truth) -> Self {
        if files.iter().any(|file| file.is_target.is_some()) {
            return Self::Dcase2021;
        }
        let has_domains = truth.values().flatten().any(|clip| clip.is_target.is_some());
        let has_ids = files.iter().any(|file| file.naming == Naming::Id);
        match (has_domains, has_ids) {
            (false, true) => Self::Dcase2020,
            (false, false) => Self::NoDomains,
            (true, _) if truth.keys().any(|(_, section)| section != "00") => Self::Dcase2022,
            (true, _) => Self::Dcase2023,
        }
    }

    pub(super) fn has_domains(self) -> bool {
        matches!(self, Self::Dcase2021 | Self::Dcase2022 | Self::Dcase2023)
    }
}
