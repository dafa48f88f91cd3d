//! One reading of a clip: straight on, or cut and joined anew so that it takes longer or less long and keeps its pitch.
//!
//! After W. Verhelst and M. Roelands, *An overlap-add technique based on waveform similarity (WSOLA) for high quality time-scale
//! modification of speech*, ICASSP 1993: sound is played as it is for a hop, and then goes over into that place near the wished
//! one which resembles most what would have come. Clicks are kept whole after S. Grofit and Y. Lavner, *Time-scale modification of
//! audio signals using enhanced WSOLA with management of transients*, IEEE TASLP 16 (2008): an onset is heard once, at its time,
//! and what is joined before and after it does not contain it. Where onsets follow each other within two hops there is no room for
//! that, and they are treated as any sound.

use super::super::Pace;
use super::onsets::first_onset;
use super::voice::Voice;

/// How far from the wished place the search goes on either side: a period of 33 Hz finds its like.
const REACH_SECS: f64 = 0.015;
/// The same for the hop before an onset, which is to come in time.
const ONSET_REACH_SECS: f64 = 0.004;
/// What is joined before an onset keeps away from it.
const GUARD_SECS: f64 = 0.001;
/// What is played on unchanged after an onset.
const ATTACK_SECS: f64 = 0.008;
/// So much before a place tells whether something begins there; a search may go back as far.
const LOOK_BACK_SECS: f64 = 0.08;
/// A coarse search looks at so many samples a second.
const SEARCH_HZ: f64 = 16_000.0;

/// Where a clip is read, and what it goes over from. Places are in samples of the clip.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line {
    /// What fades out during the hop; the same as `to` where sound goes straight on.
    from: f64,
    to: f64,
    /// Of the two, from 0 (nothing in common) to 1.
    likeness: f32,
    /// Frames since the hop began.
    n_frames: usize,
    /// Onsets before this place have been heard.
    heard_to: f64,
}

impl Line {
    /// Begins at a place.
    pub(super) fn at(place: f64) -> Self {
        Self {
            from: place,
            to: place,
            heard_to: place,
            ..Self::default()
        }
    }

    /// The next frame, where `wished` is the place that should be heard; `None`, and no step on, where it is not read yet.
    /// Allocates nothing.
    pub(super) fn next(&mut self, voice: &Voice, wished: f64, pace: Pace) -> Option<f32> {
        if self.n_frames >= voice.hop {
            (self.from, self.likeness, self.n_frames) = (self.to, 1.0, 0);
            if pace.stretches() {
                self.join(voice, wished, pace.speed);
            } else if voice.advance == 1.0 {
                // Back on whole samples, so that the clip is played bit by bit again.
                self.to = self.from.round();
            }
        }
        self.straight_on(voice)
    }

    /// The next frame without a new join.
    pub(super) fn straight_on(&mut self, voice: &Voice) -> Option<f32> {
        let entering = voice.value_at(self.to)?;
        let value = if self.from == self.to {
            entering
        } else {
            let part = (self.n_frames as f32 + 0.5) / voice.hop as f32;
            let up = 0.5 - 0.5 * (std::f32::consts::PI * part.min(1.0)).cos();
            let down = 1.0 - up;
            // As loud as the two are: they add up in amplitude where they are alike, in power where they are not.
            let power = up * up + down * down + 2.0 * self.likeness * up * down;
            (up * entering + down * voice.value_at(self.from)?) / power.sqrt()
        };
        self.from += voice.advance;
        self.to += voice.advance;
        self.n_frames += 1;
        Some(value)
    }

