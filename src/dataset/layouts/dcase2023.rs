//! DCASE 2023 to 2026 task 2: names as in 2022, but every machine has the one section 00.
//!
//! Machines of the additional training set have no test folder; names may end in `_noAttribute`; numbers may start at 0000 or 0001.

use super::names::section_name;
use super::{mostly, stem};
use crate::dataset::walk::Tree;

pub(super) fn fits(tree: &Tree) -> bool {
    mostly(tree, |path| section_name(stem(path)).is_some())
}
