//! Reading, migrating and writing `project.json`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Project, ProjectError};
use crate::whole_file::write_whole;

/// The version that this program writes.
pub const VERSION: u32 = 1;

/// How a file of version `i + 1` becomes one of version `i + 2`. Raising [`VERSION`] demands a new step here.
const MIGRATIONS: [fn(&mut Value); (VERSION - 1) as usize] = [];

/// Opens a project file of this or an older version. The file itself is left as it is.
///
/// # Errors
/// Where it cannot be read, is no project, is damaged, or was written by a newer program.
pub fn open(path: &Path) -> Result<Project, ProjectError> {
    let text = std::fs::read(path).map_err(|source| io_error(path, source))?;
    let invalid = |source| ProjectError::Invalid {
        path: path.to_owned(),
        source,
    };
    let mut value: Value = serde_json::from_slice(&text).map_err(invalid)?;
    let version = value.get("version").and_then(Value::as_u64);
    let found = version
        .filter(|&found| found >= 1)
        .ok_or_else(|| ProjectError::NotAProject { path: path.to_owned() })?;
    if found > u64::from(VERSION) {
        return Err(ProjectError::TooNew {
            path: path.to_owned(),
            found,
            known: VERSION,
        });
    }
    for migrate in &MIGRATIONS[found as usize - 1..] {
        migrate(&mut value);
    }
    value["version"] = Value::from(VERSION);
    serde_json::from_value(value).map_err(invalid)
}

/// Writes a project: whole or not at all, the previous state kept as `<name>.bak`.
///
/// # Errors
/// Where the file system refuses; the file on disk is then as it was.
pub fn save(path: &Path, project: &Project) -> Result<(), ProjectError> {
    let text = serde_json::to_vec_pretty(project).map_err(|source| ProjectError::Invalid {
        path: path.to_owned(),
        source,
    })?;
    let write = || -> io::Result<()> {
        if path.exists() {
            std::fs::copy(path, backup_path(path))?;
        }
        write_whole(path, |file| {
            file.write_all(&text)?;
            file.write_all(b"\n")
        })
    };
    write().map_err(|source| io_error(path, source))
}

fn backup_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".bak");
    PathBuf::from(name)
}

fn io_error(path: &Path, source: io::Error) -> ProjectError {
    ProjectError::Io {
        path: path.to_owned(),
        source,
    }
}
