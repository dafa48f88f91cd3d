//! An axial fan: tones at the blade pass and its harmonics over the rush of turbulent air, and a little of every shaft order.

use super::{Condition, FACTORY_NOISE, Fault, Machine, Role, Take};
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, band_noise, drift, multiply};

pub(super) const MACHINE: Machine = Machine {
    name: "fan",
    conditions: [
        Condition {
            name: "m-n",
            role: Role::Machine,
            source: &[("W", 1.0), ("X", 1.05)],
            target: &[("Y", 0.93), ("Z", 1.12)],
        },
        FACTORY_NOISE,
        Condition {
            name: "n-lv",
            role: Role::NoiseLevel,
            source: &[("L1", 0.0), ("L2", 1.5)],
            target: &[("L3", 3.0), ("L4", 5.0)],
        },
    ],
    faults: &[Fault::Imbalance, Fault::DamagedBlade, Fault::Rubbing, Fault::Clogging],
    sound,
};

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let n_blades = unit.whole(5, 9) as f32;
    let shaft_hz = unit.between(19.0, 27.0) * take.amount("m-n");
    let (imbalance, damage) = (take.severity(Fault::Imbalance), take.severity(Fault::DamagedBlade));
    let (rubbing, clogging) = (take.severity(Fault::Rubbing), take.severity(Fault::Clogging));

    // A clogged fan turns a little slower, and its blades work in disturbed air.
    let shaft_hz = take.dice.around(shaft_hz, 0.006) * (1.0 - 0.015 * clogging);
    let shaft = Shaft::turning(&mut take.dice, take.n_samples, shaft_hz, 0.002);
    let mut out = take.silence();
    for harmonic in 1..=8_u8 {
        let harmonic = f32::from(harmonic);
        let amplitude = unit.between(0.5, 1.2) / harmonic * (1.0 - 0.3 * clogging);
        shaft.add_order(
            &mut out,
            n_blades * harmonic,
            take.dice.around(0.6 * amplitude, 0.15),
            unit.unit(),
        );
        // One blade unlike the others shows at the orders beside the blade pass.
        for side in [-2.0, -1.0, 1.0, 2.0] {
            let order = n_blades * harmonic + side;
            shaft.add_order(&mut out, order, (0.015 + 0.13 * damage) * amplitude, unit.unit());
        }
    }
    for order in 1..=4_u8 {
        let order = f32::from(order);
        let amplitude = take.dice.around(0.08, 0.4) + 0.55 * imbalance;
        shaft.add_order(&mut out, order, amplitude / order, unit.unit());
    }

    let colour_hz = unit.between(500.0, 900.0);
    let mut air = band_noise(&mut take.dice, take.n_samples, colour_hz, 0.5);
    multiply(&mut air, &shaft.swell(n_blades, 0.2, 0.0));
    multiply(&mut air, &shaft.swell(1.0, 0.05 + 0.4 * imbalance.max(damage), 0.3));
    multiply(&mut air, &drift(&mut take.dice, take.n_samples, 0.7, 0.1));
    let air_level = take.dice.around(0.7, 0.12);
    add(&mut out, &air, air_level * (1.0 + 0.25 * clogging));
    let rumble = band_noise(&mut take.dice, take.n_samples, 150.0, 0.8);
    add(&mut out, &rumble, 0.15 + 0.45 * clogging);

    // Something touches the ring once a turn: a hiss that comes and goes with the angle.
    let mut scrape = band_noise(&mut take.dice, take.n_samples, 3200.0, 1.2);
    let mut contact = shaft.swell(1.0, 1.0, 0.6);
    contact.iter_mut().for_each(|gain| *gain = (0.5 * *gain).powi(6));
    multiply(&mut scrape, &contact);
    add(&mut out, &scrape, 0.02 + 0.45 * rubbing);
    out
}
