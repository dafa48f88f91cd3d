//! The inputs of the sound card, and the output that they are heard through.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig, SupportedBufferSize, SupportedStreamConfig,
};

use super::callback::{GiveOut, take_in};
use super::input::{Counts, Input, InputDevice, InputWish};
use super::monitor::{MONITOR_WAITS_SECS, Monitor};
use crate::audio::AudioError;
use crate::audio::trouble::sentence;

/// A sound system that takes longer than this to open is taken for dead.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// See the player: short enough to feel immediate, long enough for ALSA on `PipeWire`.
const BUFFER_FRAMES: u32 = 1_024;
/// Sound that may wait for the thread that takes it: a busy machine can stand still for a while.
const RING_SECS: usize = 8;
/// Frames that are taken at a time: what works on them keeps its memory, and a machine that stood still has seconds of them.
const TAKEN_FRAMES: usize = 8_192;
/// Rates that a person may want of a sound card.
const RATES_HZ: [u32; 9] = [8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000];
/// Monitoring waits for this much before it begins, and leaves out what goes beyond the second.
const MONITOR_SECS: [f64; 2] = [MONITOR_WAITS_SECS, 0.25];
/// Where it has to begin or to end at once, it does so in this time.
const MONITOR_FADE_SECS: f64 = 0.005;

/// The inputs of this computer, the default one first. Takes a moment: not for the window's thread.
pub fn input_devices() -> Vec<InputDevice> {
    let host = cpal::default_host();
    let default = host.default_input_device().and_then(|device| device.id().ok());
    let mut found: Vec<InputDevice> = Vec::new();
    for device in host.input_devices().into_iter().flatten() {
        let Ok(id) = device.id() else { continue };
        let input = InputDevice {
            name: device
                .description()
                .map_or_else(|_| id.to_string(), |description| description.name().to_owned()),
            is_default: Some(&id) == default.as_ref(),
            id: id.to_string(),
        };
        if !found.contains(&input) {
            found.push(input);
        }
    }
    found.sort_by_key(|input| !input.is_default);
    found
}

/// Opens the input that is wished for.
pub(super) fn open(wish: InputWish) -> Result<Input, AudioError> {
    in_time(no_input, move || {
        find(wish.id.as_deref()).and_then(|device| open_device(&device, wish.rate_hz))
    })
}

/// Opens the default output.
pub(super) fn open_output(rate_hz: u32) -> Result<Monitor, AudioError> {
    in_time(no_output, move || match cpal::default_host().default_output_device() {
        Some(device) => open_output_device(&device, rate_hz),
        None => Err(no_output("this computer has none; connect or switch on a loudspeaker".into())),
    })
}

/// Waits at most a few seconds for a sound system that hangs.
fn in_time<T: Send + 'static>(
    error: fn(String) -> AudioError,
    open: impl FnOnce() -> Result<T, AudioError> + Send + 'static,
) -> Result<T, AudioError> {
    let (send, receive) = mpsc::channel();
    let opening = move || {
        // Nobody listens any more when the time is over: then the stream is closed again.
        let _ = send.send(open());
    };
    let opener = std::thread::Builder::new().name("audio:open".into()).spawn(opening);
    opener.map_err(|reason| error(format!("{reason}; close other programs and try again")))?;
    receive.recv_timeout(OPEN_TIMEOUT).unwrap_or_else(|reason| {
        let words = match reason {
            RecvTimeoutError::Timeout => "the sound system does not answer; restart it or log in again",
            RecvTimeoutError::Disconnected => "the sound system failed while it was opened; restart it or log in again",
        };
        Err(error(words.into()))
    })
}

fn find(id: Option<&str>) -> Result<cpal::Device, AudioError> {
    let host = cpal::default_host();
    let Some(id) = id else {
        return host
            .default_input_device()
            .ok_or_else(|| no_input("this computer has none; connect a microphone or switch it on".into()));
    };
    let mut devices = host.input_devices().map_err(|error| refused(&error))?;
    devices
        .find(|device| device.id().is_ok_and(|found| found.to_string() == id))
        .ok_or_else(|| {
            no_input(format!(
                "{id} is not there any more; connect it again or choose another input"
            ))
        })
}

