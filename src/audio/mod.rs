//! Sound as samples: reading and writing files, resampling, playback, capture.
//!
//! *Invariant:* this room knows files and the sound card, and nothing of machines, labels or scores.

mod adpcm;
pub mod capture;
mod clip_builder;
mod error;
mod foreign;
mod header;
mod kernel;
mod loudest;
mod pace;
#[cfg(feature = "sound-card")]
mod paged;
#[cfg(feature = "sound-card")]
mod player;
#[cfg(not(feature = "sound-card"))]
#[path = "player_absent.rs"]
mod player;
#[cfg(feature = "sound-card")]
mod playhead;
mod read;
mod recording;
mod resample;
mod sound;
#[cfg(feature = "sound-card")]
mod transport;
mod trouble;
mod wav_decode;
mod wav_layout;
mod wav_samples;
mod write;

pub use error::AudioError;
pub use header::Header;
pub use pace::Pace;
pub use player::Player;
pub use read::{heard_channel, is_closed, read_clip, read_clip_at_own_rate, read_header};
pub use recording::{LONG_SECS, Recording};
pub use resample::resample;
pub use sound::Sound;
pub use write::write_wav;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The rate that every front end works at; every other rate is resampled to it.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// One channel of sound.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clip {
    /// Samples in [-1, 1].
    pub samples: Vec<f32>,
    /// Samples a second.
    pub sample_rate_hz: u32,
}

impl Clip {
    /// Length in seconds.
    pub fn duration_secs(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate_hz.max(1))
    }
}

/// Which channel of a multi-channel recording is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelChoice {
    /// The channel with this index, counted from 0; the last one where a file has fewer.
    Index(u16),
    /// The mean of all channels.
    Mean,
    /// The channel with the most energy, for each clip its own.
    Loudest,
}

impl Default for ChannelChoice {
    fn default() -> Self {
        Self::Index(0)
    }
}

/// `the 3rd channel`: words that read the same to whoever counts from 0 and to whoever counts from 1.
impl fmt::Display for ChannelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self {
            Self::Mean => return f.write_str("the mean of all channels"),
            Self::Loudest => return f.write_str("the loudest channel of each clip"),
            Self::Index(index) => u32::from(*index) + 1,
        };
        let ending = match (place % 10, place % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        write!(f, "the {place}{ending} channel")
    }
}
