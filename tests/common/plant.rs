//! The project that tests of the screens are shown: nothing trained, pinned or labelled yet.
#![allow(unreachable_pub, reason = "shared by several test binaries")]

use std::path::Path;

use auscult::audio::ChannelChoice;
use auscult::project::Project;

/// A project file at `file` on the recordings below `root`.
pub fn plant(file: &str, root: &str) -> Project {
    let project = Project::new(Path::new(file), Path::new(root), None, ChannelChoice::default());
    Project {
        name: "Plant A".to_owned(),
        ..project
    }
}
