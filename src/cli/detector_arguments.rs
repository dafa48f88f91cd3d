//! The detectors' parameters on the command line.

use clap::{Args, ValueEnum};

use super::count;
use crate::detectors::{Covariance, DetectorConfig, DetectorSettings, Metric, MixtureScore};

/// Every parameter that is not given is the default.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Detectors")]
pub(super) struct DetectorArguments {
    /// Neighbours of KNN
    #[arg(long, value_name = "K", value_parser = count(10_000))]
    knn_k: Option<usize>,
    /// Distance of KNN and density-knn
    #[arg(long, value_name = "METRIC", value_enum)]
    knn_metric: Option<MetricName>,
    /// Neighbours of LOF
    #[arg(long, value_name = "K", value_parser = count(10_000))]
    lof_k: Option<usize>,
    /// Of MAHA and Soft MAHA: 'shrunk' (Ledoit-Wolf), or a number that is added to the diagonal, as in the papers: 1e-6
    #[arg(long, value_parser = covariance)]
    covariance: Option<Covariance>,
    /// Neighbours by which density-knn measures how densely training clips lie
    #[arg(long, value_name = "K", value_parser = count(10_000))]
    density_k: Option<usize>,
    /// Gaussians of GMM
    #[arg(long, value_name = "N", value_parser = count(1_000))]
    components: Option<usize>,
    /// Of GMM's Gaussians: 'shrunk', or a number that is added to the diagonal
    #[arg(long, value_parser = covariance)]
    gmm_covariance: Option<Covariance>,
    /// What GMM says of a clip: by its nearest Gaussian alone, as published, or by all
    #[arg(long, value_enum)]
    gmm_score: Option<MixtureScoreName>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricName {
    Cosine,
    Euclidean,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MixtureScoreName {
    NearestGaussian,
    Likelihood,
}

fn covariance(text: &str) -> Result<Covariance, String> {
    if text == "shrunk" {
        return Ok(Covariance::Shrunk);
    }
    match text.parse::<f64>() {
        Ok(ridge) if ridge.is_finite() && ridge >= 0.0 => Ok(Covariance::Ridge(ridge)),
        _ => Err("give 'shrunk' or a number that is not negative".to_owned()),
    }
}

impl DetectorArguments {
    /// The same for all machine sections.
    pub(super) fn settings(&self) -> DetectorSettings {
        let default = DetectorConfig::default();
        let metric = |name| match name {
            MetricName::Cosine => Metric::Cosine,
            MetricName::Euclidean => Metric::Euclidean,
        };
        let score = |name| match name {
            MixtureScoreName::NearestGaussian => MixtureScore::NearestGaussian,
            MixtureScoreName::Likelihood => MixtureScore::Likelihood,
        };
        DetectorSettings::from(DetectorConfig {
            knn_k: self.knn_k.unwrap_or(default.knn_k),
            knn_metric: self.knn_metric.map_or(default.knn_metric, metric),
            lof_k: self.lof_k.unwrap_or(default.lof_k),
            covariance: self.covariance.unwrap_or(default.covariance),
            density_k: self.density_k.unwrap_or(default.density_k),
            gmm_components: self.components.unwrap_or(default.gmm_components),
            gmm_covariance: self.gmm_covariance.unwrap_or(default.gmm_covariance),
            gmm_score: self.gmm_score.map_or(default.gmm_score, score),
        })
    }
}
