//! A long recording made from a formula: a hum, faint hiss, and knocks of 20 ms at known times.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use super::wav::{PCM, wav_head};

/// Seconds between two knocks; the first comes after half of it.
pub(crate) const KNOCK_EVERY_SECS: f64 = 100.0;

/// The value at a moment, on a scale of 1.
fn value(t: f64, i: u64) -> f64 {
    let hum = 0.02 * (std::f64::consts::TAU * 120.0 * t).sin();
    let noise = ((i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / f64::from(1u32 << 24) - 0.5) * 2e-3;
    let since = (t + KNOCK_EVERY_SECS / 2.0) % KNOCK_EVERY_SECS;
    let knock = if since < 0.02 {
        0.5 * (std::f64::consts::TAU * 3_000.0 * t).sin()
    } else {
        0.0
    };
    hum + noise + knock
}

/// Writes a WAV file of 24 bits with this rate and these channels, all alike.
pub(crate) fn write(path: &Path, secs: u32, rate_hz: u32, n_channels: u16) {
    let block = 3 * n_channels;
    let n_bytes = u64::from(secs) * u64::from(rate_hz) * u64::from(block);
    let mut file = BufWriter::new(File::create(path).unwrap());
    let n_bytes = u32::try_from(n_bytes).unwrap();
    file.write_all(&wav_head(PCM, 24, rate_hz, n_channels, n_bytes)).unwrap();
    for i in 0..u64::from(secs) * u64::from(rate_hz) {
        let sample = (value(i as f64 / f64::from(rate_hz), i) * 8_388_607.0) as i32;
        for _ in 0..n_channels {
            file.write_all(&sample.to_le_bytes()[..3]).unwrap();
        }
    }
    file.flush().unwrap();
}
