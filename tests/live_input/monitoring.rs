//! What the microphone hears is heard through the output, although no two cards count the same second.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use auscult::audio::capture::Monitor;

use crate::card::{Card, Turns, device, listening, ramp_card, until};

const RATE_HZ: u32 = 48_000;
const BUFFER: usize = 1_024;
const SINE_HZ: f64 = 997.0;
const SECS: f64 = 40.0;
/// A click in the sine, to tell the delay by.
const CLICK: u64 = 30 * RATE_HZ as u64;

fn sound(frame: u64) -> f32 {
    let sine = (TAU * SINE_HZ * frame as f64 / f64::from(RATE_HZ)).sin() as f32 * 0.3;
    if frame == CLICK { 0.9 } else { sine }
}

/// Monitors an input whose clock is off by so much, the test itself being both clocks. Returns what was played, how often there
/// was a gap, and how many seconds after its buffer was delivered the click was heard.
fn monitored(drift: f64) -> (Vec<f32>, u64, f64) {
    let card = || Card {
        rate_hz: RATE_HZ,
        buffer_frames: BUFFER,
        sound: Arc::new(sound),
        turns: Some(Turns::default()),
        ..ramp_card(1)
    };
    let (input, output) = (card(), card());
    let [deliver, ask] = [&input, &output].map(|card| card.turns.clone().unwrap());
    let listener = listening(&input);
    listener.monitor(Some(Monitor::of_device(&device(&output), RATE_HZ).unwrap()));
    until("the output", || listener.heard().is_monitored);
    let (mut n_in, mut clicked_at) = (0u64, 0.0);
    for turn in 1..(SECS * f64::from(RATE_HZ)) as usize / BUFFER {
        let now = (turn * BUFFER) as f64 / f64::from(RATE_HZ);
        while ((n_in + BUFFER as u64) as f64) <= now * f64::from(RATE_HZ) * (1.0 + drift) {
            let n_heard = listener.n_heard();
            deliver.next();
            if n_in < 8 * BUFFER as u64 {
                // The first of them only fill the filter that leads to 16 kHz.
                std::thread::sleep(Duration::from_millis(50));
            } else {
                until("the buffer", || listener.n_heard() > n_heard);
            }
            if (n_in..n_in + BUFFER as u64).contains(&CLICK) {
                clicked_at = now;
            }
            n_in += BUFFER as u64;
        }
        ask.next();
    }
    let n_gaps = listener.heard().n_monitor_gaps;
    let played = std::mem::take(&mut *output.played.lock().unwrap());
    let click = (RATE_HZ as usize..played.len()).find(|&i| played[i].abs() > 0.5).unwrap();
    (played, n_gaps, click as f64 / f64::from(RATE_HZ) - clicked_at)
}

#[test]
fn what_is_monitored_has_no_gap_no_leap_and_its_level_while_the_clocks_drift() {
    for drift in [0.004, -0.004] {
        let (played, n_gaps, delay) = monitored(drift);
        assert_eq!(n_gaps, 0, "at a drift of {drift}");
        let begin = played.iter().position(|x| x.abs() > 0.1).unwrap();
        let begin_secs = begin as f64 / f64::from(RATE_HZ);
        assert!(begin_secs < 0.15, "it begins after {begin_secs} s");
        let steady = &played[begin + RATE_HZ as usize / 50..];
        // What a sine does not foresee of the next sample: a gap, a leap, a dip.
        let turn = 2.0 * (TAU * SINE_HZ / f64::from(RATE_HZ)).cos();
        let surprises: Vec<usize> = steady
            .windows(3)
            .enumerate()
            .filter(|(_, w)| (f64::from(w[2]) - turn * f64::from(w[1]) + f64::from(w[0])).abs() > 2e-3)
            .map(|(i, _)| i)
            .collect();
        // The click rings with the kernel, and is all that is no sine.
        assert!(
            surprises.last().unwrap() - surprises[0] < 200,
            "{} surprises at a drift of {drift}",
            surprises.len()
        );
        let rms = (steady.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / steady.len() as f64).sqrt();
        let level_db = 20.0 * (rms / (0.3 / 2f64.sqrt())).log10();
        assert!(level_db.abs() < 0.05, "{level_db} dB");
        eprintln!(
            "monitoring at a drift of {drift}: heard {:.0} ms after its buffer, {level_db:+.3} dB",
            delay * 1e3
        );
        assert!(delay < 0.12, "{delay} s late at a drift of {drift}");
    }
}
