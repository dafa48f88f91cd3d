//! What an input is, whatever sound system it comes from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use crate::audio::trouble::Trouble;

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
    /// Samples that found no room; of an output its gaps and leaps.
    pub(super) n_dropped: AtomicU64,
    /// An output is being heard: enough waited for it, and there was more since.
    pub(super) is_begun: AtomicBool,
    /// What the sound system tells of.
    pub(super) trouble: Trouble,
}

/// Appends frames that came since the last call, channel by channel. Returns whether more of them wait.
pub(super) type Take = Box<dyn FnMut(&mut Vec<f32>) -> bool + Send>;

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
