//! Odd, broken and hostile sound files: each ends in a clip or a clear error, never in a panic, a hang or a huge allocation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
// Counting what the whole process allocates takes a global allocator, and that is an unsafe trait.
#![allow(
    unsafe_code,
    reason = "GlobalAlloc is an unsafe trait; the calls go straight to the system allocator"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use auscult::audio::{AudioError, ChannelChoice, Header, read_clip, read_clip_at_own_rate, read_header};
use proptest::prelude::*;

/// Counts the bytes that are allocated now, and the most that ever were.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged to the system allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The counter is the process's: only one test may measure at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The most bytes that `work` held at any moment beyond what was held before.
fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = work();
    (result, PEAK.load(Ordering::Relaxed).saturating_sub(before))
}

/// What reading a file gave: its header, the largest sample of any channel at its own rate, and the length at 16 kHz.
#[derive(Debug)]
struct Outcome {
    header: Header,
    peak: f32,
    n_frames_read: usize,
    n_at_16_khz: usize,
}

fn read_all(path: &Path) -> Result<Outcome, AudioError> {
    let header = read_header(path)?;
    let (mut peak, mut n_frames_read) = (0f32, 0);
    for channel in 0..header.n_channels.min(32) {
        let clip = read_clip_at_own_rate(path, ChannelChoice::Index(channel))?;
        assert_eq!(clip.sample_rate_hz, header.sample_rate_hz);
        peak = clip.samples.iter().fold(peak, |peak, sample| peak.max(sample.abs()));
        n_frames_read = clip.samples.len();
    }
    let clip = read_clip(path, ChannelChoice::Mean)?;
    assert_eq!(clip.sample_rate_hz, 16_000);
    assert!(clip.samples.iter().all(|sample| sample.is_finite()));
    Ok(Outcome {
        header,
        peak,
        n_frames_read,
        n_at_16_khz: clip.samples.len(),
    })
}

/// Tables of the resampler and buffers of the readers, whatever the file.
const FIXED_BYTES: usize = 4 * 1_024 * 1_024;

/// Reads a file as a whole import would, within 10 s and within memory in proportion to the samples that it really holds.
fn read_watched(path: &Path) -> Result<Outcome, AudioError> {
    let (send, receive) = channel();
    let owned = path.to_path_buf();
    let file_bytes = std::fs::metadata(path).unwrap().len() as usize;
    let (outcome, peak) = peak_bytes(|| {
        let reader = std::thread::spawn(move || send.send(read_all(&owned)));
        let outcome = receive.recv_timeout(Duration::from_secs(10));
        match outcome {
            Ok(outcome) => {
                reader.join().unwrap().unwrap();
                outcome
            }
            Err(RecvTimeoutError::Timeout) => panic!("{} hangs", path.display()),
            Err(RecvTimeoutError::Disconnected) => panic!("{} panics", path.display()),
        }
    });
    // One channel of 4-byte samples at the file's own rate and at 16 kHz, with room for a vector that grows by doubling.
    let held = outcome
        .as_ref()
        .map_or(0, |o| 2 * 4 * (o.header.n_frames as usize + o.n_at_16_khz));
    assert!(
        peak <= FIXED_BYTES + 2 * file_bytes + held,
        "{}: {peak} bytes for a file of {file_bytes}",
        path.display()
    );
    if let Err(error) = &outcome {
        let (message, name) = (error.to_string(), path.file_name().unwrap().to_string_lossy().into_owned());
        assert!(message.contains(&name), "the error does not name the file: {message}");
        assert!(
            message.starts_with("cannot ") && !message.ends_with('.') && !message.contains('\n'),
            "{message}"
        );
    }
    outcome
}

/// `shared/data/<name>`, or a visible word that the test did not run.
fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("AUSCULT_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join(name);
    if !path.exists() {
        eprintln!("SKIPPED: {} is not there (set AUSCULT_SHARED_DATA)", path.display());
        return None;
    }
    Some(path)
}

/// libsndfile opens these and we do not, with the reason. A change in either direction fails the test.
const NOT_OPENED: [(&str, &str); 0] = [];

/// Opened by both, but libsndfile's samples are wrong.
const OTHER_PEAK: [(&str, f32, &str); 1] = [(
    "hound/pcmwaveformat-24bit-4byte-48kHz-stereo.wav",
    1.0,
    "24 bits padded to 4 bytes: libsndfile reads them as if they were packed",
)];

#[test]
fn what_libsndfile_opens_opens_here_with_the_same_frames_channels_rate_and_peak() {
    let Some(folder) = shared("odd_wavs") else { return };
    let _alone = alone();
    let index = std::fs::read_to_string(folder.join("index.csv")).unwrap();
    let (mut n_files, mut not_opened, mut wrong, mut only_here) = (0, Vec::new(), Vec::new(), Vec::new());
    for row in csv::Reader::from_reader(index.as_bytes()).records() {
        let row = row.unwrap();
        let (name, expected) = (&row[0], &row[row.len() - 1]);
        n_files += 1;
        let outcome = read_watched(&folder.join(name));
        let Some(expected) = expected.strip_prefix("ok ") else {
            if outcome.is_ok() {
                only_here.push(name.to_string());
            }
            continue;
        };
        let Ok(outcome) = outcome else {
            println!("not opened: {}", outcome.unwrap_err());
            not_opened.push(name.to_string());
            continue;
        };
        let (shape, peak) = expected.split_once(" peak=").unwrap();
        let header = outcome.header;
        let our_shape = format!("{}x{} @{}", header.n_frames, header.n_channels, header.sample_rate_hz);
        let peak: f32 = OTHER_PEAK
            .iter()
            .find(|(other, ..)| *other == name)
            .map_or_else(|| peak.parse().unwrap(), |(_, peak, _)| *peak);
        let n_expected = (header.n_frames as f64 * 16_000.0 / f64::from(header.sample_rate_hz)).round() as usize;
        if our_shape != shape
            || outcome.n_frames_read as u64 != header.n_frames
            || outcome.n_at_16_khz != n_expected
            || (outcome.peak - peak).abs() > 0.01 * peak.max(1.0)
        {
            wrong.push(format!("{name}: libsndfile says {expected}, we {outcome:?}"));
        }
    }
    println!("{n_files} files; opened here and not by libsndfile: {only_here:#?}");
    assert_eq!(n_files, 199);
    assert_eq!(not_opened, NOT_OPENED.map(|(name, _)| name.to_string()));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
