//! Boxes to and from the files of other programs: which clip is meant, what was there already, and what is said of the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::boxes_named::{Meant, Names, recording_of};
use super::job_types::JobOutput;
use super::{App, JobKind, Severity, Workbench};
use crate::annotations::{self, Format, Row, Sheet};
use crate::dataset::Dataset;
use crate::whole_file::write_whole;

/// Folders below the one that is looked through.
const MAX_DEPTH: usize = 8;
/// Names that a message gives before it says how many more there are.
const N_NAMED: usize = 3;
/// A box may reach so far beyond its clip without a word.
const SLACK_SECS: f64 = 0.01;

/// What one file holds.
pub(super) struct ReadBoxes {
    file: PathBuf,
    /// Whose boxes those are that name no recording; `None`: the file's own name tells.
    clip: Option<usize>,
    rows: Result<Vec<Row>, String>,
}

/// What became of the rows.
#[derive(Default)]
struct Tally {
    n_new: usize,
    n_known: usize,
    n_beyond: usize,
    clips: BTreeSet<usize>,
    missing: BTreeSet<String>,
    ambiguous: BTreeSet<String>,
}

impl App {
    pub(super) fn import_boxes(&mut self, file: PathBuf, clip: usize) {
        if !self.may_write() {
            return;
        }
        self.spawn(JobKind::ImportBoxes, "Reading boxes", move |_| {
            let rows = read_file(&file).with_context(|| format!("no boxes can be read from {}", file.display()))?;
            Ok(JobOutput::BoxesRead(vec![ReadBoxes {
                file,
                clip: Some(clip),
                rows: Ok(rows),
            }]))
        });
    }

    pub(super) fn import_folder(&mut self, folder: PathBuf) {
        if !self.may_write() {
            return;
        }
        self.spawn(JobKind::ImportBoxes, "Reading boxes", move |_| {
            let mut files = Vec::new();
            text_files(&folder, MAX_DEPTH, &mut files).with_context(|| format!("cannot look into {}", folder.display()))?;
            anyhow::ensure!(!files.is_empty(), "there is no .txt file in {}", folder.display());
            let read = files.into_iter().map(|file| {
                let rows = read_file(&file).map_err(|error| format!("{error:#}"));
                let name = recording_of(&file, &folder);
                let named = |row: Row| Row {
                    recording: row.recording.or_else(|| Some(name.clone())),
                    ..row
                };
                let rows = rows.map(|rows| rows.into_iter().map(named).collect());
                ReadBoxes { file, clip: None, rows }
            });
            Ok(JobOutput::BoxesRead(read.collect()))
        });
    }

    /// Puts the boxes that were read on their clips, in one step that can be taken back, and tells what became of them.
    pub(super) fn take_boxes(&mut self, files: Vec<ReadBoxes>) {
        let Some(workbench) = &self.state.workbench else { return };
        let dataset = std::sync::Arc::clone(&workbench.dataset);
        let names = Names::of(&dataset);
        let mut boxes = workbench.project.boxes.clone();
        let mut tally = Tally::default();
        let mut unreadable = Vec::new();
        for ReadBoxes { file, clip, rows } in files {
            match rows {
                Ok(rows) => {
                    let only = sole_recording(&rows);
                    for row in rows {
                        let name = row.recording.as_deref();
                        let meant = match (name, clip) {
                            (None, Some(clip)) => Meant::One(clip),
                            (Some(name), _) => names.meant(name),
                            (None, None) => Meant::None,
                        };
                        // The only recording that a file names was renamed: the person has said whose boxes they are.
                        let meant = match (meant, clip) {
                            (Meant::None, Some(clip)) if only => Meant::One(clip),
                            (meant, _) => meant,
                        };
                        tally.take(meant, row, &dataset, &mut boxes);
                    }
                }
                Err(error) => unreadable.push(format!("{}: {error}", file.display())),
            }
        }
        let n_new = tally.n_new;
        if n_new > 0 {
            self.edit(&format!("Import {}", counted(n_new)), |project| project.boxes = boxes);
        }
        let severity = if n_new == 0 || !tally.missing.is_empty() || !tally.ambiguous.is_empty() || tally.n_beyond > 0 {
            Severity::Warning
        } else {
            Severity::Info
        };
        self.notify(severity, tally.words());
        for error in unreadable.iter().take(N_NAMED) {
            self.notify(Severity::Warning, error.clone());
        }
        if unreadable.len() > N_NAMED {
            let text = format!("{} more files hold no boxes that can be read", unreadable.len() - N_NAMED);
            self.notify(Severity::Warning, text);
        }
    }

