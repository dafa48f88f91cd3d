//! Playing a clip on the default sound card: play, pause, seek, loop, slower and faster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig, StreamInstant, SupportedBufferSize};

use super::paged::PagedSound;
use super::playhead::{Playhead, Report};
use super::transport::{Command, Transport, Voice};
use super::trouble::{Trouble, sentence};
use super::{AudioError, Clip, Pace, Recording};

/// A sound system that takes longer than this to open is taken for dead.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Long enough for ALSA on `PipeWire` not to run dry (cpal#1250), short enough to feel immediate: 21 ms at 48 kHz.
const BUFFER_FRAMES: u32 = 1_024;
/// A card that asks for nothing for so long is gone, although nobody said so: a sound server that died does this.
const LONGEST_SILENCE_MS: u64 = 5_000;
/// Wishes that may wait for the next callback. Only a stuck card lets so many pile up.
const N_COMMANDS: usize = 256;
/// Samples that are computed at a time, of all channels together.
const SCRATCH_SAMPLES: usize = 4_096;

/// One output stream that plays one clip at a time. The audio callback neither locks, logs nor allocates.
pub struct Player {
    stream: cpal::Stream,
    device_rate_hz: u32,
    commands: rtrb::Producer<Command>,
    /// Clips that are no longer played come back here, as the callback must not free them.
    retired: rtrb::Consumer<Voice>,
    shared: Arc<Shared>,
    n_sent: u64,
    /// The number of the latest play, and whether it still holds.
    play: (u64, bool),
    /// Where the latest seek or load went, and the number of its command: what is shown until the card knows of it.
    moved: (u64, f64),
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player")
            .field("device_rate_hz", &self.device_rate_hz)
            .finish_non_exhaustive()
    }
}

/// What the callback tells.
#[derive(Debug)]
struct Shared {
    playhead: Playhead,
    n_applied: AtomicU64,
    /// The number of the latest play that came to the end of its clip.
    ended: AtomicU64,
    /// When the card last asked for a buffer, in milliseconds after `opened`.
    asked_at_ms: AtomicU64,
    opened: Instant,
    /// Buffers that came too late, say. Counted, not reported: the next one plays on.
    trouble: Trouble,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            playhead: Playhead::default(),
            n_applied: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            asked_at_ms: AtomicU64::new(0),
            opened: Instant::now(),
            trouble: Trouble::default(),
        }
    }
}

impl Shared {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Why the card no longer plays.
    fn failure(&self) -> Option<String> {
        let silence_ms = self.now_ms().saturating_sub(self.asked_at_ms.load(Ordering::Relaxed));
        if silence_ms > LONGEST_SILENCE_MS {
            self.trouble
                .fail("the sound card takes no more sound; check it and play again".into());
        }
        self.trouble.failure()
    }
}

impl Player {
    /// Opens the default output; an error says why there is none. Waits at most a few seconds for a sound system that hangs.
    pub fn open() -> Result<Self, AudioError> {
        let (send, receive) = mpsc::channel();
        let opening = move || {
            // Nobody listens any more when the time is over: then the stream is closed again.
            let _ = send.send(open_default());
        };
        let opener = std::thread::Builder::new().name("audio:open".into()).spawn(opening);
        opener.map_err(|error| no_output(format!("{error}; close other programs and try again")))?;
        receive.recv_timeout(OPEN_TIMEOUT).unwrap_or_else(|error| {
            Err(no_output(match error {
                RecvTimeoutError::Timeout => "the sound system does not answer; restart it or log in again",
                RecvTimeoutError::Disconnected => "the sound system failed while it was opened; restart it or log in again",
            }))
        })
    }

    /// Makes `clip` the one that is played, stopped at its start, without a stretch and without a loop; pace and volume stay.
    pub fn load(&mut self, clip: Arc<Clip>) -> Result<(), AudioError> {
        self.load_voice(Voice::new(clip, self.device_rate_hz))
    }

    /// The same for a recording of any length, which is read while it plays.
    pub fn load_recording(&mut self, recording: Arc<Recording>) -> Result<(), AudioError> {
        self.load_voice(Voice::paged(PagedSound::open(recording)?, self.device_rate_hz))
    }

    fn load_voice(&mut self, voice: Voice) -> Result<(), AudioError> {
        if !self.send(Command::Load(voice)) {
            return Err(no_output(
                self.failure()
                    .unwrap_or_else(|| "the sound card does not respond; open the output again".into()),
            ));
        }
        self.play.1 = false;
        self.moved = (self.n_sent, 0.0);
        Ok(())
    }

