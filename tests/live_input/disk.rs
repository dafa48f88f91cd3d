//! Disks that are full or read-only while somebody records.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use auscult::audio::capture::{LeftTake, TakePlan};
use auscult::audio::{ChannelChoice, read_clip_at_own_rate};

use crate::card::{listening, ramp, ramp_card, until};

/// A small disk in memory, gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` where this user may not mount.
    fn mount(place: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(place)
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(place.to_owned())),
            Ok(output) => {
                eprintln!(
                    "SKIPPED: no disk can be mounted here: {}",
                    String::from_utf8_lossy(&output.stderr).trim()
                );
                None
            }
            Err(error) => {
                eprintln!("SKIPPED: no disk can be mounted here: {error}");
                None
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_ends_the_take_with_a_reason_and_leaves_whole_files() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("disk"), "size=2m") else {
        return;
    };
    for split_secs in [None, Some(4.0)] {
        let notes = folder.path().join("notes");
        let takes = disk.0.join(if split_secs.is_some() { "split" } else { "one" });
        let listener = listening(&ramp_card(20));
        until("sound", || listener.n_heard() > 16_000);
        listener.record(TakePlan {
            folder: takes.clone(),
            split_secs,
            note: Some((notes.clone(), String::new())),
            ..TakePlan::default()
        });
        until("the end of the disk", || listener.heard().take.failure.is_some());
        let take = listener.heard().take;
        let reason = take.failure.clone().unwrap();
        assert!(!take.is_running);
        assert!(reason.contains(".wav") && reason.contains("is kept"), "{reason}");
        assert!(reason.to_lowercase().contains("no space"), "{reason}");
        let mut samples = Vec::new();
        for file in take.files.iter() {
            // Each is what its header says, to a reader that is not ours as well.
            let read = hound::WavReader::open(file).map_or(0, |read| read.duration() as usize);
            let ours = read_clip_at_own_rate(file, ChannelChoice::Index(0)).map_or(Vec::new(), |clip| clip.samples);
            assert_eq!(read, ours.len(), "{}", file.display());
            samples.extend(ours);
        }
        assert!(samples.len() > 16_000, "{} samples of {reason}", samples.len());
        assert_eq!(
            samples.len(),
            (take.secs * 16_000.0).round() as usize,
            "what is told is what is there"
        );
        let first = (samples[0] * 32_768.0).round() as u64;
        for (frame, value) in (first..).zip(&samples) {
            assert!((value - ramp(frame)).abs() < 1e-6);
        }
        assert_eq!(LeftTake::find(&notes), [], "it was said: there is nothing to recover");
        // The card is heard on, and the next take goes where there is room.
        std::fs::remove_dir_all(&takes).unwrap();
        let n_heard = listener.n_heard();
        listener.record(TakePlan {
            folder: folder.path().join("elsewhere"),
            ..TakePlan::default()
        });
        until("the next take", || {
            let take = listener.heard().take;
            take.is_running && take.secs > 0.5
        });
        assert!(listener.n_heard() > n_heard && listener.heard().take.failure.is_none());
    }
}

#[test]
fn on_a_read_only_disk_no_take_begins_and_the_reason_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&folder.path().join("disk"), "ro,size=1m") else {
        return;
    };
    let listener = listening(&ramp_card(4));
    listener.record(TakePlan {
        folder: disk.0.join("fan/train"),
        ..TakePlan::default()
    });
    until("the reason", || listener.heard().take.failure.is_some());
    let take = listener.heard().take;
    let reason = take.failure.unwrap();
    assert!(
        reason.to_lowercase().contains("read-only") && reason.contains("0000.wav"),
        "{reason}"
    );
    assert!(!take.is_running && take.files.is_empty());
    assert!(!listener.has_failed(), "it is heard on");
}
