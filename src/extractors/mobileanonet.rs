//! MobileAnoNet: one network shared by all machines, trained to tell them apart.
//!
//! Source: the MobileAnoNet paper and its code, as far as the machine loss goes: segments of 64 frames of the linear STFT
//! magnitude, each scaled to 0..1, 20 random ones a clip and epoch.

use std::collections::BTreeSet;
use std::path::Path;

use super::crops::{CROP_FRAMES, crop_windows, needed_secs};
use super::frame_windows::{FrameWindows, WindowRule};
use super::training_set::{TrainingSpectrogram, fingerprint, read_training_clips, split_held_out};
use super::{Embedding, Extractor, ExtractorError, Recipe, TrainingClip, TrainingConfig, TrainingObserver};
use crate::audio::Clip;
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{Spectrogram, Stft, StftConfig};
use crate::nn::{
    EMBEDDING_LEN, Examples, MobileAnoNet as Network, SegmentShape, SegmentWindow, TrainingPlan, read_weights, write_weights,
};

/// Frames of a segment.
const N_FRAMES: usize = SegmentShape::PUBLISHED.n_frames;
/// StepLR of the published code.
const LEARNING_RATE_DECAY: f64 = 0.8;
/// L2 penalty of the published code.
const WEIGHT_DECAY: f64 = 1e-4;
const WEIGHTS_FILE: &str = "mobileanonet.safetensors";
const CHECKPOINT_FILE: &str = "checkpoint.safetensors";

/// The trained network.
///
/// The embedding of a clip is the mean of the 128 numbers of its segments, one every `segment_hop` frames and the last one.
pub(super) struct MobileAnoNet {
    network: Network,
    stft: Stft,
    segment_hop: usize,
}

impl MobileAnoNet {
    /// Trains one network on the clips of all machines. Each section of each machine is a class of its own, as in the published
    /// code: where a data set has one section a machine, the classes are the machine types.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let stft = Stft::new(StftConfig::default());
        let front_end = |samples: &[f32]| stft.magnitude(samples);
        observer.stage("reading recordings");
        let read = read_training_clips(clips, &front_end, N_FRAMES, observer)?;
        let classes = classes_of(read.iter().map(|read| &read.clip))?;
        observer.log(&format!("{} classes: {}", classes.len(), classes.join(", ")));
        let data = fingerprint(read.iter().map(|read| &read.clip));
        let (learn, held_out) = split_held_out(read, |read| class_of(&read.clip, &classes), config.seed);
        let rule = WindowRule {
            n_frames: N_FRAMES,
            hop: 1,
            n_per_clip: Some(config.segments_per_clip),
            cut: cut_segment,
        };
        let windows = |clips: Vec<TrainingSpectrogram>| {
            let with_class = clips.into_iter().filter_map(|read| {
                let class = class_of(&read.clip, &classes)?;
                Some((read, class as u32))
            });
            FrameWindows::new(with_class.collect(), &front_end, rule)
        };
        let (mut learn, mut held_out) = (windows(learn), windows(held_out));
        let examples = Examples {
            train: &mut learn,
            held_out: if held_out.is_empty() { None } else { Some(&mut held_out) },
            label_free: None,
        };
        observer.stage("training");
        let fresh = Network::new(SegmentShape::PUBLISHED, classes.len(), config.device, config.seed)?;
        let plan = plan_of(config, &data);
        let network = fresh.train(&plan, examples, Some(&run_dir.join(CHECKPOINT_FILE)), observer)?;
        Ok(Self {
            network,
            stft,
            segment_hop: config.segment_hop,
        })
    }

    /// Opens what [`Extractor::save`] wrote.
    pub(super) fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Self, ExtractorError> {
        let path = run_dir.join(WEIGHTS_FILE);
        let weights = read_weights(&path)?;
        Ok(Self {
            network: Network::from_weights(SegmentShape::PUBLISHED, config.device, &weights, &path)?,
            stft: Stft::new(StftConfig::default()),
            segment_hop: config.segment_hop,
        })
    }

    /// Embeddings of the segments that begin at these frames.
    fn embed_segments(&self, magnitude: &Spectrogram, starts: &[usize]) -> Result<Vec<[f32; EMBEDDING_LEN]>, ExtractorError> {
        let windows: Vec<SegmentWindow> = starts.iter().map(|&start| window_of(magnitude, start)).collect();
        let embeddings = self.network.embed_windows(&by_bin(magnitude), &windows)?;
        Ok(embeddings.as_chunks().0.to_vec())
    }
}

