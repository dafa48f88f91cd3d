//! Clips as the columns of a matrix, and the parts of a bank that a detector works on.

use nalgebra::DMatrix;
use rayon::prelude::{ParallelIterator, ParallelSlice};

use super::{Bank, DetectorError, DetectorKind, Observations};

/// Clips that one matrix product takes at once: bounds the memory, whatever the number of clips, and is what a core works on.
const BLOCK: usize = 128;

/// One clip a column, `[n_features, n_clips]`, of rows `[n_clips, n_features]`.
pub(super) fn columns(rows: &[f32], n_features: usize) -> DMatrix<f64> {
    let values = rows.iter().map(|&x| f64::from(x));
    DMatrix::from_iterator(n_features, rows.len() / n_features, values)
}

/// The columns of a bank that is large enough.
pub(super) fn bank_columns(kind: DetectorKind, bank: &Bank, needed: usize) -> Result<DMatrix<f64>, DetectorError> {
    check_size(kind, &bank.observations, needed)?;
    Ok(columns(&bank.observations.embeddings, bank.observations.n_features))
}

/// The number of clips of a bank that is large enough.
pub(super) fn check_size(kind: DetectorKind, clips: &Observations, needed: usize) -> Result<usize, DetectorError> {
    let found = if clips.n_features == 0 { 0 } else { clips.n_clips() };
    if found < needed {
        return Err(DetectorError::TooFewClips { kind, needed, found });
    }
    Ok(found)
}

/// Applies `scores` to the queries, `[n_features, n_queries]`, block by block, on all cores where there are many.
pub(super) fn in_blocks(queries: &Observations, scores: impl Fn(DMatrix<f64>) -> Vec<f64> + Sync) -> Vec<f64> {
    in_blocks_of_rows(queries, |rows| scores(columns(rows, queries.n_features)))
}

/// The same with queries as they are, `[n_queries, n_features]`.
pub(super) fn in_blocks_of_rows<T: Clone + Send>(queries: &Observations, scores: impl Fn(&[f32]) -> Vec<T> + Sync) -> Vec<T> {
    // Two blocks are done before another core has woken up.
    if queries.n_clips() <= 2 * BLOCK {
        return scores(&queries.embeddings);
    }
    let blocks = queries.embeddings.par_chunks(BLOCK * queries.n_features);
    blocks.map(&scores).collect::<Vec<_>>().concat()
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
