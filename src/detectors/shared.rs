//! What detectors that are fitted to one bank look at together.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::neighbours::Neighbourhood;
use super::{Bank, DetectorConfig, DetectorKind, Metric, Observations};

/// The clips of a bank, and what was found of them already.
pub(super) struct Shared {
    /// Without scores of the front end.
    pub(super) clips: Arc<Observations>,
    /// Whether all numbers of all clips are.
    pub(super) is_finite: bool,
    neighbourhoods: Vec<(Metric, Arc<Neighbourhood>)>,
}

impl Shared {
    pub(super) fn new(bank: &Bank) -> Self {
        let clips = Observations {
            embeddings: bank.observations.embeddings.clone(),
            n_features: bank.observations.n_features,
            own_scores: BTreeMap::new(),
        };
        Self {
            is_finite: are_finite(&clips.embeddings),
            clips: Arc::new(clips),
            neighbourhoods: Vec::new(),
        }
    }

    /// With the neighbours that several of these detectors need, where the bank is large enough for all of them.
    pub(super) fn with_neighbourhoods(&self, kinds: &[DetectorKind], config: &DetectorConfig) -> Self {
        let is_usable = self.clips.n_clips() >= 3 && self.clips.n_features > 0 && self.is_finite;
        let needed = |&kind: &DetectorKind| match kind {
            DetectorKind::Knn => Some((config.knn_metric, config.knn_k)),
            DetectorKind::Lof => Some((Metric::Cosine, config.lof_k.saturating_add(1))),
            DetectorKind::DensityKnn => Some((config.knn_metric, config.density_k.saturating_add(1))),
            // For the nearest clip, which tells the domain.
            DetectorKind::Fusion => Some((config.knn_metric, 1)),
            _ => None,
        };
        let needed: Vec<(Metric, usize)> = kinds.iter().filter_map(needed).collect();
        let of_metric = |metric: Metric| {
            let needed: Vec<usize> = needed.iter().filter(|(of, _)| *of == metric).map(|(_, n)| *n).collect();
            // What one alone looks at, it knows best when.
            let n_near = needed.iter().copied().max().filter(|_| needed.len() > 1 && is_usable)?;
            let n_near = n_near.clamp(2, self.clips.n_clips() - 1);
            let neighbourhood = Neighbourhood::new(metric, Arc::clone(&self.clips), n_near);
            Some((metric, Arc::new(neighbourhood.found())))
        };
        Self {
            clips: Arc::clone(&self.clips),
            is_finite: self.is_finite,
            neighbourhoods: [Metric::Cosine, Metric::Euclidean]
                .into_iter()
                .filter_map(of_metric)
                .collect(),
        }
    }

    /// What was found by this metric.
    pub(super) fn neighbourhood(&self, metric: Metric) -> Option<Arc<Neighbourhood>> {
        let mut found = self.neighbourhoods.iter().filter(|(of, _)| *of == metric);
        found.next().map(|(_, shared)| Arc::clone(shared))
    }
}

/// Whether all are numbers. Without a branch a number.
pub(super) fn are_finite(values: &[f32]) -> bool {
    values
        .chunks(1024)
        .all(|values| values.iter().fold(true, |are, x| are & x.is_finite()))
}
