//! A WAV file that can be read at every moment while it grows.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::audio::AudioError;

/// Seconds of sound after which the header says again how much there is: what a killed program loses at most.
const HEADER_EVERY_SECS: f64 = 0.5;
/// Seconds of sound after which the disk is asked to have it: what a power cut loses at most.
const SYNC_EVERY_SECS: f64 = 1.5;
/// Where the size of the whole stands.
const RIFF_SIZE_AT: u64 = 4;
/// Two channels and less need no speaker positions: the plain header, which every program reads.
const MAX_PLAIN_CHANNELS: u16 = 2;
/// Bytes before the samples, with the plain header and with the one for more channels.
const PLAIN_HEADER: u64 = 44;
const EXTENDED_HEADER: u64 = 68;
/// `KSDATAFORMAT_SUBTYPE_PCM`.
const PCM_SUBTYPE: [u8; 16] = [1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// A recording that is being written. The file it makes was not there before.
pub(super) struct GrowingWav {
    path: PathBuf,
    /// Its cursor stands at the end.
    file: File,
    rate_hz: u32,
    n_channels: u16,
    n_bits: u16,
    header_len: u64,
    /// Encoded, and not in the file yet.
    waiting: Vec<u8>,
    n_frames: u64,
    n_in_header: u64,
    n_on_disk: u64,
}

impl GrowingWav {
    /// Begins a file of whole numbers of `n_bits` (16 or 24); folders on the way are made.
    ///
    /// # Errors
    /// Where the folder cannot be written, or a file of that name is there already.
    pub(super) fn create(path: &Path, rate_hz: u32, n_channels: u16, n_bits: u16) -> Result<Self, AudioError> {
        let header = header(rate_hz, n_channels, n_bits);
        let open = || -> io::Result<Self> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut file = File::options().write(true).read(true).create_new(true).open(path)?;
            file.write_all(&header)?;
            Ok(Self {
                path: path.to_owned(),
                file,
                rate_hz,
                n_channels,
                n_bits,
                header_len: header.len() as u64,
                waiting: Vec::new(),
                n_frames: 0,
                n_in_header: 0,
                n_on_disk: 0,
            })
        };
        open().map_err(|source| AudioError::io(path, source))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Frames that were pushed; after an error those that are in the file.
    pub(super) fn n_frames(&self) -> u64 {
        self.n_frames
    }

    /// How many frames more fit in a file whose sizes are numbers of 32 bits.
    pub(super) fn room(&self) -> u64 {
        (u64::from(u32::MAX) - 4_096) / self.frame_len() - self.n_frames
    }

    /// Adds whole frames, channel by channel, in [-1, 1]; what is beyond is clipped, as a converter does.
    ///
    /// # Errors
    /// Where the disk is full or gone. What reached it stays readable, and [`Self::n_frames`] says how much that is.
    pub(super) fn push(&mut self, frames: &[f32]) -> Result<(), AudioError> {
        let full_scale = f64::from((1u32 << (self.n_bits - 1)) - 1);
        let n_bytes = usize::from(self.n_bits / 8);
        for &sample in frames {
            // NaN becomes 0.
            let level = (f64::from(sample.clamp(-1.0, 1.0)) * full_scale).round() as i32;
            self.waiting.extend_from_slice(&level.to_le_bytes()[..n_bytes]);
        }
        self.n_frames += (frames.len() / usize::from(self.n_channels).max(1)) as u64;
        let is_due = |since: u64, secs: f64| (self.n_frames - since) as f64 >= secs * f64::from(self.rate_hz);
        let (header_due, sync_due) = (
            is_due(self.n_in_header, HEADER_EVERY_SECS),
            is_due(self.n_on_disk, SYNC_EVERY_SECS),
        );
        let mut write = || {
            if header_due {
                self.bring(0)?;
            }
            if sync_due {
                self.file.sync_data()?;
                self.n_on_disk = self.n_frames;
            }
            Ok(())
        };
        write().map_err(|source| self.failed(source))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Where the disk is full or gone. What reached it stays readable, and [`Self::n_frames`] says how much that is.
    pub(super) fn finish(&mut self) -> Result<(), AudioError> {
        let n_bytes = self.n_frames * self.frame_len();
        // Chunks begin at even places.
        let padding = n_bytes % 2;
        self.waiting.resize(self.waiting.len() + padding as usize, 0);
        self.bring(padding)
            .and_then(|()| self.file.sync_all())
            .map_err(|source| self.failed(source))
    }

    fn frame_len(&self) -> u64 {
        (u64::from(self.n_channels) * u64::from(self.n_bits / 8)).max(1)
    }

    /// Writes what waits, and then says so in the header: in this order a file never promises more than it holds.
    fn bring(&mut self, padding: u64) -> io::Result<()> {
        self.file.write_all(&self.waiting)?;
        self.waiting.clear();
        let n_bytes = self.n_frames * self.frame_len();
        write_sizes(&mut self.file, self.header_len, n_bytes, padding)?;
        self.n_in_header = self.n_frames;
        Ok(())
    }

    /// After a write that broke off: the header says how many whole frames there are. It needs no room that is not there.
    fn failed(&mut self, source: io::Error) -> AudioError {
        self.waiting.clear();
        if let Ok(found) = self.file.metadata() {
            self.n_frames = found.len().saturating_sub(self.header_len) / self.frame_len();
            // A disk that is gone takes neither: then there is nothing left to save.
            let n_bytes = self.n_frames * self.frame_len();
            self.file.set_len(self.header_len + n_bytes).ok();
            write_sizes(&mut self.file, self.header_len, n_bytes, 0).ok();
        }
        AudioError::io(&self.path, source)
    }
}

/// Lets the header of a recording that was cut off say all that reached the disk; any other file is left as it is.
///
/// # Errors
/// Where the file cannot be read or written.
pub fn mend(path: &Path) -> Result<(), AudioError> {
    let mend = || -> io::Result<()> {
        let mut file = File::options().read(true).write(true).open(path)?;
        let mut start = Vec::new();
        (&file).take(EXTENDED_HEADER).read_to_end(&mut start)?;
        let u16_at = |at: usize| Some(u16::from_le_bytes([*start.get(at)?, *start.get(at + 1)?]));
        let u32_at = |at: usize| Some(u32::from(u16_at(at)?) | u32::from(u16_at(at + 2)?) << 16);
        let ours = [PLAIN_HEADER, EXTENDED_HEADER].into_iter().find(|&header_len| {
            let (Some(rate_hz), Some(n_channels), Some(n_bits)) = (u32_at(24), u16_at(22), u16_at(34)) else {
                return false;
            };
            let made = header(rate_hz, n_channels, n_bits);
            // All but the sizes is as we write it.
            let is_size = |at: usize| (4..8).contains(&at) || (at + 4 >= made.len());
            made.len() as u64 == header_len
                && start.len() >= made.len()
                && made.iter().zip(&start).enumerate().all(|(at, (a, b))| is_size(at) || a == b)
        });
        let (Some(header_len), Some(frame_len)) = (ours, u16_at(32).map(u64::from).filter(|len| *len > 0)) else {
            return Ok(());
        };
        let there = file.metadata()?.len() - header_len;
        let said = u64::from(u32_at(header_len as usize - 4).unwrap_or(0));
        // Ended as it should be, with its byte of padding or without.
        if there == said || (there == said + 1 && said % 2 == 1) {
            return Ok(());
        }
        let n_bytes = there / frame_len * frame_len;
        file.set_len(header_len + n_bytes)?;
        write_sizes(&mut file, header_len, n_bytes, 0)?;
        file.sync_all()
    };
    mend().map_err(|source| AudioError::io(path, source))
}

fn write_sizes(file: &mut File, header_len: u64, n_bytes: u64, padding: u64) -> io::Result<()> {
    let of = |size: u64| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    file.seek(SeekFrom::Start(header_len - 4))?;
    file.write_all(&of(n_bytes))?;
    file.seek(SeekFrom::Start(RIFF_SIZE_AT))?;
    file.write_all(&of(header_len - 8 + n_bytes + padding))?;
    file.seek(SeekFrom::End(0)).map(|_| ())
}

/// Everything before the samples, of a file without any.
fn header(rate_hz: u32, n_channels: u16, n_bits: u16) -> Vec<u8> {
    // A header that is mended may hold anything.
    let frame_len = n_channels.saturating_mul(n_bits / 8);
    let is_plain = n_channels <= MAX_PLAIN_CHANNELS;
    let mut format: Vec<u8> = Vec::new();
    format.extend((if is_plain { 1u16 } else { 0xfffe }).to_le_bytes());
    format.extend(n_channels.to_le_bytes());
    format.extend(rate_hz.to_le_bytes());
    format.extend((rate_hz.saturating_mul(u32::from(frame_len))).to_le_bytes());
    format.extend(frame_len.to_le_bytes());
    format.extend(n_bits.to_le_bytes());
    if !is_plain {
        format.extend(22u16.to_le_bytes());
        format.extend(n_bits.to_le_bytes());
        // Microphones stand at no speaker's place.
        format.extend(0u32.to_le_bytes());
        format.extend(PCM_SUBTYPE);
    }
    let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut header = Vec::new();
    header.extend(b"RIFF");
    header.extend(size(4 + 8 + format.len() + 8));
    header.extend(b"WAVEfmt ");
    header.extend(size(format.len()));
    header.extend(format);
    header.extend(b"data");
    header.extend(size(0));
    header
}

#[cfg(test)]
mod tests {
    use super::{GrowingWav, mend};
    use crate::audio::{ChannelChoice, read_clip_at_own_rate};

    #[test]
    fn the_file_is_readable_while_it_grows_and_half_a_second_behind_at_most() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/take.wav");
        let mut wav = GrowingWav::create(&path, 8_000, 2, 24).expect("made");
        let frames: Vec<f32> = (0..1_600).map(|i| (i as f32 * 0.01).sin()).collect();
        for n in 1..=20u64 {
            wav.push(&frames).expect("written");
            let copy = folder.path().join("copy.wav");
            std::fs::copy(&path, &copy).expect("copied");
            let clip = read_clip_at_own_rate(&copy, ChannelChoice::Index(1));
            let n_read = clip.map_or(0, |clip| clip.samples.len() as u64);
            assert!(n_read + 4_000 >= n * 800, "{n_read} of {}", n * 800);
        }
        wav.finish().expect("ended");
        let clip = read_clip_at_own_rate(&path, ChannelChoice::Index(0)).expect("read");
        assert_eq!(clip.samples.len(), 20 * 800);
        for (i, value) in clip.samples.iter().take(800).enumerate() {
            assert!((value - frames[2 * i]).abs() < 1e-6);
        }
        let again = GrowingWav::create(&path, 8_000, 2, 24);
        assert!(
            again.is_err_and(|error| error.to_string().contains("take.wav")),
            "a recording is never replaced"
        );
    }

    #[test]
    fn a_file_that_was_cut_off_is_mended_to_its_last_whole_frame_and_others_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        for (n_channels, n_frames) in [(1u16, 8_001usize), (2, 8_001), (6, 900)] {
            let path = folder.path().join(format!("{n_channels}.wav"));
            let mut wav = GrowingWav::create(&path, 8_000, n_channels, 24).expect("made");
            wav.push(&vec![0.25; n_frames * usize::from(n_channels)]).expect("written");
            wav.finish().expect("ended");
            let whole = std::fs::read(&path).expect("read");
            mend(&path).expect("looked at");
            assert_eq!(std::fs::read(&path).expect("read"), whole, "nothing to mend");
            // The header of a moment before, and half a frame at the end.
            let mut torn = whole.clone();
            let header_len = if n_channels > 2 { 68 } else { 44 };
            torn[header_len - 4..header_len].copy_from_slice(&300u32.to_le_bytes());
            torn.truncate(header_len + n_frames * usize::from(n_channels) * 3);
            torn.extend([1, 2]);
            std::fs::write(&path, &torn).expect("written");
            mend(&path).expect("mended");
            let read = hound::WavReader::open(&path).expect("opened");
            assert_eq!(read.duration() as usize, n_frames);
        }
        let other = folder.path().join("other.wav");
        std::fs::write(&other, b"RIFF and something else").expect("written");
        mend(&other).expect("looked at");
        assert_eq!(std::fs::read(&other).expect("read"), b"RIFF and something else");
    }

    #[test]
    fn one_and_two_channels_have_the_plain_header_and_more_the_one_that_the_standard_asks_for() {
        let folder = tempfile::tempdir().expect("a folder");
        for (n_channels, n_bits, tag, header_len) in [(1u16, 24u16, 1u8, 44), (2, 16, 1, 44), (2, 24, 1, 44), (8, 24, 0xfe, 68)] {
            let path = folder.path().join(format!("{n_channels}x{n_bits}.wav"));
            let mut wav = GrowingWav::create(&path, 48_000, n_channels, n_bits).expect("made");
            let frames: Vec<f32> = (0..3 * n_channels).map(|i| f32::from(i) / 32.0 - 0.4).collect();
            wav.push(&frames).expect("written");
            wav.finish().expect("ended");
            let bytes = std::fs::read(&path).expect("read");
            let n_data = 3 * usize::from(n_channels) * usize::from(n_bits / 8);
            assert_eq!(bytes[20], tag);
            assert_eq!(bytes.len(), header_len + n_data.next_multiple_of(2), "an odd chunk is padded");
            let size_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
            assert_eq!((size_at(4), size_at(header_len - 4)), (bytes.len() - 8, n_data));
            // A reader that is not ours.
            let mut read = hound::WavReader::open(&path).expect("opened");
            assert_eq!((read.spec().channels, read.spec().bits_per_sample), (n_channels, n_bits));
            let full_scale = f64::from(1u32 << (n_bits - 1)) - 1.0;
            for (sample, frame) in read.samples::<i32>().zip(&frames) {
                assert_eq!(f64::from(sample.expect("a sample")), (f64::from(*frame) * full_scale).round());
            }
        }
    }
}
