//! Where the clip is heard at a moment: told by the audio callback, asked by anyone, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

use super::transport::{Course, Travel};

/// What one callback reports: the course, how much of it was played when its first and last sample were written, and when the
/// first of them is heard.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Report {
    pub(super) course: Course,
    /// Seconds of the clip since the course's anchor, at the start and at the end of the buffer.
    pub(super) played_secs: (f64, f64),
    /// Seconds of the clip in a second.
    pub(super) speed: f64,
    /// When the start of the buffer leaves the loudspeaker, on the clock of the stream.
    pub(super) heard_at_nanos: u64,
}

impl Report {
    /// The report on a buffer between two states of playback.
    pub(super) fn new(before: Travel, after: Travel, heard_at_nanos: u64) -> Self {
        // A command may have begun another course in between; then the buffer began at the anchor of the new one.
        let goes_on = (before.course, before.speed) == (after.course, after.speed);
        let start = if goes_on { before.played } else { 0.0 };
        Self {
            course: after.course,
            played_secs: (start.min(after.played), after.played),
            speed: after.speed,
            heard_at_nanos,
        }
    }

    /// The place in the clip that is heard at this moment, in seconds.
    ///
    /// While older buffers still sound, playback is shown behind; but never before the anchor, nor beyond what was written.
    pub(super) fn heard_secs(&self, now_nanos: u64) -> f64 {
        let since_secs = (i128::from(now_nanos) - i128::from(self.heard_at_nanos)) as f64 * 1e-9;
        let played = (self.played_secs.0 + since_secs * self.speed).clamp(0.0, self.played_secs.1.max(0.0));
        self.course.after(played).unwrap_or_else(|| self.course.turn())
    }
}

const N_WORDS: usize = 9;

/// The latest [`Report`]: one thread writes, any thread reads a whole one. Neither ever waits for a lock.
///
/// A sequence lock after Boehm, *Can seqlocks get along with programming language memory models?* (2012), all in the
/// strictest order: the count is odd while a report is written.
#[derive(Debug, Default)]
pub(super) struct Playhead {
    count: AtomicU64,
    words: [AtomicU64; N_WORDS],
}

impl Playhead {
    /// Replaces the report. Only one thread may do so.
    pub(super) fn write(&self, report: &Report) {
        let count = self.count.load(Ordering::SeqCst);
        self.count.store(count + 1, Ordering::SeqCst);
        let (start, end) = report.course.span.unwrap_or((f64::NAN, f64::NAN));
        let (from, to) = report.played_secs;
        let Course {
            anchor,
            end: clip_end,
            loops,
            ..
        } = report.course;
        let numbers = [anchor, start, end, clip_end, from, to, report.speed].map(f64::to_bits);
        let words = numbers.into_iter().chain([u64::from(loops), report.heard_at_nanos]);
        for (word, value) in self.words.iter().zip(words) {
            word.store(value, Ordering::SeqCst);
        }
        self.count.store(count + 2, Ordering::SeqCst);
    }

    /// The latest whole report.
    pub(super) fn read(&self) -> Report {
        loop {
            let before = self.count.load(Ordering::SeqCst);
            let words = self.words.each_ref().map(|word| word.load(Ordering::SeqCst));
            if before.is_multiple_of(2) && self.count.load(Ordering::SeqCst) == before {
                let [anchor, start, end, clip_end, from, to, speed] = [0, 1, 2, 3, 4, 5, 6].map(|i| f64::from_bits(words[i]));
                let span = Some((start, end)).filter(|(start, end)| start < end);
                let course = Course {
                    anchor,
                    span,
                    loops: words[7] != 0,
                    end: clip_end,
                };
                return Report {
                    course,
                    played_secs: (from, to),
                    speed,
                    heard_at_nanos: words[8],
                };
            }
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::{Playhead, Report};
    use crate::audio::transport::Course;

    const MS: u64 = 1_000_000;

    /// A buffer of 20 ms that began 1 s after the anchor at 3 s and is heard at 500 ms on the clock.
    fn report(span: Option<(f64, f64)>) -> Report {
        Report {
            course: Course {
                anchor: 3.0,
                span,
                loops: span.is_some(),
                end: 10.0,
            },
            played_secs: (1.0, 1.02),
            speed: 1.0,
            heard_at_nanos: 500 * MS,
        }
    }

    fn assert_heard(report: &Report, at_ms: u64, secs: f64) {
        let got = report.heard_secs(at_ms * MS);
        assert!((got - secs).abs() < 1e-9, "at {at_ms} ms: {got} for {secs}");
    }

    #[test]
    fn the_latency_is_taken_off() {
        assert_heard(&report(None), 500, 4.0);
        assert_heard(&report(None), 510, 4.01);
        assert_heard(&report(None), 440, 3.94);
    }

    #[test]
    fn nothing_is_heard_beyond_what_was_written_or_before_the_anchor() {
        assert_heard(&report(None), 900, 4.02);
        let just_begun = Report {
            played_secs: (0.0, 0.02),
            ..report(None)
        };
        assert_heard(&just_begun, 440, 3.0);
    }

    #[test]
    fn half_as_fast_a_second_of_latency_is_half_a_second_of_the_clip() {
        let slow = Report {
            speed: 0.5,
            ..report(None)
        };
        assert_heard(&slow, 500, 4.0);
        assert_heard(&slow, 510, 4.005);
        assert_heard(&slow, 440, 3.97);
    }

    #[test]
    fn at_the_end_of_a_stretch_that_is_played_once_its_end_is_heard() {
        let mut once = report(Some((2.0, 4.01)));
        once.course.loops = false;
        assert_heard(&once, 505, 4.005);
        assert_heard(&once, 900, 4.01);
    }

    #[test]
    fn in_a_loop_the_buffer_before_is_at_the_end_of_the_loop() {
        // From 3 s into the span from 2 to 4 s: the buffer begins as the span begins anew.
        let looping = report(Some((2.0, 4.0)));
        assert_heard(&looping, 510, 2.01);
        assert_heard(&looping, 450, 3.95);
    }

    #[test]
    fn at_the_end_the_end_is_heard() {
        let ended = Report {
            played_secs: (6.99, 7.0),
            ..report(None)
        };
        assert_heard(&ended, 900, 10.0);
    }

    #[test]
    fn a_reader_never_sees_half_a_report() {
        let (playhead, stop) = (Arc::new(Playhead::default()), Arc::new(AtomicBool::new(false)));
        let whole = |i: u64| {
            let x = i as f64;
            let course = Course {
                anchor: x,
                span: Some((x, x + 1.0)),
                loops: i.is_multiple_of(2),
                end: x,
            };
            Report {
                course,
                played_secs: (x, x),
                speed: x,
                heard_at_nanos: i,
            }
        };
        playhead.write(&whole(0));
        let writer = {
            let (playhead, stop) = (Arc::clone(&playhead), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut i = 0;
                while !stop.load(Ordering::Relaxed) {
                    i += 1;
                    playhead.write(&whole(i));
                }
                i
            })
        };
        let mut distinct = 0;
        let mut last = 0;
        while distinct < 1_000 {
            let report = playhead.read();
            assert_eq!(report, whole(report.heard_at_nanos));
            distinct += u64::from(report.heard_at_nanos != last);
            last = report.heard_at_nanos;
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().expect("the writer ends") >= last);
    }
}
