//! A toy car on rollers: the whine of a small motor, its plastic gears, and wheels that are not quite round.

use super::{Condition, Fault, Machine, Role, Take};
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, add_blows, band_noise, body, drift, multiply};

/// Turns of the motor in one turn of the wheels.
const RATIO: f32 = 8.4;

pub(super) const MACHINE: Machine = Machine {
    name: "ToyCar",
    conditions: [
        Condition {
            name: "car",
            role: Role::Machine,
            source: &[("A1", 0.0), ("A2", 0.2), ("B1", 0.5), ("B2", 0.7)],
            target: &[("C1", 1.0), ("D1", 1.4), ("E1", 1.8)],
        },
        Condition {
            name: "spd",
            role: Role::Machine,
            source: &[("28V", 2.8), ("31V", 3.1), ("34V", 3.4)],
            target: &[("25V", 2.5), ("37V", 3.7), ("40V", 4.0)],
        },
        Condition {
            name: "mic",
            role: Role::Microphone,
            source: &[("1", 0.0)],
            target: &[("2", 1.0), ("3", 2.0)],
        },
    ],
    faults: &[Fault::BentShaft, Fault::WornGear, Fault::DamagedTooth, Fault::FlatWheel],
    sound,
};

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let (car, volt) = (take.amount("car"), take.amount("spd"));
    let (bent, worn) = (take.severity(Fault::BentShaft), take.severity(Fault::WornGear));
    let (tooth, flat) = (take.severity(Fault::DamagedTooth), take.severity(Fault::FlatWheel));
    let motor_hz = unit.between(34.0, 40.0) * volt * (1.0 + 0.04 * car);
    let motor_hz = take.dice.around(motor_hz, 0.012) * (1.0 - 0.02 * bent);
    let motor = Shaft::turning(&mut take.dice, take.n_samples, motor_hz, 0.006);

    let mut out = take.silence();
    let n_teeth = 10.0 + (2.0 * car).round();
    for harmonic in 1..=5_u8 {
        let harmonic = f32::from(harmonic);
        let amplitude = unit.between(0.3, 0.8) / harmonic.sqrt();
        motor.add_order(
            &mut out,
            n_teeth * harmonic,
            take.dice.around(0.6 * amplitude, 0.2),
            unit.unit(),
        );
        for side in [-2.0, -1.0, 1.0, 2.0_f32] {
            motor.add_order(
                &mut out,
                n_teeth * harmonic + side,
                (0.05 + 0.3 * worn) * amplitude / side.abs(),
                unit.unit(),
            );
        }
    }
    // Three commutator bars click six times a turn; the motor's own unbalance shows in the first orders.
    for (order, level) in [(1.0, 0.25), (2.0, 0.15), (3.0, 0.1), (6.0, 0.3), (12.0, 0.15), (18.0, 0.08)] {
        let level = level + if order < 4.0 { 0.35 * bent } else { 0.0 };
        motor.add_order(&mut out, order, take.dice.around(level, 0.2), unit.unit());
    }
    multiply(&mut out, &motor.swell(1.0 / RATIO, 0.15 + 0.4 * bent, 0.0));
    multiply(&mut out, &drift(&mut take.dice, take.n_samples, 0.3, 0.15));

    let brush_hz = unit.between(2500.0, 3800.0);
    let rustle = band_noise(&mut take.dice, take.n_samples, brush_hz, 0.5);
    let rustle_level = take.dice.around(0.4, 0.2);
    add(&mut out, &rustle, rustle_level * (1.0 + 0.3 * worn));
    let chassis = body(&mut unit, 5, 400.0 * (1.0 + 0.2 * car), 4200.0, 0.005);
    let wheel: Vec<_> = motor
        .events(1.0 / RATIO)
        .into_iter()
        .map(|at| (at, take.dice.between(0.6, 1.0)))
        .collect();
    add_blows(&mut out, &wheel, &chassis, 0.4 + 1.8 * flat, &mut take.dice);
    let missing_tooth: Vec<_> = motor
        .events(1.0)
        .into_iter()
        .map(|at| (at, take.dice.between(0.6, 1.0)))
        .collect();
    add_blows(&mut out, &missing_tooth, &chassis, 0.1 + 0.9 * tooth, &mut take.dice);
    out
}
