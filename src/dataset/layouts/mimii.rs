//! MIMII: `[<signal-to-noise folder>/]<machine>/id_NN/{normal,abnormal}/00000000.wav`.
//!
//! The machine's id is the section (`00`). The noise folder is spelled `-6_dB_fan` in the archives and `min6dB` after the official
//! unpacking; where one tree holds several noise levels, they are tasks of their own: sections `00_-6dB`, `00_0dB`, ….

use std::collections::BTreeSet;

use super::splits::{Draft, NormalSplit, fill};
use super::{PlacedClip, Placement, is_number, mostly, words};
use crate::dataset::walk::Tree;
use crate::dataset::{Label, MachineSection, Split};

/// What a file's folders say.
#[derive(Debug, Clone, PartialEq)]
struct Place<'a> {
    snr_db: Option<i32>,
    machine: &'a str,
    id: &'a str,
    label: Label,
}

/// `-6_dB_fan`, `6dB`, `min6dB`, `0_dB`: the level in dB and what follows it.
fn parse_snr(folder: &str) -> Option<(i32, &str)> {
    let (sign, rest) = match folder.strip_prefix("min").or_else(|| folder.strip_prefix('-')) {
        Some(rest) => (-1, rest),
        None => (1, folder),
    };
    let (digits, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
    let level: i32 = digits.parse().ok().filter(|level| *level < 100)?;
    let rest = rest.strip_prefix('_').unwrap_or(rest).strip_prefix("dB")?;
    Some((sign * level, rest)).filter(|(_, rest)| rest.is_empty() || rest.starts_with('_'))
}

/// Reads a file's folders, outermost first; those above the root (`n_above` of them) may name the machine but not the noise level.
fn parse<'a>(folders: &[&'a str], n_above: usize) -> Option<Place<'a>> {
    let [above @ .., machine, id, label] = folders else {
        return None;
    };
    let label = words::label(label)?;
    let id = id.strip_prefix("id_").filter(|id| is_number(id))?;
    let above = above.get(n_above..).unwrap_or_default();
    let machine_as_snr = parse_snr(machine).filter(|_| folders.len() - 3 >= n_above);
    let snr_db = machine_as_snr
        .or_else(|| above.iter().rev().find_map(|folder| parse_snr(folder)))
        .map(|(level, _)| level);
    let machine = match parse_snr(machine) {
        Some((_, rest)) if rest.len() > 1 => &rest[1..],
        _ => machine,
    };
    Some(Place {
        snr_db,
        machine,
        id,
        label,
    })
}

fn place_of<'a>(tree: &'a Tree, path: &'a str) -> Option<Place<'a>> {
    parse(&tree.all_folders(path), tree.root_names.len())
}

pub(super) fn fits(tree: &Tree) -> bool {
    mostly(tree, |path| place_of(tree, path).is_some())
}

pub(super) fn place(tree: &Tree) -> Placement {
    let mut placement = Placement::default();
    let places: Vec<_> = tree.sounds.iter().map(|path| (path, place_of(tree, path))).collect();
    let levels: BTreeSet<_> = places
        .iter()
        .filter_map(|(_, place)| place.as_ref())
        .map(|place| place.snr_db)
        .collect();
    let mut drafts = Vec::new();
    for (path, place) in places {
        let Some(place) = place else {
            placement.skip(
                tree,
                path,
                "its place does not follow MIMII: machine/id_NN/normal or abnormal",
            );
            continue;
        };
        let section = match place.snr_db {
            Some(level) if levels.len() > 1 => format!("{}_{level}dB", place.id),
            _ => place.id.to_owned(),
        };
        let clip = PlacedClip {
            path: path.clone(),
            group: MachineSection {
                machine: place.machine.to_owned(),
                section,
            },
            split: Split::Test,
            label: place.label,
            domain: None,
            attributes: Vec::new(),
        };
        drafts.push(Draft { clip, split: None });
    }
    placement.clips = fill(drafts, NormalSplit::Official, &mut placement.notes);
    let known: Vec<String> = levels.iter().flatten().map(|level| format!("{level} dB")).collect();
    if known.len() > 1 {
        let tasks: BTreeSet<_> = placement.clips.iter().map(|clip| &clip.group).collect();
        placement.notes.push(format!(
            "{} signal-to-noise ratios ({}): each machine id at each of them is a task of its own, {} in all",
            known.len(),
            known.join(", "),
            tasks.len()
        ));
    }
    placement
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Place, parse, parse_snr};
    use crate::dataset::Label;

    #[test]
    fn both_spellings_of_the_noise_folders() {
        assert_eq!(parse_snr("-6_dB_fan"), Some((-6, "_fan")));
        assert_eq!(parse_snr("min6dB"), Some((-6, "")));
        assert_eq!(parse_snr("0dB"), Some((0, "")));
        assert_eq!(parse_snr("6_dB_slider"), Some((6, "_slider")));
        for folder in ["", "fan", "dB", "6", "min", "-", "6dBx", "99999999999dB", "6_d", "−6dB"] {
            assert_eq!(parse_snr(folder), None, "{folder}");
        }
    }

    #[test]
    fn the_machine_comes_from_its_folder_or_from_the_noise_folder() {
        let fan = |snr_db| {
            Some(Place {
                snr_db,
                machine: "fan",
                id: "00",
                label: Label::Normal,
            })
        };
        assert_eq!(parse(&["-6_dB_fan", "fan", "id_00", "normal"], 0), fan(Some(-6)));
        assert_eq!(parse(&["6_dB_fan", "id_00", "normal"], 0), fan(Some(6)));
        assert_eq!(parse(&["data", "fan", "id_00", "normal"], 1), fan(None));
        assert_eq!(
            parse(&["6dB", "fan", "id_00", "normal"], 1),
            fan(None),
            "the root is not one of several levels"
        );
        assert_eq!(parse(&["6dB", "fan", "id_00", "normal"], 4), fan(None));
        assert_eq!(parse(&["fan", "id_xx", "normal"], 0), None);
        assert_eq!(parse(&["id_00", "normal"], 0), None);
    }

    proptest! {
        #[test]
        fn no_folder_panics(name in any::<String>(), level in "(min|-)?[0-9]{0,12}_?(dB)?\\PC{0,5}", n_above in 0usize..6) {
            for folder in [name.as_str(), level.as_str()] {
                let _ = parse_snr(folder);
                let _ = parse(&[folder, folder, "id_00", "normal"], n_above);
                let _ = parse(&[folder, "id_00", folder], n_above);
                let _ = parse(&[folder], n_above);
            }
        }
    }
}
