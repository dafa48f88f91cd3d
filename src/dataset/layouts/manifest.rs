//! A table of clips: `manifest.csv` or `auscult.csv` at the root, in UTF-8, separated by commas, semicolons or tabs.
//!
//! The first line names the columns, in any order and case:
//!
//! | column | holds | where it is missing or empty |
//! |---|---|---|
//! | `path` | the file, relative to the table's folder | an error |
//! | `machine` | machine type | the first folder of the path, or the root's name |
//! | `section` | machine id or section | `00` |
//! | `split` | `train` or `test` | divided as for plain folders |
//! | `label` | `normal`, `anomaly` or another word of plain folders; 0 or 1 | unknown |
//! | `domain` | `source` or `target` | none |
//! | any other | an attribute of that name | the clip has no such attribute |
//!
//! A line that cannot be understood is an error that names it; a file that is not there is listed as skipped.

use std::collections::HashSet;
use std::path::{Component, Path};

use csv::StringRecord;

use super::splits::{Draft, NormalSplit, fill};
use super::{PlacedClip, Placement, count, folders, words};
use crate::dataset::walk::Tree;
use crate::dataset::{Attribute, DatasetError, Label, MachineSection, Split};

const NAMES: [&str; 2] = ["manifest.csv", "auscult.csv"];
const KNOWN_COLUMNS: [&str; 6] = ["path", "machine", "section", "split", "label", "domain"];

/// A table beyond this size is no table of clips.
const MAX_BYTES: u64 = 256 << 20;

pub(super) fn fits(tree: &Tree) -> bool {
    NAMES.iter().any(|name| tree.tables.iter().any(|table| table == name))
}

pub(super) fn place(tree: &Tree) -> Result<Placement, DatasetError> {
    let name = NAMES
        .into_iter()
        .find(|name| tree.tables.iter().any(|table| table == name))
        .unwrap_or(NAMES[0]);
    let path = tree.root.join(name);
    let text = read(&path)?;
    let broken = |line: u64, reason: String| DatasetError::Manifest {
        path: path.clone(),
        line,
        reason,
    };
    let mut placement = Placement::default();
    let drafts = parse(&text, tree.root_name()).map_err(|(line, reason)| broken(line, reason))?;
    let sounds: HashSet<&str> = tree.sounds.iter().map(String::as_str).collect();
    let (present, missing): (Vec<Draft>, Vec<Draft>) = drafts
        .into_iter()
        .partition(|draft| sounds.contains(draft.clip.path.as_str()) || tree.root.join(&draft.clip.path).is_file());
    for draft in missing {
        placement.skip(tree, &draft.clip.path, format!("{name} lists it, but it is not there"));
    }
    let listed: HashSet<&str> = present.iter().map(|draft| draft.clip.path.as_str()).collect();
    let n_unlisted = sounds.difference(&listed).count();
    if n_unlisted > 0 {
        placement.notes.push(format!(
            "{} not listed in {name} and left out",
            count(n_unlisted, "recording")
        ));
    }
    placement.clips = fill(present, NormalSplit::SixtyPercent, &mut placement.notes);
    Ok(placement)
}

fn read(path: &Path) -> Result<Vec<u8>, DatasetError> {
    let io_error = |source| DatasetError::Io {
        path: path.to_owned(),
        source,
    };
    let n_bytes = std::fs::metadata(path).map_err(io_error)?.len();
    if n_bytes > MAX_BYTES {
        let reason = format!("{n_bytes} bytes are too many for a table of clips");
        return Err(DatasetError::Manifest {
            path: path.to_owned(),
            line: 1,
            reason,
        });
    }
    std::fs::read(path).map_err(io_error)
}

/// The separator that the first line uses most.
fn delimiter(text: &[u8]) -> u8 {
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let times = |candidate: u8| first_line.iter().filter(|byte| **byte == candidate).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|candidate| times(*candidate))
        .unwrap_or(b',')
}

/// Reads the whole table; an error is a line, counted from 1, and a reason.
fn parse(text: &[u8], root_name: &str) -> Result<Vec<Draft>, (u64, String)> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text);
    let of_csv = |error: &csv::Error| (error.position().map_or(1, |position| line_at(text, position)), explain(error));
    let columns = reader.headers().map_err(|error| of_csv(&error))?.clone();
    let known = KNOWN_COLUMNS.map(|known| columns.iter().position(|column| column.eq_ignore_ascii_case(known)));
    if known[0].is_none() {
        let found: Vec<&str> = columns.iter().collect();
        return Err((1, format!("no column is called \"path\", only {}", found.join(", "))));
    }
    let (mut drafts, mut seen) = (Vec::new(), HashSet::new());
    for record in reader.records() {
        let record = record.map_err(|error| of_csv(&error))?;
        let line = record.position().map_or(0, |position| line_at(text, position));
        let draft = parse_line(&record, &columns, &known, root_name).map_err(|reason| (line, reason))?;
        if !seen.insert(draft.clip.path.clone()) {
            return Err((line, format!("{} is listed twice", draft.clip.path)));
        }
        drafts.push(draft);
    }
    Ok(drafts)
}

