//! Saving a project in the background: an earlier state never replaces a later one.
//!
//! Every change is kept at once in a file of its own (see [`UnsavedPlaces`]); the project's file follows within a second, and the
//! other goes. Whoever kills the program loses what the disk had no time to take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::project::{self, Project, ProjectError, UnsavedPlaces};

/// Numbers states in the order in which they were asked to be written. Their jobs may run at once and begin in any order.
#[derive(Default)]
pub(super) struct Saver {
    n_asked: u64,
    /// By the project's file.
    written: Arc<Mutex<BTreeMap<PathBuf, Written>>>,
}

/// The numbers of the last states that were written.
#[derive(Default, Clone, Copy)]
struct Written {
    saved: u64,
    kept: u64,
}

impl Saver {
    /// The work of one save: does nothing where a later state of the project is on the disk already.
    pub(super) fn save(
        &mut self,
        path: PathBuf,
        project: Project,
        unsaved_folder: &Path,
    ) -> impl FnOnce() -> Result<(), ProjectError> + Send + 'static + use<> {
        let (number, written, places) = self.next(&path, unsaved_folder);
        move || {
            // Held while writing, so that what is written of one file stands in a row.
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            let last = written.entry(path.clone()).or_default();
            if last.saved < number {
                project::save(&path, &project)?;
                last.saved = number;
                if last.kept < number {
                    places.forget();
                }
            }
            Ok(())
        }
    }

    /// The number of a state that is asked to be written, what was written, and where it is kept meanwhile.
    fn next(&mut self, path: &Path, unsaved_folder: &Path) -> (u64, Arc<Mutex<BTreeMap<PathBuf, Written>>>, UnsavedPlaces) {
        self.n_asked += 1;
        let places = UnsavedPlaces::of(path, unsaved_folder);
        (self.n_asked, Arc::clone(&self.written), places)
    }

    /// The work of keeping a state until it is saved: does nothing where a later one was saved or kept.
    pub(super) fn keep(
        &mut self,
        path: PathBuf,
        project: Project,
        unsaved_folder: &Path,
    ) -> impl FnOnce() -> Result<(), ProjectError> + Send + 'static + use<> {
        let (number, written, places) = self.next(&path, unsaved_folder);
        move || {
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            let last = written.entry(path).or_default();
            if last.saved.max(last.kept) < number {
                places.keep(&project)?;
                last.kept = number;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Saver, UnsavedPlaces};
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
        let first = saver.save(path.clone(), named("first"), folder.path());
        let second = saver.save(path.clone(), named("second"), folder.path());
        second().expect("saved");
        first().expect("nothing left to do");
        assert_eq!(project::open(&path).expect("opens").name, "second");
    }

    #[test]
    fn what_is_kept_goes_when_it_is_saved_and_not_before() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("project.json");
        let places = UnsavedPlaces::of(&path, folder.path());
        let named = |name: &str| Project {
            name: name.to_owned(),
            ..Project::new(&path, Path::new("/recordings"), None, ChannelChoice::default())
        };
        let found = || {
            places
                .find(&named("first"))
                .expect("readable")
                .map(|unsaved| unsaved.project.name)
        };
        let mut saver = Saver::default();
        saver.save(path.clone(), named("first"), folder.path())().expect("saved");
        let (kept, saved) = (named("second"), named("second"));
        let keep = saver.keep(path.clone(), kept, folder.path());
        let save = saver.save(path.clone(), saved, folder.path());
        let keep_later = saver.keep(path.clone(), named("third"), folder.path());
        keep().expect("kept");
        assert_eq!(found().as_deref(), Some("second"));
        keep_later().expect("kept");
        save().expect("saved");
        assert_eq!(found().as_deref(), Some("third"), "an earlier save must not forget it");
        saver.save(path.clone(), named("third"), folder.path())().expect("saved");
        assert_eq!(found(), None);
    }
}
