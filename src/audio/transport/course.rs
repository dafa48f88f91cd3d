//! The way of playback through a clip in closed form: where it is after so much was played.

/// A way through a clip: from an anchor to the end, once or again and again. In samples of the clip, or in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::audio) struct Course {
    /// Where it began.
    pub(in crate::audio) anchor: f64,
    /// The stretch that was chosen, `start < end`: playback stops or turns back at its end.
    pub(in crate::audio) span: Option<(f64, f64)>,
    /// Back to the start of the stretch, or of the clip, and on.
    pub(in crate::audio) loops: bool,
    /// The end of the clip.
    pub(in crate::audio) end: f64,
}

impl Course {
    /// The place that is reached after so much was played; `None` past the end.
    pub(in crate::audio) fn after(&self, played: f64) -> Option<f64> {
        let (place, turn) = (self.anchor + played, self.turn());
        if place < turn {
            return Some(place);
        }
        let (start, end) = self.lap().filter(|_| self.loops)?;
        Some(start + (place - turn) % (end - start))
    }

    /// How often it has turned back after so much was played.
    pub(super) fn n_turns(&self, played: f64) -> u64 {
        let beyond = self.anchor + played - self.turn();
        match self.lap().filter(|_| self.loops && beyond >= 0.0) {
            Some((start, end)) => 1 + (beyond / (end - start)) as u64,
            None => 0,
        }
    }

    /// Where it first turns back or stops. Who begins behind the stretch hears the clip to its end.
    pub(in crate::audio) fn turn(&self) -> f64 {
        match self.span {
            Some((_, span_end)) if self.anchor < span_end => span_end,
            _ => self.end,
        }
    }

    /// Length of what is repeated.
    pub(super) fn lap_len(&self) -> Option<f64> {
        self.lap().map(|(start, end)| end - start)
    }

    fn lap(&self) -> Option<(f64, f64)> {
        Some(self.span.unwrap_or((0.0, self.end))).filter(|(start, end)| start < end)
    }

    /// The same course in another unit.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self {
            anchor: self.anchor * factor,
            span: self.span.map(|(start, end)| (start * factor, end * factor)),
            end: self.end * factor,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Course;

    #[test]
    fn a_course_in_seconds_is_the_course_in_samples() {
        let course = Course {
            anchor: 2.0,
            span: Some((4.0, 7.0)),
            loops: true,
            end: 10.0,
        };
        for played in [0.0, 1.0, 4.9, 5.0, 8.5, 1_000.0] {
            let scaled = course.scaled(0.5).after(played * 0.5);
            assert_eq!(scaled, course.after(played).map(|place| place * 0.5));
        }
        assert_eq!(course.after(5.0), Some(4.0));
        assert_eq!([4.9, 5.0, 7.9, 8.0].map(|played| course.n_turns(played)), [0, 1, 1, 2]);
        let once = Course { loops: false, ..course };
        assert_eq!((once.after(4.9), once.after(5.0)), (Some(6.9), None));
        let whole = Course { span: None, ..course };
        assert_eq!((whole.after(7.0), whole.after(9.0)), (Some(9.0), Some(1.0)));
        let behind = Course { anchor: 8.0, ..course };
        assert_eq!((behind.after(1.0), behind.after(2.0)), (Some(9.0), Some(4.0)));
    }
}
