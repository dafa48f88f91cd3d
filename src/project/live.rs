//! How a person listens live.

use serde::{Deserialize, Serialize};

use crate::audio::ChannelChoice;
use crate::dataset::{Label, MachineSection};
use crate::detectors::DetectorKind;

/// What a person sets before and while listening. Whether the input is monitored is not among it: that is asked for anew each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LiveSettings {
    /// The id of the input; `None`: the default one.
    pub device: Option<String>,
    /// `None`: the input's own.
    pub rate_hz: Option<u32>,
    /// The channel that is drawn and scored; takes have all.
    pub channel: ChannelChoice,
    /// The machine in front of the microphone, in words that become folders and names.
    pub machine: String,
    pub section: String,
    /// `vel=6, noise=A`.
    pub condition: String,
    pub label: Label,
    /// Seconds from before the button was pressed that belong to a take.
    pub pre_roll_secs: f64,
    /// `None`: one file a take.
    pub split_secs: Option<f64>,
    /// The percentile from which on a window is an event.
    pub threshold: f32,
    /// The section that is scored as; `None`: nothing is scored.
    pub score_as: Option<MachineSection>,
    /// The run that scores; `None`: the active one.
    pub run: Option<String>,
    /// `None`: the section's own.
    pub detector: Option<DetectorKind>,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            device: None,
            rate_hz: None,
            channel: ChannelChoice::default(),
            machine: String::new(),
            section: String::new(),
            condition: String::new(),
            label: Label::Normal,
            pre_roll_secs: 5.0,
            split_secs: Some(10.0),
            threshold: 99.0,
            score_as: None,
            run: None,
            detector: None,
        }
    }
}

impl LiveSettings {
    /// The machine section that is listened to, once it has a name: the one that was typed, else the one that is scored as.
    pub fn group(&self) -> Option<MachineSection> {
        let [machine, section] = [self.machine.trim(), self.section.trim()];
        if machine.is_empty() {
            return self.score_as.clone();
        }
        Some(MachineSection {
            machine: machine.to_owned(),
            section: if section.is_empty() { "00" } else { section }.to_owned(),
        })
    }

    /// These settings at another computer: its input and how that is opened stay.
    #[must_use]
    pub fn with_input_of(self, here: &Self) -> Self {
        Self {
            device: here.device.clone(),
            rate_hz: here.rate_hz,
            channel: here.channel,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LiveSettings;
    use crate::dataset::MachineSection;

    #[test]
    fn a_take_without_a_typed_name_is_of_what_is_scored_as() {
        let fan = MachineSection {
            machine: "fan".to_owned(),
            section: "02".to_owned(),
        };
        let mut settings = LiveSettings::default();
        assert_eq!(settings.group(), None);
        settings.score_as = Some(fan.clone());
        assert_eq!(settings.group(), Some(fan));
        settings.machine = " pump ".to_owned();
        let typed = settings.group().map(|group| (group.machine, group.section));
        assert_eq!(typed, Some(("pump".to_owned(), "00".to_owned())));
    }
}
