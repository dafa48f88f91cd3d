//! The folder of a search: its settings, and a log with a line for each thing that became known, from which it goes on.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::material::Plan;
use super::{Exploration, ExploreEvent, ExploreObserver, ExploreSettings};
use crate::dataset::Dataset;
use crate::exploration::Outcome;
use crate::pipeline::PipelineError;
use crate::whole_file::write_whole;

const SETTINGS_FILE: &str = "explore.json";
const LOG_FILE: &str = "trials.jsonl";
const WEIGHTS_DIR: &str = "weights";
const REFERENCE_DIR: &str = "reference";

/// What the settings file holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    settings: ExploreSettings,
    /// [`Plan::fingerprint`] of the clips.
    data: String,
}

const VERSION: u32 = 1;

/// A search that is going on, with its log open.
pub(super) struct Journal {
    dir: PathBuf,
    log: File,
    pub exploration: Exploration,
    /// What the trials came to, in the order in which it was told.
    pub outcomes: Vec<Outcome>,
}

impl Journal {
    /// Opens the folder, or makes it. A line that was cut off in the middle is taken away.
    ///
    /// # Errors
    /// Where the folder holds another search or another data set's, cannot be written, or is damaged.
    pub(super) fn open(dataset: &Dataset, settings: &ExploreSettings, plan: &Plan, dir: &Path) -> Result<Self, PipelineError> {
        crate::pipeline::data_folder::refuse_inside_data(dataset, dir)?;
        let head = Head {
            version: VERSION,
            settings: settings.clone(),
            data: plan.fingerprint.clone(),
        };
        let weights = dir.join(WEIGHTS_DIR);
        std::fs::create_dir_all(&weights).map_err(|source| PipelineError::io(&weights, source))?;
        let path = dir.join(SETTINGS_FILE);
        match read_head(&path)? {
            Some(found) if found != head => {
                // The settings choose among the recordings.
                let has_other_settings = found.settings != head.settings;
                let what = if has_other_settings { "settings" } else { "recordings" };
                return Err(PipelineError::OtherSearch {
                    path: dir.to_owned(),
                    what,
                });
            }
            Some(_) => {}
            None => {
                let json = serde_json::to_vec_pretty(&head).map_err(|source| PipelineError::io(&path, source.into()))?;
                write_whole(&path, |file| file.write_all(&json)).map_err(|source| PipelineError::io(&path, source))?;
            }
        }
        let path = dir.join(LOG_FILE);
        let (events, n_bytes) = read_log(&path)?;
        let open = || {
            let log = OpenOptions::new().create(true).append(true).open(&path)?;
            log.set_len(n_bytes)?;
            Ok(log)
        };
        let log = open().map_err(|source| PipelineError::io(&path, source))?;
        let mut journal = Self {
            dir: dir.to_owned(),
            log,
            exploration: Exploration::new(settings.clone()),
            outcomes: Vec::new(),
        };
        for event in events {
            if let ExploreEvent::Trial(report) = &event {
                journal.outcomes.extend(report.outcomes.last());
            }
            journal.exploration.take(event);
        }
        Ok(journal)
    }

    /// The checkpoint of a trial.
    pub(super) fn weights_of(&self, trial: usize) -> PathBuf {
        weights_of(&self.dir, trial)
    }

    /// Where the reference is trained.
    pub(super) fn reference_dir(&self) -> PathBuf {
        reference_dir(&self.dir)
    }

    /// Writes an event down and passes it on.
    pub(super) fn record(&mut self, event: ExploreEvent, observer: &mut dyn ExploreObserver) -> Result<(), PipelineError> {
        let fail = |source| PipelineError::io(&self.dir.join(LOG_FILE), source);
        let mut line = serde_json::to_vec(&event).map_err(|error| fail(error.into()))?;
        line.push(b'\n');
        self.log.write_all(&line).and_then(|()| self.log.flush()).map_err(fail)?;
        self.tell(event, observer);
        Ok(())
    }

    /// Passes on what need not be written down: it comes again by itself.
    pub(super) fn tell(&mut self, event: ExploreEvent, observer: &mut dyn ExploreObserver) {
        observer.event(&event);
        self.exploration.take(event);
    }
}

/// Opens a search as far as it has come.
///
/// # Errors
/// Where the folder holds none, or it is damaged.
pub fn open_exploration(dir: &Path) -> Result<Exploration, PipelineError> {
    let head = read_head(&dir.join(SETTINGS_FILE))?.ok_or_else(|| PipelineError::NotASearch { path: dir.to_owned() })?;
    let mut exploration = Exploration::new(head.settings);
    read_log(&dir.join(LOG_FILE))?
        .0
        .into_iter()
        .for_each(|event| exploration.take(event));
    Ok(exploration)
}

/// Whether a search is of these recordings.
pub(super) fn check_data(plan: &Plan, dir: &Path) -> Result<(), PipelineError> {
    match read_head(&dir.join(SETTINGS_FILE))? {
        Some(head) if head.data != plan.fingerprint => Err(PipelineError::OtherSearch {
            path: dir.to_owned(),
            what: "recordings",
        }),
        _ => Ok(()),
    }
}

pub(super) fn reference_dir(dir: &Path) -> PathBuf {
    dir.join(REFERENCE_DIR)
}

pub(super) fn weights_of(dir: &Path, trial: usize) -> PathBuf {
    dir.join(WEIGHTS_DIR).join(format!("trial-{trial:04}.safetensors"))
}

fn read_head(path: &Path) -> Result<Option<Head>, PipelineError> {
    let json = match std::fs::read(path) {
        Ok(json) => json,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(source) => return Err(PipelineError::io(path, source)),
    };
    let damaged = |reason: String| PipelineError::BadRun {
        path: path.to_owned(),
        reason,
    };
    let head: Head = serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
    if head.version > VERSION {
        return Err(damaged(format!(
            "it was written by a newer version (form {}, this one knows {VERSION})",
            head.version
        )));
    }
    Ok(Some(head))
}

/// The events, and how many bytes hold whole lines.
fn read_log(path: &Path) -> Result<(Vec<ExploreEvent>, u64), PipelineError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(PipelineError::io(path, source)),
    };
    let n_whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    let lines = bytes[..n_whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let events = lines.enumerate().map(|(line_idx, line)| {
        serde_json::from_slice(line).map_err(|error| PipelineError::BadRun {
            path: path.to_owned(),
            reason: format!("line {}: {error}", line_idx + 1),
        })
    });
    Ok((events.collect::<Result<_, _>>()?, n_whole as u64))
}
