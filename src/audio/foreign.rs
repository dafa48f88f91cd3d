//! What is not plain WAV, through symphonia: FLAC and AIFF.
//!
//! Files come from outside and symphonia is large: a panic in it is turned into a fault of the file.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadOnlySource};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::Timestamp;
use symphonia::default::{get_codecs, get_probe};

use super::ChannelChoice;
use super::clip_builder::ClipBuilder;
use super::error::Fault;
use super::header::{Header, max_frames, too_long};

/// Symphonia holds a packet of all channels; a broken header must not make that huge.
const MAX_CHANNELS: u16 = 64;

/// Reads the header; decodes only the last packet, or all where the header says more than the file holds.
pub(super) fn read_header(file: &File) -> Result<Header, Fault> {
    guarded(|| {
        let mut stream = Stream::open(file)?;
        let declared = stream.header;
        if declared.n_frames > 0 && stream.reaches(declared.n_frames) {
            return Ok(declared);
        }
        let mut n_frames = 0;
        Stream::open(file)?.decode(|n_new, _| {
            n_frames += n_new as u64;
            Ok(())
        })?;
        Ok(Header { n_frames, ..declared })
    })
}

/// Decodes the whole file into the builder that `builder` makes for its header.
pub(super) fn read(file: &File, builder: impl FnOnce(Header) -> Result<ClipBuilder, Fault>) -> Result<ClipBuilder, Fault> {
    guarded(|| {
        let mut stream = Stream::open(file)?;
        let header = stream.header;
        let mut builder = builder(header)?;
        let (n_channels, mut n_left) = (usize::from(header.n_channels), max_frames(header.sample_rate_hz));
        stream.decode(|n_frames, samples| {
            // A few bytes of a FLAC file can stand for hours of silence.
            n_left = n_left.checked_sub(n_frames as u64).ok_or_else(too_long)?;
            builder.push(n_frames, |frame, channel| {
                samples.get(frame * n_channels + channel).copied().unwrap_or(0.0)
            });
            Ok(())
        })?;
        Ok(builder)
    })
}

/// Decodes these frames of one channel, at the rate of the file; fewer where it ends before.
pub(super) fn read_stretch(file: &File, frames: &Range<u64>, channel: ChannelChoice) -> Result<Vec<f32>, Fault> {
    guarded(|| {
        let mut stream = Stream::open(file)?;
        if !stream.seek(frames.start) {
            // What cannot be searched is decoded from its start.
            stream = Stream::open(file)?;
        }
        let (n_channels, mut builder) = (
            usize::from(stream.header.n_channels),
            ClipBuilder::new(&stream.header, channel, None),
        );
        // The packet that holds the first frame begins before it.
        let (mut start, mut end) = (frames.start, None);
        while end < Some(frames.end)
            && let Ok(Some(packet)) = stream.format.next_packet()
        {
            let Ok(first) = u64::try_from(packet.pts.get()) else {
                continue;
            };
            if packet.track_id != stream.track_id || first + packet.dur.get() <= frames.start {
                continue;
            }
            let Ok(decoded) = stream.decoder.decode(&packet) else {
                continue;
            };
            if end.is_none() {
                start = start.min(first);
            }
            // Damaged packets are silence.
            let n_missing = first.saturating_sub(end.unwrap_or(start));
            builder.push(usize::try_from(n_missing).unwrap_or(0), |_, _| 0.0);
            decoded.copy_to_vec_interleaved(&mut stream.samples);
            let (n_frames, samples) = (decoded.frames(), &stream.samples);
            builder.push(n_frames, |frame, channel| {
                samples.get(frame * n_channels + channel).copied().unwrap_or(0.0)
            });
            end = Some(first + n_frames as u64);
        }
        let mut samples = builder.finish().samples;
        let n_before = frames.start - start;
        samples.drain(..usize::try_from(n_before).unwrap_or(0).min(samples.len()));
        samples.truncate(usize::try_from(frames.end - frames.start).unwrap_or(usize::MAX));
        Ok(samples)
    })
}

/// An opened file with the decoder of its first audio track.
struct Stream {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    header: Header,
    samples: Vec<f32>,
}

