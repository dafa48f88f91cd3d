//! What an input is, whatever sound system it comes from.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

/// An input of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDevice {
    /// What the sound system knows it by.
    pub id: String,
    /// What a person knows it by.
    pub name: String,
    pub is_default: bool,
}

/// Which input is wished for, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InputWish {
    /// See [`InputDevice::id`]; `None`: the default one.
    pub id: Option<String>,
    /// `None`, or a rate that it does not have: its own.
    pub rate_hz: Option<u32>,
}

/// What an input counts while it is open.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Samples that found no room.
    pub(super) n_dropped: AtomicU64,
    /// Times that the card itself lost sound.
    pub(super) n_overruns: AtomicU64,
    /// Only a card has any.
    #[cfg(feature = "sound-card")]
    pub(super) trouble: super::trouble::Trouble,
    /// Why no more sound comes.
    pub(super) failure: OnceLock<String>,
}

/// Appends the frames that came since the last call, channel by channel.
pub(super) type Take = Box<dyn FnMut(&mut Vec<f32>) + Send>;

/// An open input; dropping it closes it.
pub(super) struct Input {
    /// See [`InputDevice::id`]; `None` of an input that no list names.
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) rate_hz: u32,
    /// Those that it could be opened with, rising; its own among them.
    pub(super) rates_hz: Vec<u32>,
    pub(super) n_channels: u16,
    /// Bits of a sample that are worth keeping.
    pub(super) n_bits: u16,
    pub(super) take: Take,
    pub(super) counts: Arc<Counts>,
}
