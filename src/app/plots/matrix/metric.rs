//! Which figure the cells of the matrix hold.

use crate::evaluation::{self, SectionMetrics};

/// The figure in the cells of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixMetric {
    #[default]
    Hmean,
    Auc,
    AucSource,
    AucTarget,
    Pauc,
    PaucRaw,
}

impl MatrixMetric {
    pub const ALL: [Self; 6] = [
        Self::Hmean,
        Self::Auc,
        Self::AucSource,
        Self::AucTarget,
        Self::Pauc,
        Self::PaucRaw,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Hmean => "hmean",
            Self::Auc => "AUC",
            Self::AucSource => "AUC source",
            Self::AucTarget => "AUC target",
            Self::Pauc => "pAUC",
            Self::PaucRaw => "pAUC eq. 5",
        }
    }

    /// Which definition is shown, in one sentence.
    pub fn definition(self) -> &'static str {
        match self {
            Self::Hmean => "Harmonic mean of AUC source, AUC target and pAUC; of AUC and pAUC where there are no domains",
            Self::Auc => "Area under the ROC curve: all normal clips against all anomalies",
            Self::AucSource => "Normal clips of the source domain against all anomalies of the section",
            Self::AucTarget => "Normal clips of the target domain against all anomalies of the section",
            Self::Pauc => "Area up to a false positive rate of 0.1, McClish-standardised: chance is 0.5",
            Self::PaucRaw => "Equation 5 of the MobileAnoNet paper: the same area, not standardised; chance is 0.05",
        }
    }

    /// The figure of this name.
    pub fn figure(self, metrics: &SectionMetrics) -> Option<evaluation::Figure> {
        match self {
            Self::Hmean => metrics.hmean,
            Self::Auc => metrics.auc,
            Self::AucSource => metrics.auc_source,
            Self::AucTarget => metrics.auc_target,
            Self::Pauc => metrics.pauc,
            Self::PaucRaw => metrics.pauc_raw,
        }
    }

    /// What the harmonic mean over all sections is taken of: the official score pools the parts of each section's own mean.
    pub(super) fn parts(self, metrics: &SectionMetrics) -> Vec<f64> {
        match self {
            Self::Hmean => metrics.hmean_parts(),
            _ => self.figure(metrics).map(|figure| figure.value).into_iter().collect(),
        }
    }
}
