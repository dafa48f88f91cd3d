//! Listing the files below a folder: sound files and the tables beside them, nothing hidden, no link followed twice.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::{DatasetError, SkippedFile};
use crate::progress::Progress;

/// Extensions that promise a recording. Whether it can be read, its header tells.
const SOUND_EXTENSIONS: [&str; 20] = [
    "wav", "wave", "bwf", "rf64", "w64", "flac", "aif", "aiff", "aifc", "caf", "au", "snd", "mp3", "ogg", "oga", "opus", "m4a",
    "aac", "wma", "mp4",
];

/// Whether a file's name promises a recording.
pub fn is_recording(path: &Path) -> bool {
    extension(path).is_some_and(|extension| SOUND_EXTENSIONS.contains(&extension.as_str()))
}

/// How many files are listed between two looks at the wish to stop.
const FILES_A_STEP: usize = 256;

/// The names of a folder's files, before any of them is opened.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) root: PathBuf,
    /// The folders that lead to the root, outermost first, the root's own name last.
    pub(super) root_names: Vec<String>,
    /// Sound files relative to the root, `/` between folders, sorted.
    pub(super) sounds: Vec<String>,
    /// CSV files, in the same form.
    pub(super) tables: Vec<String>,
    pub(super) skipped: Vec<SkippedFile>,
}

impl Tree {
    /// The folders of a file below the root, outermost first.
    pub(super) fn folders<'a>(&self, path: &'a str) -> Vec<&'a str> {
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop();
        parts
    }

    /// The folders of a file from the top of the disk, outermost first.
    pub(super) fn all_folders<'a>(&'a self, path: &'a str) -> Vec<&'a str> {
        let above = self.root_names.iter().map(String::as_str);
        above.chain(self.folders(path)).collect()
    }

    pub(super) fn root_name(&self) -> &str {
        self.root_names.last().map_or("machine", String::as_str)
    }
}

/// Lists `root`.
///
/// # Errors
/// Where `root` itself cannot be listed, or on the wish to stop. What cannot be listed further down is skipped.
pub(super) fn walk(root: &Path, progress: &mut dyn Progress) -> Result<Tree, DatasetError> {
    let io_error = |source| DatasetError::Io {
        path: root.to_owned(),
        source,
    };
    let real_root = std::fs::canonicalize(root).map_err(io_error)?;
    std::fs::read_dir(root).map_err(io_error)?;
    let root_names = real_root
        .iter()
        .skip(1)
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let mut tree = Tree {
        root: root.to_owned(),
        root_names,
        ..Tree::default()
    };
    let mut linked = BTreeSet::new();
    let entries = WalkDir::new(root).follow_links(true).into_iter();
    let visible =
        entries.filter_entry(|entry| entry.depth() == 0 || (!is_hidden(entry) && is_first_way(entry, &real_root, &mut linked)));
    for (n_seen, entry) in visible.enumerate() {
        if n_seen.is_multiple_of(FILES_A_STEP) {
            progress.step(0, 1)?;
        }
        match entry {
            Ok(entry) if entry.file_type().is_file() => tree.add(entry.path()),
            Ok(_) => {}
            Err(error) => tree.add_error(&error),
        }
    }
    tree.sounds.sort_unstable();
    tree.tables.sort_unstable();
    Ok(tree)
}

impl Tree {
    fn add(&mut self, path: &Path) {
        let Some(extension) = extension(path) else { return };
        let is_sound = SOUND_EXTENSIONS.contains(&extension.as_str());
        if !is_sound && extension != "csv" {
            return;
        }
        match relative(&self.root, path) {
            Some(name) if is_sound => self.sounds.push(name),
            Some(name) => self.tables.push(name),
            None if is_sound => self.skipped.push(SkippedFile {
                path: path.to_owned(),
                error: "its name or a folder's name is not valid UTF-8: rename it".to_owned(),
            }),
            None => {}
        }
    }

    /// A folder that cannot be listed is always reported, a broken link only where it promises a recording.
    fn add_error(&mut self, error: &walkdir::Error) {
        let path = error.path().unwrap_or(&self.root).to_owned();
        let is_dead_link = error.io_error().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound);
        let is_sound = is_recording(&path);
        let error = match error.io_error() {
            Some(_) if is_dead_link && !is_sound => return,
            Some(_) if is_dead_link => "the link leads to a file that is not there".to_owned(),
            Some(source) => format!("cannot be listed: {source}"),
            None => return, // A link back into one of its own folders, whose files are listed already.
        };
        self.skipped.push(SkippedFile { path, error });
    }
}

/// Hidden files and folders, and the shadow copies that macOS and network disks leave in archives.
fn is_hidden(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || name == "__MACOSX" || name == "@eaDir"
}

/// Keeps a tree of links from being listed over and over: a linked folder is entered once, and never where it lies below the root.
fn is_first_way(entry: &DirEntry, real_root: &Path, linked: &mut BTreeSet<PathBuf>) -> bool {
    if !entry.path_is_symlink() || !entry.file_type().is_dir() {
        return true;
    }
    match std::fs::canonicalize(entry.path()) {
        Ok(target) => !target.starts_with(real_root) && !real_root.starts_with(&target) && linked.insert(target),
        Err(_) => false,
    }
}

fn extension(path: &Path) -> Option<String> {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase())
}

/// `path` below `root` with `/` between folders, `None` where a name is not UTF-8.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}
