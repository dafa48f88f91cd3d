//! A trained network on its way out: ONNX for runtimes, C for microcontrollers.
//!
//! *Invariant:* a network comes in as a [`Graph`] with all its numbers; nothing here knows how it was trained or where the files
//! go.

mod c;
mod graph;
mod onnx;
mod protobuf;
mod quantised;

pub use c::{CSource, WeightFormat, c_source};
pub use graph::{Activation, Graph, MapShape, Node, Normalisation, Operation, OutputKind};
pub use onnx::onnx;
pub use quantised::{QuantisedWeights, quantised};
