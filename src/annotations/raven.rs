//! Selection tables of Raven.
//!
//! A header and a row for each selection in each view, with tabs between. `Begin Time (s)` counts from the beginning of everything
//! that was opened together: where a table speaks of several recordings, `File Offset (s)` counts from that of the row's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::annotation::rounded;
use super::text::{check_span, decimal, lines, number};
use super::{Annotation, AnnotationError, Row, Sheet};

const BEGIN: &str = "Begin Time (s)";
const END: &str = "End Time (s)";
const LOW: &str = "Low Freq (Hz)";
const HIGH: &str = "High Freq (Hz)";
const OFFSET: &str = "File Offset (s)";
/// What a table calls the words of a selection, the likeliest first.
const LABELS: [&str; 10] = [
    "annotation",
    "label",
    "labels",
    "species",
    "common name",
    "tags",
    "tag",
    "class",
    "type",
    "event",
];
const NOTES: [&str; 5] = ["note", "notes", "comment", "comments", "remarks"];
/// Where the recording is named, the fullest name first.
const RECORDINGS: [&str; 4] = ["begin path", "begin file", "file", "filename"];
/// Columns that are told anew on the way out.
const RENEWED: [&str; 7] = [
    "selection",
    "view",
    "channel",
    "begin path",
    "begin file",
    "end path",
    "end file",
];
/// Raven writes so many decimals of times and frequencies.
const TIME_DECIMALS: usize = 9;
const FREQUENCY_DECIMALS: usize = 3;

pub(super) fn is_header(text: &str) -> bool {
    let header = lines(text).next().map_or("", |(_, line)| line).to_lowercase();
    header.contains("begin time (s)") || header.contains("selection\tview")
}

/// Where the columns of a table are.
struct Columns<'a> {
    headings: Vec<&'a str>,
    begin: usize,
    end: usize,
    low: Option<usize>,
    high: Option<usize>,
    offset: Option<usize>,
    selection: Option<usize>,
    view: Option<usize>,
    recordings: Vec<usize>,
    label: Option<usize>,
    note: Option<usize>,
}

impl<'a> Columns<'a> {
    fn of(header: &'a str) -> Result<Self, AnnotationError> {
        let headings: Vec<&str> = header.split('\t').map(str::trim).collect();
        let find = |name: &str| headings.iter().position(|heading| heading.eq_ignore_ascii_case(name));
        let find_any = |names: &[&str]| names.iter().find_map(|name| find(name));
        let need = |column: &'static str| find(column).ok_or(AnnotationError::MissingColumn { column });
        let note = find_any(&NOTES);
        let mut columns = Self {
            begin: need(BEGIN)?,
            end: need(END)?,
            low: find(LOW),
            high: find(HIGH),
            offset: find(OFFSET),
            selection: find("selection"),
            view: find("view"),
            recordings: RECORDINGS.iter().filter_map(|name| find(name)).collect(),
            label: find_any(&LABELS),
            note,
            headings: Vec::new(),
        };
        columns.headings = headings;
        if columns.label.is_none() {
            columns.label = (0..columns.headings.len()).find(|&place| columns.is_further(place));
        }
        Ok(columns)
    }

    /// Whether a column is a person's own: no place, no name of a file, and nothing that was measured, which has its unit in brackets.
    fn is_further(&self, place: usize) -> bool {
        let heading = self.headings[place].to_lowercase();
        self.is_kept(place) && !heading.ends_with(')')
    }

    /// Whether a column stays with the box as it is.
    fn is_kept(&self, place: usize) -> bool {
        let heading = self.headings[place].to_lowercase();
        let places = [Some(self.begin), Some(self.end), self.low, self.high, self.offset];
        let is_known = places.contains(&Some(place)) || self.label == Some(place) || self.note == Some(place);
        !heading.is_empty() && !is_known && !RENEWED.contains(&heading.as_str()) && !self.recordings.contains(&place)
    }
}

