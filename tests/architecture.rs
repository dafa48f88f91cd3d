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

/// Plain data of [`pipeline`](auscult::pipeline) that views may name, although its verbs are out of their reach. All of it is named.
const DATA_FOR_VIEWS: [&str; 11] = [
    "Comparison",
    "DetectorResult",
    "Exploration",
    "ExploreSettings",
    "JudgedBy",
    "JudgedLabel",
    "LabelUse",
    "Ribbon",
    "TrialReport",
    "WatchedFile",
    "WatchedState",
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

/// A source file with the room that it belongs to and its code (comments and unit tests left out).
struct Source {
    room: String,
    path: PathBuf,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let source = |path: PathBuf| {
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        let first = first.as_os_str().to_string_lossy();
        let text = std::fs::read_to_string(&path).unwrap();
        Source {
            room: first.trim_end_matches(".rs").to_owned(),
            code: code_of(&text),
            path,
        }
    };
    rust_files(&root).into_iter().map(source).collect()
}

fn code_of(text: &str) -> String {
    let code = text.split("\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What code names from `crate::` on, as `room::thing`; what stands in braces each for itself.
fn crate_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        expand("", &code[at + found.len()..], &mut paths);
    }
    paths
}

/// Adds the paths that `text` begins with, each behind `prefix`, and returns what comes after them.
fn expand<'a>(prefix: &str, text: &'a str, paths: &mut Vec<String>) -> &'a str {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let (name, mut rest) = text.split_at(text.find(|c| !is_path(c)).unwrap_or(text.len()));
    let path = format!("{prefix}{name}");
    if !rest.starts_with('{') {
        // Behind the last comma there may be nothing.
        if !name.is_empty() {
            paths.push(path);
        }
        return rest;
    }
    while rest.starts_with(['{', ',']) {
        rest = expand(&path, rest[1..].trim_start(), paths);
        // What follows a name (`as other`) is nobody's.
        rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
    }
    rest.get(1..).unwrap_or_default()
}

fn is_data_for_views(path: &str) -> bool {
    let mut parts = path.split("::");
    parts.next() == Some("pipeline") && parts.next().is_some_and(|name| DATA_FOR_VIEWS.contains(&name))
}

/// What a file of this room imports and may not.
fn wrong_imports(room: &str, code: &str) -> Vec<String> {
    let (_, allowed) = MAY_IMPORT
        .iter()
        .find(|(name, _)| *name == room)
        .unwrap_or_else(|| panic!("the room '{room}' has no rules yet"));
    let is_wrong = |path: &String| {
        let imported = path.split("::").next().unwrap_or_default();
        imported != room
            && imported != "whole_file"
            && !allowed.contains(&imported)
            && !(room == "ui" && is_data_for_views(path))
            && MAY_IMPORT.iter().any(|(name, _)| *name == imported)
    };
    crate_paths(code).into_iter().filter(is_wrong).collect()
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for Source { room, path, code } in sources() {
        if room == "lib" {
            continue;
        }
        for imported in wrong_imports(&room, &code) {
            wrong.push(format!("{}: {room} may not import {imported}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn views_start_no_verb_of_the_pipeline() {
    let view = "use crate::app::State;\nuse crate::pipeline::{\n    Comparison, compare as verb, reproduce::{Target, run},\n    TrialReport,\n};\n\
                fn ui() { crate::pipeline::train(); crate::pipeline::LabelUse::Oracle; crate::nn::train(); }";
    assert_eq!(
        wrong_imports("ui", &code_of(view)),
        [
            "pipeline::compare",
            "pipeline::reproduce::Target",
            "pipeline::reproduce::run",
            "pipeline::train",
            "nn::train"
        ]
    );
    assert_eq!(wrong_imports("dsp", "use crate::{app::State, dsp::Stft};"), ["app::State"]);
    let views: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.room == "ui")
        .flat_map(|source| crate_paths(&source.code))
        .collect();
    for data in DATA_FOR_VIEWS {
        let path = format!("pipeline::{data}");
        assert!(
            views.iter().any(|named| named.starts_with(&path)),
            "no view names {path}: take it off the list"
        );
    }
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for Source { room, path, code } in sources() {
        for line in code.lines() {
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
