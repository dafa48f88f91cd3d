//! One box.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Decimals that a time (in seconds) and a frequency (in Hz) are kept to: files of other programs bear them exactly.
const DECIMALS: usize = 9;

/// A box in time and frequency, with what a person says of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Annotation {
    /// From the beginning of the clip. Not after `end_secs`; a moment has both alike.
    pub start_secs: f64,
    pub end_secs: f64,
    /// `None`: from 0 Hz on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_hz: Option<f64>,
    /// `None`: up to half of the sample rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<f64>,
    #[serde(default)]
    pub label: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What a table said of it in further columns, by their headings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
}

impl Annotation {
    /// The same with numbers that every format bears, and words that stand on one line.
    #[must_use]
    pub fn tidy(mut self) -> Self {
        let (start, end) = (self.start_secs.min(self.end_secs), self.start_secs.max(self.end_secs));
        (self.start_secs, self.end_secs) = (rounded(start.max(0.0)), rounded(end.max(0.0)));
        if let (Some(low), Some(high)) = (self.low_hz, self.high_hz) {
            (self.low_hz, self.high_hz) = (Some(low.min(high)), Some(low.max(high)));
        }
        self.low_hz = self.low_hz.map(|hz| rounded(hz.max(0.0)));
        self.high_hz = self.high_hz.map(|hz| rounded(hz.max(0.0)));
        self.label = one_line(&self.label);
        self.note = one_line(&self.note);
        self
    }

    /// Whether it lies as another one does.
    pub fn lies_as(&self, other: &Self) -> bool {
        (self.start_secs, self.end_secs, self.low_hz, self.high_hz)
            == (other.start_secs, other.end_secs, other.low_hz, other.high_hz)
    }

    /// Forgets what was measured in it (columns with a unit, as `Peak Freq (Hz)`): it was moved since.
    pub fn forget_measures(&mut self) {
        self.columns.retain(|heading, _| !heading.ends_with(')'));
    }
}

/// The nearest number of so many decimals.
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.DECIMALS$}").parse().unwrap_or(value)
}

/// Tabs and ends of lines would end a cell of a table.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::Annotation;

    #[test]
    fn a_box_drawn_from_its_far_corner_is_the_same_box() {
        let drawn = Annotation {
            start_secs: 2.0,
            end_secs: -0.5,
            low_hz: Some(300.123_456_789_01),
            high_hz: Some(100.0),
            label: "knock\tknock".to_owned(),
            ..Annotation::default()
        };
        let tidy = drawn.tidy();
        assert_eq!((tidy.start_secs, tidy.end_secs), (0.0, 2.0));
        assert_eq!((tidy.low_hz, tidy.high_hz), (Some(100.0), Some(300.123_456_789)));
        assert_eq!(tidy.label, "knock knock");
        assert_eq!(tidy.clone().tidy(), tidy);
    }
}
