//! Front ends: a clip in, its embedding out (and what autoencoders and classifiers score it themselves).
//!
//! # How to add an extractor
//! One new file, one variant of [`Recipe`], one line in [`Recipe::ALL`] and in each `match` that the compiler then names: what is
//! said of it, its published settings, [`train`] and [`load`].
//!
//! *Invariant:* an extractor is trained on normal training clips only, and knows nothing of anomalies, detectors or the window.

mod attribute_classifier;
mod cae_mcs;
mod conditions;
mod crops;
mod dense_ae;
mod deployment;
mod error;
mod frame_windows;
mod gwrp_gmm;
mod label_free;
mod mobileanonet;
mod mobileanonet_config;
mod mobilenet_v2;
mod model_view;
mod outliernet;
mod per_machine;
mod pooled_log_mel;
mod pooled_statistics;
mod ranking_pooling;
mod section_classes;
mod section_windows;
mod selective_maha;
mod standardised;
mod stretches;
mod training_parts;
mod training_set;
mod window_autoencoder;
mod window_sums;

pub use conditions::{ConditionHead, condition_heads};
pub use crops::WindowShape;
pub use deployment::Deployment;
pub use error::ExtractorError;
pub use mobileanonet_config::{MobileAnoNetConfig, SegmentInput};
pub use model_view::{ModelView, WindowPlace};
pub use section_windows::SectionWindows;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::audio::{ChannelChoice, Clip, Sound};
use crate::dataset::{Attribute, CropWindow, MachineSection};
use crate::dsp::Spectrogram;
use crate::exploration::{Genome, N_FRAMES};
pub use crate::nn::{ConditionAveraging, DeviceChoice, EpochFigure, EpochMetrics, LossChoice, TrainingObserver};
use crate::progress::{NoProgress, Progress};
use attribute_classifier::AttributeClassifier;
use cae_mcs::CaeMcs;
use dense_ae::DenseAe;
use gwrp_gmm::GwrpGmm;
use mobileanonet::MobileAnoNet;
use mobilenet_v2::MobileNetV2;
use outliernet::OutlierNet;
use pooled_log_mel::PooledLogMel;

/// The bare networks, for whoever measures or trains them by themselves.
pub mod networks {
    pub use crate::nn::{CaeMcs, OutlierNet};
}

/// The list of all extractors. Names on the command line and in project files are in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// Time-pooled statistics of a log-mel: no training.
    PooledLogMel,
    /// The dense autoencoder of the DCASE baselines.
    DenseAe,
    /// The shared extractor of the MobileAnoNet paper.
    #[serde(rename = "mobileanonet")]
    MobileAnoNet,
    /// A log-mel pooled over time by rank, for a Gaussian mixture a section: no training.
    GwrpGmm,
    /// The classifier of sections of the DCASE baselines.
    #[serde(rename = "mobilenet-v2")]
    MobileNetV2,
    /// The convolutional autoencoder that `OutlierNets` are measured against.
    CaeMcs,
    /// A compact autoencoder built from a genome.
    #[serde(rename = "outliernet")]
    OutlierNet,
    /// The attribute classifier of Guan et al., STgram-MFN.
    AttributeClassifier,
}

