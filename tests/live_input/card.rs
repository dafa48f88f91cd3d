//! A sound card that is not there: cpal takes it for one.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use assert_no_alloc::{assert_no_alloc, violation_count};
use auscult::audio::ChannelChoice;
use auscult::audio::capture::Listener;
use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    Data, DeviceDescription, DeviceDescriptionBuilder, DeviceId, Error, ErrorKind, InputCallbackInfo, InputStreamTimestamp,
    OutputCallbackInfo, OutputStreamTimestamp, SampleFormat, StreamConfig, StreamInstant, SupportedBufferSize,
    SupportedStreamConfig, SupportedStreamConfigRange,
};

/// The sample of the left channel at a frame; the right one has its negative.
pub(crate) type Sound = Arc<dyn Fn(u64) -> f32 + Send + Sync>;

/// The frames behind the last of each buffer, and when it was handed over.
pub(crate) type Delivered = Arc<Mutex<Vec<(u64, Instant)>>>;

/// Asks a card for one buffer after the other, where the test itself is the clock.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<(Mutex<(u64, u64)>, Condvar)>);

impl Turns {
    /// One buffer more; back when the card is done with it.
    pub(crate) fn next(&self) {
        let (turns, changed) = &*self.0;
        let mut turns = turns.lock().expect("no panic");
        turns.0 += 1;
        changed.notify_all();
        while turns.1 < turns.0 {
            turns = changed.wait(turns).expect("no panic");
        }
    }

    /// Waits for the next turn; false where it does not come soon.
    fn is_due(&self) -> bool {
        let (turns, changed) = &*self.0;
        let turns = turns.lock().expect("no panic");
        let waited = changed.wait_timeout_while(turns, Duration::from_millis(20), |turns| turns.1 >= turns.0);
        !waited.expect("no panic").1.timed_out()
    }

    fn done(&self) {
        let (turns, changed) = &*self.0;
        turns.lock().expect("no panic").1 += 1;
        changed.notify_all();
    }
}

/// A card that delivers a made-up sound, one buffer after the other, until it is unplugged; and that swallows what it is to play.
/// Every call into the program is watched for memory that it takes or gives back.
#[derive(Clone)]
pub(crate) struct Card {
    pub rate_hz: u32,
    pub buffer_frames: usize,
    /// Seconds of sound in a second.
    pub speed: u32,
    pub sound: Sound,
    pub is_unplugged: Arc<AtomicBool>,
    /// It is there, and delivers nothing.
    pub is_stuck: Arc<AtomicBool>,
    /// How often the program took or gave back memory within its callbacks.
    pub n_allocations: Arc<AtomicU32>,
    /// For each buffer the frame behind its last, and when it was handed over; where somebody wants to know.
    pub delivered: Option<Delivered>,
    /// Who says when a buffer is due, where it is not the time.
    pub turns: Option<Turns>,
    /// The left channel of what was played.
    pub played: Arc<Mutex<Vec<f32>>>,
}

/// Rises by a step of 16 bits each frame.
pub(crate) fn ramp(frame: u64) -> f32 {
    (frame % 30_000) as f32 / 32_768.0
}

/// 16 kHz, ten milliseconds a buffer.
pub(crate) fn ramp_card(speed: u32) -> Card {
    Card {
        rate_hz: 16_000,
        buffer_frames: 160,
        speed,
        sound: Arc::new(ramp),
        is_unplugged: Arc::default(),
        is_stuck: Arc::default(),
        n_allocations: Arc::default(),
        delivered: None,
        turns: None,
        played: Arc::default(),
    }
}

pub(crate) fn device(card: &Card) -> cpal::Device {
    cpal::Device::from(cpal::platform::CustomDevice::from_device(card.clone()))
}

/// Listens to the right channel.
pub(crate) fn listening(card: &Card) -> Listener {
    Listener::of_device(&device(card), ChannelChoice::Index(1)).expect("listening")
}

pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} never comes");
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) struct CardStream {
    is_over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Card {
    /// Calls `turn` once a buffer, in time; where the machine stood still the missed ones follow at once, as from a card's own memory.
    fn run(&self, mut turn: impl FnMut(u64) -> bool + Send + 'static) -> CardStream {
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        let period = Duration::from_secs_f64(self.buffer_frames as f64 / f64::from(self.rate_hz) / f64::from(self.speed));
        let turns = self.turns.clone();
        let thread = std::thread::spawn(move || {
            if let Some(turns) = turns {
                for n in 0.. {
                    while !turns.is_due() {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                    }
                    let goes_on = turn(n);
                    turns.done();
                    if !goes_on {
                        return;
                    }
                }
            }
            let start = Instant::now();
            for n in 0u32.. {
                let due = start + period * n;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if stop.load(Ordering::Relaxed) || !turn(u64::from(n)) {
                    return;
                }
            }
        });
        CardStream {
            is_over,
            thread: Some(thread),
        }
    }

    /// Counts the memory that is taken or given back meanwhile.
    fn watched(&self, call: impl FnOnce()) {
        let before = violation_count();
        assert_no_alloc(call);
        self.n_allocations.fetch_add(violation_count() - before, Ordering::Relaxed);
    }

    fn config(&self) -> SupportedStreamConfig {
        SupportedStreamConfig::new(2, self.rate_hz, SupportedBufferSize::Unknown, SampleFormat::F32)
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card")
    }
}
impl PartialEq for Card {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Card {}
impl std::hash::Hash for Card {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}
impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ramp")
    }
}

impl DeviceTrait for Card {
    type SupportedInputConfigs = std::iter::Empty<SupportedStreamConfigRange>;
    type SupportedOutputConfigs = std::iter::Empty<SupportedStreamConfigRange>;
    type Stream = CardStream;

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
        Ok(self.config())
    }
    fn default_output_config(&self) -> Result<SupportedStreamConfig, Error> {
        Ok(self.config())
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
        let card = self.clone();
        let mut buffer = vec![0f32; 2 * self.buffer_frames];
        Ok(self.run(move |n| {
            if card.is_unplugged.load(Ordering::Relaxed) {
                on_error(ErrorKind::DeviceNotAvailable.into());
                return false;
            }
            if card.is_stuck.load(Ordering::Relaxed) {
                return true;
            }
            let first = n * card.buffer_frames as u64;
            for (frame, pair) in (first..).zip(buffer.chunks_exact_mut(2)) {
                let value = (card.sound)(frame);
                pair.copy_from_slice(&[value, -value]);
            }
            // SAFETY: the buffer outlives the call, and holds as many samples of that format.
            let data = unsafe { Data::from_parts(buffer.as_mut_ptr().cast(), buffer.len(), SampleFormat::F32) };
            let now = StreamInstant::new(0, 0);
            let timestamp = InputStreamTimestamp {
                callback: now,
                capture: now,
            };
            if let Some(delivered) = &card.delivered {
                let end = first + card.buffer_frames as u64;
                delivered.lock().expect("no panic").push((end, Instant::now()));
            }
            card.watched(|| on_data(&data, &InputCallbackInfo::new(timestamp)));
            true
        }))
    }

    #[allow(unsafe_code, reason = "cpal hands buffers over as raw parts")]
    fn build_output_stream_raw<D, E>(
        &self,
        _: StreamConfig,
        _: SampleFormat,
        mut on_data: D,
        _: E,
        _: Option<Duration>,
    ) -> Result<Self::Stream, Error>
    where
        D: FnMut(&mut Data, &OutputCallbackInfo) + Send + 'static,
        E: FnMut(Error) + Send + 'static,
    {
        let card = self.clone();
        let mut buffer = vec![0f32; 2 * self.buffer_frames];
        Ok(self.run(move |_| {
            // SAFETY: the buffer outlives the call, and holds as many samples of that format.
            let mut data = unsafe { Data::from_parts(buffer.as_mut_ptr().cast(), buffer.len(), SampleFormat::F32) };
            let now = StreamInstant::new(0, 0);
            let timestamp = OutputStreamTimestamp {
                callback: now,
                playback: now,
            };
            card.watched(|| on_data(&mut data, &OutputCallbackInfo::new(timestamp)));
            let mut played = card.played.lock().expect("no panic");
            for pair in buffer.chunks_exact(2) {
                assert_eq!(pair[0], pair[1], "all channels play alike");
                played.push(pair[0]);
            }
            true
        }))
    }
}

impl StreamTrait for CardStream {
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
        Err(ErrorKind::UnsupportedOperation.into())
    }
}

impl Drop for CardStream {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the card's thread ends");
        }
    }
}
