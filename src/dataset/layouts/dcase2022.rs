//! DCASE 2022 task 2: several sections a machine, both domains in one test folder.
//!
//! `<machine>/{train,test}/section_NN_{source,target}_{train,test}_{normal,anomaly}_0000_<attributes>.wav` with
//! `<machine>/attributes_NN.csv`; test clips of the evaluation set are `section_NN_0000.wav`.

use super::names::section_name;
use super::{mostly, sections, stem};
use crate::dataset::walk::Tree;

pub(super) fn fits(tree: &Tree) -> bool {
    mostly(tree, |path| section_name(stem(path)).is_some()) && sections::sections_of(tree).iter().any(|section| section != "00")
}
