//! Which test clips are anomalous: from DCASE ground-truth folders, lists of evaluation data, or labelled clip names.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::names::SCORES;
use super::names::{self, FileSubject, NameIndex};
use super::score_files::{flag, read, read_scores, records};
use super::{EvaluationError, LabelledScore};

/// What is known of one test clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruthClip {
    pub file_name: String,
    pub is_anomaly: bool,
    /// `None` where the data set knows no domains.
    pub is_target: Option<bool>,
    /// The name with labels that a nameless clip got afterwards: score files may use either.
    pub labelled_name: Option<String>,
}

impl TruthClip {
    pub(super) fn scored(&self, score: f64) -> LabelledScore {
        LabelledScore {
            score,
            is_anomaly: self.is_anomaly,
            is_target: self.is_target,
        }
    }

    /// `None` where `labelled_name` holds no label.
    fn of_labelled_name(file_name: &str, labelled_name: &str) -> Option<Self> {
        let (is_anomaly, is_target) = names::labels_in(labelled_name)?;
        Some(Self {
            file_name: file_name.to_owned(),
            is_anomaly,
            is_target,
            labelled_name: (labelled_name != file_name).then(|| labelled_name.to_owned()),
        })
    }
}

/// (machine, section) → its test clips. A scanned data set can fill it as well as [`read_truth`].
pub type Truth = BTreeMap<(String, String), Vec<TruthClip>>;

/// Reads DCASE truth below `dir` (or from the one file `dir`):
///
/// * `ground_truth_<machine>_{section,id}_<NN>[…].csv`: clip and 0 or 1 (an anomaly or, in a folder with `domain` in its name, of
///   the target domain), or clip and labelled name;
/// * `attributes_<NN>.csv` with a column `file_name_with_…`: labelled names, as in 2022;
/// * `eval_data_list….csv`: the machine alone in a line, then clip and labelled name – for sections that have nothing else.
///
/// Where there is none of these, labelled names inside score files (`section_00_source_test_normal_…`) are the truth.
///
/// # Errors
/// Where a file cannot be read, two files speak of the same clips, or there is no truth at all.
pub fn read_truth(dir: &Path) -> Result<Truth, EvaluationError> {
    let files = csv_files(dir)?;
    let mut truth = truth_from_files(&files)?;
    for (group, clips) in truth_from_data_lists(&files)? {
        truth.entry(group).or_insert(clips);
    }
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
pub(super) fn subject_of(path: &Path, prefix: &str) -> Option<FileSubject> {
    names::parse(path.file_name()?.to_str()?, prefix)
}

/// Second column of a truth file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Flag(bool),
    LabelledName(String),
}

fn cell(text: &str) -> Option<Cell> {
    let labelled_name = || names::labels_in(text).map(|_| Cell::LabelledName(text.to_owned()));
    flag(text).map(Cell::Flag).or_else(labelled_name)
}

/// The clips of one section while files are read, in the order of their first mention.
#[derive(Debug, Default)]
struct Draft {
    index: NameIndex,
    clips: Vec<DraftClip>,
}

#[derive(Debug, Default)]
struct DraftClip {
    file_name: String,
    is_anomaly: Option<bool>,
    is_target: Option<bool>,
    labelled_name: Option<String>,
}

impl Draft {
    /// The clip of this name, or of another spelling of it that an earlier file used.
    fn clip(&mut self, name: &str, n_earlier: usize) -> &mut DraftClip {
        let known = self.index.find_whole(name);
        let known = known.or_else(|| self.index.find(name).filter(|&clip_idx| clip_idx < n_earlier));
        let clip_idx = known.unwrap_or_else(|| {
            let clip_idx = self.clips.len();
            self.index.add(name, clip_idx);
            self.clips.push(DraftClip {
                file_name: name.to_owned(),
                ..DraftClip::default()
            });
            clip_idx
        });
        &mut self.clips[clip_idx]
    }

    /// A clip of which nobody says whether it is anomalous is no truth.
    fn finish(self) -> Vec<TruthClip> {
        let finished = self.clips.into_iter().filter_map(|clip| {
            let of_name = clip.labelled_name.as_deref().and_then(names::labels_in);
            Some(TruthClip {
                file_name: clip.file_name,
                is_anomaly: clip.is_anomaly.or(of_name.map(|(is_anomaly, _)| is_anomaly))?,
                is_target: clip.is_target.or(of_name.and_then(|(_, is_target)| is_target)),
                labelled_name: clip.labelled_name,
            })
        });
        finished.collect()
    }
}

