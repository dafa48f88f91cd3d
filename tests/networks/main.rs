//! The networks against PyTorch's and Keras' numbers, and the training loop against itself.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod hdf5;
mod loop_behaviour;
mod reference;
