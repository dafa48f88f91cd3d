//! MobileAnoNet: one network shared by all machines, trained to tell them and their working conditions apart.
//!
//! Source: the MobileAnoNet paper and its code: segments of 64 frames of the linear STFT magnitude, each scaled to 0..1, 20 random
//! ones a clip and epoch; Adam, whose learning rate decays from epoch to epoch.

use std::collections::BTreeSet;
use std::path::Path;

use super::conditions::{ConditionHead, condition_heads};
use super::crops::{crop_frames, crop_windows, frames_of_crop, n_frames_of, too_short};
use super::deployment::{WindowPlan, code_name, segments_of};
use super::frame_windows::{FrameWindows, WindowRule};
use super::label_free;
use super::mobileanonet_config::{LevelSums, MobileAnoNetConfig, SegmentInput};
use super::model_view::{excerpt, secs_of};
use super::stretches::{Stretch, each_stretch};
use super::training_parts::{FrontEnd, Taken};
use super::training_set;
use super::training_set::{TrainingSpectrogram, examples_of, fingerprint, read_training_clips, split_held_out, tell_held_out};
use super::window_sums::WindowSums;
use super::{
    Deployment, Embedding, Extractor, ExtractorError, ModelView, Recipe, TrainingClip, TrainingConfig, TrainingObserver,
    WindowPlace,
};
use crate::audio::{Clip, SAMPLE_RATE_HZ, Sound};
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{Spectrogram, Stft, StftConfig};
use crate::nn::{
    Batch, EMBEDDING_LEN, Examples, Heads, LabelFree, LossChoice, MobileAnoNet as Network, SegmentShape, SegmentWindow,
    TrainingPlan, read_weights, write_weights,
};
use crate::progress::Progress;

/// Frames of a segment.
const N_FRAMES: usize = SegmentShape::PUBLISHED.n_frames;
/// Training clips of a class that the held-out ones are compared with after each epoch.
const REFERENCE_CLIPS: usize = 24;
const WEIGHTS_FILE: &str = "mobileanonet.safetensors";
const CHECKPOINT_FILE: &str = "checkpoint.safetensors";

/// The trained network.
///
/// The embedding of a clip is the mean of the 128 numbers of its segments, one every `segment_hop` frames and the last one.
pub(super) struct MobileAnoNet {
    network: Network,
    stft: Stft,
    input: SegmentInput,
    segment_hop: usize,
}

impl MobileAnoNet {
    /// Trains one network on the clips of all machines.
    ///
    /// Each section of each machine is a class of its own, as in the published code: where a data set has one section a machine,
    /// the classes are the machine types. Clips that are held out are judged by the conditions of those that are not.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let own = &config.mobileanonet;
        let stft = Stft::new(StftConfig::default());
        let front_end = |samples: &[f32]| own.input.picture(&stft, samples);
        observer.stage("reading recordings");
        let taken = Taken::Windows {
            n_frames: N_FRAMES,
            hop: 1,
        };
        let read = read_training_clips(clips, &front_end, taken, observer)?;
        let classes = classes_of(read.iter().map(|read| &read.clip), own.loss)?;
        let data = fingerprint(read.iter().map(|read| &read.clip));
        let (learn, held_out) = split_held_out(read, |read| class_of(&read.clip, &classes), config.seed);
        tell_held_out(&held_out, observer);
        let labels = Labels {
            conditions: conditions_of(&learn, own.loss)?,
            classes,
        };
        labels.tell(own, observer);
        let windows = |clips| windows_of(clips, &labels, config, &front_end);
        let mut reference = windows(reference_clips(&learn, &labels));
        let (mut learn, mut held_out) = (windows(learn), windows(held_out));
        let examples = Examples {
            label_free: Some(LabelFree {
                reference: &mut reference,
                figures: &label_free::figures,
            }),
            ..examples_of(&mut learn, &mut held_out)
        };
        observer.stage("training");
        let fresh = Network::with_heads(SegmentShape::PUBLISHED, &labels.heads(own), config.device, config.seed)?;
        let plan = plan_of(config, &data, &labels);
        let network = fresh.train(&plan, examples, Some(&run_dir.join(CHECKPOINT_FILE)), observer)?;
        Ok(Self {
            network,
            stft,
            input: own.input,
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
            input: config.mobileanonet.input,
            segment_hop: config.segment_hop,
        })
    }

    /// Embeddings of the segments that begin at these frames.
    fn embed_segments(&self, picture: &Spectrogram, starts: &[usize]) -> Result<Vec<[f32; EMBEDDING_LEN]>, ExtractorError> {
        let window = |&start: &usize| window_of(picture, start, self.input.is_scaled_by_segment());
        let windows: Vec<SegmentWindow> = starts.iter().map(window).collect();
        let embeddings = self.network.embed_windows(&by_bin(picture), &windows)?;
        Ok(embeddings.as_chunks().0.to_vec())
    }
}

