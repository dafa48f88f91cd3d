//! Which clips are made: their names, working conditions and faults, before any sound.
//!
//! Of the `n_clips` of a section in a DCASE layout two fifths test, in four equal parts (source and target, normal and anomalous);
//! of the rest one in a hundred, but three at the least, is a target clip. In the MIMII layout a quarter is abnormal, so that the
//! official split leaves half of the clips for training.

use super::dice::Dice;
use super::machines::{Condition, Fault, Machine};
use super::{SyntheticConfig, SyntheticLayout};
use crate::dataset::{Domain, Label, Split};

/// From hard to find to plain; every kind of fault gets each in turn.
const SEVERITIES: [f32; 3] = [0.35, 0.6, 1.0];
/// The ids of MIMII's machines.
const MIMII_IDS: [&str; 4] = ["00", "02", "04", "06"];
const DCASE_2022_SECTIONS: [&str; 3] = ["00", "01", "02"];
/// Target clips in training, where there is room for them.
const FEWEST_TARGET_CLIPS: usize = 3;

/// One section of one machine.
pub(super) struct SectionPlan {
    pub(super) machine: &'static Machine,
    pub(super) section: &'static str,
    pub(super) clips: Vec<ClipPlan>,
}

/// One recording.
pub(super) struct ClipPlan {
    /// Relative to the data set's folder.
    pub(super) path: String,
    /// Names and values as the file name spells them.
    pub(super) attributes: Vec<(&'static str, &'static str)>,
    pub(super) amounts: [f32; 3],
    pub(super) fault: Option<(Fault, f32)>,
}

/// All sections of a configuration.
pub(super) fn plan(config: &SyntheticConfig, machines: &[&'static Machine]) -> Vec<SectionPlan> {
    let sections: &[&'static str] = match config.layout {
        SyntheticLayout::Dcase2022 => &DCASE_2022_SECTIONS,
        SyntheticLayout::Dcase2023 => &DCASE_2022_SECTIONS[..1],
        SyntheticLayout::Mimii => &MIMII_IDS,
    };
    let each = |machine: &&'static Machine| {
        let machine = *machine;
        sections.iter().enumerate().map(move |(section_idx, section)| {
            let mut planner = Planner {
                config,
                machine,
                section,
                section_idx,
                dice: Dice::new(config.seed, &["plan", machine.name, section], 0),
            };
            let clips = if config.layout == SyntheticLayout::Mimii {
                planner.mimii()
            } else {
                planner.dcase()
            };
            SectionPlan { machine, section, clips }
        })
    };
    machines.iter().flat_map(each).collect()
}

struct Planner<'a> {
    config: &'a SyntheticConfig,
    machine: &'static Machine,
    section: &'static str,
    section_idx: usize,
    dice: Dice,
}

