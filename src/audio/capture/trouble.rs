//! How long a sound card has told of nothing but trouble.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Trouble without a buffer of sound between. It is told of and ended in the card's own threads: nothing here locks or allocates.
#[derive(Debug)]
pub(super) struct Trouble {
    /// Milliseconds after `opened`; 0: there is none.
    since_ms: AtomicU64,
    opened: Instant,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            since_ms: AtomicU64::new(0),
            opened: Instant::now(),
        }
    }
}

impl Trouble {
    /// Sound flows.
    pub(super) fn end(&self) {
        self.since_ms.store(0, Ordering::Relaxed);
    }

    /// There is trouble: for how long by now, `None` where it begins.
    pub(super) fn note(&self) -> Option<Duration> {
        let now_ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        match self.since_ms.load(Ordering::Relaxed) {
            0 => {
                self.since_ms.store(now_ms, Ordering::Relaxed);
                None
            }
            since_ms => Some(Duration::from_millis(now_ms.saturating_sub(since_ms))),
        }
    }
}