impl Extractor for MobileAnoNet {
    fn recipe(&self) -> Recipe {
        Recipe::MobileAnoNet
    }

    /// Where the whole clip sets the scale of its picture, a clip in several stretches is gone through twice.
    fn embed_sound(
        &self,
        sound: &Sound<'_>,
        _group: &MachineSection,
        progress: &mut dyn Progress,
    ) -> Result<Embedding, ExtractorError> {
        let n_frames = n_frames_of(sound.duration_secs());
        let starts = segment_starts(n_frames, self.segment_hop);
        if starts.is_empty() {
            return Err(too_short(sound.duration_secs(), N_FRAMES));
        }
        let mut levels = LevelSums::default();
        if self.input.is_scaled_by_clip() {
            let every_frame: Vec<usize> = (0..n_frames).collect();
            let of_stretch = |stretch: &Stretch<'_>| {
                let picture = self.input.levels(&self.stft, &stretch.samples);
                Ok(LevelSums::of(stretch.frames(&picture, 1)))
            };
            each_stretch(sound, (&every_frame, 1), progress, of_stretch, |sums| levels.merge(sums))?;
        }
        let of_stretch = |stretch: &Stretch<'_>| {
            let mut picture = self.input.levels(&self.stft, &stretch.samples);
            self.input.scale(&mut picture, levels);
            let mut sums = WindowSums::default();
            for embedding in self.embed_segments(&picture, &stretch.starts)? {
                sums.add(&embedding);
            }
            Ok(sums)
        };
        let mut all = WindowSums::default();
        each_stretch(sound, (&starts, N_FRAMES), progress, of_stretch, |sums| all.merge(&sums))?;
        Ok(all.embedding(Vec::new()))
    }

    fn crop_windows(&self, clip_secs: f64) -> Vec<CropWindow> {
        crop_windows(clip_secs, N_FRAMES)
    }

    fn embed_crops(&self, clip: &Clip, _group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        let picture = self.model_input(clip);
        let crops = crop_frames(picture.n_frames, N_FRAMES);
        let starts: Vec<usize> = crops.into_iter().map(|frames| frames.start).collect();
        let embeddings = self.embed_segments(&picture, &starts)?;
        Ok(embeddings
            .into_iter()
            .map(|embedding| Embedding {
                values: embedding.to_vec(),
                own_scores: Vec::new(),
            })
            .collect())
    }

    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.input.picture(&self.stft, &clip.samples)
    }

    fn model_view(&self, clip: &Clip, _group: &MachineSection, place: WindowPlace) -> Result<ModelView, ExtractorError> {
        let frames = frames_of_crop(clip, place.idx, N_FRAMES)?;
        // Where the whole clip sets the scale there is no part of it to do with.
        let (picture, first) = if self.input.is_scaled_by_clip() {
            (self.model_input(clip), frames.start)
        } else {
            let (part, first) = excerpt(clip, &frames);
            (self.model_input(&part), first)
        };
        let SegmentWindow { first_frame, low, scale } = window_of(&picture, first, self.input.is_scaled_by_segment());
        let n_bins = picture.n_bins;
        let of_segment = &picture.values[first_frame * n_bins..(first_frame + N_FRAMES) * n_bins];
        Ok(ModelView {
            values: of_segment.iter().map(|value| (value - low) * scale).collect(),
            n_planes: 1,
            n_frames: N_FRAMES,
            n_bins,
            redrawn: None,
            residual: None,
            shape: vec![(n_bins, "frequencies"), (N_FRAMES, "frames")],
            unit: self.input.unit(),
            band_hz: [0.0, 0.5 * SAMPLE_RATE_HZ as f32],
            window: secs_of(clip, &frames),
            note: "",
        })
    }

    fn deployments(&self) -> Result<Vec<Deployment>, ExtractorError> {
        let plan = WindowPlan {
            n_frames: N_FRAMES,
            hop: self.segment_hop,
            takes_end: true,
        };
        let graph = self.network.graph(&code_name(Recipe::MobileAnoNet, None))?;
        let (input, stft) = (self.input, self.stft.clone());
        let windows = move |clip: &Clip| {
            let picture = input.picture(&stft, &clip.samples);
            let cut = if input.is_scaled_by_segment() {
                cut_scaled_segment
            } else {
                cut_segment
            };
            segments_of(&picture, plan, cut)
        };
        Ok(vec![Deployment::of_segments(
            Recipe::MobileAnoNet,
            graph,
            input.front_end_in_words(),
            plan,
            windows,
        )])
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        Ok(write_weights(&run_dir.join(WEIGHTS_FILE), &self.network.weights()?)?)
    }
}

