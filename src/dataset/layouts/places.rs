//! The folders that DCASE clips lie in: what they say of machine and split.

use crate::dataset::Split;
use crate::dataset::walk::Tree;

/// Folders between a machine's folder and its clips.
const SPLIT_FOLDERS: [(&str, Split); 5] = [
    ("train", Split::Train),
    ("test", Split::Test),
    ("source_test", Split::Test),
    ("target_test", Split::Test),
    ("test_rename", Split::Test),
];

/// DCASE 2025 adds clips of the bare machine or of noise alone, which are neither training nor test.
pub(super) const SUPPLEMENTAL_FOLDER: &str = "supplemental";

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
