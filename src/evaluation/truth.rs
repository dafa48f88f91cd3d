//! Which test clips are anomalous: from DCASE ground-truth folders, or from labelled clip names.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use super::{EvaluationError, names, read_decisions, score_files};

/// What is known of one test clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthClip {
    pub file_name: String,
    pub is_anomaly: bool,
    /// `None` where the data set knows no domains.
    pub is_target: Option<bool>,
}

/// (machine, section) → its test clips. A scanned data set can fill it as well as [`read_truth`].
pub type Truth = BTreeMap<(String, String), Vec<TruthClip>>;

/// Reads DCASE ground truth below `dir`: `ground_truth_<machine>_section_<NN>[_<domain>]_test.csv`.
///
/// Files in a folder with `domain` in its name say which clips are of the target domain, those with `attributes` are passed over.
/// Where there is no such file, labelled names inside score files (`section_00_source_test_normal_…`) are the truth.
///
/// # Errors
/// Where a file cannot be read, two files speak of the same clips, or there is no truth at all.
pub fn read_truth(dir: &Path) -> Result<Truth, EvaluationError> {
    let files = csv_files(dir)?;
    let mut truth = truth_from_files(&files)?;
    if truth.is_empty() {
        truth = truth_from_labelled_names(&files)?;
    }
    if truth.is_empty() {
        return Err(EvaluationError::NothingToEvaluate { path: dir.to_owned() });
    }
    Ok(truth)
}

/// All CSV files below `dir`, sorted.
pub(super) fn csv_files(dir: &Path) -> Result<Vec<PathBuf>, EvaluationError> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(dir).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| EvaluationError::Io {
            path: error.path().unwrap_or(dir).to_owned(),
            source: error.into(),
        })?;
        if entry.file_type().is_file() && entry.path().extension().is_some_and(|ending| ending == "csv") {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// What a file's name says it is about.
pub(super) fn subject_of(path: &Path, prefix: &str) -> Option<names::FileSubject> {
    names::parse(path.file_name()?.to_str()?, prefix)
}

fn truth_from_files(files: &[PathBuf]) -> Result<Truth, EvaluationError> {
    let folder_has = |path: &Path, word: &str| {
        let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        folder.is_some_and(|name| name.to_ascii_lowercase().contains(word))
    };
    let mut truth = Truth::new();
    let mut is_target_of = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for path in files {
        let Some(subject) = subject_of(path, "ground_truth") else {
            continue;
        };
        if folder_has(path, "attribute") {
            continue;
        }
        let is_domain_file = folder_has(path, "domain");
        let group = (subject.machine, subject.section);
        match seen.entry((group.clone(), subject.is_target, is_domain_file)) {
            Entry::Vacant(entry) => entry.insert(path),
            Entry::Occupied(entry) => return Err(said_twice(path, entry.get())),
        };
        for (file_name, flag) in read_decisions(path)? {
            if is_domain_file {
                is_target_of.insert((group.clone(), names::clip_key(&file_name)), flag);
            } else {
                truth.entry(group.clone()).or_default().push(TruthClip {
                    file_name,
                    is_anomaly: flag,
                    is_target: subject.is_target,
                });
            }
        }
    }
    for (group, clips) in &mut truth {
        for clip in clips {
            let known = is_target_of.get(&(group.clone(), names::clip_key(&clip.file_name)));
            clip.is_target = clip.is_target.or(known.copied());
        }
    }
    Ok(truth)
}

fn truth_from_labelled_names(files: &[PathBuf]) -> Result<Truth, EvaluationError> {
    let mut truth = Truth::new();
    for path in files {
        let Some(subject) = subject_of(path, "anomaly_score") else {
            continue;
        };
        let clips = truth.entry((subject.machine, subject.section)).or_default();
        for (file_name, _) in score_files::read_scores(path)? {
            if let Some((is_anomaly, is_target)) = names::labels_in(&file_name) {
                clips.push(TruthClip {
                    file_name,
                    is_anomaly,
                    is_target,
                });
            }
        }
    }
    truth.retain(|_, clips| !clips.is_empty());
    Ok(truth)
}

/// Two files claim to be the one about the same clips.
pub(super) fn said_twice(path: &Path, first: &Path) -> EvaluationError {
    EvaluationError::Format {
        path: path.to_owned(),
        line: 0,
        reason: format!("{} is about the same machine and section: keep one of them", first.display()),
    }
}
