//! Why a file of boxes cannot be read.

/// Why a file of boxes cannot be read; whoever opened the file names it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationError {
    #[error("it is no text: a selection table of Raven or a label track of Audacity was expected")]
    NotText,
    #[error("it is empty")]
    Empty,
    #[error("the selection table has no column '{column}': let Raven save it with all columns")]
    MissingColumn { column: &'static str },
    #[error("line {line}: '{found}' is no number (column '{column}')")]
    NotANumber {
        line: usize,
        column: &'static str,
        found: String,
    },
    #[error("line {line}: the box ends ({end_secs} s) before it begins ({start_secs} s)")]
    EndsBeforeStart {
        line: usize,
        start_secs: String,
        end_secs: String,
    },
    #[error("line {line}: the box begins at {start_secs} s, before the recording does")]
    BeforeTheRecording { line: usize, start_secs: String },
    #[error(
        "line {line}: '{found}' is no label: a line holds start, end and words with tabs between, or a backslash and two frequencies"
    )]
    NotALabel { line: usize, found: String },
}