    /// Plays from where the playhead stands; from the start where it stands at the end or outside of the stretch.
    pub fn play(&mut self) {
        let serial = self.play.0 + 1;
        if self.send(Command::Play(serial)) {
            self.play = (serial, true);
        }
    }

    pub fn pause(&mut self) {
        self.play.1 = false;
        self.send(Command::Pause);
    }

    /// Moves the playhead, `secs` from the start of the clip; neither starts nor stops playback.
    pub fn seek(&mut self, secs: f64) {
        if self.send(Command::Seek(secs)) {
            self.moved = (self.n_sent, secs.max(0.0));
        }
    }

    /// Plays this stretch (start, end in seconds), once or again and again; `None`: the whole clip.
    ///
    /// The playhead stays where it is: it enters the stretch in due course, from behind it after the end of the clip.
    pub fn set_loop(&mut self, span_secs: Option<(f64, f64)>, loops: bool) {
        self.send(Command::Loop { span: span_secs, loops });
    }

    /// Plays slower or faster from now on, without a break.
    pub fn set_pace(&mut self, pace: Pace) {
        self.send(Command::Pace(pace));
    }

    /// A factor on all samples; 1 leaves them as they are. What exceeds full scale is cut off.
    pub fn set_volume(&mut self, gain: f32) {
        self.send(Command::Volume(gain));
    }

    pub fn is_playing(&self) -> bool {
        let (serial, wanted) = self.play;
        wanted && self.shared.ended.load(Ordering::SeqCst) < serial && self.failure().is_none()
    }

    /// The position that is heard now, output latency taken off, in seconds of the clip.
    pub fn position_secs(&self) -> f64 {
        if self.shared.n_applied.load(Ordering::SeqCst) < self.moved.0 {
            return self.moved.1;
        }
        self.shared.playhead.read().heard_secs(nanos(self.stream.now()))
    }

    /// Why the card no longer plays (it was unplugged, say), in a sentence; open another player then.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure()
    }

    /// How often the card waited in vain for sound since it was opened.
    pub fn n_dropouts(&self) -> u64 {
        self.shared.trouble.n_times()
    }

    /// False where the card is stuck and takes no more wishes.
    fn send(&mut self, command: Command) -> bool {
        while self.retired.pop().is_ok() {}
        let sent = self.commands.push(command).is_ok();
        self.n_sent += u64::from(sent);
        sent
    }
}

/// The callback's side of a player.
struct Renderer {
    transport: Transport,
    commands: rtrb::Consumer<Command>,
    retired: rtrb::Producer<Voice>,
    shared: Arc<Shared>,
    n_applied: u64,
    scratch: Vec<f32>,
}

impl Renderer {
    /// Fills one buffer of the card, which is heard at `heard_at_nanos`.
    fn render<T: FromSample<f32> + Copy>(&mut self, buffer: &mut [T], n_channels: usize, heard_at_nanos: u64) {
        self.shared.trouble.over();
        self.shared.asked_at_ms.store(self.shared.now_ms(), Ordering::Relaxed);
        let (before, was_silent, n_before) = (self.transport.travel(), self.transport.is_silent(), self.n_applied);
        // There is always room to retire a clip: the other side empties its ring before each command that it sends, and the
        // ring holds as many as the ring of commands, and the clip that plays.
        while let Ok(command) = self.commands.pop() {
            if let Some(voice) = self.transport.apply(command) {
                // Freed here only if that reasoning is wrong; a late buffer would be the whole harm.
                let _ = self.retired.push(voice);
            }
            self.n_applied += 1;
        }
        let n_at_once = (self.scratch.len() / n_channels.max(1)).max(1) * n_channels.max(1);
        for piece in buffer.chunks_mut(n_at_once.min(self.scratch.len())) {
            let frames = &mut self.scratch[..piece.len()];
            self.transport.fill(frames, n_channels);
            for (sample, value) in piece.iter_mut().zip(frames) {
                *sample = T::from_sample_(*value);
            }
        }
        if !was_silent || !self.transport.is_silent() || self.n_applied > n_before {
            self.shared
                .playhead
                .write(&Report::new(before, self.transport.travel(), heard_at_nanos));
            self.shared.ended.store(self.transport.ended(), Ordering::SeqCst);
            self.shared.n_applied.store(self.n_applied, Ordering::SeqCst);
        }
    }
}

