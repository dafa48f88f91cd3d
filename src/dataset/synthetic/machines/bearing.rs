//! A ball bearing: rolling noise and shaft orders; a pit in a race is struck by each ball that passes.

use super::{Condition, FACTORY_NOISE, Fault, Machine, Role, Take};
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, add_blows, band_noise, body, drift, multiply};

/// Balls that pass a point of the outer and the inner race in one turn: for 9 balls with a diameter of 0.2 pitch diameters,
/// 9 / 2 * (1 - 0.2) and 9 / 2 * (1 + 0.2).
const OUTER_RACE_ORDER: f32 = 3.6;
const INNER_RACE_ORDER: f32 = 5.4;

pub(super) const MACHINE: Machine = Machine {
    name: "bearing",
    conditions: [
        Condition {
            name: "vel",
            role: Role::Machine,
            source: &[("6", 6.0), ("10", 10.0), ("14", 14.0), ("18", 18.0)],
            target: &[("5", 5.0), ("20", 20.0), ("23", 23.0)],
        },
        Condition {
            name: "loc",
            role: Role::Microphone,
            source: &[("A", 0.0), ("B", 1.0)],
            target: &[("C", 2.0), ("D", 3.0)],
        },
        FACTORY_NOISE,
    ],
    faults: &[
        Fault::OuterRaceDefect,
        Fault::InnerRaceDefect,
        Fault::Imbalance,
        Fault::Contamination,
    ],
    sound,
};

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let velocity = take.amount("vel");
    let (outer, inner) = (take.severity(Fault::OuterRaceDefect), take.severity(Fault::InnerRaceDefect));
    let (imbalance, dirt) = (take.severity(Fault::Imbalance), take.severity(Fault::Contamination));
    let shaft_hz = take.dice.around(velocity * unit.between(1.5, 1.8), 0.008);
    let shaft = Shaft::turning(&mut take.dice, take.n_samples, shaft_hz, 0.002);
    let effort = (velocity / 14.0).sqrt();

    let mut out = take.silence();
    for order in 1..=10_u8 {
        let order = f32::from(order);
        let amplitude = (unit.between(0.15, 0.4) + 0.7 * imbalance) / order;
        shaft.add_order(&mut out, order, take.dice.around(amplitude * effort, 0.25), unit.unit());
    }
    let mut rolling = band_noise(&mut take.dice, take.n_samples, unit.between(900.0, 1400.0) * effort, 0.5);
    let whistle = band_noise(&mut take.dice, take.n_samples, unit.between(2400.0, 3600.0), 3.0);
    add(&mut rolling, &whistle, 0.35);
    multiply(&mut rolling, &drift(&mut take.dice, take.n_samples, 0.5, 0.12));
    multiply(&mut rolling, &shaft.swell(1.0, 0.1 + 0.3 * imbalance, 0.0));
    let rolling_level = take.dice.around(0.6, 0.15) * effort;
    add(&mut out, &rolling, rolling_level);

    let housing = body(&mut unit, 6, 1200.0, 6200.0, 0.003);
    let strike = |at: usize, dice: &mut super::Dice| (at, dice.between(0.6, 1.0));
    let of_outer: Vec<_> = shaft
        .events(OUTER_RACE_ORDER)
        .into_iter()
        .map(|at| strike(at, &mut take.dice))
        .collect();
    add_blows(&mut out, &of_outer, &housing, 1.1 * outer, &mut take.dice);
    // The inner race turns with the shaft: its pit is loud only in the loaded half of the turn.
    let zone = shaft.swell(1.0, 1.0, 0.5);
    let of_inner: Vec<_> = shaft
        .events(INNER_RACE_ORDER)
        .into_iter()
        .map(|at| (at, 0.7 * zone[at]))
        .collect();
    add_blows(&mut out, &of_inner, &housing, 1.1 * inner, &mut take.dice);
    let grit = super::super::sound::random_blows(&mut take.dice, take.n_samples, 10.0 + 150.0 * dirt);
    add_blows(&mut out, &grit, &housing, 0.4 + 0.6 * dirt, &mut take.dice);
    out
}
