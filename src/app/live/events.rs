//! Events: stretches of a stream whose score lies above the threshold, and those that came near.

use std::path::PathBuf;
use std::sync::Arc;

use crate::audio::{Clip, SAMPLE_RATE_HZ};
use crate::pipeline::LiveScore;

/// Windows may stay below the line for so long within one event.
const GAP: u64 = SAMPLE_RATE_HZ as u64 / 2;
/// A near miss comes so close to the threshold, as a share of what is left above it to 100,
const NEAR: f32 = 3.0;
/// but never further from it than this: below a low threshold everything would be near.
const NEAR_AT_MOST: f32 = 5.0;
/// What is kept of the sound of an event that does not end, from its start: in half a minute one hears what it is.
pub(super) const MAX_SOUND: u64 = 30 * SAMPLE_RATE_HZ as u64;

/// What a person said of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventVerdict {
    Kept,
    FalseAlarm,
    KeptAsNormal,
}

/// A stretch of what was heard that scored high.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEvent {
    pub id: u64,
    /// Samples at 16 kHz since listening began.
    pub start: u64,
    pub end: u64,
    /// The highest percentile in it.
    pub peak: f32,
    /// It did not reach the threshold.
    pub is_near_miss: bool,
    /// Seconds since 1970 at its start.
    pub at: u64,
    /// It is not over.
    pub is_going_on: bool,
    /// Its sound with a little before and after, once it is over or has lasted for long.
    pub clip: Option<Arc<Clip>>,
    pub verdict: Option<EventVerdict>,
    /// Where its sound is kept.
    pub file: Option<PathBuf>,
}

impl LiveEvent {
    pub fn secs(&self) -> f64 {
        (self.end - self.start) as f64 / f64::from(SAMPLE_RATE_HZ)
    }
}

/// Turns scores into events.
#[derive(Debug, Default)]
pub(in crate::app) struct EventFinder {
    open: Option<LiveEvent>,
    n_found: u64,
}

/// Below this percentile a window belongs to no event, not even a near one.
fn near_line(threshold: f32) -> f32 {
    threshold - (NEAR * (100.0 - threshold).max(0.5)).min(NEAR_AT_MOST)
}

impl EventFinder {
    /// Takes a score in; returns the event that it ends.
    pub(in crate::app) fn push(&mut self, score: LiveScore, threshold: f32, now: u64) -> Option<LiveEvent> {
        let is_near = score.percentile >= near_line(threshold);
        if let Some(open) = &mut self.open {
            if is_near {
                open.end = score.end;
                open.peak = open.peak.max(score.percentile);
                open.is_near_miss = open.peak < threshold;
                return None;
            }
            return if score.start > open.end + GAP { self.finish() } else { None };
        }
        if is_near {
            self.n_found += 1;
            let age = (score.end - score.start) / u64::from(SAMPLE_RATE_HZ);
            self.open = Some(LiveEvent {
                id: self.n_found,
                start: score.start,
                end: score.end,
                peak: score.percentile,
                is_near_miss: score.percentile < threshold,
                at: now.saturating_sub(age),
                is_going_on: true,
                clip: None,
                verdict: None,
                file: None,
            });
        }
        None
    }

    /// The event that goes on, from the moment it is one.
    pub(in crate::app) fn going_on(&self) -> Option<&LiveEvent> {
        self.open.as_ref().filter(|open| !open.is_near_miss)
    }

    /// Ends the event that is open, where scoring ends.
    pub(in crate::app) fn finish(&mut self) -> Option<LiveEvent> {
        let open = self.open.take()?;
        Some(LiveEvent {
            is_going_on: false,
            ..open
        })
    }
}

#[cfg(test)]
mod tests {
    use super::EventFinder;
    use crate::pipeline::LiveScore;

    fn found(percentiles: &[f32]) -> Vec<(u64, u64, f32, bool)> {
        found_above(99.0, percentiles)
    }

    fn found_above(threshold: f32, percentiles: &[f32]) -> Vec<(u64, u64, f32, bool)> {
        let mut finder = EventFinder::default();
        let mut events = Vec::new();
        for (n, &percentile) in percentiles.iter().enumerate() {
            let start = n as u64 * 8_000;
            let score = LiveScore {
                start,
                end: start + 32_000,
                percentile,
            };
            events.extend(finder.push(score, threshold, 100));
        }
        events.extend(finder.finish());
        events
            .into_iter()
            .map(|event| (event.start, event.end, event.peak, event.is_near_miss))
            .collect()
    }

    #[test]
    fn windows_above_the_line_are_one_event_and_near_ones_are_told_apart() {
        let quiet = [20.0; 12];
        let line = [&quiet[..], &[97.0, 99.5, 100.0], &quiet, &[96.5], &quiet].concat();
        assert_eq!(
            found(&line),
            [
                (12 * 8_000, 14 * 8_000 + 32_000, 100.0, false),
                (27 * 8_000, 27 * 8_000 + 32_000, 96.5, true)
            ]
        );
    }

    #[test]
    fn a_short_dip_does_not_split_an_event_and_one_that_is_open_at_the_end_counts() {
        assert_eq!(found(&[99.5, 50.0, 50.0, 99.9]), [(0, 3 * 8_000 + 32_000, 99.9, false)]);
        assert!(found(&[94.0; 30]).is_empty());
    }

    #[test]
    fn below_a_low_threshold_not_everything_is_near() {
        let line = [20.0, 55.0, 64.0, 20.0, 20.0, 20.0, 20.0, 20.0, 20.0, 90.0, 20.0];
        let events = found_above(68.0, &line);
        assert_eq!(
            events,
            [
                (2 * 8_000, 2 * 8_000 + 32_000, 64.0, true),
                (9 * 8_000, 9 * 8_000 + 32_000, 90.0, false)
            ]
        );
    }

    #[test]
    fn an_event_is_known_while_it_goes_on_and_a_near_miss_when_it_is_over() {
        let mut finder = EventFinder::default();
        let mut goes_on = |n: u64, percentile| {
            let score = LiveScore {
                start: n * 8_000,
                end: n * 8_000 + 32_000,
                percentile,
            };
            finder.push(score, 99.0, 100);
            finder.going_on().map(|event| (event.start, event.end, event.is_going_on))
        };
        assert_eq!(goes_on(0, 97.0), None, "perhaps a near miss");
        assert_eq!(goes_on(1, 99.2), Some((0, 40_000, true)));
        assert_eq!(goes_on(2, 98.0), Some((0, 48_000, true)));
        assert!(finder.finish().is_some_and(|event| !event.is_going_on));
        assert!(finder.going_on().is_none());
    }
}
