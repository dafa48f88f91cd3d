//! The section classifier of the DCASE baselines: a MobileNetV2 for each machine type, as improbable as the clip's own section.
//!
//! Source: Dohi et al., the DCASE 2022 Task 2 baseline: log-mel of 1024/512/128, segments of 64 frames, softmax over the sections
//! of a machine. It cannot tell anything from a machine with one section: there the working conditions stand in for sections,
//! and a machine that has one condition only is left out.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::crops::{crop_frames, crop_windows, frames_of_crop, n_frames_of, too_short};
use super::frame_windows::{FrameWindows, WindowRule};
use super::mobileanonet::segment_starts;
use super::model_view::{excerpt, secs_of};
use super::per_machine::{MachineClips, Part, PerMachine, Scope, unfit};
use super::section_classes::SectionClasses;
use super::stretches::{Stretch, each_stretch};
use super::training_parts::Taken;
use super::training_set::{
    TrainingSpectrogram, examples_of, fingerprint, plan_of, read_training_clips, split_held_out, tell_held_out,
};
use super::window_sums::WindowSums;
use super::{
    Embedding, Extractor, ExtractorError, ModelView, Recipe, TrainingClip, TrainingConfig, TrainingObserver, WindowPlace,
};
use crate::audio::{Clip, SAMPLE_RATE_HZ, Sound};
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{LogMel, LogMelConfig, Spectrogram};
use crate::nn::{MobileNetV2 as Network, TrainingError};
use crate::progress::Progress;
use crate::whole_file::write_whole;

/// Frames of a segment.
const N_FRAMES: usize = Network::N_FRAMES;
/// Frames between two segments that are trained on.
const TRAINING_HOP: usize = 8;
/// Segments that are classified at once: 5 MB of embeddings. A two-hour recording has 225,000.
const CHUNK_SEGMENTS: usize = 1024;
/// The weights of all machines; the machine's name stands before a tensor's name.
const WEIGHTS_FILE: &str = "mobilenet-v2.safetensors";
/// What the classes of each machine are.
const CLASSES_FILE: &str = "mobilenet-v2-classes.json";

/// One trained classifier a machine type.
///
/// The embedding of a clip is the mean over its segments of the 1280 numbers that the classes are told by. Its own score is the
/// mean of `log(1 - p) - log p`, with `p` the probability of the clip's section.
pub(super) struct MobileNetV2 {
    networks: PerMachine<Network>,
    classes: BTreeMap<String, SectionClasses>,
    log_mel: LogMel,
    segment_hop: usize,
}

impl MobileNetV2 {
    /// Trains a network for each machine type with several sections, one after the other.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let log_mel = LogMel::new(LogMelConfig::default());
        let clips = of_machines_with_classes(clips, observer)?;
        let mut classes = BTreeMap::new();
        let networks = PerMachine::train(Scope::Machine, &clips, run_dir, observer, |machine, part| {
            let (network, found) = train_machine(config, &machine, &log_mel, part)?;
            classes.insert(machine.machine.to_owned(), found);
            Ok(network)
        })?;
        Ok(Self {
            networks,
            classes,
            log_mel,
            segment_hop: config.segment_hop,
        })
    }

    /// Opens what [`Extractor::save`] wrote.
    pub(super) fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Self, ExtractorError> {
        let path = run_dir.join(WEIGHTS_FILE);
        let networks = PerMachine::load(Scope::Machine, &path, |tensors| {
            Network::from_weights(config.device, &tensors, &path)
        })?;
        let classes = read_classes(&run_dir.join(CLASSES_FILE))?;
        let n_classes = |(machine, network): (&str, &Network)| {
            let named = classes.get(machine).map_or(0, |classes| classes.names().len());
            (named != network.n_classes()).then(|| format!("{machine} has {} classes here, {named} there", network.n_classes()))
        };
        if let Some(reason) = networks.all().find_map(n_classes) {
            return Err(unfit(&path, format!("it does not fit {CLASSES_FILE}: {reason}")).into());
        }
        Ok(Self {
            networks,
            classes,
            log_mel: LogMel::new(LogMelConfig::default()),
            segment_hop: config.segment_hop,
        })
    }

    /// Embeddings and scores of the segments that begin at these frames.
    fn embed_segments(
        &self,
        log_mel: &Spectrogram,
        starts: &[usize],
        group: &MachineSection,
    ) -> Result<WindowSums, ExtractorError> {
        let network = self.networks.of(group)?;
        let unknown = || ExtractorError::UnknownMachine {
            machine: group.to_string(),
        };
        let classes = self.classes.get(&group.machine).ok_or_else(unknown)?;
        let mut sums = WindowSums::default();
        for starts in starts.chunks(CHUNK_SEGMENTS) {
            let classified = network.classify(&log_mel.values, starts)?;
            let embeddings = classified.embeddings.chunks_exact(Network::EMBEDDING_LEN);
            embeddings.for_each(|embedding| sums.add(embedding));
            for probabilities in classified.probabilities.chunks_exact(network.n_classes()) {
                sums.add_score(log_odds_against(
                    classes.probability(group, probabilities).ok_or_else(unknown)?,
                ));
            }
        }
        Ok(sums)
    }
}

