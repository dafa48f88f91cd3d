//! Which clips train and which test, where the layout leaves it open.
//!
//! Anomalies are always tested. Of the normal clips of a machine section, in the order of their paths:
//!
//! * MIMII's official split: the first *n(anomalous)* are tested, so that the test is balanced, the rest trains. It is kept where
//!   it leaves more than half of the normal clips for training. MIMII itself keeps 60 % at the least (fan 00: 604 of 1,011).
//! * Otherwise 60 % train: the last ones, after the order of the official split.
//! * Where no clip of a section has a label, nobody can say what to test. Then the *first* 60 % train – names are mostly in order
//!   of time, and the machine was well when recording began – and the rest gets scores.

use std::collections::BTreeMap;

use super::{PlacedClip, count};
use crate::dataset::{Label, MachineSection, Split};

/// A clip that still may lack a split.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Its split is filled in where `split` is `None`.
    pub(super) clip: PlacedClip,
    pub(super) split: Option<Split>,
}

/// How normal clips are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NormalSplit {
    /// MIMII's, where it leaves enough.
    Official,
    /// 60 % train.
    SixtyPercent,
}

/// The number of training clips out of `n_normal`: 60 %, but one at the least.
fn sixty_percent(n_normal: usize) -> usize {
    ((6 * n_normal + 5) / 10).max(1).min(n_normal)
}

/// Fills in all missing splits and says in `notes` what was chosen.
pub(super) fn fill(mut drafts: Vec<Draft>, rule: NormalSplit, notes: &mut Vec<String>) -> Vec<PlacedClip> {
    drafts.sort_by(|a, b| a.clip.path.cmp(&b.clip.path));
    let mut sections: BTreeMap<MachineSection, Vec<usize>> = BTreeMap::new();
    for (draft_idx, draft) in drafts.iter().enumerate() {
        sections.entry(draft.clip.group.clone()).or_default().push(draft_idx);
    }
    let mut tally = Tally::default();
    for members in sections.values() {
        tally.fill_section(&mut drafts, members, rule);
    }
    tally.tell(rule, notes);
    drafts
        .into_iter()
        .map(|draft| PlacedClip {
            split: draft.split.unwrap_or(Split::Test),
            ..draft.clip
        })
        .collect()
}

/// What was chosen, in numbers of sections and clips.
#[derive(Debug, Default)]
struct Tally {
    n_sixty_percent: usize,
    n_unlabelled: usize,
    n_without_anomalies: usize,
    n_moved: usize,
}

impl Tally {
    fn fill_section(&mut self, drafts: &mut [Draft], members: &[usize], rule: NormalSplit) {
        let label_of = |draft_idx: &usize| drafts[*draft_idx].clip.label;
        let n_anomalous = members.iter().filter(|i| label_of(i) == Label::Anomalous).count();
        let is_unlabelled = members.iter().all(|i| label_of(i) == Label::Unknown);
        let is_split = members.iter().any(|i| drafts[*i].split.is_some());
        let open: Vec<usize> = members.iter().copied().filter(|i| drafts[*i].split.is_none()).collect();
        let (normal, other): (Vec<usize>, Vec<usize>) = open
            .into_iter()
            .partition(|i| is_unlabelled || drafts[*i].clip.label == Label::Normal);
        for draft_idx in members {
            let draft = &mut drafts[*draft_idx];
            if draft.clip.label == Label::Anomalous && draft.split == Some(Split::Train) {
                draft.split = Some(Split::Test);
                self.n_moved += 1;
            }
        }
        for draft_idx in other {
            drafts[draft_idx].split = Some(Split::Test);
        }
        if normal.is_empty() {
            return;
        }
        let n_train = if is_split {
            normal.len() // Clips beside a train and a test folder: only what lies in the latter is tested.
        } else if is_unlabelled {
            self.n_unlabelled += 1;
            sixty_percent(normal.len())
        } else if rule == NormalSplit::Official && 2 * n_anomalous < normal.len() {
            self.n_without_anomalies += usize::from(n_anomalous == 0);
            normal.len() - n_anomalous
        } else {
            self.n_sixty_percent += 1;
            sixty_percent(normal.len())
        };
        let first_of_train = if is_unlabelled { 0 } else { normal.len() - n_train };
        for (order, draft_idx) in normal.into_iter().enumerate() {
            let is_train = (first_of_train..first_of_train + n_train).contains(&order);
            drafts[draft_idx].split = Some(if is_train { Split::Train } else { Split::Test });
        }
    }