impl Recipe {
    pub const ALL: [Self; 8] = [
        Self::PooledLogMel,
        Self::DenseAe,
        Self::MobileAnoNet,
        Self::GwrpGmm,
        Self::MobileNetV2,
        Self::CaeMcs,
        Self::OutlierNet,
        Self::AttributeClassifier,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::PooledLogMel => "pooled-log-mel",
            Self::DenseAe => "dense-ae",
            Self::MobileAnoNet => "mobileanonet",
            Self::GwrpGmm => "gwrp-gmm",
            Self::MobileNetV2 => "mobilenet-v2",
            Self::CaeMcs => "cae-mcs",
            Self::OutlierNet => "outliernet",
            Self::AttributeClassifier => "attribute-classifier",
        }
    }

    /// The name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::PooledLogMel => "Pooled log-mel",
            Self::DenseAe => "Dense autoencoder",
            Self::MobileAnoNet => "MobileAnoNet",
            Self::GwrpGmm => "GWRP + GMM",
            Self::MobileNetV2 => "MobileNetV2 baseline",
            Self::CaeMcs => "CAE-MCS",
            Self::OutlierNet => "OutlierNet",
            Self::AttributeClassifier => "Attribute classifier",
        }
    }

    /// One sentence for the person who chooses.
    pub fn description(self) -> &'static str {
        match self {
            Self::PooledLogMel => "Statistics of the spectrum over time; no training, scores in seconds",
            Self::DenseAe => "The DCASE baseline: learns to redraw normal sound, one network a machine",
            Self::MobileAnoNet => "One small network shared by all machines; the strongest with several machines",
            Self::GwrpGmm => {
                "Levels of the spectrum pooled by rank; no training, scores in seconds. Published with the detector GMM"
            }
            Self::MobileNetV2 => {
                "The DCASE 2022 baseline that learns to tell a machine's sections apart; it needs several sections"
            }
            Self::CaeMcs => {
                "A convolutional autoencoder of 4 million numbers, one a machine: the reference for small ones, slow to train"
            }
            Self::OutlierNet => "A tiny autoencoder, one a machine section, small enough for a microcontroller",
            Self::AttributeClassifier => {
                "Guan et al. 2022: one network for waveform and spectrogram tells machines, domains and attributes apart"
            }
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|recipe| recipe.name() == name)
    }

    /// What a person should try first; the others are rivals in the papers' tables, and folded away on the screen.
    pub fn is_recommended(self) -> bool {
        matches!(self, Self::PooledLogMel | Self::DenseAe | Self::MobileAnoNet)
    }

    /// What front ends of this recipe score a clip themselves, beside its embedding, where they are trained today.
    pub fn own_scores(self) -> &'static [OwnScore] {
        match self {
            Self::PooledLogMel | Self::MobileAnoNet | Self::GwrpGmm => &[],
            Self::CaeMcs | Self::OutlierNet => &[OwnScore::Residual],
            Self::DenseAe => &[OwnScore::Residual, OwnScore::SelectiveMaha, OwnScore::SelectiveMahaNtt],
            Self::MobileNetV2 | Self::AttributeClassifier => &[OwnScore::Probability],
        }
    }

    /// The name of the detector that the recipe was published with, where it was one for all machines.
    pub fn published_detector(self) -> Option<&'static str> {
        match self {
            Self::PooledLogMel | Self::MobileAnoNet => None,
            Self::DenseAe | Self::CaeMcs | Self::OutlierNet => Some("residual"),
            Self::GwrpGmm => Some("gmm"),
            Self::MobileNetV2 | Self::AttributeClassifier => Some("probability"),
        }
    }

    /// Whether it is an autoencoder, which redraws what it sees: see [`ModelView::redrawn`].
    pub fn redraws(self) -> bool {
        self.own_scores().contains(&OwnScore::Residual)
    }

    /// Whether its networks can leave the program: see [`Extractor::deployments`].
    pub fn is_deployable(self) -> bool {
        self.is_trained() && !matches!(self, Self::MobileNetV2 | Self::AttributeClassifier)
    }

    /// Whether there is anything to train.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::PooledLogMel | Self::GwrpGmm)
    }
}

/// An anomaly score that a front end gives without a detector. Larger is more anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnScore {
    /// Mean reconstruction error of an autoencoder.
    Residual,
    /// The selective Mahalanobis distance of its error as published: the mean over frames.
    SelectiveMaha,
    /// The same as the published code computes it: of the mean error of a clip.
    SelectiveMahaNtt,
    /// How improbable a classifier finds the class that the clip is of, in the recipe's published form.
    Probability,
}

/// How an extractor is trained. Fields that a recipe does not know are ignored by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingConfig {
    pub recipe: Recipe,
    pub n_epochs: usize,
    pub batch_size: usize,
    pub learning_rate: f64,
    /// Random segments a clip and epoch (MobileAnoNet).
    pub segments_per_clip: usize,
    /// Frames between two segments of a clip that is embedded (MobileAnoNet, MobileNetV2, CAE-MCS, `OutlierNets`). The papers of
    /// the first two take 1, for MobileAnoNet at 16 times the cost; that of CAE-MCS takes 3, that of `OutlierNets` 32.
    #[serde(default = "default_segment_hop")]
    pub segment_hop: usize,
    /// Frames between two windows of a clip that is learned from (CAE-MCS, `OutlierNets`).
    #[serde(default = "default_window_hop")]
    pub window_hop: usize,
    /// Weight of a frame over that of the next louder one (GWRP + GMM): 1 pools to the mean, 0 to the loudest frame.
    #[serde(default = "default_ranking_decay")]
    pub ranking_decay: f64,
    /// What of recordings with several channels is listened to; `None`: what the data set is read with. A finished run names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelChoice>,
    pub seed: u64,
    pub device: DeviceChoice,
    /// What is built (`OutlierNets`).
    #[serde(default = "Genome::fan_example")]
    pub genome: Genome,
    /// Runs from before these were kept were trained by the machine loss alone.
    #[serde(default = "MobileAnoNetConfig::before_it_was_kept")]
    pub mobileanonet: MobileAnoNetConfig,
}