impl Extractor for MobileNetV2 {
    fn recipe(&self) -> Recipe {
        Recipe::MobileNetV2
    }

    fn embed_sound(
        &self,
        sound: &Sound<'_>,
        group: &MachineSection,
        progress: &mut dyn Progress,
    ) -> Result<Embedding, ExtractorError> {
        let starts = segment_starts(n_frames_of(sound.duration_secs()), self.segment_hop);
        if starts.is_empty() {
            return Err(too_short(sound.duration_secs(), N_FRAMES));
        }
        let of_stretch = |stretch: &Stretch<'_>| {
            let log_mel = self.log_mel.decibel(&stretch.samples);
            self.embed_segments(&log_mel, &stretch.starts, group)
        };
        let mut all = WindowSums::default();
        each_stretch(sound, (&starts, N_FRAMES), progress, of_stretch, |sums| all.merge(&sums))?;
        Ok(all.embedding(vec![all.mean_score() as f32]))
    }

    fn crop_windows(&self, clip_secs: f64) -> Vec<CropWindow> {
        crop_windows(clip_secs, N_FRAMES)
    }

    fn embed_crops(&self, clip: &Clip, group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        let log_mel = self.log_mel.decibel(&clip.samples);
        crop_frames(log_mel.n_frames, N_FRAMES)
            .into_iter()
            .map(|frames| {
                let sums = self.embed_segments(&log_mel, &[frames.start], group)?;
                Ok(sums.embedding(vec![sums.mean_score() as f32]))
            })
            .collect()
    }

    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.log_mel.decibel(&clip.samples)
    }

    fn model_view(&self, clip: &Clip, group: &MachineSection, place: WindowPlace) -> Result<ModelView, ExtractorError> {
        self.networks.of(group)?;
        let frames = frames_of_crop(clip, place.idx, N_FRAMES)?;
        let (part, first) = excerpt(clip, &frames);
        let log_mel = self.log_mel.decibel(&part.samples);
        Ok(ModelView {
            values: log_mel.values[first * log_mel.n_bins..(first + N_FRAMES) * log_mel.n_bins].to_vec(),
            n_planes: 1,
            n_frames: N_FRAMES,
            n_bins: log_mel.n_bins,
            redrawn: None,
            residual: None,
            shape: vec![(N_FRAMES, "frames"), (log_mel.n_bins, "mel bands")],
            unit: "dB",
            band_hz: [0.0, 0.5 * SAMPLE_RATE_HZ as f32],
            window: secs_of(clip, &frames),
            note: "",
        })
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        let path = run_dir.join(CLASSES_FILE);
        write_whole(&path, |file| {
            serde_json::to_writer_pretty(file, &self.classes).map_err(io::Error::from)
        })
        .map_err(|source| TrainingError::Io { path, source })?;
        self.networks.save(&run_dir.join(WEIGHTS_FILE), Network::weights)
    }
}

