//! How long a design takes for a window: measured in this process, one window at a time, on one thread.

use std::time::Instant;

use crate::extractors::networks::OutlierNet;

const N_WARM_UP: usize = 10;
const N_RUNS: usize = 60;

/// Median and 95th percentile in milliseconds; `None` where it cannot be measured. Weights do not matter, a fresh network does.
pub(super) fn latency_of(network: &OutlierNet) -> Option<(f64, f64)> {
    let window: Vec<f32> = (0..OutlierNet::WINDOW_LEN).map(|i| (i as f32 * 0.37).sin()).collect();
    measured(|| network.errors(&window).is_ok())
}

/// Of any work on one thread; `None` where it fails.
pub(super) fn measured(run: impl Fn() -> bool + Sync) -> Option<(f64, f64)> {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().ok()?;
    let times: Option<Vec<f64>> = one_thread.install(|| {
        let timed = |_| {
            let started = Instant::now();
            run().then(|| started.elapsed().as_secs_f64() * 1e3)
        };
        (0..N_WARM_UP).map(timed).chain((0..N_RUNS).map(timed)).collect()
    });
    let mut times = times?.split_off(N_WARM_UP);
    times.sort_by(f64::total_cmp);
    Some((times[N_RUNS / 2], times[N_RUNS * 95 / 100]))
}
