//! The thread that takes what an input delivers: to the meter, to the tail that is scored, and to the recorder.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::card;
use super::input::Input;
use super::meter::{Level, Meter};
use super::recorder::{Recorder, TakePlan, TakeView};
use super::tail::Tail;
use crate::audio::{AudioError, ChannelChoice};

/// How often the thread looks what has come.
const PERIOD: Duration = Duration::from_millis(5);

/// An input that is listened to. Dropping it ends the take that runs, and closes the input.
pub struct Listener {
    name: String,
    rate_hz: u32,
    n_channels: u16,
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What is to be shown of an input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heard {
    pub level: Level,
    pub take: TakeView,
    /// Samples of all channels that found no room, since the input was opened.
    pub n_dropped: u64,
    /// Times that the sound card itself lost sound.
    pub n_overruns: u64,
    /// Why no more sound comes.
    pub failure: Option<String>,
    /// Samples at 16 kHz so far.
    pub n_samples: u64,
}

enum Command {
    Record(TakePlan),
    Stop,
    Mark(String),
    ClearLevel,
}

struct Shared {
    heard: Mutex<Heard>,
    tail: Mutex<Tail>,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("name", &self.name)
            .field("rate_hz", &self.rate_hz)
            .finish_non_exhaustive()
    }
}

impl Listener {
    /// Listens to the input with this id, or to the default one. Takes a moment: not for the window's thread.
    ///
    /// # Errors
    /// Where there is no such input, or it refuses.
    pub fn open(id: Option<&str>, channel: ChannelChoice) -> Result<Self, AudioError> {
        Self::listen(card::open(id)?, channel)
    }

    pub(super) fn listen(input: Input, channel: ChannelChoice) -> Result<Self, AudioError> {
        let (commands, wishes) = mpsc::channel();
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            tail: Mutex::new(Tail::new(input.rate_hz, input.n_channels, channel)),
        });
        let (name, rate_hz, n_channels) = (input.name.clone(), input.rate_hz, input.n_channels);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("audio:listen".into());
        let thread = thread
            .spawn(move || take_all(input, &wishes, &theirs))
            .map_err(|error| AudioError::Input {
                reason: format!("{error}; close other programs and try again"),
            })?;
        Ok(Self {
            name,
            rate_hz,
            n_channels,
            commands,
            shared,
            thread: Some(thread),
        })
    }

    /// What a person knows the input by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rate that the input has, and that takes are recorded at.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub fn n_channels(&self) -> u16 {
        self.n_channels
    }

    pub fn heard(&self) -> Heard {
        locked(&self.shared.heard).clone()
    }

    /// What was heard from sample `start` on, one channel at 16 kHz, and the number of its first sample: later than `start`
    /// where that is gone already. Forty seconds are kept.
    pub fn since(&self, start: u64) -> (u64, Vec<f32>) {
        locked(&self.shared.tail).since(start)
    }

    /// Begins a take; [`TakeView::failure`] says where it cannot.
    pub fn record(&self, plan: TakePlan) {
        self.tell(Command::Record(plan));
    }

    /// Ends the take that runs.
    pub fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Marks this moment in the take that runs.
    pub fn mark(&self, text: &str) {
        self.tell(Command::Mark(text.to_owned()));
    }

    /// Forgets the highest peak and the clipping.
    pub fn clear_level(&self) {
        self.tell(Command::ClearLevel);
    }

    fn tell(&self, command: Command) {
        // The thread ends only with this listener.
        let _ = self.commands.send(command);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let (nobody, _) = mpsc::channel();
        self.commands = nobody;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_all(mut input: Input, wishes: &mpsc::Receiver<Command>, shared: &Shared) {
    let mut meter = Meter::new(input.rate_hz, input.n_channels);
    let mut recorder = Recorder::new(input.rate_hz, input.n_channels, input.n_bits);
    let mut frames = Vec::new();
    let mut n_dropped = 0;
    loop {
        let is_over = match wishes.recv_timeout(PERIOD) {
            Ok(Command::Record(plan)) => {
                // Why it cannot is in the view.
                let _ = recorder.start(plan);
                false
            }
            Ok(Command::Stop) => {
                recorder.stop();
                false
            }
            Ok(Command::Mark(text)) => {
                recorder.mark(&text);
                false
            }
            Ok(Command::ClearLevel) => {
                meter.clear();
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        frames.clear();
        (input.take)(&mut frames);
        meter.push(&frames);
        recorder.push(&frames);
        let failure = input.counts.failure.get().cloned();
        let n_dropped_now = input.counts.n_dropped.load(Ordering::Relaxed);
        recorder.tell_dropped(n_dropped_now - n_dropped);
        n_dropped = n_dropped_now;
        let n_samples = {
            let mut tail = locked(&shared.tail);
            tail.push(&frames);
            tail.n_heard()
        };
        if is_over || failure.is_some() {
            recorder.stop();
        }
        *locked(&shared.heard) = Heard {
            level: meter.level(),
            take: recorder.view().clone(),
            n_dropped,
            n_overruns: input.counts.n_overruns.load(Ordering::Relaxed),
            failure,
            n_samples,
        };
        if is_over {
            return;
        }
    }
}