fn truth_from_files(files: &[PathBuf]) -> Result<Truth, EvaluationError> {
    let mut drafts: BTreeMap<(String, String), Draft> = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for path in files {
        if is_named(path, "attributes_") {
            add_labelled_names(&mut drafts, path)?;
            continue;
        }
        let Some(subject) = subject_of(path, "ground_truth") else {
            continue;
        };
        let is_domain_file = folder_of(path).to_ascii_lowercase().contains("domain");
        let rows = read(path, "0, 1 or a labelled name", cell)?;
        let has_names = rows.iter().any(|(_, cell)| matches!(cell, Cell::LabelledName(_)));
        let group = (subject.machine, subject.section);
        match seen.entry((group.clone(), subject.is_target, is_domain_file, has_names)) {
            Entry::Vacant(entry) => entry.insert(path),
            Entry::Occupied(entry) => {
                return Err(EvaluationError::SaidTwice {
                    first: entry.get().to_path_buf(),
                    second: path.clone(),
                });
            }
        };
        let draft = drafts.entry(group).or_default();
        let n_earlier = draft.clips.len();
        for (name, cell) in rows {
            let clip = draft.clip(&name, n_earlier);
            clip.is_target = clip.is_target.or(subject.is_target);
            match cell {
                Cell::Flag(flag) if is_domain_file => clip.is_target = Some(flag),
                Cell::Flag(flag) => clip.is_anomaly = Some(flag),
                Cell::LabelledName(name) => clip.labelled_name = Some(name),
            }
        }
    }
    let finished = drafts.into_iter().map(|(group, draft)| (group, draft.finish()));
    Ok(finished.filter(|(_, clips)| !clips.is_empty()).collect())
}

/// From `<machine>/attributes_NN.csv`, where it has such a column. The tables of training clips have none.
fn add_labelled_names(drafts: &mut BTreeMap<(String, String), Draft>, path: &Path) -> Result<(), EvaluationError> {
    let records = records(path)?;
    let Some(((_, header), rows)) = records.split_first() else {
        return Ok(());
    };
    let Some(column) = header.iter().position(|column| column.starts_with("file_name_with")) else {
        return Ok(());
    };
    for (_, row) in rows {
        // Some rows of 2022 (valve 05) lack an attribute that the header names: the labelled name is the last cell all the same.
        let (Some(file), Some(name)) = (row.get(0), row.get(column.min(row.len().saturating_sub(1)))) else {
            continue;
        };
        let machine = file.split_once('/').map_or(folder_of(path), |(machine, _)| machine);
        if let (Some(section), Some(_)) = (names::section_in(file), names::labels_in(name)) {
            let draft = drafts.entry((machine.to_owned(), section)).or_default();
            draft.clip(last_part(file), usize::MAX).labelled_name = Some(last_part(name).to_owned());
        }
    }
    Ok(())
}

fn truth_from_data_lists(files: &[PathBuf]) -> Result<Truth, EvaluationError> {
    let mut truth = Truth::new();
    for path in files.iter().filter(|path| is_named(path, "eval_data_list")) {
        let mut machine = String::new();
        for (_, row) in records(path)? {
            match (row.get(0), row.get(1).filter(|name| !name.is_empty())) {
                (Some(name), None) => name.clone_into(&mut machine),
                (Some(file), Some(name)) => {
                    let section = names::section_in(file);
                    if let (Some(section), Some(clip)) = (section, TruthClip::of_labelled_name(file, name)) {
                        truth.entry((machine.clone(), section)).or_default().push(clip);
                    }
                }
                (None, _) => {}
            }
        }
    }
    Ok(truth)
}

fn truth_from_labelled_names(files: &[PathBuf]) -> Result<Truth, EvaluationError> {
    let mut truth = Truth::new();
    // Several systems in one folder score the same clips.
    let mut seen = BTreeSet::new();
    for path in files {
        let Some(subject) = subject_of(path, SCORES) else {
            continue;
        };
        let group = (subject.machine, subject.section);
        for (file_name, _) in read_scores(path)? {
            if let Some(clip) = TruthClip::of_labelled_name(&file_name, &file_name)
                && seen.insert((group.clone(), file_name))
            {
                truth.entry(group.clone()).or_default().push(clip);
            }
        }
    }
    Ok(truth)
}

fn is_named(path: &Path, beginning: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(beginning))
}

/// The name of the folder that a file lies in.
fn folder_of(path: &Path) -> &str {
    let folder = path.parent().and_then(Path::file_name);
    folder.and_then(|name| name.to_str()).unwrap_or_default()
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
