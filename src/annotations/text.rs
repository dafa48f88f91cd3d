//! Bytes to text, text to numbers, numbers to text.

use super::AnnotationError;

/// The text of a file, whatever wrote it.
pub(super) fn decode(bytes: &[u8]) -> Result<String, AnnotationError> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        // Neither mark nor UTF-8: a system of one byte a letter, whose first 256 letters are those of Latin 1.
        _ => std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|&byte| char::from(byte)).collect(), str::to_owned),
    };
    if text.contains('\0') {
        return Err(AnnotationError::NotText);
    }
    if text.trim().is_empty() {
        return Err(AnnotationError::Empty);
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<String, AnnotationError> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).map_err(|_| AnnotationError::NotText)
}

/// The lines that hold something, with their numbers from 1; they end as on any system.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    (1..).zip(lines).filter(|(_, line)| !line.trim().is_empty())
}

/// A number with a decimal point or comma.
pub(super) fn number(line: usize, column: &'static str, cell: &str) -> Result<f64, AnnotationError> {
    let text = cell.trim();
    let has_comma = text.contains(',') && !text.contains('.');
    let value = if has_comma {
        text.replacen(',', ".", 1)
    } else {
        text.to_owned()
    };
    let value: Option<f64> = value.parse().ok();
    value
        .filter(|value| value.is_finite())
        .ok_or_else(|| AnnotationError::NotANumber {
            line,
            column,
            found: text.to_owned(),
        })
}

/// Start and end of a box, in seconds.
pub(super) fn check_span(line: usize, start_secs: f64, end_secs: f64) -> Result<(), AnnotationError> {
    if start_secs < 0.0 {
        return Err(AnnotationError::BeforeTheRecording {
            line,
            start_secs: start_secs.to_string(),
        });
    }
    if end_secs < start_secs {
        return Err(AnnotationError::EndsBeforeStart {
            line,
            start_secs: start_secs.to_string(),
            end_secs: end_secs.to_string(),
        });
    }
    Ok(())
}

/// The shortest text that is this number, with at least so many decimals.
pub(super) fn decimal(value: f64, n_decimals: usize) -> String {
    let shortest = value.to_string();
    let n_there = shortest.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if n_there < n_decimals {
        format!("{value:.n_decimals$}")
    } else {
        shortest
    }
}
