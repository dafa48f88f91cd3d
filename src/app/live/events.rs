//! Events: stretches of a stream whose score lies above the threshold, and those that came near.

use std::path::PathBuf;
use std::sync::Arc;

use crate::audio::{Clip, SAMPLE_RATE_HZ};
use crate::pipeline::LiveScore;

/// Windows may stay below the line for so long within one event.
const GAP: u64 = SAMPLE_RATE_HZ as u64 / 2;
/// A near miss comes so close to the threshold, as a share of what is left above it to 100.
const NEAR: f32 = 3.0;

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
    /// Its sound with a little before and after, once it is over.
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
    threshold - NEAR * (100.0 - threshold).max(0.5)
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
            return if score.start > open.end + GAP {
                self.open.take()
            } else {
                None
            };
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
                clip: None,
                verdict: None,
                file: None,
            });
        }
        None
    }

    /// Ends the event that is open, where scoring ends.
    pub(in crate::app) fn finish(&mut self) -> Option<LiveEvent> {
        self.open.take()
    }
}

#[cfg(test)]
mod tests {
    use super::EventFinder;
    use crate::pipeline::LiveScore;

    fn found(percentiles: &[f32]) -> Vec<(u64, u64, f32, bool)> {
        let mut finder = EventFinder::default();
        let mut events = Vec::new();
        for (n, &percentile) in percentiles.iter().enumerate() {
            let start = n as u64 * 8_000;
            let score = LiveScore {
                start,
                end: start + 32_000,
                percentile,
            };
            events.extend(finder.push(score, 99.0, 100));
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
}
