//! DCASE 2020 task 2: `<machine>/{train,test}/{normal,anomaly}_id_NN_00000000.wav`, the evaluation set without a label.
//!
//! The machine's id is the section; there are no domains and no attributes.

use super::names::machine_id;
use super::places::{machine_of, split_of_folder};
use super::truth::Truth;
use super::{PlacedClip, Placement, mostly, sections, stem};
use crate::dataset::walk::Tree;
use crate::dataset::{Label, MachineSection, Split};

fn split_of(tree: &Tree, path: &str) -> Option<Split> {
    let folder = tree.all_folders(path).pop()?;
    split_of_folder(folder)
}

pub(super) fn fits(tree: &Tree) -> bool {
    mostly(tree, |path| {
        machine_id(stem(path)).is_some() && split_of(tree, path).is_some()
    })
}

pub(super) fn place(tree: &Tree) -> Placement {
    let mut placement = Placement::default();
    let truth = Truth::read(tree, &mut placement.notes);
    for path in &tree.sounds {
        let (Some((id, label)), Some(split)) = (machine_id(stem(path)), split_of(tree, path)) else {
            placement.skip(
                tree,
                path,
                "its name does not follow DCASE 2020: train or test/normal_id_NN_number",
            );
            continue;
        };
        let machine = machine_of(tree, path).to_owned();
        let known = truth.of(&machine, stem(path));
        placement.clips.push(PlacedClip {
            path: path.clone(),
            group: MachineSection {
                machine,
                section: id.to_owned(),
            },
            split,
            label: if label == Label::Unknown { known.label } else { label },
            domain: None,
            attributes: Vec::new(),
        });
    }
    sections::drop_renamed(&mut placement, |stem| {
        machine_id(stem).is_none_or(|(_, label)| label == Label::Unknown)
    });
    placement
}
