//! What is heard and recorded is what the card delivers.

use std::path::Path;
use std::sync::atomic::Ordering;

use auscult::audio::capture::{InputWish, Listener, Monitor, TakePlan};
use auscult::audio::{ChannelChoice, read_clip_at_own_rate};

use crate::card::{device, listening, ramp, ramp_card, until};

fn plan(folder: &Path) -> TakePlan {
    TakePlan {
        folder: folder.to_owned(),
        pre_roll_secs: 0.2,
        split_secs: Some(0.5),
        ..TakePlan::default()
    }
}

#[test]
fn a_card_is_heard_and_recorded_without_a_lost_sample() {
    let folder = tempfile::tempdir().unwrap();
    let listener = listening(&ramp_card(10));
    assert_eq!(
        (listener.name(), listener.rate_hz(), listener.n_channels()),
        ("ramp", 16_000, 2)
    );
    assert_eq!((listener.rates_hz(), listener.id()), (&[16_000][..], None));
    until("a second of sound", || listener.n_heard() > 16_000);
    listener.record(plan(folder.path()));
    until("a take of two seconds", || listener.heard().take.secs > 2.0);
    listener.stop();
    until("the end of the take", || !listener.heard().take.is_running);
    let heard = listener.heard();
    assert_eq!((heard.n_dropped, heard.failure), (0, None));
    assert!(heard.take.files.len() >= 4, "{:?}", heard.take);
    let both = [0, 1].map(|channel| -> Vec<f32> {
        let read = |file| read_clip_at_own_rate(file, ChannelChoice::Index(channel)).unwrap().samples;
        heard.take.files.iter().flat_map(|file| read(file)).collect()
    });
    let first = (both[0][0] * 32_768.0).round() as u64;
    for (frame, (left, right)) in (first..).zip(both[0].iter().zip(&both[1])) {
        assert!((left - ramp(frame)).abs() < 1e-6, "frame {frame}: {left}");
        assert!((left + right).abs() < 1e-6);
    }
    let (start, tail) = listener.since(8_000);
    assert_eq!(start, 8_000);
    assert!(
        tail.iter()
            .zip(8_000..)
            .all(|(value, frame)| (value + ramp(frame)).abs() < 1e-6)
    );
}

#[test]
fn an_unplugged_card_says_so_and_the_take_is_whole_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let card = ramp_card(4);
    let listener = listening(&card);
    listener.record(plan(folder.path()));
    until("sound", || listener.heard().take.secs > 0.3);
    card.is_unplugged.store(true, Ordering::Relaxed);
    until("the reason", || listener.has_failed());
    let heard = listener.heard();
    assert!(!heard.take.is_running);
    assert!(heard.failure.is_some_and(|reason| reason.contains("connect it again")));
    let n_frames: usize = heard
        .take
        .files
        .iter()
        .map(|file| read_clip_at_own_rate(file, ChannelChoice::Mean).unwrap().samples.len())
        .sum();
    assert_eq!(n_frames, (heard.take.secs * 16_000.0).round() as usize);
    until("it is noticed that nothing comes", || listener.heard().waits_secs > 0.1);
}

#[test]
fn a_card_that_delivers_nothing_any_more_is_gone_and_its_take_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let card = ramp_card(4);
    let listener = listening(&card);
    listener.record(plan(folder.path()));
    until("sound", || listener.heard().take.secs > 0.3);
    card.is_stuck.store(true, Ordering::Relaxed);
    until("the reason", || listener.has_failed());
    let heard = listener.heard();
    assert!(!heard.take.is_running && heard.take.failure.is_none());
    assert!(
        heard
            .failure
            .is_some_and(|reason| reason.contains("nothing has come from it for 5 s"))
    );
    assert!(read_clip_at_own_rate(&heard.take.files[0], ChannelChoice::Mean).is_ok());
}

