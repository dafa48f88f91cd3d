//! Writing WAV files.

use std::io;
use std::path::Path;

use super::{AudioError, Clip};
use crate::whole_file::write_whole;

/// Writes a clip as 16-bit mono WAV; a file of that name is replaced only when the whole is written.
///
/// Samples are clipped to [-1, 1]; 1 is written as 32,767. An error names the file.
pub fn write_wav(path: &Path, clip: &Clip) -> Result<(), AudioError> {
    write_whole(path, |file| write_samples(file, clip)).map_err(|source| AudioError::io(path, source))
}

fn write_samples(file: &mut (impl io::Write + io::Seek), clip: &Clip) -> io::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: clip.sample_rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(file, spec).map_err(into_io)?;
    for sample in &clip.samples {
        writer
            .write_sample((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16)
            .map_err(into_io)?;
    }
    writer.finalize().map_err(into_io)
}

pub(super) fn into_io(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::write_wav;
    use crate::audio::{ChannelChoice, Clip, read_clip};

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("clip.wav");
        let samples: Vec<f32> = (0..1_000).map(|i| (i as f32 * 0.05).sin() * 0.9).collect();
        let clip = Clip {
            samples,
            sample_rate_hz: 16_000,
        };
        write_wav(&path, &clip).expect("written");
        let again = read_clip(&path, ChannelChoice::default()).expect("read");
        assert_eq!(again.samples.len(), clip.samples.len());
        assert!(
            again
                .samples
                .iter()
                .zip(&clip.samples)
                .all(|(a, b)| (a - b).abs() < 1.0 / 16_384.0)
        );
        let names: Vec<_> = folder
            .path()
            .read_dir()
            .expect("listed")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(names, ["clip.wav"], "no temporary file is left");
    }

    #[test]
    fn overs_are_clipped_and_not_wrapped() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("overs.wav");
        write_wav(
            &path,
            &Clip {
                samples: vec![2.0, -2.0, f32::NAN],
                sample_rate_hz: 16_000,
            },
        )
        .expect("written");
        let raw: Vec<i16> = hound::WavReader::open(&path)
            .expect("opened")
            .samples()
            .map(|s| s.expect("a sample"))
            .collect();
        assert_eq!(raw, [32_767, -32_767, 0]);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_and_the_old_one_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("absent").join("clip.wav");
        let error = write_wav(&path, &Clip::default()).expect_err("no such folder");
        assert!(error.to_string().contains("clip.wav"), "{error}");
    }
}
