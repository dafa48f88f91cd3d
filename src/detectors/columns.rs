//! Clips as the columns of a matrix, and the parts of a bank that a detector works on.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::{ParallelIterator, ParallelSlice};

use super::{Bank, DetectorError, DetectorKind, Observations};

/// Clips that one matrix product takes at once: bounds the memory, whatever the number of clips, and is what a core works on.
pub(super) const BLOCK: usize = 128;

/// One clip a column, `[n_features, n_clips]`.
pub(super) fn columns(observations: &Observations) -> DMatrix<f64> {
    let values = observations.embeddings.iter().map(|&x| f64::from(x));
    DMatrix::from_iterator(observations.n_features, observations.n_clips(), values)
}

/// The columns of a bank that is large enough.
pub(super) fn bank_columns(kind: DetectorKind, bank: &Bank, needed: usize) -> Result<DMatrix<f64>, DetectorError> {
    let observations = &bank.observations;
    let found = if observations.n_features == 0 {
        0
    } else {
        observations.n_clips()
    };
    if found < needed {
        return Err(DetectorError::TooFewClips { kind, needed, found });
    }
    Ok(columns(observations))
}

/// Applies `scores` to the queries, block by block, on all cores where there are many.
pub(super) fn in_blocks<T: Clone + Send>(queries: &Observations, scores: impl Fn(DMatrix<f64>) -> Vec<T> + Sync) -> Vec<T> {
    // Two blocks are done before another core has woken up.
    if queries.n_clips() <= 2 * BLOCK {
        return scores(columns(queries));
    }
    let n_features = queries.n_features;
    let of_block = |block: &[f32]| {
        let values = block.iter().map(|&x| f64::from(x));
        scores(DMatrix::from_iterator(n_features, block.len() / n_features, values))
    };
    let blocks = queries.embeddings.par_chunks(BLOCK * n_features);
    blocks.map(of_block).collect::<Vec<_>>().concat()
}

/// Each column divided by its length; a column of zeros stays.
pub(super) fn normalise_columns(columns: &mut DMatrix<f64>) {
    for mut column in columns.column_iter_mut() {
        let length = column.norm();
        if length > 0.0 {
            column /= length;
        }
    }
}

/// The sum of some of the clips, `[n_features]`.
pub(super) fn sum_of(clips: &DMatrix<f64>, members: &[usize]) -> DVector<f64> {
    let mut sum = DVector::zeros(clips.nrows());
    for &clip in members {
        sum += clips.column(clip);
    }
    sum
}

/// The clips that share one reference.
pub(super) struct Groups {
    /// Source and target, or all clips as one.
    pub(super) members: Vec<Vec<usize>>,
    /// Why the domains were not kept apart.
    pub(super) fallback: Option<String>,
}

impl Groups {
    pub(super) fn one(n_clips: usize) -> Self {
        Self {
            members: vec![(0..n_clips).collect()],
            fallback: None,
        }
    }

    /// Source apart from target where both have at least `needed` clips, else all clips as one.
    pub(super) fn by_domain(bank: &Bank, needed: usize) -> Self {
        let n_clips = bank.observations.n_clips();
        let is_target = |clip: &usize| bank.is_target.get(*clip).copied().unwrap_or(false);
        let (target, source): (Vec<usize>, Vec<usize>) = (0..n_clips).partition(is_target);
        for (name, members) in [("source", &source), ("target", &target)] {
            if members.len() < needed {
                let found = match members.len() {
                    0 => format!("no {name} clip"),
                    1 => format!("one {name} clip only"),
                    n => format!("{n} {name} clips only"),
                };
                return Self {
                    fallback: Some(format!("{found}: all training clips are one reference")),
                    ..Self::one(n_clips)
                };
            }
        }
        Self {
            members: vec![source, target],
            fallback: None,
        }
    }

    /// `[n_clips]`: the group that each clip is in.
    pub(super) fn group_of_clip(&self) -> Vec<usize> {
        let mut group_of_clip = vec![0; self.members.iter().map(Vec::len).sum()];
        for (group, members) in self.members.iter().enumerate() {
            for &clip in members {
                group_of_clip[clip] = group;
            }
        }
        group_of_clip
    }
}
