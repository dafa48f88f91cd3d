//! The program is killed in the middle of labelling, again and again: what is older than two seconds is there at the next start.
//!
//! The test starts itself anew as a child that has the real state, jobs and saving of the program, and kills it at random moments.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auscult::app::SafetyAction;
use auscult::dataset::Label;
use auscult::project::{self, Project};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{Home, add, app_in, boxed, label, open, places, safety, wait, workbench};

/// Names the home of the project that the child labels in.
const HOME: &str = "AUSCULT_TEST_LABEL_IN";
const N_LINES: usize = 5;
const N_KILLS: usize = 10;
/// What may be lost at most.
const PROMISED: Duration = Duration::from_secs(2);
const LABELS: [Label; 3] = [Label::Unknown, Label::Anomalous, Label::Normal];

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// Boxes are numbered through all clips: how many of the first are there without a gap. More than that must not be there.
fn n_boxes(project: &Project) -> usize {
    let mut numbers: Vec<usize> = project
        .boxes
        .values()
        .flatten()
        .map(|drawn| drawn.label.parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert!(
        numbers.iter().copied().eq(0..numbers.len()),
        "a box is missing before the last: {numbers:?}"
    );
    numbers.len()
}

/// The child: opens the project, recovers what there is, and labels without a rest until it is killed.
#[test]
fn labels_until_it_is_killed() {
    let Ok(home) = std::env::var(HOME).map(PathBuf::from) else {
        return;
    };
    let path = home.join("plant/project.json");
    let mut app = app_in(&home);
    open(&mut app, &path);
    if app.state.recovery.is_some() {
        safety(&mut app, SafetyAction::Recover);
        wait(&mut app, "the project", |app| app.state.workbench.is_some());
    }
    let first = n_boxes(&workbench(&app).project);
    let mut random = ChaCha8Rng::seed_from_u64(first as u64);
    for number in first.. {
        let clip = number % workbench(&app).dataset.clips.len();
        add(&mut app, clip, boxed(&number.to_string(), number as f64 * 1e-3));
        label(&mut app, clip, LABELS[number % 3]);
        println!("did {number} {}", now_ms());
        std::io::stdout().flush().unwrap();
        // Frames go by; now and then a person rests.
        let n_frames = if random.random_bool(0.1) { 30 } else { 3 };
        for _ in 0..n_frames {
            app.poll();
            std::thread::sleep(Duration::from_millis(8));
        }
    }
}

/// Starts the child, kills it after a while, and returns what it said that it did: numbers with their times.
fn kill_once(home: &Path, after: Duration) -> (Vec<(usize, u128)>, u128) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "killed::labels_until_it_is_killed",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(HOME, home)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The moment is counted from its first label.
    let first = lines.by_ref().map_while(Result::ok).find_map(|line| did(&line));
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).filter_map(|line| did(&line)).collect::<Vec<_>>());
    std::thread::sleep(after);
    let killed_at = now_ms();
    // SIGKILL: it is not asked.
    child.kill().unwrap();
    child.wait().unwrap();
    let mut done: Vec<(usize, u128)> = first.into_iter().collect();
    done.extend(reader.join().unwrap());
    assert!(!done.is_empty(), "the child must label");
    (done, killed_at)
}

fn did(line: &str) -> Option<(usize, u128)> {
    // The harness writes its own words before the first line.
    let (number, at) = line.split_once("did ")?.1.split_once(' ')?;
    Some((number.parse().ok()?, at.trim().parse().ok()?))
}

#[test]
fn killed_at_fifty_moments_it_keeps_all_but_the_last_two_seconds() {
    let lines: Vec<_> = (0..N_LINES as u64)
        .map(|line| {
            std::thread::spawn(move || {
                let home = Home::new();
                let mut random = ChaCha8Rng::seed_from_u64(40 + line);
                let mut lost = Vec::new();
                for _ in 0..N_KILLS {
                    let after = Duration::from_millis(random.random_range(0..2500));
                    let (done, killed_at) = kill_once(home.path(), after);
                    let saved = project::open(&home.project()).expect("the project opens whenever it was killed");
                    let unsaved = places(home.path(), &home.project())
                        .find(&saved)
                        .expect("made by this program");
                    let n_saved = n_boxes(&saved);
                    let n_there = unsaved.map_or(n_saved, |unsaved| n_boxes(&unsaved.project).max(n_saved));
                    let age = |n: usize| {
                        let oldest_lost = done.iter().find(|&&(number, _)| number >= n);
                        oldest_lost.map_or(0, |&(_, at)| killed_at.saturating_sub(at)) as u64
                    };
                    lost.push((age(n_there), age(n_saved), done.len()));
                    assert!(
                        Duration::from_millis(age(n_there)) < PROMISED,
                        "{} ms are lost: {n_there} boxes of {}",
                        age(n_there),
                        done.last().unwrap().0 + 1
                    );
                }
                lost
            })
        })
        .collect();
    let lost: Vec<(u64, u64, usize)> = lines.into_iter().flat_map(|line| line.join().unwrap()).collect();
    let worst = |figure: fn(&(u64, u64, usize)) -> u64| lost.iter().map(figure).max().unwrap();
    println!(
        "{} kills after {} edits: at most {} ms lost with what is recovered, {} ms by the project's file alone",
        lost.len(),
        lost.iter().map(|(_, _, n_edits)| n_edits).sum::<usize>(),
        worst(|lost| lost.0),
        worst(|lost| lost.1)
    );
    assert_eq!(lost.len(), N_LINES * N_KILLS);
}
