//! A compact autoencoder of a second of log-mel, built from a genome; one for each machine section.
//!
//! Source: the `OutlierNets` paper, which trains a net for each single machine (MIMII's ids are the sections here) on windows of 32
//! frames that do not overlap: nine in a clip of 10 s, the 25 frames at its end belong to none. What the paper leaves open is done
//! as in CAE-MCS, which it measures itself against: levels in dB standardised a band, mean squared error, Adam 1e-3, batches of
//! 64, an early stop on held-out clips. The embedding is the mean over the windows of the dense code, or of the innermost map
//! averaged over its frames; the rest is in [`window_autoencoder`](super::window_autoencoder).

use std::path::Path;

use super::per_machine::Scope;
use super::window_autoencoder::{WindowAutoencoder, WindowNetwork, as_the_network_does};
use super::{Recipe, TrainingConfig};
use crate::nn::{EarlyStop, NamedTensor, OutlierNet as Network, TrainingError};

pub(super) type OutlierNet = WindowAutoencoder<Network>;

impl WindowNetwork for Network {
    const RECIPE: Recipe = Recipe::OutlierNet;
    const WEIGHTS_FILE: &'static str = "outliernet.safetensors";
    const SCOPE: Scope = Scope::Section;
    const EARLY_STOP: EarlyStop = EarlyStop {
        patience: 10,
        min_delta: 1e-4,
    };
    const TAKES_END: bool = false;

    fn fresh(config: &TrainingConfig) -> Result<Self, TrainingError> {
        Self::new(&config.genome, config.device, config.seed)
    }

    fn open(config: &TrainingConfig, tensors: &[NamedTensor], origin: &Path) -> Result<Self, TrainingError> {
        Self::from_weights(&config.genome, config.device, tensors, origin)
    }

    as_the_network_does!();

    fn settings(config: &TrainingConfig) -> String {
        format!("every {} {}", config.window_hop, config.genome)
    }
}
