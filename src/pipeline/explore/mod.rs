//! The search for a tiny design for one machine: trains what [`Search`](crate::exploration::Search) asks for, on the clips of one section.

mod report;
mod settings;

pub use report::{Exploration, ExploreEvent, ExploreObserver, JudgedClip, JudgedLabel, Reference, TrialReport};
pub use settings::{ExploreSettings, JudgedBy};
