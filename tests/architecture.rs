//! The house rules that a compiler does not check: which room may import which, and which crates stay in which room.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Room, and the rooms that it may import.
/// Everybody may write files whole.
const MAY_IMPORT: [(&str, &[&str]); 21] = [
    ("progress", &[]),
    ("whole_file", &[]),
    ("dsp", &[]),
    ("evaluation", &[]),
    ("annotations", &[]),
    ("audio", &[]),
    ("dataset", &["audio", "progress"]),
    ("exploration", &[]),
    ("export", &[]),
    ("nn", &["exploration", "export", "progress"]),
    (
        "extractors",
        &["audio", "dsp", "dataset", "exploration", "export", "nn", "progress"],
    ),
    ("detectors", &["progress"]),
    ("projection", &["progress"]),
    (
        "project",
        &[
            "annotations",
            "audio",
            "dataset",
            "dsp",
            "extractors",
            "detectors",
            "evaluation",
            "figures",
            "projection",
        ],
    ),
    ("figures", &["dsp", "evaluation"]),
    (
        "pipeline",
        &[
            "audio",
            "dsp",
            "dataset",
            "export",
            "nn",
            "extractors",
            "exploration",
            "detectors",
            "evaluation",
            "projection",
            "project",
            "figures",
            "progress",
        ],
    ),
    ("jobs", &["progress"]),
    (
        "app",
        &[
            "annotations",
            "audio",
            "dsp",
            "dataset",
            "exploration",
            "extractors",
            "detectors",
            "evaluation",
            "projection",
            "project",
            "figures",
            "pipeline",
            "jobs",
            "progress",
        ],
    ),
    (
        "cli",
        &[
            "annotations",
            "audio",
            "dsp",
            "dataset",
            "exploration",
            "export",
            "nn",
            "extractors",
            "detectors",
            "evaluation",
            "projection",
            "project",
            "figures",
            "pipeline",
            "progress",
            "app",
            "ui",
        ],
    ),
    (
        "ui",
        &[
            "annotations",
            "audio",
            "dsp",
            "dataset",
            "exploration",
            "extractors",
            "detectors",
            "evaluation",
            "projection",
            "project",
            "figures",
            "app",
        ],
    ),
    ("main", &["cli"]),
];

/// Crate (as it stands in a path), and the only room that may name it.
const KEPT_IN: [(&str, &str); 13] = [
    ("rustfft", "dsp"),
    ("realfft", "dsp"),
    ("cpal", "audio"),
    ("hound", "audio"),
    ("symphonia", "audio"),
    ("rubato", "audio"),
    ("burn", "nn"),
    ("bhtsne", "projection"),
    ("linfa_tsne", "projection"),
    ("clap", "cli"),
    ("indicatif", "cli"),
    ("eframe", "ui"),
    ("rfd", "ui"),
];

/// Plain data of rooms below that views may name although the rooms' verbs are out of their reach.
const DATA_FOR_VIEWS: [&str; 11] = [
    "crate::jobs::JobId",
    "crate::pipeline::LabelUse",
    "crate::pipeline::Comparison",
    "crate::pipeline::GroupComparison",
    "crate::pipeline::DetectorResult",
    "crate::pipeline::EmbeddedClips",
    "crate::pipeline::Ribbon",
    "crate::pipeline::TrialReport",
    "crate::pipeline::{",
    "crate::nn::DeviceChoice",
    "crate::nn::EpochMetrics",
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect();
    files.sort();
    files
}

/// Every source file with the room that it belongs to and its lines of code (comments and unit tests left out).
fn sources() -> Vec<(String, PathBuf, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    for path in rust_files(&root) {
        let first = path
            .strip_prefix(&root)
            .unwrap()
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let room = first.trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(str::to_owned)
            .collect();
        sources.push((room, path, lines));
    }
    sources
}

/// The rooms that a line names as `crate::room`.
fn rooms_in(line: &str) -> Vec<&str> {
    line.match_indices("crate::")
        .map(|(at, found)| &line[at + found.len()..])
        .map(first_word)
        .collect()
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for (room, path, lines) in sources() {
        if room == "lib" {
            continue;
        }
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("the room '{room}' has no rules yet"));
        for line in &lines {
            if room == "ui" && DATA_FOR_VIEWS.iter().any(|data| line.contains(data)) {
                continue;
            }
            for imported in rooms_in(line) {
                if imported != room
                    && imported != "whole_file"
                    && !allowed.contains(&imported)
                    && MAY_IMPORT.iter().any(|(name, _)| *name == imported)
                {
                    wrong.push(format!(
                        "{}: {room} may not import {imported}: {}",
                        path.display(),
                        line.trim()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (room, path, lines) in sources() {
        for line in &lines {
            for (krate, home) in KEPT_IN {
                let is_named = line
                    .match_indices(&format!("{krate}::"))
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
                if is_named && room != home {
                    wrong.push(format!(
                        "{}: {krate} belongs to the room {home}: {}",
                        path.display(),
                        line.trim()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .into_iter()
        .filter(|path| !std::fs::read_to_string(path).unwrap().starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(
        silent.is_empty(),
        "these files lack their first sentence: {}",
        silent.join(", ")
    );
}

#[test]
fn every_room_says_what_it_does_not_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: BTreeSet<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    for room in rooms {
        let text = std::fs::read_to_string(room.join("mod.rs")).unwrap();
        assert!(text.contains("*Invariant:*"), "{} lacks its invariant", room.display());
    }
}
