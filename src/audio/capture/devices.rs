//! Inputs that come and go: looked for again and again on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::card::input_devices;
use super::input::InputDevice;

/// A cable that was plugged in is seen within this time.
const PERIOD: Duration = Duration::from_secs(1);
/// Where the system says cheaply that no card came or went, the list is made anew this seldom all the same.
const LONGEST_TRUST: Duration = Duration::from_secs(10);
/// How soon the thread notices that nobody asks any more.
const STEP: Duration = Duration::from_millis(100);

/// Looks for inputs until it is dropped. Sound systems may hang: whoever asks is never held up.
#[derive(Debug)]
pub struct DeviceWatch {
    found: mpsc::Receiver<Vec<InputDevice>>,
    is_over: Arc<AtomicBool>,
}

impl DeviceWatch {
    /// Begins to look; `wake` is called when the list has changed. `None` where the system gives no thread.
    pub fn start(wake: impl Fn() + Send + 'static) -> Option<Self> {
        Self::of(input_devices, cards, PERIOD, wake)
    }

    /// `stamp` tells whether it is worth looking; `None`: always.
    fn of(
        list: impl Fn() -> Vec<InputDevice> + Send + 'static,
        stamp: impl Fn() -> Option<String> + Send + 'static,
        period: Duration,
        wake: impl Fn() + Send + 'static,
    ) -> Option<Self> {
        let (send, found) = mpsc::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&is_over);
        let look = move || {
            let mut told: Option<Vec<InputDevice>> = None;
            let mut last: Option<(Option<String>, Instant)> = None;
            while !theirs.load(Ordering::Relaxed) {
                let now = stamp();
                let is_same = last
                    .as_ref()
                    .is_some_and(|(before, at)| before.is_some() && *before == now && at.elapsed() < LONGEST_TRUST);
                if !is_same {
                    let devices = list();
                    last = Some((now, Instant::now()));
                    if told.as_ref() != Some(&devices) {
                        told = Some(devices.clone());
                        if send.send(devices).is_err() {
                            return;
                        }
                        wake();
                    }
                }
                let next = Instant::now() + period;
                while Instant::now() < next && !theirs.load(Ordering::Relaxed) {
                    std::thread::sleep(STEP.min(period));
                }
            }
        };
        // Not waited for at the end: it may be within a sound system that hangs.
        std::thread::Builder::new().name("audio:devices".into()).spawn(look).ok()?;
        Some(Self { found, is_over })
    }

    /// The inputs, where they changed since the last call; the default one first.
    pub fn news(&self) -> Option<Vec<InputDevice>> {
        self.found.try_iter().last()
    }
}

impl Drop for DeviceWatch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// The sound cards as the kernel lists them: two short files, where listing devices opens every card.
#[cfg(target_os = "linux")]
fn cards() -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/asound/{name}")).ok();
    Some(read("cards")? + &read("pcm")?)
}

#[cfg(not(target_os = "linux"))]
fn cards() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use super::DeviceWatch;
    use crate::audio::capture::InputDevice;

    fn device(name: &str) -> InputDevice {
        InputDevice {
            id: name.to_owned(),
            name: name.to_owned(),
            is_default: false,
        }
    }

    fn next(watch: &DeviceWatch) -> Vec<InputDevice> {
        let start = Instant::now();
        loop {
            if let Some(devices) = watch.news() {
                return devices;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "no news");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn inputs_that_come_and_go_are_told_once_each_and_only_looked_for_when_the_stamp_changed() {
        let plugged = Arc::new(Mutex::new(vec![device("built in")]));
        let stamp = Arc::new(Mutex::new("1"));
        let n_looks = Arc::new(AtomicUsize::new(0));
        let n_wakes = Arc::new(AtomicUsize::new(0));
        let (theirs, count) = (Arc::clone(&plugged), Arc::clone(&n_looks));
        let list = move || {
            count.fetch_add(1, Ordering::Relaxed);
            theirs.lock().expect("no panic").clone()
        };
        let (theirs, wakes) = (Arc::clone(&stamp), Arc::clone(&n_wakes));
        let watch = DeviceWatch::of(
            list,
            move || Some((*theirs.lock().expect("no panic")).to_owned()),
            Duration::from_millis(2),
            move || {
                wakes.fetch_add(1, Ordering::Relaxed);
            },
        )
        .expect("a thread");
        assert_eq!(next(&watch), [device("built in")]);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!((watch.news(), n_looks.load(Ordering::Relaxed)), (None, 1), "nothing changed");
        *plugged.lock().expect("no panic") = vec![device("built in"), device("USB")];
        *stamp.lock().expect("no panic") = "2";
        assert_eq!(next(&watch).len(), 2);
        *plugged.lock().expect("no panic") = Vec::new();
        *stamp.lock().expect("no panic") = "3";
        assert_eq!(next(&watch), []);
        // The list is there a moment before somebody is woken for it.
        drop(watch);
        let start = Instant::now();
        while n_wakes.load(Ordering::Relaxed) < 3 && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(n_wakes.load(Ordering::Relaxed), 3);
    }
}
