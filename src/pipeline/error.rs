//! What can go wrong on the way from recordings to results.

use std::path::{Path, PathBuf};

use crate::audio::AudioError;
use crate::dataset::{DatasetError, MachineSection};
use crate::evaluation::EvaluationError;
use crate::extractors::ExtractorError;
use crate::figures::FigureError;
use crate::progress::Cancelled;
use crate::projection::ProjectionError;

/// Why a verb of the pipeline failed.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error("cannot access {path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} holds no finished run: train one with 'auscult train … --out {path}'", path = path.display())]
    NotARun { path: PathBuf },
    #[error(
        "{path} cannot be loaded: {reason}; choose a run's folder, or a .safetensors file with its settings beside it",
        path = path.display()
    )]
    NoModel { path: PathBuf, reason: String },
    #[error("{path} is damaged: {reason}", path = path.display())]
    BadRun { path: PathBuf, reason: String },
    #[error("there is no machine '{machine}': choose among {known}")]
    NoSuchMachine { machine: String, known: String },
    #[error(
        "{path} cannot be exported: {recipe}, {reason}; train dense-ae, cae-mcs, outliernet or mobileanonet and export that run",
        path = path.display()
    )]
    NothingToExport {
        path: PathBuf,
        recipe: &'static str,
        reason: &'static str,
    },
    #[error(
        "the run has a network each for {machines}, and {path} has room for one: choose it with --machine, or for ONNX name a folder",
        path = path.display()
    )]
    SeveralNetworks { path: PathBuf, machines: String },
    #[error("{root} has no normal training clip for the chosen machines and sections", root = root.display())]
    NothingToTrainOn { root: PathBuf },
    #[error("{path} lies inside the recordings {root}, where nothing is ever written: choose a place outside", path = path.display(), root = root.display())]
    InsideData { path: PathBuf, root: PathBuf },
    #[error("no design can be searched for {group}: {reason}")]
    NothingToExplore { group: MachineSection, reason: String },
    #[error("{path} holds a search with other {what}: choose another folder, or delete this one", path = path.display())]
    OtherSearch { path: PathBuf, what: &'static str },
    #[error("{path} holds no search: begin one with 'auscult explore … --out {path}'", path = path.display())]
    NotASearch { path: PathBuf },
    #[error("the search in {path} has no trained design {trial}", path = path.display())]
    NoSuchDesign { trial: usize, path: PathBuf },
    #[error("none of the {n_clips} clips could be embedded; the first because {reason}")]
    NothingEmbedded { n_clips: usize, reason: String },
    #[error("the detector '{detector}' could not be fitted to any section; to {group} not because {reason}")]
    NoDetector {
        detector: &'static str,
        group: String,
        reason: String,
    },
    #[error("{root} cannot give {target}: {reason}; it needs {challenge} ({records}), or --synthetic", root = root.display())]
    OtherData {
        root: PathBuf,
        target: &'static str,
        challenge: &'static str,
        reason: String,
        records: String,
    },
    #[error("{system} cannot be run: {reason}")]
    NoSystem { system: &'static str, reason: String },
    #[error(transparent)]
    Audio(#[from] AudioError),
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Extractor(#[from] ExtractorError),
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error(transparent)]
    Figure(#[from] FigureError),
    // Not transparent: the wish to stop must be found among the causes.
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}

impl PipelineError {
    /// Whether the cause is the wish to stop, wherever it was heard.
    pub fn is_cancelled(&self) -> bool {
        let mut cause: Option<&dyn std::error::Error> = Some(self);
        while let Some(error) = cause {
            if error.is::<Cancelled>() {
                return true;
            }
            cause = error.source();
        }
        false
    }

    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
