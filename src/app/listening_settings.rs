//! How a person likes to listen: kept beside the recent projects, as it belongs to the person and not to a project.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::App;
use crate::audio::Pace;

/// How long changes are gathered before they are written: a slider makes many.
const WRITE_DELAY: Duration = Duration::from_millis(500);

/// How the picture moves with the playhead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// Not at all.
    Off,
    /// It turns the page when the playhead runs over its edge.
    #[default]
    Page,
    /// It slides along below the playhead.
    Centre,
}

impl Follow {
    pub const ALL: [Self; 3] = [Self::Off, Self::Page, Self::Centre];

    pub fn title(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Page => "Page",
            Self::Centre => "Centre",
        }
    }
}

/// How clips are played and followed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListeningSettings {
    /// Seconds of the clip in a second. Not kept: a program that starts slow seems broken.
    #[serde(skip)]
    pub speed: f64,
    /// Tones stay where they are at every speed; otherwise they sink and rise as a tape's do.
    pub keeps_pitch: bool,
    /// In dB, from [`ListeningSettings::SILENT_DB`] (nothing at all) to [`ListeningSettings::LOUDEST_DB`].
    pub volume_db: f32,
    pub follow: Follow,
    /// A clip is played as soon as it is focused.
    pub plays_on_select: bool,
}

impl Default for ListeningSettings {
    fn default() -> Self {
        let Pace { speed, keeps_pitch } = Pace::default();
        Self {
            speed,
            keeps_pitch,
            volume_db: 0.0,
            follow: Follow::default(),
            plays_on_select: false,
        }
    }
}

impl ListeningSettings {
    pub const SILENT_DB: f32 = -40.0;
    /// Recordings of machines are often faint.
    pub const LOUDEST_DB: f32 = 20.0;

    pub fn pace(&self) -> Pace {
        Pace {
            keeps_pitch: self.keeps_pitch,
            ..Pace::default()
        }
        .at(self.speed)
    }

    /// The same at another pace.
    #[must_use]
    pub fn at(self, pace: Pace) -> Self {
        Self {
            speed: pace.speed,
            keeps_pitch: pace.keeps_pitch,
            ..self
        }
    }

    /// The factor on all samples.
    pub fn gain(&self) -> f32 {
        if self.volume_db > Self::SILENT_DB {
            10f32.powf(self.volume_db.min(Self::LOUDEST_DB) / 20.0)
        } else {
            0.0
        }
    }
}

impl App {
    pub(super) fn set_listening(&mut self, settings: ListeningSettings) {
        let (silent_db, loudest_db) = (ListeningSettings::SILENT_DB, ListeningSettings::LOUDEST_DB);
        let volume_db = if settings.volume_db.is_nan() {
            0.0
        } else {
            settings.volume_db
        };
        self.state.listening = ListeningSettings {
            volume_db: volume_db.clamp(silent_db, loudest_db),
            ..settings.at(settings.pace())
        };
        self.listening_due = Some(Instant::now() + WRITE_DELAY);
        if let Some(player) = &mut self.player {
            player.set_pace(self.state.listening.pace());
            player.set_volume(self.state.listening.gain());
        }
    }

    /// Writes the settings where they have changed.
    pub(super) fn keep_listening(&mut self) {
        if self.listening_due.take().is_some() {
            self.folders.write_listening(&self.state.listening);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Follow, ListeningSettings};

    #[test]
    fn all_but_the_speed_is_kept() {
        let settings = ListeningSettings {
            speed: 0.25,
            keeps_pitch: false,
            volume_db: 6.0,
            follow: Follow::Centre,
            plays_on_select: true,
        };
        let text = serde_json::to_string(&settings).unwrap();
        let read: ListeningSettings = serde_json::from_str(&text).unwrap();
        assert_eq!(read, ListeningSettings { speed: 1.0, ..settings });
        // What an earlier or a later version wrote.
        let read: ListeningSettings = serde_json::from_str(r#"{"follow": "off", "colour": 3}"#).unwrap();
        let follow = Follow::Off;
        assert_eq!(
            read,
            ListeningSettings {
                follow,
                ..ListeningSettings::default()
            }
        );
    }

    #[test]
    fn at_0_db_samples_stay_as_they_are_and_at_the_end_they_are_silent() {
        let gain = |volume_db| {
            ListeningSettings {
                volume_db,
                ..ListeningSettings::default()
            }
            .gain()
        };
        assert_eq!((gain(0.0), gain(20.0), gain(-40.0), gain(f32::NAN)), (1.0, 10.0, 0.0, 0.0));
    }
}
