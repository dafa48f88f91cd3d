//! What a person saves: recipes, labels and boxes, versioned, migrated step by step, written atomically; who may write it; and what
//! is not saved yet.
//!
//! # How to add a field
//! The field with `#[serde(default)]`, and one line in the list of formats in `file`: an older program must say that it is too old
//! for the file. `tests/project_files.rs` asks for the line, and for an example of the new format.
//!
//! *Invariant:* nothing derived is stored here; runs, embeddings and scores lie beside the project file and may be deleted.

mod error;
mod file;
mod live;
mod lock;
mod picture;
mod report;
mod unsaved;
pub use error::ProjectError;
pub use file::{VERSION, clear_up, open, save};
pub use live::LiveSettings;
pub use lock::{Claim, ProjectLock, claim};
pub use picture::{LevelRange, PictureLook, PictureSettings, SpectrogramKind, SpectrogramSettings};
pub use report::{DrawnFrom, FigureRecipe, Report, ReportFigure, ReportStyle};
pub use unsaved::{Unsaved, UnsavedPlaces};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::annotations::Annotation;
use crate::audio::ChannelChoice;
use crate::dataset::{ClipEntry, Dataset, Label, Layout, MachineSection};
use crate::detectors::{DetectorConfig, DetectorKind, DetectorSettings};
use crate::evaluation::ThresholdRule;
use crate::extractors::TrainingConfig;
use crate::projection::ProjectionConfig;

/// What the newest format of the project file holds; whatever is added here or below is a new format: see the head of this room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    pub version: u32,
    pub name: String,
    pub data: DataSource,
    /// Trainings by the name of their folder below `runs/`.
    pub runs: BTreeMap<String, RunRecipe>,
    /// The run whose embeddings the screens show.
    pub active_run: Option<String>,
    /// The detectors' parameters, but for the machine sections below.
    pub detector: DetectorConfig,
    /// Parameters of a machine section (`fan 00`) of its own.
    #[serde(default)]
    pub section_detectors: BTreeMap<String, DetectorConfig>,
    /// The detector that a person chose for a machine section (`fan 00`); the others use fusion.
    pub pins: BTreeMap<String, DetectorKind>,
    /// How each machine's detector is chosen; pins count where it is fixed.
    #[serde(default)]
    pub choice: DetectorChoice,
    /// Per machine section; the others use [`ThresholdRule::default`].
    pub thresholds: BTreeMap<String, ThresholdRule>,
    /// Designs that a person keeps in sight, by the search that found them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub design_pins: BTreeMap<String, BTreeSet<usize>>,
    /// Labels that a person gave, by the clip's path in the data set.
    pub labels: BTreeMap<String, Label>,
    /// Boxes that a person drew, by the clip's path in the data set, in the order of their drawing; no clip without any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub boxes: BTreeMap<String, Vec<Annotation>>,
    /// Clips that were recorded beside the data set; their paths are relative to the project file.
    #[serde(default)]
    pub added: Vec<ClipEntry>,
    /// How a person listens live; `None` before they ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveSettings>,
    pub map: ProjectionConfig,
    #[serde(default, skip_serializing_if = "Report::is_untouched")]
    pub report: Report,
    /// What the figures of the report were drawn from, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drawn: BTreeMap<u32, DrawnFrom>,
    pub view: ViewSettings,
}

/// How the detector of a machine is chosen, by the labels that the choice may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectorChoice {
    /// The fusion, which needs no label, or the detector that a person pinned.
    #[default]
    Fixed,
    /// The best on one half of the labelled test clips; every figure comes from the other half.
    OtherHalf,
    /// The best on the test labels that it is reported with, as in the paper: an upper bound.
    Oracle,
}

impl DetectorChoice {
    pub const ALL: [Self; 3] = [Self::Fixed, Self::OtherHalf, Self::Oracle];
}

impl RunRecipe {
    /// Whether a run of this recipe speaks of a section.
    pub fn covers(&self, group: &MachineSection) -> bool {
        let is_chosen = |chosen: &[String], name: &String| chosen.is_empty() || chosen.contains(name);
        is_chosen(&self.machines, &group.machine) && is_chosen(&self.sections, &group.section)
    }

