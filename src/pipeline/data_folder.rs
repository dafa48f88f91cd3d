//! The folder of recordings is only ever read.

use std::path::Path;

use super::PipelineError;
use crate::dataset::Dataset;

/// # Errors
/// Where something is to be written into the folder of recordings.
pub(super) fn refuse_inside_data(dataset: &Dataset, dir: &Path) -> Result<(), PipelineError> {
    let place = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let root = std::path::absolute(&dataset.root).unwrap_or_else(|_| dataset.root.clone());
    if place.starts_with(&root) {
        return Err(PipelineError::InsideData {
            path: dir.to_owned(),
            root,
        });
    }
    Ok(())
}
