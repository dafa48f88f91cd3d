//! The thread that takes what an input delivers: to the meter, to the tail that is scored, to the loudspeaker and to the disk.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::card;
use super::disk::{self, Disk, Wish};
use super::input::{Input, InputWish};
use super::meter::{Level, Meter};
use super::monitor::Monitor;
use super::recorder::{TakePlan, TakeView};
use super::tail::Tail;
use crate::audio::{AudioError, ChannelChoice};

/// How often the thread looks what has come.
const PERIOD: Duration = Duration::from_millis(5);
/// How long what waits is taken still when nobody listens any more.
const LAST_PIECES: Duration = Duration::from_millis(300);
/// A card that delivers nothing for so long is gone, although nobody said so: a sound server that died does this.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);
/// An input that failed is told of when its take is on the disk, or after this time.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// An input that is listened to. Dropping it ends the take that runs, and closes the input.
pub struct Listener {
    id: Option<String>,
    name: String,
    rate_hz: u32,
    rates_hz: Vec<u32>,
    n_channels: u16,
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    take: Arc<disk::Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What is to be shown of an input; cheap to copy.
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
    /// Seconds since the card last delivered anything.
    pub waits_secs: f64,
    /// Whether the input is heard through the output.
    pub is_monitored: bool,
    /// How often what is monitored had a gap: the loudspeaker had to wait, or was too far behind.
    pub n_monitor_gaps: u64,
    /// Why it is not heard any more.
    pub monitor_failure: Option<String>,
}

enum Command {
    ClearLevel,
    Monitor(Option<Monitor>),
    ToDisk(Wish),
}

struct Shared {
    /// All but the take, which the disk's thread tells of.
    heard: Mutex<Heard>,
    tail: Mutex<Tail>,
    /// More sound came, or none will.
    came: Condvar,
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
    /// Listens to the input that is wished for. Takes a moment: not for the window's thread.
    ///
    /// # Errors
    /// Where there is no such input, or it refuses.
    pub fn open(wish: InputWish, channel: ChannelChoice) -> Result<Self, AudioError> {
        Self::listen(card::open(wish)?, channel)
    }

    /// Listens to any device that cpal knows, a made-up one as well, at its own rate.
    ///
    /// # Errors
    /// Where it refuses.
    #[cfg(feature = "sound-card")]
    pub fn of_device(device: &cpal::Device, channel: ChannelChoice) -> Result<Self, AudioError> {
        Self::listen(card::open_device(device, None)?, channel)
    }