    pub(super) fn export_boxes(&mut self, format: Format, clip: Option<usize>, path: PathBuf) {
        let Some(workbench) = &self.state.workbench else { return };
        let path = std::path::absolute(&path).unwrap_or(path);
        if path.starts_with(&workbench.dataset.root) {
            let text = "choose a place outside the folder of recordings: nothing is ever written there";
            return self.notify(Severity::Error, text);
        }
        let files = workbench.boxes_as_text(format, clip, &path);
        let n_boxes = match clip {
            Some(clip) => workbench.boxes(clip).len(),
            None => workbench.project.boxes.values().map(Vec::len).sum(),
        };
        self.spawn(JobKind::ExportBoxes, "Saving boxes", move |_| {
            for (file, text) in files {
                let write = || {
                    std::fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
                    write_whole(&file, |out| out.write_all(text.as_bytes()))
                };
                write().with_context(|| format!("cannot write {}", file.display()))?;
            }
            Ok(JobOutput::BoxesWritten { path, n_boxes })
        });
    }
}

impl Workbench {
    /// Files with what they are to hold. Boxes of clips that are not there now are left out: nothing is known of their length.
    fn boxes_as_text(&self, format: Format, clip: Option<usize>, path: &Path) -> Vec<(PathBuf, String)> {
        let sheet = |clip_idx: usize| {
            let clip = &self.dataset.clips[clip_idx];
            Sheet {
                path: &clip.path,
                duration_secs: clip.duration_secs,
                top_hz: f64::from(clip.sample_rate_hz) / 2.0,
                annotations: self.boxes(clip_idx),
            }
        };
        if let Some(clip_idx) = clip.filter(|&clip_idx| clip_idx < self.dataset.clips.len()) {
            return vec![(path.to_owned(), annotations::write(format, sheet(clip_idx)))];
        }
        let boxed = (0..self.dataset.clips.len()).filter(|&clip_idx| !self.boxes(clip_idx).is_empty());
        let sheets: Vec<Sheet<'_>> = boxed.map(sheet).collect();
        match format {
            Format::Raven => vec![(path.to_owned(), annotations::write_many(&sheets))],
            Format::Audacity => sheets
                .iter()
                .map(|&sheet| {
                    // Clips from elsewhere have a path of their own: their name is enough.
                    let place = Path::new(sheet.path);
                    let place = if place.is_absolute() {
                        Path::new(place.file_name().unwrap_or_default())
                    } else {
                        place
                    };
                    (path.join(place).with_extension("txt"), annotations::write(format, sheet))
                })
                .collect(),
        }
    }
}

impl Tally {
    fn take(&mut self, meant: Meant, row: Row, dataset: &Dataset, boxes: &mut BTreeMap<String, Vec<annotations::Annotation>>) {
        let name = row.recording.unwrap_or_default();
        let clip_idx = match meant {
            Meant::One(clip_idx) if clip_idx < dataset.clips.len() => clip_idx,
            Meant::Several => {
                self.ambiguous.insert(name);
                return;
            }
            Meant::One(_) | Meant::None => {
                self.missing.insert(name);
                return;
            }
        };
        let clip = &dataset.clips[clip_idx];
        let there = boxes.entry(clip.path.clone()).or_default();
        if there.contains(&row.annotation) {
            self.n_known += 1;
            return;
        }
        if row.annotation.end_secs > clip.duration_secs + SLACK_SECS {
            self.n_beyond += 1;
        }
        there.push(row.annotation);
        self.n_new += 1;
        self.clips.insert(clip_idx);
    }

    fn words(&self) -> String {
        let clips = match self.clips.len() {
            1 => "1 clip".to_owned(),
            n => format!("{n} clips"),
        };
        let mut words = match self.n_new {
            0 => "No new boxes".to_owned(),
            n => format!("{} imported into {clips}", counted(n)),
        };
        if self.n_known > 0 {
            words.push_str(&format!("; {} there already", self.n_known));
        }
        if self.n_beyond > 0 {
            words.push_str(&format!(
                "; {} end after their clip does: are they of another recording?",
                self.n_beyond
            ));
        }
        if !self.missing.is_empty() {
            words.push_str(&format!("; not among these recordings: {}", named(&self.missing)));
        }
        if !self.ambiguous.is_empty() {
            let names = named(&self.ambiguous);
            words.push_str(&format!(
                "; several clips are called {names}: the table's column 'Begin Path' must tell which is meant"
            ));
        }
        words
    }
}

fn sole_recording(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.recording == rows[0].recording)
}

fn counted(n: usize) -> String {
    if n == 1 { "1 box".to_owned() } else { format!("{n} boxes") }
}

fn named(names: &BTreeSet<String>) -> String {
    let first: Vec<&str> = names.iter().take(N_NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(N_NAMED) {
        0 => first.join(", "),
        n_more => format!("{} and {n_more} more", first.join(", ")),
    }
}

fn read_file(file: &Path) -> anyhow::Result<Vec<Row>> {
    Ok(annotations::read(&std::fs::read(file)?)?)
}

fn text_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && depth > 0 {
            text_files(&path, depth - 1, files)?;
        } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}