impl Planner<'_> {
    fn dcase(&mut self) -> Vec<ClipPlan> {
        let n_clips = self.config.n_clips;
        let n_of_test_part = ((n_clips + 5) / 10).max(1);
        let n_train = n_clips.saturating_sub(4 * n_of_test_part).max(2);
        let n_target = ((n_train + 50) / 100).max(FEWEST_TARGET_CLIPS).min(n_train / 2);
        let parts = [
            (Domain::Source, Split::Train, Label::Normal, n_train - n_target),
            (Domain::Target, Split::Train, Label::Normal, n_target),
            (Domain::Source, Split::Test, Label::Normal, n_of_test_part),
            (Domain::Source, Split::Test, Label::Anomalous, n_of_test_part),
            (Domain::Target, Split::Test, Label::Normal, n_of_test_part),
            (Domain::Target, Split::Test, Label::Anomalous, n_of_test_part),
        ];
        let mut clips = Vec::with_capacity(n_clips);
        for (domain, split, label, n) in parts {
            clips.extend((0..n).map(|clip_idx| self.dcase_clip(domain, split, label, clip_idx)));
        }
        clips
    }

    fn dcase_clip(&mut self, domain: Domain, split: Split, label: Label, clip_idx: usize) -> ClipPlan {
        let values = self.values(domain);
        let is_named = |place: &usize| self.config.layout == SyntheticLayout::Dcase2023 || *place == self.section_idx;
        let named = (0..values.len()).filter(is_named);
        let attributes: Vec<_> = named
            .map(|place| (self.machine.conditions[place].name, values[place].0))
            .collect();
        let domain = if domain == Domain::Source { "source" } else { "target" };
        let (split, anomaly) = (
            if split == Split::Train { "train" } else { "test" },
            label == Label::Anomalous,
        );
        let label = if anomaly { "anomaly" } else { "normal" };
        let tail: String = attributes.iter().map(|(name, value)| format!("_{name}_{value}")).collect();
        let (machine, section) = (self.machine.name, self.section);
        ClipPlan {
            path: format!("{machine}/{split}/section_{section}_{domain}_{split}_{label}_{clip_idx:04}{tail}.wav"),
            attributes,
            amounts: values.map(|(_, amount)| amount),
            fault: anomaly.then(|| self.fault(clip_idx)),
        }
    }

    fn mimii(&mut self) -> Vec<ClipPlan> {
        let n_abnormal = (self.config.n_clips / 4).max(1);
        let n_normal = self.config.n_clips - n_abnormal;
        let (machine, section) = (self.machine.name, self.section);
        let parts = [("normal", n_normal), ("abnormal", n_abnormal)];
        let mut clips = Vec::with_capacity(self.config.n_clips);
        for (label, n) in parts {
            clips.extend((0..n).map(|clip_idx| ClipPlan {
                path: format!("{machine}/id_{section}/{label}/{clip_idx:08}.wav"),
                attributes: Vec::new(),
                amounts: self.values(Domain::Source).map(|(_, amount)| amount),
                fault: (label == "abnormal").then(|| self.fault(clip_idx)),
            }));
        }
        clips
    }

    /// The values of all conditions. A target clip has at least one that training hardly knows.
    fn values(&mut self, domain: Domain) -> [(&'static str, f32); 3] {
        let varied = |place: usize| self.config.layout != SyntheticLayout::Dcase2022 || place == self.section_idx;
        let mut values = [("", 0.0); 3];
        for (place, value) in values.iter_mut().enumerate() {
            let Condition { source, target, .. } = self.machine.conditions[place];
            let is_main = if self.config.layout == SyntheticLayout::Dcase2022 {
                varied(place)
            } else {
                place == 0
            };
            let is_new = domain == Domain::Target && varied(place) && (is_main || self.dice.unit() < 0.3);
            *value = match (is_new, varied(place)) {
                (true, _) => *self.dice.pick(target),
                (false, true) => *self.dice.pick(source),
                (false, false) => source[0],
            };
        }
        values
    }

    fn fault(&self, clip_idx: usize) -> (Fault, f32) {
        let faults = self.machine.faults;
        (
            faults[clip_idx % faults.len()],
            SEVERITIES[clip_idx / faults.len() % SEVERITIES.len()],
        )
    }
}

impl SectionPlan {
    /// The table of attributes that DCASE puts beside the clips: its path and its text.
    pub(super) fn table(&self) -> (String, String) {
        let n_pairs = self.clips.iter().map(|clip| clip.attributes.len()).max().unwrap_or_default();
        let mut text = String::from("file_name");
        for pair in 1..=n_pairs {
            text.push_str(&format!(",d{pair}p,d{pair}v"));
        }
        text.push('\n');
        for clip in &self.clips {
            text.push_str(&clip.path);
            for (name, value) in &clip.attributes {
                text.push_str(&format!(",{name},{value}"));
            }
            text.push('\n');
        }
        (format!("{}/attributes_{}.csv", self.machine.name, self.section), text)
    }
}
