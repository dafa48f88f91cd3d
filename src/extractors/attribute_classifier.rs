//! The attribute classifier of Guan et al. (2022): one STgram-MFN for all machines, as improbable as the classes of the clip's section.
//!
//! Source: the code of the challenge entry. Clips of 10 s: its first 10 s train the network; a longer clip is scored by the mean
//! over the whole stretches of 10 s that it has, a shorter one is repeated until it is that long. The classes are what training
//! clips have in common in machine, domain and attributes (the published ones took the names of test files in), and the network of
//! the last epoch counts (the published one was chosen by test labels).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::frame_windows::{FrameWindows, WindowRule};
use super::per_machine::unfit;
use super::stretches::in_order;
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
use crate::dsp::{LogMel, LogMelConfig, MelScale, Padding, Spectrogram};
use crate::nn::{AttributeClasses, StgramMfn as Network, TrainingError, read_weights, write_weights};
use crate::progress::Progress;
use crate::whole_file::write_whole;

/// Samples that the network sees at once.
const N_SAMPLES: usize = Network::N_SAMPLES;
/// Torchaudio's floor of a power in dB.
const LOWEST_DB: f32 = -100.0;
/// Added to a probability before its logarithm.
const LEAST_PROBABILITY: f64 = 1e-8;
const WEIGHTS_FILE: &str = "attribute-classifier.safetensors";
const CLASSES_FILE: &str = "attribute-classifier-classes.json";
const CHECKPOINT_FILE: &str = "checkpoint.safetensors";

/// The trained network.
///
/// The embedding of a clip is the 128 numbers that its classes are told by. Its own score is `-log10` of the mean probability
/// of the classes of its section.
pub(super) struct AttributeClassifier {
    network: Network,
    classes: Classes,
    log_mel: LogMel,
}

/// The classes of the training clips.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Classes {
    /// Names of the classes, sorted, and how many training clips there are of each.
    sizes: BTreeMap<String, usize>,
    /// Which classes there are in each section.
    sections: BTreeMap<String, BTreeSet<String>>,
    /// Which attributes each class has.
    attributes: BTreeMap<String, BTreeSet<String>>,
}

impl Classes {
    fn of<'a>(clips: impl Iterator<Item = &'a TrainingClip>) -> Self {
        let mut classes = Self::default();
        for clip in clips {
            let attributes = attributes_of(clip);
            let name = attributes.join(" ");
            *classes.sizes.entry(name.clone()).or_default() += 1;
            let sections = classes.sections.entry(clip.group.to_string()).or_default();
            sections.insert(name.clone());
            classes.attributes.entry(name).or_default().extend(attributes);
        }
        classes
    }

    fn index_of(&self, clip: &TrainingClip) -> Option<usize> {
        let name = attributes_of(clip).join(" ");
        self.sizes.keys().position(|class| *class == name)
    }

    /// As the network wants them.
    fn for_network(&self) -> AttributeClasses {
        let all: BTreeSet<&String> = self.attributes.values().flatten().collect();
        let has = |of_class: &BTreeSet<String>| all.iter().map(|attribute| of_class.contains(*attribute)).collect();
        AttributeClasses {
            sizes: self.sizes.values().copied().collect(),
            attributes: self.attributes.values().map(has).collect(),
        }
    }

    /// The mean probability of the classes of a section; `None` where it was not trained on.
    fn probability(&self, group: &MachineSection, probabilities: &[f64]) -> Option<f64> {
        let of_section = self.sections.get(&group.to_string())?;
        let found = self
            .sizes
            .keys()
            .zip(probabilities)
            .filter(|(name, _)| of_section.contains(*name));
        Some(found.map(|(_, probability)| probability).sum::<f64>() / of_section.len() as f64)
    }
}

/// The machine, the domain, and each attribute with its value.
fn attributes_of(clip: &TrainingClip) -> Vec<String> {
    let domain = if clip.is_target { "target" } else { "source" };
    let attributes = clip
        .attributes
        .iter()
        .map(|attribute| format!("{}={}", attribute.name, attribute.value));
    [clip.group.machine.clone(), domain.to_owned()]
        .into_iter()
        .chain(attributes)
        .collect()
}

