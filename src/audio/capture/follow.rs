//! From the clock of an input to that of an output: no two cards count the same second.
//!
//! What waits between the two is kept at a wished length: where it grows, sound is read a little faster than its rates say, where it
//! shrinks, a little slower. A controller of the second order (proportional and integral, critically damped) finds the ratio of the
//! clocks, so that a drift costs neither gaps nor leaps, only cents of pitch that nobody hears.

use crate::audio::kernel::Kernel;

/// How fast the controller answers, in radians a second: slow enough that buffers, which come and go whole, are not heard.
const OMEGA: f64 = 0.15;
/// What waits is averaged over so long.
const MEAN_SECS: f64 = 1.0;
/// The clocks of two cards differ by less: 0.5 %, nine cents.
const MOST: f64 = 0.005;

/// Reads what an input delivers at the pace of an output.
#[derive(Debug)]
pub(super) struct Follower {
    kernel: Kernel,
    from_hz: f64,
    to_hz: f64,
    wished_secs: f64,
    /// Input that is still needed, and where the next sample is read in it.
    kept: Vec<f32>,
    place: f64,
    /// The mean of what waits, in seconds more than wished; `None` before anything waited.
    excess_secs: Option<f64>,
    /// What the integral has found the clocks to differ by.
    drift: f64,
}

impl Follower {
    /// From an input of one rate to an output of another, where so much is to wait for the output.
    pub(super) fn new(from_hz: u32, to_hz: u32, wished_secs: f64) -> Self {
        let kernel = Kernel::new(from_hz.max(1), to_hz.max(1));
        Self {
            kernel,
            from_hz: f64::from(from_hz.max(1)),
            to_hz: f64::from(to_hz.max(1)),
            wished_secs,
            // What is read first is surrounded by silence.
            kept: vec![0.0; kernel.reach().ceil() as usize],
            place: kernel.reach().ceil(),
            excess_secs: None,
            drift: 0.0,
        }
    }

    /// Samples for the output out of those that came, where so many wait for it already and so it does play.
    pub(super) fn follow(&mut self, came: &[f32], n_waiting: usize, is_playing: bool, given: &mut Vec<f32>) {
        given.clear();
        self.kept.extend_from_slice(came);
        let ratio = if is_playing {
            self.ratio(came.len() as f64 / self.from_hz, n_waiting as f64 / self.to_hz)
        } else {
            self.excess_secs = None;
            1.0 + self.drift
        };
        let step = self.from_hz / self.to_hz * ratio;
        let last = self.kept.len() as f64 - 1.0 - self.kernel.reach();
        while self.place <= last {
            given.push(self.kernel.value_at(&self.kept, self.place));
            self.place += step;
        }
        let n_done = ((self.place - self.kernel.reach()).floor().max(0.0) as usize).min(self.kept.len());
        self.kept.drain(..n_done);
        self.place -= n_done as f64;
    }

    /// How much faster than its rates say it is to be read, after so many seconds of input.
    fn ratio(&mut self, secs: f64, waiting_secs: f64) -> f64 {
        let excess = (waiting_secs - self.wished_secs).clamp(-self.wished_secs, self.wished_secs);
        let share = 1.0 - (-secs / MEAN_SECS).exp();
        let mean = self.excess_secs.map_or(excess, |mean| mean + share * (excess - mean));
        self.excess_secs = Some(mean);
        self.drift = (self.drift + OMEGA * OMEGA * mean * secs).clamp(-MOST, MOST);
        1.0 + (self.drift + 2.0 * OMEGA * mean).clamp(-MOST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::Follower;

    /// So long between two clocks: the input counts `drift` more samples in a second than it says. Returns the shortest and the
    /// longest that waited after the first seconds, and all that came out.
    fn between(from_hz: u32, to_hz: u32, drift: f64, secs: f64, sound: impl Fn(f64) -> f32) -> (f64, f64, Vec<f32>) {
        // 21 ms, as cards have them.
        let [n_came, n_asked] = [from_hz, to_hz].map(|hz| hz as usize * 21 / 1_000);
        let mut follower = Follower::new(from_hz, to_hz, 0.06);
        let (mut waiting, mut is_playing) = (0usize, false);
        let (mut least, mut most, mut out, mut given) = (f64::INFINITY, 0f64, Vec::new(), Vec::new());
        let mut n_in = 0usize;
        for turn in 1..(secs * f64::from(to_hz)) as usize / n_asked {
            let now = (turn * n_asked) as f64 / f64::from(to_hz);
            while ((n_in + n_came) as f64) < now * f64::from(from_hz) * (1.0 + drift) {
                let came: Vec<f32> = (n_in..n_in + n_came).map(|i| sound(i as f64 / f64::from(from_hz))).collect();
                n_in += n_came;
                follower.follow(&came, waiting, is_playing, &mut given);
                waiting += given.len();
                out.extend_from_slice(&given);
            }
            is_playing |= waiting as f64 > 0.06 * f64::from(to_hz);
            if is_playing {
                assert!(waiting >= n_asked, "a gap after {now} s");
                waiting -= n_asked;
                least = least.min(waiting as f64 / f64::from(to_hz));
                most = most.max(waiting as f64 / f64::from(to_hz));
            }
        }
        (least, most, out)
    }

    #[test]
    fn clocks_that_drift_cost_neither_a_gap_nor_delay() {
        for (from_hz, to_hz) in [(8_000, 8_000), (11_025, 8_000)] {
            for drift in [0.0, 0.001, -0.001, 0.003] {
                let (least, most, _) = between(from_hz, to_hz, drift, 200.0, |_| 0.0);
                assert!(
                    least > 0.005 && most < 0.15,
                    "{from_hz} to {to_hz} Hz with {drift}: {least} to {most} s wait"
                );
            }
        }
    }

    #[test]
    fn a_sine_stays_one_through_all_corrections() {
        let hz = 997.0;
        let sine = |secs: f64| (0.5 * (std::f64::consts::TAU * hz * secs).sin()) as f32;
        let (.., out) = between(48_000, 48_000, 0.001, 20.0, sine);
        // What a sine does not foresee of the next sample: a gap, a leap, a jump in pitch.
        let turn = 2.0 * (std::f64::consts::TAU * hz / 48_000.0).cos();
        let worst = out[4_800..]
            .windows(3)
            .map(|w| (f64::from(w[2]) - turn * f64::from(w[1]) + f64::from(w[0])).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-3, "{worst}");
        let peak = out[4_800..].iter().fold(0f32, |peak, x| peak.max(x.abs()));
        assert!((peak - 0.5).abs() < 1e-3, "{peak}");
    }
}
