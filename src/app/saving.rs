//! Saving a project in the background: an earlier state never replaces a later one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::project::{self, Project, ProjectError};

/// Numbers saves in the order in which they were asked for. Their jobs may run at once and begin in any order.
#[derive(Default)]
pub(super) struct Saver {
    n_asked: u64,
    /// The number of the last state that was written, by the project's file.
    written: Arc<Mutex<BTreeMap<PathBuf, u64>>>,
}

impl Saver {
    /// The work of one save: does nothing where a later state of the project is on the disk already.
    pub(super) fn save(
        &mut self,
        path: PathBuf,
        project: Project,
    ) -> impl FnOnce() -> Result<(), ProjectError> + Send + 'static + use<> {
        self.n_asked += 1;
        let (number, written) = (self.n_asked, Arc::clone(&self.written));
        move || {
            // Held while writing, so that saves of one file stand in a row.
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            if written.get(&path).is_none_or(|&last| last < number) {
                project::save(&path, &project)?;
                written.insert(path, number);
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Saver;
    use crate::audio::ChannelChoice;
    use crate::project::{self, Project};

    #[test]
    fn the_state_that_was_asked_for_last_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("project.json");
        let named = |name: &str| Project {
            name: name.to_owned(),
            ..Project::new(&path, Path::new("/recordings"), None, ChannelChoice::default())
        };
        let mut saver = Saver::default();
        let first = saver.save(path.clone(), named("first"));
        let second = saver.save(path.clone(), named("second"));
        second().expect("saved");
        first().expect("nothing left to do");
        assert_eq!(project::open(&path).expect("opens").name, "second");
    }
}
