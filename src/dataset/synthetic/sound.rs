//! The small change of sound synthesis: filters, bodies that ring when struck, slow envelopes.

use std::f32::consts::TAU;

use super::dice::Dice;
use crate::audio::SAMPLE_RATE_HZ;

const RATE_HZ: f32 = SAMPLE_RATE_HZ as f32;

/// `out += gain * sound`.
pub(super) fn add(out: &mut [f32], sound: &[f32], gain: f32) {
    for (out, sample) in out.iter_mut().zip(sound) {
        *out += gain * sample;
    }
}

/// `out *= gain`, sample by sample.
pub(super) fn multiply(out: &mut [f32], gain: &[f32]) {
    for (out, gain) in out.iter_mut().zip(gain) {
        *out *= gain;
    }
}

/// Two poles and two zeros, after R. Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients".
#[derive(Debug, Clone, Copy)]
struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
}

impl Biquad {
    /// Runs over `sound` in place (transposed direct form 2).
    fn run(self, sound: &mut [f32]) {
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in sound {
            let x = *sample;
            let y = self.b[0] * x + s1;
            s1 = self.b[1] * x - self.a[0] * y + s2;
            s2 = self.b[2] * x - self.a[1] * y;
            *sample = y;
        }
    }

    fn new(hz: f32, q: f32, b: impl Fn(f32, f32) -> [f32; 3]) -> Self {
        let (sin, cos) = (TAU * hz.min(0.49 * RATE_HZ) / RATE_HZ).sin_cos();
        let alpha = sin / (2.0 * q);
        let a0 = 1.0 + alpha;
        Self {
            b: b(cos, alpha).map(|b| b / a0),
            a: [-2.0 * cos / a0, (1.0 - alpha) / a0],
        }
    }
}

pub(super) fn low_pass(sound: &mut [f32], hz: f32) {
    Biquad::new(hz, 0.707, |cos, _| [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0]).run(sound);
}

pub(super) fn high_pass(sound: &mut [f32], hz: f32) {
    Biquad::new(hz, 0.707, |cos, _| {
        [f32::midpoint(1.0, cos), -1.0 - cos, f32::midpoint(1.0, cos)]
    })
    .run(sound);
}

/// White noise through a band pass, brought back to unit variance.
pub(super) fn band_noise(dice: &mut Dice, n_samples: usize, hz: f32, q: f32) -> Vec<f32> {
    let mut noise = dice.noise(n_samples);
    Biquad::new(hz, q, |_, alpha| [alpha, 0.0, -alpha]).run(&mut noise);
    // A band of width hz / q holds about that share of the power, times pi / 2 for its skirts.
    let share = (hz / q * std::f32::consts::PI / RATE_HZ).min(1.0);
    noise.iter_mut().for_each(|sample| *sample /= share.sqrt());
    noise
}

/// One way in which a struck body rings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    pub(super) hz: f32,
    pub(super) decay_secs: f32,
    pub(super) gain: f32,
}

/// A body with modes spread over low..high Hz: higher ones are weaker and die sooner.
pub(super) fn body(dice: &mut Dice, n_modes: usize, low_hz: f32, high_hz: f32, decay_secs: f32) -> Vec<Mode> {
    let ratio = high_hz / low_hz;
    let mode = |mode_idx: usize| {
        let place = (mode_idx as f32 + dice.unit()) / n_modes as f32;
        let hz = low_hz * ratio.powf(place);
        let decay_secs = dice.around(decay_secs, 0.3) * (low_hz / hz).sqrt();
        Mode {
            hz,
            decay_secs,
            gain: dice.between(0.5, 1.0) * (1.0 - 0.5 * place),
        }
    };
    (0..n_modes).map(mode).collect()
}