fn open_default() -> Result<Player, AudioError> {
    let Some(device) = cpal::default_host().default_output_device() else {
        return Err(no_output("this computer has none; connect or switch on a loudspeaker"));
    };
    let supported = device.default_output_config().map_err(|error| refused(&error))?;
    let mut config = supported.config();
    if let SupportedBufferSize::Range { min, max } = *supported.buffer_size() {
        config.buffer_size = BufferSize::Fixed(BUFFER_FRAMES.clamp(min, max.max(min)));
    }
    let build = |config: StreamConfig| match supported.sample_format() {
        SampleFormat::I8 => build::<i8>(&device, config),
        SampleFormat::I16 => build::<i16>(&device, config),
        SampleFormat::I24 => build::<cpal::I24>(&device, config),
        SampleFormat::I32 => build::<i32>(&device, config),
        SampleFormat::I64 => build::<i64>(&device, config),
        SampleFormat::U8 => build::<u8>(&device, config),
        SampleFormat::U16 => build::<u16>(&device, config),
        SampleFormat::U24 => build::<cpal::U24>(&device, config),
        SampleFormat::U32 => build::<u32>(&device, config),
        SampleFormat::U64 => build::<u64>(&device, config),
        SampleFormat::F32 => build::<f32>(&device, config),
        SampleFormat::F64 => build::<f64>(&device, config),
        _ => Err(ErrorKind::UnsupportedConfig.into()),
    };
    // Some cards offer a range of buffer sizes and take only their own.
    let own = StreamConfig {
        buffer_size: BufferSize::Default,
        ..config
    };
    let player = build(config).or_else(|_| build(own)).map_err(|error| refused(&error))?;
    player.stream.play().map_err(|error| refused(&error))?;
    Ok(player)
}

fn build<T: SizedSample + FromSample<f32>>(device: &cpal::Device, config: StreamConfig) -> Result<Player, cpal::Error> {
    let (commands, waiting) = rtrb::RingBuffer::new(N_COMMANDS);
    let (retire, retired) = rtrb::RingBuffer::new(N_COMMANDS + 1);
    let shared = Arc::new(Shared::default());
    let n_channels = usize::from(config.channels);
    let mut renderer = Renderer {
        transport: Transport::new(config.sample_rate),
        commands: waiting,
        retired: retire,
        shared: Arc::clone(&shared),
        n_applied: 0,
        scratch: vec![0.0; SCRATCH_SAMPLES.next_multiple_of(n_channels.max(1))],
    };
    let render = move |buffer: &mut [T], info: &cpal::OutputCallbackInfo| {
        renderer.render(buffer, n_channels, nanos(info.timestamp().playback));
    };
    let listener = Arc::clone(&shared);
    let on_error = move |error: cpal::Error| listener.trouble.note(&error, "check the sound card and play again");
    let stream = device.build_output_stream(config, render, on_error, Some(OPEN_TIMEOUT))?;
    let device_rate_hz = config.sample_rate;
    Ok(Player {
        stream,
        device_rate_hz,
        commands,
        retired,
        shared,
        n_sent: 0,
        play: (0, false),
        moved: (0, 0.0),
    })
}

fn nanos(instant: StreamInstant) -> u64 {
    u64::try_from(instant.as_nanos()).unwrap_or(u64::MAX)
}

fn no_output(reason: impl Into<String>) -> AudioError {
    AudioError::SoundCard { reason: reason.into() }
}

