//! The only room that imports burn: one network per file, the training loop, checkpoints.
//!
//! # How to add a network
//! One new file with a burn module that implements `Trainable`, and an opaque struct around it as in
//! [`DenseAutoencoder`] and [`MobileAnoNet`]. The loop, checkpoints and weights files then work as they are.
//!
//! *Invariant:* no burn type leaves this room; others see slices, plain structs and opaque networks.

mod checkpoint;
mod cross_check;
mod dense_autoencoder;
mod device;
mod error;
mod examples;
mod mobileanonet;
mod optimiser;
mod parameters;
mod training;
mod weights;

pub use dense_autoencoder::{DenseAutoencoder, Reconstruction};
pub use device::DeviceChoice;
pub use error::TrainingError;
pub use examples::{Batch, ExampleSource, Examples};
pub use mobileanonet::{EMBEDDING_LEN, MobileAnoNet, SegmentShape};
pub use training::{TrainingObserver, TrainingPlan};
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
    /// Share of held-out segments whose machine is recognised (classifiers only).
    pub validation_accuracy: Option<f64>,
    pub secs: f64,
}