    fn listen(input: Input, channel: ChannelChoice) -> Result<Self, AudioError> {
        let (commands, wishes) = mpsc::channel();
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            tail: Mutex::new(Tail::new(input.rate_hz, input.n_channels, channel)),
            came: Condvar::new(),
        });
        let no_thread = |error: std::io::Error| AudioError::Input {
            reason: format!("{error}; close other programs and try again"),
        };
        let disk = Disk::start(input.rate_hz, input.n_channels, input.n_bits).map_err(no_thread)?;
        let take = disk.shared();
        let (id, name, rate_hz, n_channels) = (input.id.clone(), input.name.clone(), input.rate_hz, input.n_channels);
        let rates_hz = input.rates_hz.clone();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("audio:listen".into());
        let thread = thread
            .spawn(move || take_all(input, disk, &wishes, &theirs))
            .map_err(no_thread)?;
        Ok(Self {
            id,
            name,
            rate_hz,
            rates_hz,
            n_channels,
            commands,
            shared,
            take,
            thread: Some(thread),
        })
    }

    /// What the sound system knows the input by, where it has a name at all.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What a person knows the input by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rate that the input has, and that takes are recorded at.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// The rates that it could be opened with, rising.
    pub fn rates_hz(&self) -> &[u32] {
        &self.rates_hz
    }

    pub fn n_channels(&self) -> u16 {
        self.n_channels
    }

    pub fn heard(&self) -> Heard {
        let heard = locked(&self.shared.heard).clone();
        Heard {
            take: self.take.view(),
            ..heard
        }
    }

    /// What was heard from sample `start` on, one channel at 16 kHz, and the number of its first sample: later than `start`
    /// where that is gone already. Forty seconds are kept.
    pub fn since(&self, start: u64) -> (u64, Vec<f32>) {
        locked(&self.shared.tail).since(start)
    }

    /// Samples at 16 kHz so far.
    pub fn n_heard(&self) -> u64 {
        locked(&self.shared.tail).n_heard()
    }

    /// Waits until so many samples at 16 kHz were heard, but not longer than this. Returns whether they were.
    pub fn wait_for(&self, n_samples: u64, longest: Duration) -> bool {
        let tail = locked(&self.shared.tail);
        let waited = self
            .shared
            .came
            .wait_timeout_while(tail, longest, |tail| tail.n_heard() < n_samples);
        waited.unwrap_or_else(PoisonError::into_inner).0.n_heard() >= n_samples
    }

    /// Whether no more sound will come.
    pub fn has_failed(&self) -> bool {
        locked(&self.shared.heard).failure.is_some()
    }

    /// Begins a take; [`TakeView::failure`] says where it cannot.
    pub fn record(&self, plan: TakePlan) {
        self.tell(Command::ToDisk(Wish::Record(plan)));
    }

    /// Ends the take that runs.
    pub fn stop(&self) {
        self.tell(Command::ToDisk(Wish::Stop));
    }

    /// Ends the take that runs, and waits until it is on the disk, but not longer than this.
    pub fn end_take(&self, longest: Duration) {
        self.stop();
        let deadline = Instant::now() + longest;
        while self.take.view().is_running && Instant::now() < deadline {
            std::thread::sleep(PERIOD);
        }
    }

    /// Marks this moment in the take that runs.
    pub fn mark(&self, text: &str) {
        self.tell(Command::ToDisk(Wish::Mark(text.to_owned())));
    }

    /// Forgets the highest peak and the clipping.
    pub fn clear_level(&self) {
        self.tell(Command::ClearLevel);
    }

    /// Lets the chosen channel be heard through this output, or through none.
    pub fn monitor(&self, output: Option<Monitor>) {
        self.tell(Command::Monitor(output));
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

#[allow(clippy::needless_pass_by_value, reason = "the disk's thread ends with this one")]
fn take_all(mut input: Input, disk: Disk, wishes: &mpsc::Receiver<Command>, shared: &Shared) {
    let rate_hz = input.rate_hz;
    let mut meter = Meter::new(rate_hz, input.n_channels);
    let mut monitor: Option<Monitor> = None;
    let mut monitor_failure = None;
    let mut frames = Vec::new();
    let mut n_dropped = 0;
    let mut came_at = Instant::now();
    let (mut has_failed, mut has_more) = (false, false);
    let mut over_since: Option<Instant> = None;
    loop {
        let rest = if has_more { Duration::ZERO } else { PERIOD };
        let is_over = match wishes.recv_timeout(rest) {
            Ok(Command::ToDisk(wish)) => {
                disk.tell(wish);
                false
            }
            Ok(Command::ClearLevel) => {
                meter.clear();
                false
            }
            Ok(Command::Monitor(output)) => {
                monitor = output;
                monitor_failure = None;
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        frames.clear();
        has_more = (input.take)(&mut frames);
        if !frames.is_empty() {
            came_at = Instant::now();
        }
        disk.push(&frames);
        meter.push(&frames);
        let n_dropped_now = input.counts.n_dropped.load(Ordering::Relaxed);
        if n_dropped_now > n_dropped {
            disk.lose(n_dropped_now - n_dropped);
        }
        n_dropped = n_dropped_now;
        let n_samples = {
            let mut tail = locked(&shared.tail);
            tail.push(&frames);
            if let Some(monitor) = &mut monitor {
                monitor.push(tail.mono(), rate_hz);
            }
            tail.n_heard()
        };
        if let Some(reason) = monitor.as_ref().and_then(Monitor::failure) {
            monitor_failure = Some(reason);
            monitor = None;
        }
        if came_at.elapsed() > LONGEST_SILENCE {
            let words = "nothing has come from it for 5 s; connect it again or choose another input";
            input.counts.trouble.fail(words.to_owned());
        }
        let failure = input.counts.trouble.failure();
        if failure.is_some() && !has_failed && !has_more {
            // Whoever reads why no more sound comes finds the take ended.
            disk.end_take(LAST_WORDS);
            has_failed = true;
        }
        *locked(&shared.heard) = Heard {
            level: meter.level(),
            take: TakeView::default(),
            n_dropped,
            n_overruns: input.counts.trouble.n_times(),
            failure: failure.filter(|_| has_failed),
            n_samples,
            waits_secs: came_at.elapsed().as_secs_f64(),
            is_monitored: monitor.is_some(),
            n_monitor_gaps: monitor.as_ref().map_or(0, Monitor::n_gaps),
            monitor_failure: monitor_failure.clone(),
        };
        if !frames.is_empty() || has_failed {
            shared.came.notify_all();
        }
        if is_over {
            // What waits is taken still; a card that delivers faster than it can be taken must not go on for ever.
            let since = *over_since.get_or_insert_with(Instant::now);
            if !has_more || since.elapsed() > LAST_PIECES {
                return;
            }
        }
    }
}