/// Scores as finer hops do within the width of their intervals, and is ready in seconds.
fn default_segment_hop() -> usize {
    16
}

/// As published.
fn default_window_hop() -> usize {
    3
}
/// From so many training clips on, MobileAnoNet is trained in batches of the published size.
const MANY_CLIPS: usize = 2000;

/// The mean: the one decay that nobody had to choose by test labels.
fn default_ranking_decay() -> f64 {
    1.0
}

impl TrainingConfig {
    /// The published settings of a recipe, but for MobileAnoNet's batch; see [`Self::published_for`]. Of the attribute classifier
    /// 20 of 150 epochs and a fifth of the batch of 154: on a processor the whole would take days, and the whole batch much memory.
    pub fn published(recipe: Recipe) -> Self {
        let (n_epochs, batch_size) = match recipe {
            Recipe::PooledLogMel | Recipe::GwrpGmm => (0, 1),
            Recipe::DenseAe => (100, 512),
            Recipe::MobileAnoNet => (15, 32),
            Recipe::MobileNetV2 | Recipe::AttributeClassifier => (20, 32),
            Recipe::CaeMcs | Recipe::OutlierNet => (100, 64),
        };
        let (learning_rate, segment_hop) = match recipe {
            Recipe::MobileNetV2 => (1e-5, 1),
            Recipe::CaeMcs => (1e-3, default_window_hop()),
            Recipe::OutlierNet => (1e-3, N_FRAMES),
            Recipe::AttributeClassifier => (1e-4, default_segment_hop()),
            _ => (1e-3, default_segment_hop()),
        };
        Self {
            recipe,
            n_epochs,
            batch_size,
            learning_rate,
            segments_per_clip: 20,
            segment_hop,
            window_hop: if recipe == Recipe::OutlierNet {
                N_FRAMES
            } else {
                default_window_hop()
            },
            ranking_decay: default_ranking_decay(),
            channel: None,
            seed: 7,
            device: DeviceChoice::Cpu,
            genome: Genome::fan_example(),
            mobileanonet: MobileAnoNetConfig::default(),
        }
    }

    /// The published settings of a recipe for so many training clips.
    ///
    /// MobileAnoNet's published batch of 160 segments (some 1.1 GB) is for the 7,000 to 14,000 clips of a DCASE year: 1,750
    /// steps an epoch. A few hundred clips would get a few dozen steps before the learning rate decays, too few to learn from;
    /// with a batch of 32 they get five times as many.
    pub fn published_for(recipe: Recipe, n_clips: usize) -> Self {
        let published = Self::published(recipe);
        if recipe == Recipe::MobileAnoNet && n_clips >= MANY_CLIPS {
            return Self {
                batch_size: 160,
                ..published
            };
        }
        published
    }
}

/// A normal training clip as the trainer meets it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingClip {
    pub file: PathBuf,
    pub channel: ChannelChoice,
    pub group: MachineSection,
    pub attributes: Vec<Attribute>,
    /// Recorded in the target domain.
    pub is_target: bool,
}

/// What a clip becomes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embedding {
    /// `[n_features]`
    pub values: Vec<f32>,
    /// What the front end itself scores the clip: parallel to [`Extractor::own_scores`].
    pub own_scores: Vec<f32>,
}

/// A trained (or untrained and ready) front end. One object serves all machines of a run.
pub trait Extractor: Send + Sync {
    fn recipe(&self) -> Recipe;

