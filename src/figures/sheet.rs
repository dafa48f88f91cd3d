//! A sheet of text: a list with its header, as CSV for other programs.

use std::path::Path;

use super::{FigureError, save};

/// Rows of text below a header; each row is as long as the header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Writes a sheet as CSV, without comment lines: other programs read it as it is.
///
/// # Errors
/// Where the file does not end in `.csv` or cannot be written; nothing half-written is left under its name.
pub fn write_sheet(sheet: &Sheet, path: &Path) -> Result<(), FigureError> {
    if save::ending(path) != "csv" {
        return Err(save::unknown(path, ".csv"));
    }
    let rows: Vec<Vec<String>> = std::iter::once(&sheet.header).chain(&sheet.rows).cloned().collect();
    let bytes = save::csv(&rows, None).map_err(|reason| FigureError::Draw {
        path: path.to_owned(),
        reason,
    })?;
    save::write_whole(path, &bytes)
}
