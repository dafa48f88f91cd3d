//! COS: the angle between a clip and the mean of the training clips.

use std::sync::OnceLock;

use nalgebra::{DMatrix, DVector};

use super::columns::{Groups, bank_columns, in_blocks, normalise_columns, sum_of};
use super::{Bank, Detector, DetectorError, DetectorKind, Observations};

/// `1 - cos(clip, mean)` (the `MobileAnoNet` paper, COS), the smallest over the references where there are several. 0..2.
pub(super) struct Cos {
    /// `[n_features, n_clips]`
    clips: DMatrix<f64>,
    groups: Groups,
    /// Of the clips of each group, `[n_features]`.
    sums: Vec<DVector<f64>>,
    /// One mean a row, of length 1: `[n_groups, n_features]`.
    directions: DMatrix<f64>,
    /// Whether every mean points anywhere.
    has_direction: bool,
    leave_one_out: OnceLock<Vec<f64>>,
}

/// Needs 2 clips.
pub(super) fn fit(bank: &Bank) -> Result<Cos, DetectorError> {
    let clips = bank_columns(DetectorKind::Cos, bank, 2)?;
    let groups = Groups::one(clips.ncols());
    Ok(Cos::new(clips, groups))
}

impl Cos {
    /// One reference for each group of the clips, `[n_features, n_clips]`; every group needs 2.
    pub(super) fn new(clips: DMatrix<f64>, groups: Groups) -> Self {
        let sums: Vec<DVector<f64>> = groups.members.iter().map(|members| sum_of(&clips, members)).collect();
        let mut means = DMatrix::from_columns(&sums);
        normalise_columns(&mut means);
        let has_direction = means.column_iter().all(|mean| mean.norm_squared() > 0.0);
        Self {
            clips,
            groups,
            sums,
            directions: means.transpose(),
            leave_one_out: OnceLock::new(),
            has_direction,
        }
    }

    fn scores_of_left_out(&self) -> Vec<f64> {
        let of_clip = |(left_out, own): (usize, usize)| {
            let clip = self.clips.column(left_out);
            let references = self.sums.iter().enumerate();
            references.fold(f64::INFINITY, |least, (group, sum)| {
                let distance = if group == own {
                    cosine_distance(&clip, &(sum - clip))
                } else {
                    cosine_distance(&clip, sum)
                };
                least.min(distance)
            })
        };
        self.groups.group_of_clip().into_iter().enumerate().map(of_clip).collect()
    }
}

/// 1 where one of the two has no direction, as in scikit-learn.
fn cosine_distance(a: &nalgebra::DVectorView<'_, f64>, b: &DVector<f64>) -> f64 {
    let lengths = a.norm() * b.norm();
    let cosine = if lengths > 0.0 { a.dot(b) / lengths } else { 0.0 };
    (1.0 - cosine).clamp(0.0, 2.0)
}

impl Detector for Cos {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        in_blocks(queries, |mut block| {
            normalise_columns(&mut block);
            let cosines = &self.directions * block;
            cosines
                .column_iter()
                .map(|of_clip| (1.0 - of_clip.max()).clamp(0.0, 2.0))
                .collect()
        })
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.leave_one_out.get_or_init(|| self.scores_of_left_out())
    }

    fn fallback(&self) -> Option<&str> {
        let nowhere = "the mean of the training clips is zero: it has no direction to compare with";
        self.groups.fallback.as_deref().or((!self.has_direction).then_some(nowhere))
    }
}
