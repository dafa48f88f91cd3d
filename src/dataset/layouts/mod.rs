//! The layouts of known data sets: from a file's place and name to machine, section, split, label, domain, attributes.

mod dcase2020;
mod dcase2021;
mod dcase2022;
mod dcase2023;
mod folders;
mod manifest;
mod mimii;
mod names;
mod places;
mod sections;
mod splits;
mod truth;
mod words;

use serde::{Deserialize, Serialize};

use super::walk::Tree;
use super::{Attribute, DatasetError, Domain, Label, MachineSection, SkippedFile, Split};

/// How a folder of recordings is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    Manifest,
    Dcase2020,
    Dcase2021,
    Dcase2022,
    /// DCASE 2023 to 2026: one section a machine.
    Dcase2023,
    Mimii,
    PlainFolders,
}

/// The first layout that fits wins.
pub const DETECTION_ORDER: [Layout; 7] = [
    Layout::Manifest,
    Layout::Dcase2020,
    Layout::Dcase2021,
    Layout::Dcase2022,
    Layout::Dcase2023,
    Layout::Mimii,
    Layout::PlainFolders,
];

/// A clip as its place and name tell it; its header is not read yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlacedClip {
    /// Relative to the root, with `/` between folders.
    pub(super) path: String,
    pub(super) group: MachineSection,
    pub(super) split: Split,
    pub(super) label: Label,
    pub(super) domain: Option<Domain>,
    pub(super) attributes: Vec<Attribute>,
}

/// What a layout makes of a whole tree.
#[derive(Debug, Default)]
pub(super) struct Placement {
    pub(super) clips: Vec<PlacedClip>,
    pub(super) skipped: Vec<SkippedFile>,
    pub(super) notes: Vec<String>,
}

impl Placement {
    fn skip(&mut self, tree: &Tree, path: &str, error: impl Into<String>) {
        self.skipped.push(SkippedFile {
            path: tree.root.join(path),
            error: error.into(),
        });
    }
}

impl Layout {
    /// The name on the command line and in `scan --json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Dcase2020 => "dcase2020",
            Self::Dcase2021 => "dcase2021",
            Self::Dcase2022 => "dcase2022",
            Self::Dcase2023 => "dcase2023",
            Self::Mimii => "mimii",
            Self::PlainFolders => "folders",
        }
    }

    /// What it stands for, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Manifest => "a table of clips: manifest.csv or auscult.csv",
            Self::Dcase2020 => "DCASE 2020: machine ids, train and test",
            Self::Dcase2021 => "DCASE 2021: sections, a test folder for each domain",
            Self::Dcase2022 => "DCASE 2022: sections, both domains in one test folder",
            Self::Dcase2023 => "DCASE 2023 to 2026: one section a machine",
            Self::Mimii => "MIMII: machine/id_NN/normal and abnormal",
            Self::PlainFolders => "plain folders named after machines, splits and labels",
        }
    }

    /// The first layout that fits; plain folders fit everything.
    pub(super) fn detect(tree: &Tree) -> Self {
        let fitting = DETECTION_ORDER.into_iter().find(|layout| layout.fits(tree));
        fitting.unwrap_or(Self::PlainFolders)
    }

    fn fits(self, tree: &Tree) -> bool {
        match self {
            Self::Manifest => manifest::fits(tree),
            Self::Dcase2020 => dcase2020::fits(tree),
            Self::Dcase2021 => dcase2021::fits(tree),
            Self::Dcase2022 => dcase2022::fits(tree),
            Self::Dcase2023 => dcase2023::fits(tree),
            Self::Mimii => mimii::fits(tree),
            Self::PlainFolders => true,
        }
    }

    /// Places every sound file of the tree.
    ///
    /// # Errors
    /// A broken or missing manifest; every other layout lists what it cannot place as skipped.
    pub(super) fn place(self, tree: &Tree) -> Result<Placement, DatasetError> {
        match self {
            Self::Manifest => manifest::place(tree),
            Self::Dcase2020 => Ok(dcase2020::place(tree)),
            Self::Dcase2021 => Ok(sections::place(tree, "DCASE 2021")),
            Self::Dcase2022 => Ok(sections::place(tree, "DCASE 2022")),
            Self::Dcase2023 => Ok(sections::place(tree, "DCASE 2023")),
            Self::Mimii => Ok(mimii::place(tree)),
            Self::PlainFolders => Ok(folders::place(tree)),
        }
    }
}

/// Whether more than half of the tree's sound files are recognised, so that a few strays do not hide a layout.
fn mostly(tree: &Tree, is_recognised: impl Fn(&str) -> bool) -> bool {
    let n_recognised = tree.sounds.iter().filter(|path| is_recognised(path)).count();
    2 * n_recognised > tree.sounds.len()
}

/// A file's name without its folders and its last extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn is_number(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1 clip`, `2 clips`: for notes that a person reads.
fn count(n: usize, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{n} {thing}s")
    }
}
