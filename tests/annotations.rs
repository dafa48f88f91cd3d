//! Boxes in the files of other programs: read as an independent reader reads them, written so that they come back exactly, and
//! refused with the line that is wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use auscult::annotations::{Annotation, AnnotationError, Format, Row, Sheet, read, write, write_many};
use proptest::prelude::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/annotations")
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

fn sheet(annotations: &[Annotation]) -> Sheet<'_> {
    Sheet {
        path: "fan/id_00/normal/00000000.wav",
        duration_secs: 10.0,
        top_hz: 8000.0,
        annotations,
    }
}

fn boxes(rows: &[Row]) -> Vec<Annotation> {
    rows.iter().map(|row| row.annotation.clone()).collect()
}

/// What `expected.py` reads from a file.
#[derive(serde::Deserialize)]
struct Expected {
    start: f64,
    end: f64,
    low: Option<f64>,
    high: Option<f64>,
    label: String,
    note: String,
    recording: Option<String>,
}

#[test]
fn files_of_other_programs_say_what_an_independent_reader_reads() {
    let expected: BTreeMap<String, Vec<Expected>> = serde_json::from_slice(&file("expected.json")).unwrap();
    assert_eq!(expected.len(), 6);
    for (name, expected) in expected {
        let rows = read(&file(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.len(), expected.len(), "{name}");
        for (row, expected) in rows.iter().zip(expected) {
            let found = &row.annotation;
            assert_eq!((found.start_secs, found.end_secs), (expected.start, expected.end), "{name}");
            assert_eq!((found.low_hz, found.high_hz), (expected.low, expected.high), "{name}");
            assert_eq!((&found.label, &found.note), (&expected.label, &expected.note), "{name}");
            assert_eq!(row.recording, expected.recording, "{name}");
        }
    }
}

#[test]
fn audacity_s_own_example_comes_back_to_the_byte() {
    for name in ["audacity_manual.txt", "audacity_plain.txt"] {
        let text = file(name);
        let read = boxes(&read(&text).unwrap());
        assert_eq!(write(Format::Audacity, sheet(&read)).into_bytes(), text, "{name}");
    }
}

#[test]
fn further_columns_of_a_table_stay_and_measures_go_when_a_box_is_moved() {
    let rows = read(&file("raven_two_views.Table.1.selections.txt")).unwrap();
    let mut knock = rows[0].annotation.clone();
    assert_eq!(knock.columns["Observer"], "Ann");
    assert_eq!(knock.columns["Peak Freq (Hz)"], "2156.25");
    let again = boxes(&read(write(Format::Raven, sheet(&boxes(&rows))).as_bytes()).unwrap());
    assert_eq!(again, boxes(&rows));
    knock.forget_measures();
    assert_eq!(knock.columns.into_keys().collect::<Vec<_>>(), ["Observer"]);
}

#[test]
fn odd_files_are_refused_with_what_is_wrong_where() {
    let header = "Selection\tView\tBegin Time (s)\tEnd Time (s)\n";
    let refused = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(read(b""), Err(AnnotationError::Empty));
    assert_eq!(read(b"\xef\xbb\xbf \r\n"), Err(AnnotationError::Empty));
    assert_eq!(read(b"RIFF\x00\x00\x00\x00WAVE"), Err(AnnotationError::NotText));
    assert!(refused("Selection\tView\tBegin Time (s)\tLow Freq (Hz)\n").contains("'End Time (s)'"));
    assert!(refused(&format!("{header}1\tSpectrogram 1\tsoon\t2")).starts_with("line 2: 'soon' is no number"));
    assert!(refused(&format!("{header}\n1\tSpectrogram 1\t3\t2")).starts_with("line 3: the box ends (2 s)"));
    assert!(refused(&format!("{header}1\tSpectrogram 1\t-1\t2")).contains("before the recording"));
    assert!(refused(&format!("{header}1\tSpectrogram 1\tNaN\t2")).contains("'NaN'"));
    assert!(refused("1.0\t2.0\tfine\nno tabs at all").starts_with("line 2: 'no tabs at all' is no label"));
    assert!(refused("\\\t100\t200\n").contains("line 1"), "frequencies of no label");
    assert!(refused("1.0\t2.0\tfine\n\\\t100\n").contains("line 2"));
    assert_eq!(read(header.as_bytes()), Ok(Vec::new()), "a table without selections is whole");
    let short = read(format!("{header}7\tSpectrogram 1\t1\t2").as_bytes()).unwrap();
    assert_eq!((short[0].annotation.low_hz, short[0].annotation.label.as_str()), (None, ""));
}

/// Any box that a person may draw or import.
fn any_box() -> impl Strategy<Value = Annotation> {
    let words = "[^\\p{C}\t]{0,12}";
    let hz = || proptest::option::of(0.0..24_000.0_f64);
    (0.0..7200.0_f64, 0.0..20.0_f64, hz(), hz(), words, words).prop_map(|(start, length, low, high, label, note)| {
        Annotation {
            start_secs: start,
            end_secs: start + length,
            low_hz: low,
            high_hz: high,
            label,
            note,
            columns: BTreeMap::new(),
        }
        .tidy()
    })
}

proptest! {
    #[test]
    fn boxes_come_back_from_label_tracks(drawn in proptest::collection::vec(any_box(), 0..12)) {
        let text = write(Format::Audacity, sheet(&drawn));
        let without_notes: Vec<Annotation> = drawn.into_iter().map(|drawn| Annotation { note: String::new(), ..drawn }).collect();
        let back = if text.is_empty() { Vec::new() } else { boxes(&read(text.as_bytes()).unwrap()) };
        prop_assert_eq!(back, without_notes);
    }

    #[test]
    fn boxes_come_back_from_selection_tables(drawn in proptest::collection::vec(any_box(), 0..12)) {
        let back = boxes(&read(write(Format::Raven, sheet(&drawn)).as_bytes()).unwrap());
        prop_assert_eq!(back, closed(&drawn));
    }

    #[test]
    fn boxes_of_many_recordings_come_back_to_their_own(
        first in proptest::collection::vec(any_box(), 0..6),
        second in proptest::collection::vec(any_box(), 0..6),
        secs in 0.1..4000.0_f32,
    ) {
        let sheets = [
            Sheet { duration_secs: f64::from(secs), ..sheet(&first) },
            Sheet { path: "fan/id_02/normal/00000000.wav", ..sheet(&second) },
        ];
        let rows = read(write_many(&sheets).as_bytes()).unwrap();
        for sheet in sheets {
            let of_it: Vec<Annotation> = rows
                .iter()
                .filter(|row| row.recording.as_deref() == Some(sheet.path))
                .map(|row| row.annotation.clone())
                .collect();
            prop_assert_eq!(of_it, closed(sheet.annotations));
        }
        prop_assert_eq!(rows.len(), first.len() + second.len());
    }
}

/// A table has numbers for both edges: one that is missing is the end of the axis.
fn closed(drawn: &[Annotation]) -> Vec<Annotation> {
    let has_band = |drawn: &Annotation| drawn.low_hz.is_some() || drawn.high_hz.is_some();
    let close = |drawn: &Annotation| Annotation {
        low_hz: has_band(drawn).then(|| drawn.low_hz.unwrap_or(0.0)),
        high_hz: has_band(drawn).then(|| drawn.high_hz.unwrap_or(8000.0)),
        ..drawn.clone()
    };
    drawn.iter().map(close).map(Annotation::tidy).collect()
}
