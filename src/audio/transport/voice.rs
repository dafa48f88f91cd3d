//! A clip as it is read for the sound card: the only place that touches its samples while it plays.

use std::sync::Arc;

use super::super::kernel::Kernel;
use super::super::paged::PagedSound;
use super::super::{Clip, Pace, SAMPLE_RATE_HZ};

/// How long two readings of a clip lie over each other where its sound is joined anew.
const HOP_SECS: f64 = 0.020;

/// Where the samples are.
#[derive(Debug)]
enum Sound {
    Whole(Arc<Clip>),
    Paged(PagedSound),
}

/// A clip with what is needed to play it at the rate of the sound card; made outside of the audio callback.
#[derive(Debug)]
pub(in crate::audio) struct Voice {
    sound: Sound,
    rate_hz: u32,
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
        let rate_hz = clip.sample_rate_hz;
        Self::of(Sound::Whole(clip), rate_hz, device_rate_hz)
    }

    /// A voice of a recording that is read while it plays.
    pub(in crate::audio) fn paged(sound: PagedSound, device_rate_hz: u32) -> Self {
        Self::of(Sound::Paged(sound), SAMPLE_RATE_HZ, device_rate_hz)
    }

    fn of(sound: Sound, rate_hz: u32, device_rate_hz: u32) -> Self {
        let step = f64::from(rate_hz) / f64::from(device_rate_hz.max(1));
        Self {
            sound,
            rate_hz,
            device_rate_hz,
            kernel: Kernel::new(rate_hz, device_rate_hz),
            step,
            advance: step,
            hop: ((HOP_SECS * f64::from(device_rate_hz)).round() as usize).max(1),
            n_edge: 0.0,
        }
    }

    /// Reads at this pace from now on, and fades the clip's own ends in so many frames: whoever comes there hears no click.
    /// Allocates nothing.
    pub(super) fn set_pace(&mut self, pace: Pace, n_fade: usize) {
        let speed = pace.reading_speed();
        self.advance = self.step * speed;
        // Slowly, what begins and ends a clip is heard long: instead, the fades lie before and behind it.
        self.n_edge = if pace.lingers() { 0.0 } else { n_fade as f64 * self.advance };
        self.kernel = Kernel::at_speed(self.rate_hz, self.device_rate_hz, speed);
    }

    pub(super) fn rate_hz(&self) -> f64 {
        f64::from(self.rate_hz.max(1))
    }

    /// Where the clip ends, in its samples.
    pub(super) fn end(&self) -> f64 {
        match &self.sound {
            Sound::Whole(clip) => clip.samples.len() as f64,
            Sound::Paged(sound) => sound.n_samples() as f64,
        }
    }

    /// Takes in what was read meanwhile.
    pub(super) fn renew(&mut self) {
        if let Sound::Paged(sound) = &mut self.sound {
            sound.renew();
        }
    }

    /// Says where playback is and where it will turn back to, so that it is read in time.
    pub(super) fn look_at(&self, place: f64, loop_start: Option<f64>) {
        if let Sound::Paged(sound) = &self.sound {
            sound.look_at(place);
            sound.come_back_to(loop_start);
        }
    }

    /// A piece that holds the samples between two places not far from each other, and where it begins; `None` where they are not
    /// read yet.
    pub(super) fn piece(&self, from: f64, to: f64) -> Option<(&[f32], f64)> {
        match &self.sound {
            Sound::Whole(clip) => Some((&clip.samples, 0.0)),
            Sound::Paged(sound) => sound.piece(from..to),
        }
    }

    /// The sound at a place in samples; where each frame is a sample, bit by bit. Before its start lies its first sample, and behind
    /// its end, where that is not faded, its last one: what fades there does not click. `None` where it is not read yet.
    pub(super) fn value_at(&self, place: f64) -> Option<f32> {
        let end = self.end();
        let last = if self.n_edge > 0.0 {
            f64::INFINITY
        } else {
            (end - 1.0).max(0.0)
        };
        let place = place.clamp(0.0, last);
        let reach = self.kernel.reach() + 1.0;
        let (samples, first) = self.piece(place - reach, place + reach)?;
        let within = place - first;
        let value = if self.advance == 1.0 && place.fract() == 0.0 {
            let sample = (within >= 0.0).then(|| samples.get(within as usize));
            sample.flatten().copied().unwrap_or(0.0)
        } else {
            self.kernel.held_value_at(samples, within)
        };
        let from_end = place.min(end - place);
        Some(if from_end < self.n_edge {
            value * (from_end / self.n_edge).max(0.0) as f32
        } else {
            value
        })
    }
}
