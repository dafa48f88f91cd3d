//! A program that is killed while it records.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use auscult::audio::capture::{LeftTake, TakePlan, mend};
use auscult::audio::{ChannelChoice, read_clip_at_own_rate};

use crate::card::{listening, ramp, ramp_card, until};

const FOLDER: &str = "AUSCULT_TEST_RECORD_UNTIL_KILLED";
const RATE_HZ: f64 = 16_000.0;

#[test]
fn a_program_that_is_killed_at_any_moment_leaves_all_but_the_last_two_seconds_and_a_note_of_them() {
    const N_KILLS: u32 = 50;
    /// Lines of the child before it is killed: a few more each time, so that every stage of a file is met.
    const MAX_LINES: u32 = 60;
    let mut state = 1u32;
    for kill in 0..N_KILLS {
        let folder = tempfile::tempdir().unwrap();
        let (notes, takes) = (folder.path().join("notes"), folder.path().join("takes"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "killed::record_until_killed"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let n_lines = 1 + (state >> 16) % MAX_LINES;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut has_lost = false;
        let told = lines.map_while(Result::ok).filter_map(|line| {
            let (secs, n_dropped) = line.strip_prefix("recorded ")?.split_once(' ')?;
            // A machine that stands still for seconds loses sound: that is counted, and not what is tested here.
            has_lost |= n_dropped != "0";
            secs.parse::<f64>().ok()
        });
        let told_secs = told.take(n_lines as usize).last().unwrap();
        assert_eq!(LeftTake::find(&notes), [], "kill {kill}: its program lives");
        std::thread::sleep(Duration::from_micros(u64::from(state >> 20)));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = LeftTake::find(&notes);
        assert_eq!(left.len(), 1, "kill {kill}");
        assert_eq!(left[0].about, "a fan");
        let mut files: Vec<PathBuf> = std::fs::read_dir(&takes)
            .unwrap()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort();
        // The newest file may have been made just before its line was written.
        let n_told = left[0].files.len();
        assert!(
            n_told == files.len() || n_told + 1 == files.len(),
            "kill {kill}: {left:?} {files:?}"
        );
        let mut secs = [0.0; 2];
        for (is_mended, secs) in [false, true].into_iter().zip(&mut secs) {
            let mut frame = None;
            for file in &files {
                if is_mended {
                    mend(file).unwrap();
                }
                let clip = read_clip_at_own_rate(file, ChannelChoice::Index(0)).map_or(Vec::new(), |clip| clip.samples);
                *secs += clip.len() as f64 / RATE_HZ;
                for value in clip {
                    let expected = *frame.get_or_insert((value * 32_768.0).round() as u64);
                    let is_next = (value - ramp(expected)).abs() < 1e-6;
                    assert!(is_next || has_lost, "kill {kill}: {}", file.display());
                    frame = Some(expected + 1);
                }
            }
        }
        let [as_left, mended] = secs;
        assert!(
            as_left + 2.0 > told_secs,
            "kill {kill}: {as_left} s of {told_secs} s are left"
        );
        assert!(mended >= as_left, "kill {kill}: {mended} s of {as_left} s");
    }
}

#[test]
#[ignore = "run in a process of its own by a_program_that_is_killed_at_any_moment"]
fn record_until_killed() {
    let folder = PathBuf::from(std::env::var(FOLDER).unwrap());
    let listener = listening(&ramp_card(10));
    listener.record(TakePlan {
        folder: folder.join("takes"),
        pre_roll_secs: 0.2,
        split_secs: Some(3.0),
        note: Some((folder.join("notes"), "a fan".to_owned())),
        ..TakePlan::default()
    });
    until("the take", || listener.heard().take.is_running);
    let mut said = 0.0;
    loop {
        let heard = listener.heard();
        if heard.take.secs > said {
            said = heard.take.secs;
            // Past the test's own capture of what it prints.
            let _ = writeln!(std::io::stdout().lock(), "recorded {said} {}", heard.n_dropped);
            let _ = std::io::stdout().flush();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
