//! DCASE score and decision files: two columns, file name and value, no header.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::EvaluationError;
use crate::whole_file::write_whole;

/// Writes `anomaly_score_<machine>_section_<section>_test.csv` into `dir` and returns its path.
///
/// # Errors
/// Where the file cannot be written; nothing half-written is left under its name.
pub fn write_scores<'a>(
    dir: &Path,
    machine: &str,
    section: &str,
    scores: impl IntoIterator<Item = (&'a str, f64)>,
) -> Result<PathBuf, EvaluationError> {
    let rows = scores.into_iter().map(|(clip, score)| (clip, score.to_string()));
    write(&file_path(dir, "anomaly_score", machine, section), rows)
}

/// Writes `decision_result_<machine>_section_<section>_test.csv` into `dir`, 1 for anomalous, and returns its path.
///
/// # Errors
/// Where the file cannot be written; nothing half-written is left under its name.
pub fn write_decisions<'a>(
    dir: &Path,
    machine: &str,
    section: &str,
    decisions: impl IntoIterator<Item = (&'a str, bool)>,
) -> Result<PathBuf, EvaluationError> {
    let rows = decisions
        .into_iter()
        .map(|(clip, is_anomaly)| (clip, u8::from(is_anomaly).to_string()));
    write(&file_path(dir, "decision_result", machine, section), rows)
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
    read(path, "0 or 1", |text| match text.parse::<f64>() {
        Ok(0.0) => Some(false),
        Ok(1.0) => Some(true),
        _ => None,
    })
}

fn file_path(dir: &Path, prefix: &str, machine: &str, section: &str) -> PathBuf {
    let plain = |name: &str| name.replace(['/', '\\', ':'], "_");
    dir.join(format!("{prefix}_{}_section_{}_test.csv", plain(machine), plain(section)))
}

fn write<'a>(path: &Path, rows: impl Iterator<Item = (&'a str, String)>) -> Result<PathBuf, EvaluationError> {
    let io = |source| EvaluationError::Io {
        path: path.to_owned(),
        source,
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (clip, value) in rows {
        writer.write_record([clip, &value]).map_err(|error| io(error.into()))?;
    }
    let bytes = writer.into_inner().map_err(|error| io(error.into_error()))?;
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(io)?;
    }
    write_whole(path, |file| file.write_all(&bytes)).map_err(io)?;
    Ok(path.to_owned())
}

fn read<T>(path: &Path, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<(String, T)>, EvaluationError> {
    let bytes = fs::read(path).map_err(|source| EvaluationError::Io {
        path: path.to_owned(),
        source,
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    let format = |line: u64, reason: String| EvaluationError::Format {
        path: path.to_owned(),
        line,
        reason,
    };
    let is_tabbed = text.lines().next().is_some_and(|line| line.contains('\t'));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(if is_tabbed { b'\t' } else { b',' })
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format(error.position().map_or(0, csv::Position::line), error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        // More columns would be a decimal comma, and half a number.
        let (Some(clip), Some(value), None) = (record.get(0), record.get(1), record.get(2)) else {
            return Err(format(line, format!("expected a file name and {wanted}, two columns")));
        };
        let parsed = parse(value).ok_or_else(|| format(line, format!("expected {wanted}, found \"{value}\"")))?;
        rows.push((clip.to_owned(), parsed));
    }
    Ok(rows)
}
