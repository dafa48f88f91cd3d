//! COS: the angle between a clip and the mean of the training clips.

use std::sync::{Arc, OnceLock};

use super::columns::{Groups, check_size, in_blocks_of_rows};
use super::sums::{dot, length, one_over, sum};
use super::{Detector, DetectorError, DetectorKind, Observations, Shared};

/// `1 - cos(clip, mean)` (the `MobileAnoNet` paper, COS), the smallest over the references where there are several. 0..2.
pub(super) struct Cos {
    clips: Arc<Observations>,
    groups: Groups,
    /// One a group.
    references: Vec<Reference>,
    leave_one_out: OnceLock<Vec<f64>>,
}

/// What clips are compared with: their mean points where their sum does.
struct Reference {
    /// Of the clips of the group, `[n_features]`.
    sum: Vec<f64>,
    length: f64,
}

/// Needs 2 clips.
pub(super) fn fit(shared: &Shared) -> Result<Cos, DetectorError> {
    let n_clips = check_size(DetectorKind::Cos, &shared.clips, 2)?;
    Ok(Cos::new(Arc::clone(&shared.clips), Groups::one(n_clips)))
}

impl Cos {
    /// One reference for each group of the clips; every group needs 2.
    pub(super) fn new(clips: Arc<Observations>, groups: Groups) -> Self {
        let reference =
            |members: &Vec<usize>| Reference::new(sum(members.iter().map(|&clip| clips.embedding(clip)), clips.n_features));
        Self {
            references: groups.members.iter().map(reference).collect(),
            leave_one_out: OnceLock::new(),
            clips,
            groups,
        }
    }

    fn scores_of_left_out(&self) -> Vec<f64> {
        let of_clip = |(left_out, own): (usize, usize)| {
            let clip = self.clips.embedding(left_out);
            let references = self.references.iter().enumerate();
            references.fold(f64::INFINITY, |least, (group, reference)| {
                let distance = if group == own {
                    let without = reference.sum.iter().zip(clip).map(|(sum, x)| sum - f64::from(*x));
                    Reference::new(without.collect()).distance(clip)
                } else {
                    reference.distance(clip)
                };
                least.min(distance)
            })
        };
        self.groups.group_of_clip().into_iter().enumerate().map(of_clip).collect()
    }
}

impl Reference {
    fn new(sum: Vec<f64>) -> Self {
        Self {
            length: dot(&sum, &sum).sqrt(),
            sum,
        }
    }

    /// 1 where one of the two has no direction, as in scikit-learn.
    fn distance(&self, clip: &[f32]) -> f64 {
        let cosine = dot(&self.sum, clip) * one_over(length(clip) * self.length);
        (1.0 - cosine).clamp(0.0, 2.0)
    }
}

impl Detector for Cos {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        let score = |clip: &[f32]| {
            let distances = self.references.iter().map(|reference| reference.distance(clip));
            distances.fold(f64::INFINITY, f64::min)
        };
        in_blocks_of_rows(queries, |rows| rows.chunks_exact(queries.n_features).map(score).collect())
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out.get_or_init(|| self.scores_of_left_out())
    }

    fn fallback(&self) -> Option<&str> {
        let nowhere = "the mean of the training clips is zero: it has no direction to compare with";
        let has_direction = self.references.iter().all(|reference| reference.length > 0.0);
        self.groups.fallback.as_deref().or((!has_direction).then_some(nowhere))
    }
}
