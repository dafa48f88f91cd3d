//! A toy train on an oval: its motor comes and goes past the microphone, wheels roll, rail joints click under every axle.

use super::{Condition, Fault, Machine, Role, Take};
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, add_blows, band_noise, body, multiply};

/// Rail joints in one round.
const N_JOINTS: f32 = 12.0;
/// Turns of a wheel in one round.
const WHEEL_ORDER: f32 = 37.3;

pub(super) const MACHINE: Machine = Machine {
    name: "ToyTrain",
    conditions: [
        Condition {
            name: "car",
            role: Role::Machine,
            source: &[("A1", 0.0), ("A2", 0.2), ("B1", 0.5)],
            target: &[("C1", 1.0), ("D1", 1.5)],
        },
        Condition {
            name: "spd",
            role: Role::Machine,
            source: &[("6", 6.0), ("7", 7.0), ("8", 8.0)],
            target: &[("5", 5.0), ("9", 9.0), ("10", 10.0)],
        },
        Condition {
            name: "mic",
            role: Role::Microphone,
            source: &[("1", 0.0)],
            target: &[("2", 1.0), ("3", 2.0)],
        },
    ],
    faults: &[Fault::FlatWheel, Fault::BrokenRail, Fault::BentShaft, Fault::LoosePart],
    sound,
};

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let (car, speed) = (take.amount("car"), take.amount("spd"));
    let (flat, broken) = (take.severity(Fault::FlatWheel), take.severity(Fault::BrokenRail));
    let (bent, loose) = (take.severity(Fault::BentShaft), take.severity(Fault::LoosePart));
    let rounds_hz = take.dice.around(0.032 * speed * unit.between(0.9, 1.1), 0.02);
    let oval = Shaft::turning(&mut take.dice, take.n_samples, rounds_hz, 0.01);
    // Loud when it passes the microphone, once a round.
    let nearness = oval.swell(1.0, 0.45, unit.unit());

    let mut train = take.silence();
    let motor_order = unit.between(520.0, 600.0) * (1.0 + 0.06 * car);
    for harmonic in 1..=10_u8 {
        let harmonic = f32::from(harmonic);
        let amplitude = unit.between(0.3, 1.0) / harmonic.sqrt();
        oval.add_order(
            &mut train,
            motor_order * harmonic,
            take.dice.around(0.35 * amplitude, 0.2),
            unit.unit(),
        );
    }
    multiply(&mut train, &oval.swell(WHEEL_ORDER, 0.1 + 0.5 * bent, 0.2));
    oval.add_order(&mut train, 2.0 * WHEEL_ORDER, 0.15 + 0.4 * bent, 0.0);
    let rolling_hz = unit.between(1300.0, 2100.0);
    let mut rolling = band_noise(&mut take.dice, take.n_samples, rolling_hz * (speed / 7.0).sqrt(), 0.6);
    multiply(&mut rolling, &oval.swell(WHEEL_ORDER, 0.1 + 0.3 * flat, 0.0));
    let rolling_level = take.dice.around(0.55, 0.15);
    add(&mut train, &rolling, rolling_level);

    let coach = body(&mut unit, 6, 350.0 * (1.0 + 0.15 * car), 4600.0, 0.008);
    let mut joints = Vec::new();
    for (axle, &late) in [0, 500, 2600, 3100].iter().enumerate() {
        joints.extend(
            oval.events(N_JOINTS)
                .into_iter()
                .map(|at| (at + late, take.dice.between(0.5, 0.8 + 0.05 * axle as f32))),
        );
        // One joint stands open: a blow of its own, once a round.
        joints.extend(
            oval.events(1.0)
                .into_iter()
                .chain(oval.events(2.0))
                .map(|at| (at + late, 3.0 * broken)),
        );
    }
    add_blows(&mut train, &joints, &coach, 1.2, &mut take.dice);
    let thuds: Vec<_> = oval
        .events(WHEEL_ORDER)
        .into_iter()
        .map(|at| (at, take.dice.between(0.5, 1.0)))
        .collect();
    add_blows(&mut train, &thuds, &coach, 0.1 + 0.9 * flat, &mut take.dice);
    let rattle: Vec<_> = oval
        .events(7.3 * WHEEL_ORDER)
        .into_iter()
        .map(|at| (at, take.dice.unit()))
        .collect();
    let lid = body(&mut unit, 3, 2500.0, 6000.0, 0.004);
    add_blows(&mut train, &rattle, &lid, 0.05 + 0.35 * loose, &mut take.dice);
    multiply(&mut train, &nearness);
    train
}
