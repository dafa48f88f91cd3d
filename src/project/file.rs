//! Reading, migrating and writing `project.json`.

use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Project, ProjectError};
use crate::whole_file::{PREFIX, write_whole};

/// The version that this program writes.
pub const VERSION: u32 = 2;

/// A file half written that is older than this belongs to no one.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// How a file of version `i + 1` becomes one of version `i + 2`. Raising [`VERSION`] demands a new step here.
const MIGRATIONS: [fn(&mut Value); (VERSION - 1) as usize] = [
    // Machine sections may have detector settings of their own: none had. A program that does not know them must not open the file.
    |project| project["section_detectors"] = Value::Object(serde_json::Map::new()),
];

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
    let mut project: Project = serde_json::from_value(value).map_err(invalid)?;
    // Of figures that were removed before the program was closed.
    let report = &project.report;
    project.drawn.retain(|&id, _| report.figure(id).is_some());
    // Runs are written to and deleted by these names: none may lead out of the project's own folder.
    if let Some(name) = project.runs.keys().find(|name| !is_plain_name(name)) {
        return Err(invalid(serde::de::Error::custom(format!("'{name}' cannot name a run"))));
    }
    Ok(project)
}

/// Whether this is the name of a file or folder, not a way to one.
fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

/// Writes a project: whole or not at all, the previous state kept as `<name>.bak`.
///
/// # Errors
/// Where the file system refuses, or the project holds what a file cannot (a number that is not finite); the file on disk is then
/// as it was.
pub fn save(path: &Path, project: &Project) -> Result<(), ProjectError> {
    let text = text_of(path, project)?;
    let write = || -> io::Result<()> {
        if path.exists() {
            let mut before = std::fs::File::open(path)?;
            write_whole(&beside(path, ".bak"), |file| io::copy(&mut before, file).map(|_| ()))?;
        }
        write_whole(path, |file| file.write_all(&text))
    };
    write().map_err(|source| io_error(path, source))
}

/// Writes a project whole or not at all, and keeps nothing of what was there.
///
/// # Errors
/// As [`save`].
pub(super) fn write(path: &Path, project: &Project) -> Result<(), ProjectError> {
    let text = text_of(path, project)?;
    write_whole(path, |file| file.write_all(&text)).map_err(|source| io_error(path, source))
}

fn text_of(path: &Path, project: &Project) -> Result<Vec<u8>, ProjectError> {
    // JSON has no NaN: it would be written as null and refused at the next opening.
    let mut text = serde_json::to_vec_pretty(project)
        .and_then(|text| serde_json::from_slice::<Project>(&text).map(|_| text))
        .map_err(|source| ProjectError::NotSavable {
            path: path.to_owned(),
            source,
        })?;
    text.push(b'\n');
    Ok(text)
}

/// Removes what a program that was ended while it wrote has left in the project's folder. Only for who holds the project.
pub fn clear_up(path: &Path) {
    let Ok(entries) = std::fs::read_dir(path.parent().unwrap_or(Path::new("."))) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let modified = entry.metadata().ok().and_then(|metadata| metadata.modified().ok());
        let age = modified.and_then(|modified| modified.elapsed().ok());
        // Figures may be on their way into the same folder, from another program.
        if is_ours && age.is_some_and(|age| age > LEFT_BEHIND) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A file beside the project's, with its name and more behind it.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn io_error(path: &Path, source: io::Error) -> ProjectError {
    ProjectError::Io {
        path: path.to_owned(),
        source,
    }
}
