//! Names that begin with `section_`: the grammar that DCASE 2021 to 2026 share, and how their trees are placed.
//!
//! `section_NN[_source|_target][_train|_test][_normal|_anomaly]_<number>[_<attribute>_<value>]…`. What the name leaves out, the
//! folder says; what neither says, the truth files may; what nobody says stays unknown.

use std::collections::BTreeSet;

use super::truth::Truth;
use super::{PlacedClip, Placement, count, is_number, stem, words};
use crate::dataset::walk::Tree;
use crate::dataset::{Attribute, Domain, Label, MachineSection, Split};

/// Folders between a machine's folder and its clips.
const SPLIT_FOLDERS: [(&str, Split); 5] = [
    ("train", Split::Train),
    ("test", Split::Test),
    ("source_test", Split::Test),
    ("target_test", Split::Test),
    ("test_rename", Split::Test),
];

/// DCASE 2025 adds clips of the bare machine or of noise alone, which are neither training nor test.
const SUPPLEMENTAL_FOLDER: &str = "supplemental";

/// What a file's name says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SectionName {
    pub(super) section: String,
    pub(super) domain: Option<Domain>,
    pub(super) split: Option<Split>,
    pub(super) label: Label,
    pub(super) attributes: Vec<Attribute>,
}

/// Reads a file's stem, `None` where it does not follow the grammar.
pub(super) fn parse(stem: &str) -> Option<SectionName> {
    let mut fields = stem.split('_').peekable();
    if fields.next() != Some("section") {
        return None;
    }
    let section = fields.next().filter(|field| is_number(field))?.to_owned();
    let domain = fields.peek().and_then(|field| words::domain(field));
    fields.next_if(|_| domain.is_some());
    let split = fields.peek().and_then(|field| words::split(field));
    fields.next_if(|_| split.is_some());
    let label = fields.peek().and_then(|field| words::label(field));
    fields.next_if(|_| label.is_some());
    fields.next().filter(|field| is_number(field))?;
    Some(SectionName {
        section,
        domain,
        split,
        label: label.unwrap_or(Label::Unknown),
        attributes: attributes(fields),
    })
}

/// Names and values in turn. A last name without a value is kept with an empty one; `noAttribute` says that there is none.
fn attributes<'a>(mut fields: impl Iterator<Item = &'a str>) -> Vec<Attribute> {
    let mut found = Vec::new();
    while let Some(name) = fields.next() {
        if name.is_empty() || name == "noAttribute" {
            continue;
        }
        found.push(Attribute {
            name: name.to_owned(),
            value: fields.next().unwrap_or_default().to_owned(),
        });
    }
    found
}

pub(super) fn split_of_folder(folder: &str) -> Option<Split> {
    let known = SPLIT_FOLDERS.iter().find(|(name, _)| folder.eq_ignore_ascii_case(name));
    known.map(|(_, split)| *split)
}

/// The innermost folder that is not a split: the machine. Folders above the root count, so that `fan/train` can be opened too.
pub(super) fn machine_of<'a>(tree: &'a Tree, path: &'a str) -> &'a str {
    let folders = tree.all_folders(path);
    let is_machine = |folder: &&&str| split_of_folder(folder).is_none() && **folder != SUPPLEMENTAL_FOLDER;
    folders.iter().rev().find(is_machine).copied().unwrap_or("machine")
}

/// All sections that the tree's names speak of.
pub(super) fn sections_of(tree: &Tree) -> BTreeSet<String> {
    let names = tree.sounds.iter().filter_map(|path| parse(stem(path)));
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
        match parse(stem(path)) {
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
        parse(stem).is_none_or(|name| name.label == Label::Unknown)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::parse;
    use crate::dataset::{Attribute, Domain, Label, Split};

    fn attribute(name: &str, value: &str) -> Attribute {
        Attribute {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn a_full_name_says_everything() {
        let name = parse("section_02_target_train_normal_0007_m-n_W_spd_2.5V").expect("follows the grammar");
        assert_eq!(
            (name.section.as_str(), name.domain, name.split),
            ("02", Some(Domain::Target), Some(Split::Train))
        );
        assert_eq!(name.label, Label::Normal);
        assert_eq!(name.attributes, [attribute("m-n", "W"), attribute("spd", "2.5V")]);
    }

    #[test]
    fn short_names_of_the_evaluation_sets_say_less() {
        let two_fields = parse("section_03_0000").expect("2022 and later");
        assert_eq!(
            (two_fields.domain, two_fields.split, two_fields.label),
            (None, None, Label::Unknown)
        );
        let readme = parse("section_03_test_0000").expect("the spelling of the README");
        assert_eq!((readme.split, readme.label), (Some(Split::Test), Label::Unknown));
        let of_2021 = parse("section_03_source_test_0000").expect("2021");
        assert_eq!((of_2021.domain, of_2021.label), (Some(Domain::Source), Label::Unknown));
    }

    #[test]
    fn tails_without_a_value_or_without_attributes() {
        assert_eq!(
            parse("section_00_source_train_normal_0000_noAttribute")
                .expect("2024")
                .attributes,
            []
        );
        let odd = parse("section_00_source_train_normal_0000_strength_1_ambient").expect("2021");
        assert_eq!(odd.attributes, [attribute("strength", "1"), attribute("ambient", "")]);
    }

    #[test]
    fn other_names_are_refused() {
        for stem in [
            "",
            "section",
            "section_",
            "section_x_0000",
            "section_00",
            "section_00_normal",
            "normal_id_00_00000000",
        ] {
            assert_eq!(parse(stem), None, "{stem}");
        }
    }

    proptest! {
        #[test]
        fn no_name_panics(tail in any::<String>(), fields in "(_?(section|source|train|normal|[0-9]{0,3}|\\PC{0,4})){0,12}") {
            let _ = (parse(&tail), parse(&format!("section_{tail}")), parse(&fields));
        }

        #[test]
        fn every_pair_of_the_tail_is_found(pairs in proptest::collection::vec(("[a-z-]{1,6}", "[A-Za-z0-9.-]{1,6}"), 0..5)) {
            let tail: String = pairs.iter().map(|(name, value)| format!("_{name}_{value}")).collect();
            let name = parse(&format!("section_00_source_test_anomaly_0001{tail}")).expect("follows the grammar");
            prop_assert!(name.attributes.iter().map(|a| (&a.name, &a.value)).eq(pairs.iter().map(|(n, v)| (n, v))));
        }
    }
}