impl Extractor for MobileAnoNet {
    fn recipe(&self) -> Recipe {
        Recipe::MobileAnoNet
    }

    fn embed(&self, clip: &Clip, _group: &MachineSection) -> Result<Embedding, ExtractorError> {
        let magnitude = self.stft.magnitude(&clip.samples);
        let starts = segment_starts(magnitude.n_frames, self.segment_hop);
        if starts.is_empty() {
            return Err(ExtractorError::ClipTooShort {
                found_secs: clip.duration_secs(),
                needed_secs: needed_secs(N_FRAMES),
            });
        }
        let mut sums = [0.0f64; EMBEDDING_LEN];
        for embedding in self.embed_segments(&magnitude, &starts)? {
            for (sum, value) in sums.iter_mut().zip(embedding) {
                *sum += f64::from(value);
            }
        }
        Ok(Embedding {
            values: sums.iter().map(|sum| (sum / starts.len() as f64) as f32).collect(),
            own_scores: Vec::new(),
        })
    }

    fn crop_windows(&self, clip_secs: f32) -> Vec<CropWindow> {
        crop_windows(clip_secs, N_FRAMES)
    }

    fn embed_crops(&self, clip: &Clip, _group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        let magnitude = self.stft.magnitude(&clip.samples);
        let n_crops = self.crop_windows(clip.duration_secs() as f32).len();
        let Some(last_start) = magnitude.n_frames.checked_sub(N_FRAMES) else {
            return Ok(Vec::new());
        };
        let starts: Vec<usize> = (0..n_crops)
            .map(|crop_idx| (crop_idx * CROP_FRAMES).min(last_start))
            .collect();
        let embeddings = self.embed_segments(&magnitude, &starts)?;
        Ok(embeddings
            .into_iter()
            .map(|embedding| Embedding {
                values: embedding.to_vec(),
                own_scores: Vec::new(),
            })
            .collect())
    }

    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.stft.magnitude(&clip.samples)
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        Ok(write_weights(&run_dir.join(WEIGHTS_FILE), &self.network.weights()?)?)
    }
}

fn plan_of(config: &TrainingConfig, clips: &str) -> TrainingPlan {
    TrainingPlan {
        network: String::new(),
        n_epochs: config.n_epochs,
        batch_size: config.batch_size,
        learning_rate: config.learning_rate,
        learning_rate_decay: LEARNING_RATE_DECAY,
        weight_decay: WEIGHT_DECAY,
        seed: config.seed,
        device: config.device,
        // The same clips give other examples with another number of segments.
        data: format!("{clips} x {}", config.segments_per_clip),
    }
}

/// The first frames of segments: every `hop`-th, and the last possible one.
pub(super) fn segment_starts(n_frames: usize, hop: usize) -> Vec<usize> {
    let Some(last) = n_frames.checked_sub(N_FRAMES) else {
        return Vec::new();
    };
    (0..last).step_by(hop.max(1)).chain([last]).collect()
}

/// The classes, sorted: machine sections, or, where all clips are of one section, their working conditions.
fn classes_of<'a>(clips: impl Iterator<Item = &'a TrainingClip> + Clone) -> Result<Vec<String>, ExtractorError> {
    let sections: BTreeSet<String> = clips.clone().map(|clip| clip.group.to_string()).collect();
    if sections.len() > 1 {
        return Ok(sections.into_iter().collect());
    }
    let conditions: BTreeSet<String> = clips.map(condition_of).collect();
    if conditions.len() > 1 {
        return Ok(conditions.into_iter().collect());
    }
    let class = sections.into_iter().next().unwrap_or_default();
    Err(ExtractorError::OneClass { class })
}

/// Which of the classes a clip is of.
fn class_of(clip: &TrainingClip, classes: &[String]) -> Option<usize> {
    let names = [clip.group.to_string(), condition_of(clip)];
    names.iter().find_map(|name| classes.binary_search(name).ok())
}

/// The section with all its attributes, e.g. `fan 00 m-n=W`.
fn condition_of(clip: &TrainingClip) -> String {
    let attributes = clip
        .attributes
        .iter()
        .map(|attribute| format!(" {}={}", attribute.name, attribute.value));
    attributes.fold(clip.group.to_string(), |condition, attribute| condition + &attribute)
}

