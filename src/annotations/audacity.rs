//! Label tracks of Audacity.
//!
//! After the page "Importing and Exporting Labels" of its manual: start, end and words with tabs between; where a label has
//! frequencies, a second line with a backslash, the lower and the upper one, -1 for one that is not defined.

use std::fmt::Write as _;

use super::text::{check_span, decimal, lines, number};
use super::{Annotation, AnnotationError, Row};

/// Audacity writes so many.
const N_DECIMALS: usize = 6;

pub(super) fn read(text: &str) -> Result<Vec<Row>, AnnotationError> {
    let mut rows: Vec<Row> = Vec::new();
    for (line, content) in lines(text) {
        let not_a_label = || AnnotationError::NotALabel {
            line,
            found: content.to_owned(),
        };
        let mut cells = content.splitn(3, '\t');
        let (first, second, third) = (cells.next().unwrap_or_default(), cells.next(), cells.next());
        if first.trim() == "\\" {
            let last = rows.last_mut().ok_or_else(not_a_label)?;
            let (low, high) = second.zip(third).ok_or_else(not_a_label)?;
            last.annotation.low_hz = frequency(line, low)?;
            last.annotation.high_hz = frequency(line, high)?;
            last.annotation = std::mem::take(&mut last.annotation).tidy();
            continue;
        }
        let second = second.ok_or_else(not_a_label)?;
        let (start_secs, end_secs) = (number(line, "start", first)?, number(line, "end", second)?);
        check_span(line, start_secs, end_secs)?;
        let annotation = Annotation {
            start_secs,
            end_secs,
            label: third.unwrap_or_default().to_owned(),
            ..Annotation::default()
        };
        rows.push(Row {
            recording: None,
            annotation: annotation.tidy(),
        });
    }
    Ok(rows)
}

fn frequency(line: usize, cell: &str) -> Result<Option<f64>, AnnotationError> {
    let hz = number(line, "frequency", cell)?;
    Ok((hz >= 0.0).then_some(hz))
}

pub(super) fn write(annotations: &[Annotation]) -> String {
    let mut text = String::new();
    let hz = |hz: Option<f64>| decimal(hz.unwrap_or(-1.0), N_DECIMALS);
    for annotation in annotations {
        let (start, end) = (annotation.start_secs, annotation.end_secs);
        let (start, end) = (decimal(start, N_DECIMALS), decimal(end, N_DECIMALS));
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{start}\t{end}\t{}", annotation.label);
        if annotation.low_hz.is_some() || annotation.high_hz.is_some() {
            let _ = writeln!(text, "\\\t{}\t{}", hz(annotation.low_hz), hz(annotation.high_hz));
        }
    }
    text
}
