//! Recording for long: nothing is lost, and nothing grows.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use auscult::audio::capture::TakePlan;
use auscult::audio::{ChannelChoice, read_clip_at_own_rate};

use crate::card::{Card, listening, ramp, ramp_card};

/// Time of all cores that this process has used, and its memory in MiB.
fn used() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident: f64 = pages.split_whitespace().nth(1).unwrap().parse().unwrap();
    (ticks / 100.0, resident * 4_096.0 / 1_048_576.0)
}

/// Records 48 kHz stereo while the level is read and the picture fed as the window does it, and looks at every sample. The memory of
/// the process is told in MiB; it may grow by `max_growth`, where no other test runs beside this one.
fn soak(speed: u32, wall: Duration, max_growth: Option<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let card = Card {
        rate_hz: 48_000,
        buffer_frames: 1_024,
        ..ramp_card(speed)
    };
    let listener = listening(&card);
    listener.record(TakePlan {
        folder: folder.path().to_owned(),
        split_secs: Some(10.0),
        ..TakePlan::default()
    });
    let start = Instant::now();
    // MiB at ten moments, from when the pre-roll and the tail are as long as they will be.
    let mut memory: Vec<f64> = Vec::new();
    let mut drawn = 0;
    while start.elapsed() < wall {
        std::thread::sleep(Duration::from_millis(33));
        let _ = listener.heard();
        let (from, samples) = listener.since(drawn);
        drawn = from + samples.len() as u64;
        let is_due = listener.n_heard() > 45 * 16_000 && start.elapsed() * 10 > wall * memory.len() as u32;
        if is_due {
            memory.push(used().1);
        }
    }
    let (cpu_end, memory_end) = used();
    let wall_secs = start.elapsed().as_secs_f64();
    listener.stop();
    crate::card::until("the end", || !listener.heard().take.is_running);
    let heard = listener.heard();
    let memory_begin = memory[0];
    let series: Vec<String> = memory.iter().map(|mib| format!("{mib:.1}")).collect();
    eprintln!(
        "soak: {:.0} s of sound in {wall_secs:.0} s, {} files, {} samples dropped, {} overruns, {:.1} % of a core with the made-up card, memory {} MiB",
        heard.take.secs,
        heard.take.files.len(),
        heard.n_dropped,
        heard.n_overruns,
        100.0 * cpu_end / wall_secs,
        series.join(" "),
    );
    assert_eq!((heard.n_dropped, heard.take.n_dropped, heard.n_overruns), (0, 0, 0));
    assert_eq!((&heard.failure, &heard.take.failure), (&None, &None));
    assert!(heard.take.secs + 2.0 > wall_secs * f64::from(speed), "{} s", heard.take.secs);
    let mut frame = None;
    for file in heard.take.files.iter() {
        let clip = read_clip_at_own_rate(file, ChannelChoice::Index(0)).unwrap();
        for value in clip.samples {
            let expected = *frame.get_or_insert((value * 32_768.0).round() as u64);
            assert!((value - ramp(expected)).abs() < 1e-6, "{}", file.display());
            frame = Some(expected + 1);
        }
    }
    if let Some(most) = max_growth {
        assert!(memory_end - memory_begin < most, "{memory_begin} to {memory_end} MiB");
    }
}

#[test]
fn a_minute_and_more_at_four_times_the_speed_loses_no_sample() {
    soak(4, Duration::from_secs(20), None);
}

#[test]
#[ignore = "ten minutes, alone"]
fn ten_minutes_lose_no_sample() {
    soak(1, Duration::from_secs(600), Some(16.0));
}
