//! The dense autoencoder of the DCASE baselines: one network for each machine type, its sections pooled.
//!
//! Source: Harada et al., the DCASE Task 2 baselines of 2020 to 2026: log-mel of 1024/512/128, five frames side by side, mean
//! squared error.

use std::collections::BTreeMap;
use std::path::Path;

use super::crops::{CROP_FRAMES, crop_windows, needed_secs};
use super::frame_windows::{FrameWindows, WindowRule};
use super::training_set::{fingerprint, read_training_clips, split_held_out, tell_held_out};
use super::{Embedding, Extractor, ExtractorError, Recipe, TrainingClip, TrainingConfig, TrainingObserver};
use crate::audio::Clip;
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{LogMel, LogMelConfig, Spectrogram};
use crate::nn::{
    DenseAutoencoder, EpochMetrics, Examples, NamedTensor, Reconstruction, TrainingError, TrainingPlan, read_weights,
    write_weights,
};
use crate::progress::{Cancelled, Progress};

/// Frames that the network sees at once.
const N_FRAMES: usize = 5;
/// Rows that are redrawn at once: 10 MB of input. A two-hour recording has 225,000.
const CHUNK_ROWS: usize = 4096;
/// The weights of all machines; the machine's name stands before a tensor's name.
const WEIGHTS_FILE: &str = "dense-ae.safetensors";

/// One trained autoencoder a machine type.
///
/// The embedding of a clip is the mean over its frames of the 8 numbers of the code, after batch norm and ReLU, as the decoder
/// gets them. Its residual is the mean squared error over frames and dimensions.
pub(super) struct DenseAe {
    networks: BTreeMap<String, DenseAutoencoder>,
    log_mel: LogMel,
}

impl DenseAe {
    /// Trains a network for each machine type among the clips, one after the other.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let log_mel = LogMel::new(LogMelConfig::default());
        let mut machines: BTreeMap<&str, Vec<TrainingClip>> = BTreeMap::new();
        for clip in clips {
            machines.entry(&clip.group.machine).or_default().push(clip.clone());
        }
        if machines.is_empty() {
            return Err(ExtractorError::NoTrainingClips);
        }
        let n_networks = machines.len();
        let mut networks = BTreeMap::new();
        for (network_idx, (machine, clips)) in machines.into_iter().enumerate() {
            let checkpoint = run_dir.join(format!("checkpoint-{network_idx:02}.safetensors"));
            let mut part = Part {
                observer: &mut *observer,
                part_idx: network_idx as u64,
                n_parts: n_networks as u64,
            };
            let network = train_machine(config, machine, &clips, &log_mel, &checkpoint, &mut part)?;
            networks.insert(machine.to_owned(), network);
        }
        Ok(Self { networks, log_mel })
    }

    /// Opens what [`Extractor::save`] wrote.
    pub(super) fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Self, ExtractorError> {
        let path = run_dir.join(WEIGHTS_FILE);
        let mut machines: BTreeMap<String, Vec<NamedTensor>> = BTreeMap::new();
        for tensor in read_weights(&path)? {
            // Machines may have a slash in their names, tensors have none.
            let Some((machine, name)) = tensor.name.rsplit_once('/') else {
                return Err(unfit(&path, format!("{} names no machine", tensor.name)).into());
            };
            let (machine, name) = (machine.to_owned(), name.to_owned());
            machines.entry(machine).or_default().push(NamedTensor { name, ..tensor });
        }
        if machines.is_empty() {
            return Err(unfit(&path, "it holds no network".to_owned()).into());
        }
        let log_mel = LogMel::new(LogMelConfig::default());
        let network = |tensors: &[NamedTensor]| {
            DenseAutoencoder::new(n_inputs(), config.device, 0).and_then(|fresh| fresh.with_weights(tensors, &path))
        };
        let networks = machines
            .iter()
            .map(|(machine, tensors)| Ok((machine.clone(), network(tensors)?)));
        Ok(Self {
            networks: networks.collect::<Result<_, TrainingError>>()?,
            log_mel,
        })
    }

    fn network(&self, group: &MachineSection) -> Result<&DenseAutoencoder, ExtractorError> {
        self.networks
            .get(&group.machine)
            .ok_or_else(|| ExtractorError::UnknownMachine {
                machine: group.machine.clone(),
            })
    }
}

impl Extractor for DenseAe {
    fn recipe(&self) -> Recipe {
        Recipe::DenseAe
    }

    fn embed(&self, clip: &Clip, group: &MachineSection) -> Result<Embedding, ExtractorError> {
        let network = self.network(group)?;
        let log_mel = self.log_mel.decibel(&clip.samples);
        if log_mel.n_frames < N_FRAMES {
            return Err(ExtractorError::ClipTooShort {
                found_secs: clip.duration_secs(),
                needed_secs: needed_secs(N_FRAMES),
            });
        }
        embed_frames(network, &log_mel, 0, log_mel.n_frames)
    }

    fn crop_windows(&self, clip_secs: f32) -> Vec<CropWindow> {
        crop_windows(clip_secs, N_FRAMES)
    }

