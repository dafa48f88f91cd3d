//! The machines that can be made: their working conditions, what can break, and the sound of each in a file of its own.
//!
//! # How to add a machine
//! One file with a `MACHINE`, one line in [`MACHINES`], its name in `SyntheticConfig::MACHINES`.

mod bearing;
mod fan;
mod gearbox;
mod pump;
mod slider;
mod toy_car;
mod toy_train;
mod valve;

use super::dice::Dice;

/// All machines, in the order of `SyntheticConfig::MACHINES`.
pub(super) const MACHINES: [&Machine; 8] = [
    &fan::MACHINE,
    &pump::MACHINE,
    &slider::MACHINE,
    &valve::MACHINE,
    &gearbox::MACHINE,
    &bearing::MACHINE,
    &toy_car::MACHINE,
    &toy_train::MACHINE,
];

/// A machine type.
pub(super) struct Machine {
    pub(super) name: &'static str,
    /// Section NN of DCASE 2022 varies the condition number NN, DCASE 2023 all of them.
    pub(super) conditions: [Condition; 3],
    /// Every fault has the same share of the anomalies.
    pub(super) faults: &'static [Fault],
    /// The machine alone, without room and background, with an effective value of about 1.
    pub(super) sound: fn(&mut Take) -> Vec<f32>,
}

/// A working condition and the values it takes in the two domains: as the file name spells it, and what that means in numbers.
pub(super) struct Condition {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) source: &'static [(&'static str, f32)],
    pub(super) target: &'static [(&'static str, f32)],
}

/// What a condition changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The machine itself, which reads it with [`Take::amount`].
    Machine,
    /// The kind of background noise, counted from 0.
    Noise,
    /// The level of the background noise, in dB on top of the usual one.
    NoiseLevel,
    /// Where the microphone stands, counted from 0.
    Microphone,
}

/// The background noise of a factory, as several machines share it.
const FACTORY_NOISE: Condition = Condition {
    name: "f-n",
    role: Role::Noise,
    source: &[("A", 0.0), ("B", 1.0)],
    target: &[("C", 2.0), ("D", 3.0)],
};

/// What can be wrong with a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    BentShaft,
    BrokenRail,
    Cavitation,
    Clogging,
    Contamination,
    DamagedBlade,
    DamagedTooth,
    DryRail,
    FlatWheel,
    Imbalance,
    InnerRaceDefect,
    Leak,
    LooseBelt,
    LoosePart,
    MissingStroke,
    OuterRaceDefect,
    Overload,
    RailDamage,
    Rubbing,
    WornGear,
}

/// One recording of one machine that is about to be made.
pub(super) struct Take<'a> {
    pub(super) machine: &'static Machine,
    pub(super) n_samples: usize,
    /// What differs from clip to clip.
    pub(super) dice: Dice,
    /// The values of the machine's conditions, in their order.
    pub(super) amounts: [f32; 3],
    /// What is wrong, and how badly: 0 (not at all) to 1.
    pub(super) fault: Option<(Fault, f32)>,
    /// Names the unit: seed, machine and section.
    pub(super) unit: &'a Dice,
}

impl Take<'_> {
    /// The unit's own numbers, the same for each of its clips: no two machines of one type are alike.
    pub(super) fn unit(&self) -> Dice {
        self.unit.clone()
    }

    /// The value of the machine's condition `name`, 0 where it has none of that name.
    pub(super) fn amount(&self, name: &str) -> f32 {
        let place = self.machine.conditions.iter().position(|condition| condition.name == name);
        place.map_or(0.0, |place| self.amounts[place])
    }

    pub(super) fn amount_of(&self, role: Role) -> Option<f32> {
        let place = self.machine.conditions.iter().position(|condition| condition.role == role);
        place.map(|place| self.amounts[place])
    }

    /// How badly the machine has this fault: 0 where it has not.
    pub(super) fn severity(&self, fault: Fault) -> f32 {
        self.fault
            .map_or(0.0, |(found, severity)| if found == fault { severity } else { 0.0 })
    }

    pub(super) fn silence(&self) -> Vec<f32> {
        vec![0.0; self.n_samples]
    }
}
