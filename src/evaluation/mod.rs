//! Scores and labels in; ROC curves, AUC, pAUC, harmonic means, intervals and thresholds out.
//!
//! Figures are undefined (`None`, or a curve without steps) where a class is missing or a score is not a number:
//! leaving such a clip out would flatter the detector.
//!
//! *Invariant:* every figure is a function of scores and labels, nothing else: no clip, no detector, no clock. Of files only those
//! of DCASE are known: scores, decisions, truth and results.

mod bootstrap;
mod chance;
mod error;
mod gamma;
mod jackknife;
mod means;
mod names;
mod official;
mod pooled;
mod result_file;
mod roc;
mod rules;
mod score_files;
mod section;
mod threshold;
mod truth;

pub use bootstrap::{
    BootstrapConfig, PairedComparison, ResampledMean, compare_paired, is_tie, resampled_metrics, section_metrics,
};
pub use chance::{chance_limit, is_chance};
pub use error::EvaluationError;
pub use gamma::Gamma;
pub use means::{MeanFigures, Means};
pub use names::{FileSubject, Naming};
pub use official::{EvaluationOptions, MachineEvaluation, OfficialEvaluation, evaluate_files};
pub use pooled::{RowFigures, TableFigures, table_figures, table_figures_midway};
pub use result_file::{result_csv, write_result};
pub use roc::{auc, harmonic_mean, partial_auc, partial_auc_raw, roc_curve};
pub use rules::Rules;
pub use score_files::{read_decisions, read_scores, write_decisions, write_scores};
pub use section::SectionEvaluation;
pub use threshold::{percentile, percentile_of_sorted, threshold};
pub use truth::{Truth, TruthClip, read_truth};

use serde::{Deserialize, Serialize};

/// The false positive rate that the official pAUC looks up to.
pub const PAUC_MAX_FPR: f64 = 0.1;

/// The score of one test clip with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelledScore {
    pub score: f64,
    pub is_anomaly: bool,
    /// `None` where the data set knows no domains.
    pub is_target: Option<bool>,
}

/// One step of a ROC curve: everything scored at or above the threshold is called anomalous.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocStep {
    pub threshold: f64,
    pub n_true_positives: usize,
    pub n_false_positives: usize,
    pub true_positive_rate: f64,
    pub false_positive_rate: f64,
}

/// A ROC curve with every step: one a distinct score, from (0, 0) to (1, 1).
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// None where the curve is undefined: a class is missing or a score is not a number.
    pub steps: Vec<RocStep>,
    /// Indices of the scores, from the highest to the lowest: see [`RocCurve::flips_at`].
    pub order: Vec<usize>,
    pub n_anomalies: usize,
    pub n_normals: usize,
}

/// A figure with its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// The official figures of one section. `None` where undefined (no anomalies, no clips of that domain).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SectionMetrics {
    /// All normals against all anomalies.
    pub auc: Option<Figure>,
    /// Normals of the source domain against all anomalies.
    pub auc_source: Option<Figure>,
    /// Normals of the target domain against all anomalies.
    pub auc_target: Option<Figure>,
    /// Up to a false positive rate of 0.1, McClish-standardised: chance is 0.5.
    pub pauc: Option<Figure>,
    /// Harmonic mean of AUC source, AUC target and pAUC; of AUC and pAUC where there are no domains.
    pub hmean: Option<Figure>,
    /// Equation 5 of the MobileAnoNet paper: up to the same rate, not standardised, chance is about 0.05. `None` with fewer than 10 normals.
    pub pauc_raw: Option<Figure>,
}

impl SectionMetrics {
    /// The figures that [`SectionMetrics::hmean`] is the mean of; over several sections the official score pools them.
    pub fn hmean_parts(&self) -> Vec<f64> {
        let aucs = match (self.auc_source, self.auc_target) {
            (None, None) => [self.auc, None],
            domains => domains.into(),
        };
        let figures = aucs.into_iter().chain([self.pauc]).flatten();
        figures.map(|figure| figure.value).collect()
    }
}

/// The operating point of a detector without any anomaly: where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdRule {
    /// This quantile of a gamma distribution fitted to the scores of held-out normal clips (the DCASE baselines' rule, 0.9).
    Gamma(f64),
    /// This quantile of the scores of held-out normal clips themselves.
    Quantile(f64),
    /// Set by hand.
    Manual(f64),
}

impl Default for ThresholdRule {
    fn default() -> Self {
        Self::Gamma(0.9)
    }
}
