//! What all writers share: provenance, CSV, and files that are there whole or not at all.

use std::fmt;
use std::io::Write;
use std::path::Path;

use super::FigureError;
use crate::whole_file;

/// Where a figure comes from; what is empty or `None` is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    pub project: String,
    pub run: String,
    pub seed: Option<u64>,
    pub data_fingerprint: String,
    /// Of the program.
    pub version: String,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "auscult")?;
        let seed = self.seed.map(|seed| seed.to_string()).unwrap_or_default();
        for (name, value) in [
            ("version", &self.version),
            ("project", &self.project),
            ("run", &self.run),
            ("seed", &seed),
            ("data", &self.data_fingerprint),
        ] {
            if !value.is_empty() {
                write!(f, "; {name}: {}", one_line(value))?;
            }
        }
        Ok(())
    }
}

/// Without line breaks and other control characters, which formats with comment lines and XML cannot hold.
pub(super) fn one_line(text: &str) -> String {
    let is_unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}');
    text.chars().map(|c| if is_unfit(c) { ' ' } else { c }).collect()
}

/// The ending of a path in small letters, without its dot.
pub(super) fn ending(path: &Path) -> String {
    path.extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
        .to_ascii_lowercase()
}

pub(super) fn unknown(path: &Path, endings: &'static str) -> FigureError {
    FigureError::UnknownFormat {
        path: path.to_owned(),
        endings,
    }
}

/// Rows as CSV, below the provenance as a comment line.
pub(super) fn csv(rows: &[Vec<String>], provenance: Option<&str>) -> Result<Vec<u8>, String> {
    let comment = provenance.map(|text| format!("# {text}\n")).unwrap_or_default();
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(comment.into_bytes());
    for row in rows {
        writer.write_record(row).map_err(|error| error.to_string())?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

/// Writes a figure's file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FigureError> {
    whole_file::write_whole(path, |file| file.write_all(bytes)).map_err(|source| FigureError::Io {
        path: path.to_owned(),
        source,
    })
}
