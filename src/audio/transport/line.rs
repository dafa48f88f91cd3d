//! One reading of a clip: straight on, or cut and joined anew so that it takes longer or less long and keeps its pitch.
//!
//! After W. Verhelst and M. Roelands, *An overlap-add technique based on waveform similarity (WSOLA) for high quality time-scale
//! modification of speech*, ICASSP 1993: sound is played as it is for a hop, and then goes over into that place near the wished
//! one which resembles most what would have come. Blows are kept whole after S. Grofit and Y. Lavner, *Time-scale modification of
//! audio signals using enhanced WSOLA with management of transients*, IEEE TASLP 16 (2008): an onset is heard once, at its time,
//! with what follows it at once, and nothing that is joined in between touches it. Where onsets follow each other closely the hops
//! shrink with the room between them, down to blows every ten milliseconds; what is denser is a tone.

use super::super::Pace;
use super::alike::most_alike;
use super::onsets::Onsets;
use super::voice::Voice;

/// How far from the wished place the search goes on either side: a period of 33 Hz finds its like.
const REACH_SECS: f64 = 0.015;
/// The same before an onset, which is to come in time.
const ONSET_REACH_SECS: f64 = 0.002;
/// What is joined before an onset keeps away from it.
const GUARD_SECS: f64 = 0.001;
/// The shortest hop: what is joined faster clicks.
const LEAST_HOP_SECS: f64 = 0.001;
/// Hops that have room between two onsets.
const N_HOPS: f64 = 3.0;
/// An onset that should have been heard so long ago is left out: more of them come than can be played.
const LATEST_SECS: f64 = 0.015;

/// Where a clip is read, and what it goes over from. Places are in samples of the clip.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line {
    /// What fades out during the hop; the same as `to` where sound goes straight on.
    from: f64,
    to: f64,
    /// Of the two, from 0 (nothing in common) to 1.
    likeness: f32,
    /// Frames since the hop began, and how many it has.
    n_frames: usize,
    n_hop: usize,
    /// Onsets before this place have been heard.
    heard_to: f64,
    /// An onset is being heard up to this place; 0: none is.
    through: f64,
}

impl Line {
    /// Begins at a place and goes straight on for so many frames.
    pub(super) fn at(place: f64, n_frames: usize, voice: &Voice) -> Self {
        Self {
            from: place,
            to: place,
            n_hop: n_frames,
            heard_to: place + n_frames as f64 * voice.advance,
            ..Self::default()
        }
    }

    /// The next frame, where `wished` is the place that should be heard; `None`, and no step on, where it is not read yet.
    /// Allocates nothing.
    pub(super) fn next(&mut self, voice: &Voice, wished: f64, pace: Pace) -> Option<f32> {
        if self.n_frames >= self.n_hop {
            (self.from, self.likeness, self.n_frames, self.n_hop) = (self.to, 1.0, 0, voice.hop);
            if pace.stretches() {
                self.join(voice, wished, pace.speed);
            } else {
                if voice.advance == 1.0 {
                    // Back on whole samples, so that the clip is played bit by bit again.
                    self.to = self.from.round();
                }
                (self.heard_to, self.through) = (self.to + voice.hop as f64 * voice.advance, 0.0);
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
            let part = (self.n_frames as f32 + 0.5) / self.n_hop as f32;
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

    /// Chooses where to go on, and how long the way there takes.
    fn join(&mut self, voice: &Voice, wished: f64, speed: f64) {
        let rate_hz = voice.rate_hz();
        let [reach, guard, least_hop] = [REACH_SECS, GUARD_SECS, LEAST_HOP_SECS].map(|secs| secs * rate_hz);
        let longest_hop = voice.hop as f64 * voice.step;
        // An onset is being heard, or nothing is left: straight on.
        if self.from < self.through {
            return self.take(self.through - self.from, voice);
        }
        if self.heard_to >= voice.end() {
            return;
        }
        self.through = 0.0;
        let from = (wished - 3.0 * reach).min(self.from);
        let to = wished.max(self.from) + reach + 3.0 * longest_hop * speed.max(1.0);
        let Some((samples, first)) = voice.piece(from - longest_hop, to + longest_hop) else {
            // Not read yet: straight on.
            return;
        };
        let onsets = Onsets::find(samples, rate_hz, from - first, to - first, speed);
        // From here on, places are counted within the piece.
        let [here, wished, heard_to, end] = [self.from, wished, self.heard_to, voice.end()].map(|place| place - first);
        let first_to_hear = heard_to.max(wished - LATEST_SECS * rate_hz);
        // The end of the clip is to be heard in time and once as well.
        let (onset, attack) = onsets.next(first_to_hear).unwrap_or((end, 0.0));
        let room = (onset - guard - heard_to).max(0.0);
        let mut hop = (room / N_HOPS).clamp(least_hop, longest_hop);
        // Samples that are heard until it is time.
        let due = (onset - wished) / speed;
        let (limits, nearest);
        let is_last = due < 2.0 * hop;
        if is_last {
            // What is gone over to now brings the onset in its time: straight on from then.
            hop = hop.min(due - guard).max(least_hop);
            nearest = onset - due.max(hop + guard);
            let reach = (ONSET_REACH_SECS * rate_hz).min(room / 8.0);
            limits = ((nearest - reach).max(heard_to), (nearest + reach).min(onset - guard - hop));
            self.heard_to = first + (onset + attack).min(end);
            self.through = self.heard_to;
        } else {
            nearest = wished;
            let latest = (wished + reach).min(onset - guard - 2.0 * hop);
            limits = ((wished - reach).min(latest - 2.0 * reach), latest);
        }
        self.take(hop, voice);
        let is_free = |to: f64| is_last || onsets.are_clear_of(to - guard, to + 2.0 * hop + guard);
        let found = most_alike(samples, rate_hz, (here, hop), limits, nearest, is_free);
        // Where none is free, what follows the last onset is.
        let (to, likeness) = found.unwrap_or((heard_to.min(onset - guard - 2.0 * hop), 0.0));
        (self.to, self.likeness) = (first + to, likeness);
    }

    /// The hop takes so many samples, or as many as any may.
    fn take(&mut self, n_samples: f64, voice: &Voice) {
        self.n_hop = ((n_samples / voice.step).ceil() as usize).clamp(1, voice.hop);
    }
}
