//! An observer for tests.

use std::path::{Path, PathBuf};

use auscult::nn::{EpochMetrics, TrainingObserver};
use auscult::progress::{Cancelled, Progress};

/// Keeps what it is told, and asks to stop after a number of steps.
#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) steps_left: Option<usize>,
    pub(crate) steps: Vec<(u64, u64)>,
    pub(crate) epochs: Vec<EpochMetrics>,
    pub(crate) log: Vec<String>,
    pub(crate) held_out: Vec<PathBuf>,
}

impl Progress for Watcher {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.steps.push((done, total));
        match &mut self.steps_left {
            Some(0) => Err(Cancelled),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn log(&mut self, line: &str) {
        self.log.push(line.to_owned());
    }
}

impl TrainingObserver for Watcher {
    fn held_out(&mut self, files: &[&Path]) {
        self.held_out.extend(files.iter().map(|file| file.to_path_buf()));
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        self.epochs.push(metrics.clone());
    }
}
