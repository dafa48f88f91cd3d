//! The training clips of a network: read once in parallel, split into clips to learn from and clips held out.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::frame_windows::FrameWindows;
use super::training_parts::{FrontEnd, Part, Taken, part_minutes};
use super::{ExtractorError, TrainingClip, TrainingConfig, TrainingObserver};
use crate::audio::AudioError;
use crate::dsp::Spectrogram;
use crate::nn::{Examples, TrainingPlan};
use crate::progress::{Progress, par_map};

/// Spectrograms of one network's clips that are kept in memory, all together; beyond it they are computed anew in each epoch.
const KEPT_BYTES: usize = 1 << 30;
/// One clip in this many is held out.
const HELD_OUT_SHARE: usize = 10;

/// A training clip that could be read, or a part of a long one; cheap to clone.
#[derive(Clone)]
pub(super) struct TrainingSpectrogram {
    pub clip: TrainingClip,
    pub part: Part,
    pub n_frames: usize,
    /// Size of the spectrogram, kept or not.
    pub n_bytes: usize,
    /// `None` where the memory did not suffice.
    pub kept: Option<Arc<Spectrogram>>,
}

impl TrainingSpectrogram {
    /// The picture anew, from the file.
    pub(super) fn computed(&self, front_end: FrontEnd<'_>) -> Result<Spectrogram, AudioError> {
        self.part.picture(&self.clip, front_end)
    }
}

/// Reads clips in parallel, in order, long ones in parts. A clip that cannot be read or is too short for what is taken of it is
/// left out, and the log says so.
pub(super) fn read_training_clips(
    clips: &[TrainingClip],
    front_end: FrontEnd<'_>,
    taken: Taken,
    observer: &mut dyn Progress,
) -> Result<Vec<TrainingSpectrogram>, ExtractorError> {
    let mut parts = Vec::with_capacity(clips.len());
    let of_clips: Vec<_> = clips.par_iter().map(|clip| Part::all(clip, taken)).collect();
    for (clip, of_clip) in clips.iter().zip(of_clips) {
        // What is wrong with a file is said once it is read.
        let of_clip = of_clip.unwrap_or_else(|_| vec![Part::Whole]);
        if of_clip.len() > 1 {
            observer.log(&format!(
                "{} is long: it is learned from in {} parts of at most {:.1} minutes, each as a clip of its own",
                clip.file.display(),
                of_clip.len(),
                part_minutes()
            ));
        }
        parts.extend(of_clip.into_iter().map(|part| (clip, part)));
    }
    let min_frames = match taken {
        Taken::Windows { n_frames, .. } => n_frames,
        Taken::Beginning { .. } => 1,
    };
    let kept_bytes = AtomicUsize::new(0);
    let read = par_map(&parts, observer, |(clip, part)| {
        let spectrogram = part.picture(clip, front_end)?;
        let n_bytes = size_of_val(spectrogram.values.as_slice());
        let is_kept = kept_bytes.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes <= KEPT_BYTES;
        Ok::<_, AudioError>(TrainingSpectrogram {
            clip: (*clip).clone(),
            part: part.clone(),
            n_frames: spectrogram.n_frames,
            n_bytes,
            kept: is_kept.then(|| Arc::new(spectrogram)),
        })
    })?;
    let mut usable = Vec::with_capacity(clips.len());
    for ((clip, _), outcome) in parts.iter().zip(read) {
        match outcome {
            Ok(read) if read.n_frames >= min_frames => usable.push(read),
            Ok(_) => observer.log(&format!("left out: {} is too short", clip.file.display())),
            Err(error) => observer.log(&format!("left out: {error}")),
        }
    }
    if usable.is_empty() {
        return Err(ExtractorError::NoTrainingClips);
    }
    Ok(usable)
}

