//! Why a project cannot be opened or saved.

use std::path::PathBuf;

/// Why a project cannot be opened or saved. An open that fails leaves the file as it was.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("{path} is not an auscult project", path = path.display())]
    NotAProject { path: PathBuf },
    #[error("{path} was made by a newer auscult (format {found}; this one knows {known}): update auscult. The file is left as it is", path = path.display())]
    TooNew { path: PathBuf, found: u64, known: u32 },
    #[error("{path} holds '{field}', which this auscult does not know and would lose: update auscult, or take it out of the file if it was written there by hand. The file is left as it is", path = path.display())]
    UnknownField { path: PathBuf, field: String },
    #[error("{path} cannot be understood: {source}; if it was saved before, {path}.bak holds what it was", path = path.display())]
    Invalid { path: PathBuf, source: serde_json::Error },
    #[error("{path} cannot be saved, because it could not be opened again: {source}; the file is left as it was", path = path.display())]
    NotSavable { path: PathBuf, source: serde_json::Error },
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
}
