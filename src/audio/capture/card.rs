//! The inputs of the sound card.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, ErrorKind, FromSample, SampleFormat, SizedSample, StreamConfig, SupportedBufferSize};

use super::input::{Counts, Input, InputDevice};
use crate::audio::AudioError;
use crate::audio::player::sentence;

/// A sound system that takes longer than this to open is taken for dead.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// See the player: short enough to feel immediate, long enough for ALSA on `PipeWire`.
const BUFFER_FRAMES: u32 = 1_024;
/// Sound that may wait for the thread that takes it: a disk can stand still for a while.
const RING_SECS: usize = 8;

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

/// Opens the input with this id, or the default one. Waits at most a few seconds for a sound system that hangs.
pub(super) fn open(id: Option<&str>) -> Result<Input, AudioError> {
    let (send, receive) = mpsc::channel();
    let id = id.map(str::to_owned);
    let opening = move || {
        // Nobody listens any more when the time is over: then the stream is closed again.
        let _ = send.send(find(id.as_deref()).and_then(|device| open_device(&device)));
    };
    let opener = std::thread::Builder::new().name("audio:open".into()).spawn(opening);
    opener.map_err(|error| no_input(format!("{error}; close other programs and try again")))?;
    receive.recv_timeout(OPEN_TIMEOUT).unwrap_or_else(|error| {
        Err(no_input(match error {
            RecvTimeoutError::Timeout => "the sound system does not answer; restart it or log in again",
            RecvTimeoutError::Disconnected => "the sound system failed while it was opened; restart it or log in again",
        }))
    })
}

fn find(id: Option<&str>) -> Result<cpal::Device, AudioError> {
    let host = cpal::default_host();
    let Some(id) = id else {
        return host
            .default_input_device()
            .ok_or_else(|| no_input("this computer has none; connect a microphone or switch it on"));
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

/// Opens any input that cpal knows, at its own rate and with all of its channels.
pub(super) fn open_device(device: &cpal::Device) -> Result<Input, AudioError> {
    let supported = device.default_input_config().map_err(|error| refused(&error))?;
    let mut config = supported.config();
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
    let take = move |frames: &mut Vec<f32>| {
        // The stream lives as long as somebody takes from it.
        let _ = &stream;
        if let Ok(chunk) = samples.read_chunk(samples.slots()) {
            frames.extend(chunk);
        }
    };
    Ok(Input {
        name: device.to_string(),
        rate_hz: config.sample_rate,
        n_channels: config.channels,
        n_bits,
        take: Box::new(take),
        counts,
    })
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
    let on_error = move |error: cpal::Error| match error.kind() {
        ErrorKind::Xrun => {
            listening.n_overruns.fetch_add(1, Ordering::Relaxed);
        }
        // The stream goes on: from elsewhere, or without the priority that it asked for.
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
        _ => {
            let _ = listening
                .failure
                .set(format!("{}; connect it again or choose another input", sentence(&error)));
        }
    };
    let stream = device.build_input_stream(config, take, on_error, Some(OPEN_TIMEOUT))?;
    Ok((stream, samples, counts))
}

/// The callback: whole frames go into the ring, or are counted. Neither locks, logs nor allocates.
fn take_in<T: Copy>(data: &[T], n_channels: usize, ring: &mut rtrb::Producer<f32>, counts: &Counts)
where
    f32: FromSample<T>,
{
    let n_fitting = data.len().min(ring.slots() / n_channels * n_channels);
    if let Ok(chunk) = ring.write_chunk_uninit(n_fitting) {
        chunk.fill_from_iter(data[..n_fitting].iter().map(|&sample| f32::from_sample_(sample)));
    }
    let n_dropped = data.len() - n_fitting;
    if n_dropped > 0 {
        counts.n_dropped.fetch_add(n_dropped as u64, Ordering::Relaxed);
    }
}

fn no_input(reason: impl Into<String>) -> AudioError {
    AudioError::Input { reason: reason.into() }
}

fn refused(error: &cpal::Error) -> AudioError {
    no_input(format!("{}; connect a microphone or choose another input", sentence(error)))
}
