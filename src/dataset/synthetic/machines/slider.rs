//! A slide rail: a carriage runs to and fro, motor and friction sound with its speed, and each reversal ends in a knock.

use super::{Condition, FACTORY_NOISE, Fault, Machine, Role, Take};
use crate::audio::SAMPLE_RATE_HZ;
use crate::dataset::synthetic::shaft::Shaft;
use crate::dataset::synthetic::sound::{add, add_blows, band_noise, body, multiply};

/// The way from end to end, in millimetres.
const STROKE_MM: f32 = 500.0;
/// The carriage stands still for so long at each end.
const REST_SECS: f32 = 0.12;

pub(super) const MACHINE: Machine = Machine {
    name: "slider",
    conditions: [
        Condition {
            name: "vel",
            role: Role::Machine,
            source: &[("300", 300.0), ("400", 400.0), ("500", 500.0), ("600", 600.0)],
            target: &[("250", 250.0), ("700", 700.0), ("800", 800.0)],
        },
        Condition {
            name: "ac",
            role: Role::Machine,
            source: &[("0.03", 0.03), ("0.05", 0.05)],
            target: &[("0.08", 0.08), ("0.1", 0.1)],
        },
        FACTORY_NOISE,
    ],
    faults: &[Fault::RailDamage, Fault::LooseBelt, Fault::DryRail, Fault::Contamination],
    sound,
};

/// Where the carriage is and how fast, over time: trapezoids of speed with rests between them.
struct Travel {
    /// 0 to 1 of the full speed, for each sample.
    speed: Vec<f32>,
    /// Samples at which a stroke ends.
    ends: Vec<usize>,
    /// For each stroke: its first sample, its length in samples without the rest, and whether it goes forth.
    strokes: Vec<(usize, usize, bool)>,
}

impl Travel {
    fn new(n_samples: usize, velocity_mm_s: f32, ramp_secs: f32, start_secs: f32) -> Self {
        let rate = SAMPLE_RATE_HZ as f32;
        let run = ((STROKE_MM / velocity_mm_s + ramp_secs) * rate) as usize;
        let period = run + (REST_SECS * rate) as usize;
        let ramp = (ramp_secs * rate).max(1.0);
        let (mut travel, mut is_forth) = (
            Self {
                speed: vec![0.0; n_samples],
                ends: Vec::new(),
                strokes: Vec::new(),
            },
            true,
        );
        // The recording begins somewhere within a stroke that began before it.
        let mut start = -((start_secs * rate) as isize % period as isize);
        while start < n_samples as isize {
            for i in 0..run {
                if let Some(speed) = start
                    .checked_add_unsigned(i)
                    .and_then(|at| travel.speed.get_mut(usize::try_from(at).ok()?))
                {
                    *speed = (i as f32 / ramp).min((run - i) as f32 / ramp).min(1.0);
                }
            }
            if let Ok(end) = usize::try_from(start + run as isize) {
                travel.ends.push(end);
            }
            if let Ok(first) = usize::try_from(start) {
                travel.strokes.push((first, run, is_forth));
            }
            is_forth = !is_forth;
            start += period as isize;
        }
        travel
    }
}

fn sound(take: &mut Take) -> Vec<f32> {
    let mut unit = take.unit();
    let velocity = take.dice.around(take.amount("vel"), 0.01);
    let start_secs = take.dice.between(0.0, 4.0);
    let travel = Travel::new(take.n_samples, velocity, take.amount("ac") + 0.05, start_secs);
    let (damage, belt) = (take.severity(Fault::RailDamage), take.severity(Fault::LooseBelt));
    let (dry, dirt) = (take.severity(Fault::DryRail), take.severity(Fault::Contamination));
    let pitch = (velocity / 500.0).powf(0.8);

    // The motor: a whine that rises and falls with the speed, wobbling where the belt is slack.
    let mut out = take.silence();
    let (speed, hz) = (&travel.speed, unit.between(75.0, 95.0) * pitch);
    let wobble = unit.between(9.0, 13.0);
    let at = |secs: f32| {
        speed
            .get((secs * SAMPLE_RATE_HZ as f32) as usize)
            .copied()
            .unwrap_or_default()
    };
    let motor = Shaft::with_speed(&mut take.dice, take.n_samples, |secs| {
        hz * at(secs) * (1.0 + 0.1 * belt * (std::f32::consts::TAU * wobble * secs).sin())
    });
    for order in 1..=12_u8 {
        let order = f32::from(order);
        let amplitude = unit.between(0.2, 1.0) / order.sqrt();
        motor.add_order(&mut out, order, take.dice.around(0.45 * amplitude, 0.2), unit.unit());
    }
    multiply(&mut out, speed);

    let grain_hz = unit.between(1500.0, 2500.0);
    let mut friction = band_noise(&mut take.dice, take.n_samples, grain_hz * pitch.sqrt(), 0.6);
    let squeal = band_noise(&mut take.dice, take.n_samples, unit.between(4200.0, 5600.0), 5.0);
    add(&mut friction, &squeal, 0.1 + 0.9 * dry);
    multiply(&mut friction, speed);
    let friction_level = take.dice.around(0.55, 0.15) * pitch.sqrt();
    add(&mut out, &friction, friction_level * (1.0 + 0.2 * dry));

    let frame = body(&mut unit, 5, 180.0, 2600.0, 0.02);
    let mut knocks: Vec<(usize, f32)> = travel.ends.iter().map(|end| (*end, take.dice.between(0.7, 1.0))).collect();
    if belt > 0.0 {
        // A slack belt slaps shortly after each reversal.
        knocks.extend(
            travel
                .ends
                .iter()
                .map(|end| (end + take.dice.whole(1000, 2600) as usize, 1.5 * belt)),
        );
    }
    add_blows(&mut out, &knocks, &frame, 2.2, &mut take.dice);
    add_blows(
        &mut out,
        &clicks(&travel, damage, dirt, &mut unit, take),
        &body(&mut unit, 4, 1200.0, 5000.0, 0.006),
        2.0,
        &mut take.dice,
    );
    out
}

/// A pit in the rail clicks at the same place in each stroke; dirt clicks anywhere while the carriage moves.
fn clicks(travel: &Travel, damage: f32, dirt: f32, unit: &mut super::Dice, take: &mut Take) -> Vec<(usize, f32)> {
    let place = unit.between(0.3, 0.7);
    let mut clicks = Vec::new();
    for &(start, run, is_forth) in &travel.strokes {
        let share = if is_forth { place } else { 1.0 - place };
        if damage > 0.0 {
            clicks.extend([0.0, 0.02, 0.05].map(|late| (start + ((share + late) * run as f32) as usize, 3.0 * damage)));
        }
        let n_grains = (70.0 * dirt) as u32;
        clicks.extend((0..n_grains).map(|_| (start + (take.dice.unit() * run as f32) as usize, take.dice.between(0.2, 0.8))));
    }
    clicks
}
