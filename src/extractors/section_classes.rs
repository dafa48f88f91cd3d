//! What a classifier of one machine tells apart: its sections, or the working conditions of its only one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::TrainingClip;
use crate::dataset::MachineSection;

/// The classes of one machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SectionClasses {
    /// Sorted.
    names: Vec<String>,
    is_by_condition: bool,
}

impl SectionClasses {
    /// The sections among the clips of a machine, or, where all are of one section, its working conditions; `None` where there
    /// is nothing to tell apart.
    pub(super) fn of<'a>(clips: impl Iterator<Item = &'a TrainingClip> + Clone) -> Option<Self> {
        let sections: BTreeSet<String> = clips.clone().map(|clip| clip.group.section.clone()).collect();
        let is_by_condition = sections.len() == 1;
        let names = if is_by_condition {
            clips.map(condition_of).collect()
        } else {
            sections
        };
        (names.len() > 1).then(|| Self {
            names: names.into_iter().collect(),
            is_by_condition,
        })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the classes are not the sections.
    pub(super) fn is_by_condition(&self) -> bool {
        self.is_by_condition
    }

    /// The class of a training clip.
    pub(super) fn class_of(&self, clip: &TrainingClip) -> Option<usize> {
        let name = if self.is_by_condition {
            condition_of(clip)
        } else {
            clip.group.section.clone()
        };
        self.names.binary_search(&name).ok()
    }

    /// How probable a clip of this section is, from the probabilities of the classes. What condition a tested clip is of must
    /// not be used: the most probable one of the section counts. `None` where the section was not trained on.
    pub(super) fn probability(&self, group: &MachineSection, probabilities: &[f64]) -> Option<f64> {
        if !self.is_by_condition {
            let class = self.names.binary_search(&group.section).ok()?;
            return probabilities.get(class).copied();
        }
        let of_section = |name: &str| name == group.section || name.starts_with(&format!("{} ", group.section));
        let of_section = self.names.iter().zip(probabilities).filter(|(name, _)| of_section(name));
        of_section.map(|(_, &probability)| probability).reduce(f64::max)
    }
}

/// The section with all its attributes, e.g. `00 m-n=W`.
fn condition_of(clip: &TrainingClip) -> String {
    let attributes = clip
        .attributes
        .iter()
        .map(|attribute| format!(" {}={}", attribute.name, attribute.value));
    attributes.fold(clip.group.section.clone(), |condition, attribute| condition + &attribute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::ChannelChoice;
    use crate::dataset::Attribute;

    fn clip(section: &str, voltage: Option<&str>) -> TrainingClip {
        let attribute = voltage.map(|value| Attribute {
            name: "volt".to_owned(),
            value: value.to_owned(),
        });
        TrainingClip {
            file: "clip.wav".into(),
            channel: ChannelChoice::default(),
            group: group(section),
            attributes: attribute.into_iter().collect(),
            is_target: false,
        }
    }

    fn group(section: &str) -> MachineSection {
        MachineSection {
            machine: "fan".to_owned(),
            section: section.to_owned(),
        }
    }

    #[test]
    fn classes_are_sections_else_conditions_else_nothing() {
        let clips = [clip("00", Some("1")), clip("02", Some("1")), clip("02", Some("2"))];
        let classes = SectionClasses::of(clips.iter()).expect("two sections");
        assert_eq!(classes.names(), ["00", "02"]);
        assert_eq!(classes.class_of(&clips[2]), Some(1));
        assert_eq!(classes.probability(&group("02"), &[0.25, 0.75]), Some(0.75));
        assert_eq!(classes.probability(&group("05"), &[0.25, 0.75]), None);

        // A clip without attributes is a condition of its own.
        let clips = [clip("00", Some("1")), clip("00", None), clip("00", Some("2"))];
        let classes = SectionClasses::of(clips.iter()).expect("three conditions");
        assert_eq!(classes.names(), ["00", "00 volt=1", "00 volt=2"]);
        let found: Vec<_> = clips.iter().map(|clip| classes.class_of(clip)).collect();
        assert_eq!(found, [Some(1), Some(0), Some(2)]);
        assert_eq!(classes.probability(&group("00"), &[0.2, 0.3, 0.5]), Some(0.5));
        assert_eq!(classes.probability(&group("0"), &[0.2, 0.3, 0.5]), None);

        assert_eq!(SectionClasses::of(clips[..1].iter()), None);
        assert_eq!(SectionClasses::of([].iter()), None);
    }
}