    fn embed_crops(&self, clip: &Clip, group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        let network = self.network(group)?;
        let log_mel = self.log_mel.decibel(&clip.samples);
        let n_crops = self.crop_windows(clip.duration_secs() as f32).len();
        (0..n_crops)
            .map(|crop_idx| {
                let end = ((crop_idx + 1) * CROP_FRAMES).min(log_mel.n_frames);
                embed_frames(network, &log_mel, crop_idx * CROP_FRAMES, end)
            })
            .collect()
    }

    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.log_mel.decibel(&clip.samples)
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        let mut tensors = Vec::new();
        for (machine, network) in &self.networks {
            tensors.extend(network.weights()?.into_iter().map(|tensor| NamedTensor {
                name: format!("{machine}/{}", tensor.name),
                ..tensor
            }));
        }
        Ok(write_weights(&run_dir.join(WEIGHTS_FILE), &tensors)?)
    }
}

/// Numbers in one row of five frames.
fn n_inputs() -> usize {
    N_FRAMES * LogMelConfig::default().n_mels
}

fn unfit(path: &Path, reason: String) -> TrainingError {
    TrainingError::Weights {
        path: path.to_owned(),
        reason,
    }
}

/// Five frames side by side lie side by side in the spectrogram too.
fn cut_row(log_mel: &Spectrogram, start: usize, inputs: &mut Vec<f32>) {
    let n_bins = log_mel.n_bins;
    inputs.extend_from_slice(&log_mel.values[start * n_bins..(start + N_FRAMES) * n_bins]);
}

/// Mean code and mean squared error of the rows within the frames `start..end`.
fn embed_frames(
    network: &DenseAutoencoder,
    log_mel: &Spectrogram,
    start: usize,
    end: usize,
) -> Result<Embedding, ExtractorError> {
    let starts: Vec<usize> = (start..(end + 1).saturating_sub(N_FRAMES)).collect();
    let mut code_sum = [0.0f64; Reconstruction::CODE_LEN];
    let mut error_sum = 0.0f64;
    for starts in starts.chunks(CHUNK_ROWS) {
        let mut rows = Vec::with_capacity(starts.len() * n_inputs());
        for &start in starts {
            cut_row(log_mel, start, &mut rows);
        }
        let Reconstruction { codes, errors } = network.reconstruct(rows)?;
        error_sum += errors.iter().map(|&error| f64::from(error)).sum::<f64>();
        for code in codes.as_chunks::<{ Reconstruction::CODE_LEN }>().0 {
            for (sum, &value) in code_sum.iter_mut().zip(code) {
                *sum += f64::from(value);
            }
        }
    }
    let n_rows = starts.len().max(1) as f64;
    Ok(Embedding {
        values: code_sum.iter().map(|sum| (sum / n_rows) as f32).collect(),
        own_scores: vec![(error_sum / n_rows) as f32],
    })
}

fn train_machine(
    config: &TrainingConfig,
    machine: &str,
    clips: &[TrainingClip],
    log_mel: &LogMel,
    checkpoint: &Path,
    observer: &mut Part<'_>,
) -> Result<DenseAutoencoder, ExtractorError> {
    let front_end = |samples: &[f32]| log_mel.decibel(samples);
    observer.stage(&format!("reading {machine}"));
    let read = read_training_clips(clips, &front_end, N_FRAMES, observer.observer)?;
    let data = fingerprint(read.iter().map(|read| &read.clip));
    let (learn, held_out) = split_held_out(read, |read| read.clip.group.section.clone(), config.seed);
    tell_held_out(&held_out, observer);
    let rule = WindowRule {
        n_frames: N_FRAMES,
        n_per_clip: None,
        cut: cut_row,
    };
    let windows = |clips: Vec<_>| FrameWindows::new(clips.into_iter().map(|clip| (clip, 0)).collect(), &front_end, rule);
    let (mut learn, mut held_out) = (windows(learn), windows(held_out));
    let plan = TrainingPlan {
        network: machine.to_owned(),
        n_epochs: config.n_epochs,
        batch_size: config.batch_size,
        learning_rate: config.learning_rate,
        learning_rate_decay: 1.0,
        weight_decay: 0.0,
        seed: config.seed,
        device: config.device,
        data,
    };
    let examples = Examples {
        train: &mut learn,
        held_out: if held_out.is_empty() { None } else { Some(&mut held_out) },
        label_free: None,
    };
    observer.stage(&format!("training {machine}"));
    let fresh = DenseAutoencoder::new(n_inputs(), config.device, config.seed)?;
    Ok(fresh.train(&plan, examples, Some(checkpoint), observer)?)
}

/// The progress of one network as a part of the whole: all machines count alike.
struct Part<'a> {
    observer: &'a mut dyn TrainingObserver,
    part_idx: u64,
    n_parts: u64,
}

impl Progress for Part<'_> {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.observer.step(self.part_idx * total + done, self.n_parts * total)
    }

    fn stage(&mut self, name: &str) {
        self.observer.stage(name);
    }

    fn log(&mut self, line: &str) {
        self.observer.log(line);
    }
}

impl TrainingObserver for Part<'_> {
    fn held_out(&mut self, files: &[&Path]) {
        self.observer.held_out(files);
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        self.observer.epoch(metrics);
    }
}
