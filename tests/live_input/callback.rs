//! What runs in the sound card's thread waits for nobody.

use std::sync::atomic::Ordering;

use assert_no_alloc::{assert_no_alloc, violation_count};
use auscult::audio::capture::{Monitor, TakePlan};

use crate::card::{device, listening, ramp_card, until};

#[test]
fn the_guard_sees_memory_that_is_taken() {
    let before = violation_count();
    let kept = assert_no_alloc(|| vec![1u8; 1_000]);
    assert!(violation_count() > before, "{}", kept.len());
}

#[test]
fn the_callbacks_of_input_and_output_take_and_give_back_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let card = ramp_card(4);
    let listener = listening(&card);
    listener.monitor(Some(Monitor::of_device(&device(&card), 16_000).unwrap()));
    listener.record(TakePlan {
        folder: folder.path().to_owned(),
        split_secs: Some(1.0),
        ..TakePlan::default()
    });
    until("three seconds", || listener.heard().take.secs > 3.0);
    assert_eq!(card.n_allocations.load(Ordering::Relaxed), 0);
    assert!(card.played.lock().unwrap().len() > 16_000, "the output's callback ran too");
}

/// Everything that the callbacks may call: none of it waits, writes or asks the system for anything.
const HARMLESS: [&str; 26] = [
    "FromSample",
    "Ok",
    "Some",
    "chunks_mut",
    "clamp",
    "commit_all",
    "fetch_add",
    "fill",
    "fill_from_iter",
    "from_sample_",
    "is_none",
    "is_some",
    "iter",
    "len",
    "map",
    "min",
    "map_or",
    "max",
    "ok",
    // Of `Trouble`: one store.
    "over",
    "pop",
    "read_chunk",
    "slots",
    "store",
    "unwrap_or",
    "write_chunk_uninit",
];

#[test]
fn the_callbacks_call_nothing_that_locks_or_logs() {
    let source = include_str!("../../src/audio/capture/callback.rs");
    let code = source.split("#[cfg(test)]").next().unwrap();
    let mut called = Vec::new();
    for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        for (at, _) in line.match_indices(['(', '!', '<']) {
            let before = &line[..at];
            let name = before
                .rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
                .unwrap();
            let is_definition =
                before.trim_end_matches(name).ends_with("fn ") || name == "if" || name == "super" || name == "pub";
            if !name.is_empty() && !is_definition {
                called.push(name.to_owned());
            }
        }
    }
    called.retain(|name| !["Producer", "Consumer", "T", "impl", "n_waiting", "mut"].contains(&name.as_str()));
    assert!(
        called.contains(&"write_chunk_uninit".to_owned()),
        "the source was read: {called:?}"
    );
    let strange: Vec<_> = called.iter().filter(|name| !HARMLESS.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "may these wait? {strange:?}");
}
