//! What the recordings are: labels, the layouts of known data sets, the clip index, crop windows, synthetic machines.
//!
//! # How to add a layout
//! One new file in `layouts/`, one variant of [`Layout`], one line in the order in which layouts are tried and in each `match` that
//! the compiler then names.
//!
//! *Invariant:* a data folder is only ever read (synthetic machines get a folder of their own); nothing here knows a model or a
//! score.

mod error;
mod layouts;
mod new_recording;
mod notes;
mod scan;
mod synthetic;
mod walk;

pub use error::DatasetError;
pub use layouts::{DETECTION_ORDER, Layout};
pub use new_recording::{NewRecording, new_recording};
pub use scan::{ScanOptions, scan};
pub use synthetic::{SyntheticConfig, SyntheticLayout, write_synthetic};
pub use walk::is_recording;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::audio::ChannelChoice;

/// What a person or the data set says of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    Normal,
    Anomalous,
    Unknown,
}

/// Training clips may be fitted on, test clips never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    Train,
    Test,
}

/// The recording conditions: source has plenty of training clips, target few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    Source,
    Target,
}

/// A working condition as the data set names it, e.g. `vel` = `6`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    pub value: String,
}

/// One section of one machine type: what a detector is fitted to. In MIMII the section is the machine's id (`00`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MachineSection {
    pub machine: String,
    pub section: String,
}

impl fmt::Display for MachineSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.machine, self.section)
    }
}

/// One recording of the data set, by name: its sound is read when it is needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipEntry {
    /// Relative to the data set's root, with `/` between folders; that of a clip from elsewhere is absolute.
    pub path: String,
    pub group: MachineSection,
    pub split: Split,
    pub label: Label,
    /// `None` where the layout knows no domains (MIMII, plain folders).
    pub domain: Option<Domain>,
    pub attributes: Vec<Attribute>,
    pub sample_rate_hz: u32,
    pub n_channels: u16,
    pub duration_secs: f64,
}

impl ClipEntry {
    /// The file's name without its folders.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub fn is_target(&self) -> bool {
        self.domain == Some(Domain::Target)
    }
}

/// A file that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    pub path: PathBuf,
    pub error: String,
}

/// What a folder holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub root: PathBuf,
    pub layout: Layout,
    pub channel: ChannelChoice,
    /// Sorted by path; behind them those that a person added, in the order of their coming.
    pub clips: Vec<ClipEntry>,
    pub skipped: Vec<SkippedFile>,
    /// What a person should know of how the layout was read, e.g. that the official split could not be kept.
    pub notes: Vec<String>,
}

impl Dataset {
    /// Where a clip's file lies.
    pub fn file(&self, clip: &ClipEntry) -> PathBuf {
        self.root.join(Path::new(&clip.path))
    }

    /// All machine sections, sorted, each once.
    pub fn groups(&self) -> Vec<MachineSection> {
        let groups: std::collections::BTreeSet<_> = self.clips.iter().map(|clip| &clip.group).collect();
        groups.into_iter().cloned().collect()
    }

    /// All machine types, sorted, each once.
    pub fn machines(&self) -> Vec<String> {
        let machines: std::collections::BTreeSet<_> = self.clips.iter().map(|clip| &clip.group.machine).collect();
        machines.into_iter().cloned().collect()
    }

    /// Indices of the clips of one group and split.
    pub fn indices(&self, group: &MachineSection, split: Split) -> Vec<usize> {
        let wanted = |clip: &ClipEntry| clip.group == *group && clip.split == split;
        self.clips
            .iter()
            .enumerate()
            .filter(|(_, clip)| wanted(clip))
            .map(|(clip_idx, _)| clip_idx)
            .collect()
    }

    /// A hash of what was scanned: names, labels, splits and lengths.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for clip in &self.clips {
            hasher.update(format!("{clip:?}\n").as_bytes());
        }
        hasher.update(format!("{:?}", self.channel).as_bytes());
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

/// A stretch of a clip that a front end looks at as one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CropWindow {
    pub start_secs: f64,
    pub end_secs: f64,
}
