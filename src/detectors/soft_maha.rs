//! Soft MAHA: the Mahalanobis distance to the source clips or to the target clips, whichever is smaller.

use std::sync::{Arc, OnceLock};

use super::columns::{Groups, check_size};
use super::maha::{ALL_ALIKE, few_for_a_ridge};
use super::mahalanobis::Mahalanobis;
use super::{Bank, Covariance, Detector, DetectorConfig, DetectorError, DetectorKind, Observations, Shared};

/// MAHA with a reference a domain (the `MobileAnoNet` paper, Soft MAHA). With too few clips of a domain it is MAHA, and says so.
///
/// A covariance of the ten target clips alone makes the target branch useless (it never wins), so by default both
/// references share the covariance within the domains; [`Covariance::Ridge`] keeps one a domain, as in the paper's code.
pub(super) struct SoftMaha {
    /// One with all means, or one a domain.
    references: Vec<Mahalanobis>,
    /// The clips of each domain, or all as one.
    groups: Groups,
    leave_one_out: OnceLock<Vec<f64>>,
    fallback: Option<String>,
}

/// Needs 3 clips.
pub(super) fn fit(config: &DetectorConfig, bank: &Bank, shared: &Shared) -> Result<SoftMaha, DetectorError> {
    let clips = &shared.clips;
    check_size(DetectorKind::SoftMaha, clips, 3)?;
    let (groups, references) = match config.covariance {
        Covariance::Shrunk => {
            let groups = Groups::by_domain(bank, 2);
            let of_all = Mahalanobis::new(Arc::clone(clips), &groups, config.covariance);
            (groups, vec![of_all])
        }
        Covariance::Ridge(_) => {
            let groups = Groups::by_domain(bank, 3);
            let reference = |members: &Vec<usize>| {
                let clips = Arc::new(clips.selected(members));
                Mahalanobis::new(clips, &Groups::one(members.len()), config.covariance)
            };
            let references = groups.members.iter().map(reference).collect();
            (groups, references)
        }
    };
    let is_degenerate = references.iter().any(|reference| reference.is_degenerate);
    let fallback = groups.fallback.clone();
    let names = ["source clips", "target clips"];
    let few = || {
        let domains = groups.members.iter().zip(names);
        let few =
            domains.filter_map(|(members, name)| few_for_a_ridge(config.covariance, name, (clips.n_features, members.len())));
        let few: Vec<String> = few.collect();
        (!few.is_empty()).then(|| few.join("; "))
    };
    let fallback = fallback.or_else(|| is_degenerate.then(|| ALL_ALIKE.to_owned())).or_else(few);
    Ok(SoftMaha {
        references,
        groups,
        leave_one_out: OnceLock::new(),
        fallback,
    })
}

impl SoftMaha {
    /// Left out of its own domain's reference; the other domain's never held it.
    fn scores_of_left_out(&self) -> Vec<f64> {
        if let [shared] = self.references.as_slice() {
            return shared.leave_one_out_scores().to_vec();
        }
        let mut scores = vec![f64::INFINITY; self.groups.members.iter().map(Vec::len).sum()];
        for (own, members) in self.groups.members.iter().enumerate() {
            for (&clip, &left_out) in members.iter().zip(self.references[own].leave_one_out_scores()) {
                scores[clip] = left_out;
            }
            for (_, other) in self.references.iter().enumerate().filter(|(other, _)| *other != own) {
                for (&clip, score) in members.iter().zip(other.distances(&self.references[own].clips().embeddings)) {
                    scores[clip] = scores[clip].min(score);
                }
            }
        }
        scores
    }
}

impl Detector for SoftMaha {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        let mut nearest = vec![f64::INFINITY; queries.n_clips()];
        for reference in &self.references {
            for (least, score) in nearest.iter_mut().zip(reference.scores(queries)) {
                *least = least.min(score);
            }
        }
        nearest
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out.get_or_init(|| self.scores_of_left_out())
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}
