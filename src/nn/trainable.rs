//! What the training loop needs to know: of a network, of a plan, and who watches.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::early_stop::EarlyStop;
use super::tally::Judged;
use super::{Batch, DeviceChoice, EpochMetrics};
use crate::progress::{NoProgress, Progress};

/// The name of the votes whose share of right clips is an epoch's accuracy; those of other names are further figures.
pub(super) const ACCURACY: &str = "accuracy";

/// Who watches a training: progress, and the figures of each epoch.
pub trait TrainingObserver: Progress {
    /// An epoch has ended. A resumed training tells of its earlier epochs first.
    fn epoch(&mut self, metrics: &EpochMetrics);

    /// These recordings are held out: nothing is learned from them. Told once a network, before it is trained.
    fn held_out(&mut self, _files: &[&Path]) {}
}

impl TrainingObserver for NoProgress {
    fn epoch(&mut self, _metrics: &EpochMetrics) {}
}

/// How one network is trained. Two plans that are equal give the same weights on the same device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingPlan {
    /// Which network of a run, for the figures; may be empty.
    pub network: String,
    pub n_epochs: usize,
    pub batch_size: usize,
    pub learning_rate: f64,
    /// The learning rate is multiplied by this after each epoch.
    pub learning_rate_decay: f64,
    /// L2 penalty on all parameters, added to the gradient as PyTorch's Adam does; 0 for none.
    pub weight_decay: f64,
    pub seed: u64,
    pub device: DeviceChoice,
    /// Fewer epochs than `n_epochs` where that is enough.
    #[serde(default)]
    pub early_stop: Option<EarlyStop>,
    /// What is trained on and by which losses: a hash, or words that are others where it is another.
    pub data: String,
}

/// A network that the loop can train.
pub(super) trait Trainable: Module {
    /// The loss of a batch, on the device of the network.
    fn judge(&self, batch: Batch, device: &Device) -> Judged;

    /// The learning rate of an epoch.
    fn learning_rate(&self, plan: &TrainingPlan, epoch_idx: usize) -> f64 {
        plan.learning_rate * plan.learning_rate_decay.powi(epoch_idx as i32)
    }

    /// Sets how fast the running statistics of the batch norms follow; see [`norm_momentum`].
    fn set_norm_momentum(&mut self, step_idx: u64);
}

/// Momentum of running statistics at a step: the published one in the end, more before.
///
/// With the published momentum alone a training of a few hundred steps would end with statistics that still hold much of
/// their arbitrary start, and would judge clips by those.
pub(super) fn norm_momentum(published: f64, step_idx: u64) -> f64 {
    published.max(10.0 / (10.0 + step_idx as f64))
}

/// A seed for each epoch, so that a resumed training draws what an uninterrupted one draws.
pub(super) fn epoch_seed(seed: u64, epoch_idx: usize) -> u64 {
    seed.wrapping_add((epoch_idx as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
