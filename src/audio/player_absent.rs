//! The player of a program that was built without a sound card: it says so, and cannot be opened.

use std::convert::Infallible;
use std::sync::Arc;

use super::{AudioError, Clip, Pace, Recording};

/// A player that cannot exist, so that the program above compiles unchanged.
#[derive(Debug)]
pub struct Player(Infallible);

impl Player {
    /// Always an error: this program was built without playback.
    pub fn open() -> Result<Self, AudioError> {
        Err(AudioError::SoundCard {
            reason: "this program was built without playback; build it with the feature sound-card".into(),
        })
    }
    pub fn load(&mut self, _clip: Arc<Clip>) -> Result<(), AudioError> {
        match self.0 {}
    }
    pub fn load_recording(&mut self, _recording: Arc<Recording>) -> Result<(), AudioError> {
        match self.0 {}
    }
    pub fn play(&mut self) {}
    pub fn pause(&mut self) {}
    pub fn seek(&mut self, _secs: f64) {}
    pub fn set_loop(&mut self, _span_secs: Option<(f64, f64)>, _loops: bool) {}
    pub fn set_pace(&mut self, _pace: Pace) {}
    pub fn set_volume(&mut self, _gain: f32) {}
    pub fn is_playing(&self) -> bool {
        match self.0 {}
    }
    pub fn position_secs(&self) -> f64 {
        match self.0 {}
    }
    pub fn failure(&self) -> Option<String> {
        match self.0 {}
    }
    pub fn n_dropouts(&self) -> u64 {
        match self.0 {}
    }
}
