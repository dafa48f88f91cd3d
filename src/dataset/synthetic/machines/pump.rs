//! A centrifugal pump: vane-pass tones, the hiss of flow, a motor's hum, and a pressure that pulses with the load.

use super::{Condition, FACTORY_NOISE, Fault, Machine, Role, Take};
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, add_blows, band_noise, body, drift, multiply, random_blows};

pub(super) const MACHINE: Machine = Machine {
    name: "pump",
    conditions: [
        Condition {
            name: "spd",
            role: Role::Machine,
            source: &[("80", 0.8), ("90", 0.9), ("100", 1.0)],
            target: &[("75", 0.75), ("105", 1.05)],
        },
        Condition {
            name: "load",
            role: Role::Machine,
            source: &[("1", 0.0), ("2", 0.4)],
            target: &[("3", 0.6), ("4", 0.8)],
        },
        FACTORY_NOISE,
    ],
    faults: &[Fault::Cavitation, Fault::Leak, Fault::Imbalance, Fault::Contamination],
    sound,
};

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let n_vanes = unit.whole(5, 7) as f32;
    let (speed, load) = (take.amount("spd"), take.amount("load"));
    let (cavitation, leak) = (take.severity(Fault::Cavitation), take.severity(Fault::Leak));
    let (imbalance, contamination) = (take.severity(Fault::Imbalance), take.severity(Fault::Contamination));

    let shaft_hz = take.dice.around(unit.between(44.0, 49.0) * speed, 0.005) * (1.0 - 0.02 * load);
    let shaft = Shaft::turning(&mut take.dice, take.n_samples, shaft_hz, 0.0015);
    let mut out = take.silence();
    for harmonic in 1..=6_u8 {
        let harmonic = f32::from(harmonic);
        let amplitude = unit.between(0.3, 0.7) * (1.0 + 0.3 * load) / harmonic;
        shaft.add_order(&mut out, n_vanes * harmonic, take.dice.around(amplitude, 0.2), unit.unit());
    }
    for order in 1..=5_u8 {
        let amplitude = (take.dice.around(0.12, 0.3) + 0.5 * imbalance) / f32::from(order);
        shaft.add_order(&mut out, f32::from(order), amplitude, unit.unit());
    }
    let mains = Shaft::with_speed(&mut take.dice, take.n_samples, |_| 50.0);
    for order in [2.0, 4.0, 6.0, 12.0] {
        mains.add_order(&mut out, order, unit.between(0.05, 0.2), unit.unit());
    }

    let mut flow = band_noise(
        &mut take.dice,
        take.n_samples,
        unit.between(900.0, 1600.0) * (0.8 + 0.2 * speed),
        0.4,
    );
    let pulse = Shaft::turning(&mut take.dice, take.n_samples, 0.6 + 0.8 * load, 0.1);
    multiply(&mut flow, &pulse.swell(1.0, 0.15 + 0.15 * load, 0.0));
    multiply(&mut flow, &drift(&mut take.dice, take.n_samples, 0.5, 0.1));
    let flow_level = take.dice.around(0.55 + 0.15 * load, 0.15);
    add(&mut out, &flow, flow_level);

    // Bubbles that collapse: a crackle of blows on the housing, in clouds.
    let housing = body(&mut unit, 5, 1800.0, 6500.0, 0.002);
    let crackle = random_blows(&mut take.dice, take.n_samples, 30.0 + 600.0 * cavitation);
    add_blows(&mut out, &crackle, &housing, 0.3 + 0.6 * cavitation, &mut take.dice);
    let hiss = band_noise(&mut take.dice, take.n_samples, 5200.0, 1.5);
    add(&mut out, &hiss, 0.05 + 0.22 * leak);
    // A foreign body knocks against the vanes now and then.
    let casing = body(&mut unit, 4, 350.0, 2400.0, 0.012);
    let knocks = random_blows(&mut take.dice, take.n_samples, 12.0 * contamination);
    add_blows(&mut out, &knocks, &casing, 1.2 + 1.5 * contamination, &mut take.dice);
    out
}