/// What clips are told apart by.
struct Labels {
    /// Sorted.
    classes: Vec<String>,
    conditions: Vec<ConditionHead>,
}

impl Labels {
    fn heads(&self, config: &MobileAnoNetConfig) -> Heads {
        Heads {
            loss: config.loss,
            n_classes: self.classes.len(),
            n_values: self.conditions.iter().map(|condition| condition.values.len()).collect(),
            averaging: config.averaging,
            centre_weight: config.centre_weight,
            has_machine_norm: config.has_machine_norm,
        }
    }

    /// The classes of a clip by each condition; [`Batch::NO_CLASS`] where it has none.
    fn conditions_of(&self, clip: &TrainingClip) -> Vec<u32> {
        let class = |condition: &ConditionHead| condition.class_of(&clip.group, &clip.attributes);
        let classes = self.conditions.iter().map(class);
        classes
            .map(|class| class.map_or(Batch::NO_CLASS, |class| class as u32))
            .collect()
    }

    fn tell(&self, config: &MobileAnoNetConfig, observer: &mut dyn TrainingObserver) {
        if config.loss != LossChoice::Condition {
            observer.log(&format!(
                "{} machine classes: {}",
                self.classes.len(),
                self.classes.join(", ")
            ));
        }
        if config.loss != LossChoice::Machine {
            let conditions: Vec<String> = self.conditions.iter().map(ToString::to_string).collect();
            observer.log(&format!("{} working conditions: {}", conditions.len(), conditions.join(", ")));
        }
        if config.loss == LossChoice::Both && self.conditions.is_empty() {
            observer.log("no attribute takes two values: the machine loss is all there is");
        }
        if let Some(warning) = config.input.warning() {
            observer.log(&format!("input {}: {warning}", config.input.name()));
        }
    }
}

/// The conditions to learn from; none where only machines are told apart.
fn conditions_of(clips: &[TrainingSpectrogram], loss: LossChoice) -> Result<Vec<ConditionHead>, ExtractorError> {
    if loss == LossChoice::Machine {
        return Ok(Vec::new());
    }
    let clips = clips.iter().map(|read| (&read.clip.group, read.clip.attributes.as_slice()));
    let conditions = condition_heads(clips);
    if conditions.is_empty() && loss == LossChoice::Condition {
        return Err(ExtractorError::NoConditions);
    }
    Ok(conditions)
}

/// Some clips of each class, spread over all of it.
fn reference_clips(clips: &[TrainingSpectrogram], labels: &Labels) -> Vec<TrainingSpectrogram> {
    let mut chosen = Vec::new();
    for class in 0..labels.classes.len() {
        let of_class: Vec<&TrainingSpectrogram> = clips
            .iter()
            .filter(|read| class_of(&read.clip, &labels.classes) == Some(class))
            .collect();
        let step = of_class.len().div_ceil(REFERENCE_CLIPS).max(1);
        chosen.extend(of_class.into_iter().step_by(step).cloned());
    }
    chosen
}

fn windows_of<'a>(
    clips: Vec<TrainingSpectrogram>,
    labels: &Labels,
    config: &TrainingConfig,
    front_end: FrontEnd<'a>,
) -> FrameWindows<'a> {
    let own = &config.mobileanonet;
    let rule = WindowRule {
        n_frames: N_FRAMES,
        hop: 1,
        takes_end: false,
        n_per_clip: Some(config.segments_per_clip),
        cut: if own.input.is_scaled_by_segment() {
            cut_scaled_segment
        } else {
            cut_segment
        },
    };
    let with_class = |read: TrainingSpectrogram| {
        let class = class_of(&read.clip, &labels.classes)?;
        Some((read, class as u32))
    };
    let with_class: Vec<_> = clips.into_iter().filter_map(with_class).collect();
    let conditions = with_class.iter().map(|(read, _)| labels.conditions_of(&read.clip)).collect();
    let windows = FrameWindows::new(with_class, front_end, rule).with_conditions(conditions);
    if own.has_fixed_segments {
        windows.with_fixed_windows(config.seed)
    } else {
        windows
    }
}

fn plan_of(config: &TrainingConfig, clips: &str, labels: &Labels) -> TrainingPlan {
    let own = &config.mobileanonet;
    // The same clips give other examples with other segments, and other gradients with other losses.
    let data = format!("{clips} x {}, {:?}, {own:?}", config.segments_per_clip, labels.conditions);
    TrainingPlan {
        learning_rate_decay: own.learning_rate_decay,
        weight_decay: own.weight_decay,
        ..training_set::plan_of(config, "", data)
    }
}

