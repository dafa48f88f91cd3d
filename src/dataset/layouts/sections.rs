//! How the trees of DCASE 2021 to 2026 are placed, whose names begin with `section_`.
//!
//! What the name leaves out, the folder says; what neither says, the truth files may; what nobody says stays unknown.

use std::collections::BTreeSet;

use super::names::{SectionName, section_name};
use super::places::{SUPPLEMENTAL_FOLDER, machine_of, split_of_folder};
use super::truth::Truth;
use super::{PlacedClip, Placement, count, stem, words};
use crate::dataset::walk::Tree;
use crate::dataset::{Attribute, Label, MachineSection, Split};

/// All sections that the tree's names speak of.
pub(super) fn sections_of(tree: &Tree) -> BTreeSet<String> {
    let names = tree.sounds.iter().filter_map(|path| section_name(stem(path)));
    names.map(|name| name.section).collect()
}

pub(super) fn place(tree: &Tree, layout: &str) -> Placement {
    let mut placement = Placement::default();
    let truth = Truth::read(tree, &mut placement.notes);
    let mut n_supplemental = 0;
    for path in &tree.sounds {
        let folders = tree.folders(path);
        if folders.contains(&SUPPLEMENTAL_FOLDER) {
            n_supplemental += 1;
            continue;
        }
        match section_name(stem(path)) {
            Some(name) => placement.clips.push(placed(tree, path, name, &truth)),
            None => placement.skip(tree, path, format!("its name does not follow {layout}: section_NN_…_number")),
        }
    }
    if n_supplemental > 0 {
        let clips = count(n_supplemental, "supplemental clip");
        placement.notes.push(format!("{clips} left out: neither training nor test"));
    }
    let is_unhidden = |clip: &&PlacedClip| stem(&clip.path).ends_with("_noAttribute") && !clip.attributes.is_empty();
    let n_unhidden = placement.clips.iter().filter(is_unhidden).count();
    if n_unhidden > 0 {
        let clips = count(n_unhidden, "clip");
        placement.notes.push(format!(
            "{clips} named noAttribute with attributes all the same, from tables: the challenge hid them from its systems"
        ));
    }
    drop_renamed(&mut placement, |stem| {
        section_name(stem).is_none_or(|name| name.label == Label::Unknown)
    });
    placement
}

fn placed(tree: &Tree, path: &str, name: SectionName, truth: &Truth) -> PlacedClip {
    let machine = machine_of(tree, path).to_owned();
    let folder = tree.all_folders(path).pop().unwrap_or_default();
    let known = truth.of(&machine, stem(path));
    let domain_of_folder = folder.split_once('_').and_then(|(first, _)| words::domain(first));
    PlacedClip {
        path: path.to_owned(),
        split: name.split.or_else(|| split_of_folder(folder)).unwrap_or(Split::Test),
        label: if name.label == Label::Unknown {
            known.label
        } else {
            name.label
        },
        domain: name.domain.or(domain_of_folder).or(known.domain),
        attributes: merged(name.attributes, known.attributes),
        group: MachineSection {
            machine,
            section: name.section,
        },
    }
}

/// The name's attributes, and those of the tables that the name leaves out.
fn merged(mut attributes: Vec<Attribute>, of_tables: &[Attribute]) -> Vec<Attribute> {
    for attribute in of_tables {
        if attributes.iter().all(|known| known.name != attribute.name) {
            attributes.push(attribute.clone());
        }
    }
    attributes
}

/// The baselines keep a second copy of the test clips under labelled names in `test_rename`: it replaces the nameless one.
pub(super) fn drop_renamed(placement: &mut Placement, is_nameless: impl Fn(&str) -> bool) {
    let is_renamed = |clip: &PlacedClip| clip.path.contains("test_rename/");
    let renamed: BTreeSet<MachineSection> = placement
        .clips
        .iter()
        .filter(|clip| is_renamed(clip))
        .map(|clip| clip.group.clone())
        .collect();
    let n_before = placement.clips.len();
    placement.clips.retain(|clip| {
        let is_copy = clip.split == Split::Test && !is_renamed(clip) && renamed.contains(&clip.group);
        !(is_copy && is_nameless(stem(&clip.path)))
    });
    let n_dropped = n_before - placement.clips.len();
    if n_dropped > 0 {
        let clips = count(n_dropped, "test clip");
        placement.notes.push(format!(
            "{clips} without a label left out: test_rename holds the same clips with labels"
        ));
    }
}