/// Takes a tenth of the clips of every group away, whole clips only with all their parts: `(to learn from, held out)`.
///
/// With fewer than ten clips nothing is held out.
pub(super) fn split_held_out<G: Ord>(
    read: Vec<TrainingSpectrogram>,
    group_of: impl Fn(&TrainingSpectrogram) -> G,
    seed: u64,
) -> (Vec<TrainingSpectrogram>, Vec<TrainingSpectrogram>) {
    let mut clips: Vec<Vec<TrainingSpectrogram>> = Vec::new();
    for part in read {
        match clips.last_mut() {
            // Parts of one recording follow each other.
            Some(before) if !part.part.is_whole() && before.iter().all(|other| other.clip == part.clip) => before.push(part),
            _ => clips.push(vec![part]),
        }
    }
    let (learn, held_out) = split_tenth(clips, |parts| parts.first().map(&group_of), seed);
    (learn.concat(), held_out.concat())
}

fn split_tenth<T, G: Ord>(clips: Vec<T>, group_of: impl Fn(&T) -> G, seed: u64) -> (Vec<T>, Vec<T>) {
    let mut order: Vec<usize> = (0..clips.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    // Every tenth of the clips sorted by group takes from each group its share.
    order.sort_by_cached_key(|&clip_idx| group_of(&clips[clip_idx]));
    let mut is_held_out = vec![false; clips.len()];
    for &clip_idx in order.iter().skip(HELD_OUT_SHARE - 1).step_by(HELD_OUT_SHARE) {
        is_held_out[clip_idx] = true;
    }
    let (mut learn, mut held_out) = (Vec::new(), Vec::new());
    for (clip, is_held_out) in clips.into_iter().zip(is_held_out) {
        if is_held_out { held_out.push(clip) } else { learn.push(clip) }
    }
    (learn, held_out)
}

/// Tells which clips are held out, so that thresholds can rest on them.
pub(super) fn tell_held_out(held_out: &[TrainingSpectrogram], observer: &mut dyn TrainingObserver) {
    let mut files: Vec<&Path> = held_out.iter().map(|read| read.clip.file.as_path()).collect();
    files.dedup();
    observer.held_out(&files);
}

/// How a network is trained by these settings: without decay, to the last epoch. `data` stands for all that its examples depend on.
pub(super) fn plan_of(config: &TrainingConfig, network: &str, data: String) -> TrainingPlan {
    TrainingPlan {
        network: network.to_owned(),
        n_epochs: config.n_epochs,
        batch_size: config.batch_size,
        learning_rate: config.learning_rate,
        learning_rate_decay: 1.0,
        weight_decay: 0.0,
        seed: config.seed,
        device: config.device,
        early_stop: None,
        data,
    }
}

/// What a network learns from and what it is judged by, where there is any; no figures without labels.
pub(super) fn examples_of<'a>(learn: &'a mut FrameWindows<'_>, held_out: &'a mut FrameWindows<'_>) -> Examples<'a> {
    Examples {
        train: learn,
        held_out: if held_out.is_empty() { None } else { Some(held_out) },
        label_free: None,
    }
}

/// A hash of the clips that a network is trained on, by name, channel, group and size of file.
pub(super) fn fingerprint<'a>(clips: impl Iterator<Item = &'a TrainingClip>) -> String {
    let n_bytes = |file: &Path| std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let mut hasher = blake3::Hasher::new();
    for clip in clips {
        hasher.update(format!("{clip:?} {}\n", n_bytes(&clip.file)).as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::split_tenth;

    #[test]
    fn a_tenth_of_each_group_is_held_out() {
        let clips: Vec<(usize, usize)> = (0..200).map(|i| (i % 4, i)).collect();
        let (learn, held_out) = split_tenth(clips.clone(), |clip| clip.0, 1);
        assert_eq!((learn.len(), held_out.len()), (180, 20));
        assert!((0..4).all(|group| held_out.iter().filter(|clip| clip.0 == group).count() == 5));
        let mut all: Vec<_> = learn.iter().chain(&held_out).copied().collect();
        all.sort_by_key(|clip| clip.1);
        assert_eq!(all, clips, "each clip is on one side");
        let (_, other) = split_tenth(clips, |clip| clip.0, 2);
        assert_ne!(held_out, other);
        assert_eq!(split_tenth(vec![0; 9], |_| (), 1).1.len(), 0);
    }
}
