//! The working conditions that a data set names, as classifiers: one for each machine section and attribute.

use std::collections::BTreeMap;
use std::fmt;

use crate::dataset::{Attribute, MachineSection};

/// Attributes that say how a clip was recorded, not how the machine ran. The paper leaves them unused in DCASE 2023, where each
/// machine has others, and uses them in DCASE 2022, where some sections have nothing else; so do we.
const OF_THE_RECORDING: [&str; 2] = ["mic", "noise"];

/// A working condition that takes several values in one section of a machine.
///
/// Sections count by themselves because DCASE 2022 varies another attribute in each; where a machine has one section, as in
/// DCASE 2023, this is one classifier for each machine and attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionHead {
    pub group: MachineSection,
    /// The attribute, e.g. `vel`.
    pub name: String,
    /// Sorted, two at least.
    pub values: Vec<String>,
}

impl fmt::Display for ConditionHead {
    /// E.g. `bearing 00 vel (11)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.group, self.name, self.values.len())
    }
}

impl ConditionHead {
    /// Which of the values a clip has; `None` where it has none, one that is not among them, or is of another section.
    pub(super) fn class_of(&self, group: &MachineSection, attributes: &[Attribute]) -> Option<usize> {
        let attribute = attributes.iter().find(|attribute| attribute.name == self.name)?;
        (*group == self.group)
            .then(|| self.values.binary_search(&attribute.value).ok())
            .flatten()
    }
}

/// The working conditions among clips with these sections and attributes, sorted.
///
/// An attribute with one value tells nothing and is none; nor is one of which clips hardly share values: that is a name.
pub fn condition_heads<'a>(clips: impl Iterator<Item = (&'a MachineSection, &'a [Attribute])>) -> Vec<ConditionHead> {
    let mut found: BTreeMap<(&MachineSection, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for (group, attributes) in clips {
        for attribute in attributes.iter().filter(|attribute| !attribute.value.is_empty()) {
            let values = found.entry((group, &attribute.name)).or_default();
            *values.entry(&attribute.value).or_default() += 1;
        }
    }
    found.retain(|_, values| values.len() > 1 && 2 * values.len() <= values.values().sum());
    let is_of_recording = |name: &str| OF_THE_RECORDING.contains(&name);
    let has_others = |group: &MachineSection| found.keys().any(|(known, name)| *known == group && !is_of_recording(name));
    let kept = found
        .iter()
        .filter(|((group, name), _)| !is_of_recording(name) || !has_others(group));
    kept.map(|((group, name), values)| ConditionHead {
        group: (*group).clone(),
        name: (*name).to_owned(),
        values: values.keys().map(|value| (*value).to_owned()).collect(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(machine: &str, section: &str) -> MachineSection {
        MachineSection {
            machine: machine.to_owned(),
            section: section.to_owned(),
        }
    }

    /// Machine, section, names and values.
    type Told<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    /// Twice each, so that values are shared.
    fn heads(clips: &[Told<'_>]) -> Vec<ConditionHead> {
        let attribute = |(name, value): &(&str, &str)| Attribute {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let clips: Vec<(MachineSection, Vec<Attribute>)> = clips
            .iter()
            .map(|(machine, section, attributes)| (group(machine, section), attributes.iter().map(attribute).collect()))
            .collect();
        let twice = clips.iter().chain(&clips);
        condition_heads(twice.map(|(group, attributes)| (group, attributes.as_slice())))
    }

    #[test]
    fn each_section_and_attribute_with_several_values_is_a_condition() {
        let found = heads(&[
            ("ToyCar", "00", &[("car", "A1"), ("spd", "28V"), ("mic", "1")]),
            ("ToyCar", "00", &[("car", "B2"), ("spd", "28V"), ("mic", "2")]),
            ("ToyCar", "02", &[("mic", "2")]),
            ("ToyCar", "02", &[("mic", "1")]),
            ("fan", "00", &[("m-n", "X")]),
            ("fan", "00", &[("m-n", "")]),
            ("fan", "00", &[("m-n", "W")]),
            ("fan", "00", &[]),
        ]);
        let names: Vec<String> = found.iter().map(ToString::to_string).collect();
        // The speed never changes; the microphone counts only where nothing else is told.
        assert_eq!(names, ["ToyCar 00 car (2)", "ToyCar 02 mic (2)", "fan 00 m-n (2)"]);
        let head = &found[2];
        let attribute = |value: &str| {
            vec![Attribute {
                name: "m-n".to_owned(),
                value: value.to_owned(),
            }]
        };
        assert_eq!(head.class_of(&group("fan", "00"), &attribute("X")), Some(1));
        assert_eq!(head.class_of(&group("fan", "00"), &attribute("Y")), None, "unknown");
        assert_eq!(head.class_of(&group("fan", "00"), &[]), None, "missing");
        assert_eq!(
            head.class_of(&group("fan", "01"), &attribute("X")),
            None,
            "of another section"
        );
    }

    #[test]
    fn a_number_for_each_clip_is_no_condition() {
        let fan = group("fan", "00");
        let named = |i: usize| {
            vec![Attribute {
                name: "take".to_owned(),
                value: i.to_string(),
            }]
        };
        let clips: Vec<Vec<Attribute>> = (0..20).map(named).collect();
        assert_eq!(
            condition_heads(clips.iter().map(|attributes| (&fan, attributes.as_slice()))),
            []
        );
    }
}
