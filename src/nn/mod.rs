//! The only room that imports burn: one network per file, the training loop, checkpoints.
//!
//! *Invariant:* no burn type leaves this room; others see slices, plain structs and opaque networks.

mod error;

pub use error::TrainingError;

use serde::{Deserialize, Serialize};

/// Where a network computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// burn-flex: the processor, all cores.
    #[default]
    Cpu,
    /// burn-ndarray: the processor by independent kernels, to check `Cpu` against.
    Ndarray,
    /// The graphics card; present where the program was built with the `gpu` feature.
    Gpu,
}

impl DeviceChoice {
    /// The devices that this build knows.
    pub fn available() -> &'static [Self] {
        if cfg!(feature = "gpu") {
            &[Self::Cpu, Self::Ndarray, Self::Gpu]
        } else {
            &[Self::Cpu, Self::Ndarray]
        }
    }

    /// The device of this name, whether this build has it or not.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cpu, Self::Ndarray, Self::Gpu]
            .into_iter()
            .find(|device| device.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Ndarray => "ndarray",
            Self::Gpu => "gpu",
        }
    }
}

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
