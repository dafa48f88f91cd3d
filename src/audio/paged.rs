//! The sound of a recording too long to be held, a few pages of it round the playhead: read ahead by a thread of its own.
//!
//! Whoever plays asks for a stretch of samples by their numbers, whatever the way through the recording: backwards, in a loop, at
//! any speed. Pages overlap, so that every stretch of up to two seconds lies in one piece in one of them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::{AudioError, Recording, SAMPLE_RATE_HZ};

/// Samples from the start of a page to that of the next, 8 s.
const PAGE_SAMPLES: u64 = 8 * SAMPLE_RATE_HZ as u64;
/// Samples that a page holds of its neighbours on either side.
const MARGIN_SAMPLES: u64 = SAMPLE_RATE_HZ as u64;
/// Pages that are held: the one that plays and the next, the two where a loop begins, and one that is on its way out. 3.2 MB.
const N_PAGES: usize = 5;
/// How often the reader looks where playback is.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// No loop.
const NOWHERE: u64 = u64::MAX;

/// A stretch of the recording in one piece.
#[derive(Debug)]
struct Page {
    /// The number of the first sample.
    first: u64,
    samples: Vec<f32>,
}

/// Where playback is, as the reader has to know it. In samples of the recording.
#[derive(Debug)]
struct Places {
    playhead: AtomicU64,
    /// Where playback may jump back to without being asked.
    loop_start: AtomicU64,
    stop: AtomicBool,
}

/// The player's end: lives in the audio callback, where it neither locks nor allocates nor frees. Dropping it ends the reader.
#[derive(Debug)]
pub(super) struct PagedSound {
    n_samples: u64,
    pages: [Option<Arc<Page>>; N_PAGES],
    /// A page, and the place of the one that it replaces.
    arrived: rtrb::Consumer<(usize, Arc<Page>)>,
    /// Pages on their way to where they may be freed.
    retired: rtrb::Producer<Arc<Page>>,
    places: Arc<Places>,
}

impl PagedSound {
    /// Starts reading at the start of the recording.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(super) fn open(recording: Arc<Recording>) -> Result<Self, AudioError> {
        // As many as there are pages: there is always room.
        let (send, arrived) = rtrb::RingBuffer::new(N_PAGES);
        let (retired, gone) = rtrb::RingBuffer::new(2 * N_PAGES);
        let places = Arc::new(Places {
            playhead: AtomicU64::new(0),
            loop_start: AtomicU64::new(NOWHERE),
            stop: AtomicBool::new(false),
        });
        let n_samples = recording.n_samples();
        let reader = Reader {
            recording,
            places: Arc::clone(&places),
            held: [None; N_PAGES],
            send,
            gone,
        };
        let thread = std::thread::Builder::new().name("audio:read-ahead".into());
        thread.spawn(move || reader.run()).map_err(|error| AudioError::SoundCard {
            reason: format!("{error}; close other programs and try again"),
        })?;
        Ok(Self {
            n_samples,
            pages: [const { None }; N_PAGES],
            arrived,
            retired,
            places,
        })
    }

    pub(super) fn n_samples(&self) -> u64 {
        self.n_samples
    }

    /// Takes in the pages that have come since.
    pub(super) fn renew(&mut self) {
        while let Ok((place, page)) = self.arrived.pop() {
            if let Some(before) = self.pages.get_mut(place).and_then(|held| held.replace(page)) {
                // The reader empties its end before it sends; if ever it did not, freeing here would be the whole harm.
                let _ = self.retired.push(before);
            }
        }
    }

    /// Says where playback is: this is what will be there next.
    pub(super) fn look_at(&self, place: f64) {
        self.places.playhead.store(place.max(0.0) as u64, Ordering::Relaxed);
    }

    /// Says where playback will come back to, so that it is there in time.
    pub(super) fn come_back_to(&self, place: Option<f64>) {
        let place = place.map_or(NOWHERE, |place| place.max(0.0) as u64);
        self.places.loop_start.store(place, Ordering::Relaxed);
    }

    /// A piece that holds these samples, as far as the recording has them, and the number of its first sample; `None` where it is
    /// not read yet. At most two seconds may be asked for.
    pub(super) fn piece(&self, samples: Range<f64>) -> Option<(&[f32], f64)> {
        let end = self.n_samples as f64;
        let (from, to) = (samples.start.clamp(0.0, end), samples.end.clamp(0.0, end));
        let holds = |page: &&Arc<Page>| {
            let first = page.first as f64;
            first <= from && to <= first + page.samples.len() as f64
        };
        let page = self.pages.iter().flatten().find(holds)?;
        Some((&page.samples, page.first as f64))
    }
}

impl Drop for PagedSound {
    fn drop(&mut self) {
        self.places.stop.store(true, Ordering::Relaxed);
    }
}

/// The other end, on a thread of its own.
struct Reader {
    recording: Arc<Recording>,
    places: Arc<Places>,
    /// The numbers of the pages that the player has, or will have, in each place.
    held: [Option<u64>; N_PAGES],
    send: rtrb::Producer<(usize, Arc<Page>)>,
    gone: rtrb::Consumer<Arc<Page>>,
}

