//! The crops of a recording of any length, embedded: those of a long one from stretches of it, a few at a time.

use std::ops::Range;

use crate::audio::{AudioError, Clip, LONG_SECS, Recording, SAMPLE_RATE_HZ};
use crate::dataset::{CropWindow, MachineSection};
use crate::extractors::{Embedding, Extractor, ExtractorError, ModelView, WindowPlace};
use crate::progress::{Progress, par_map};

/// Samples of a stretch without its margins, 65 s.
const STRETCH_SAMPLES: u64 = 1 << 20;
/// What a stretch begins before its first crop and ends behind its last one at least, so that their outermost frames see what lies
/// beyond: longer than half of any front end's window.
const MIN_MARGIN_SAMPLES: u64 = SAMPLE_RATE_HZ as u64;

/// The crops of a recording and their embeddings; with a `hop`, and a front end that judges windows, those that begin every so
/// many frames.
///
/// The crops of a long recording are embedded from stretches of it, which gives the same where the front end looks at each crop by
/// itself. One that relates a crop to the whole clip relates it to a minute round it here.
///
/// # Errors
/// Where the recording cannot be read or the front end knows nothing of the section, or the wish to stop.
pub(super) fn crops_of(
    extractor: &dyn Extractor,
    recording: &Recording,
    group: &MachineSection,
    hop: Option<usize>,
    progress: &mut dyn Progress,
) -> Result<(Vec<CropWindow>, Vec<Embedding>), ExtractorError> {
    let embed = |clip: Clip| match (extractor.window_shape(), hop) {
        (Some(_), Some(hop)) => extractor.embed_windows(&clip, group, hop),
        _ => extractor.embed_crops(&clip, group),
    };
    let mut crops = crop_windows(extractor, recording, hop);
    let Some(cut) = Cut::of(&crops, recording) else {
        let embeddings = embed(clip(recording, 0..recording.n_samples())?)?;
        return Ok((crops, embeddings));
    };
    let starts: Vec<usize> = (0..crops.len()).step_by(cut.per_stretch).collect();
    let of_stretches = par_map(&starts, progress, |&start| {
        let Stretch {
            wanted,
            skipped,
            samples,
        } = cut.stretch(start);
        let embeddings = embed(clip(recording, samples)?)?;
        Ok(embeddings.into_iter().skip(skipped).take(wanted.len()).collect::<Vec<_>>())
    });
    let of_stretches: Result<Vec<Vec<Embedding>>, ExtractorError> = of_stretches?.into_iter().collect();
    let embeddings: Vec<Embedding> = of_stretches?.into_iter().flatten().collect();
    crops.truncate(embeddings.len());
    Ok((crops, embeddings))
}

/// What the front end sees of one of these crops: of a long recording the very stretch is read that its crop is embedded from.
///
/// # Errors
/// As [`Extractor::model_view`], and where the recording cannot be read.
pub fn model_view_of(
    extractor: &dyn Extractor,
    recording: &Recording,
    group: &MachineSection,
    place: WindowPlace,
) -> Result<ModelView, ExtractorError> {
    let crops = crop_windows(extractor, recording, place.hop);
    let Some(cut) = Cut::of(&crops, recording).filter(|_| place.idx < crops.len()) else {
        return extractor.model_view(&clip(recording, 0..recording.n_samples())?, group, place);
    };
    let Stretch {
        wanted,
        skipped,
        samples,
    } = cut.stretch(place.idx / cut.per_stretch * cut.per_stretch);
    let in_stretch = WindowPlace {
        idx: place.idx - wanted.start + skipped,
        ..place
    };
    let mut view = extractor.model_view(&clip(recording, samples)?, group, in_stretch)?;
    view.window = crops[place.idx];
    Ok(view)
}

fn crop_windows(extractor: &dyn Extractor, recording: &Recording, hop: Option<usize>) -> Vec<CropWindow> {
    match (extractor.window_shape(), hop) {
        (Some(shape), Some(hop)) => shape.windows(recording.duration_secs(), hop),
        _ => extractor.crop_windows(recording.duration_secs()),
    }
}

fn clip(recording: &Recording, samples: Range<u64>) -> Result<Clip, AudioError> {
    Ok(Clip {
        samples: recording.read(samples)?,
        sample_rate_hz: SAMPLE_RATE_HZ,
    })
}