/// The segment that begins at a frame, scaled to 0..1; a segment of one value becomes 0.
fn window_of(magnitude: &Spectrogram, start: usize) -> SegmentWindow {
    let frames = &magnitude.values[start * magnitude.n_bins..(start + N_FRAMES) * magnitude.n_bins];
    let (low, high) = frames.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| {
        (low.min(value), high.max(value))
    });
    SegmentWindow {
        first_frame: start,
        low,
        scale: if high > low { 1.0 / (high - low) } else { 0.0 },
    }
}

/// The picture turned to `[n_bins, n_frames]`, in squares that fit the cache.
fn by_bin(magnitude: &Spectrogram) -> Vec<f32> {
    const SIDE: usize = 16;
    let Spectrogram { n_frames, n_bins, .. } = *magnitude;
    let mut turned = vec![0.0; magnitude.values.len()];
    for first_frame in (0..n_frames).step_by(SIDE) {
        for first_bin in (0..n_bins).step_by(SIDE) {
            for bin in first_bin..n_bins.min(first_bin + SIDE) {
                for frame_idx in first_frame..n_frames.min(first_frame + SIDE) {
                    turned[bin * n_frames + frame_idx] = magnitude.values[frame_idx * n_bins + bin];
                }
            }
        }
    }
    turned
}

/// Appends the segment that begins at a frame, scaled to 0..1 and turned to `[n_bins, n_frames]`.
fn cut_segment(magnitude: &Spectrogram, start: usize, segments: &mut Vec<f32>) {
    let n_bins = magnitude.n_bins;
    let SegmentWindow { low, scale, .. } = window_of(magnitude, start);
    let frames = &magnitude.values[start * n_bins..(start + N_FRAMES) * n_bins];
    for bin in 0..n_bins {
        segments.extend((0..N_FRAMES).map(|frame_idx| (frames[frame_idx * n_bins + bin] - low) * scale));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::ChannelChoice;
    use crate::dataset::Attribute;

    fn clip(machine: &str, section: &str, voltage: &str) -> TrainingClip {
        TrainingClip {
            file: "clip.wav".into(),
            channel: ChannelChoice::default(),
            group: MachineSection {
                machine: machine.to_owned(),
                section: section.to_owned(),
            },
            attributes: vec![Attribute {
                name: "volt".to_owned(),
                value: voltage.to_owned(),
            }],
            is_target: false,
        }
    }

    #[test]
    fn classes_are_sections_else_conditions_else_an_error() {
        let two = [clip("fan", "00", "1"), clip("fan", "02", "1"), clip("fan", "02", "2")];
        let classes = classes_of(two.iter()).expect("two sections");
        assert_eq!(classes, ["fan 00", "fan 02"]);
        assert_eq!(class_of(&two[2], &classes), Some(1));
        let one = [clip("fan", "00", "1"), clip("fan", "00", "2")];
        let classes = classes_of(one.iter()).expect("two conditions");
        assert_eq!(classes, ["fan 00 volt=1", "fan 00 volt=2"]);
        assert_eq!(class_of(&one[1], &classes), Some(1));
        let outcome = classes_of(one[..1].iter());
        assert!(matches!(outcome, Err(ExtractorError::OneClass { class }) if class == "fan 00"));
    }

    #[test]
    fn segments_are_scaled_turned_and_survive_silence() {
        let n_bins = 3;
        let values = (0..70 * n_bins).map(|i| i as f32).collect();
        let magnitude = Spectrogram {
            values,
            n_frames: 70,
            n_bins,
        };
        let mut segment = Vec::new();
        cut_segment(&magnitude, 2, &mut segment);
        let expected = |bin: usize, frame: usize| (frame * n_bins + bin) as f32 / (N_FRAMES * n_bins - 1) as f32;
        for (bin, row) in segment.chunks(N_FRAMES).enumerate() {
            assert!(
                row.iter()
                    .enumerate()
                    .all(|(frame, value)| (value - expected(bin, frame)).abs() < 1e-6)
            );
        }
        let silent = Spectrogram {
            values: vec![0.0; 70 * n_bins],
            n_frames: 70,
            n_bins,
        };
        segment.clear();
        cut_segment(&silent, 0, &mut segment);
        assert_eq!(segment, vec![0.0; N_FRAMES * n_bins]);
    }

    #[test]
    fn the_last_segment_is_embedded_too() {
        assert_eq!(segment_starts(63, 16), [0usize; 0]);
        assert_eq!(segment_starts(64, 16), [0]);
        assert_eq!(segment_starts(65, 16), [0, 1]);
        assert_eq!(segment_starts(313, 16).last(), Some(&249));
        assert_eq!(segment_starts(313, 16).len(), 17);
        assert_eq!(segment_starts(313, 1).len(), 250);
    }
}
