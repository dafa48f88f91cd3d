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

/// What an input counts while it is open.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Samples that found no room.
    pub(super) n_dropped: AtomicU64,
    /// Times that the card itself lost sound.
    pub(super) n_overruns: AtomicU64,
    /// Why no more sound comes.
    pub(super) failure: OnceLock<String>,
}

/// Appends the frames that came since the last call, channel by channel.
pub(super) type Take = Box<dyn FnMut(&mut Vec<f32>) + Send>;

/// An open input; dropping it closes it.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) rate_hz: u32,
    pub(super) n_channels: u16,
    /// Bits of a sample that are worth keeping.
    pub(super) n_bits: u16,
    pub(super) take: Take,
    pub(super) counts: Arc<Counts>,
}
