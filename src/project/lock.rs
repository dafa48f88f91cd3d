//! Who has a project open for writing: one window at a time.
//!
//! The lock is the operating system's, on a small file beside the project: it falls with the process that holds it, however that ends,
//! so that nothing stale is ever in the way. What the file says is for people only.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::file::beside;

/// A project that is ours to write, until this is dropped.
#[derive(Debug)]
pub struct ProjectLock {
    _file: Option<File>,
}

/// Whether a project is ours to write.
#[derive(Debug)]
pub enum Claim {
    Ours(ProjectLock),
    /// Another window has it; who that is, as far as it is known.
    HeldBy(String),
    /// Its folder cannot be written to; why.
    ReadOnly(String),
}

/// Claims the project file at `path`. Where the file system knows no locks, every claim is granted.
pub fn claim(path: &Path) -> Claim {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // A save puts a new file into the folder: what the rights of the old one say does not matter.
    if let Err(error) = tempfile::Builder::new()
        .prefix(crate::whole_file::PREFIX)
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        && matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
    {
        return Claim::ReadOnly(plain(&error));
    }
    let place = lock_path(path);
    let opened = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&place);
    // Somebody else's file may be ours to read only: that is enough for a lock.
    let Ok(mut file) = opened.or_else(|_| File::open(&place)) else {
        return Claim::Ours(ProjectLock { _file: None });
    };
    match file.try_lock() {
        Ok(()) => {
            // What it says helps people; the lock holds without it.
            let _ = write_holder(&mut file);
            Claim::Ours(ProjectLock { _file: Some(file) })
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let is_known = file.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
            Claim::HeldBy(if is_known {
                holder.trim().to_owned()
            } else {
                "another window".to_owned()
            })
        }
        Err(TryLockError::Error(_)) => Claim::Ours(ProjectLock { _file: None }),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// `process 4711 of ann on plant-laptop`.
fn write_holder(file: &mut File) -> io::Result<()> {
    let known = |names: [&str; 2]| names.into_iter().find_map(|name| std::env::var(name).ok());
    let mut holder = format!("process {}", std::process::id());
    if let Some(user) = known(["USER", "USERNAME"]) {
        holder.push_str(&format!(" of {user}"));
    }
    let host = known(["HOSTNAME", "COMPUTERNAME"]).or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    if let Some(host) = host {
        holder.push_str(&format!(" on {}", host.trim()));
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(holder.as_bytes())
}

/// The words of an error without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .split(" at path")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Claim, claim, lock_path};

    #[test]
    fn a_second_claim_hears_who_holds_it_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.json");
        let Claim::Ours(first) = claim(&path) else {
            unreachable!("nobody else has it");
        };
        let Claim::HeldBy(holder) = claim(&path) else {
            unreachable!("it is held");
        };
        assert!(holder.contains(&format!("process {}", std::process::id())), "{holder}");
        drop(first);
        assert!(matches!(claim(&path), Claim::Ours(_)));
    }

    #[test]
    fn what_a_dead_process_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.json");
        std::fs::write(lock_path(&path), "process 1 of nobody on nowhere, dead for years").unwrap();
        assert!(matches!(claim(&path), Claim::Ours(_)));
    }
}