/// The line of a record. The reader's position is that of the blank lines before it.
fn line_at(text: &[u8], position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte())
        .ok()
        .and_then(|byte| text.get(byte..))
        .unwrap_or_default();
    let blank = start.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}

/// What is wrong with the line itself, in words that do not speak of positions and records.
fn explain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!(
                "the line has {}, the first line {expected_len}",
                count(usize::try_from(*len).unwrap_or(usize::MAX), "field")
            )
        }
        csv::ErrorKind::Utf8 { .. } => "the line is not valid UTF-8: save the table as UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

fn parse_line(
    record: &StringRecord,
    columns: &StringRecord,
    known: &[Option<usize>; 6],
    root_name: &str,
) -> Result<Draft, String> {
    let cell = |which: usize| {
        known[which]
            .and_then(|column| record.get(column))
            .filter(|cell| !cell.is_empty())
    };
    let path = clean_path(cell(0).ok_or("the path is empty")?)?;
    let split = cell(3)
        .map(|word| words::split(word).ok_or(format!("the split is \"{word}\", not train or test")))
        .transpose()?;
    let label = cell(4).map(read_label).transpose()?.unwrap_or(Label::Unknown);
    let domain = cell(5).map(|word| words::domain(word).ok_or(format!("the domain is \"{word}\", not source or target")));
    let folder = path.split_once('/').map_or(root_name, |(first, _)| first);
    let group = MachineSection {
        machine: cell(1).unwrap_or(folder).to_owned(),
        section: cell(2).unwrap_or(folders::ONLY_SECTION).to_owned(),
    };
    let others = (0..columns.len()).filter(|column| !known.contains(&Some(*column)));
    let named = others.filter_map(|column| Some((columns.get(column)?, record.get(column)?)));
    let attributes = named.filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let attributes = attributes
        .map(|(name, value)| Attribute {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .collect();
    let clip = PlacedClip {
        path,
        group,
        split: Split::Test,
        label,
        domain: domain.transpose()?,
        attributes,
    };
    Ok(Draft { clip, split })
}

fn read_label(word: &str) -> Result<Label, String> {
    match word {
        "0" => Ok(Label::Normal),
        "1" => Ok(Label::Anomalous),
        _ => words::label(word).ok_or(format!("the label is \"{word}\", not normal, anomaly or unknown")),
    }
}

/// The path with `/` between its folders; one that leaves the table's folder is refused.
fn clean_path(path: &str) -> Result<String, String> {
    let path = if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    let mut parts = Vec::new();
    for component in Path::new(&path).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(format!(
                    "\"{path}\" leads out of the folder of the table: give a path inside it"
                ));
            }
        }
    }
    if parts.is_empty() {
        Err(format!("\"{path}\" names no file"))
    } else {
        Ok(parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{clean_path, parse};
    use crate::dataset::{Domain, Label, Split};

    #[test]
    fn all_columns_in_any_order_and_the_rest_are_attributes() {
        let table = "Label;speed;PATH;machine;section;split;domain\nfaulty;5,5;a/b.wav;press;07;test;target\n;;c.wav;;;;\n";
        let drafts = parse(table.as_bytes(), "root").expect("a good table");
        let first = &drafts[0];
        assert_eq!(
            (first.clip.label, first.split, first.clip.domain),
            (Label::Anomalous, Some(Split::Test), Some(Domain::Target))
        );
        assert_eq!(
            (first.clip.group.to_string().as_str(), first.clip.attributes[0].value.as_str()),
            ("press 07", "5,5")
        );
        assert_eq!(
            (drafts[1].clip.group.to_string().as_str(), drafts[1].split),
            ("root 00", None)
        );
        assert!(drafts[1].clip.attributes.is_empty());
    }

    #[test]
    fn a_broken_line_is_named() {
        let line_of = |table: &[u8]| parse(table, "root").expect_err("broken");
        assert_eq!(line_of(b"file,label\n").0, 1);
        assert_eq!(line_of(b"path,label\na.wav,normal\nb.wav,strange\n").0, 3);
        assert_eq!(line_of(b"path,label\na.wav\n").0, 2);
        assert_eq!(line_of(b"path\na.wav\n\na.wav\n").0, 4);
        assert_eq!(line_of(b"path,label\na.wav,normal\n\xFF.wav,normal\n").0, 3);
        assert_eq!(line_of(b"path,split\na.wav,sometimes\n").0, 2);
        for path in ["../a.wav", "/a.wav", "a/../../b.wav", "."] {
            assert!(clean_path(path).is_err(), "{path}");
        }
        assert_eq!(clean_path("./a//b.wav").as_deref(), Ok("a/b.wav"));
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_are_no_obstacle() {
        let drafts = parse(b"\xEF\xBB\xBFpath\tlabel\r\na.wav\tok\r\n", "root").expect("a good table");
        assert_eq!((drafts[0].clip.path.as_str(), drafts[0].clip.label), ("a.wav", Label::Normal));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>(), table in "path,label,x\n(normal|\"|,|\n|;|\t|\\PC{0,4}){0,40}") {
            let _ = (parse(&bytes, "root"), parse(table.as_bytes(), "root"));
        }
    }
}
