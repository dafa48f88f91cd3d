//! Soft MAHA: the Mahalanobis distance to the source clips or to the target clips, whichever is smaller.

use nalgebra::DMatrix;

use super::columns::{Groups, bank_columns};
use super::maha::ALL_ALIKE;
use super::mahalanobis::Mahalanobis;
use super::{Bank, Covariance, Detector, DetectorConfig, DetectorError, DetectorKind, Observations};

/// MAHA with a reference a domain (the `MobileAnoNet` paper, Soft MAHA). With too few clips of a domain it is MAHA, and says so.
///
/// A covariance of the ten target clips alone makes the target branch useless (it never wins), so by default both
/// references share the covariance within the domains; [`Covariance::Ridge`] keeps one a domain, as in the paper's code.
pub(super) struct SoftMaha {
    /// One with all means, or one a domain.
    references: Vec<Mahalanobis>,
    leave_one_out: Vec<f64>,
    fallback: Option<String>,
}

/// Needs 3 clips.
pub(super) fn fit(config: &DetectorConfig, bank: &Bank) -> Result<SoftMaha, DetectorError> {
    let clips = bank_columns(DetectorKind::SoftMaha, bank, 3)?;
    let (references, leave_one_out, fallback) = match config.covariance {
        Covariance::Shrunk => {
            let groups = Groups::by_domain(bank, 2);
            let shared = Mahalanobis::new(&clips, &groups, config.covariance);
            let leave_one_out = shared.leave_one_out_scores().to_vec();
            (vec![shared], leave_one_out, groups.fallback)
        }
        Covariance::Ridge(_) => {
            let groups = Groups::by_domain(bank, 3);
            let members_of = |members: &Vec<usize>| clips.select_columns(members);
            let of_group: Vec<DMatrix<f64>> = groups.members.iter().map(members_of).collect();
            let reference = |clips: &DMatrix<f64>| Mahalanobis::new(clips, &Groups::one(clips.ncols()), config.covariance);
            let references: Vec<Mahalanobis> = of_group.iter().map(reference).collect();
            let leave_one_out = leave_one_out(&references, bank, &groups);
            (references, leave_one_out, groups.fallback)
        }
    };
    let is_degenerate = references.iter().any(|reference| reference.is_degenerate);
    Ok(SoftMaha {
        references,
        leave_one_out,
        fallback: fallback.or_else(|| is_degenerate.then(|| ALL_ALIKE.to_owned())),
    })
}

/// Left out of its own domain's reference; the other domain's never held it.
fn leave_one_out(references: &[Mahalanobis], bank: &Bank, groups: &Groups) -> Vec<f64> {
    let of_reference: Vec<Vec<f64>> = references
        .iter()
        .map(|reference| reference.scores(&bank.observations))
        .collect();
    let mut scores = vec![f64::INFINITY; bank.observations.n_clips()];
    for (own, members) in groups.members.iter().enumerate() {
        for (&clip, &left_out) in members.iter().zip(references[own].leave_one_out_scores()) {
            let others = of_reference.iter().enumerate().filter(|(group, _)| *group != own);
            scores[clip] = others.fold(left_out, |least, (_, scores)| least.min(scores[clip]));
        }
    }
    scores
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
        &self.leave_one_out
    }

    fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }
}
