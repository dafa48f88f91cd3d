//! GMM: how improbable a clip is in a mixture of Gaussians.

mod k_means;
mod left_out;
mod mixture;

use std::sync::OnceLock;

use nalgebra::DMatrix;

use super::columns::{bank_columns, in_blocks};
use super::{Bank, Covariance, Detector, DetectorConfig, DetectorError, DetectorKind, MixtureScore, Observations};
use mixture::{Mixture, log_sum_exp};

/// A Gaussian of fewer clips says more of these than of the machine.
const CLIPS_PER_GAUSSIAN: usize = 10;

/// Full-covariance Gaussians fitted by EM from k-means clusters, as Xiao et al. (DCASE 2022 task 2) have one for each section.
/// The score is a negative log density in nats, see [`MixtureScore`].
///
/// Leave-one-out scores: see [`left_out`]; exact for one Gaussian.
pub(super) struct Gmm {
    /// `[n_features, n_clips]`
    clips: DMatrix<f64>,
    mixture: Mixture,
    covariance: Covariance,
    smallest_variance: f64,
    score: MixtureScore,
    leave_one_out: OnceLock<Vec<f64>>,
    fallback: Option<String>,
}

/// Needs 3 clips: two have a covariance, one is left out.
///
/// A bank of few clips has fewer Gaussians than were asked for. A Gaussian that has no more clips than features has no full
/// covariance (all but the ridge would be nothing in some directions, and what is heard there infinitely improbable): then all
/// of them are shrunk (Ledoit and Wolf).
pub(super) fn fit(config: &DetectorConfig, bank: &Bank) -> Result<Gmm, DetectorError> {
    let clips = bank_columns(DetectorKind::Gmm, bank, 3)?;
    let (n_features, n_clips) = clips.shape();
    // What float32 embeddings of this size cannot tell from no variance.
    let smallest_variance = 1e-14 * clips.norm_squared() / clips.len() as f64 + f64::MIN_POSITIVE.sqrt();
    let mut notes = Vec::new();
    let mut n_gaussians = config.gmm_components.clamp(1, (n_clips / CLIPS_PER_GAUSSIAN).max(1));
    if n_gaussians != config.gmm_components {
        notes.push(format!("{n_clips} training clips: {}", gaussians(n_gaussians)));
    }
    let mut covariance = config.gmm_covariance;
    let is_full = |covariance| matches!(covariance, Covariance::Ridge(_));
    let few =
        |n_clips: f64| format!("a Gaussian of {n_clips:.0} clips has no full covariance of {n_features} features: shrunk ones");
    // However the clips are shared out, one would have too few.
    let fair_share = n_clips as f64 / n_gaussians as f64;
    if is_full(covariance) && fair_share < n_features as f64 + 1.0 {
        notes.push(few(fair_share));
        covariance = Covariance::Shrunk;
    }
    let mixture = loop {
        let shares = shares_of(&k_means::clusters(&clips, n_gaussians), n_gaussians);
        let mixture = Mixture::fit(&clips, shares, covariance, smallest_variance);
        let smallest = mixture
            .gaussians
            .iter()
            .fold(f64::INFINITY, |least, gaussian| least.min(gaussian.n_clips));
        if is_full(covariance) && smallest < n_features as f64 + 1.0 {
            notes.push(few(smallest));
            covariance = Covariance::Shrunk;
        } else if smallest < 2.0 && n_gaussians > 1 {
            n_gaussians -= 1;
            notes.push(format!("a Gaussian was left without clips: {}", gaussians(n_gaussians)));
        } else {
            break mixture;
        }
    };
    if !mixture.has_settled {
        notes.push("the Gaussians had not settled when the fit was ended".to_owned());
    }
    Ok(Gmm {
        clips,
        mixture,
        covariance,
        smallest_variance,
        score: config.gmm_score,
        leave_one_out: OnceLock::new(),
        fallback: (!notes.is_empty()).then(|| notes.join("; ")),
    })
}

fn gaussians(n: usize) -> String {
    if n == 1 {
        "one Gaussian".to_owned()
    } else {
        format!("{n} Gaussians")
    }
}

/// Each clip wholly to its cluster: `[n_clips, n_gaussians]`.
fn shares_of(clusters: &[usize], n_gaussians: usize) -> DMatrix<f64> {
    DMatrix::from_fn(clusters.len(), n_gaussians, |clip, gaussian| {
        if clusters[clip] == gaussian { 1.0 } else { 0.0 }
    })
}

impl Gmm {
    /// Of log densities `[n_clips, n_gaussians]` and the log weight of each Gaussian for each clip.
    fn of_densities(&self, densities: &DMatrix<f64>, log_weight: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        densities
            .row_iter()
            .enumerate()
            .map(|(clip, densities)| match self.score {
                MixtureScore::NearestGaussian => -densities.max(),
                MixtureScore::Likelihood => {
                    let weighed = densities.iter().enumerate();
                    let joint: Vec<f64> = weighed
                        .map(|(gaussian, density)| density + log_weight(clip, gaussian))
                        .collect();
                    -log_sum_exp(&joint)
                }
            })
            .collect()
    }
}

impl Detector for Gmm {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        let log_weights = self.mixture.log_weights();
        in_blocks(queries, |block| {
            self.of_densities(&self.mixture.log_densities(&block), |_, gaussian| log_weights[gaussian])
        })
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out.get_or_init(|| {
            let (densities, weights) =
                left_out::log_densities_and_weights(&self.mixture, &self.clips, self.covariance, self.smallest_variance);
            self.of_densities(&densities, |clip, gaussian| weights[(clip, gaussian)])
        })
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}
