//! The thread that writes takes: a disk that stands still holds up neither the meter nor the scores.
//!
//! What it costs in memory is bounded: while a take runs at most a minute of sound waits for the disk, 23 MB at 48 kHz stereo, and
//! what comes beyond is counted and not kept. A disk that stands still for ten seconds, as a busy one does when it is asked to have
//! all, lets memory rise by 4 MB, of which the allocator may keep hold. Between takes the last half minute is kept, 12 MB.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::recorder::{Recorder, TakePlan, TakeView};

/// Sound that may wait for a disk that stands still; more than that is lost, and counted.
const MAX_WAITING_SECS: u64 = 60;

/// Takes wishes and sound in, in one order.
pub(super) struct Disk {
    wishes: mpsc::Sender<Wish>,
    shared: Arc<Shared>,
    max_waiting: u64,
    thread: Option<JoinHandle<()>>,
}

/// What the threads share.
pub(super) struct Shared {
    view: Mutex<TakeView>,
    /// Samples on their way.
    n_waiting: AtomicU64,
    /// Samples that found no room here or before, and that no take was told of yet.
    n_lost: AtomicU64,
}

pub(super) enum Wish {
    Record(TakePlan),
    Stop,
    Mark(String),
    Frames(Vec<f32>),
    /// Answers when all before is done.
    Tell(mpsc::Sender<()>),
}

impl Shared {
    pub(super) fn view(&self) -> TakeView {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn publish(&self, view: &TakeView) {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone_from(view);
    }
}

impl Disk {
    pub(super) fn start(rate_hz: u32, n_channels: u16, n_bits: u16) -> std::io::Result<Self> {
        let (wishes, waiting) = mpsc::channel();
        let shared = Arc::new(Shared {
            view: Mutex::default(),
            n_waiting: AtomicU64::new(0),
            n_lost: AtomicU64::new(0),
        });
        let theirs = Arc::clone(&shared);
        let recorder = Recorder::new(rate_hz, n_channels, n_bits);
        let thread = std::thread::Builder::new().name("audio:write".into());
        let thread = thread.spawn(move || write_all(recorder, &waiting, &theirs))?;
        Ok(Self {
            wishes,
            shared,
            max_waiting: MAX_WAITING_SECS * u64::from(rate_hz) * u64::from(n_channels.max(1)),
            thread: Some(thread),
        })
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(super) fn tell(&self, wish: Wish) {
        // The thread ends only with this end of the channel.
        let _ = self.wishes.send(wish);
    }

    /// Hands frames on, or counts them as lost where too many wait already.
    pub(super) fn push(&self, frames: &[f32]) {
        let n = frames.len() as u64;
        if n == 0 {
            return;
        }
        if self.shared.n_waiting.load(Ordering::Relaxed) + n > self.max_waiting {
            return self.lose(n);
        }
        self.shared.n_waiting.fetch_add(n, Ordering::Relaxed);
        self.tell(Wish::Frames(frames.to_vec()));
    }

    /// Counts samples that found no room. No message: there may be no end of them.
    pub(super) fn lose(&self, n_samples: u64) {
        self.shared.n_lost.fetch_add(n_samples, Ordering::Relaxed);
    }

    /// Ends the take that runs, and waits for the disk to have it; not longer than a disk may need that lives.
    pub(super) fn end_take(&self, longest: Duration) {
        let (done, answer) = mpsc::channel();
        self.tell(Wish::Stop);
        self.tell(Wish::Tell(done));
        let _: Result<(), RecvTimeoutError> = answer.recv_timeout(longest);
    }
}

/// Ends the take that runs.
impl Drop for Disk {
    fn drop(&mut self) {
        let (nobody, _) = mpsc::channel();
        self.wishes = nobody;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

fn write_all(mut recorder: Recorder, wishes: &mpsc::Receiver<Wish>, shared: &Shared) {
    for wish in wishes {
        recorder.tell_dropped(shared.n_lost.swap(0, Ordering::Relaxed));
        match wish {
            // Why it cannot is in the view.
            Wish::Record(plan) => drop(recorder.start(plan)),
            Wish::Stop => recorder.stop(),
            Wish::Mark(text) => recorder.mark(&text),
            Wish::Frames(frames) => {
                recorder.push(&frames);
                shared.n_waiting.fetch_sub(frames.len() as u64, Ordering::Relaxed);
            }
            Wish::Tell(done) => {
                shared.publish(recorder.view());
                // Whoever asked may have lost patience.
                let _ = done.send(());
                continue;
            }
        }
        shared.publish(recorder.view());
    }
    recorder.stop();
    shared.publish(recorder.view());
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::sync::{PoisonError, mpsc};
    use std::time::Duration;

    use super::{Disk, MAX_WAITING_SECS, Wish};
    use crate::audio::capture::TakePlan;

    #[test]
    fn a_minute_of_sound_waits_for_a_disk_that_stands_still_and_the_rest_is_counted() {
        const RATE_HZ: u32 = 1_000;
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::start(RATE_HZ, 2, 16).expect("a thread");
        disk.tell(Wish::Record(TakePlan {
            folder: folder.path().to_owned(),
            ..TakePlan::default()
        }));
        let (done, answer) = mpsc::channel();
        disk.tell(Wish::Tell(done));
        answer.recv_timeout(Duration::from_secs(20)).expect("it records");
        // The thread waits to publish what it wrote first, as it would wait for the disk.
        let still = disk.shared.view.lock().unwrap_or_else(PoisonError::into_inner);
        let second = vec![0.1; 2 * RATE_HZ as usize];
        for _ in 0..3 * MAX_WAITING_SECS {
            disk.push(&second);
        }
        let most = MAX_WAITING_SECS * 2 * u64::from(RATE_HZ);
        let n_waiting = disk.shared.n_waiting.load(Ordering::Relaxed);
        // One second may have been taken off the queue before it stood still.
        assert!(
            (most - 2 * u64::from(RATE_HZ)..=most).contains(&n_waiting),
            "{n_waiting} of {most}"
        );
        drop(still);
        disk.end_take(Duration::from_secs(20));
        let view = disk.shared().view();
        assert_eq!(view.failure, None);
        let n_kept = (view.secs * 2.0 * f64::from(RATE_HZ)).round() as u64;
        assert!(
            (most..=most + 2 * u64::from(RATE_HZ)).contains(&n_kept),
            "{n_kept} samples are kept"
        );
        assert_eq!(n_kept + view.n_dropped, 3 * most, "what is not kept is counted");
        assert_eq!(disk.shared.n_waiting.load(Ordering::Relaxed), 0);
    }
}
