//! Notes of takes that are being recorded: what is left of one tells the next start that a program was killed.
//!
//! A note lists the files of its take. The program that records holds it locked and removes it when the take ended, however
//! that was; the lock of a program that is gone is free. So no start mistakes the running take of another window for a lost one.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What notes are named with.
const ENDING: &str = "take";

/// The note of a take that runs.
pub(super) struct TakeNote {
    path: PathBuf,
    /// Locked as long as it is open.
    file: File,
}

impl TakeNote {
    /// Begins a note in this folder, which is made where it is missing. `about` is the caller's own line about the take.
    pub(super) fn create(folder: &Path, about: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        // Under another name until it is locked.
        let new = tempfile::Builder::new().prefix("new-").tempfile_in(folder)?;
        new.as_file().try_lock().map_err(io::Error::from)?;
        let path = new.path().with_extension(ENDING);
        let file = new.persist_noclobber(&path).map_err(|error| error.error)?;
        let mut note = Self { path, file };
        note.line(&about.replace(['\n', '\r'], " "))?;
        Ok(note)
    }

    /// Adds a file of the take.
    pub(super) fn add(&mut self, recording: &Path) -> io::Result<()> {
        let place = std::path::absolute(recording)?;
        let text = place.to_str().filter(|text| !text.contains('\n'));
        // A name that is no text cannot stand in a line: such a file is there all the same, only nobody is told of it.
        text.map_or(Ok(()), |text| self.line(text))
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(format!("{text}\n").as_bytes())?;
        self.file.sync_data()
    }

    /// The take ended: there is nothing to tell.
    pub(super) fn end(self) {
        // Left behind it would be offered once more: a nuisance, no loss.
        std::fs::remove_file(&self.path).ok();
    }
}

/// A take whose program is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftTake {
    /// Its note; [`LeftTake::forget`] removes it.
    pub note: PathBuf,
    /// What the recording program wrote about it.
    pub about: String,
    /// Those that are still there, in order.
    pub files: Vec<PathBuf>,
}

impl LeftTake {
    /// Takes that lost their program, by the notes in this folder, the newest last. Notes of takes of which no file is left are
    /// removed.
    pub fn find(folder: &Path) -> Vec<Self> {
        let mut notes: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
            .collect();
        notes.sort_by_key(|note| std::fs::metadata(note).and_then(|found| found.modified()).ok());
        notes.into_iter().filter_map(Self::read).collect()
    }

    fn read(note: PathBuf) -> Option<Self> {
        let file = File::options().read(true).write(true).open(&note).ok()?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            // Its program lives.
            return None;
        }
        let text = std::fs::read_to_string(&note).ok()?;
        let mut lines = text.lines();
        let take = Self {
            about: lines.next().unwrap_or_default().to_owned(),
            files: lines.map(PathBuf::from).filter(|file| file.is_file()).collect(),
            note,
        };
        if take.files.is_empty() {
            take.forget();
            return None;
        }
        Some(take)
    }

    /// Removes the note: the take is not offered again. Its files stay.
    pub fn forget(&self) {
        // Where it cannot be removed it is offered once more.
        std::fs::remove_file(&self.note).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::{LeftTake, TakeNote};

    #[test]
    fn a_take_is_left_once_nobody_holds_its_note_and_files_of_it_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let notes = folder.path().join("takes");
        let wav = folder.path().join("a b.wav");
        std::fs::write(&wav, "sound").expect("written");
        let mut note = TakeNote::create(&notes, "a fan\nsaid in two lines").expect("made");
        note.add(&wav).expect("written");
        note.add(&folder.path().join("gone.wav")).expect("written");
        assert_eq!(LeftTake::find(&notes), [], "its program lives");
        drop(note);
        let left = LeftTake::find(&notes);
        assert_eq!(left.len(), 1);
        assert_eq!(
            (left[0].about.as_str(), &left[0].files),
            ("a fan said in two lines", &vec![wav.clone()])
        );
        assert_eq!(LeftTake::find(&notes), left, "looking changes nothing");
        std::fs::remove_file(&wav).expect("removed");
        assert_eq!(LeftTake::find(&notes), []);
        assert_eq!(std::fs::read_dir(&notes).expect("listed").count(), 0, "nothing to tell of");
        let mut note = TakeNote::create(&notes, "").expect("made");
        note.add(&wav).expect("written");
        note.end();
        assert_eq!(
            std::fs::read_dir(&notes).expect("listed").count(),
            0,
            "a take that ended leaves none"
        );
    }
}
