//! The search for a tiny design for one machine: trains what [`Search`](crate::exploration::Search) asks for, on the clips of one section.

mod report;
mod settings;

pub use report::{Exploration, ExploreEvent, ExploreObserver, JudgedClip, JudgedLabel, Reference, TrialReport};
pub use settings::{ExploreSettings, JudgedBy};

use std::path::Path;

use crate::dataset::Dataset;
use crate::extractors::TrainingObserver;
use crate::pipeline::{PipelineError, Run};

// The three verbs below stand in for those of the branch that writes the search: its own take their place when both meet.

/// # Errors
/// Always: the search is not part of this branch.
pub fn explore(_: &Dataset, _: &ExploreSettings, dir: &Path, _: &mut dyn ExploreObserver) -> Result<Exploration, PipelineError> {
    Err(absent(dir))
}

/// # Errors
/// Always: the search is not part of this branch.
pub fn open_exploration(dir: &Path) -> Result<Exploration, PipelineError> {
    Err(absent(dir))
}

/// # Errors
/// Always: the search is not part of this branch.
pub fn keep(
    _: &Dataset,
    exploration_dir: &Path,
    _trial: usize,
    _n_more_epochs: usize,
    _run_dir: &Path,
    _: &mut dyn TrainingObserver,
) -> Result<Run, PipelineError> {
    Err(absent(exploration_dir))
}

fn absent(dir: &Path) -> PipelineError {
    PipelineError::io(dir, std::io::Error::other("this build cannot search for designs"))
}
