//! An input that cpal takes for a sound card, and one that ALSA makes of a file.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    Data, DeviceDescription, DeviceDescriptionBuilder, DeviceId, Error, ErrorKind, InputCallbackInfo, InputStreamTimestamp,
    OutputCallbackInfo, SampleFormat, StreamConfig, StreamInstant, SupportedBufferSize, SupportedStreamConfig,
    SupportedStreamConfigRange,
};

use super::card::open_device;
use super::{Listener, TakePlan};
use crate::audio::{ChannelChoice, read_clip_at_own_rate};

const RATE_HZ: u32 = 16_000;
const N_CHANNELS: u16 = 2;
const BUFFER_FRAMES: usize = 160;

/// A card that delivers a ramp on the left and its negative on the right, ten milliseconds at a time, until it is unplugged.
#[derive(Debug, Clone)]
struct RampCard {
    /// Buffers a real-time card would deliver in ten milliseconds.
    speed: u32,
    is_unplugged: Arc<AtomicBool>,
}

struct RampStream {
    is_over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

fn ramp(frame: usize) -> f32 {
    (frame % 30_000) as f32 / 32_768.0
}

impl PartialEq for RampCard {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for RampCard {}
impl std::hash::Hash for RampCard {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}
impl fmt::Display for RampCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ramp")
    }
}

impl DeviceTrait for RampCard {
    type SupportedInputConfigs = std::iter::Empty<SupportedStreamConfigRange>;
    type SupportedOutputConfigs = std::iter::Empty<SupportedStreamConfigRange>;
    type Stream = RampStream;

    fn description(&self) -> Result<DeviceDescription, Error> {
        Ok(DeviceDescriptionBuilder::new("ramp").build())
    }
    fn id(&self) -> Result<DeviceId, Error> {
        Err(ErrorKind::UnsupportedOperation.into())
    }
    fn supported_input_configs(&self) -> Result<Self::SupportedInputConfigs, Error> {
        Ok(std::iter::empty())
    }
    fn supported_output_configs(&self) -> Result<Self::SupportedOutputConfigs, Error> {
        Ok(std::iter::empty())
    }
    fn default_input_config(&self) -> Result<SupportedStreamConfig, Error> {
        let sizes = SupportedBufferSize::Unknown;
        Ok(SupportedStreamConfig::new(N_CHANNELS, RATE_HZ, sizes, SampleFormat::F32))
    }
    fn default_output_config(&self) -> Result<SupportedStreamConfig, Error> {
        Err(ErrorKind::UnsupportedConfig.into())
    }

    #[allow(unsafe_code, reason = "cpal hands buffers over as raw parts")]
    fn build_input_stream_raw<D, E>(
        &self,
        _: StreamConfig,
        _: SampleFormat,
        mut on_data: D,
        mut on_error: E,
        _: Option<Duration>,
    ) -> Result<Self::Stream, Error>
    where
        D: FnMut(&Data, &InputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        let is_over = Arc::new(AtomicBool::new(false));
        let (stop, card) = (Arc::clone(&is_over), self.clone());
        let thread = std::thread::spawn(move || {
            let mut frame = 0;
            while !stop.load(Ordering::Relaxed) {
                if card.is_unplugged.load(Ordering::Relaxed) {
                    on_error(ErrorKind::DeviceNotAvailable.into());
                    return;
                }
                let mut buffer: Vec<f32> = (frame..frame + BUFFER_FRAMES).flat_map(|n| [ramp(n), -ramp(n)]).collect();
                frame += BUFFER_FRAMES;
                // SAFETY: the buffer outlives the call, and holds as many samples of that format.
                let data = unsafe { Data::from_parts(buffer.as_mut_ptr().cast(), buffer.len(), SampleFormat::F32) };
                let now = StreamInstant::new(0, 0);
                let timestamp = InputStreamTimestamp {
                    callback: now,
                    capture: now,
                };
                on_data(&data, &InputCallbackInfo::new(timestamp));
                std::thread::sleep(Duration::from_millis(10) / card.speed);
            }
        });
        Ok(RampStream {
            is_over,
            thread: Some(thread),
        })
    }

    fn build_output_stream_raw<D, E>(
        &self,
        _: StreamConfig,
        _: SampleFormat,
        _: D,
        _: E,
        _: Option<Duration>,
    ) -> Result<Self::Stream, Error>
    where
        D: FnMut(&mut Data, &OutputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        Err(ErrorKind::UnsupportedConfig.into())
    }
}

impl StreamTrait for RampStream {
    fn play(&self) -> Result<(), Error> {
        Ok(())
    }
    fn pause(&self) -> Result<(), Error> {
        Ok(())
    }
    fn now(&self) -> StreamInstant {
        StreamInstant::new(0, 0)
    }
    fn buffer_size(&self) -> Result<cpal::FrameCount, Error> {
        Ok(BUFFER_FRAMES as u32)
    }
}

