//! A clip as it is read for the sound card: the only place that touches its samples while it plays.

use std::sync::Arc;

use super::super::kernel::Kernel;
use super::super::{Clip, Pace};

/// How long two readings of a clip lie over each other where its sound is joined anew.
const HOP_SECS: f64 = 0.020;

/// A clip with what is needed to play it at the rate of the sound card; made outside of the audio callback.
#[derive(Debug)]
pub(in crate::audio) struct Voice {
    pub(super) clip: Arc<Clip>,
    device_rate_hz: u32,
    kernel: Kernel,
    /// Samples of the clip for one frame of the card, at its own speed.
    pub(super) step: f64,
    /// The same as it is read now: longer where a tape runs faster.
    pub(super) advance: f64,
    /// [`HOP_SECS`] in frames of the card.
    pub(super) hop: usize,
    /// Samples over which the clip's own ends are faded.
    n_edge: f64,
}

impl Voice {
    pub(in crate::audio) fn new(clip: Arc<Clip>, device_rate_hz: u32) -> Self {
        let step = f64::from(clip.sample_rate_hz) / f64::from(device_rate_hz.max(1));
        Self {
            kernel: Kernel::new(clip.sample_rate_hz, device_rate_hz),
            clip,
            device_rate_hz,
            step,
            advance: step,
            hop: ((HOP_SECS * f64::from(device_rate_hz)).round() as usize).max(1),
            n_edge: 0.0,
        }
    }

    /// Reads at this pace from now on. Allocates nothing.
    pub(super) fn set_pace(&mut self, pace: Pace) {
        let speed = pace.reading_speed();
        self.advance = self.step * speed;
        self.kernel = Kernel::at_speed(self.clip.sample_rate_hz, self.device_rate_hz, speed);
    }

    /// Fades the clip's own ends in the time of so many frames: whoever comes there hears no click.
    pub(super) fn fade_edges(&mut self, n_frames: usize) {
        self.n_edge = n_frames as f64 * self.step;
    }

    pub(super) fn samples(&self) -> &[f32] {
        &self.clip.samples
    }

    pub(super) fn rate_hz(&self) -> f64 {
        f64::from(self.clip.sample_rate_hz.max(1))
    }

    /// Where the clip ends, in its samples.
    pub(super) fn end(&self) -> f64 {
        self.clip.samples.len() as f64
    }

    /// The sound at a place in samples; where each frame is a sample, bit by bit. Silence lies on both sides.
    pub(super) fn value_at(&self, place: f64) -> f32 {
        let value = if self.advance == 1.0 && place.fract() == 0.0 {
            let sample = (place >= 0.0).then(|| self.samples().get(place as usize));
            sample.flatten().copied().unwrap_or(0.0)
        } else {
            self.kernel.value_at(self.samples(), place)
        };
        let from_end = place.min(self.end() - place);
        if from_end < self.n_edge {
            value * (from_end / self.n_edge).max(0.0) as f32
        } else {
            value
        }
    }
}
