//! Reading recordings of any format as one channel at the working rate.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::clip_builder::ClipBuilder;
use super::error::Fault;
use super::header::{Header, checked};
use super::wav_layout::{WavLayout, is_wav, read_up_to};
use super::{AudioError, ChannelChoice, Clip, SAMPLE_RATE_HZ, foreign, wav_decode};

/// Header reading looks at few places of a file; small reads keep a scan of many files fast.
const HEADER_BUFFER_BYTES: usize = 1_024;

/// Reads the header alone: a few hundred bytes of a WAV file, whatever its length.
///
/// An error names the file and says what is wrong with it.
pub fn read_header(path: &Path) -> Result<Header, AudioError> {
    let header = || {
        let header = match Opened::at(path)? {
            Opened::Wav { layout, .. } => layout.header,
            Opened::Foreign(file) => foreign::read_header(&file)?,
        };
        checked(header)
    };
    header().map_err(|fault: Fault| fault.of(path))
}

/// Whether a recorder is done with a file, as far as its header tells: the size in a RIFF header is that of the file. Other formats
/// do not tell: they count as closed.
pub fn is_closed(path: &Path) -> bool {
    let head = || -> std::io::Result<bool> {
        let mut file = File::open(path)?;
        let mut start = [0; 8];
        file.read_exact(&mut start)?;
        let [r, i, f, f2, a, b, c, d] = start;
        let n_bytes = file.metadata()?.len();
        let said = u64::from(match &[r, i, f, f2] {
            b"RIFF" => u32::from_le_bytes([a, b, c, d]),
            b"RIFX" => u32::from_be_bytes([a, b, c, d]),
            _ => return Ok(true),
        });
        // Some count a byte of padding that they do not write, some write one that they do not count.
        Ok((said + 8).abs_diff(n_bytes) <= 1)
    };
    head().unwrap_or(false)
}

/// Reads one channel (or the mean) of a recording, resampled to [`super::SAMPLE_RATE_HZ`].
///
/// A channel that the file does not have means its last one. Samples are in [-1, 1], but for files of floats that go beyond.
/// A file that was cut off gives what is left of it. An error names the file and says what is wrong with it.
pub fn read_clip(path: &Path, channel: ChannelChoice) -> Result<Clip, AudioError> {
    read(path, channel, Some(SAMPLE_RATE_HZ)).map_err(|fault| fault.of(path))
}

/// Reads one channel (or the mean) of a recording at the rate that it was recorded with; otherwise like [`read_clip`].
pub fn read_clip_at_own_rate(path: &Path, channel: ChannelChoice) -> Result<Clip, AudioError> {
    read(path, channel, None).map_err(|fault| fault.of(path))
}

/// Which channel (or the mean) a choice means in a recording: the last one where it has fewer, the loudest where that is asked
/// for, which takes reading all of it.
///
/// An error names the file and says what is wrong with it.
pub fn heard_channel(path: &Path, choice: ChannelChoice) -> Result<ChannelChoice, AudioError> {
    let heard = || match choice {
        ChannelChoice::Mean => Ok(choice),
        ChannelChoice::Loudest => loudest(path),
        ChannelChoice::Index(index) => {
            let header = match Opened::at(path)? {
                Opened::Wav { layout, .. } => layout.header,
                Opened::Foreign(file) => foreign::read_header(&file)?,
            };
            Ok(ChannelChoice::Index(index.min(header.n_channels.max(1) - 1)))
        }
    };
    heard().map_err(|fault: Fault| fault.of(path))
}

fn loudest(path: &Path) -> Result<ChannelChoice, Fault> {
    let builder = decoded(path, ClipBuilder::comparing)?;
    Ok(ChannelChoice::Index(builder.loudest()))
}

fn read(path: &Path, channel: ChannelChoice, rate_hz: Option<u32>) -> Result<Clip, Fault> {
    let channel = match channel {
        ChannelChoice::Loudest => loudest(path)?,
        other => other,
    };
    Ok(decoded(path, |header| ClipBuilder::new(header, channel, rate_hz))?.finish())
}

/// Decodes the whole file into the builder that `builder` makes for its header.
fn decoded(path: &Path, builder: impl FnOnce(&Header) -> ClipBuilder) -> Result<ClipBuilder, Fault> {
    match Opened::at(path)? {
        Opened::Wav { file, layout } => {
            let mut builder = builder(&checked(layout.header)?);
            builder.expect(layout.header.n_frames);
            wav_decode::decode(file, &layout, &mut builder)?;
            Ok(builder)
        }
        Opened::Foreign(file) => foreign::read(&file, |header| Ok(builder(&checked(header)?))),
    }
}

/// A file whose first bytes were looked at.
pub(super) enum Opened {
    Wav { file: File, layout: WavLayout },
    Foreign(File),
}

impl Opened {
    pub(super) fn at(path: &Path) -> Result<Self, Fault> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Fault::unreadable("it is not a file; choose a recording");
        }
        if metadata.len() == 0 {
            return Fault::unreadable("it is empty; copy it again from the recorder or leave it out");
        }
        let mut magic = [0; 4];
        read_up_to(&mut file, &mut magic)?;
        file.seek(SeekFrom::Start(0))?;
        if !is_wav(magic) {
            return Ok(Self::Foreign(file));
        }
        let layout = WavLayout::read(
            &mut BufReader::with_capacity(HEADER_BUFFER_BYTES, file.by_ref()),
            metadata.len(),
        )?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self::Wav { file, layout })
    }
}
