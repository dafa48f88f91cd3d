//! The verbs: each takes a config, data and a `Progress`, and returns a typed result.
//!
//! *Invariant:* nothing here draws, prints or starts a job thread; the window and the command line call the same functions.

mod compare;
mod extract;
mod train;

pub use compare::{Comparison, DetectorResult, GroupComparison, LabelUse, compare};
pub use extract::{EmbeddedClips, Ribbon, extract, score_crops};
pub use train::{Run, load_run, train};
