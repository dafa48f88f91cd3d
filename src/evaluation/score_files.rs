//! DCASE score and decision files: two columns, file name and value, no header.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::names::{DECISIONS, SCORES};
use super::{EvaluationError, FileSubject};
use crate::whole_file::write_whole;

/// Writes `anomaly_score_<machine>_section_<section>_test.csv` (or what the subject's year calls it) into `dir` and returns its path.
///
/// # Errors
/// Where the file cannot be written; nothing half-written is left under its name.
pub fn write_scores<'a>(
    dir: &Path,
    subject: &FileSubject,
    scores: impl IntoIterator<Item = (&'a str, f64)>,
) -> Result<PathBuf, EvaluationError> {
    let rows = scores.into_iter().map(|(clip, score)| (clip, score.to_string()));
    write(&dir.join(subject.file_name(SCORES)), rows)
}

/// Writes `decision_result_<machine>_section_<section>_test.csv` (or what the subject's year calls it) into `dir`, 1 for anomalous,
/// and returns its path.
///
/// # Errors
/// Where the file cannot be written; nothing half-written is left under its name.
pub fn write_decisions<'a>(
    dir: &Path,
    subject: &FileSubject,
    decisions: impl IntoIterator<Item = (&'a str, bool)>,
) -> Result<PathBuf, EvaluationError> {
    let rows = decisions
        .into_iter()
        .map(|(clip, is_anomaly)| (clip, u8::from(is_anomaly).to_string()));
    write(&dir.join(subject.file_name(DECISIONS)), rows)
}

/// (file name, score) of every clip in a score file, comma or tab.
///
/// # Errors
/// Where the file cannot be read or a line is not a name and a number.
pub fn read_scores(path: &Path) -> Result<Vec<(String, f64)>, EvaluationError> {
    read(path, "a score", |text| {
        text.parse().ok().filter(|score: &f64| !score.is_nan())
    })
}

/// (file name, is anomalous) of every clip in a decision or truth file, comma or tab.
///
/// # Errors
/// Where the file cannot be read or a line is not a name with 0 or 1.
pub fn read_decisions(path: &Path) -> Result<Vec<(String, bool)>, EvaluationError> {
    read(path, "0 or 1", flag)
}

/// `0`, `1`, `0.0` or `1.0`.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.parse::<f64>() {
        Ok(0.0) => Some(false),
        Ok(1.0) => Some(true),
        _ => None,
    }
}

pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> EvaluationError {
    let path = path.to_owned();
    move |source| EvaluationError::Io {
        path: path.clone(),
        source,
    }
}

fn write<'a>(path: &Path, rows: impl Iterator<Item = (&'a str, String)>) -> Result<PathBuf, EvaluationError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (clip, value) in rows {
        writer.write_record([clip, &value]).map_err(|error| io(path)(error.into()))?;
    }
    let bytes = writer.into_inner().map_err(|error| io(path)(error.into_error()))?;
    write_file(path, &bytes)?;
    Ok(path.to_owned())
}

/// Makes the folder where it lacks.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), EvaluationError> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(io(path))?;
    }
    write_whole(path, |file| file.write_all(bytes)).map_err(io(path))
}

/// Reads two columns; `wanted` says what the second one should hold.
pub(super) fn read<T>(path: &Path, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<(String, T)>, EvaluationError> {
    let mut rows = Vec::new();
    for (line, record) in records(path)? {
        let format = |reason: String| EvaluationError::Format {
            path: path.to_owned(),
            line,
            reason,
        };
        // More columns would be a decimal comma, and half a number.
        let (Some(clip), Some(value), None) = (record.get(0), record.get(1), record.get(2)) else {
            return Err(format(format!("expected a file name and {wanted}, two columns")));
        };
        let value = value.trim();
        let parsed = parse(value).ok_or_else(|| format(format!("expected {wanted}, found \"{value}\"")))?;
        rows.push((clip.to_owned(), parsed));
    }
    Ok(rows)
}

/// All lines with their numbers, separated by commas or tabs, whatever their number of fields.
pub(super) fn records(path: &Path) -> Result<Vec<(u64, csv::StringRecord)>, EvaluationError> {
    let bytes = fs::read(path).map_err(io(path))?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let record = |record: Result<csv::StringRecord, csv::Error>| match record {
        Ok(record) => Ok((record.position().map_or(0, csv::Position::line), record)),
        Err(error) => Err(EvaluationError::Format {
            path: path.to_owned(),
            line: error.position().map_or(0, csv::Position::line),
            reason: error.to_string(),
        }),
    };
    reader.records().map(record).collect()
}

/// A tab where the first one ends a recording's name: names themselves may hold tabs as well as commas.
fn delimiter(text: &str) -> u8 {
    let first_line = text.lines().next().unwrap_or_default();
    match first_line.split_once('\t') {
        Some((name, rest)) if !rest.contains(',') || has_sound_ending(name.trim_end()) => b'\t',
        _ => b',',
    }
}

fn has_sound_ending(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ["wav", "flac"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
