//! The crops of a recording of any length, embedded: those of a long one from stretches of it, a few at a time.

use std::ops::Range;

use crate::audio::{Clip, LONG_SECS, Recording, SAMPLE_RATE_HZ};
use crate::dataset::{CropWindow, MachineSection};
use crate::extractors::{Embedding, Extractor, ExtractorError};
use crate::progress::{NoProgress, par_map};

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
/// Where the recording cannot be read or the front end knows nothing of the section.
pub(super) fn crops_of(
    extractor: &dyn Extractor,
    recording: &Recording,
    group: &MachineSection,
    hop: Option<usize>,
) -> Result<(Vec<CropWindow>, Vec<Embedding>), ExtractorError> {
    let embed = |samples: Vec<f32>| {
        let clip = Clip {
            samples,
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        match (extractor.window_shape(), hop) {
            (Some(_), Some(hop)) => extractor.embed_windows(&clip, group, hop),
            _ => extractor.embed_crops(&clip, group),
        }
    };
    let clip_secs = recording.duration_secs();
    let mut crops = match (extractor.window_shape(), hop) {
        (Some(shape), Some(hop)) => shape.windows(clip_secs, hop),
        _ => extractor.crop_windows(clip_secs),
    };
    let step = step_samples(&crops).filter(|_| recording.duration_secs() > LONG_SECS);
    let Some(step) = step else {
        let embeddings = embed(recording.read(0..recording.n_samples())?)?;
        return Ok((crops, embeddings));
    };
    let per_stretch = usize::try_from(STRETCH_SAMPLES / step).unwrap_or(1).max(1);
    let starts: Vec<usize> = (0..crops.len()).step_by(per_stretch).collect();
    // Whole steps, so that the crops of the stretch lie where those of the whole do.
    let n_before = usize::try_from(MIN_MARGIN_SAMPLES.div_ceil(step)).unwrap_or(1);
    let of_stretches = par_map(&starts, &mut NoProgress, |&start| {
        let wanted = start..(start + per_stretch).min(crops.len());
        let skipped = n_before.min(start);
        let samples = stretch(&wanted, skipped, step, &crops, recording.n_samples());
        let embeddings = embed(recording.read(samples)?)?;
        Ok(embeddings.into_iter().skip(skipped).take(wanted.len()).collect::<Vec<_>>())
    });
    let of_stretches: Result<Vec<Vec<Embedding>>, ExtractorError> = of_stretches.unwrap_or_default().into_iter().collect();
    let embeddings: Vec<Embedding> = of_stretches?.into_iter().flatten().collect();
    crops.truncate(embeddings.len());
    Ok((crops, embeddings))
}

/// From the start of one crop to that of the next; `None` where there are fewer than two.
fn step_samples(crops: &[CropWindow]) -> Option<u64> {
    let secs = crops.get(1)?.start_secs - crops.first()?.start_secs;
    Some((secs * f64::from(SAMPLE_RATE_HZ)).round() as u64).filter(|step| *step > 0)
}

/// The samples of these crops, with `skipped` more crops before them and a margin behind.
fn stretch(wanted: &Range<usize>, skipped: usize, step: u64, crops: &[CropWindow], n_samples: u64) -> Range<u64> {
    let first = (wanted.start - skipped) as u64 * step;
    let last = (wanted.end.max(1) - 1) as u64;
    let len_secs = crops.first().map_or(0.0, |crop| crop.end_secs - crop.start_secs);
    let len = (len_secs * f64::from(SAMPLE_RATE_HZ)).ceil() as u64;
    let end = if wanted.end == crops.len() {
        n_samples
    } else {
        last * step + len + MIN_MARGIN_SAMPLES
    };
    first..end.min(n_samples)
}

#[cfg(test)]
mod tests {
    use super::{Clip, LONG_SECS, Recording, SAMPLE_RATE_HZ, crops_of};
    use crate::audio::{ChannelChoice, write_wav};
    use crate::dataset::MachineSection;
    use crate::extractors::{self, Recipe, TrainingConfig};

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
        let (crops, embeddings) = crops_of(&*extractor, &recording, &group, None).expect("embedded");
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
    }
}
