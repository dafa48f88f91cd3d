//! DCASE 2020 task 2: `<machine>/{train,test}/{normal,anomaly}_id_NN_00000000.wav`, the evaluation set without a label.
//!
//! The machine's id is the section; there are no domains and no attributes.

use super::truth::Truth;
use super::{PlacedClip, Placement, is_number, mostly, sections, stem, words};
use crate::dataset::walk::Tree;
use crate::dataset::{Label, MachineSection, Split};

/// The id and the label of a file's stem, `None` where it does not follow the grammar.
pub(super) fn parse(stem: &str) -> Option<(&str, Label)> {
    let fields: Vec<&str> = stem.split('_').collect();
    let (label, rest) = match fields.as_slice() {
        ["id", rest @ ..] => (Label::Unknown, rest),
        [word, "id", rest @ ..] => (words::label(word)?, rest),
        _ => return None,
    };
    match rest {
        [id, number] if is_number(id) && is_number(number) => Some((id, label)),
        _ => None,
    }
}

fn split_of(tree: &Tree, path: &str) -> Option<Split> {
    let folder = tree.all_folders(path).pop()?;
    sections::split_of_folder(folder)
}

pub(super) fn fits(tree: &Tree) -> bool {
    mostly(tree, |path| parse(stem(path)).is_some() && split_of(tree, path).is_some())
}

pub(super) fn place(tree: &Tree) -> Placement {
    let mut placement = Placement::default();
    let truth = Truth::read(tree, &mut placement.notes);
    for path in &tree.sounds {
        let (Some((id, label)), Some(split)) = (parse(stem(path)), split_of(tree, path)) else {
            placement.skip(
                tree,
                path,
                "its name does not follow DCASE 2020: train or test/normal_id_NN_number",
            );
            continue;
        };
        let machine = sections::machine_of(tree, path).to_owned();
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
        parse(stem).is_none_or(|(_, label)| label == Label::Unknown)
    });
    placement
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::parse;
    use crate::dataset::Label;

    #[test]
    fn names_with_and_without_a_label() {
        assert_eq!(parse("normal_id_01_00000000"), Some(("01", Label::Normal)));
        assert_eq!(parse("anomaly_id_06_00000012"), Some(("06", Label::Anomalous)));
        assert_eq!(parse("id_05_00000003"), Some(("05", Label::Unknown)));
        for stem in [
            "",
            "id",
            "id_05",
            "id_x_0",
            "normal_id_01",
            "crow_id_01_0",
            "normal_id_01_0_1",
            "section_00_0000",
        ] {
            assert_eq!(parse(stem), None, "{stem}");
        }
    }

    proptest! {
        #[test]
        fn no_name_panics(name in any::<String>()) {
            let _ = (parse(&name), parse(&format!("normal_id_{name}")));
        }
    }
}
