//! Hearing an input through the output while it is listened to.

use std::sync::Arc;

use super::card;
use super::input::Counts;
use crate::audio::AudioError;
use crate::audio::resample::RateConverter;

/// Takes samples of one channel at the output's rate.
pub(super) type Give = Box<dyn FnMut(&[f32]) + Send>;

/// An open output that plays what an input hears, a tenth of a second late. Dropping it closes it.
pub struct Monitor {
    rate_hz: u32,
    give: Give,
    /// From the input's rate, once that is known.
    converter: Option<RateConverter>,
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
            converter: None,
            counts,
        }
    }

    /// Plays on with these samples of one channel.
    pub(super) fn push(&mut self, samples: &[f32], rate_hz: u32) {
        if rate_hz == self.rate_hz {
            return (self.give)(samples);
        }
        let converter = self
            .converter
            .get_or_insert_with(|| RateConverter::new(rate_hz, self.rate_hz));
        converter.push(samples);
        (self.give)(&converter.take());
    }

    /// Why nothing is played any more.
    pub(super) fn failure(&self) -> Option<String> {
        self.counts.failure.get().cloned()
    }
}