/// How the crops of a long recording are dealt out to stretches of it.
struct Cut {
    n_crops: usize,
    n_samples: u64,
    /// Samples from the start of one crop to that of the next, and of a crop.
    step: u64,
    len: u64,
    per_stretch: usize,
    /// Crops that a stretch begins before its own: whole steps, so that its crops lie where those of the whole do.
    n_before: usize,
}

/// Samples that are looked at as one.
struct Stretch {
    /// Its crops.
    wanted: Range<usize>,
    /// Crops in it before them.
    skipped: usize,
    samples: Range<u64>,
}

impl Cut {
    /// `None` where the recording is short enough to be held, or has no two crops.
    fn of(crops: &[CropWindow], recording: &Recording) -> Option<Self> {
        let [first, second, ..] = crops else { return None };
        let samples = |secs: f64| (secs * f64::from(SAMPLE_RATE_HZ)).round() as u64;
        let step = samples(second.start_secs - first.start_secs);
        if recording.duration_secs() <= LONG_SECS || step == 0 {
            return None;
        }
        Some(Self {
            n_crops: crops.len(),
            n_samples: recording.n_samples(),
            step,
            len: samples(first.end_secs - first.start_secs),
            per_stretch: usize::try_from(STRETCH_SAMPLES / step).unwrap_or(1).max(1),
            n_before: usize::try_from(MIN_MARGIN_SAMPLES.div_ceil(step)).unwrap_or(1),
        })
    }

    /// The stretch whose first crop is this one.
    fn stretch(&self, start: usize) -> Stretch {
        let wanted = start..(start + self.per_stretch).min(self.n_crops);
        let skipped = self.n_before.min(start);
        let first = (start - skipped) as u64 * self.step;
        let end = if wanted.end == self.n_crops {
            self.n_samples
        } else {
            (wanted.end as u64 - 1) * self.step + self.len + MIN_MARGIN_SAMPLES
        };
        Stretch {
            wanted,
            skipped,
            samples: first..end.min(self.n_samples),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clip, LONG_SECS, Recording, SAMPLE_RATE_HZ, WindowPlace, crops_of, model_view_of};
    use crate::audio::{ChannelChoice, write_wav};
    use crate::dataset::MachineSection;
    use crate::extractors::{self, Recipe, TrainingConfig};
    use crate::progress::NoProgress;

    #[test]
    fn the_crops_of_a_long_recording_are_those_of_the_whole() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("long.wav");
        let n_samples = (LONG_SECS as u32 + 31) * SAMPLE_RATE_HZ + 77;
        let sample = |i: u32| {
            let slow = (f64::from(i) * 1e-5).sin() + 1.5;
            (f64::from(i.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) - 0.5) * 0.1 * slow
        };
        let clip = Clip {
            samples: (0..n_samples).map(|i| sample(i) as f32).collect(),
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        write_wav(&path, &clip).expect("written");
        let recording = Recording::open(&path, ChannelChoice::default()).expect("opened");
        let config = TrainingConfig::published(Recipe::PooledLogMel);
        let extractor = extractors::load(&config, folder.path()).expect("it needs no training");
        let group = MachineSection {
            machine: "fan".to_owned(),
            section: "00".to_owned(),
        };
        let (crops, embeddings) = crops_of(&*extractor, &recording, &group, None, &mut NoProgress).expect("embedded");
        let whole = Clip {
            samples: recording.read(0..recording.n_samples()).expect("read"),
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        let truth = extractor.embed_crops(&whole, &group).expect("embedded");
        assert_eq!(crops, extractor.crop_windows(whole.duration_secs()));
        assert!(truth.len() > 150 && embeddings.len() == truth.len());
        for (crop, (embedding, truth)) in embeddings.iter().zip(&truth).enumerate() {
            for (a, b) in embedding.values.iter().zip(&truth.values) {
                assert!((a - b).abs() < 1e-3, "crop {crop}: {a} for {b}");
            }
        }
        for idx in [0, 1, 31, 32, 33, 100, crops.len() - 1] {
            let place = WindowPlace { idx, hop: None };
            let view = model_view_of(&*extractor, &recording, &group, place).expect("a window");
            let truth = extractor.model_view(&whole, &group, place).expect("a window");
            assert_eq!((view.window, view.window), (truth.window, crops[idx]));
            assert!(view.values == truth.values, "window {idx}");
        }
    }
}