impl Drop for RampStream {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the card's thread ends");
        }
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} never comes");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn listening(card: &RampCard) -> Listener {
    let device = cpal::Device::from(cpal::platform::CustomDevice::from_device(card.clone()));
    Listener::listen(open_device(&device).expect("opened"), ChannelChoice::Index(1)).expect("listening")
}

fn plan(folder: &Path) -> TakePlan {
    TakePlan {
        folder: folder.to_owned(),
        pre_roll_secs: 0.2,
        split_secs: Some(0.5),
        ..TakePlan::default()
    }
}

#[test]
fn a_card_is_heard_and_recorded_without_a_lost_sample() {
    let folder = tempfile::tempdir().expect("a folder");
    let card = RampCard {
        speed: 10,
        is_unplugged: Arc::default(),
    };
    let listener = listening(&card);
    assert_eq!(
        (listener.name(), listener.rate_hz(), listener.n_channels()),
        ("ramp", RATE_HZ, 2)
    );
    until("a second of sound", || listener.heard().n_samples > 16_000);
    listener.record(plan(folder.path()));
    until("a take of two seconds", || listener.heard().take.secs > 2.0);
    listener.stop();
    until("the end of the take", || !listener.heard().take.is_running);
    let heard = listener.heard();
    assert_eq!((heard.n_dropped, heard.failure), (0, None));
    assert!(heard.take.files.len() >= 4, "{:?}", heard.take);
    let both = [0, 1].map(|channel| -> Vec<f32> {
        let read = |file| {
            read_clip_at_own_rate(file, ChannelChoice::Index(channel))
                .expect("read")
                .samples
        };
        heard.take.files.iter().flat_map(|file| read(file)).collect()
    });
    let first = (both[0][0] * 32_768.0).round() as usize;
    for (frame, (left, right)) in both[0].iter().zip(&both[1]).enumerate() {
        assert!((left - ramp(first + frame)).abs() < 1e-6, "frame {frame}: {left}");
        assert!((left + right).abs() < 1e-6);
    }
    let (start, tail) = listener.since(8_000);
    assert_eq!(start, 8_000);
    assert!(
        tail.iter()
            .zip(8_000..)
            .all(|(value, frame)| (value + ramp(frame)).abs() < 1e-6)
    );
}

#[test]
fn an_unplugged_card_says_so_and_the_take_is_whole_until_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let card = RampCard {
        speed: 4,
        is_unplugged: Arc::default(),
    };
    let listener = listening(&card);
    listener.record(plan(folder.path()));
    until("sound", || listener.heard().take.secs > 0.3);
    card.is_unplugged.store(true, Ordering::Relaxed);
    until("the reason", || listener.heard().failure.is_some());
    let heard = listener.heard();
    assert!(!heard.take.is_running);
    assert!(heard.failure.is_some_and(|reason| reason.contains("connect it again")));
    let n_frames: usize = heard
        .take
        .files
        .iter()
        .map(|file| read_clip_at_own_rate(file, ChannelChoice::Mean).expect("read").samples.len())
        .sum();
    assert_eq!(n_frames, (heard.take.secs * 16_000.0).round() as usize);
}

#[test]
fn a_dropped_listener_ends_its_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let card = RampCard {
        speed: 10,
        is_unplugged: Arc::default(),
    };
    let listener = listening(&card);
    listener.record(plan(folder.path()));
    until("sound", || listener.heard().take.secs > 0.1);
    let files = listener.heard().take.files;
    drop(listener);
    let clip = read_clip_at_own_rate(&files[0], ChannelChoice::Index(0)).expect("whole");
    assert!(clip.samples.len() >= 1_600);
}

/// Where the process that records finds its folder.
const FOLDER: &str = "AUSCULT_TEST_RECORD_INTO";

