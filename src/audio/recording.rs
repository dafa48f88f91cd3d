//! A recording of any length, read in stretches: hours of sound are never held at once.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::clip_builder::ClipBuilder;
use super::error::Fault;
use super::header::{Header, checked};
use super::read::{Opened, heard_channel};
use super::resample::StretchConverter;
use super::wav_layout::WavLayout;
use super::{AudioError, ChannelChoice, SAMPLE_RATE_HZ, foreign, wav_decode};

/// Longer recordings are not held whole: an hour of sound takes 230 MB, and its picture twice that.
pub const LONG_SECS: f64 = 300.0;

/// One channel (or the mean) of a sound file at [`SAMPLE_RATE_HZ`], of which any stretch can be read from any thread.
///
/// WAV of every kind is read where it lies. FLAC and AIFF are searched by symphonia, which finds a place in a FLAC file by halving
/// it, with or without a seek table; nothing is ever decoded to a temporary file. Only a FLAC file whose header does not say how
/// long it is has to be decoded once when it is opened.
#[derive(Debug, Clone)]
pub struct Recording {
    path: PathBuf,
    /// The channel that was asked for, and the one that it means in this file.
    asked: ChannelChoice,
    channel: ChannelChoice,
    header: Header,
    /// `None`: not WAV.
    layout: Option<WavLayout>,
    n_samples: u64,
}

impl Recording {
    /// Reads the header alone; all of the file only where its loudest channel is asked for, which nobody knows before.
    ///
    /// # Errors
    /// As [`super::read_clip`]: names the file and says what is wrong with it.
    pub fn open(path: &Path, channel: ChannelChoice) -> Result<Self, AudioError> {
        let opened = || {
            let (header, layout) = match Opened::at(path)? {
                Opened::Wav { layout, .. } => (layout.header, Some(layout)),
                Opened::Foreign(file) => (foreign::read_header(&file)?, None),
            };
            Ok((checked(header)?, layout))
        };
        let (header, layout) = opened().map_err(|fault: Fault| fault.of(path))?;
        let converter = StretchConverter::new(header.sample_rate_hz, SAMPLE_RATE_HZ);
        Ok(Self {
            path: path.to_owned(),
            asked: channel,
            channel: heard_channel(path, channel)?,
            header,
            layout,
            n_samples: converter.output_len(header.n_frames),
        })
    }

    /// Whether it is this channel of this file.
    pub fn is_of(&self, path: &Path, channel: ChannelChoice) -> bool {
        self.path == path && self.asked == channel
    }

    /// The channel that is heard: one of the file's, or the mean.
    pub fn heard(&self) -> ChannelChoice {
        self.channel
    }

    /// Samples of the whole at [`SAMPLE_RATE_HZ`].
    pub fn n_samples(&self) -> u64 {
        self.n_samples
    }

    pub fn duration_secs(&self) -> f64 {
        self.n_samples as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// The samples of a stretch, the same numbers as those that [`super::read_clip`] gives of the whole; silence beyond its end.
    /// Takes memory for the stretch alone.
    ///
    /// # Errors
    /// Where the file is gone, was cut off meanwhile or is damaged.
    pub fn read(&self, stretch: Range<u64>) -> Result<Vec<f32>, AudioError> {
        let n_wanted = usize::try_from(stretch.end.saturating_sub(stretch.start)).unwrap_or(0);
        let inside = stretch.start.min(self.n_samples)..stretch.end.min(self.n_samples);
        if inside.is_empty() {
            return Ok(vec![0.0; n_wanted]);
        }
        let mut converter = StretchConverter::new(self.header.sample_rate_hz, SAMPLE_RATE_HZ);
        let input = converter.input_of(&inside);
        let frames = self.read_frames(input.clone()).map_err(|fault| fault.of(&self.path))?;
        let mut samples = converter.convert(frames, input.start, &inside);
        samples.resize(n_wanted, 0.0);
        Ok(samples)
    }

    /// The chosen channel at the file's own rate, silence beyond its end.
    fn read_frames(&self, frames: Range<u64>) -> Result<Vec<f32>, Fault> {
        let n_wanted = usize::try_from(frames.end - frames.start).unwrap_or(usize::MAX);
        let inside = frames.start.min(self.header.n_frames)..frames.end.min(self.header.n_frames);
        let mut samples = match &self.layout {
            _ if inside.is_empty() => Vec::new(),
            Some(layout) => self.read_wav(layout, &inside)?,
            None => foreign::read_stretch(&File::open(&self.path)?, &inside, self.channel)?,
        };
        samples.resize(n_wanted, 0.0);
        Ok(samples)
    }

    /// A stretch of a WAV file is a WAV file that begins later: at the block that holds its first frame.
    fn read_wav(&self, layout: &WavLayout, frames: &Range<u64>) -> Result<Vec<f32>, Fault> {
        let block_frames = layout.block_frames.max(1) as u64;
        let first_block = frames.start / block_frames;
        let end_block = frames.end.div_ceil(block_frames);
        let header = Header {
            n_frames: (end_block - first_block) * block_frames,
            ..layout.header
        };
        let part = WavLayout {
            header,
            data_start: layout.data_start + first_block * layout.block_bytes as u64,
            ..*layout
        };
        let file = File::open(&self.path)?;
        let mut builder = ClipBuilder::new(&header, self.channel, None);
        builder.expect(header.n_frames);
        wav_decode::decode(file, &part, &mut builder)?;
        let mut samples = builder.finish().samples;
        samples.drain(..usize::try_from(frames.start - first_block * block_frames).unwrap_or(0));
        samples.truncate(usize::try_from(frames.end - frames.start).unwrap_or(usize::MAX));
        Ok(samples)
    }
}
