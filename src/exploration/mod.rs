//! The search for compact autoencoders: what a design is, what it costs, which is better, and what to try next.
//!
//! Source: the `OutlierNets` paper, as far as it tells: maximise [`net_score`] subject to limits. Its generator is not public; this
//! is an evolution in its place.
//!
//! *Invariant:* nothing here trains, measures or knows a clip; outcomes come from outside, and the same outcomes give the same
//! search.

mod cost;
mod genome;
mod layers;
mod net_score;
mod ranking;
mod search;

pub use cost::Cost;
pub use genome::{Genome, GenomeError, N_BANDS, N_FRAMES, Step, StepKind};
pub use layers::{Layer, Operation, Shape};
pub use net_score::{Accuracy, net_score};
pub use ranking::pareto_front;
pub use search::{Limits, Outcome, Search, SearchConfig, Task, Trial, TrialState, count_states};