#[test]
fn a_dropped_listener_ends_its_take() {
    let folder = tempfile::tempdir().unwrap();
    let listener = listening(&ramp_card(10));
    listener.record(plan(folder.path()));
    until("sound", || listener.heard().take.secs > 0.1);
    let files = listener.heard().take.files;
    drop(listener);
    let clip = read_clip_at_own_rate(&files[0], ChannelChoice::Index(0)).unwrap();
    assert!(clip.samples.len() >= 1_600);
}

#[test]
fn the_input_is_heard_through_the_output_from_when_it_is_asked_for_until_it_is_not() {
    let (input, output) = (ramp_card(4), ramp_card(4));
    let listener = listening(&input);
    until("sound", || listener.n_heard() > 16_000);
    assert!(!listener.heard().is_monitored);
    listener.monitor(Some(Monitor::of_device(&device(&output), 16_000).unwrap()));
    until("half a second of it", || output.played.lock().unwrap().len() > 12_000);
    assert!(listener.heard().is_monitored);
    listener.monitor(None);
    until("its end", || !listener.heard().is_monitored);
    let played = std::mem::take(&mut *output.played.lock().unwrap());
    let begin = played.iter().position(|value| *value != 0.0).unwrap();
    let sound = &played[begin..];
    // The right channel falls by one step a frame; gaps and leaps are where the two clocks are brought together again.
    let n_smooth = sound
        .windows(2)
        .filter(|pair| (pair[0] - pair[1] - 1.0 / 32_768.0).abs() < 1e-6)
        .count();
    assert!(
        n_smooth * 10 > sound.len() * 9,
        "{n_smooth} of {} samples follow one another",
        sound.len()
    );
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert!(output.played.lock().unwrap().len() < 1_600, "the output is closed");
}

/// Where the process that records finds its folder.
#[cfg(target_os = "linux")]
const FOLDER: &str = "AUSCULT_TEST_RECORD_INTO";

#[cfg(target_os = "linux")]
#[test]
fn what_alsa_reads_from_a_file_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let played = folder.path().join("microphone.raw");
    let bytes: Vec<u8> = (0..48_000u64 * 4).flat_map(|n| ramp(n).to_le_bytes()).collect();
    std::fs::write(&played, bytes).unwrap();
    let configuration = format!(
        "pcm.!default {{ type file slave.pcm \"nothing\" file \"/dev/null\" infile \"{}\" format \"raw\" }}\npcm.nothing {{ type null }}\n",
        played.display()
    );
    let path = folder.path().join("asound.conf");
    std::fs::write(&path, configuration).unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "takes::record_from_alsa"])
        .env("ALSA_CONFIG_PATH", &path)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    if let Some(line) = printed.lines().find(|line| line.contains("SKIPPED")) {
        eprintln!("{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "run in a process of its own by what_alsa_reads_from_a_file_is_recorded"]
fn record_from_alsa() {
    let folder = std::path::PathBuf::from(std::env::var(FOLDER).unwrap());
    let listener = match Listener::open(InputWish::default(), ChannelChoice::Index(0)) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("SKIPPED: ALSA cannot record from a file here: {error}");
            return;
        }
    };
    listener.record(TakePlan {
        folder: folder.join("takes"),
        // All that was heard since it was opened.
        pre_roll_secs: 30.0,
        ..TakePlan::default()
    });
    until("half a second", || listener.heard().take.secs > 0.5);
    listener.stop();
    until("the end", || !listener.heard().take.is_running);
    let file = listener.heard().take.files[0].clone();
    let n_channels = u64::from(listener.n_channels());
    for channel in 0..listener.n_channels() {
        let clip = read_clip_at_own_rate(&file, ChannelChoice::Index(channel)).unwrap();
        // Such a microphone delivers as fast as it is read, so that sound is lost later; the beginning is whole.
        let first = (clip.samples[0] * 32_768.0).round() as u64;
        for (frame, value) in (0u64..).zip(clip.samples.iter().take(4_800)) {
            let expected = ramp(first + frame * n_channels);
            assert!((value - expected).abs() < 1e-6, "frame {frame}: {value}, not {expected}");
        }
    }
}