fn refused(error: &cpal::Error) -> AudioError {
    no_output(format!("{}; connect or switch on a loudspeaker", sentence(error)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;
    use std::process::Command;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::{OPEN_TIMEOUT, Player};
    use crate::audio::transport::{Command as Wish, Transport, Voice};
    use crate::audio::{AudioError, ChannelChoice, Clip, Pace, read_clip_at_own_rate};

    /// Where the process that plays finds the folder to play into.
    const FOLDER: &str = "AUSCULT_TEST_PLAY_INTO";
    const SINE_RATE_HZ: u32 = 16_000;

    /// Noise that never is 0, so that its start is found in what was played.
    fn noise(n: usize) -> Vec<f32> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from((state >> 16) as u16 | 1) / 65_536.0 - 0.500_001
        };
        (0..n).map(|_| next()).collect()
    }

    fn sine(n: usize, rate_hz: u32) -> Vec<f32> {
        (0..n)
            .map(|i| (std::f64::consts::TAU * 1_000.0 * i as f64 / f64::from(rate_hz)).sin() as f32 * 0.5)
            .collect()
    }

    /// A card that sounds what it was given 300 ms ago, and asks for 20 ms at a time.
    #[test]
    fn the_playhead_stands_at_what_is_heard_and_not_at_what_is_written() {
        const RATE_HZ: u32 = 48_000;
        const FRAMES: usize = 960;
        const PERIOD_NANOS: u64 = 20_000_000;
        const LATENCY_NANOS: u64 = 300_000_000;
        let (mut commands, waiting) = rtrb::RingBuffer::new(8);
        let (retire, _retired) = rtrb::RingBuffer::new(8);
        let shared = Arc::new(super::Shared::default());
        let mut renderer = super::Renderer {
            transport: Transport::new(RATE_HZ),
            commands: waiting,
            retired: retire,
            shared: Arc::clone(&shared),
            n_applied: 0,
            scratch: vec![0.0; FRAMES],
        };
        // Each sample says where it stands in the clip: by what sounds, the true place is known.
        let n = 10 * RATE_HZ as usize;
        let clip = Clip {
            samples: (0..n).map(|i| i as f32 / n as f32).collect(),
            sample_rate_hz: RATE_HZ,
        };
        let mut send = |command| assert!(commands.push(command).is_ok());
        send(Wish::Load(Voice::new(Arc::new(clip), RATE_HZ)));
        send(Wish::Seek(2.0));
        send(Wish::Play(1));
        let mut written = Vec::new();
        for period in 0..200u64 {
            match period {
                60 => send(Wish::Pace(Pace {
                    speed: 0.5,
                    keeps_pitch: false,
                })),
                120 => send(Wish::Pause),
                _ => {}
            }
            let now = period * PERIOD_NANOS;
            let mut buffer = vec![0.0f32; FRAMES];
            renderer.render(&mut buffer, 1, now + LATENCY_NANOS);
            written.extend(buffer);
            for part in [0, 7, 13] {
                let at = now + part * 1_000_000;
                let Some(sounding) = at.checked_sub(LATENCY_NANOS) else {
                    continue;
                };
                let frame = sounding as usize * (RATE_HZ as usize / 1_000) / 1_000_000;
                // The fades at the beginning and at the pause are no samples of the clip, nor is the silence after it.
                let is_faded = frame < RATE_HZ as usize / 100 || frame + 960 > 120 * FRAMES;
                if is_faded {
                    continue;
                }
                let truth = f64::from(written[frame]) * 10.0;
                let shown = shared.playhead.read().heard_secs(at);
                // Beyond a new pace the way before it is not known any more: it is shown from there on.
                let early = (60..80).contains(&period);
                assert!(
                    (shown - truth).abs() < 0.001 || early && shown >= truth && shown - truth < 0.31,
                    "{shown} s is shown while {truth} s is heard, in period {period}"
                );
            }
        }
        let last = shared.playhead.read().heard_secs(200 * PERIOD_NANOS);
        assert!((last - (2.0 + 1.2 + 0.6)).abs() < 0.001, "paused, it stands still: {last}");
    }

    #[test]
    fn a_card_that_asks_for_nothing_any_more_has_failed_and_a_single_error_is_none() {
        let mut shared = super::Shared::default();
        shared.trouble.note(&cpal::ErrorKind::BackendError.into(), "play again");
        assert_eq!(shared.failure(), None);
        let a_minute_ago = Instant::now().checked_sub(Duration::from_secs(60));
        shared.opened = a_minute_ago.expect("this computer runs for longer");
        shared.asked_at_ms.store(shared.now_ms(), super::Ordering::Relaxed);
        assert_eq!(shared.failure(), None, "it has just asked");
        let long_ago = shared.now_ms() - super::LONGEST_SILENCE_MS - 1_000;
        shared.asked_at_ms.store(long_ago, super::Ordering::Relaxed);
        assert!(shared.failure().is_some_and(|reason| reason.contains("takes no more sound")));
    }

    fn until(what: &str, mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < Duration::from_secs(20), "{what} never comes");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// This test again in a process of its own, as ALSA reads its configuration once. Returns what it printed.
    fn run_with_alsa(name: &str, configuration: &str, folder: &Path) -> String {
        let path = folder.join("asound.conf");
        std::fs::write(&path, configuration).expect("written");
        let test = std::env::current_exe().expect("this test");
        let name = format!("audio::player::tests::{name}");
        let output = Command::new(test)
            .args(["--exact", "--ignored", "--nocapture", &name])
            .env("ALSA_CONFIG_PATH", &path)
            .env(FOLDER, folder)
            .output()
            .expect("the test runs");
        let printed = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .concat();
        assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
        printed
    }

    #[test]
    fn what_is_played_is_what_the_clip_holds() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let played = folder.path().join("played.wav");
        let configuration = format!(
            "pcm.!default {{ type file slave.pcm \"nothing\" file \"{}\" format \"wav\" }}\npcm.nothing {{ type null }}\n",
            played.display()
        );
        let printed = run_with_alsa("play_noise_and_a_sine", &configuration, folder.path());
        if let Some(line) = printed.lines().find(|line| line.contains("SKIPPED")) {
            eprintln!("{line}");
            return;
        }
        // cpal takes 32-bit floats of a card that takes anything; ALSA labels whatever it writes as whole numbers.
        let mut bytes = std::fs::read(&played).expect("what was played");
        assert_eq!((bytes[20], bytes[34]), (1, 32));
        bytes[20] = 3;
        std::fs::write(&played, bytes).expect("labelled as floats");
        for channel in [0, 1] {
            let clip = read_clip_at_own_rate(&played, ChannelChoice::Index(channel)).expect("what was played");
            let (rate_hz, samples) = (clip.sample_rate_hz, clip.samples);
            let noise = noise(rate_hz as usize / 4);
            // The fade at the beginning starts from nothing: its first sample is not seen.
            let start = samples.iter().position(|value| *value != 0.0).expect("something was played") - 1;
            let fade = rate_hz as usize / 200 + 1;
            assert!(
                samples.get(start + fade..start + noise.len() - fade) == noise.get(fade..noise.len() - fade),
                "between the fades the noise is played whole and unchanged"
            );
            let rest = &samples[start + noise.len()..];
            let sine = sine(rate_hz as usize / 4, rate_hz);
            // The kernel rings a little before the sine begins, and its first sample is 0.
            let start = rest.iter().position(|value| value.abs() > 1e-3).expect("the sine was played");
            let (edge, n) = (rate_hz as usize / 100, sine.len());
            let error = |from: usize| {
                (edge..n - edge)
                    .map(|i| (rest[from + i] - sine[i]).abs())
                    .fold(0f32, f32::max)
            };
            let least = (start.saturating_sub(2 * edge)..start + 40)
                .map(error)
                .fold(f32::MAX, f32::min);
            assert!(
                least < 1e-3,
                "the sine at {SINE_RATE_HZ} Hz is off by {least} on a card at {rate_hz} Hz"
            );
            assert!(
                rest[start + n..].iter().all(|value| value.abs() < 1e-3),
                "silence after the end"
            );
        }
    }

    #[test]
    #[ignore = "run in a process of its own by what_is_played_is_what_the_clip_holds"]
    fn play_noise_and_a_sine() {
        let mut player = match Player::open() {
            Ok(player) => player,
            Err(error) => {
                eprintln!("SKIPPED: ALSA cannot play into a file here: {error}");
                return;
            }
        };
        let rate_hz = player.device_rate_hz;
        let clips = [
            Clip {
                samples: noise(rate_hz as usize / 4),
                sample_rate_hz: rate_hz,
            },
            Clip {
                samples: sine(SINE_RATE_HZ as usize / 4, SINE_RATE_HZ),
                sample_rate_hz: SINE_RATE_HZ,
            },
        ];
        for clip in clips.map(Arc::new) {
            player.load(Arc::clone(&clip)).expect("loaded");
            assert!(!player.is_playing());
            player.play();
            assert!(player.is_playing(), "from the moment that it was asked");
            until("the end", || !player.is_playing());
            until("the last sound", || {
                (player.position_secs() - clip.duration_secs()).abs() < 1e-6
            });
            player.seek(0.1);
            assert_eq!(player.position_secs(), 0.1, "a seek shows at once");
            until("the seek", || {
                player.shared.n_applied.load(super::Ordering::SeqCst) == player.n_sent
            });
            assert!((player.position_secs() - 0.1).abs() < 1e-4);
            assert!(!player.is_playing());
            player
                .load(Arc::new(Clip {
                    samples: vec![],
                    sample_rate_hz: rate_hz,
                }))
                .expect("loaded");
            until("the old clip", || {
                player.pause();
                Arc::strong_count(&clip) == 1
            });
        }
        assert_eq!(player.failure(), None);
    }

    #[test]
    fn without_a_sound_card_the_reason_is_said_in_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        run_with_alsa("open_nothing", "pcm.nothing { type null }\n", folder.path());
    }

    #[test]
    #[ignore = "run in a process of its own by without_a_sound_card_the_reason_is_said_in_time"]
    fn open_nothing() {
        let start = Instant::now();
        let error = Player::open().expect_err("there is no default device");
        assert!(start.elapsed() < OPEN_TIMEOUT + Duration::from_secs(1));
        assert!(matches!(error, AudioError::SoundCard { .. }), "{error}");
        eprintln!("{error}");
    }
}
