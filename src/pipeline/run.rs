//! A run: a finished training in its folder, opened again.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{PipelineError, metrics_file};
use crate::extractors::{self, EpochMetrics, Extractor};
use crate::project::RunRecipe;

/// The recipe of a run, in its folder; written last, so that a folder that has it is whole.
pub(super) const RECIPE_FILE: &str = "recipe.json";
pub(super) const METRICS_FILE: &str = "metrics.csv";
pub(super) const LOG_FILE: &str = "log.txt";
pub(super) const CARD_FILE: &str = "model_card.md";

/// A finished training and its folder.
#[derive(Clone)]
pub struct Run {
    pub dir: PathBuf,
    pub recipe: RunRecipe,
    pub extractor: Arc<dyn Extractor>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("dir", &self.dir)
            .field("recipe", &self.recipe)
            .finish_non_exhaustive()
    }
}

/// Opens a run that [`train`](super::train) wrote.
///
/// # Errors
/// Where the folder holds no finished run, or its weights do not fit.
pub fn load_run(run_dir: &Path) -> Result<Run, PipelineError> {
    let path = run_dir.join(RECIPE_FILE);
    let json = std::fs::read(&path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => PipelineError::NotARun {
            path: run_dir.to_owned(),
        },
        _ => PipelineError::io(&path, source),
    })?;
    let recipe: RunRecipe = serde_json::from_slice(&json).map_err(|source| PipelineError::BadRun {
        path: path.clone(),
        reason: source.to_string(),
    })?;
    let extractor = extractors::load(&recipe.training, run_dir)?;
    Ok(Run {
        dir: run_dir.to_owned(),
        recipe,
        extractor: Arc::from(extractor),
    })
}

/// The same run with another number of frames between the segments of a clip that is embedded.
///
/// # Errors
/// Where its weights cannot be read again.
pub fn with_segment_hop(run: &Run, segment_hop: usize) -> Result<Run, PipelineError> {
    let mut recipe = run.recipe.clone();
    recipe.training.segment_hop = segment_hop;
    let extractor = extractors::load(&recipe.training, &run.dir)?;
    Ok(Run {
        dir: run.dir.clone(),
        recipe,
        extractor: Arc::from(extractor),
    })
}

/// Whether a folder holds a finished run.
pub fn is_finished(run_dir: &Path) -> bool {
    run_dir.join(RECIPE_FILE).is_file()
}

/// The figures of the epochs that a run has behind it; lines that cannot be read are left out.
pub fn read_epochs(run_dir: &Path) -> Vec<EpochMetrics> {
    metrics_file::read(&run_dir.join(METRICS_FILE))
}

/// The lines that a run logged.
pub fn read_log(run_dir: &Path) -> Vec<String> {
    std::fs::read_to_string(run_dir.join(LOG_FILE))
        .map(|text| text.lines().map(str::to_owned).collect())
        .unwrap_or_default()
}
