//! The thread that writes takes: a disk that stands still holds up neither the meter nor the scores.

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
}

pub(super) enum Wish {
    Record(TakePlan),
    Stop,
    Mark(String),
    Frames(Vec<f32>),
    /// Samples that found no room on the way here.
    Dropped(u64),
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
            return self.tell(Wish::Dropped(n));
        }
        self.shared.n_waiting.fetch_add(n, Ordering::Relaxed);
        self.tell(Wish::Frames(frames.to_vec()));
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
        match wish {
            // Why it cannot is in the view.
            Wish::Record(plan) => drop(recorder.start(plan)),
            Wish::Stop => recorder.stop(),
            Wish::Mark(text) => recorder.mark(&text),
            Wish::Frames(frames) => {
                recorder.push(&frames);
                shared.n_waiting.fetch_sub(frames.len() as u64, Ordering::Relaxed);
            }
            Wish::Dropped(n_samples) => recorder.tell_dropped(n_samples),
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
