//! The only room that imports burn: one network per file, the training loop, checkpoints.
//!
//! # How to add a network
//! One new file with a burn module that implements `Trainable`, and an opaque struct around it as in
//! [`DenseAutoencoder`] and [`MobileAnoNet`]. The loop, checkpoints and weights files then work as they are.
//!
//! # On the processor
//! Where burn's layers are slow, our own take their place; on other devices burn's compute, and tests hold ours to them.
//!
//! | folder | what |
//! |---|---|
//! | `kernels` | products, convolutions, norms on slices, as wide as the processor's vectors |
//! | `inference` | trained networks as stages that rows of a picture stream through |
//! | `blocks` | layers for training with backward passes of their own; `fused` makes operations of burn of them |
//! | `convolutional` | both for chains of standard and transposed convolutions |
//! | `abreast` | small autoencoders in training, a window in each lane |
//! | `engine` | any network as it leaves, small ones in particular |
//!
//! The modules of burn hold the parameters in either case, so that weights files and checkpoints do not know the difference.
//!
//! *Invariant:* no burn type leaves this room; others see slices, plain structs and opaque networks.

mod abreast;
mod blocks;
mod cae_mcs;
mod checkpoint;
mod convolutional;
mod cross_check;
mod dense_autoencoder;
mod device;
mod early_stop;
mod engine;
mod error;
mod examples;
mod fused;
#[cfg(test)]
mod gradient_check;
mod graphs;
mod inference;
mod kernels;
mod learner;
mod mobileanonet;
mod mobilenet_v2;
mod multi_task;
mod optimiser;
mod outlier_net;
mod parameters;
mod squared_error;
mod stgram_mfn;
mod tally;
mod trainable;
mod training;
mod weights;

pub use cae_mcs::CaeMcs;
pub use dense_autoencoder::{DenseAutoencoder, Reconstruction};
pub use device::DeviceChoice;
pub use early_stop::EarlyStop;
pub use engine::{Engine, Scratch};
pub use error::TrainingError;
pub use examples::{Batch, ClipEmbeddings, ExampleSource, Examples, LabelFree, LabelFreeFigures};
pub use mobileanonet::{EMBEDDING_LEN, MobileAnoNet, SegmentShape, SegmentWindow};
pub use mobilenet_v2::{Classified, MobileNetV2};
pub use multi_task::{ConditionAveraging, Heads, LossChoice};
pub use outlier_net::OutlierNet;
pub use stgram_mfn::{AttributeClasses, ClassifiedClip, StgramMfn};
pub use trainable::{TrainingObserver, TrainingPlan};
pub use weights::{NamedTensor, read_weights, write_weights};

use serde::{Deserialize, Serialize};

/// The figures of one epoch of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Counted from 0 over the whole training.
    pub epoch_idx: usize,
    /// Which network, where a run trains one a machine; the machine's name, or empty.
    pub network: String,
    pub train_loss: f64,
    /// On held-out training clips (whole clips, never segments of clips that are trained on).
    pub validation_loss: Option<f64>,
    /// Share of held-out clips that are put into the right class (classifiers only); of a network with several classifiers by
    /// the first of them.
    pub validation_accuracy: Option<f64>,
    pub secs: f64,
    /// What else there is to say of the epoch: terms of the loss, accuracies of further classifiers, figures without labels.
    #[serde(default)]
    pub figures: Vec<EpochFigure>,
}

/// One more figure of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochFigure {
    /// A few words in lower case, e.g. `centre loss`.
    pub name: String,
    /// Whether it was found on held-out clips, else on those that were trained on.
    pub is_held_out: bool,
    pub value: f64,
}
