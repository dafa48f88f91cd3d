//! CAE-MCS: a convolutional autoencoder of a second of log-mel, one for each machine type.
//!
//! Source: Ribeiro et al., DCASE 2020 (the team's published code); the reference that `OutlierNets` are measured against. Windows
//! of 32 frames every 3 frames, the last one at the clip's end; Adam 1e-3, batches of 64, at most 100 epochs, fewer once the loss
//! on held-out clips has not fallen by 1e-4 for 10 of them. The embedding is the mean over the windows of the 40 numbers of the
//! code; the rest is in [`window_autoencoder`](super::window_autoencoder).
//!
//! `OutlierNets` were trained and measured on each machine alone and on windows that do not overlap: for that, train on one
//! section, with a hop and a segment hop of 32 frames.

use std::path::Path;

use super::per_machine::Scope;
use super::window_autoencoder::{WindowAutoencoder, WindowNetwork, as_the_network_does};
use super::{Recipe, TrainingConfig};
use crate::nn::{CaeMcs as Network, EarlyStop, NamedTensor, TrainingError};

pub(super) type CaeMcs = WindowAutoencoder<Network>;

impl WindowNetwork for Network {
    const RECIPE: Recipe = Recipe::CaeMcs;
    const WEIGHTS_FILE: &'static str = "cae-mcs.safetensors";
    const SCOPE: Scope = Scope::Machine;
    const EARLY_STOP: EarlyStop = EarlyStop {
        patience: 10,
        min_delta: 1e-4,
    };
    const TAKES_END: bool = true;

    fn fresh(config: &TrainingConfig) -> Result<Self, TrainingError> {
        Self::new(config.device, config.seed)
    }

    fn open(config: &TrainingConfig, tensors: &[NamedTensor], origin: &Path) -> Result<Self, TrainingError> {
        Self::from_weights(config.device, tensors, origin)
    }

    as_the_network_does!();

    fn settings(config: &TrainingConfig) -> String {
        format!("every {}", config.window_hop)
    }
}
