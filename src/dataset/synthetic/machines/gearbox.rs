//! A gear pair behind a motor: the mesh tone with its harmonics, side bands from the turning of both gears, bearing noise.

use super::{Condition, Fault, Machine, Role, Take};
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, add_blows, band_noise, body, drift, multiply};

pub(super) const MACHINE: Machine = Machine {
    name: "gearbox",
    conditions: [
        Condition {
            name: "volt",
            role: Role::Machine,
            source: &[("1.0", 1.0), ("1.5", 1.5), ("2.0", 2.0)],
            target: &[("0.8", 0.8), ("2.2", 2.2), ("2.4", 2.4)],
        },
        Condition {
            name: "wt",
            role: Role::Machine,
            source: &[("0", 0.0), ("50", 0.5), ("100", 1.0)],
            target: &[("150", 1.5), ("200", 2.0)],
        },
        Condition {
            name: "id",
            role: Role::Machine,
            source: &[("00", 0.0), ("02", 0.3)],
            target: &[("05", 0.6), ("08", 1.0)],
        },
    ],
    faults: &[Fault::DamagedTooth, Fault::WornGear, Fault::BentShaft, Fault::Overload],
    sound,
};

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let (n_teeth, n_teeth_slow) = (unit.whole(15, 21) as f32, unit.whole(40, 60) as f32);
    let (volt, load, individual) = (take.amount("volt"), take.amount("wt"), take.amount("id"));
    let (tooth, worn) = (take.severity(Fault::DamagedTooth), take.severity(Fault::WornGear));
    let (bent, overload) = (take.severity(Fault::BentShaft), take.severity(Fault::Overload));

    // Speed follows the voltage, and sags under the load.
    let shaft_hz = unit.between(13.0, 16.0) * (0.4 + 0.6 * volt) * (1.0 - 0.03 * load - 0.04 * overload);
    let shaft_hz = take.dice.around(shaft_hz * (1.0 + 0.05 * individual), 0.008);
    let shaft = Shaft::turning(&mut take.dice, take.n_samples, shaft_hz, 0.003);
    let slow = n_teeth / n_teeth_slow;
    let mut mesh = take.silence();
    for harmonic in 1..=6_u8 {
        let harmonic = f32::from(harmonic);
        let amplitude = unit.between(0.4, 1.0) * (1.0 + 0.25 * load + 0.35 * overload) / harmonic.powf(0.7);
        shaft.add_order(
            &mut mesh,
            n_teeth * harmonic,
            take.dice.around(0.5 * amplitude, 0.2),
            unit.unit(),
        );
        // Worn flanks ring at the orders beside the mesh.
        for side in [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0_f32] {
            let level = (0.03 + 0.2 * worn) * amplitude / side.abs();
            shaft.add_order(&mut mesh, n_teeth * harmonic + side, level, unit.unit());
            shaft.add_order(&mut mesh, n_teeth * harmonic + side * slow, level, unit.unit());
        }
    }
    multiply(&mut mesh, &shaft.swell(1.0, 0.08 + 0.1 * individual + 0.45 * bent, 0.0));
    let mut out = mesh;
    for order in 1..=3_u8 {
        let amplitude = (take.dice.around(0.12, 0.3) + 0.4 * bent) / f32::from(order);
        shaft.add_order(&mut out, f32::from(order), amplitude, unit.unit());
    }

    let mut rolling = band_noise(
        &mut take.dice,
        take.n_samples,
        unit.between(1100.0, 1900.0) * volt.powf(0.3),
        0.5,
    );
    multiply(&mut rolling, &drift(&mut take.dice, take.n_samples, 0.4, 0.15));
    let rolling_level = take.dice.around(0.35, 0.2) * (0.6 + 0.4 * volt);
    add(&mut out, &rolling, rolling_level * (1.0 + 0.3 * worn + 0.3 * overload));

    // The damaged tooth strikes once a turn of its gear.
    let housing = body(&mut unit, 5, 700.0, 5200.0, 0.006);
    let blows: Vec<(usize, f32)> = shaft
        .events(1.0)
        .into_iter()
        .map(|at| (at, take.dice.between(0.7, 1.0)))
        .collect();
    add_blows(&mut out, &blows, &housing, 2.0 * tooth, &mut take.dice);
    out
}
