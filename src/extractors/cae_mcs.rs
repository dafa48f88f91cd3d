//! CAE-MCS: a convolutional autoencoder of a second of log-mel, one for each machine type.
//!
//! Source: Ribeiro et al., DCASE 2020 (the team's published code); the reference that `OutlierNets` are measured against. Log-mel of
//! magnitudes in dB (1024/512/128, zeros beyond the ends), each band standardised over the machine's training clips; windows of
//! 32 frames every 3 frames, the last one at the clip's end; Adam 1e-3, batches of 64, at most 100 epochs, fewer once the loss
//! on held-out clips has not fallen by 1e-4 for 10 of them. The score of a clip is the mean squared error over its windows.
//!
//! `OutlierNets` were trained and measured on each machine alone and on windows that do not overlap: for that, train on one
//! section, with a hop and a segment hop of 32 frames.

use std::path::Path;
use std::sync::Arc;

use super::crops::{WindowShape, needed_secs};
use super::deployment::{WindowPlan, code_name};
use super::frame_windows::{FrameWindows, WindowRule};
use super::per_machine::{MachineClips, Part, PerMachine, unfit};
use super::standardised::Standardiser;
use super::training_set::{examples_of, fingerprint, plan_of, read_training_clips, split_held_out, tell_held_out};
use super::{Deployment, Embedding, Extractor, ExtractorError, Recipe, TrainingClip, TrainingConfig, TrainingObserver};
use crate::audio::{Clip, SAMPLE_RATE_HZ};
use crate::dataset::{CropWindow, MachineSection};
use crate::dsp::{LogMel, LogMelConfig, Spectrogram};
use crate::nn::{CaeMcs as Network, EarlyStop, TrainingPlan};
use crate::progress::Progress;

/// Windows that are redrawn at once: 2 MB of input.
const CHUNK_WINDOWS: usize = 128;
/// What the network sees at once: all bands of the front end.
const WINDOW: WindowShape = WindowShape {
    n_frames: Network::N_FRAMES,
    n_bands: Network::N_BANDS,
    band_hz: [0.0, 0.5 * SAMPLE_RATE_HZ as f32],
};
const WEIGHTS_FILE: &str = "cae-mcs.safetensors";
const EARLY_STOP: EarlyStop = EarlyStop {
    patience: 10,
    min_delta: 1e-4,
};

/// What there is of one machine type.
struct Machine {
    network: Network,
    standardiser: Standardiser,
}

/// One trained autoencoder a machine type.
///
/// The embedding of a clip is the mean over its windows of the 40 numbers of the code. Its residual is the mean squared error of
/// the standardised levels.
pub(super) struct CaeMcs {
    machines: PerMachine<Machine>,
    log_mel: LogMel,
    hop: usize,
}

impl CaeMcs {
    /// Trains a network for each machine type among the clips, one after the other.
    pub(super) fn train(
        config: &TrainingConfig,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, ExtractorError> {
        let log_mel = log_mel();
        let machines = PerMachine::train(clips, run_dir, observer, |clips, part| {
            train_machine(config, &clips, &log_mel, part)
        })?;
        Ok(Self {
            machines,
            log_mel,
            hop: config.segment_hop.max(1),
        })
    }

    /// Opens what [`Extractor::save`] wrote.
    pub(super) fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Self, ExtractorError> {
        let path = run_dir.join(WEIGHTS_FILE);
        let machines = PerMachine::load(&path, |mut tensors| {
            let standardiser = Standardiser::take_from(&mut tensors, Network::N_BANDS).map_err(|reason| unfit(&path, reason))?;
            let network = Network::from_weights(config.device, &tensors, &path)?;
            Ok(Machine { network, standardiser })
        })?;
        Ok(Self {
            machines,
            log_mel: log_mel(),
            hop: config.segment_hop.max(1),
        })
    }

    /// What the windows within the frames `start..end` of a standardised spectrogram give.
    fn embedding(&self, network: &Network, levels: &Spectrogram, start: usize, end: usize) -> Result<Embedding, ExtractorError> {
        let last = end - Network::N_FRAMES;
        let mut starts: Vec<usize> = (start..=last).step_by(self.hop).collect();
        if starts.last().is_some_and(|&reached| reached < last) {
            starts.push(last);
        }
        let mut code_sum = [0.0f64; Network::CODE_LEN];
        let mut error_sum = 0.0f64;
        for starts in starts.chunks(CHUNK_WINDOWS) {
            let mut windows = Vec::with_capacity(starts.len() * Network::WINDOW_LEN);
            starts.iter().for_each(|&start| cut_window(levels, start, &mut windows));
            let (codes, errors) = network.codes_and_errors(&windows)?;
            error_sum += errors.iter().map(|&error| f64::from(error)).sum::<f64>();
            for code in codes.as_chunks::<{ Network::CODE_LEN }>().0 {
                for (sum, &value) in code_sum.iter_mut().zip(code) {
                    *sum += f64::from(value);
                }
            }
        }
        let n_windows = starts.len() as f64;
        Ok(Embedding {
            values: code_sum.iter().map(|sum| (sum / n_windows) as f32).collect(),
            own_scores: vec![(error_sum / n_windows) as f32],
        })
    }
}

impl Extractor for CaeMcs {
    fn recipe(&self) -> Recipe {
        Recipe::CaeMcs
    }