    fn tell(&self, rule: NormalSplit, notes: &mut Vec<String>) {
        let mut note = |n: usize, thing: &str, text: &str| {
            if n > 0 {
                notes.push(format!("{}: {text}", count(n, thing)));
            }
        };
        let sixty = match rule {
            NormalSplit::Official => {
                "too few normal clips for the official split, so the first 40 % of them (by name) are tested and 60 % train"
            }
            NormalSplit::SixtyPercent => {
                "no train and test folders, so the first 40 % of the normal clips (by name) are tested and 60 % train"
            }
        };
        note(self.n_sixty_percent, "machine section", sixty);
        let unlabelled =
            "no labels, so the first 60 % of the clips (by name) are taken as normal for training and the rest gets scores";
        note(self.n_unlabelled, "machine section", unlabelled);
        note(
            self.n_without_anomalies,
            "machine section",
            "no abnormal clips, so all normal clips train and nothing is tested",
        );
        note(
            self.n_moved,
            "anomalous clip",
            "found among the training clips and tested instead, training is on normal clips only",
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::{Draft, NormalSplit, PlacedClip, fill};
    use crate::dataset::{Label, MachineSection, Split};

    fn draft(clip_idx: usize, label: Label, split: Option<Split>) -> Draft {
        let group = MachineSection {
            machine: "fan".to_owned(),
            section: "00".to_owned(),
        };
        let path = format!("{clip_idx:05}.wav");
        let clip = PlacedClip {
            path,
            group,
            split: Split::Test,
            label,
            domain: None,
            attributes: Vec::new(),
        };
        Draft { clip, split }
    }

    /// Training clips, tested normal clips, tested anomalies, and whether the first normal clip trains.
    fn split(n_normal: usize, n_anomalous: usize, rule: NormalSplit) -> ([usize; 3], bool) {
        let normal = (0..n_normal).map(|i| draft(i, Label::Normal, None));
        let drafts = normal
            .chain((0..n_anomalous).map(|i| draft(n_normal + i, Label::Anomalous, None)))
            .collect();
        let clips = fill(drafts, rule, &mut Vec::new());
        let number = |split, label| clips.iter().filter(|clip| clip.split == split && clip.label == label).count();
        let counts = [
            number(Split::Train, Label::Normal),
            number(Split::Test, Label::Normal),
            number(Split::Test, Label::Anomalous),
        ];
        (counts, clips[0].split == Split::Train)
    }

    #[test]
    fn the_official_split_is_kept_wherever_mimii_is_whole() {
        assert_eq!(split(1011, 407, NormalSplit::Official), ([604, 407, 407], false));
        assert_eq!(split(1068, 356, NormalSplit::Official), ([712, 356, 356], false));
    }

    #[test]
    fn sixty_percent_train_where_normal_clips_are_few() {
        assert_eq!(split(10, 5, NormalSplit::Official), ([6, 4, 5], false));
        assert_eq!(split(10, 1, NormalSplit::SixtyPercent), ([6, 4, 1], false));
        assert_eq!(split(1, 5, NormalSplit::Official), ([1, 0, 5], true));
    }

    #[test]
    fn without_labels_the_first_clips_train() {
        let drafts = (0..10).map(|i| draft(i, Label::Unknown, None)).collect();
        let mut notes = Vec::new();
        let clips = fill(drafts, NormalSplit::SixtyPercent, &mut notes);
        assert!(
            clips[..6].iter().all(|clip| clip.split == Split::Train) && clips[6..].iter().all(|clip| clip.split == Split::Test)
        );
        assert!(notes[0].contains("no labels"), "{notes:?}");
    }

    proptest! {
        #[test]
        fn anomalies_never_train_and_given_splits_of_others_stay(
            rows in proptest::collection::vec((
                prop_oneof![Just(Label::Normal), Just(Label::Anomalous), Just(Label::Unknown)],
                prop_oneof![Just(None), Just(Some(Split::Train)), Just(Some(Split::Test))],
            ), 0..40)
        ) {
            let drafts = rows.iter().enumerate().map(|(i, (label, split))| draft(i, *label, *split)).collect();
            let clips = fill(drafts, NormalSplit::SixtyPercent, &mut Vec::new());
            prop_assert_eq!(clips.len(), rows.len());
            for (clip, (label, split)) in clips.iter().zip(&rows) {
                prop_assert!(*label != Label::Anomalous || clip.split == Split::Test);
                prop_assert!(*label == Label::Anomalous || split.is_none_or(|split| split == clip.split));
            }
        }
    }
}
