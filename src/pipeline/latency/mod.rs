//! How long a network takes for one window: measured, never modelled.
//!
//! One window at a time, one thread, warm: here by [`Engine`], and as its exported C by what the system's compiler makes of it.
//! Operations per second stand beside each time, so that an impossible figure shows itself: the microseconds of the `OutlierNets`
//! paper imply 8 to 75 TFLOP/s of small processors, and are milliseconds.

mod compiled;

pub use compiled::COMPILED_BY;

use std::hint::black_box;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::export::Graph;
use crate::nn::{Engine, Scratch};
use crate::progress::{Cancelled, NoProgress, Progress};

/// How long passes are timed.
#[derive(Clone, Copy)]
struct Patience {
    /// Passes before the first that counts, in seconds.
    warm_up_secs: f64,
    /// In seconds; no longer than ten times that for the fewest passes.
    timed_secs: f64,
}

/// For a figure that is reported.
const PATIENT: Patience = Patience {
    warm_up_secs: 0.1,
    timed_secs: 0.5,
};
/// For one of many designs of a search.
const BRIEF: Patience = Patience {
    warm_up_secs: 0.02,
    timed_secs: 0.1,
};
/// The 95th percentile of fewer is their slowest.
const FEWEST_RUNS: usize = 40;
/// Passes between two looks at the wish to stop.
const RUNS_TOGETHER: usize = 16;

/// Times of one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The median.
    pub p50_secs: f64,
    /// 95 of 100 passes were as fast or faster.
    pub p95_secs: f64,
    pub n_runs: usize,
}

impl Timing {
    /// Median and 95th percentile.
    pub fn in_milliseconds(&self) -> (f64, f64) {
        (1e3 * self.p50_secs, 1e3 * self.p95_secs)
    }
}

/// What a network takes for one window on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub processor: String,
    /// For one window, closed form.
    pub n_multiply_adds: usize,
    /// In this program.
    pub in_process: Timing,
    /// The exported C with weights of 32 bits, compiled with [`COMPILED_BY`]; an error says why there is none.
    pub exported: Result<Timing, String>,
}

impl Timing {
    /// Of passes that took so many seconds; not a number where there was none.
    fn of(mut secs: Vec<f64>) -> Self {
        secs.sort_by(f64::total_cmp);
        let n_runs = secs.len();
        // The smallest time that so many of 100 passes keep to.
        let percentile = |percent: usize| {
            secs.get((n_runs * percent).div_ceil(100).saturating_sub(1))
                .copied()
                .unwrap_or(f64::NAN)
        };
        Self {
            p50_secs: percentile(50),
            p95_secs: percentile(95),
            n_runs,
        }
    }

    /// Two operations a multiply-add, in the median pass.
    pub fn operations_per_sec(&self, n_multiply_adds: usize) -> f64 {
        2.0 * n_multiply_adds as f64 / self.p50_secs
    }

    fn text(&self, n_multiply_adds: usize) -> String {
        format!(
            "p50 {}, p95 {} a window ({:.2} GFLOP/s, {} runs)",
            duration_text(self.p50_secs),
            duration_text(self.p95_secs),
            self.operations_per_sec(n_multiply_adds) / 1e9,
            self.n_runs,
        )
    }
}

impl Latency {
    /// For a person.
    pub fn lines(&self) -> Vec<String> {
        let exported = match &self.exported {
            Ok(timing) => timing.text(self.n_multiply_adds),
            Err(reason) => format!("not measured: {reason}"),
        };
        vec![
            format!("latency on {}, one window at a time, one thread, warm", self.processor),
            format!("  in auscult: {}", self.in_process.text(self.n_multiply_adds)),
            format!("  exported C ({COMPILED_BY}): {exported}"),
        ]
    }
}

/// Times one window at a time on this thread.
///
/// # Errors
/// On the wish to stop only: without a compiler the exported network is not measured, and the result says so.
pub fn measure_latency(graph: &Graph, progress: &mut dyn Progress) -> Result<Latency, Cancelled> {
    progress.stage("measuring latency");
    Ok(Latency {
        processor: processor(),
        n_multiply_adds: graph.n_multiply_adds(),
        in_process: in_process_latency(graph, progress)?,
        exported: compiled::timing(graph, progress)?,
    })
}

/// The same in this program alone: half a second, without a compiler.
///
/// # Errors
/// On the wish to stop.
pub fn in_process_latency(graph: &Graph, progress: &mut dyn Progress) -> Result<Timing, Cancelled> {
    of_graph(graph, PATIENT, progress)
}

/// [`in_process_latency`] in a fifth of the time, as a search takes it of each design.
pub(super) fn brief_latency(graph: &Graph) -> Option<Timing> {
    of_graph(graph, BRIEF, &mut NoProgress).ok()
}

/// Of any work, on one thread.
pub(super) fn brief_latency_of(work: impl Fn() + Sync) -> Option<Timing> {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().ok()?;
    timing(|| one_thread.install(&work), BRIEF, &mut NoProgress).ok()
}

