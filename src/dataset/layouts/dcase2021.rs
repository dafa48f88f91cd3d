//! DCASE 2021 task 2: sections with a test folder for each domain, three target clips in training.
//!
//! `<machine>/{train,source_test,target_test}/section_NN_{source,target}_{train,test}_{normal,anomaly}_0000[_<attributes>].wav`,
//! the evaluation set without a label in the name. Its truth files are one for each domain.

use super::names::section_name;
use super::{mostly, stem};
use crate::dataset::walk::Tree;

pub(super) fn fits(tree: &Tree) -> bool {
    let is_test_of_domain = |path: &String| {
        let folders = tree.all_folders(path);
        folders
            .last()
            .is_some_and(|folder| ["source_test", "target_test"].contains(folder))
    };
    mostly(tree, |path| section_name(stem(path)).is_some()) && tree.sounds.iter().any(is_test_of_domain)
}