impl Stream {
    fn open(file: &File) -> Result<Self, Fault> {
        // Symphonia looks for chunks behind the sound of a file that can be searched, and fails where one was cut off.
        let format = probe(file, |file| Box::new(file)).or_else(|_| probe(file, |file| Box::new(ReadOnlySource::new(file))));
        let format = format?;
        let Some(track) = format.default_track(TrackType::Audio) else {
            return Fault::unreadable("it holds no sound; leave it out");
        };
        let (Some(CodecParameters::Audio(params)), track_id, n_frames) = (&track.codec_params, track.id, track.num_frames) else {
            return Fault::unreadable("it does not say how its sound is written; convert it to PCM WAV or FLAC");
        };
        let n_channels = params.channels.as_ref().map_or(0, Channels::count);
        let (Some(sample_rate_hz), Ok(n_channels @ 1..)) = (params.sample_rate, u16::try_from(n_channels)) else {
            return Fault::unreadable("its header lacks the sample rate or the channels; convert it to PCM WAV or FLAC");
        };
        if n_channels > MAX_CHANNELS {
            return Fault::unreadable(format!(
                "its header says that it has {n_channels} channels; convert it to PCM WAV or FLAC"
            ));
        }
        let decoder = get_codecs()
            .make_audio_decoder(params, &AudioDecoderOptions::default())
            .or_else(|error| undecodable(&error))?;
        let header = Header {
            sample_rate_hz,
            n_channels,
            n_frames: n_frames.unwrap_or(0),
        };
        Ok(Self {
            format,
            decoder,
            track_id,
            header,
            samples: Vec::new(),
        })
    }

    /// Goes to the packet that holds a frame, or to one before it; false where that cannot be done.
    fn seek(&mut self, frame: u64) -> bool {
        let Ok(frame) = i64::try_from(frame) else { return false };
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(frame),
            track_id: self.track_id,
        };
        self.format.seek(SeekMode::Accurate, to).is_ok()
    }

    /// True where the last of `n_frames` frames can be decoded.
    fn reaches(&mut self, n_frames: u64) -> bool {
        let Ok(last) = i64::try_from(n_frames - 1) else { return false };
        if !self.seek(n_frames - 1) {
            return false;
        }
        while let Ok(Some(packet)) = self.format.next_packet() {
            if packet.pts.get() + packet.dur.get() as i64 > last {
                // Of a packet that was cut off, symphonia gives what there is.
                let decoded = self.decoder.decode(&packet);
                return decoded.is_ok_and(|decoded| packet.pts.get() + decoded.frames() as i64 > last);
            }
        }
        false
    }

    /// Decodes to the end, or to where the file was cut off; `take` gets `(n_frames, interleaved samples)`.
    /// Damaged packets become silence, but not at the end: nobody knows whether they ever were whole.
    fn decode(&mut self, mut take: impl FnMut(usize, &[f32]) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut n_missing = 0;
        while let Ok(Some(packet)) = self.format.next_packet() {
            if packet.track_id != self.track_id {
                continue;
            }
            let Ok(decoded) = self.decoder.decode(&packet) else {
                n_missing += usize::try_from(packet.dur.get()).unwrap_or(0);
                continue;
            };
            if n_missing > 0 {
                take(n_missing, &[])?;
                n_missing = 0;
            }
            decoded.copy_to_vec_interleaved(&mut self.samples);
            take(decoded.frames(), &self.samples)?;
        }
        Ok(())
    }
}

/// Finds out the format of `file` from its start.
fn probe(file: &File, source: impl FnOnce(File) -> Box<dyn MediaSource>) -> Result<Box<dyn FormatReader>, Fault> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    let stream = MediaSourceStream::new(source(file), Default::default());
    let options = (FormatOptions::default(), MetadataOptions::default());
    get_probe()
        .probe(&Hint::new(), stream, options.0, options.1)
        .or_else(|error| undecodable(&error))
}

/// Runs symphonia; if it panics, the file is at fault.
fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let damaged =
        || Fault::unreadable("its sound is damaged and cannot be decoded; copy it again from the recorder or leave it out");
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| damaged())
}

fn undecodable<T>(error: &Error) -> Result<T, Fault> {
    match error {
        Error::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Fault::unreadable(format!("the disk refused to give it: {error}; check the disk and try again"))
        }
        Error::Unsupported(_) => Fault::unreadable("it is no sound file that auscult knows; convert it to PCM WAV or FLAC"),
        _ => Fault::unreadable("it is cut short, damaged or no sound file; copy it again from the recorder or leave it out"),
    }
}
