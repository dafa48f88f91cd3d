//! The clips of a section as compact designs meet them in a search: read once, standardised, cut, and shared by all trainings.

use std::path::Path;
use std::sync::Arc;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::networks::OutlierNet;
use super::outliernet;
use super::standardised::Standardiser;
use super::training_parts::Taken;
use super::training_set::{TrainingSpectrogram, fingerprint, plan_of, read_training_clips};
use super::window_autoencoder::{N_BANDS, N_FRAMES, cut_window, log_mel};
use super::{Extractor, ExtractorError, Recipe, TrainingClip, TrainingConfig, TrainingObserver};
use crate::audio::Clip;
use crate::dataset::MachineSection;
use crate::dsp::{LogMel, Spectrogram};
use crate::exploration::Genome;
use crate::nn::{Batch, ExampleSource, Examples, TrainingError};
use crate::progress::Progress;

/// An epoch has at least so many windows: small sections are gone through several times, so that designs are compared after
/// hundreds of steps and not after a dozen.
const MIN_EPOCH_WINDOWS: usize = 1024;
/// Sections with fewer windows are learned in batches of half the published size.
const MANY_WINDOWS: usize = 2048;

/// Windows to learn from and windows held out, and the levels of the section.
pub struct SectionWindows {
    log_mel: LogMel,
    standardiser: Standardiser,
    /// `[n_windows, 32 frames, 128 bands]`
    learn: Vec<f32>,
    held_out: Vec<f32>,
    /// A hash of the clips.
    data: String,
}

impl SectionWindows {
    /// Reads the clips; one that cannot be read is left out, and the log says so. Levels are measured on those to learn from.
    ///
    /// # Errors
    /// Where none is left of either, or the wish to stop.
    pub fn read(learn: &[TrainingClip], held_out: &[TrainingClip], progress: &mut dyn Progress) -> Result<Self, ExtractorError> {
        let log_mel = log_mel();
        let front_end = |samples: &[f32]| log_mel.decibel(samples);
        // Side by side.
        let taken = Taken::Windows {
            n_frames: N_FRAMES,
            hop: N_FRAMES,
        };
        let learn = read_training_clips(learn, &front_end, taken, progress)?;
        let held_out = read_training_clips(held_out, &front_end, taken, progress)?;
        let data = fingerprint(learn.iter().chain(&held_out).map(|read| &read.clip));
        let standardiser = Standardiser::of(&learn, &front_end, N_BANDS, progress)?;
        let all_windows = |clips: Vec<TrainingSpectrogram>| {
            let mut windows = Vec::new();
            for read in clips {
                let levels = match read.kept {
                    Some(levels) => Arc::unwrap_or_clone(levels),
                    None => read.computed(&front_end)?,
                };
                push_windows(&standardiser.apply(levels), &mut windows);
            }
            Ok::<_, ExtractorError>(windows)
        };
        let (learn, held_out) = (all_windows(learn)?, all_windows(held_out)?);
        Ok(Self {
            log_mel,
            standardiser,
            learn,
            held_out,
            data,
        })
    }

    /// Windows that are learned from.
    pub fn n_windows(&self) -> usize {
        self.learn.len() / OutlierNet::WINDOW_LEN
    }

    /// The windows of a clip side by side, standardised; the incomplete end is left out.
    pub fn cut(&self, clip: &Clip) -> Vec<f32> {
        let mut windows = Vec::new();
        push_windows(&self.standardiser.apply(self.log_mel.decibel(&clip.samples)), &mut windows);
        windows
    }

    /// How a design is trained on these windows.
    pub fn config(&self, genome: &Genome, seed: u64, n_epochs: usize) -> TrainingConfig {
        let published = TrainingConfig::published(Recipe::OutlierNet);
        TrainingConfig {
            genome: genome.clone(),
            seed,
            n_epochs,
            batch_size: if self.n_windows() < MANY_WINDOWS {
                published.batch_size / 2
            } else {
                published.batch_size
            },
            ..published
        }
    }

    /// Trains a design for all its epochs, or goes on from `checkpoint` where it has some of them behind it.
    ///
    /// # Errors
    /// Where the loss diverges, the checkpoint cannot be written, or the wish to stop.
    pub fn train(
        &self,
        config: &TrainingConfig,
        checkpoint: &Path,
        observer: &mut dyn TrainingObserver,
    ) -> Result<OutlierNet, ExtractorError> {
        let n_passes = MIN_EPOCH_WINDOWS.div_ceil(self.n_windows().max(1));
        let (mut learn, mut held_out) = (Shuffled::new(&self.learn, n_passes), Shuffled::new(&self.held_out, 1));
        let examples = Examples {
            train: &mut learn,
            held_out: Some(&mut held_out),
            label_free: None,
        };
        let plan = plan_of(config, "", format!("{} {}", self.data, config.genome));
        let fresh = OutlierNet::new(&config.genome, config.device, config.seed)?;
        Ok(fresh.train(&plan, examples, Some(checkpoint), observer)?)
    }

    /// A trained design as the front end of a run on this section.
    pub fn extractor(&self, config: &TrainingConfig, group: &MachineSection, network: OutlierNet) -> Box<dyn Extractor> {
        let standardiser = self.standardiser.clone();
        Box::new(outliernet::OutlierNet::of_one(config, group, network, standardiser))
    }
}

fn push_windows(levels: &Spectrogram, windows: &mut Vec<f32>) {
    for window in 0..levels.n_frames / N_FRAMES {
        cut_window(levels, window * N_FRAMES, windows);
    }
}

/// Windows in memory, in another order each time they are gone through.
struct Shuffled<'a> {
    windows: &'a [f32],
    n_passes: usize,
    /// Those still to come in this epoch, the next one last.
    order: Vec<usize>,
}

impl<'a> Shuffled<'a> {
    fn new(windows: &'a [f32], n_passes: usize) -> Self {
        Self {
            windows,
            n_passes,
            order: Vec::new(),
        }
    }

    fn n_windows(&self) -> usize {
        self.windows.len() / OutlierNet::WINDOW_LEN
    }
}

impl ExampleSource for Shuffled<'_> {
    fn n_examples(&self) -> usize {
        self.n_windows() * self.n_passes
    }

    fn begin_epoch(&mut self, seed: u64) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        self.order.clear();
        for _ in 0..self.n_passes {
            let mut pass: Vec<usize> = (0..self.n_windows()).collect();
            pass.shuffle(&mut random);
            self.order.extend(pass);
        }
    }

    fn next_batch(&mut self, batch_size: usize) -> Result<Batch, TrainingError> {
        let taken = self.order.split_off(self.order.len().saturating_sub(batch_size));
        let mut batch = Batch {
            classes: vec![0; taken.len()],
            ..Batch::default()
        };
        batch.inputs.reserve_exact(taken.len() * OutlierNet::WINDOW_LEN);
        for window in taken {
            let start = window * OutlierNet::WINDOW_LEN;
            batch
                .inputs
                .extend_from_slice(&self.windows[start..start + OutlierNet::WINDOW_LEN]);
        }
        Ok(batch)
    }
}
