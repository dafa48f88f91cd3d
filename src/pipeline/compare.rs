//! The machine × detector matrix: every detector fitted on each section's training clips and evaluated on its test clips.

use crate::dataset::{Dataset, MachineSection};
use crate::detectors::{DetectorConfig, DetectorKind};
use crate::evaluation::{LabelledScore, SectionMetrics};
use crate::pipeline::EmbeddedClips;
use crate::progress::{Cancelled, Progress};

/// Which labels a choice of detector rests on: the badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelUse {
    /// Fixed or fused: no label at all.
    None,
    /// A person chose, with the test figures before the eyes.
    PersonSawTestLabels,
    /// The best on the test labels: an upper bound, not a result.
    Oracle,
}

/// All sections.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    pub groups: Vec<GroupComparison>,
    /// The detectors that could be fitted somewhere, in the order of the columns.
    pub detectors: Vec<DetectorKind>,
}

/// One section.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupComparison {
    pub group: MachineSection,
    /// Indices into the data set's clips.
    pub train_clips: Vec<usize>,
    pub test_clips: Vec<usize>,
    /// Parallel to [`Comparison::detectors`]; an error says why that detector could not be fitted.
    pub results: Vec<Result<DetectorResult, String>>,
    /// The detector with the best hmean (or AUC) on the test labels; `None` without labels.
    pub oracle: Option<DetectorKind>,
}

impl GroupComparison {
    /// What one detector makes of the section; `None` where it could not be fitted.
    pub fn result(&self, detector: DetectorKind) -> Option<&DetectorResult> {
        self.results.iter().flatten().find(|result| result.detector == detector)
    }
}

/// One detector on one section.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorResult {
    pub detector: DetectorKind,
    /// Parallel to `test_clips`.
    pub test_scores: Vec<f64>,
    /// Leave-one-out, parallel to `train_clips`: what normal clips score.
    pub normal_scores: Vec<f64>,
    /// Labelled test clips only.
    pub labelled: Vec<LabelledScore>,
    pub metrics: SectionMetrics,
    /// What the detector did instead of what was asked.
    pub fallback: Option<String>,
}

/// Fits and evaluates every detector on every section that has embeddings.
///
/// # Panics
/// Where a test clip is among the clips to fit on: that is a bug, never a finding.
pub fn compare(
    _dataset: &Dataset,
    _embedded: &EmbeddedClips,
    _config: &DetectorConfig,
    _progress: &mut dyn Progress,
) -> Result<Comparison, Cancelled> {
    unimplemented!()
}