fn read_classes(path: &Path) -> Result<BTreeMap<String, SectionClasses>, ExtractorError> {
    let text = std::fs::read(path).map_err(|source| TrainingError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(serde_json::from_slice(&text).map_err(|error| unfit(path, error.to_string()))?)
}

/// `log(1 - p) - log p`, both at least the logarithm of double precision's epsilon.
fn log_odds_against(probability: f64) -> f64 {
    let log = |x: f64| x.max(f64::EPSILON).ln();
    log(1.0 - probability) - log(probability)
}

/// The clips of the machines whose clips can be told apart; the log says which machines are left out.
fn of_machines_with_classes(
    clips: &[TrainingClip],
    observer: &mut dyn TrainingObserver,
) -> Result<Vec<TrainingClip>, ExtractorError> {
    let mut left_out = BTreeMap::new();
    let machines: BTreeMap<&str, &TrainingClip> = clips.iter().map(|clip| (clip.group.machine.as_str(), clip)).collect();
    for (machine, clip) in machines {
        let of_machine = clips.iter().filter(|clip| clip.group.machine == machine);
        if SectionClasses::of(of_machine).is_none() {
            left_out.insert(machine, clip.group.to_string());
        }
    }
    let kept: Vec<TrainingClip> = clips
        .iter()
        .filter(|clip| !left_out.contains_key(clip.group.machine.as_str()))
        .cloned()
        .collect();
    match left_out.first_key_value() {
        Some((_, class)) if kept.is_empty() => Err(ExtractorError::OneSection { class: class.clone() }),
        _ => {
            for class in left_out.values() {
                observer.log(&format!(
                    "left out: {class} is the only section of its machine and has one working condition, so there is nothing to tell apart"
                ));
            }
            Ok(kept)
        }
    }
}

fn train_machine(
    config: &TrainingConfig,
    machine: &MachineClips<'_>,
    log_mel: &LogMel,
    part: &mut Part<'_>,
) -> Result<(Network, SectionClasses), ExtractorError> {
    let front_end = |samples: &[f32]| log_mel.decibel(samples);
    part.stage(&format!("reading {}", machine.machine));
    let taken = Taken::Windows {
        n_frames: N_FRAMES,
        hop: TRAINING_HOP,
    };
    let read = read_training_clips(&machine.clips, &front_end, taken, part.whole())?;
    // Clips that cannot be read may have been the only ones of their class.
    let classes = SectionClasses::of(read.iter().map(|read| &read.clip)).ok_or_else(|| ExtractorError::OneSection {
        class: read
            .first()
            .map_or(machine.machine.to_owned(), |read| read.clip.group.to_string()),
    })?;
    let kind = if classes.is_by_condition() {
        "conditions of its one section"
    } else {
        "sections"
    };
    part.log(&format!(
        "{}: {} {kind}: {}",
        machine.machine,
        classes.names().len(),
        classes.names().join(", ")
    ));
    let data = fingerprint(read.iter().map(|read| &read.clip));
    let (learn, held_out) = split_held_out(read, |read| classes.class_of(&read.clip), config.seed);
    tell_held_out(&held_out, part);
    let rule = WindowRule {
        n_frames: N_FRAMES,
        hop: TRAINING_HOP,
        takes_end: false,
        n_per_clip: None,
        cut: |log_mel, start, segments| {
            segments.extend_from_slice(&log_mel.values[start * log_mel.n_bins..(start + N_FRAMES) * log_mel.n_bins]);
        },
    };
    let windows = |clips: Vec<TrainingSpectrogram>| {
        let with_class = clips.into_iter().filter_map(|read| {
            let class = classes.class_of(&read.clip)?;
            Some((read, class as u32))
        });
        FrameWindows::new(with_class.collect(), &front_end, rule)
    };
    let (mut learn, mut held_out) = (windows(learn), windows(held_out));
    let examples = examples_of(&mut learn, &mut held_out);
    let plan = plan_of(config, machine.machine, data);
    part.stage(&format!("training {}", machine.machine));
    let fresh = Network::new(classes.names().len(), config.device, config.seed)?;
    let network = fresh.train(&plan, examples, Some(&machine.checkpoint), part)?;
    Ok((network, classes))
}

#[cfg(test)]
mod tests {
    use super::log_odds_against;

    #[test]
    fn the_score_is_the_log_odds_against_the_section() {
        assert_eq!(log_odds_against(0.5), 0.0);
        assert!((log_odds_against(0.2) - 4.0f64.ln()).abs() < 1e-12);
        let most = -f64::EPSILON.ln();
        assert!((log_odds_against(0.0) - most).abs() < 1e-12 && (log_odds_against(1.0) + most).abs() < 1e-12);
    }
}
