//! A WAV file that can be read at every moment while it grows.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::audio::AudioError;
use crate::audio::write::into_io;

/// Seconds of sound after which the header says again how much there is: what a killed program loses at most.
const HEADER_EVERY_SECS: f64 = 0.5;
/// Seconds of sound after which the disk is asked to have it: what a power cut loses at most.
const SYNC_EVERY_SECS: f64 = 1.5;

/// A recording that is being written. The file it makes was not there before.
pub(super) struct GrowingWav {
    path: PathBuf,
    writer: hound::WavWriter<BufWriter<File>>,
    /// The same file, to bring it to the disk.
    file: File,
    spec: hound::WavSpec,
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
        let spec = hound::WavSpec {
            channels: n_channels,
            sample_rate: rate_hz,
            bits_per_sample: n_bits,
            sample_format: hound::SampleFormat::Int,
        };
        let open = || -> io::Result<Self> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let file = File::options().write(true).read(true).create_new(true).open(path)?;
            let mut writer = hound::WavWriter::new(BufWriter::new(file.try_clone()?), spec).map_err(into_io)?;
            writer.flush().map_err(into_io)?;
            Ok(Self {
                path: path.to_owned(),
                writer,
                file,
                spec,
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

    pub(super) fn n_frames(&self) -> u64 {
        self.n_frames
    }

    /// How many frames more fit in a file whose sizes are numbers of 32 bits.
    pub(super) fn room(&self) -> u64 {
        let frame_len = u64::from(self.spec.channels) * u64::from(self.spec.bits_per_sample / 8);
        (u64::from(u32::MAX) - 4_096) / frame_len.max(1) - self.n_frames
    }

    /// Adds whole frames, channel by channel, in [-1, 1]; what is beyond is clipped, as a converter does.
    ///
    /// # Errors
    /// Where the disk is full or gone. What was there before stays readable.
    pub(super) fn push(&mut self, frames: &[f32]) -> Result<(), AudioError> {
        let full_scale = f64::from((1u32 << (self.spec.bits_per_sample - 1)) - 1);
        let mut write = || -> Result<(), hound::Error> {
            for &sample in frames {
                // NaN becomes 0.
                let level = f64::from(sample.clamp(-1.0, 1.0)) * full_scale;
                self.writer.write_sample(level.round() as i32)?;
            }
            self.n_frames += (frames.len() / usize::from(self.spec.channels).max(1)) as u64;
            let is_due = |since: u64, secs: f64| (self.n_frames - since) as f64 >= secs * f64::from(self.spec.sample_rate);
            if is_due(self.n_in_header, HEADER_EVERY_SECS) {
                self.writer.flush()?;
                self.n_in_header = self.n_frames;
            }
            if is_due(self.n_on_disk, SYNC_EVERY_SECS) {
                self.file.sync_data()?;
                self.n_on_disk = self.n_frames;
            }
            Ok(())
        };
        write().map_err(|source| AudioError::io(&self.path, into_io(source)))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Where the disk is full or gone.
    pub(super) fn finish(self) -> Result<PathBuf, AudioError> {
        let Self { path, writer, file, .. } = self;
        let end = || -> io::Result<()> {
            writer.finalize().map_err(into_io)?;
            file.sync_all()
        };
        match end() {
            Ok(()) => Ok(path),
            Err(source) => Err(AudioError::io(&path, source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GrowingWav;
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
}
