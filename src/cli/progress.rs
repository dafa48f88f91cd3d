//! Progress on standard error: a bar on a terminal, plain lines otherwise; and the wish to stop by Ctrl+C.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::extractors::{EpochMetrics, TrainingObserver};
use crate::progress::{Cancelled, Progress};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Between two plain lines of one stage.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Makes the first Ctrl+C a wish to stop; the second ends the program at once.
pub(super) fn catch_interrupts() {
    let on_interrupt = || {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        say("stopping after the step at hand; Ctrl+C again ends at once");
    };
    // Without the handler Ctrl+C ends the program at once: nothing is lost that was finished.
    ctrlc::set_handler(on_interrupt).ok();
}

/// A line on standard error; nobody to read it is no failure.
pub(super) fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}

/// Hears the wish to stop and shows nothing, so that nothing disturbs what is timed.
pub(super) struct Interrupts;

impl Progress for Interrupts {
    fn step(&mut self, _done: u64, _total: u64) -> Result<(), Cancelled> {
        if INTERRUPTED.load(Ordering::Relaxed) {
            return Err(Cancelled);
        }
        Ok(())
    }
}

/// Shows progress on standard error.
pub(super) struct StderrProgress {
    bar: Option<ProgressBar>,
    stage: String,
    last_line: Option<Instant>,
}

impl StderrProgress {
    pub(super) fn new(stage: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg:28} {bar:36} {pos:>6}/{len:<6} {elapsed} eta {eta}");
            ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let mut progress = Self {
            bar,
            stage: String::new(),
            last_line: None,
        };
        progress.stage(stage);
        progress
    }
}

impl Progress for StderrProgress {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        Interrupts.step(done, total)?;
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
        } else if self.last_line.is_none_or(|last| last.elapsed() >= LINE_INTERVAL) || (done == total && total > 0) {
            self.last_line = Some(Instant::now());
            say(&format!("{} {done}/{total}", self.stage));
        }
        Ok(())
    }

    fn stage(&mut self, name: &str) {
        if self.stage == name {
            return;
        }
        name.clone_into(&mut self.stage);
        self.last_line = None;
        if let Some(bar) = &self.bar {
            bar.set_message(name.to_owned());
            bar.reset();
        }
    }

    fn log(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }
}

impl TrainingObserver for StderrProgress {
    /// The pipeline logs each epoch already.
    fn epoch(&mut self, _metrics: &EpochMetrics) {}
}

impl Drop for StderrProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