/// Opens any input that cpal knows with all of its channels.
pub(super) fn open_device(device: &cpal::Device, rate_hz: Option<u32>) -> Result<Input, AudioError> {
    let supported = device.default_input_config().map_err(|error| refused(&error))?;
    let rates_hz = rates_of(device, &supported);
    let mut config = supported.config();
    if let Some(wished) = rate_hz.filter(|wished| rates_hz.contains(wished)) {
        config.sample_rate = wished;
    }
    if let SupportedBufferSize::Range { min, max } = *supported.buffer_size() {
        config.buffer_size = BufferSize::Fixed(BUFFER_FRAMES.clamp(min, max.max(min)));
    }
    let format = supported.sample_format();
    let build = |config: StreamConfig| match format {
        SampleFormat::I8 => build::<i8>(device, config),
        SampleFormat::I16 => build::<i16>(device, config),
        SampleFormat::I24 => build::<cpal::I24>(device, config),
        SampleFormat::I32 => build::<i32>(device, config),
        SampleFormat::U8 => build::<u8>(device, config),
        SampleFormat::U16 => build::<u16>(device, config),
        SampleFormat::U24 => build::<cpal::U24>(device, config),
        SampleFormat::U32 => build::<u32>(device, config),
        SampleFormat::F32 => build::<f32>(device, config),
        SampleFormat::F64 => build::<f64>(device, config),
        _ => Err(ErrorKind::UnsupportedConfig.into()),
    };
    // Some cards offer a range of buffer sizes and take only their own.
    let own = StreamConfig {
        buffer_size: BufferSize::Default,
        ..config
    };
    let (stream, mut samples, counts) = build(config).or_else(|_| build(own)).map_err(|error| refused(&error))?;
    stream.play().map_err(|error| refused(&error))?;
    let n_bits = match format {
        SampleFormat::I8 | SampleFormat::U8 | SampleFormat::I16 | SampleFormat::U16 => 16,
        _ => 24,
    };
    let n_at_once = TAKEN_FRAMES * usize::from(config.channels).max(1);
    let take = move |frames: &mut Vec<f32>| {
        // The stream lives as long as somebody takes from it.
        let _ = &stream;
        if let Ok(chunk) = samples.read_chunk(samples.slots().min(n_at_once)) {
            frames.extend(chunk);
        }
        samples.slots() > 0
    };
    Ok(Input {
        id: device.id().ok().map(|id| id.to_string()),
        name: device.to_string(),
        rate_hz: config.sample_rate,
        rates_hz,
        n_channels: config.channels,
        n_bits,
        take: Box::new(take),
        counts,
    })
}

/// The rates that a device takes as it takes its own: with the same format and channels.
fn rates_of(device: &cpal::Device, own: &SupportedStreamConfig) -> Vec<u32> {
    let ranges: Vec<_> = device.supported_input_configs().into_iter().flatten().collect();
    let alike = ranges
        .iter()
        .filter(|range| range.channels() == own.channels() && range.sample_format() == own.sample_format());
    let mut rates: Vec<u32> = alike
        .flat_map(|range| {
            let takes = |rate: &u32| (range.min_sample_rate()..=range.max_sample_rate()).contains(rate);
            RATES_HZ.into_iter().filter(takes)
        })
        .chain([own.sample_rate()])
        .collect();
    rates.sort_unstable();
    rates.dedup();
    rates
}

type Built = (cpal::Stream, rtrb::Consumer<f32>, Arc<Counts>);

fn build<T>(device: &cpal::Device, config: StreamConfig) -> Result<Built, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let n_channels = usize::from(config.channels).max(1);
    let (mut ring, samples) = rtrb::RingBuffer::new(RING_SECS * config.sample_rate as usize * n_channels);
    let counts = Arc::new(Counts::default());
    let counting = Arc::clone(&counts);
    let take = move |data: &[T], _: &cpal::InputCallbackInfo| take_in(data, n_channels, &mut ring, &counting);
    let listening = Arc::clone(&counts);
    let on_error = move |error: cpal::Error| listening.trouble.note(&error, "connect it again or choose another input");
    let stream = device.build_input_stream(config, take, on_error, Some(OPEN_TIMEOUT))?;
    Ok((stream, samples, counts))
}

