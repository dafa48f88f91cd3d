//! What can be wrong with score and truth files.

use std::path::PathBuf;

/// Why scores cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path}, line {line}: {reason}", path = path.display())]
    Format { path: PathBuf, line: u64, reason: String },
    #[error("{path} has no score for {clip}", path = path.display())]
    MissingScore { path: PathBuf, clip: String },
    #[error("no score file with a matching truth file below {path}", path = path.display())]
    NothingToEvaluate { path: PathBuf },
}
