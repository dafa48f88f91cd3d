//! One named thread a job; its events come back through one queue, its wish to stop through a flag.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::priority::give_way;
use crate::progress::{Cancelled, Progress};

/// Progress is reported at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// Wakes whoever drains the events; called after each event was sent.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Names a job for its whole life; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// When the result of a job is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// As soon as the cores have nothing better to do: the window comes first.
    Whenever,
    /// While it happens: little work, again and again, that somebody waits for.
    AtOnce,
}

/// What a job tells. `U` are its intermediate results, `T` its final one.
#[derive(Debug)]
pub enum JobEvent<T, U> {
    Progress { done: u64, total: u64 },
    Stage(String),
    Log(String),
    Update(U),
    Finished(T),
    Cancelled,
    Failed(anyhow::Error),
}

/// The wish to stop or to wait, shared between a job and its handle.
#[derive(Default)]
struct Control {
    stop: AtomicBool,
    is_paused: Mutex<bool>,
    resumed: Condvar,
}

/// The caller's end of a job. Dropping it asks the job to stop.
pub struct JobHandle {
    pub id: JobId,
    control: Arc<Control>,
}

impl JobHandle {
    /// Asks the job to stop at its next step.
    pub fn cancel(&self) {
        self.control.stop.store(true, Ordering::Relaxed);
        self.set_paused(false);
    }

    /// Makes the job wait at its next step, or go on.
    pub fn set_paused(&self, is_paused: bool) {
        *self.control.is_paused.lock().unwrap_or_else(PoisonError::into_inner) = is_paused;
        self.control.resumed.notify_all();
    }

    pub fn is_paused(&self) -> bool {
        *self.control.is_paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// A job's own end: where it reports.
pub struct JobContext<T, U> {
    id: JobId,
    events: mpsc::Sender<(JobId, JobEvent<T, U>)>,
    wake: Wake,
    control: Arc<Control>,
    last_progress: Option<Instant>,
}

/// Hands out intermediate results beside the [`JobContext`], which is borrowed for progress at the same time.
pub struct UpdateSender<T, U> {
    id: JobId,
    events: mpsc::Sender<(JobId, JobEvent<T, U>)>,
    wake: Wake,
}

impl<T, U> UpdateSender<T, U> {
    pub fn send(&self, update: U) {
        if self.events.send((self.id, JobEvent::Update(update))).is_ok() {
            (self.wake)();
        }
    }
}

impl<T, U> JobContext<T, U> {
    /// Hands out an intermediate result.
    pub fn update(&self, update: U) {
        self.send(JobEvent::Update(update));
    }

    /// A second end for intermediate results.
    pub fn updates(&self) -> UpdateSender<T, U> {
        UpdateSender {
            id: self.id,
            events: self.events.clone(),
            wake: Arc::clone(&self.wake),
        }
    }

    /// Send first, then wake: the other way round the last event could lie unseen.
    fn send(&self, event: JobEvent<T, U>) {
        if self.events.send((self.id, event)).is_ok() {
            (self.wake)();
        }
    }

    fn wait_while_paused(&self) {
        let mut is_paused = self.control.is_paused.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_paused && !self.control.stop.load(Ordering::Relaxed) {
            is_paused = self.control.resumed.wait(is_paused).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T, U> Progress for JobContext<T, U> {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.wait_while_paused();
        if self.control.stop.load(Ordering::Relaxed) {
            return Err(Cancelled);
        }
        // Nothing done of nothing known: a job that waits, and that nobody need be woken for.
        if (done, total) == (0, 0) {
            return Ok(());
        }
        let is_due = self.last_progress.is_none_or(|last| last.elapsed() >= PROGRESS_INTERVAL);
        if is_due || done >= total {
            self.last_progress = Some(Instant::now());
            self.send(JobEvent::Progress { done, total });
        }
        Ok(())
    }

    fn stage(&mut self, name: &str) {
        self.send(JobEvent::Stage(name.to_owned()));
    }

    fn log(&mut self, line: &str) {
        self.send(JobEvent::Log(line.to_owned()));
    }
}

/// Starts jobs and gathers what they tell.
pub struct JobRunner<T, U> {
    events: mpsc::Receiver<(JobId, JobEvent<T, U>)>,
    sender: mpsc::Sender<(JobId, JobEvent<T, U>)>,
    wake: Wake,
    next_id: u64,
}

impl<T: Send + 'static, U: Send + 'static> JobRunner<T, U> {
    pub fn new(wake: Wake) -> Self {
        let (sender, events) = mpsc::channel();
        Self {
            events,
            sender,
            wake,
            next_id: 1,
        }
    }

    /// Runs `work` on a thread of its own. A panic in it becomes [`JobEvent::Failed`].
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut JobContext<T, U>) -> anyhow::Result<T> + Send + 'static,
    ) -> std::io::Result<JobHandle> {
        self.spawn_at(Urgency::Whenever, name, work)
    }

    /// The same with the say in when it is needed.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn spawn_at(
        &mut self,
        urgency: Urgency,
        name: &str,
        work: impl FnOnce(&mut JobContext<T, U>) -> anyhow::Result<T> + Send + 'static,
    ) -> std::io::Result<JobHandle> {
        let id = JobId(self.next_id);
        self.next_id += 1;
        let control = Arc::new(Control::default());
        let mut context = JobContext {
            id,
            events: self.sender.clone(),
            wake: Arc::clone(&self.wake),
            control: Arc::clone(&control),
            last_progress: None,
        };
        std::thread::Builder::new().name(format!("job:{name}")).spawn(move || {
            if urgency == Urgency::Whenever {
                give_way();
            }
            let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| work(&mut context)));
            context.send(match outcome {
                Ok(Ok(result)) => JobEvent::Finished(result),
                Ok(Err(error)) if is_cancelled(&error) => JobEvent::Cancelled,
                Ok(Err(error)) => JobEvent::Failed(error),
                Err(panic) => JobEvent::Failed(anyhow::anyhow!("internal error: {}", panic_text(&*panic))),
            });
        })?;
        Ok(JobHandle { id, control })
    }

    /// Hands the events that have come to `on_event`, first come first, until none is left or `budget` is spent.
    /// Returns whether events are left.
    pub fn drain(&mut self, budget: Duration, mut on_event: impl FnMut(JobId, JobEvent<T, U>)) -> bool {
        let start = Instant::now();
        while start.elapsed() < budget {
            match self.events.try_recv() {
                Ok((id, event)) => on_event(id, event),
                Err(_) => return false,
            }
        }
        true
    }
}

/// Whether the error is, or wraps, the wish to stop.
fn is_cancelled(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<Cancelled>())
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned())
}
