//! The live screen's part of the state.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use super::{LiveEvent, Waterfall};
use crate::audio::capture::{Heard, InputDevice};
use crate::dataset::MachineSection;
use crate::jobs::JobId;
use crate::pipeline::{LiveScore, WatchedFile};
use crate::project::LiveSettings;

/// What is heard now, and what became of it.
#[derive(Debug, Default)]
pub struct LiveView {
    /// The inputs of this computer, renewed as they come and go; `None` before they were looked for.
    pub devices: Option<Vec<InputDevice>>,
    /// The open input.
    pub input: Option<InputView>,
    pub is_opening: bool,
    /// Why no input is open.
    pub error: Option<String>,
    /// The input that was listened to when it went away.
    pub lost: Option<LostInput>,
    /// The output for monitoring is being opened.
    pub is_monitor_opening: bool,
    pub heard: Heard,
    pub waterfall: Waterfall,
    pub settings: LiveSettings,
    /// Where recordings go.
    pub folder: Option<PathBuf>,
    pub scoring: Option<LiveScoring>,
    /// The last half minute.
    pub scores: VecDeque<LiveScore>,
    /// Newest first.
    pub events: Vec<LiveEvent>,
    /// The last take can be taken into the project.
    pub can_add_take: bool,
    /// Takes of a program that was killed.
    pub left: Vec<LeftTakeView>,
    /// They are asked about now.
    pub asks_about_left: bool,
    /// A folder that another recorder writes into.
    pub watch: Option<WatchView>,
}

/// An input that is listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputView {
    pub name: String,
    pub rate_hz: u32,
    /// Those that it can be opened with.
    pub rates_hz: Vec<u32>,
    pub n_channels: u16,
}

/// An input that went away while somebody listened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostInput {
    pub id: Option<String>,
    pub name: String,
    pub reason: String,
    /// A take ran, was ended and kept.
    pub was_recording: bool,
    /// The list of inputs has it again.
    pub is_back: bool,
}

/// How scoring stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveScoring {
    pub job: JobId,
    pub group: MachineSection,
    pub run: String,
    pub detector: &'static str,
    /// Once the first window was scored.
    pub pace: Option<LivePace>,
    /// Effective value of the normal training clips, in dB of full scale.
    pub training_db: Option<f64>,
    pub is_paused: bool,
}

/// How scoring keeps up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LivePace {
    /// Milliseconds that a window takes.
    pub cost_ms: f64,
    /// Frames between two windows.
    pub hop_frames: u64,
    /// Milliseconds of sound that had been heard after the window's end when its score was there.
    pub behind_ms: f64,
}

/// A take that a killed program left.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftTakeView {
    /// Names it.
    pub note: PathBuf,
    /// What it is of, in words.
    pub title: String,
    /// When it began, in seconds since 1970; 0 where that is not known.
    pub begun_at: u64,
    pub files: Vec<PathBuf>,
    /// Seconds that its files hold.
    pub secs: f64,
    pub n_marks: usize,
}

/// A watched folder and what became of its files.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchView {
    pub job: JobId,
    pub folder: PathBuf,
    pub group: MachineSection,
    pub run: String,
    pub detector: &'static str,
    /// The score from which on a file is anomalous, and what it rests on, once that is known.
    pub threshold: Option<(f64, String)>,
    /// In the order in which they were first seen.
    pub files: Vec<WatchedFile>,
    /// Where in `files` each is.
    pub(super) places: BTreeMap<PathBuf, usize>,
    /// The folder is not there at the moment.
    pub is_gone: bool,
}

impl WatchView {
    /// A folder of which nothing is known.
    pub fn new(job: JobId, folder: PathBuf, group: MachineSection, run: String, detector: &'static str) -> Self {
        Self {
            job,
            folder,
            group,
            run,
            detector,
            threshold: None,
            files: Vec::new(),
            places: BTreeMap::new(),
            is_gone: false,
        }
    }

    /// Takes in what is new of a file.
    pub fn note(&mut self, file: WatchedFile) {
        if let Some(&place) = self.places.get(&file.path) {
            self.files[place] = file;
        } else {
            self.places.insert(file.path.clone(), self.files.len());
            self.files.push(file);
        }
    }
}
