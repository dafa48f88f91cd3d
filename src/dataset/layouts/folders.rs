//! Plain folders: a folder's name is a label (`normal`, `ok`, `faulty`, …), a split (`train`, `test`) or the machine.
//!
//! The outermost folder that is neither names the machine, further ones its section; without one the opened folder names it. A
//! training folder without a label holds normal clips. Beside `test/good`, any other folder in `test` holds the fault that it is
//! named after, as in the `MVTec` data sets. `splits` says how the rest is divided, and what happens without labels.

use std::collections::BTreeSet;

use super::splits::{Draft, NormalSplit, fill};
use super::{PlacedClip, Placement, words};
use crate::dataset::walk::Tree;
use crate::dataset::{Attribute, Label, MachineSection, Split};

/// The attribute that holds the name of a fault's folder.
const FAULT: &str = "fault";

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

/// The position of the test folder among a file's folders.
fn test_folder(folders: &[&str]) -> Option<usize> {
    folders.iter().position(|folder| words::split(folder) == Some(Split::Test))
}

/// The test folders, each as its way from the root, that have a folder of normal clips in them.
fn tests_with_normals<'a>(tree: &'a Tree) -> BTreeSet<Vec<&'a str>> {
    let of_normals = |folders: Vec<&'a str>| {
        let test = test_folder(&folders)?;
        let is_of_normals = words::label(folders.get(test + 1)?) == Some(Label::Normal);
        is_of_normals.then(|| folders[..=test].to_vec())
    };
    tree.sounds.iter().filter_map(|path| of_normals(tree.folders(path))).collect()
}

/// The folder of a fault, taken out of `folders`, where it lies beside one of normal clips and no folder has a label.
fn take_fault<'a>(folders: &mut Vec<&'a str>, tests_with_normals: &BTreeSet<Vec<&str>>) -> Option<&'a str> {
    let test = test_folder(folders)?;
    let is_labelled = folders.iter().any(|folder| words::label(folder).is_some());
    let is_fault = !is_labelled && test + 1 < folders.len() && tests_with_normals.contains(&folders[..=test]);
    is_fault.then(|| folders.remove(test + 1))
}

pub(super) fn place(tree: &Tree) -> Placement {
    let mut placement = Placement::default();
    let tests_with_normals = tests_with_normals(tree);
    let drafts = tree.sounds.iter().map(|path| {
        let mut folders = tree.folders(path);
        let fault = take_fault(&mut folders, &tests_with_normals);
        let (group, label, split) = read_folders(&folders, tree.root_name());
        let label = fault.map(|_| Label::Anomalous).or(label);
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
            attributes: fault.map(attribute).into_iter().collect(),
        };
        Draft { clip, split }
    });
    placement.clips = fill(drafts.collect(), NormalSplit::SixtyPercent, &mut placement.notes);
    placement
}

fn attribute(fault: &str) -> Attribute {
    Attribute {
        name: FAULT.to_owned(),
        value: fault.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{read_folders, take_fault};
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
            let mut tests = std::collections::BTreeSet::new();
            for end in 1..=folders.len() {
                tests.insert(folders[..end].to_vec());
            }
            let mut rest = folders.clone();
            prop_assert!(take_fault(&mut rest, &tests).is_some() == (rest.len() < folders.len()));
        }
    }
}
