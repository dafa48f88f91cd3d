//! The search for a tiny design for one machine: trains what [`Search`](crate::exploration::Search) asks for, on the clips of one section.

mod faults;
mod journal;
mod keep;
mod material;
mod reference;
mod report;
mod run;
mod settings;

pub use journal::open_exploration;
pub use keep::{TestedDesign, keep, test_design};
pub use material::judged_sound;
pub use reference::test_reference;
pub use report::{
    Exploration, ExploreEvent, ExploreObserver, JudgedClip, JudgedLabel, Reference, TrialReport, figure_words, judged_figures,
};
pub use run::explore;
pub use settings::{ExploreSettings, JudgedBy};
