//! Reading, migrating and writing `project.json`.

use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Project, ProjectError};
use crate::whole_file::{PREFIX, write_whole};

/// The format that this program writes.
pub const VERSION: u32 = 1 + STEPS.len() as u32;

/// What each format after the first brought: how a project of the format before becomes one of it.
///
/// Whatever is added to the file, however deep, is a line here, so that an older program says that it is too old for it. A field
/// that older files may lack needs [`defaults`] only, and `#[serde(default)]` where it stands.
const STEPS: [fn(&mut Value); 3] = [
    // Machine sections may have detector settings of their own: none had.
    |project| project["section_detectors"] = Value::Object(serde_json::Map::new()),
    // All that came while additions did not count: from the choice between detectors to boxes, Live and the look of pictures.
    defaults,
    // The report and what its figures were drawn from.
    defaults,
];

/// The step to a format whose additions may all be missing.
fn defaults(_project: &mut Value) {}

/// A file half written that is older than this belongs to no one.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// What every format has.
#[derive(Deserialize)]
struct Probe {
    version: u64,
}

impl Probe {
    /// # Errors
    /// Where this program is too old for the file.
    fn check(&self, path: &Path) -> Result<(), ProjectError> {
        if self.version > u64::from(VERSION) {
            return Err(ProjectError::TooNew {
                path: path.to_owned(),
                found: self.version,
                known: VERSION,
            });
        }
        Ok(())
    }
}

/// Opens a project file of this or an older format. The file itself is left as it is.
///
/// # Errors
/// Where it cannot be read, is no project, is damaged, was made by a newer program, or holds what the next save would lose.
pub fn open(path: &Path) -> Result<Project, ProjectError> {
    let text = std::fs::read(path).map_err(|source| io_error(path, source))?;
    let invalid = |source| ProjectError::Invalid {
        path: path.to_owned(),
        source,
    };
    let mut value: Value = serde_json::from_slice(&text).map_err(invalid)?;
    let probe = Probe::deserialize(&value).ok().filter(|probe| probe.version >= 1);
    let probe = probe.ok_or_else(|| ProjectError::NotAProject { path: path.to_owned() })?;
    probe.check(path)?;
    for step in &STEPS[probe.version as usize - 1..] {
        step(&mut value);
    }
    value["version"] = Value::from(VERSION);
    let mut project = Project::deserialize(&value).map_err(invalid)?;
    // Runs are written to and deleted by these names: none may lead out of the project's own folder.
    if let Some(name) = project.runs.keys().find(|name| !is_plain_name(name)) {
        return Err(invalid(serde::de::Error::custom(format!("'{name}' cannot name a run"))));
    }
    let kept = serde_json::to_value(&project).map_err(invalid)?;
    if let Some(field) = lost(&value, &kept) {
        return Err(ProjectError::UnknownField {
            path: path.to_owned(),
            field,
        });
    }
    // Of figures that were removed before the program was closed.
    let report = &project.report;
    project.drawn.retain(|&id, _| report.figure(id).is_some());
    Ok(project)
}

/// The first field of what was read that is missing from what would be written, with where it stands: `view > picture > frame`.
fn lost(read: &Value, kept: &Value) -> Option<String> {
    match (read, kept) {
        (Value::Object(read), Value::Object(kept)) => read.iter().find_map(|(name, value)| match kept.get(name) {
            Some(kept) => lost(value, kept).map(|field| format!("{name} > {field}")),
            None => (!is_nothing(value)).then(|| name.clone()),
        }),
        (Value::Array(read), Value::Array(kept)) => read.iter().zip(kept).find_map(|(read, kept)| lost(read, kept)),
        _ => None,
    }
}

/// Fields that hold nothing may be left out of a file.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether this is the name of a file or folder, not a way to one.
fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

/// Writes a project: whole or not at all, the previous state kept as `<name>.bak`.
///
/// # Errors
/// Where the file system refuses, the project holds what a file cannot (a number that is not finite), or a newer program has written
/// the file meanwhile; the file on disk is then as it was.
pub fn save(path: &Path, project: &Project) -> Result<(), ProjectError> {
    let text = text_of(path, project)?;
    spare_newer(path)?;
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
    spare_newer(path)?;
    write_whole(path, |file| file.write_all(&text)).map_err(|source| io_error(path, source))
}

/// # Errors
/// Where the file that would be replaced is a newer program's.
fn spare_newer(path: &Path) -> Result<(), ProjectError> {
    let there = std::fs::read(path).ok();
    let probe = there.and_then(|text| serde_json::from_slice::<Probe>(&text).ok());
    probe.map_or(Ok(()), |probe| probe.check(path))
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
