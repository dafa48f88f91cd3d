//! The inputs of a program that was built without a sound card: there are none.

use super::input::{Input, InputDevice, InputWish};
use super::monitor::Monitor;
use crate::audio::AudioError;

/// None: this program was built without a sound card.
pub fn input_devices() -> Vec<InputDevice> {
    Vec::new()
}

/// Always an error.
pub(super) fn open(_wish: InputWish) -> Result<Input, AudioError> {
    Err(AudioError::Input {
        reason: "this program was built without recording; build it with the feature sound-card".into(),
    })
}

/// Always an error.
pub(super) fn open_output(_rate_hz: u32) -> Result<Monitor, AudioError> {
    Err(AudioError::SoundCard {
        reason: "this program was built without playback; build it with the feature sound-card".into(),
    })
}
