//! Where the machine stands: the noise of a factory around it, the walls, and a microphone that is no measuring instrument.

use std::f32::consts::TAU;

use super::dice::Dice;
use super::machines::{Role, Take};
use super::shaft::Shaft;
use super::sound::{add, add_blows, band_noise, body, drift, high_pass, low_pass, multiply, random_blows};
use crate::audio::SAMPLE_RATE_HZ;

/// The effective value of a machine of usual loudness in the recording: about -30 dB below full scale.
const LEVEL: f32 = 0.03;

/// The four kinds of background: two bands of noise (centre in Hz, level) and the rate of distant clanks a second.
const BACKGROUNDS: [([(f32, f32); 2], f32); 4] = [
    ([(250.0, 0.8), (1800.0, 0.25)], 0.4),
    ([(400.0, 0.7), (2500.0, 0.3)], 0.2),
    ([(200.0, 0.8), (1300.0, 0.4)], 1.2),
    ([(500.0, 0.7), (3000.0, 0.4)], 0.6),
];

/// Makes the recording of one take: samples in [-1, 1].
///
/// `noise_db` is the level of the background relative to a machine of usual loudness.
pub(super) fn record(take: &mut Take, noise_db: f32) -> Vec<f32> {
    let mut sound = (take.machine.sound)(take);
    let noise_kind = take.amount_of(Role::Noise).unwrap_or_default() as usize;
    let more_db = take.amount_of(Role::NoiseLevel).unwrap_or_default();
    let noise_db = noise_db + more_db + take.dice.between(-1.5, 1.5);
    let noise = background(&mut take.dice, take.n_samples, noise_kind);
    let machine_level = 10.0_f32.powf(take.dice.between(-1.0, 1.0) / 20.0);
    sound.iter_mut().for_each(|sample| *sample *= machine_level);
    add(&mut sound, &noise, 10.0_f32.powf(noise_db / 20.0));
    let microphone = take.amount_of(Role::Microphone).unwrap_or_default() as usize;
    listen(&mut sound, &mut take.unit(), microphone);
    // Gentle saturation instead of clipping.
    sound
        .iter()
        .map(|sample| (LEVEL * sample) / (1.0 + (LEVEL * sample).abs()))
        .collect()
}

fn background(dice: &mut Dice, n_samples: usize, kind: usize) -> Vec<f32> {
    let (bands, clanks_per_sec) = BACKGROUNDS[kind % BACKGROUNDS.len()];
    let mut noise = vec![0.0; n_samples];
    for (hz, level) in bands {
        let mut band = band_noise(dice, n_samples, hz, 0.4);
        multiply(&mut band, &drift(dice, n_samples, 1.1, 0.25));
        add(&mut noise, &band, level);
    }
    let mains = Shaft::with_speed(dice, n_samples, |_| 50.0);
    for order in [1.0, 2.0, 3.0, 6.0] {
        mains.add_order(&mut noise, order, dice.between(0.02, 0.12), dice.unit());
    }
    let sheet = body(dice, 5, 300.0, 3500.0, 0.06);
    let clanks = random_blows(dice, n_samples, clanks_per_sec);
    add_blows(&mut noise, &clanks, &sheet, 0.8, dice);
    noise
}

/// Two reflections and the microphone's own colour; each place hears the room differently.
fn listen(sound: &mut [f32], unit: &mut Dice, microphone: usize) {
    let place = 1.0 + 0.2 * microphone as f32;
    let dry = sound.to_vec();
    for (secs, level) in [(0.0031, 0.4), (0.0087, 0.25)] {
        let delay = (unit.around(secs * place, 0.3) * SAMPLE_RATE_HZ as f32) as usize;
        let later = sound.get_mut(delay..).unwrap_or_default();
        add(later, &dry, level);
    }
    let mut presence = sound.to_vec();
    high_pass(&mut presence, unit.between(1500.0, 2500.0) * place);
    add(sound, &presence, 0.3 * (TAU * 0.1 * microphone as f32).cos());
    high_pass(sound, 45.0);
    low_pass(sound, 7200.0);
}
