//! What a person may set of the detectors: one set of parameters for all machine sections, and others for some of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Distance between embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Cosine,
    Euclidean,
}

/// How the covariance of few clips in many dimensions is made invertible.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covariance {
    /// Ledoit-Wolf shrinkage towards a scaled identity; soft detectors pool the within-domain covariance.
    Shrunk,
    /// The paper's code: `+ ridge * I`, each domain its own.
    Ridge(f64),
}

/// Parameters of all detectors; each uses its own. What a project file does not name is the default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetectorConfig {
    pub knn_k: usize,
    pub knn_metric: Metric,
    pub lof_k: usize,
    pub covariance: Covariance,
    /// Neighbours by which the density around a training clip is measured; the metric is that of KNN.
    pub density_k: usize,
    /// Gaussians of the mixture.
    pub gmm_components: usize,
    /// Of each Gaussian. The published code adds 1e-6 to the diagonal.
    pub gmm_covariance: Covariance,
    pub gmm_score: MixtureScore,
}

/// What a mixture of Gaussians says of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MixtureScore {
    /// `-max_k log N_k(clip)`, the weights of the Gaussians left aside (Xiao et al.).
    NearestGaussian,
    /// `-log sum_k w_k N_k(clip)`.
    Likelihood,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            knn_k: 2,
            knn_metric: Metric::Cosine,
            lof_k: 4,
            covariance: Covariance::Shrunk,
            density_k: 1,
            gmm_components: 2,
            gmm_covariance: Covariance::Ridge(1e-6),
            gmm_score: MixtureScore::NearestGaussian,
        }
    }
}

/// The parameters of every machine section.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DetectorSettings {
    /// Of the sections that have none of their own.
    pub default: DetectorConfig,
    /// By the section's name (`fan 00`).
    pub of_sections: BTreeMap<String, DetectorConfig>,
}

impl DetectorSettings {
    /// The parameters of a section (`fan 00`).
    pub fn of(&self, section: &str) -> &DetectorConfig {
        self.of_sections.get(section).unwrap_or(&self.default)
    }
}

impl From<DetectorConfig> for DetectorSettings {
    /// The same for all sections.
    fn from(default: DetectorConfig) -> Self {
        Self {
            default,
            of_sections: BTreeMap::new(),
        }
    }
}
