//! Finding out what a folder holds: layout, clips, unreadable files. Headers only, in parallel.

use std::path::Path;

use super::{Dataset, DatasetError, Layout};
use crate::audio::ChannelChoice;
use crate::progress::Progress;

/// What a person may decide before a folder is scanned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScanOptions {
    /// `None`: detected.
    pub layout: Option<Layout>,
    pub channel: ChannelChoice,
}

/// Lists the clips below `root`.
///
/// # Errors
/// Where the folder cannot be read, holds no recording, or its manifest is broken. Single unreadable files are listed in [`Dataset::skipped`] instead.
pub fn scan(_root: &Path, _options: ScanOptions, _progress: &mut dyn Progress) -> Result<Dataset, DatasetError> {
    unimplemented!()
}
