//! Hearing an input through the output while it is listened to.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::card;
use super::follow::Follower;
use super::input::Counts;
use crate::audio::AudioError;

/// So much sound waits for the output: longer than any of its buffers, and than the input may be late.
pub(super) const MONITOR_WAITS_SECS: f64 = 0.06;

/// Takes samples of one channel at the output's rate, and says how many wait to be heard.
pub(super) type Give = Box<dyn FnMut(&[f32]) -> usize + Send>;

/// An open output that plays what an input hears, a tenth of a second late. Dropping it closes it.
pub struct Monitor {
    rate_hz: u32,
    give: Give,
    /// From the input's rate and clock, once that is known.
    follower: Option<Follower>,
    /// What it gives, kept for its memory.
    given: Vec<f32>,
    counts: Arc<Counts>,
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("rate_hz", &self.rate_hz)
            .finish_non_exhaustive()
    }
}

impl Monitor {
    /// Opens the default output, at this rate where it has it. Takes a moment: not for the window's thread.
    ///
    /// # Errors
    /// Where there is no output, or it refuses.
    pub fn open(rate_hz: u32) -> Result<Self, AudioError> {
        card::open_output(rate_hz)
    }

    /// Opens any device that cpal knows, a made-up one as well.
    ///
    /// # Errors
    /// Where it refuses.
    #[cfg(feature = "sound-card")]
    pub fn of_device(device: &cpal::Device, rate_hz: u32) -> Result<Self, AudioError> {
        card::open_output_device(device, rate_hz)
    }

    #[cfg(feature = "sound-card")]
    pub(super) fn new(rate_hz: u32, give: Give, counts: Arc<Counts>) -> Self {
        Self {
            rate_hz,
            give,
            follower: None,
            given: Vec::new(),
            counts,
        }
    }

    /// Plays on with these samples of one channel.
    pub(super) fn push(&mut self, samples: &[f32], rate_hz: u32) {
        let n_waiting = (self.give)(&[]);
        let follower = self
            .follower
            .get_or_insert_with(|| Follower::new(rate_hz, self.rate_hz, MONITOR_WAITS_SECS));
        let is_begun = self.counts.is_begun.load(Ordering::Relaxed);
        follower.follow(samples, n_waiting, is_begun, &mut self.given);
        (self.give)(&self.given);
    }

    /// How often something was left out or missing since it was opened: each a short dip.
    pub(super) fn n_gaps(&self) -> u64 {
        self.counts.n_dropped.load(Ordering::Relaxed)
    }

    /// Why nothing is played any more.
    pub(super) fn failure(&self) -> Option<String> {
        self.counts.trouble.failure()
    }
}
