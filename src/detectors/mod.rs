//! Back ends: embeddings of normal training clips in, an anomaly score for any clip out.
//!
//! # How to add a detector
//! One new file with its `fit`, one variant of [`DetectorKind`], one line in [`DetectorKind::ALL`] and in each `match` that the
//! compiler then names: its names, and [`fit`].
//!
//! *Invariant:* a detector sees embeddings and the domain of training clips; never a label, a test clip's domain, a file or a network.

mod columns;
mod cos;
mod cosine;
mod covariance;
mod density_knn;
mod error;
mod fusion;
mod gmm;
mod guarded;
mod knn;
mod left_out;
mod lof;
mod maha;
mod mahalanobis;
mod neighbour;
mod neighbours;
mod outer_sum;
mod own_score;
mod product;
mod scatter;
mod settings;
mod shared;
mod soft_cos;
mod soft_maha;
mod sums;
mod tridiagonal;
mod usual;

pub use error::DetectorError;
pub use settings::{Covariance, DetectorConfig, DetectorSettings, Metric, MixtureScore};

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use shared::Shared;

/// The list of all detectors. Names on the command line and in project files are in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetectorKind {
    Knn,
    Lof,
    Cos,
    Maha,
    SoftCos,
    SoftMaha,
    /// Distance to the nearest training clip, over the mean distance of that clip to its own neighbours.
    DensityKnn,
    /// A mixture of Gaussians.
    Gmm,
    /// Mean reconstruction error of an autoencoder.
    Residual,
    /// Mahalanobis form of an autoencoder's error, the nearer of source and target, as published: mean over frames.
    SelectiveMaha,
    /// The same as the published code computes it: of the mean error of a clip.
    SelectiveMahaNtt,
    /// How improbable a classifier finds the class that the clip is of.
    Probability,
    /// The label-free default: MAHA, Density KNN and what the front end scored itself, each on the scale of what normal clips score.
    Fusion,
}

impl DetectorKind {
    pub const ALL: [Self; 13] = [
        Self::Knn,
        Self::Lof,
        Self::Cos,
        Self::Maha,
        Self::SoftCos,
        Self::SoftMaha,
        Self::DensityKnn,
        Self::Gmm,
        Self::Residual,
        Self::SelectiveMaha,
        Self::SelectiveMahaNtt,
        Self::Probability,
        Self::Fusion,
    ];

    /// `knn`, `soft-cos`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Knn => "knn",
            Self::Lof => "lof",
            Self::Cos => "cos",
            Self::Maha => "maha",
            Self::SoftCos => "soft-cos",
            Self::SoftMaha => "soft-maha",
            Self::DensityKnn => "density-knn",
            Self::Gmm => "gmm",
            Self::Residual => "residual",
            Self::SelectiveMaha => "selective-maha",
            Self::SelectiveMahaNtt => "selective-maha-ntt",
            Self::Probability => "probability",
            Self::Fusion => "fusion",
        }
    }

    /// As in the papers' tables: `KNN`, `Soft COS`, …
    pub fn title(self) -> &'static str {
        match self {
            Self::Knn => "KNN",
            Self::Lof => "LOF",
            Self::Cos => "COS",
            Self::Maha => "MAHA",
            Self::SoftCos => "Soft COS",
            Self::SoftMaha => "Soft MAHA",
            Self::DensityKnn => "Density KNN",
            Self::Gmm => "GMM",
            Self::Residual => "Residual",
            Self::SelectiveMaha => "Selective MAHA",
            Self::SelectiveMahaNtt => "Selective MAHA (NTT code)",
            Self::Probability => "Probability",
            Self::Fusion => "Fusion",
        }
    }

    /// Whether the front end itself must have scored the clips: few front ends do.
    pub fn is_own_score(self) -> bool {
        matches!(
            self,
            Self::Residual | Self::SelectiveMaha | Self::SelectiveMahaNtt | Self::Probability
        )
    }

    fn looks_at_neighbours(self) -> bool {
        matches!(self, Self::Knn | Self::Lof | Self::DensityKnn | Self::Fusion)
    }

    /// Whether the fusion is made of it. Of the forms of one own score it takes the first only: three of them would count three times.
    pub(crate) fn is_fused(self) -> bool {
        matches!(self, Self::Maha | Self::DensityKnn | Self::Residual | Self::Probability)
    }

    /// The detector of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Embeddings of several clips.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observations {
    /// `[n_clips, n_features]`, one clip's features side by side.
    pub embeddings: Vec<f32>,
    pub n_features: usize,
    /// What the front end itself scored each clip, by the detector that passes it on.
    pub own_scores: BTreeMap<DetectorKind, Vec<f32>>,
}

impl Observations {
    pub fn n_clips(&self) -> usize {
        let n_embeddings = self.embeddings.len().checked_div(self.n_features);
        n_embeddings.unwrap_or_else(|| self.own_scores.values().next().map_or(0, Vec::len))
    }

    /// `[n_clips]`, or empty where the front end has no such score.
    pub fn own_scores(&self, kind: DetectorKind) -> &[f32] {
        self.own_scores.get(&kind).map_or(&[], Vec::as_slice)
    }

    pub fn embedding(&self, clip: usize) -> &[f32] {
        &self.embeddings[clip * self.n_features..(clip + 1) * self.n_features]
    }

