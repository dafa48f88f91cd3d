//! The seam between long computations and whoever waits for them: report progress, learn that you must stop.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// The person asked to stop. An outcome, not a failure: it never shows red.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Where a long computation reports to, and learns that it must stop.
pub trait Progress {
    /// Reports `done` of `total` units of work; an error means: stop now and pass it on.
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled>;

    /// Names the stage that begins, in a few words for a person.
    fn stage(&mut self, _name: &str) {}

    /// A line for the job's log.
    fn log(&mut self, _line: &str) {}
}

/// Reports to nobody and never stops.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn step(&mut self, _done: u64, _total: u64) -> Result<(), Cancelled> {
        Ok(())
    }
}

/// Asks to stop at the n-th step: for tests of cancellation.
#[derive(Debug, Clone, Copy)]
pub struct CancelAfter(pub u64);

impl Progress for CancelAfter {
    fn step(&mut self, _done: u64, _total: u64) -> Result<(), Cancelled> {
        if self.0 == 0 {
            return Err(Cancelled);
        }
        self.0 -= 1;
        Ok(())
    }
}

/// Applies `work` to every item on all cores, in order of the items, reporting after each from the calling thread.
///
/// Items already being worked on when the wish to stop arrives are finished, the rest are not begun.
pub fn par_map<T, R>(items: &[T], progress: &mut dyn Progress, work: impl Fn(&T) -> R + Sync) -> Result<Vec<R>, Cancelled>
where
    T: Sync,
    R: Send,
{
    let n_items = items.len();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut results: Vec<Option<R>> = (0..n_items).map(|_| None).collect();
    let mut outcome = progress.step(0, n_items as u64);
    if outcome.is_err() || n_items == 0 {
        return outcome.map(|()| Vec::new());
    }
    // Waiting on a worker thread for work that only worker threads do could wait for ever.
    if rayon::current_thread_index().is_some() {
        let one_by_one = items.iter().enumerate().map(|(done, item)| {
            let result = work(item);
            progress.step(done as u64 + 1, n_items as u64).map(|()| result)
        });
        return one_by_one.collect();
    }
    rayon::in_place_scope(|scope| {
        // Bounded, so that the workers never run far ahead of the thread that hears the wish to stop.
        let (send, receive) = mpsc::sync_channel(rayon::current_num_threads());
        let (next, stop, work) = (&next, &stop, &work);
        for _ in 0..rayon::current_num_threads().min(n_items) {
            let send = send.clone();
            scope.spawn(move |_| {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    if send.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut done = 0;
        for (index, result) in receive {
            results[index] = Some(result);
            done += 1;
            if outcome.is_ok() {
                outcome = progress.step(done, n_items as u64);
                if outcome.is_err() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
    });
    outcome.map(|()| results.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::{CancelAfter, NoProgress, par_map};

    #[test]
    fn par_map_keeps_the_order_of_the_items() {
        let items: Vec<u64> = (0..1000).collect();
        let squares = par_map(&items, &mut NoProgress, |x| x * x).expect("never cancelled");
        assert_eq!(squares, items.iter().map(|x| x * x).collect::<Vec<_>>());
    }

    #[test]
    fn par_map_ends_on_a_lone_worker_too() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let doubled = pool.install(|| par_map(&[1, 2, 3], &mut NoProgress, |x| x * 2));
        assert_eq!(doubled, Ok(vec![2, 4, 6]));
    }

    #[test]
    fn par_map_stops_when_asked() {
        let begun = std::sync::atomic::AtomicUsize::new(0);
        let items = vec![0u8; 10_000];
        let result = par_map(&items, &mut CancelAfter(3), |_| {
            begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
        });
        assert!(result.is_err());
        let most = 3 + 2 * rayon::current_num_threads() + 1;
        assert!(begun.into_inner() <= most, "the rest of the items must not be begun");
    }
}
