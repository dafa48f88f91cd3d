//! What of a training clip is learned from as one: all of a short one; of a recording of hours, which would fill the memory, one
//! part of some minutes after the other.
//!
//! A part counts as a clip: its windows are drawn, mixed and kept or computed anew as those of a clip are. Its frames are those of
//! the whole recording, every window lies in one part only, and all parts of a recording are learned from or held out together.

use std::ops::Range;

use super::TrainingClip;
use super::crops::HOP;
use super::model_view::MARGIN_FRAMES;
use crate::audio::{self, AudioError, ChannelChoice, LONG_SECS, Recording, SAMPLE_RATE_HZ};
use crate::dsp::Spectrogram;

/// Frames that a part's windows begin in: 4 minutes.
const PART_FRAMES: usize = 1 << 13;

/// How a clip becomes the picture that a network sees parts of.
pub(super) type FrontEnd<'a> = &'a (dyn Fn(&[f32]) -> Spectrogram + Sync);

/// What a network takes of a clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Taken {
    /// Windows of so many frames of a centred transform with a hop of 512 samples; so many frames lie between two of them.
    Windows { n_frames: usize, hop: usize },
    /// The first samples.
    Beginning { n_samples: usize },
}

/// A part of a training clip.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Whole,
    Frames { frames: Range<usize>, channel: ChannelChoice },
    Beginning { n_samples: usize, channel: ChannelChoice },
}

impl Part {
    /// The parts of a clip, in order.
    pub(super) fn all(clip: &TrainingClip, taken: Taken) -> Result<Vec<Self>, AudioError> {
        let header = audio::read_header(&clip.file)?;
        if header.n_frames as f64 <= LONG_SECS * f64::from(header.sample_rate_hz) {
            return Ok(vec![Self::Whole]);
        }
        // Looked for once: which channel is the loudest takes reading all of the file.
        let recording = Recording::open(&clip.file, clip.channel)?;
        let channel = recording.heard();
        Ok(match taken {
            Taken::Beginning { n_samples } => vec![Self::Beginning { n_samples, channel }],
            Taken::Windows { n_frames, hop } => {
                let n_frames_of_all = 1 + usize::try_from(recording.n_samples()).unwrap_or(0) / HOP;
                let part = |frames| Self::Frames { frames, channel };
                frames_of_parts(n_frames_of_all, n_frames, hop).map(part).collect()
            }
        })
    }

    /// Its picture, from the clip's file.
    pub(super) fn picture(&self, clip: &TrainingClip, front_end: FrontEnd<'_>) -> Result<Spectrogram, AudioError> {
        match self {
            Self::Whole => Ok(front_end(&audio::read_clip(&clip.file, clip.channel)?.samples)),
            Self::Beginning { n_samples, channel } => {
                let recording = Recording::open(&clip.file, *channel)?;
                Ok(front_end(&recording.read(0..(*n_samples as u64).min(recording.n_samples()))?))
            }
            Self::Frames { frames, channel } => {
                let recording = Recording::open(&clip.file, *channel)?;
                let first = frames.start.saturating_sub(MARGIN_FRAMES);
                let end = (((frames.end + MARGIN_FRAMES) * HOP) as u64).min(recording.n_samples());
                let mut picture = front_end(&recording.read((first * HOP) as u64..end)?);
                let n_bins = picture.n_bins;
                picture.values.truncate((frames.end - first) * n_bins);
                picture
                    .values
                    .drain(..((frames.start - first) * n_bins).min(picture.values.len()));
                picture.n_frames = picture.values.len() / n_bins.max(1);
                Ok(picture)
            }
        }
    }

    /// Whether it is all of a clip.
    pub(super) fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// Frames of each part of so many frames: windows that begin in one part are whole in it, and each begins in one part only.
fn frames_of_parts(n_frames_of_all: usize, n_frames: usize, hop: usize) -> impl Iterator<Item = Range<usize>> {
    let each = (PART_FRAMES / hop).max(1) * hop;
    let n_starts = (n_frames_of_all + 1).saturating_sub(n_frames);
    let n_parts = n_starts.div_ceil(each).max(1);
    (0..n_parts).map(move |part| {
        let end = if part + 1 == n_parts {
            n_frames_of_all
        } else {
            (part + 1) * each + n_frames - hop.min(n_frames)
        };
        part * each..end
    })
}

/// How long a part is at most, in words.
pub(super) fn part_minutes() -> f64 {
    (PART_FRAMES * HOP) as f64 / f64::from(SAMPLE_RATE_HZ) / 60.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::audio::{Clip, write_wav};
    use crate::dataset::MachineSection;
    use crate::dsp::{LogMel, LogMelConfig};

    #[test]
    fn every_window_lies_in_one_part_only() {
        for (n_frames_of_all, n_frames, hop) in [
            (40_001, 5, 1),
            (40_000, 32, 3),
            (16_384, 64, 8),
            (16_385, 32, 32),
            (9_000, 5, 9_500),
        ] {
            let mut starts: BTreeMap<usize, usize> = BTreeMap::new();
            for frames in frames_of_parts(n_frames_of_all, n_frames, hop) {
                assert!(frames.len() >= n_frames && frames.len() <= PART_FRAMES.max(hop) + n_frames + hop);
                // As windows are cut from a clip.
                for start in (0..=frames.len() - n_frames).step_by(hop) {
                    *starts.entry(frames.start + start).or_default() += 1;
                }
            }
            let all: BTreeMap<usize, usize> = (0..=n_frames_of_all - n_frames)
                .step_by(hop)
                .map(|start| (start, 1))
                .collect();
            assert_eq!(starts, all, "{n_frames_of_all} frames, windows of {n_frames} every {hop}");
        }
    }

    #[test]
    fn the_parts_of_a_long_recording_have_the_frames_of_the_whole() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("long.wav");
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.1 * (state as f32 / u32::MAX as f32 - 0.5)
        };
        // Little to read: 4 kHz.
        let samples = (0..4_000 * (LONG_SECS as usize + 100)).map(|_| noise()).collect();
        write_wav(
            &file,
            &Clip {
                samples,
                sample_rate_hz: 4_000,
            },
        )
        .expect("written");
        let clip = TrainingClip {
            file,
            channel: ChannelChoice::default(),
            group: MachineSection {
                machine: "fan".to_owned(),
                section: "00".to_owned(),
            },
            attributes: Vec::new(),
            is_target: false,
        };
        let log_mel = LogMel::new(LogMelConfig::default());
        let front_end = |samples: &[f32]| log_mel.decibel(samples);
        let whole = Part::Whole.picture(&clip, &front_end).expect("read");
        let parts = Part::all(&clip, Taken::Windows { n_frames: 5, hop: 1 }).expect("a header");
        assert_eq!(parts.len(), 2);
        let mut reached = 0;
        for part in &parts {
            let Part::Frames { frames, .. } = part else {
                unreachable!("{part:?}");
            };
            let picture = part.picture(&clip, &front_end).expect("read");
            assert_eq!(picture.n_frames, frames.len());
            assert!(picture.values == whole.values[frames.start * 128..frames.end * 128]);
            reached = frames.end;
        }
        assert_eq!(reached, whole.n_frames);
        let beginning = Part::all(&clip, Taken::Beginning { n_samples: 160_000 }).expect("a header");
        assert_eq!(beginning.len(), 1);
        assert_eq!(beginning[0].picture(&clip, &front_end).expect("read").n_frames, 313);
    }
}
