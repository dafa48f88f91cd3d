//! What a person draws on a clip: boxes in time and frequency with a label and a note; and the files in which other programs
//! keep theirs.
//!
//! # How to add a format
//! One new file with `read` and `write`, one variant of [`Format`], one line in [`read`] that knows it by its content.
//!
//! *Invariant:* text in, text out. Nothing here opens a file, and nothing here knows a project, a data set or a sound.

mod annotation;
mod audacity;
mod error;
mod raven;
mod text;

pub use annotation::Annotation;
pub use error::AnnotationError;

/// The files of other programs that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A selection table of Raven: a header, then a row a box, with tabs between; one file may speak of many recordings.
    Raven,
    /// A label track of Audacity: a line a label, with a second line that begins with a backslash where it has frequencies.
    Audacity,
}

/// A box as a file tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The recording that the file names, as it names it (a name or a path, with `/` between folders); `None`: it names none.
    pub recording: Option<String>,
    pub annotation: Annotation,
}

/// One recording with its boxes, on the way out.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// With `/` between folders.
    pub path: &'a str,
    pub duration_secs: f64,
    /// Half of its sample rate: where a box without an upper edge ends.
    pub top_hz: f64,
    pub annotations: &'a [Annotation],
}

/// Reads a file of either format: which one is seen from what it holds.
///
/// UTF-8 (with or without a mark at its head), UTF-16 with a mark, and text of older systems; lines may end as they like; numbers
/// may have a decimal comma.
///
/// # Errors
/// Where it is no text, lacks a column, or holds what is no number: the line is named.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, AnnotationError> {
    let text = text::decode(bytes)?;
    if raven::is_header(&text) {
        raven::read(&text)
    } else {
        audacity::read(&text)
    }
}

/// One recording's boxes as text. Audacity's labels have no place for notes and further columns: they are left out.
pub fn write(format: Format, sheet: Sheet<'_>) -> String {
    match format {
        Format::Raven => raven::write_one(sheet),
        Format::Audacity => audacity::write(sheet.annotations),
    }
}

/// The boxes of many recordings as one selection table of Raven, which opens them one behind the other.
pub fn write_many(sheets: &[Sheet<'_>]) -> String {
    raven::write_many(sheets)
}