    /// Chooses where to go on.
    fn join(&mut self, voice: &Voice, wished: f64, speed: f64) {
        let (rate_hz, end, hop) = (voice.rate_hz(), voice.end(), voice.hop as f64 * voice.step);
        let reach = REACH_SECS * rate_hz;
        // An onset is being heard: straight on.
        if self.from < self.heard_to {
            return;
        }
        let looked_at = self.heard_to.max((wished - reach).min(self.from));
        let look_to = wished.max(self.from) + reach + 2.0 * hop * speed.max(1.0);
        // The end of the clip is to be heard in time and once as well.
        let around = LOOK_BACK_SECS * rate_hz;
        let Some((samples, first)) = voice.piece(looked_at.min(self.from) - around, look_to + 2.0 * hop) else {
            // Not read yet: straight on.
            return;
        };
        let onset = first_onset(samples, rate_hz, looked_at - first, look_to - first);
        let onset = onset.map_or(end, |onset| (first + onset).min(end));
        let due = (onset - wished) / speed;
        let (low, high);
        if onset < self.from + hop - 1.0 {
            // It would be cut off in the middle.
            self.heard_to = onset + ATTACK_SECS * rate_hz;
            return;
        } else if due < 2.0 * hop {
            // What is gone over to now brings the onset in the hop after this one, which goes straight on.
            let centre = onset - due.clamp(hop, 2.0 * hop - 1.0);
            low = (centre - ONSET_REACH_SECS * rate_hz).max(onset - 2.0 * hop + 1.0);
            high = (centre + ONSET_REACH_SECS * rate_hz).min(onset - hop);
            self.heard_to = onset + ATTACK_SECS * rate_hz;
        } else {
            let latest = (wished + reach).min(onset - 2.0 * hop - GUARD_SECS * rate_hz);
            let earliest = (wished - reach).min(latest - 2.0 * reach).max(self.heard_to);
            (low, high) = if earliest <= latest {
                (earliest, latest)
            } else {
                (wished - reach, wished + reach)
            };
        }
        let limits = (low - first, high - first);
        let (to, likeness) = most_alike(samples, rate_hz, (self.from - first, hop), limits, wished - first);
        (self.to, self.likeness) = (first + to, likeness);
    }
}

/// The place between `low` and `high` from which on the next `n_compared` samples resemble most those from `from` on, and how much
/// they do. The search is done on a part of the samples where there are many, and then refined to a fraction of one.
fn most_alike(samples: &[f32], rate_hz: f64, (from, n_compared): (f64, f64), (low, high): (f64, f64), wished: f64) -> (f64, f32) {
    let start = from.round().max(0.0) as usize;
    let n = (n_compared as usize).min(samples.len().saturating_sub(start));
    let last = samples.len().saturating_sub(n) as f64;
    let (low, high) = (low.ceil().clamp(0.0, last), high.floor().clamp(0.0, last));
    let (low, high) = (low as usize, high.max(low) as usize);
    let template = samples.get(start..start + n).unwrap_or_default();
    let likeness = |at: usize, stride: usize| likeness(template, samples.get(at..at + n).unwrap_or_default(), stride);
    let better = |best: (usize, f32), at: usize, stride: usize| {
        let found = likeness(at, stride);
        if found > best.1 { (at, found) } else { best }
    };
    let stride = (rate_hz / SEARCH_HZ).round().max(1.0) as usize;
    // Where all are alike, in silence say, the nearest to the wished one.
    let nearest = (wished.round().max(0.0) as usize).clamp(low, high);
    let mut best = (nearest, likeness(nearest, stride));
    for at in (low..=high).step_by(stride) {
        best = better(best, at, stride);
    }
    let (first, end) = (best.0.saturating_sub(stride).max(low), (best.0 + stride).min(high));
    best.1 = likeness(best.0, 1);
    for at in first..=end {
        best = better(best, at, 1);
    }
    let (at, found) = best;
    if at == start {
        return (from, 1.0);
    }
    // The top of the parabola through the best and its neighbours.
    let (before, after) = (at.checked_sub(1).map_or(found, |at| likeness(at, 1)), likeness(at + 1, 1));
    let bend = before - 2.0 * found + after;
    let offset = if bend < 0.0 {
        (0.5 * (before - after) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    let place = from - start as f64 + at as f64 + f64::from(offset);
    (place, found.clamp(0.0, 1.0))
}

/// The correlation of two stretches, each `stride`-th sample of them, from -1 to 1; 0 where either is silent.
fn likeness(a: &[f32], b: &[f32], stride: usize) -> f32 {
    let (mut ab, mut aa, mut bb) = (0.0f32, 0.0f32, 0.0f32);
    for (a, b) in a.iter().zip(b).step_by(stride) {
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    let size = (aa * bb).sqrt();
    if size > 1e-12 { ab / size } else { 0.0 }
}
