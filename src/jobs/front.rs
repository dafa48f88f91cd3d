//! Worker threads for what a person is waiting to see, beside those of the long computations.
//!
//! A data set that is being embedded keeps every one of rayon's own threads busy until it is done: a picture that needed one of
//! them would come after it.

use std::sync::LazyLock;

use rayon::ThreadPool;

/// As many as rayon has; they cost nothing while they wait. `None` where the system gives no more threads.
static FRONT: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let builder = rayon::ThreadPoolBuilder::new().thread_name(|idx| format!("front:{idx}"));
    builder.build().ok()
});

/// Does the work on a thread that no long computation holds, and waits for it.
pub fn in_front<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    match &*FRONT {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Does the work for each item, several at once, and waits for all; the results are in the order of the items.
pub fn each_in_front<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    use rayon::prelude::*;

    in_front(|| items.par_iter().with_max_len(1).map(&work).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::each_in_front;

    #[test]
    fn what_a_person_waits_for_does_not_wait_for_long_work() {
        // Every thread of rayon's own is held until the work in front is done.
        let (done, held) = mpsc::channel();
        let held = std::sync::Mutex::new(held);
        let long = std::thread::spawn(move || {
            rayon::broadcast(|_| held.lock().expect("no panic").recv_timeout(Duration::from_secs(20)).is_ok())
        });
        let squares = each_in_front(&[1, 2, 3, 4, 5, 6, 7], |x| x * x);
        assert_eq!(squares, [1, 4, 9, 16, 25, 36, 49]);
        for _ in 0..rayon::current_num_threads() {
            done.send(()).expect("they wait");
        }
        assert!(long.join().expect("no panic").into_iter().all(|was_held| was_held));
    }
}