impl AttributeClassifier {
    /// Trains one network on the clips of all machines.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let log_mel = htk_log_mel();
        // All numbers of a clip are one frame: a window of one frame is a clip.
        let front_end = |samples: &[f32]| {
            let values = example(&log_mel, samples);
            Spectrogram {
                n_frames: usize::from(!samples.is_empty()),
                n_bins: values.len(),
                values,
            }
        };
        observer.stage("reading recordings");
        let read = read_training_clips(clips, &front_end, Taken::Beginning { n_samples: N_SAMPLES }, observer)?;
        let classes = Classes::of(read.iter().map(|read| &read.clip));
        if classes.sizes.len() < 2 {
            let class = read.first().map_or(String::new(), |read| read.clip.group.to_string());
            return Err(ExtractorError::OneSection { class });
        }
        let names: Vec<&str> = classes.sizes.keys().map(String::as_str).collect();
        observer.log(&format!("{} classes: {}", names.len(), names.join(", ")));
        if classes.sections.len() == 1 {
            observer.log("all classes are of one section: the classifier's own score cannot tell clips apart, detectors can");
        }
        let data = fingerprint(read.iter().map(|read| &read.clip));
        let (learn, held_out) = split_held_out(read, |read| classes.index_of(&read.clip), config.seed);
        tell_held_out(&held_out, observer);
        let rule = WindowRule {
            n_frames: 1,
            hop: 1,
            takes_end: false,
            n_per_clip: None,
            cut: |clip, _, examples| examples.extend_from_slice(&clip.values),
        };
        let windows = |clips: Vec<TrainingSpectrogram>| {
            let with_class = clips.into_iter().filter_map(|read| {
                let class = classes.index_of(&read.clip)?;
                Some((read, class as u32))
            });
            FrameWindows::new(with_class.collect(), &front_end, rule)
        };
        let (mut learn, mut held_out) = (windows(learn), windows(held_out));
        let examples = examples_of(&mut learn, &mut held_out);
        let plan = plan_of(config, "", data);
        observer.stage("training");
        let fresh = Network::new(N_SAMPLES, &classes.for_network(), config.device, config.seed)?;
        let network = fresh.train(&plan, examples, Some(&run_dir.join(CHECKPOINT_FILE)), observer)?;
        Ok(Self {
            network,
            classes,
            log_mel,
        })
    }

    /// Opens what [`Extractor::save`] wrote.
    pub(super) fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Self, ExtractorError> {
        let path = run_dir.join(WEIGHTS_FILE);
        let weights = read_weights(&path)?;
        let classes = read_classes(&run_dir.join(CLASSES_FILE))?;
        let fresh = Network::new(N_SAMPLES, &classes.for_network(), config.device, 0)?;
        Ok(Self {
            network: fresh.with_weights(&weights, &path)?,
            classes,
            log_mel: htk_log_mel(),
        })
    }

    /// Embedding and probability of a stretch of samples.
    fn embed_stretch(&self, samples: &[f32], group: &MachineSection) -> Result<WindowSums, ExtractorError> {
        let classified = self.network.classify(example(&self.log_mel, samples))?;
        let probability = self.classes.probability(group, &classified.probabilities);
        let mut sums = WindowSums::default();
        sums.add_score(probability.ok_or_else(|| ExtractorError::UnknownMachine {
            machine: group.to_string(),
        })?);
        sums.add(&classified.embedding);
        Ok(sums)
    }
}

/// The mean embedding of stretches, and the score of their mean probability.
fn embedding(sums: &WindowSums) -> Embedding {
    let score = -(sums.mean_score() + LEAST_PROBABILITY).log10();
    sums.embedding(vec![score as f32])
}

impl Extractor for AttributeClassifier {
    fn recipe(&self) -> Recipe {
        Recipe::AttributeClassifier
    }

    /// Stretch after stretch of 10 s, whatever those of the sound are: the network takes no others.
    fn embed_sound(
        &self,
        sound: &Sound<'_>,
        group: &MachineSection,
        progress: &mut dyn Progress,
    ) -> Result<Embedding, ExtractorError> {
        let stretches: Vec<usize> = (0..n_stretches(sound.n_samples())).collect();
        if stretches.is_empty() {
            return Err(ExtractorError::ClipTooShort {
                found_secs: 0.0,
                needed_secs: 1.0 / f64::from(SAMPLE_RATE_HZ),
            });
        }
        let of_stretch = |idx: &usize| self.embed_stretch(&sound.read(idx * N_SAMPLES..(idx + 1) * N_SAMPLES)?, group);
        let mut all = WindowSums::default();
        in_order(&stretches, progress, of_stretch, |sums| all.merge(&sums))?;
        Ok(embedding(&all))
    }

    fn crop_windows(&self, clip_secs: f64) -> Vec<CropWindow> {
        let stretch_secs = N_SAMPLES as f64 / f64::from(SAMPLE_RATE_HZ);
        let n_samples = (clip_secs * f64::from(SAMPLE_RATE_HZ)).round() as usize;
        let window = |idx: usize| CropWindow {
            start_secs: idx as f64 * stretch_secs,
            end_secs: ((idx + 1) as f64 * stretch_secs).min(clip_secs),
        };
        (0..n_stretches(n_samples)).map(window).collect()
    }

    fn embed_crops(&self, clip: &Clip, group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        stretches(&clip.samples)
            .map(|samples| Ok(embedding(&self.embed_stretch(samples, group)?)))
            .collect()
    }

    fn model_input(&self, clip: &Clip) -> Spectrogram {
        floored(self.log_mel.decibel(&clip.samples))
    }

