//! Faults that are put into normal clips: anomalies to judge designs by where nobody has any.
//!
//! They are moderate, so that they part good designs from bad ones: each stays near the level of the clip that it is put into.
//! Real faults sound otherwise; what a design scores here says which design hears more, not how much of a real fault it hears.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::audio::SAMPLE_RATE_HZ;

/// What is done to a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Played backwards: blows swell and break off.
    Reversal,
    /// Noise of about an octave's width, 12 to 3 dB below the clip.
    BandNoise,
    /// 5 % faster or slower.
    Speed,
    /// Two to four short rings a second.
    Impulses,
    /// Another machine, 10 to 3 dB below the clip.
    Mix,
    /// 2 to 5 dB quieter.
    LevelDrop,
}

impl Fault {
    pub(super) const ALL: [Self; 6] = [
        Self::BandNoise,
        Self::Speed,
        Self::Impulses,
        Self::LevelDrop,
        Self::Mix,
        Self::Reversal,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Reversal => "time reversal",
            Self::BandNoise => "band noise",
            Self::Speed => "speed",
            Self::Impulses => "impulses",
            Self::Mix => "another machine",
            Self::LevelDrop => "level drop",
        }
    }

    /// The clip with the fault in it: as long as before. `other` is of another machine.
    pub(super) fn put_into(self, samples: &[f32], other: &[f32], seed: u64) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let level = root_mean_square(samples);
        match self {
            Self::Reversal => samples.iter().rev().copied().collect(),
            Self::Speed => {
                let speed = if random.random_bool(0.5) { 1.05 } else { 1.0 / 1.05 };
                faster(samples, speed)
            }
            Self::LevelDrop => {
                let gain = from_decibel(random.random_range(-5.0..=-2.0));
                samples.iter().map(|sample| gain * sample).collect()
            }
            Self::BandNoise => {
                let middle_hz = 500.0 * 12f32.powf(random.random_range(0.0..=1.0));
                let noise: Vec<f32> = samples.iter().map(|_| random.random_range(-1.0..=1.0)).collect();
                let noise = band_pass(&noise, middle_hz);
                mixed(samples, &noise, level * from_decibel(random.random_range(-12.0..=-3.0)))
            }
            Self::Mix => mixed(samples, other, level * from_decibel(random.random_range(-10.0..=-3.0))),
            Self::Impulses => {
                let peak = level * random.random_range(1.5..=4.0);
                with_rings(samples, peak, &mut random)
            }
        }
    }
}

fn from_decibel(decibel: f32) -> f32 {
    10f32.powf(decibel / 20.0)
}

fn root_mean_square(samples: &[f32]) -> f32 {
    let squares: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (squares / samples.len().max(1) as f64).sqrt() as f32
}

/// `added` is brought to this level and, where it is shorter, begins again.
fn mixed(samples: &[f32], added: &[f32], level: f32) -> Vec<f32> {
    let gain = level / root_mean_square(added).max(f32::MIN_POSITIVE);
    if added.is_empty() || !gain.is_finite() {
        return samples.to_vec();
    }
    let added = added.iter().cycle();
    samples
        .iter()
        .zip(added)
        .map(|(sample, added)| sample + gain * added)
        .collect()
}

/// Between samples on a straight line; what is missing at the end is taken from the beginning.
fn faster(samples: &[f32], speed: f64) -> Vec<f32> {
    let n_samples = samples.len();
    let value = |i: usize| {
        let place = i as f64 * speed;
        let (before, part) = (place as usize, place.fract() as f32);
        let [a, b] = [before, before + 1].map(|at| samples[at % n_samples]);
        a + part * (b - a)
    };
    (0..n_samples).map(value).collect()
}

/// A second-order band pass of about an octave.
///
/// Source: Robert Bristow-Johnson's "Cookbook formulae for audio equalizer biquad filter coefficients", constant peak gain.
fn band_pass(samples: &[f32], middle_hz: f32) -> Vec<f32> {
    const QUALITY: f32 = 1.4;
    let angle = std::f32::consts::TAU * middle_hz / SAMPLE_RATE_HZ as f32;
    let alpha = angle.sin() / (2.0 * QUALITY);
    let scale = 1.0 / (1.0 + alpha);
    let (b0, a1, a2) = (alpha * scale, -2.0 * angle.cos() * scale, (1.0 - alpha) * scale);
    let (mut x, mut y) = ([0.0f32; 2], [0.0f32; 2]);
    let filter = |&sample: &f32| {
        let out = b0 * (sample - x[1]) - a1 * y[0] - a2 * y[1];
        (x, y) = ([sample, x[0]], [out, y[0]]);
        out
    };
    samples.iter().map(filter).collect()
}

fn with_rings(samples: &[f32], peak: f32, random: &mut ChaCha8Rng) -> Vec<f32> {
    let rate = SAMPLE_RATE_HZ as f32;
    let mut struck = samples.to_vec();
    let mut at = 0;
    loop {
        at += (rate * random.random_range(0.25..=0.5)) as usize;
        if at >= struck.len() {
            return struck;
        }
        let step = std::f32::consts::TAU * random.random_range(1000.0..=5000.0) / rate;
        for (i, sample) in struck[at..].iter_mut().take(SAMPLE_RATE_HZ as usize / 25).enumerate() {
            // Down to a third in 5 ms.
            *sample += peak * (-(i as f32) / (0.005 * rate)).exp() * (step * i as f32).sin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_change_a_clip_moderately_and_alike_for_a_seed() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let hum = |i: usize, hz: f32| (i as f32 * std::f32::consts::TAU * hz / SAMPLE_RATE_HZ as f32).sin();
        let clip: Vec<f32> = (0..32_000)
            .map(|i| 0.1 * hum(i, 220.0) + random.random_range(-0.02..0.02))
            .collect();
        let other: Vec<f32> = (0..20_000).map(|i| 0.5 * hum(i, 700.0)).collect();
        let level = |samples: &[f32]| 20.0 * root_mean_square(samples).log10();
        for fault in Fault::ALL {
            for seed in 0..20 {
                let faulty = fault.put_into(&clip, &other, seed);
                assert_eq!(faulty, fault.put_into(&clip, &other, seed));
                assert_eq!(faulty.len(), clip.len());
                assert_ne!(faulty, clip, "{fault:?}");
                let change = level(&faulty) - level(&clip);
                let expected = match fault {
                    Fault::LevelDrop => -5.1..=-1.9,
                    Fault::Reversal | Fault::Speed => -0.2..=0.2,
                    _ => 0.02..=3.0,
                };
                assert!(expected.contains(&change), "{fault:?}: {change} dB");
            }
        }
        assert_eq!(Fault::Mix.put_into(&clip, &[], 1), clip, "there is no other machine");
    }

    #[test]
    fn a_faster_tone_is_higher() {
        let tone: Vec<f32> = (0..16_000)
            .map(|i| (i as f32 * std::f32::consts::TAU / 100.0).sin())
            .collect();
        let crossings = |samples: &[f32]| samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count() as f64;
        let ratio = crossings(&faster(&tone, 1.05)) / crossings(&tone);
        assert!((ratio - 1.05).abs() < 0.01, "{ratio}");
    }
}