fn of_graph(graph: &Graph, patience: Patience, progress: &mut dyn Progress) -> Result<Timing, Cancelled> {
    let engine = Engine::new(graph);
    // Speed does not depend on the numbers, as long as they are no denormals.
    let input: Vec<f32> = (0..graph.input.n_values()).map(|i| (i as f32 * 0.37).sin()).collect();
    let (mut scratch, mut output) = (Scratch::default(), vec![0.0; graph.output().n_values()]);
    let pass = || {
        engine.run_one(black_box(&input), &mut scratch, &mut output);
        black_box(&output);
    };
    timing(pass, patience, progress)
}

fn timing(mut pass: impl FnMut(), patience: Patience, progress: &mut dyn Progress) -> Result<Timing, Cancelled> {
    let mut run_for = |wanted_secs: f64, fewest: usize| {
        let (mut total, mut secs) = (0.0, Vec::new());
        while total < wanted_secs || (secs.len() < fewest && total < 10.0 * wanted_secs) {
            if secs.len().is_multiple_of(RUNS_TOGETHER) {
                progress.step(secs.len() as u64, 0)?;
            }
            let start = Instant::now();
            pass();
            let lap = start.elapsed().as_secs_f64();
            total += lap;
            secs.push(lap);
        }
        Ok::<_, Cancelled>(secs)
    };
    run_for(patience.warm_up_secs, 1)?;
    Ok(Timing::of(run_for(patience.timed_secs, FEWEST_RUNS)?))
}

/// The processor of this machine, as it calls itself.
pub fn processor() -> String {
    let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpu_info
        .lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.split_once(": ")?.1.trim().to_owned()));
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// Seconds in the unit that three digits fit.
pub fn duration_text(secs: f64) -> String {
    let (value, unit) = match secs {
        secs if secs < 1e-3 => (secs * 1e6, "µs"),
        secs if secs < 1.0 => (secs * 1e3, "ms"),
        secs => (secs, "s"),
    };
    let digits = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::{Activation, MapShape, Node, Operation, OutputKind};
    use crate::progress::{CancelAfter, NoProgress};

    /// A dense layer of so many numbers squared.
    fn dense(n: usize) -> Graph {
        let map = MapShape {
            height: 1,
            width: n,
            channels: 1,
        };
        Graph {
            name: "net".to_owned(),
            input: map,
            nodes: vec![Node {
                operation: Operation::Dense,
                weights: vec![0.01; n * n],
                biases: vec![0.0; n],
                activation: Activation::Relu,
                output: map,
            }],
            result: OutputKind::Reconstruction,
            normalisation: None,
            metadata: Vec::new(),
        }
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let hundred = (1..=100).rev().map(f64::from).collect();
        let timing = Timing::of(hundred);
        assert_eq!((timing.p50_secs, timing.p95_secs, timing.n_runs), (50.0, 95.0, 100));
        let one = Timing::of(vec![2.0]);
        assert_eq!((one.p50_secs, one.p95_secs), (2.0, 2.0));
        assert!(Timing::of(Vec::new()).p50_secs.is_nan());
        assert_eq!(one.operations_per_sec(3), 3.0);
    }

    #[test]
    fn times_are_told_in_their_unit() {
        let texts = [4.1e-7, 36.04e-6, 99.96e-6, 999.6e-6, 2.871e-3, 1.5].map(duration_text);
        assert_eq!(texts, ["0.41 µs", "36.0 µs", "100 µs", "1000 µs", "2.87 ms", "1.50 s"]);
    }

    #[test]
    fn sixteen_times_the_work_takes_longer_and_the_wish_to_stop_is_heard() {
        let secs = |n: usize| in_process_latency(&dense(n), &mut NoProgress).expect("nobody stops it");
        let (small, large) = (secs(256), secs(1024));
        assert!(large.p50_secs > 3.0 * small.p50_secs, "{small:?} {large:?}");
        assert!(small.p50_secs <= small.p95_secs && small.n_runs >= FEWEST_RUNS, "{small:?}");
        assert_eq!(in_process_latency(&dense(8), &mut CancelAfter(2)), Err(Cancelled));
    }

    #[test]
    fn the_compiled_network_is_timed_or_the_reason_is_told() {
        let latency = measure_latency(&dense(64), &mut NoProgress).expect("nobody stops it");
        let [head, here, there] = &latency.lines()[..] else {
            unreachable!("three lines")
        };
        assert!(head.contains(&latency.processor) && here.contains("p95"), "{head} {here}");
        match latency.exported {
            Ok(timing) => {
                assert!(timing.p50_secs > 0.0 && timing.p50_secs < 1e-2, "{timing:?}");
                assert!(there.contains("GFLOP/s"), "{there}");
            }
            Err(reason) => assert!(there.contains(&reason), "{there}"),
        }
        assert_eq!(latency.n_multiply_adds, 64 * 64);
    }
}
