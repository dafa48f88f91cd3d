//! What a stream of the sound card tells of itself, and when it counts as failed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "sound-card")]
use std::time::Instant;

/// So long nothing but trouble, without a buffer between, is no hiccup.
#[cfg(feature = "sound-card")]
const LONGEST_MS: u64 = 1_500;

/// Shared with the callbacks of one stream.
#[derive(Debug)]
pub(super) struct Trouble {
    /// Times that something was wrong for a while.
    n_times: AtomicU64,
    failure: OnceLock<String>,
    /// Since when nothing but trouble, in milliseconds after `opened`; 0: there is none.
    #[cfg(feature = "sound-card")]
    since_ms: AtomicU64,
    #[cfg(feature = "sound-card")]
    opened: Instant,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            n_times: AtomicU64::new(0),
            failure: OnceLock::new(),
            #[cfg(feature = "sound-card")]
            since_ms: AtomicU64::new(0),
            #[cfg(feature = "sound-card")]
            opened: Instant::now(),
        }
    }
}

impl Trouble {
    /// A buffer came: whatever was wrong has passed. For the audio callback: it waits for nobody.
    #[cfg(feature = "sound-card")]
    pub(super) fn over(&self) {
        self.since_ms.store(0, Ordering::Relaxed);
    }

    /// Notes what the sound system tells of. A stream goes on after most of it: from elsewhere, without the priority that it asked
    /// for, or with a gap. It has failed when the device is gone, or when there is nothing but trouble.
    #[cfg(feature = "sound-card")]
    pub(super) fn note(&self, error: &cpal::Error, way_out: &str) {
        use cpal::ErrorKind;
        match error.kind() {
            ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => return,
            ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated => {}
            _ => {
                let now_ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
                match self.since_ms.load(Ordering::Relaxed) {
                    0 => {
                        self.n_times.fetch_add(1, Ordering::Relaxed);
                        self.since_ms.store(now_ms, Ordering::Relaxed);
                        return;
                    }
                    since_ms if now_ms.saturating_sub(since_ms) < LONGEST_MS => return,
                    _ => {}
                }
            }
        }
        self.fail(format!("{}; {way_out}", sentence(error)));
    }

    /// It has failed for this reason, unless it had failed before.
    pub(super) fn fail(&self, reason: String) {
        let _ = self.failure.set(reason);
    }

    /// Why no more buffers come.
    pub(super) fn failure(&self) -> Option<String> {
        self.failure.get().cloned()
    }

    pub(super) fn n_times(&self) -> u64 {
        self.n_times.load(Ordering::Relaxed)
    }
}

/// cpal's message as the beginning of one of ours.
#[cfg(feature = "sound-card")]
pub(super) fn sentence(error: &cpal::Error) -> String {
    let message = error.to_string();
    let message = message.trim_end_matches(['.', ' ', '\n']);
    let mut letters = message.chars();
    match (letters.next(), letters.clone().next()) {
        // A name such as ALSA stays what it is.
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => first.to_lowercase().chain(letters).collect(),
        _ => message.to_owned(),
    }
}

#[cfg(all(test, feature = "sound-card"))]
mod tests {
    use std::time::Duration;

    use cpal::ErrorKind;

    use super::{LONGEST_MS, Trouble, sentence};

    #[test]
    fn names_keep_their_capitals() {
        let said = |message: &str| sentence(&cpal::Error::with_message(ErrorKind::BackendError, message.to_owned()));
        let words = said("ALSA function failed.");
        assert!(words.contains("ALSA") && !words.contains("aLSA"), "{words}");
    }

    #[test]
    fn a_hiccup_is_counted_and_what_does_not_end_or_has_no_device_is_a_failure() {
        let trouble = Trouble::default();
        let note = |kind: ErrorKind| trouble.note(&kind.into(), "try again");
        note(ErrorKind::BackendError);
        note(ErrorKind::BackendError);
        trouble.over();
        note(ErrorKind::Xrun);
        note(ErrorKind::DeviceChanged);
        assert_eq!((trouble.n_times(), trouble.failure()), (2, None));
        std::thread::sleep(Duration::from_millis(LONGEST_MS + 100));
        note(ErrorKind::BackendError);
        assert!(trouble.failure().is_some_and(|reason| reason.ends_with("; try again")));
        let gone = Trouble::default();
        gone.note(&ErrorKind::DeviceNotAvailable.into(), "plug it in");
        assert!(gone.failure().is_some_and(|reason| reason.ends_with("; plug it in")));
    }
}
