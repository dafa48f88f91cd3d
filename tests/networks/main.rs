//! The networks against PyTorch's and Keras' numbers, the training loop against itself, and the extractors around them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod cae_mcs;
mod extractors;
#[cfg(feature = "gpu")]
mod graphics_card;
mod graphs;
mod gwrp;
mod hdf5;
mod loop_behaviour;
mod mobilenet_v2;
mod multi_task;
#[path = "../common/numbers.rs"]
mod numbers;
mod outlier_net;
mod reference;
#[path = "../common/shared.rs"]
mod shared;
mod sliding;
mod stgram_mfn;
mod stretches;
mod watcher;