/// Opens any output that cpal knows, at this rate if it can, for what an input hears.
pub(super) fn open_output_device(device: &cpal::Device, rate_hz: u32) -> Result<Monitor, AudioError> {
    let supported = device.default_output_config().map_err(|error| output_refused(&error))?;
    let own = supported.config();
    let wished = StreamConfig {
        sample_rate: rate_hz,
        buffer_size: match *supported.buffer_size() {
            SupportedBufferSize::Range { min, max } => BufferSize::Fixed(BUFFER_FRAMES.clamp(min, max.max(min))),
            SupportedBufferSize::Unknown => BufferSize::Default,
        },
        ..own
    };
    let format = supported.sample_format();
    let build = |config: StreamConfig| match format {
        SampleFormat::I8 => build_output::<i8>(device, config),
        SampleFormat::I16 => build_output::<i16>(device, config),
        SampleFormat::I24 => build_output::<cpal::I24>(device, config),
        SampleFormat::I32 => build_output::<i32>(device, config),
        SampleFormat::U8 => build_output::<u8>(device, config),
        SampleFormat::U16 => build_output::<u16>(device, config),
        SampleFormat::U24 => build_output::<cpal::U24>(device, config),
        SampleFormat::U32 => build_output::<u32>(device, config),
        SampleFormat::F32 => build_output::<f32>(device, config),
        SampleFormat::F64 => build_output::<f64>(device, config),
        _ => Err(ErrorKind::UnsupportedConfig.into()),
    };
    // At its own rate where it does not have this one, with short buffers all the same: its own may hold seconds.
    let at_own_rate = StreamConfig {
        buffer_size: wished.buffer_size,
        ..own
    };
    let opened = build(wished).or_else(|_| build(at_own_rate)).or_else(|_| build(own));
    opened.map_err(|error| output_refused(&error))
}

fn build_output<T>(device: &cpal::Device, config: StreamConfig) -> Result<Monitor, cpal::Error>
where
    T: SizedSample + FromSample<f32>,
{
    let n_channels = usize::from(config.channels).max(1);
    let [n_wanted, n_most] = MONITOR_SECS.map(|secs| (secs * f64::from(config.sample_rate)) as usize);
    let (mut feed, mut ring) = rtrb::RingBuffer::new(config.sample_rate as usize);
    let n_fade = (MONITOR_FADE_SECS * f64::from(config.sample_rate)) as usize;
    let mut out = GiveOut::new(n_wanted, n_most, n_fade);
    let counts = Arc::new(Counts::default());
    let (counting, theirs) = (Arc::clone(&counts), Arc::clone(&counts));
    let give_out = move |data: &mut [T], _: &cpal::OutputCallbackInfo| out.fill(data, n_channels, &mut ring, &counting);
    let on_error = move |error: cpal::Error| theirs.trouble.note(&error, "check the loudspeaker and monitor again");
    let stream = device.build_output_stream(config, give_out, on_error, Some(OPEN_TIMEOUT))?;
    stream.play()?;
    let give = move |samples: &[f32]| {
        // The stream lives as long as somebody feeds it.
        let _ = &stream;
        // An output that takes nothing any more must not hold up the input: what does not fit is not heard.
        if let Ok(chunk) = feed.write_chunk_uninit(samples.len().min(feed.slots())) {
            chunk.fill_from_iter(samples.iter().copied());
        }
        feed.buffer().capacity() - feed.slots()
    };
    Ok(Monitor::new(config.sample_rate, Box::new(give), counts))
}

fn no_input(reason: String) -> AudioError {
    AudioError::Input { reason }
}

fn refused(error: &cpal::Error) -> AudioError {
    no_input(format!("{}; connect a microphone or choose another input", sentence(error)))
}

fn no_output(reason: String) -> AudioError {
    AudioError::SoundCard { reason }
}

fn output_refused(error: &cpal::Error) -> AudioError {
    no_output(format!("{}; connect or switch on a loudspeaker", sentence(error)))
}