/// The first frames of segments: every `hop`-th, and the last possible one.
pub(super) fn segment_starts(n_frames: usize, hop: usize) -> Vec<usize> {
    let Some(last) = n_frames.checked_sub(N_FRAMES) else {
        return Vec::new();
    };
    (0..last).step_by(hop.max(1)).chain([last]).collect()
}

/// The classes, sorted: machine sections, or, where all clips are of one section, their working conditions all together. One class
/// suffices where it is not learned from.
fn classes_of<'a>(
    clips: impl Iterator<Item = &'a TrainingClip> + Clone,
    loss: LossChoice,
) -> Result<Vec<String>, ExtractorError> {
    let sections: BTreeSet<String> = clips.clone().map(|clip| clip.group.to_string()).collect();
    if sections.len() > 1 || loss == LossChoice::Condition {
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

/// The segment that begins at a frame, as it is or scaled to 0..1; scaled, a segment of one value becomes 0.
fn window_of(picture: &Spectrogram, start: usize, is_scaled: bool) -> SegmentWindow {
    if !is_scaled {
        return SegmentWindow {
            first_frame: start,
            low: 0.0,
            scale: 1.0,
        };
    }
    let frames = &picture.values[start * picture.n_bins..(start + N_FRAMES) * picture.n_bins];
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

/// Appends the segment that begins at a frame, turned to `[n_bins, n_frames]`.
fn cut_segment(picture: &Spectrogram, start: usize, segments: &mut Vec<f32>) {
    cut_window(picture, window_of(picture, start, false), segments);
}

/// The same, scaled to 0..1.
fn cut_scaled_segment(picture: &Spectrogram, start: usize, segments: &mut Vec<f32>) {
    cut_window(picture, window_of(picture, start, true), segments);
}

fn cut_window(picture: &Spectrogram, window: SegmentWindow, segments: &mut Vec<f32>) {
    let SegmentWindow { first_frame, low, scale } = window;
    let n_bins = picture.n_bins;
    let frames = &picture.values[first_frame * n_bins..(first_frame + N_FRAMES) * n_bins];
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
        let classes = classes_of(two.iter(), LossChoice::Both).expect("two sections");
        assert_eq!(classes, ["fan 00", "fan 02"]);
        assert_eq!(class_of(&two[2], &classes), Some(1));
        let one = [clip("fan", "00", "1"), clip("fan", "00", "2")];
        let classes = classes_of(one.iter(), LossChoice::Both).expect("two conditions");
        assert_eq!(classes, ["fan 00 volt=1", "fan 00 volt=2"]);
        assert_eq!(class_of(&one[1], &classes), Some(1));
        let outcome = classes_of(one[..1].iter(), LossChoice::Both);
        assert!(matches!(outcome, Err(ExtractorError::OneClass { class }) if class == "fan 00"));
        let classes = classes_of(one.iter(), LossChoice::Condition).expect("it is not learned from");
        assert_eq!(classes, ["fan 00"]);
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
        cut_scaled_segment(&magnitude, 2, &mut segment);
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
        cut_scaled_segment(&silent, 0, &mut segment);
        assert_eq!(segment, vec![0.0; N_FRAMES * n_bins]);
    }

    #[test]
    fn a_segment_is_shown_as_it_is_fed() {
        use super::super::model_view::probe;
        for input in SegmentInput::ALL {
            let extractor = MobileAnoNet {
                network: Network::new(SegmentShape::PUBLISHED, 2, crate::nn::DeviceChoice::Cpu, 3).expect("the processor"),
                stft: Stft::new(StftConfig::default()),
                input,
                segment_hop: N_FRAMES,
            };
            let clip = probe::clip(80_000);
            let fed = extractor.deployments().expect("a graph")[0].windows(&clip);
            let embeddings = extractor.embed_crops(&clip, &probe::group()).expect("a network");
            for (idx, embedding) in embeddings.iter().enumerate() {
                let place = WindowPlace { idx, hop: None };
                let view = extractor.model_view(&clip, &probe::group(), place).expect("a segment");
                let (n_frames, n_bins) = (view.n_frames, view.n_bins);
                assert_eq!(view.shape, [(n_bins, "frequencies"), (n_frames, "frames")]);
                let turned: Vec<f32> = (0..n_bins)
                    .flat_map(|bin| (0..n_frames).map(move |frame| (frame, bin)))
                    .map(|(frame, bin)| view.values[frame * n_bins + bin])
                    .collect();
                let len = n_frames * n_bins;
                assert_eq!(turned, fed[idx * len..(idx + 1) * len], "{input:?}, crop {idx}");
                let again = extractor.network.embed(&turned).expect("a network");
                let far = again
                    .iter()
                    .zip(&embedding.values)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                assert!(far < 1e-4, "{input:?}: what is shown gives another embedding, {far} away");
                assert!(view.redrawn.is_none() && view.residual.is_none());
            }
        }
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
