//! Playing a clip on the default sound card: play, pause, seek, loop.

use std::sync::Arc;

use super::{AudioError, Clip};

/// One output stream that plays one clip at a time. The audio callback neither locks, logs nor allocates.
#[derive(Debug)]
pub struct Player {}

impl Player {
    /// Opens the default output; an error says why there is none.
    pub fn open() -> Result<Self, AudioError> {
        unimplemented!()
    }
    /// Makes `clip` the one that is played, stopped at its start.
    pub fn load(&mut self, _clip: Arc<Clip>) -> Result<(), AudioError> {
        unimplemented!()
    }
    pub fn play(&mut self) {}
    pub fn pause(&mut self) {}
    pub fn seek(&mut self, _secs: f64) {}
    /// Plays this span (start, end in seconds) again and again; `None` plays on to the end.
    pub fn set_loop(&mut self, _span_secs: Option<(f64, f64)>) {}
    pub fn is_playing(&self) -> bool {
        false
    }
    /// The position that is heard now, output latency taken off, in seconds of the clip.
    pub fn position_secs(&self) -> f64 {
        0.0
    }
}
