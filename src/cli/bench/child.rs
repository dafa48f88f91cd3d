//! A command of this program in a process of its own: how long it takes, and the most memory that it holds.

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::progress::Progress;

/// Between two looks at the process.
const INTERVAL: Duration = Duration::from_millis(2);

/// What a command took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cost {
    pub(super) secs: f64,
    /// The most memory that was resident; `None` where the system does not tell (all but Linux).
    pub(super) peak_bytes: Option<u64>,
}

/// Runs this program with these arguments to its end, on as many threads as we have.
pub(super) fn run<S: AsRef<OsStr>>(arguments: &[S], progress: &mut dyn Progress) -> anyhow::Result<Cost> {
    let start = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .env("RAYON_NUM_THREADS", rayon::current_num_threads().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak_bytes = None;
    let status = loop {
        peak_bytes = peak_bytes_of(child.id()).or(peak_bytes);
        if let Err(cancelled) = progress.step(0, 1) {
            child.kill()?;
            child.wait()?;
            return Err(cancelled.into());
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(INTERVAL);
    };
    let secs = start.elapsed().as_secs_f64();
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    anyhow::ensure!(
        status.success(),
        "{}",
        said.lines().last().unwrap_or("the command failed without a word")
    );
    Ok(Cost { secs, peak_bytes })
}

/// The high-water mark of a process, as Linux keeps it.
fn peak_bytes_of(process_id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = mark.trim().trim_end_matches(" kB").parse().ok()?;
    Some(1024 * kilobytes)
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::progress::{CancelAfter, NoProgress};

    /// This program is the test runner here: it lists its tests, refuses what it does not know, and is stopped.
    #[test]
    fn a_process_is_timed_weighed_and_stopped() {
        let cost = run(&["--list"], &mut NoProgress).expect("a test runner lists its tests");
        assert!(cost.secs > 0.0 && cost.secs < 60.0, "{cost:?}");
        // It may end before it has been looked at.
        assert!(
            cost.peak_bytes.is_none_or(|bytes| (1..4_000_000_000).contains(&bytes)),
            "{cost:?}"
        );
        let refused = run(&["--no-such-option"], &mut NoProgress).expect_err("there is no such option");
        assert!(!refused.to_string().is_empty());
        assert!(run(&["--list"], &mut CancelAfter(0)).is_err());
    }
}
