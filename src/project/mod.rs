//! What a person saves: recipes only, versioned, migrated step by step, written atomically.
//!
//! *Invariant:* nothing derived is stored here; runs, embeddings and scores lie beside the project file and may be deleted.

mod error;
mod file;

pub use error::ProjectError;
pub use file::{VERSION, open, save};

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::audio::ChannelChoice;
use crate::dataset::{Label, Layout};
use crate::detectors::{DetectorConfig, DetectorKind};
use crate::evaluation::ThresholdRule;
use crate::extractors::TrainingConfig;
use crate::projection::ProjectionConfig;

/// The newest version of the project file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    pub version: u32,
    pub name: String,
    pub data: DataSource,
    /// Trainings by the name of their folder below `runs/`.
    pub runs: BTreeMap<String, RunRecipe>,
    /// The run whose embeddings the screens show.
    pub active_run: Option<String>,
    pub detector: DetectorConfig,
    /// The detector that a person chose for a machine section (`fan 00`); the others use fusion.
    pub pins: BTreeMap<String, DetectorKind>,
    /// Per machine section; the others use [`ThresholdRule::default`].
    pub thresholds: BTreeMap<String, ThresholdRule>,
    /// Labels that a person gave, by the clip's path in the data set.
    pub labels: BTreeMap<String, Label>,
    pub map: ProjectionConfig,
    pub view: ViewSettings,
}

/// Where the recordings are and how they are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Relative to the project file where both lie on one disk; absolute otherwise.
    pub root: PathBuf,
    /// `None`: detected.
    pub layout: Option<Layout>,
    pub channel: ChannelChoice,
}

/// One training: all that is needed to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecipe {
    pub training: TrainingConfig,
    /// Machine types trained on; empty: all.
    pub machines: Vec<String>,
    /// Sections trained on; empty: all.
    pub sections: Vec<String>,
}

/// Where the person left off.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewSettings {
    /// Name of the screen.
    pub screen: String,
    /// Path of the focused clip.
    pub focus: Option<String>,
    /// Machine section shown, `None`: all.
    pub scope_machine: Option<String>,
    pub scope_section: Option<String>,
}
