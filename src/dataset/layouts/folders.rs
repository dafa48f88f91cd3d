//! Plain folders: a folder's name is a label (`normal`, `ok`, `faulty`, …), a split (`train`, `test`) or the machine.
//!
//! The outermost folder that is neither names the machine, further ones its section; without one the opened folder names it. A
//! training folder without a label holds normal clips. `splits` says how the rest is divided, and what happens without labels.

use super::splits::{Draft, NormalSplit, fill};
use super::{PlacedClip, Placement, words};
use crate::dataset::walk::Tree;
use crate::dataset::{Label, MachineSection, Split};

/// The section of a machine that has only one.
pub(super) const ONLY_SECTION: &str = "00";

/// What the folders of one file say, outermost first.
fn read_folders(folders: &[&str], root_name: &str) -> (MachineSection, Option<Label>, Option<Split>) {
    let (mut label, mut split) = (None, None);
    let mut names = Vec::new();
    for folder in folders {
        if let Some(found) = words::label(folder) {
            label = Some(found);
        } else if let Some(found) = words::split(folder) {
            split = Some(found);
        } else {
            names.push(*folder);
        }
    }
    let (machine, section) = match names.as_slice() {
        [] => (root_name, ONLY_SECTION.to_owned()),
        [machine] => (*machine, ONLY_SECTION.to_owned()),
        [machine, section @ ..] => (*machine, section.join("-")),
    };
    (
        MachineSection {
            machine: machine.to_owned(),
            section,
        },
        label,
        split,
    )
}

pub(super) fn place(tree: &Tree) -> Placement {
    let mut placement = Placement::default();
    let drafts = tree.sounds.iter().map(|path| {
        let (group, label, split) = read_folders(&tree.folders(path), tree.root_name());
        let label_of_split = if split == Some(Split::Train) {
            Label::Normal
        } else {
            Label::Unknown
        };
        let label = label.unwrap_or(label_of_split);
        let clip = PlacedClip {
            path: path.clone(),
            group,
            split: Split::Test,
            label,
            domain: None,
            attributes: Vec::new(),
        };
        Draft { clip, split }
    });
    placement.clips = fill(drafts.collect(), NormalSplit::SixtyPercent, &mut placement.notes);
    placement
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::read_folders;
    use crate::dataset::{Label, Split};

    #[test]
    fn folders_in_any_order() {
        for folders in [
            ["press", "train", "ok"],
            ["train", "press", "good"],
            ["Normal", "Train", "press"],
        ] {
            let (group, label, split) = read_folders(&folders, "root");
            assert_eq!(
                (group.to_string().as_str(), label, split),
                ("press 00", Some(Label::Normal), Some(Split::Train))
            );
        }
    }

    #[test]
    fn deeper_folders_are_sections() {
        let (group, label, _) = read_folders(&["hall 3", "pump", "left", "faulty"], "root");
        assert_eq!(
            (group.machine.as_str(), group.section.as_str(), label),
            ("hall 3", "pump-left", Some(Label::Anomalous))
        );
        assert_eq!(read_folders(&[], "root").0.machine, "root");
    }

    proptest! {
        #[test]
        fn no_folder_panics(folders in proptest::collection::vec(any::<String>(), 0..6)) {
            let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
            let (group, _, _) = read_folders(&folders, "root");
            prop_assert!(!group.section.is_empty() || folders.len() > 1);
        }
    }
}
