//! A solenoid valve: it opens and closes in a pattern, each time with a click, and hisses while it is open.

use super::{Condition, Fault, Machine, Role, Take};
use crate::audio::SAMPLE_RATE_HZ;
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, add_blows, band_noise, body, low_pass, multiply};

/// Openings and closings as shares of the pattern's period; an even place opens.
const PATTERNS: [&[f32]; 6] = [
    &[0.0, 0.5],
    &[0.0, 0.25, 0.5, 0.6],
    &[0.0, 0.15, 0.3, 0.45],
    &[0.0, 0.8],
    &[0.0, 0.1, 0.2, 0.3, 0.6, 0.9],
    &[0.0, 0.3, 0.4, 0.5],
];

pub(super) const MACHINE: Machine = Machine {
    name: "valve",
    conditions: [
        Condition {
            name: "pat",
            role: Role::Machine,
            source: &[("00", 0.0), ("01", 1.0), ("02", 2.0)],
            target: &[("03", 3.0), ("04", 4.0), ("05", 5.0)],
        },
        Condition {
            name: "panel",
            role: Role::Machine,
            source: &[("open", 0.0)],
            target: &[("close", 1.0), ("half", 0.5)],
        },
        Condition {
            name: "v1pat",
            role: Role::Machine,
            source: &[("00", 1.0), ("01", 0.8)],
            target: &[("02", 0.6), ("03", 1.4)],
        },
    ],
    faults: &[Fault::Contamination, Fault::Leak, Fault::MissingStroke, Fault::LoosePart],
    sound,
};

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let pattern = PATTERNS[take.amount("pat") as usize % PATTERNS.len()];
    let period_secs = unit.between(0.85, 1.1) * take.amount("v1pat");
    let (dirt, leak) = (take.severity(Fault::Contamination), take.severity(Fault::Leak));
    let (missing, loose) = (take.severity(Fault::MissingStroke), take.severity(Fault::LoosePart));

    let rate = SAMPLE_RATE_HZ as f32;
    let start_secs = take.dice.between(-period_secs, 0.0);
    let mut opening = take.silence();
    let (mut clicks, mut rattles) = (Vec::new(), Vec::new());
    let n_periods = (take.n_samples as f32 / rate / period_secs) as usize + 2;
    for period_idx in 0..n_periods {
        // Dirt holds the plunger back, unevenly; a failing coil leaves strokes out.
        if take.dice.unit() < 0.8 * missing {
            continue;
        }
        for pair in pattern.chunks_exact(2) {
            let late = |dice: &mut super::Dice| dice.between(0.0, 0.004 + 0.05 * dirt);
            let open_secs = start_secs + (period_idx as f32 + pair[0]) * period_secs + late(&mut take.dice);
            let close_secs = start_secs + (period_idx as f32 + pair[1]) * period_secs + late(&mut take.dice);
            let sample = |secs: f32| ((secs * rate).max(0.0) as usize).min(take.n_samples);
            let (open, close) = (sample(open_secs), sample(close_secs));
            opening[open..close.max(open)].fill(1.0);
            let strength = take.dice.between(0.8, 1.1) * (1.0 - 0.7 * dirt);
            clicks.extend(
                [(open_secs, 1.0), (close_secs, 0.7)]
                    .iter()
                    .filter(|(secs, _)| *secs >= 0.0)
                    .map(|(secs, share)| (sample(*secs), share * strength)),
            );
            rattles.extend((1..=4_u8).map(|bounce| (close + usize::from(bounce) * 170, loose / f32::from(bounce))));
        }
    }
    let plunger = body(&mut unit, 6, 500.0, 6000.0, 0.007);
    let bracket = body(&mut unit, 4, 300.0, 1500.0, 0.02);
    let mut out = take.silence();
    add_blows(&mut out, &clicks, &plunger, 5.0, &mut take.dice);
    add_blows(&mut out, &rattles, &bracket, 5.0, &mut take.dice);

    let mut hiss = band_noise(&mut take.dice, take.n_samples, unit.between(3000.0, 4500.0), 0.9);
    // Air takes its time to start and stop flowing.
    low_pass(&mut opening, 25.0);
    opening.iter_mut().for_each(|gain| *gain = gain.max(0.0) + 0.05 + 0.9 * leak);
    multiply(&mut hiss, &opening);
    let hiss_level = take.dice.around(0.25, 0.2);
    add(&mut out, &hiss, hiss_level);

    let coil = Shaft::with_speed(&mut take.dice, take.n_samples, |_| 50.0);
    let mut hum = take.silence();
    for order in [2.0, 4.0, 6.0, 8.0] {
        coil.add_order(&mut hum, order, unit.between(0.05, 0.25), unit.unit());
    }
    multiply(&mut hum, &opening);
    add(&mut out, &hum, 0.6);
    let panel = take.amount("panel");
    if panel > 0.0 {
        low_pass(&mut out, 5500.0 - 3500.0 * panel);
    }
    out
}