#[cfg(target_os = "linux")]
#[test]
fn what_alsa_reads_from_a_file_is_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let played = folder.path().join("microphone.raw");
    let bytes: Vec<u8> = (0..48_000u32 * 4)
        .flat_map(|n| ((n % 30_000) as f32 / 32_768.0).to_le_bytes())
        .collect();
    std::fs::write(&played, bytes).expect("written");
    let configuration = format!(
        "pcm.!default {{ type file slave.pcm \"nothing\" file \"/dev/null\" infile \"{}\" format \"raw\" }}\npcm.nothing {{ type null }}\n",
        played.display()
    );
    let path = folder.path().join("asound.conf");
    std::fs::write(&path, configuration).expect("written");
    let output = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "--ignored",
            "--nocapture",
            "audio::capture::tests::record_from_alsa",
        ])
        .env("ALSA_CONFIG_PATH", &path)
        .env(FOLDER, folder.path())
        .output()
        .expect("the test runs");
    let printed = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    if let Some(line) = printed.lines().find(|line| line.contains("SKIPPED")) {
        eprintln!("{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "run in a process of its own by what_alsa_reads_from_a_file_is_recorded"]
fn record_from_alsa() {
    let folder = std::path::PathBuf::from(std::env::var(FOLDER).expect("the folder"));
    let listener = match Listener::open(None, ChannelChoice::Index(0)) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("SKIPPED: ALSA cannot record from a file here: {error}");
            return;
        }
    };
    listener.record(TakePlan {
        folder: folder.join("takes"),
        // All that was heard since it was opened.
        pre_roll_secs: 30.0,
        ..TakePlan::default()
    });
    until("half a second", || listener.heard().take.secs > 0.5);
    listener.stop();
    until("the end", || !listener.heard().take.is_running);
    let file = listener.heard().take.files.first().cloned().expect("a file");
    let n_channels = usize::from(listener.n_channels());
    for channel in 0..listener.n_channels() {
        let clip = read_clip_at_own_rate(&file, ChannelChoice::Index(channel)).expect("read");
        // Such a microphone delivers as fast as it is read, so that sound is lost later; the beginning is whole.
        let first = (clip.samples[0] * 32_768.0).round() as usize;
        for (frame, value) in clip.samples.iter().take(4_800).enumerate() {
            let expected = ramp(first + frame * n_channels);
            assert!((value - expected).abs() < 1e-6, "frame {frame}: {value}, not {expected}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_is_killed_at_any_moment_leaves_all_but_the_last_two_seconds() {
    use std::io::{BufRead as _, BufReader};
    const N_KILLS: u32 = 50;
    /// Lines of the child before it is killed: a few more each time, so that every stage of a file is met.
    const MAX_LINES: u32 = 60;
    let mut state = 1u32;
    for kill in 0..N_KILLS {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "--ignored",
                "--nocapture",
                "audio::capture::tests::record_until_killed",
            ])
            .env(FOLDER, folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the program runs");
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let n_lines = 1 + (state >> 16) % MAX_LINES;
        let lines = BufReader::new(child.stdout.take().expect("its words")).lines();
        let mut has_lost = false;
        let told = lines.map_while(Result::ok).filter_map(|line| {
            let (secs, n_dropped) = line.strip_prefix("recorded ")?.split_once(' ')?;
            // A machine that stands still for seconds loses sound: that is counted, and not what is tested here.
            has_lost |= n_dropped != "0";
            secs.parse::<f64>().ok()
        });
        let told_secs = told.take(n_lines as usize).last().expect("it recorded");
        std::thread::sleep(Duration::from_micros(u64::from(state >> 20)));
        child.kill().expect("killed");
        child.wait().expect("gone");
        let mut files: Vec<_> = std::fs::read_dir(folder.path())
            .expect("listed")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort();
        let mut frame = None;
        let mut n_frames = 0;
        for file in &files {
            let clip = read_clip_at_own_rate(file, ChannelChoice::Index(0)).map_or(Vec::new(), |clip| clip.samples);
            n_frames += clip.len();
            for value in clip {
                let expected = *frame.get_or_insert((value * 32_768.0).round() as usize);
                let is_next = (value - ramp(expected)).abs() < 1e-6;
                assert!(is_next || has_lost, "kill {kill}: {}", file.display());
                frame = Some(expected + 1);
            }
        }
        let left_secs = n_frames as f64 / f64::from(RATE_HZ);
        assert!(
            left_secs + 2.0 > told_secs,
            "kill {kill}: {left_secs} s of {told_secs} s are left"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "run in a process of its own by a_program_that_is_killed_at_any_moment_leaves_all_but_the_last_two_seconds"]
fn record_until_killed() {
    use std::io::Write as _;
    let folder = std::path::PathBuf::from(std::env::var(FOLDER).expect("the folder"));
    let card = RampCard {
        speed: 10,
        is_unplugged: Arc::default(),
    };
    let listener = listening(&card);
    listener.record(TakePlan {
        split_secs: Some(3.0),
        ..plan(&folder)
    });
    let mut said = 0.0;
    loop {
        let secs = listener.heard().take.secs;
        if secs > said {
            said = secs;
            // Past the test's own capture of what it prints.
            let n_dropped = listener.heard().n_dropped;
            let _ = writeln!(std::io::stdout().lock(), "recorded {secs} {n_dropped}");
            let _ = std::io::stdout().flush();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
