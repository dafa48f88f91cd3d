//! How fast a clip is played, and what becomes of its pitch.

/// How fast a clip is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Seconds of the clip in a second, from [`Pace::SLOWEST`] to [`Pace::FASTEST`].
    pub speed: f64,
    /// Tones stay where they are; otherwise they sink and rise with the speed, as a tape's do.
    pub keeps_pitch: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            speed: 1.0,
            keeps_pitch: true,
        }
    }
}

/// Where one press of a key takes the speed.
const STEPS: [f64; 6] = [Pace::SLOWEST, 0.125, 0.25, 0.5, 1.0, Pace::FASTEST];

impl Pace {
    pub const SLOWEST: f64 = 0.1;
    pub const FASTEST: f64 = 2.0;

    /// The same at another speed, as near as there is one; what is not a number is 1.
    #[must_use]
    pub fn at(self, speed: f64) -> Self {
        let speed = if speed.is_nan() { 1.0 } else { speed };
        Self {
            speed: speed.clamp(Self::SLOWEST, Self::FASTEST),
            ..self
        }
    }

    /// Half as fast, or the slowest.
    #[must_use]
    pub fn slower(self) -> Self {
        let step = STEPS.into_iter().rev().find(|step| *step < self.speed);
        self.at(step.unwrap_or(Self::SLOWEST))
    }

    /// Twice as fast, or the fastest.
    #[must_use]
    pub fn faster(self) -> Self {
        let step = STEPS.into_iter().find(|step| *step > self.speed);
        self.at(step.unwrap_or(Self::FASTEST))
    }

    /// How fast the samples themselves are read.
    #[cfg(feature = "sound-card")]
    pub(super) fn reading_speed(self) -> f64 {
        if self.keeps_pitch { 1.0 } else { self.speed }
    }

    /// Whether the sound is cut and joined anew to keep its pitch.
    #[cfg(feature = "sound-card")]
    pub(super) fn stretches(self) -> bool {
        self.keeps_pitch && self.speed != 1.0
    }

    /// Whether it is cut and joined so that it takes longer.
    #[cfg(feature = "sound-card")]
    pub(super) fn lingers(self) -> bool {
        self.keeps_pitch && self.speed < 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn keys_halve_and_double_between_the_ends() {
        let mut pace = Pace::default();
        let mut speeds = Vec::new();
        for _ in 0..5 {
            pace = pace.slower();
            speeds.push(pace.speed);
        }
        assert_eq!(speeds, [0.5, 0.25, 0.125, 0.1, 0.1]);
        let up: Vec<f64> = std::iter::repeat_with(|| {
            pace = pace.faster();
            pace.speed
        })
        .take(6)
        .collect();
        assert_eq!(up, [0.125, 0.25, 0.5, 1.0, 2.0, 2.0]);
        assert_eq!(Pace::default().at(0.75).slower().speed, 0.5);
        assert_eq!(Pace::default().at(0.75).faster().speed, 1.0);
    }

    #[test]
    fn no_speed_lies_outside_of_the_ends() {
        let at = |speed| Pace::default().at(speed).speed;
        assert_eq!([0.0, -3.0, 99.0, f64::INFINITY, f64::NAN].map(at), [0.1, 0.1, 2.0, 2.0, 1.0]);
    }
}
