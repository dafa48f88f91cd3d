//! The live screen's part of the state.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::{LiveEvent, Waterfall};
use crate::audio::ChannelChoice;
use crate::audio::capture::{Heard, InputDevice};
use crate::dataset::{Label, MachineSection};
use crate::jobs::JobId;
use crate::pipeline::LiveScore;

/// What is heard now, and what became of it.
#[derive(Debug, Default)]
pub struct LiveView {
    /// The inputs of this computer; `None` before they were looked for.
    pub devices: Option<Vec<InputDevice>>,
    /// The open input.
    pub input: Option<InputView>,
    pub is_opening: bool,
    /// Why no input is open.
    pub error: Option<String>,
    pub heard: Heard,
    pub waterfall: Waterfall,
    pub settings: LiveSettings,
    /// Where recordings go; `None` without a project.
    pub folder: Option<PathBuf>,
    pub scoring: Option<LiveScoring>,
    /// The last half minute.
    pub scores: VecDeque<LiveScore>,
    /// Newest first.
    pub events: Vec<LiveEvent>,
}

/// An input that is listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputView {
    pub name: String,
    pub rate_hz: u32,
    pub n_channels: u16,
}

/// What a person sets before and while listening.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSettings {
    /// The id of the input; `None`: the default one.
    pub device: Option<String>,
    /// The channel that is drawn and scored; takes have all.
    pub channel: ChannelChoice,
    /// The machine in front of the microphone, in words that become folders and names.
    pub machine: String,
    pub section: String,
    /// `vel=6, noise=A`.
    pub condition: String,
    pub label: Label,
    pub pre_roll_secs: f64,
    /// `None`: one file a take.
    pub split_secs: Option<f64>,
    /// The percentile from which on a window is an event.
    pub threshold: f32,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            device: None,
            channel: ChannelChoice::default(),
            machine: String::new(),
            section: String::new(),
            condition: String::new(),
            label: Label::Normal,
            pre_roll_secs: 5.0,
            split_secs: Some(10.0),
            threshold: 99.0,
        }
    }
}

impl LiveSettings {
    /// The machine section that is listened to, once it has a name.
    pub fn group(&self) -> Option<MachineSection> {
        let machine = self.machine.trim();
        let section = match self.section.trim() {
            "" => "00",
            section => section,
        };
        (!machine.is_empty()).then(|| MachineSection {
            machine: machine.to_owned(),
            section: section.to_owned(),
        })
    }
}

/// How scoring stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveScoring {
    pub job: JobId,
    pub group: MachineSection,
    pub run: String,
    pub detector: &'static str,
    /// Once the first window was scored: milliseconds that one takes, and frames between two of them.
    pub pace: Option<(f64, u64)>,
    /// Effective value of the normal training clips, in dB of full scale.
    pub training_db: Option<f64>,
    pub is_paused: bool,
}
