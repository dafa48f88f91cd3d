//! Reading, migrating and writing `project.json`.

use std::path::Path;

use super::{Project, ProjectError};

/// The version that this program writes.
pub const VERSION: u32 = 1;

/// Opens a project file of this or an older version.
pub fn open(_path: &Path) -> Result<Project, ProjectError> {
    unimplemented!()
}

/// Writes a project: whole or not at all, the previous state kept as `.bak`.
pub fn save(_path: &Path, _project: &Project) -> Result<(), ProjectError> {
    unimplemented!()
}
