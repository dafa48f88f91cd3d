//! How often a work is repeated, and the median of its times.

use std::hint::black_box;
use std::time::Instant;

use crate::progress::Progress;

/// The median of fewer is at the mercy of a single slow moment.
const FEWEST_LAPS: usize = 5;

/// How long a work goes on, at the least and at the most. Seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    least_secs: f64,
    /// Whatever takes longer is done once, after the warm-up.
    most_secs: f64,
}

impl Default for Pace {
    /// Half a second and five times, but no more than ten seconds.
    fn default() -> Self {
        Self {
            least_secs: 0.5,
            most_secs: 10.0,
        }
    }
}

impl Pace {
    /// Goes on for so long, for a profiler.
    pub fn lasting(secs: f64) -> Self {
        Self {
            least_secs: secs,
            most_secs: secs,
        }
    }

    /// Median time of `work` in seconds, after a warm-up. What `prepare` makes for each lap is not counted.
    pub(super) fn median_secs<T, R>(
        self,
        progress: &mut dyn Progress,
        mut prepare: impl FnMut() -> T,
        mut work: impl FnMut(T) -> anyhow::Result<R>,
    ) -> anyhow::Result<f64> {
        work(prepare())?;
        let mut laps = Laps::default();
        while laps.goes_on(self) {
            progress.step(laps.0.len() as u64, 0)?;
            let input = prepare();
            let start = Instant::now();
            drop(black_box(work(black_box(input))?));
            laps.0.push(start.elapsed().as_secs_f64());
        }
        Ok(laps.median())
    }
}

/// Times in seconds.
#[derive(Debug, Default)]
pub(super) struct Laps(pub(super) Vec<f64>);

impl Laps {
    pub(super) fn goes_on(&self, pace: Pace) -> bool {
        let total: f64 = self.0.iter().sum();
        self.0.is_empty() || total < pace.most_secs && (self.0.len() < FEWEST_LAPS || total < pace.least_secs)
    }

    /// Not a number where there is none.
    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Laps, Pace};
    use crate::progress::{CancelAfter, NoProgress};

    #[test]
    fn the_median_leaves_out_the_warm_up_and_what_is_prepared() {
        let mut n_laps = 0;
        let sleep = |millis: u64| {
            std::thread::sleep(Duration::from_millis(millis));
            Ok(())
        };
        let prepare = || {
            n_laps += 1;
            std::thread::sleep(Duration::from_millis(30));
            if n_laps == 1 { 100 } else { 2 }
        };
        let secs = Pace::default()
            .median_secs(&mut NoProgress, prepare, sleep)
            .expect("it sleeps");
        assert!((0.002..0.02).contains(&secs), "{secs}");
        assert!(n_laps > 6, "half a second of 2 ms, found {n_laps} laps");
    }

    #[test]
    fn a_long_work_is_done_once_and_stops_when_asked() {
        let pace = Pace::lasting(1e-9);
        let mut n_done = 0;
        let mut work = |()| {
            n_done += 1;
            Ok(())
        };
        pace.median_secs(&mut NoProgress, || (), &mut work).expect("it does nothing");
        assert_eq!(n_done, 2, "a warm-up and a lap");
        let stopped = Pace::lasting(3600.0).median_secs(&mut CancelAfter(2), || (), |()| Ok(()));
        assert!(stopped.is_err());
        assert_eq!(Laps(vec![3.0, 1.0, 2.0]).median(), 2.0);
    }
}