    /// Some of the clips, in the order of `clips`.
    pub fn selected(&self, clips: &[usize]) -> Self {
        Self {
            embeddings: clips.iter().flat_map(|&clip| self.embedding(clip)).copied().collect(),
            n_features: self.n_features,
            own_scores: self
                .own_scores
                .iter()
                .map(|(&kind, scores)| (kind, clips.iter().filter_map(|&clip| scores.get(clip)).copied().collect()))
                .collect(),
        }
    }
}

/// The normal training clips of one machine section: all that a detector is fitted on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bank {
    pub observations: Observations,
    /// One a clip: recorded in the target domain.
    pub is_target: Vec<bool>,
}

impl Bank {
    /// Some of the clips, in the order of `clips`.
    pub fn selected(&self, clips: &[usize]) -> Self {
        Self {
            observations: self.observations.selected(clips),
            is_target: clips.iter().filter_map(|&clip| self.is_target.get(clip)).copied().collect(),
        }
    }
}

/// A detector fitted to a bank. Larger scores are more anomalous; the unit is the detector's own.
pub trait Detector: Send + Sync {
    fn scores(&self, queries: &Observations) -> Vec<f64>;

    /// The score of each clip of the bank as if that clip had not been in it: what normal clips score. Worked out when first
    /// asked for, on the core that asks.
    fn leave_one_out_scores(&self) -> &[f64];

    /// What the detector could not do on this bank and did instead, in words.
    fn fallback(&self) -> Option<&str> {
        None
    }
}

/// Fits one detector.
///
/// A query whose embedding (or a score that the front end itself gave it) is not finite scores infinity: as far from the
/// bank as can be. No score is NaN.
///
/// # Errors
/// Where the bank is too small, not finite, or lacks what the detector needs (scores of the front end).
pub fn fit(kind: DetectorKind, config: &DetectorConfig, bank: &Bank) -> Result<Box<dyn Detector>, DetectorError> {
    fit_sharing(kind, config, bank, &Shared::new(bank))
}

fn fit_sharing(
    kind: DetectorKind,
    config: &DetectorConfig,
    bank: &Bank,
    shared: &Shared,
) -> Result<Box<dyn Detector>, DetectorError> {
    guarded::check(kind, bank, shared)?;
    Ok(match kind {
        DetectorKind::Knn => guarded::boxed(knn::fit(config, shared)?, bank),
        DetectorKind::Lof => guarded::boxed(lof::fit(config, shared)?, bank),
        DetectorKind::Cos => guarded::boxed(cos::fit(shared)?, bank),
        DetectorKind::Maha => guarded::boxed(maha::fit(config, shared)?, bank),
        DetectorKind::SoftCos => guarded::boxed(soft_cos::fit(bank, shared)?, bank),
        DetectorKind::SoftMaha => guarded::boxed(soft_maha::fit(config, bank, shared)?, bank),
        DetectorKind::DensityKnn => guarded::boxed(density_knn::fit(config, shared)?, bank),
        DetectorKind::Gmm => guarded::boxed(gmm::fit(config, bank)?, bank),
        DetectorKind::Residual | DetectorKind::SelectiveMaha | DetectorKind::SelectiveMahaNtt | DetectorKind::Probability => {
            guarded::boxed(own_score::fit(kind, bank)?, bank)
        }
        DetectorKind::Fusion => guarded::boxed(fusion::fit(config, bank, shared)?, bank),
    })
}

/// A detector that several look at, or why it could not be fitted.
pub type FitResult = Result<Arc<dyn Detector>, DetectorError>;

/// Fits several detectors to one bank on all cores, as [`fit`] does each; the result is parallel to `kinds`.
///
/// What is fitted alone and as a part of the fusion is fitted once, and neighbours are looked for once.
pub fn fit_all(kinds: &[DetectorKind], config: &DetectorConfig, bank: &Bank) -> Vec<FitResult> {
    let has_fusion = kinds.contains(&DetectorKind::Fusion);
    let wanted = |kind: &DetectorKind| kinds.contains(kind) || has_fusion && kind.is_fused();
    let wanted = DetectorKind::ALL.into_iter().filter(wanted);
    let (of_neighbours, others): (Vec<DetectorKind>, Vec<DetectorKind>) = wanted.partition(|kind| kind.looks_at_neighbours());
    let fit_each = |kinds: &[DetectorKind], shared: &Shared| -> Vec<(DetectorKind, FitResult)> {
        let fit_one = |&kind: &DetectorKind| (kind, fit_sharing(kind, config, bank, shared).map(Arc::from));
        // The fusion is made of the others.
        let alone = kinds.par_iter().filter(|kind| **kind != DetectorKind::Fusion);
        alone.map(fit_one).collect()
    };
    let shared = Shared::new(bank);
    let ((of_neighbours, shared), others) = rayon::join(
        || {
            let shared = shared.with_neighbourhoods(&of_neighbours, config);
            (fit_each(&of_neighbours, &shared), shared)
        },
        || fit_each(&others, &shared),
    );
    let fitted: BTreeMap<DetectorKind, Result<Arc<dyn Detector>, DetectorError>> =
        of_neighbours.into_iter().chain(others).collect();
    let of_kind = |kind: &DetectorKind| match fitted.get(kind) {
        Some(detector) => detector.clone(),
        None => {
            guarded::check(*kind, bank, &shared)?;
            let fusion = fusion::fit_of(&fitted, config, bank, &shared)?;
            Ok(Arc::from(guarded::boxed(fusion, bank)))
        }
    };
    kinds.iter().map(of_kind).collect()
}
