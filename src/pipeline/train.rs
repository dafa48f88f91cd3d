//! From a data set and a recipe to a run: a folder with everything that is needed to embed clips again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dataset::Dataset;
use crate::extractors::{Extractor, ExtractorError, TrainingObserver};
use crate::project::RunRecipe;

/// A finished training and its folder.
#[derive(Clone)]
pub struct Run {
    pub dir: PathBuf,
    pub recipe: RunRecipe,
    pub extractor: Arc<dyn Extractor>,
}

/// Trains on the normal training clips of the chosen machines and writes the run's folder.
pub fn train(
    _dataset: &Dataset,
    _recipe: &RunRecipe,
    _run_dir: &Path,
    _observer: &mut dyn TrainingObserver,
) -> Result<Run, ExtractorError> {
    unimplemented!()
}

/// Opens a run that [`train`] wrote.
pub fn load_run(_run_dir: &Path) -> Result<Run, ExtractorError> {
    unimplemented!()
}
