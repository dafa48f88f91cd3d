//! What was done since the last save: kept in a file of its own until the project's file holds it too.
//!
//! It lies beside the project, or, where that folder takes nothing (a full or unplugged disk), in a folder of the program.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::file::{beside, open, write};
use super::{Project, ProjectError};

/// The places for what one project has not saved yet.
#[derive(Debug, Clone)]
pub struct UnsavedPlaces {
    pub beside: PathBuf,
    pub elsewhere: PathBuf,
}

/// What a program that ended too soon left behind.
#[derive(Debug)]
pub struct Unsaved {
    pub project: Project,
    pub kept_at: Option<SystemTime>,
}

impl UnsavedPlaces {
    /// Those of the project file at `path`; `folder` is the program's own.
    pub fn of(path: &Path, folder: &Path) -> Self {
        let name = blake3::hash(path.to_string_lossy().as_bytes()).to_hex();
        Self {
            beside: beside(path, ".unsaved"),
            elsewhere: folder.join(format!("{}.json", &name[..16])),
        }
    }

    /// Keeps a state: beside the project if that can be, else in the program's folder.
    ///
    /// # Errors
    /// Where neither place takes it.
    pub fn keep(&self, project: &Project) -> Result<(), ProjectError> {
        write(&self.beside, project).or_else(|_| {
            if let Some(folder) = self.elsewhere.parent() {
                std::fs::create_dir_all(folder).map_err(|source| ProjectError::Io {
                    path: folder.to_owned(),
                    source,
                })?;
            }
            write(&self.elsewhere, project)
        })
    }

    /// Forgets what was kept: the project's file holds it, or a person does not want it.
    pub fn forget(&self) {
        for place in [&self.beside, &self.elsewhere] {
            // It is not there, or it cannot be removed: then it says the same as the project, and is passed over.
            let _ = std::fs::remove_file(place);
        }
    }

    /// What was kept last and differs from what was saved; what is damaged is left where it is, and counts as nothing.
    ///
    /// # Errors
    /// Where another auscult kept what this one would lose.
    pub fn find(&self, saved: &Project) -> Result<Option<Unsaved>, ProjectError> {
        let kept = |place: &PathBuf| match open(place) {
            Ok(project) => {
                let kept_at = std::fs::metadata(place).and_then(|metadata| metadata.modified()).ok();
                Ok(Some(Unsaved { project, kept_at }))
            }
            Err(error @ (ProjectError::TooNew { .. } | ProjectError::UnknownField { .. })) => Err(error),
            Err(_) => Ok(None),
        };
        let found = [kept(&self.beside)?, kept(&self.elsewhere)?];
        let last = found.into_iter().flatten().max_by_key(|unsaved| unsaved.kept_at);
        // Where a person was looking is no work.
        Ok(last.filter(|last| {
            Project {
                view: saved.view.clone(),
                ..last.project.clone()
            } != *saved
        }))
    }
}
