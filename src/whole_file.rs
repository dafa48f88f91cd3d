//! Files that are there whole or not at all: written beside their place first, then renamed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What the temporary files are named after, so that a person who meets one knows whose it is.
pub(crate) const PREFIX: &str = ".auscult-";

/// Writes a file by `write`. A reader meets the old file or the new one, never a part; the rights are those of any new file.
///
/// A link is followed. What is no regular file (a pipe, a device) is written into as it is: it must not be replaced.
///
/// # Errors
/// Where the file system refuses, or `write` does: the old file is then as it was.
pub(crate) fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>) -> io::Result<()> {
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&place).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return fill(&mut File::options().write(true).open(&place)?, write);
    }
    let mut beside = tempfile::Builder::new();
    // A temporary file is its owner's alone; this one becomes a file for whoever may read the folder.
    #[cfg(unix)]
    beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = beside.prefix(PREFIX).tempfile_in(folder_of(&place))?;
    fill(file.as_file_mut(), write)?;
    file.as_file().sync_all()?;
    file.persist(&place).map_err(|error| error.error)?;
    Ok(())
}

fn fill(file: &mut File, write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>) -> io::Result<()> {
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    buffered.flush()
}

/// The folder of a file; the current one for a bare name.
fn folder_of(path: &Path) -> PathBuf {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::write_whole;
    use std::io::Write as _;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.txt");
        write_whole(&path, |file| file.write_all(b"old")).expect("written");
        let failed = write_whole(&path, |file| {
            file.write_all(b"half")?;
            Err(std::io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).expect("there"), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_pipes_stay_pipes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, b"old").expect("written");
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        write_whole(&link, |file| file.write_all(b"new")).expect("written");
        assert_eq!(std::fs::read(&target).expect("there"), b"new");
        assert!(std::fs::symlink_metadata(&link).expect("there").is_symlink());
        write_whole(std::path::Path::new("/dev/null"), |file| file.write_all(b"gone")).expect("written");
        assert!(
            !std::fs::metadata("/dev/null").expect("there").is_file(),
            "a device must not be replaced"
        );
    }
}