    /// What this front end scores a clip itself: fewer than its recipe says where the run was trained before there were more.
    fn own_scores(&self) -> &'static [OwnScore] {
        self.recipe().own_scores()
    }

    /// The embedding of a clip of any length. `group` picks the network where each machine has its own.
    ///
    /// The sound is taken in stretch by stretch: what is held beside it does not grow with the clip, but where an implementation
    /// says so. However long the stretches are, the numbers are those of the whole clip but for rounding. A step is a stretch.
    ///
    /// # Errors
    /// Where the clip is shorter than one segment or cannot be read, the run holds no network for its machine, or the wish to stop.
    fn embed_sound(
        &self,
        sound: &Sound<'_>,
        group: &MachineSection,
        progress: &mut dyn Progress,
    ) -> Result<Embedding, ExtractorError>;

    /// The same of a clip that is held.
    ///
    /// # Errors
    /// As [`Self::embed_sound`].
    fn embed(&self, clip: &Clip, group: &MachineSection) -> Result<Embedding, ExtractorError> {
        self.embed_sound(&Sound::held(clip), group, &mut NoProgress)
    }

    /// Where the crop windows of a clip of this length lie, in order.
    fn crop_windows(&self, clip_secs: f64) -> Vec<CropWindow>;

    /// One embedding for each of [`Self::crop_windows`].
    fn embed_crops(&self, clip: &Clip, group: &MachineSection) -> Result<Vec<Embedding>, ExtractorError>;

    /// The window that the network sees at once, where it judges a clip window by window: then [`Self::crop_windows`] are these,
    /// side by side. `None` where a crop pools what a clip pools.
    fn window_shape(&self) -> Option<WindowShape> {
        None
    }

    /// One embedding for each of the [`WindowShape::windows`] that begin every `hop` frames; without a shape those of
    /// [`Self::embed_crops`].
    ///
    /// # Errors
    /// Where the run holds no network for the machine.
    fn embed_windows(&self, clip: &Clip, group: &MachineSection, _hop: usize) -> Result<Vec<Embedding>, ExtractorError> {
        self.embed_crops(clip, group)
    }

    /// The picture that the extractor sees of a clip: log-mel in dB or STFT magnitude.
    fn model_input(&self, clip: &Clip) -> Spectrogram;

    /// One window of a clip exactly as the front end meets it, and, of an autoencoder, what it makes of it.
    ///
    /// # Errors
    /// Where the clip has no such window, or the run holds no network for the machine.
    fn model_view(&self, clip: &Clip, group: &MachineSection, place: WindowPlace) -> Result<ModelView, ExtractorError>;

    /// The networks as they leave, one a machine where each has its own; none where there is no network that could.
    ///
    /// # Errors
    /// Where the device fails.
    fn deployments(&self) -> Result<Vec<Deployment>, ExtractorError> {
        Ok(Vec::new())
    }

    /// Writes what [`load`] needs into the run's folder.
    fn save(&self, run_dir: &Path) -> Result<(), ExtractorError>;
}

/// Trains an extractor on normal clips; resumes from the last checkpoint in `run_dir` where there is one of the same configuration.
///
/// A clip that cannot be read is left out, and the log says so. Steps count examples of all epochs while a network is trained,
/// and clips while they are read.
///
/// # Errors
/// Where no clip is left, the observer asks to stop, the training diverges, or `run_dir` cannot be written to.
pub fn train(
    config: &TrainingConfig,
    clips: &[TrainingClip],
    run_dir: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Box<dyn Extractor>, ExtractorError> {
    match config.recipe {
        Recipe::PooledLogMel => Ok(Box::new(PooledLogMel::new())),
        Recipe::GwrpGmm => Ok(Box::new(GwrpGmm::new(config)?)),
        Recipe::CaeMcs => Ok(Box::new(CaeMcs::train(config, clips, run_dir, observer)?)),
        Recipe::OutlierNet => Ok(Box::new(OutlierNet::train(config, clips, run_dir, observer)?)),
        Recipe::DenseAe => Ok(Box::new(DenseAe::train(config, clips, run_dir, observer)?)),
        Recipe::MobileAnoNet => Ok(Box::new(MobileAnoNet::train(config, clips, run_dir, observer)?)),
        Recipe::MobileNetV2 => Ok(Box::new(MobileNetV2::train(config, clips, run_dir, observer)?)),
        Recipe::AttributeClassifier => Ok(Box::new(AttributeClassifier::train(config, clips, run_dir, observer)?)),
    }
}

/// Opens the extractor that a finished training left in `run_dir`.
///
/// # Errors
/// Where the weights are missing or do not fit, naming their file, or the device is missing.
pub fn load(config: &TrainingConfig, run_dir: &Path) -> Result<Box<dyn Extractor>, ExtractorError> {
    match config.recipe {
        Recipe::PooledLogMel => Ok(Box::new(PooledLogMel::new())),
        Recipe::GwrpGmm => Ok(Box::new(GwrpGmm::new(config)?)),
        Recipe::CaeMcs => Ok(Box::new(CaeMcs::load(config, run_dir)?)),
        Recipe::OutlierNet => Ok(Box::new(OutlierNet::load(config, run_dir)?)),
        Recipe::DenseAe => Ok(Box::new(DenseAe::load(config, run_dir)?)),
        Recipe::MobileAnoNet => Ok(Box::new(MobileAnoNet::load(config, run_dir)?)),
        Recipe::MobileNetV2 => Ok(Box::new(MobileNetV2::load(config, run_dir)?)),
        Recipe::AttributeClassifier => Ok(Box::new(AttributeClassifier::load(config, run_dir)?)),
    }
}