/// Adds the sound of a body struck by `blows` (sample, strength): decaying sinusoids by two-pole recursion.
///
/// Each blow also has a rough edge of a millisecond, without which blows sound like bells.
pub(super) fn add_blows(out: &mut [f32], blows: &[(usize, f32)], body: &[Mode], gain: f32, dice: &mut Dice) {
    if blows.is_empty() || gain == 0.0 {
        return;
    }
    let mut excitation = vec![0.0; out.len()];
    for &(at, strength) in blows {
        for (delay, sample) in excitation.iter_mut().skip(at).take(16).enumerate() {
            let fade = 1.0 - delay as f32 / 16.0;
            *sample += strength * if delay == 0 { 1.0 } else { 0.15 * fade * dice.normal() };
        }
    }
    for mode in body.iter().filter(|mode| mode.hz < 0.49 * RATE_HZ) {
        let (sin, cos) = (TAU * mode.hz / RATE_HZ).sin_cos();
        let radius = (-1.0 / (mode.decay_secs * RATE_HZ)).exp();
        let (a1, a2, b) = (2.0 * radius * cos, -radius * radius, gain * mode.gain * radius * sin);
        let (mut y1, mut y2) = (0.0_f32, 0.0_f32);
        for (out, sample) in out.iter_mut().zip(&excitation) {
            // The tiny constant keeps the recursion out of denormal numbers, which are slow.
            let y = a1 * y1 + a2 * y2 + b * sample + 1e-18;
            (y2, y1) = (y1, y);
            *out += y;
        }
    }
}

/// A level that wanders within 1 ± `depth`, with a new goal every `secs`.
pub(super) fn drift(dice: &mut Dice, n_samples: usize, secs: f32, depth: f32) -> Vec<f32> {
    let span = ((secs * RATE_HZ) as usize).max(1);
    let mut from = dice.around(1.0, depth);
    let mut level = Vec::with_capacity(n_samples + span);
    while level.len() < n_samples {
        let to = dice.around(1.0, depth);
        level.extend((0..span).map(|i| from + (to - from) * i as f32 / span as f32));
        from = to;
    }
    level.truncate(n_samples);
    level
}

/// Moments of a random process with `per_sec` events a second: (sample, strength in 0.3..1).
pub(super) fn random_blows(dice: &mut Dice, n_samples: usize, per_sec: f32) -> Vec<(usize, f32)> {
    let mut blows = Vec::new();
    if per_sec <= 0.0 {
        return blows;
    }
    let mut secs = 0.0;
    loop {
        secs -= (1.0 - dice.unit()).ln() / per_sec;
        let at = (secs * RATE_HZ) as usize;
        if at >= n_samples {
            return blows;
        }
        blows.push((at, dice.between(0.3, 1.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, add_blows, band_noise, random_blows};
    use crate::dataset::synthetic::dice::Dice;

    fn rms(sound: &[f32]) -> f32 {
        (sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32).sqrt()
    }

    #[test]
    fn band_noise_keeps_its_level_in_any_band() {
        for (hz, q) in [(200.0, 1.0), (1000.0, 0.7), (3000.0, 4.0)] {
            let level = rms(&band_noise(&mut Dice::new(3, &[], 0), 160_000, hz, q));
            assert!((0.7..1.3).contains(&level), "{hz} Hz: {level}");
        }
    }

    #[test]
    fn a_body_dies_away_at_its_decay_time() {
        let body = [Mode {
            hz: 1000.0,
            decay_secs: 0.05,
            gain: 1.0,
        }];
        let mut out = vec![0.0; 16_000];
        add_blows(&mut out, &[(0, 1.0)], &body, 1.0, &mut Dice::new(3, &[], 0));
        let (early, late) = (rms(&out[400..800]), rms(&out[1200..1600]));
        assert!(
            (early / late / std::f32::consts::E - 1.0).abs() < 0.05,
            "800 samples are one decay time: {}",
            early / late
        );
    }

    #[test]
    fn random_blows_come_at_their_rate() {
        let n_blows = random_blows(&mut Dice::new(3, &[], 0), 1_600_000, 5.0).len();
        assert!((430..570).contains(&n_blows), "{n_blows}");
    }
}
