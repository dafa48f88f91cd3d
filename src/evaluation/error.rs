//! What can be wrong with score and truth files.

use std::path::PathBuf;

/// Why scores cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path}, line {line}: {reason}", path = path.display())]
    Format { path: PathBuf, line: u64, reason: String },
    /// Some clips of the truth have no row in the files of their section.
    #[error(
        "{path} has no {what} for {n_missing} of {n_clips} clips ({first}): add them, or check that scores and truth are of the same data",
        path = path.display()
    )]
    MissingScores {
        path: PathBuf,
        what: &'static str,
        n_missing: usize,
        n_clips: usize,
        /// The first few of them.
        first: String,
    },
    #[error(
        "{second} is about the same clips as {first}: keep one of them, or name the folder of one system",
        second = second.display(),
        first = first.display()
    )]
    SaidTwice { first: PathBuf, second: PathBuf },
    #[error("no score file with a matching truth file below {path}: name the folder that scores were written to, and the recordings or tables that tell the truth of the same clips", path = path.display())]
    NothingToEvaluate { path: PathBuf },
}