    fn embed(&self, clip: &Clip, group: &MachineSection) -> Result<Embedding, ExtractorError> {
        let Machine { network, standardiser } = self.machines.of(group)?;
        let levels = standardiser.apply(self.log_mel.decibel(&clip.samples));
        if levels.n_frames < Network::N_FRAMES {
            return Err(ExtractorError::ClipTooShort {
                found_secs: clip.duration_secs(),
                needed_secs: needed_secs(Network::N_FRAMES),
            });
        }
        self.embedding(network, &levels, 0, levels.n_frames)
    }

    fn crop_windows(&self, clip_secs: f32) -> Vec<CropWindow> {
        WINDOW.windows(clip_secs, WINDOW.n_frames)
    }

    fn embed_crops(&self, clip: &Clip, group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError> {
        self.embed_windows(clip, group, WINDOW.n_frames)
    }

    fn window_shape(&self) -> Option<WindowShape> {
        Some(WINDOW)
    }

    fn embed_windows(&self, clip: &Clip, group: &MachineSection, hop: usize) -> Result<Vec<Embedding>, ExtractorError> {
        let Machine { network, standardiser } = self.machines.of(group)?;
        let levels = standardiser.apply(self.log_mel.decibel(&clip.samples));
        let n_windows = WINDOW.windows(clip.duration_secs() as f32, hop).len();
        let starts: Vec<usize> = (0..n_windows).map(|window_idx| window_idx * hop.max(1)).collect();
        let mut embeddings = Vec::with_capacity(n_windows);
        for starts in starts.chunks(CHUNK_WINDOWS) {
            let mut windows = Vec::with_capacity(starts.len() * Network::WINDOW_LEN);
            starts.iter().for_each(|&start| cut_window(&levels, start, &mut windows));
            let (codes, errors) = network.codes_and_errors(&windows)?;
            let codes = codes.as_chunks::<{ Network::CODE_LEN }>().0;
            embeddings.extend(codes.iter().zip(&errors).map(|(code, &error)| Embedding {
                values: code.to_vec(),
                own_scores: vec![error],
            }));
        }
        Ok(embeddings)
    }

    /// Before it is standardised: each machine has levels of its own.
    fn model_input(&self, clip: &Clip) -> Spectrogram {
        self.log_mel.decibel(&clip.samples)
    }

    fn deployments(&self) -> Result<Vec<Deployment>, ExtractorError> {
        let plan = WindowPlan {
            n_frames: Network::N_FRAMES,
            hop: self.hop,
            takes_end: true,
        };
        let each = self.machines.all().map(|(machine, Machine { network, standardiser })| {
            let graph = network.graph(&code_name(Recipe::CaeMcs, Some(machine)))?;
            let subject = (Recipe::CaeMcs, machine);
            Ok(Deployment::of_log_mel(
                subject,
                graph,
                &self.log_mel,
                Some(standardiser),
                plan,
            ))
        });
        each.collect()
    }

    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError> {
        self.machines.save(&run_dir.join(WEIGHTS_FILE), |machine| {
            let mut tensors = machine.network.weights()?;
            tensors.extend(machine.standardiser.tensors());
            Ok(tensors)
        })
    }
}

fn log_mel() -> LogMel {
    LogMel::new(LogMelConfig {
        power: 1,
        ..LogMelConfig::default()
    })
}

/// Frames that follow each other lie side by side in the spectrogram too.
fn cut_window(levels: &Spectrogram, start: usize, inputs: &mut Vec<f32>) {
    let n_bands = levels.n_bins;
    inputs.extend_from_slice(&levels.values[start * n_bands..(start + Network::N_FRAMES) * n_bands]);
}

fn train_machine(
    config: &TrainingConfig,
    MachineClips {
        machine,
        clips,
        checkpoint,
    }: &MachineClips<'_>,
    log_mel: &LogMel,
    observer: &mut Part<'_>,
) -> Result<Machine, ExtractorError> {
    let front_end = |samples: &[f32]| log_mel.decibel(samples);
    observer.stage(&format!("reading {machine}"));
    let read = read_training_clips(clips, &front_end, Network::N_FRAMES, observer.whole())?;
    let data = fingerprint(read.iter().map(|read| &read.clip));
    let (mut learn, mut held_out) = split_held_out(read, |read| read.clip.group.section.clone(), config.seed);
    tell_held_out(&held_out, observer);
    observer.stage(&format!("measuring the levels of {machine}"));
    let standardiser = Standardiser::of(&learn, &front_end, Network::N_BANDS, observer.whole())?;
    for read in learn.iter_mut().chain(&mut held_out) {
        let kept = read.kept.take();
        read.kept = kept.map(|levels| Arc::new(standardiser.apply(Arc::unwrap_or_clone(levels))));
    }
    let standardised = |samples: &[f32]| standardiser.apply(log_mel.decibel(samples));
    let rule = WindowRule {
        n_frames: Network::N_FRAMES,
        hop: config.window_hop.max(1),
        takes_end: true,
        n_per_clip: None,
        cut: cut_window,
    };
    let windows = |clips: Vec<_>| FrameWindows::new(clips.into_iter().map(|clip| (clip, 0)).collect(), &standardised, rule);
    let (mut learn, mut held_out) = (windows(learn), windows(held_out));
    let plan = TrainingPlan {
        early_stop: Some(EARLY_STOP),
        ..plan_of(config, machine, format!("{data} every {}", config.window_hop))
    };
    let examples = examples_of(&mut learn, &mut held_out);
    observer.stage(&format!("training {machine}"));
    let fresh = Network::new(config.device, config.seed)?;
    let network = fresh.train(&plan, examples, Some(checkpoint), observer)?;
    Ok(Machine { network, standardiser })
}
