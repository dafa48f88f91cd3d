//! Embeddings of all clips of a data set by one run, kept beside it.

use crate::dataset::{ClipEntry, CropWindow, Dataset, SkippedFile};
use crate::extractors::{Embedding, ExtractorError};
use crate::pipeline::Run;
use crate::progress::{Cancelled, Progress};

/// One embedding a clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmbeddedClips {
    /// Parallel to [`Dataset::clips`]; `None` where the clip could not be embedded.
    pub embeddings: Vec<Option<Embedding>>,
    pub failed: Vec<SkippedFile>,
}

/// Embeds every clip whose machine the run knows.
pub fn extract(_run: &Run, _dataset: &Dataset, _progress: &mut dyn Progress) -> Result<EmbeddedClips, Cancelled> {
    unimplemented!()
}

/// The anomaly of each crop of one clip.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ribbon {
    pub crops: Vec<CropWindow>,
    /// Percentile (0–100) among the crops of normal training clips; parallel to `crops`.
    pub percentiles: Vec<f32>,
}

/// Scores the crops of one clip against the crops of a few normal training clips of its group.
pub fn score_crops(
    _run: &Run,
    _dataset: &Dataset,
    _clip: &ClipEntry,
    _progress: &mut dyn Progress,
) -> Result<Ribbon, ExtractorError> {
    unimplemented!()
}