impl Reader {
    fn run(mut self) {
        while !self.places.stop.load(Ordering::Relaxed) {
            while self.gone.pop().is_ok() {}
            if !self.read_one() {
                std::thread::sleep(LOOK_EVERY);
            }
        }
    }

    /// The pages that are needed, the most urgent first.
    fn wanted(&self) -> impl Iterator<Item = u64> + use<> {
        let last = self.recording.n_samples().saturating_sub(1) / PAGE_SAMPLES;
        let playhead = self.places.playhead.load(Ordering::Relaxed);
        let loop_start = self.places.loop_start.load(Ordering::Relaxed);
        let here = (playhead / PAGE_SAMPLES).min(last);
        let back = (loop_start != NOWHERE).then_some((loop_start / PAGE_SAMPLES).min(last));
        let wanted = [Some(here), Some(here + 1), back, back.map(|page| page + 1)];
        wanted.into_iter().flatten().filter(move |page| *page <= last)
    }

    /// Reads the most urgent page that is not held. False where there is none, or no room on the way.
    fn read_one(&mut self) -> bool {
        if self.send.is_full() {
            return false;
        }
        let Some(number) = self.wanted().find(|page| !self.held.contains(&Some(*page))) else {
            return false;
        };
        let is_free = |held: &Option<u64>| held.is_none_or(|held| self.wanted().all(|page| page != held));
        let Some(place) = self.held.iter().position(is_free) else {
            return false;
        };
        let first = (number * PAGE_SAMPLES).saturating_sub(MARGIN_SAMPLES);
        let end = ((number + 1) * PAGE_SAMPLES + MARGIN_SAMPLES).min(self.recording.n_samples());
        // What cannot be read is silent here; the picture, drawn from the same file, says why.
        let samples = self
            .recording
            .read(first..end)
            .unwrap_or_else(|_| vec![0.0; usize::try_from(end - first).unwrap_or(0)]);
        self.held[place] = Some(number);
        self.send.push((place, Arc::new(Page { first, samples }))).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::{MARGIN_SAMPLES, N_PAGES, PAGE_SAMPLES, PagedSound};
    use crate::audio::{ChannelChoice, Clip, Recording, SAMPLE_RATE_HZ, write_wav};

    /// Two minutes whose sample `i` tells `i`.
    fn sound() -> (tempfile::TempDir, PagedSound, Vec<f32>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("long.wav");
        let samples: Vec<f32> = (0..120 * SAMPLE_RATE_HZ)
            .map(|i| ((i.wrapping_mul(7_919)) % 65_536) as f32 / 32_768.0 - 1.0)
            .collect();
        let clip = Clip {
            samples,
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        write_wav(&path, &clip).expect("written");
        let recording = Recording::open(&path, ChannelChoice::default()).expect("opened");
        let samples = recording.read(0..recording.n_samples()).expect("read");
        let sound = PagedSound::open(Arc::new(recording)).expect("a thread");
        (folder, sound, samples)
    }

    fn wait(sound: &mut PagedSound, at: f64) {
        let start = Instant::now();
        while sound.piece(at - 100.0..at + 100.0).is_none() {
            assert!(start.elapsed() < Duration::from_secs(20), "{at} never comes");
            sound.renew();
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn any_place_is_there_soon_and_in_one_piece() {
        let (_folder, mut sound, samples) = sound();
        let page = PAGE_SAMPLES as f64;
        for at in [
            0.0,
            5_000.0,
            page - 1.0,
            page,
            7.0 * page + 3.0,
            2.0 * page - 50.0,
            samples.len() as f64 - 1.0,
        ] {
            sound.look_at(at);
            wait(&mut sound, at);
            let wanted = at - 8_000.0..at + 8_000.0;
            let (piece, first) = sound.piece(wanted.clone()).expect("half a second on either side");
            for place in [wanted.start, at, wanted.end - 1.0] {
                if (0.0..samples.len() as f64).contains(&place) {
                    assert_eq!(piece[(place - first) as usize], samples[place as usize]);
                }
            }
        }
    }

    #[test]
    fn the_start_of_a_loop_and_what_follows_stay_at_hand_and_the_rest_goes() {
        let (_folder, mut sound, _) = sound();
        let page = PAGE_SAMPLES as f64;
        sound.come_back_to(Some(3.5 * page));
        for at in [9.5 * page, 10.5 * page, 12.5 * page] {
            sound.look_at(at);
            wait(&mut sound, at);
            wait(&mut sound, 3.5 * page);
            wait(&mut sound, 4.2 * page);
            wait(&mut sound, at + page);
        }
        let first: Vec<u64> = sound.pages.iter().flatten().map(|page| page.first).collect();
        assert!(
            first.len() <= N_PAGES && !first.contains(&(9 * PAGE_SAMPLES - MARGIN_SAMPLES)),
            "{first:?}"
        );
    }
}