    /// The spectrogram: the samples beside it are those that are heard.
    fn model_view(&self, clip: &Clip, _group: &MachineSection, place: WindowPlace) -> Result<ModelView, ExtractorError> {
        let windows = self.crop_windows(clip.duration_secs());
        let found = stretches(&clip.samples).zip(windows).nth(place.idx);
        let Some((samples, window)) = found else {
            return Err(ExtractorError::ClipTooShort {
                found_secs: clip.duration_secs(),
                needed_secs: place.idx as f64 * N_SAMPLES as f64 / f64::from(SAMPLE_RATE_HZ),
            });
        };
        let n_bins = LogMelConfig::default().n_mels;
        let n_frames = Network::n_frames(N_SAMPLES);
        let mut values = example(&self.log_mel, samples);
        values.truncate(n_frames * n_bins);
        Ok(ModelView {
            values,
            n_planes: 1,
            n_frames,
            n_bins,
            redrawn: None,
            residual: None,
            shape: vec![(n_frames, "frames"), (n_bins, "mel bands")],
            unit: "dB, -100 at the least",
            band_hz: [0.0, 0.5 * SAMPLE_RATE_HZ as f32],
            window,
            note: "beside it the network gets the 160,000 samples themselves; a shorter clip is repeated",
        })
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        let path = run_dir.join(CLASSES_FILE);
        write_whole(&path, |file| {
            serde_json::to_writer_pretty(file, &self.classes).map_err(io::Error::from)
        })
        .map_err(|source| TrainingError::Io { path, source })?;
        Ok(write_weights(&run_dir.join(WEIGHTS_FILE), &self.network.weights()?)?)
    }
}

fn read_classes(path: &Path) -> Result<Classes, ExtractorError> {
    let text = std::fs::read(path).map_err(|source| TrainingError::Io {
        path: path.to_owned(),
        source,
    })?;
    Ok(serde_json::from_slice(&text).map_err(|error| unfit(path, error.to_string()))?)
}

fn htk_log_mel() -> LogMel {
    LogMel::new(LogMelConfig {
        scale: MelScale::Htk,
        padding: Padding::Reflect,
        ..LogMelConfig::default()
    })
}

fn floored(mut log_mel: Spectrogram) -> Spectrogram {
    log_mel.values.iter_mut().for_each(|level| *level = level.max(LOWEST_DB));
    log_mel
}

/// Whole stretches of a clip; one where it is shorter than that.
fn n_stretches(n_samples: usize) -> usize {
    (n_samples / N_SAMPLES).max(usize::from(n_samples > 0))
}

fn stretches(samples: &[f32]) -> impl Iterator<Item = &[f32]> {
    samples.chunks(N_SAMPLES).take(n_stretches(samples.len()))
}

/// What the network takes of a clip: the log-mel of its first 10 s and behind it their samples. A shorter clip is repeated.
fn example(log_mel: &LogMel, samples: &[f32]) -> Vec<f32> {
    let samples: Vec<f32> = samples.iter().copied().cycle().take(N_SAMPLES).collect();
    let mut example = floored(log_mel.decibel(&samples)).values;
    example.extend(samples);
    example
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::ChannelChoice;
    use crate::dataset::Attribute;

    fn clip(section: &str, is_target: bool, voltage: &str) -> TrainingClip {
        TrainingClip {
            file: "clip.wav".into(),
            channel: ChannelChoice::default(),
            group: MachineSection {
                machine: "fan".to_owned(),
                section: section.to_owned(),
            },
            attributes: vec![Attribute {
                name: "volt".to_owned(),
                value: voltage.to_owned(),
            }],
            is_target,
        }
    }

    #[test]
    fn a_section_is_as_probable_as_its_classes_on_average() {
        let clips = [
            clip("00", false, "1"),
            clip("00", false, "1"),
            clip("00", true, "2"),
            // The same condition in another section is the same class.
            clip("01", false, "1"),
            clip("01", false, "3"),
        ];
        let classes = Classes::of(clips.iter());
        let names: Vec<&str> = classes.sizes.keys().map(String::as_str).collect();
        assert_eq!(names, ["fan source volt=1", "fan source volt=3", "fan target volt=2"]);
        assert_eq!(classes.index_of(&clips[2]), Some(2));
        let for_network = classes.for_network();
        assert_eq!(for_network.sizes, [3, 1, 1]);
        // fan, source, target, volt=1, volt=2, volt=3
        assert_eq!(for_network.attributes[2], [true, false, true, false, true, false]);
        let probabilities = [0.5, 0.3, 0.2];
        let of = |section: &str| classes.probability(&clip(section, false, "1").group, &probabilities);
        assert_eq!(of("00"), Some(0.35));
        assert_eq!(of("01"), Some(0.4));
        assert_eq!(of("02"), None);
    }

    #[test]
    fn short_clips_are_repeated_and_long_ones_cut() {
        let log_mel = htk_log_mel();
        let short: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.1).sin()).collect();
        let found = example(&log_mel, &short);
        assert_eq!(found.len(), Network::example_len(N_SAMPLES));
        assert_eq!(found.len(), 313 * 128 + 160_000);
        assert_eq!(found[313 * 128 + 2500], short[500]);
        assert!(found[..313 * 128].iter().all(|level| *level >= LOWEST_DB));
        let counts = [0, 1, N_SAMPLES, 2 * N_SAMPLES - 1, 2 * N_SAMPLES].map(n_stretches);
        assert_eq!(counts, [0, 1, 1, 1, 2]);
    }
}