    /// The channel that a run of this recipe listens to in a data set.
    pub fn channel(&self, dataset: &Dataset) -> ChannelChoice {
        self.training.channel.unwrap_or(dataset.channel)
    }

    /// The recipe with the channel named that it listens to in this data set: as it is kept beside what was trained.
    pub fn heard_in(&self, dataset: &Dataset) -> Self {
        let training = TrainingConfig {
            channel: Some(self.channel(dataset)),
            ..self.training.clone()
        };
        Self {
            training,
            ..self.clone()
        }
    }
}

impl Project {
    /// A new project on the recordings below `root`, an absolute path; `path` is where its file will lie.
    pub fn new(path: &Path, root: &Path, layout: Option<Layout>, channel: ChannelChoice) -> Self {
        let name = root
            .file_name()
            .map_or_else(|| "Recordings".to_owned(), |name| name.to_string_lossy().into_owned());
        Self {
            version: VERSION,
            name,
            data: DataSource {
                root: relative_to(root, folder_of(path)),
                layout,
                channel,
            },
            runs: BTreeMap::new(),
            active_run: None,
            detector: DetectorConfig::default(),
            section_detectors: BTreeMap::new(),
            pins: BTreeMap::new(),
            choice: DetectorChoice::default(),
            thresholds: BTreeMap::new(),
            design_pins: BTreeMap::new(),
            labels: BTreeMap::new(),
            boxes: BTreeMap::new(),
            added: Vec::new(),
            live: None,
            map: ProjectionConfig::default(),
            report: Report::default(),
            drawn: BTreeMap::new(),
            view: ViewSettings::default(),
        }
    }

    /// The detectors' parameters of all machine sections.
    pub fn detector_settings(&self) -> DetectorSettings {
        DetectorSettings {
            default: self.detector,
            of_sections: self.section_detectors.clone(),
        }
    }

    /// The folder of recordings, for a project file that lies at `path`.
    pub fn data_root(&self, path: &Path) -> PathBuf {
        let mut root = folder_of(path).to_owned();
        for part in self.data.root.components() {
            match part {
                Component::ParentDir => {
                    root.pop();
                }
                Component::CurDir => {}
                other => root.push(other),
            }
        }
        root
    }

    /// The clips that were recorded beside the data set, where they lie for a project file at `path`.
    pub fn added_clips(&self, path: &Path) -> Vec<ClipEntry> {
        let placed = |clip: &ClipEntry| ClipEntry {
            path: folder_of(path).join(&clip.path).to_string_lossy().into_owned(),
            ..clip.clone()
        };
        self.added.iter().map(placed).collect()
    }

    /// The same project for a file that will lie at `to` instead of `from`, both absolute: it speaks of the same recordings.
    #[must_use]
    pub fn moved(&self, from: &Path, to: &Path) -> Self {
        let mut moved = self.clone();
        moved.data.root = relative_to(&self.data_root(from), folder_of(to));
        moved
    }

    /// The folder of a run, for a project file that lies at `path`.
    pub fn run_dir(path: &Path, run: &str) -> PathBuf {
        folder_of(path).join("runs").join(run)
    }

    /// The folder with the searches for tiny designs, a folder each, for a project file that lies at `path`.
    pub fn explorations_dir(path: &Path) -> PathBuf {
        folder_of(path).join("explorations")
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// `target` as seen from `base`, both absolute; `target` itself where they share nothing.
fn relative_to(target: &Path, base: &Path) -> PathBuf {
    let n_shared = target.components().zip(base.components()).take_while(|(a, b)| a == b).count();
    // The root alone in common (`/`) says nothing about what moves together.
    if n_shared < 2 {
        return target.to_owned();
    }
    let up = base.components().skip(n_shared).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(target.components().skip(n_shared)).collect();
    if relative.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        relative
    }
}

/// Where the recordings are and how they are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
pub struct ViewSettings {
    /// Name of the screen.
    pub screen: String,
    /// Path of the focused clip.
    pub focus: Option<String>,
    /// Machine section shown, `None`: all.
    pub scope_machine: Option<String>,
    pub scope_section: Option<String>,
    /// Columns of the clip list that the person put away, by their titles.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hidden_columns: BTreeSet<String>,
    /// How the picture of a clip is made and coloured; `None`: as the person had it last, in whatever project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureSettings>,
}