pub(super) fn read(text: &str) -> Result<Vec<Row>, AnnotationError> {
    let mut lines = lines(text);
    let (_, header) = lines.next().ok_or(AnnotationError::Empty)?;
    let columns = Columns::of(header)?;
    // The same selection stands once for each view: its row in the spectrogram says most.
    let mut rows: Vec<Row> = Vec::new();
    let mut places: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for (line, content) in lines {
        let cells: Vec<&str> = content.split('\t').collect();
        let cell = |place: Option<usize>| place.and_then(|place| cells.get(place)).copied().unwrap_or_default();
        let is_waveform = cell(columns.view).trim().to_lowercase().starts_with("waveform");
        let row = row(line, &columns, &cells, is_waveform)?;
        let selection = cell(columns.selection).trim();
        let (start, end) = (row.annotation.start_secs, row.annotation.end_secs);
        let key = format!("{selection}\t{start}\t{end}\t{:?}", row.recording);
        match places.get(&key) {
            Some(&(place, was_waveform)) if !selection.is_empty() && columns.view.is_some() => {
                if was_waveform && !is_waveform {
                    rows[place] = row;
                    places.insert(key, (place, false));
                }
            }
            _ => {
                places.insert(key, (rows.len(), is_waveform));
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

fn row(line: usize, columns: &Columns<'_>, cells: &[&str], is_waveform: bool) -> Result<Row, AnnotationError> {
    let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
    let (mut start_secs, mut end_secs) = (
        number(line, BEGIN, cell(columns.begin))?,
        number(line, END, cell(columns.end))?,
    );
    let optional = |place: Option<usize>, column| {
        let text = place.map(cell).filter(|text| !text.trim().is_empty());
        text.map(|text| number(line, column, text)).transpose()
    };
    if let Some(offset_secs) = optional(columns.offset, OFFSET)? {
        (start_secs, end_secs) = (offset_secs, rounded(offset_secs + (end_secs - start_secs)));
    }
    check_span(line, start_secs, end_secs)?;
    let (mut low_hz, mut high_hz) = (optional(columns.low, LOW)?, optional(columns.high, HIGH)?);
    // What was selected in the waveform has no frequencies: Raven writes the whole axis.
    if is_waveform && low_hz.is_none_or(|hz| hz == 0.0) {
        (low_hz, high_hz) = (None, None);
    }
    let recording = columns
        .recordings
        .iter()
        .map(|&place| cell(place).trim())
        .find(|name| !name.is_empty());
    let kept = (0..columns.headings.len()).filter(|&place| columns.is_kept(place) && !cell(place).trim().is_empty());
    let annotation = Annotation {
        start_secs,
        end_secs,
        low_hz,
        high_hz,
        label: columns.label.map_or("", cell).to_owned(),
        note: columns.note.map_or("", cell).to_owned(),
        columns: kept
            .map(|place| (columns.headings[place].to_owned(), cell(place).trim().to_owned()))
            .collect(),
    };
    Ok(Row {
        recording: recording.map(|name| name.replace('\\', "/")),
        annotation: annotation.tidy(),
    })
}

pub(super) fn write_one(sheet: Sheet<'_>) -> String {
    write(&[sheet], false)
}

pub(super) fn write_many(sheets: &[Sheet<'_>]) -> String {
    write(sheets, true)
}

fn write(sheets: &[Sheet<'_>], names_recordings: bool) -> String {
    let all = || sheets.iter().flat_map(|sheet| sheet.annotations);
    let further: BTreeSet<&str> = all()
        .flat_map(|annotation| annotation.columns.keys())
        .map(String::as_str)
        .collect();
    let has_notes = all().any(|annotation| !annotation.note.is_empty());
    let mut text = format!("Selection\tView\tChannel\t{BEGIN}\t{END}\t{LOW}\t{HIGH}");
    if names_recordings {
        let _ = write!(text, "\tBegin File\tBegin Path\t{OFFSET}");
    }
    text.push_str("\tAnnotation");
    for heading in has_notes.then_some("Notes").into_iter().chain(further.iter().copied()) {
        let _ = write!(text, "\t{heading}");
    }
    text.push('\n');
    let mut selection = 0;
    // Where the recording begins among those that are opened together.
    let mut begins_secs = 0.0;
    for sheet in sheets {
        for annotation in sheet.annotations {
            selection += 1;
            let has_band = annotation.low_hz.is_some() || annotation.high_hz.is_some();
            let view = if has_band { "Spectrogram 1" } else { "Waveform 1" };
            let time = |secs: f64| decimal(rounded(begins_secs + secs), TIME_DECIMALS);
            let (start, end) = (time(annotation.start_secs), time(annotation.end_secs));
            let low = decimal(annotation.low_hz.unwrap_or(0.0), FREQUENCY_DECIMALS);
            let high = decimal(annotation.high_hz.unwrap_or(sheet.top_hz), FREQUENCY_DECIMALS);
            let _ = write!(text, "{selection}\t{view}\t1\t{start}\t{end}\t{low}\t{high}");
            if names_recordings {
                let name = sheet.path.rsplit('/').next().unwrap_or(sheet.path);
                let offset = decimal(annotation.start_secs, TIME_DECIMALS);
                let _ = write!(text, "\t{name}\t{}\t{offset}", sheet.path);
            }
            let _ = write!(text, "\t{}", annotation.label);
            if has_notes {
                let _ = write!(text, "\t{}", annotation.note);
            }
            for heading in &further {
                let _ = write!(text, "\t{}", annotation.columns.get(*heading).map_or("", String::as_str));
            }
            text.push('\n');
        }
        begins_secs = rounded(begins_secs + sheet.duration_secs);
    }
    text
}
