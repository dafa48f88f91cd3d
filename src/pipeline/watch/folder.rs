//! A folder that another recorder writes into: which files are new, which still grow, which are to be tried again.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use walkdir::WalkDir;

use super::Judgement;
use crate::audio;
use crate::dataset;

/// Folders below the watched one are looked into so deep.
const MAX_DEPTH: usize = 8;
/// A recorder that never closes its header is waited for this long after the file's last change; then what is there is judged.
const HEADER_PATIENCE: Duration = Duration::from_secs(30);
/// A file that could not be judged is tried again after this time, and each time twice as late, up to the second.
const RETRY: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(300)];

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchedState {
    /// It is still being written, or may be.
    Growing,
    /// Nothing was written for a while, but its header does not say that it is whole.
    Unfinished,
    Judged(Judgement),
    /// Why not; it is tried again.
    Failed(String),
}

/// One file of a watched folder.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedFile {
    pub path: PathBuf,
    /// When it was last written to, in seconds since 1970.
    pub written_at: u64,
    pub state: WatchedState,
}

/// What has been seen of a folder.
#[derive(Debug)]
pub struct WatchedFolder {
    folder: PathBuf,
    settle: Duration,
    files: BTreeMap<PathBuf, Known>,
    is_there: bool,
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    /// When it was seen to be as it is.
    since: Instant,
    state: WatchedState,
    /// When it is to be tried again, and after which pause.
    retry: Option<(Instant, Duration)>,
}

type Stamp = (u64, Option<SystemTime>);

impl WatchedFolder {
    /// A folder of which nothing was seen; a file is taken for complete when it did not change for `settle`.
    pub fn new(folder: &Path, settle: Duration) -> Self {
        Self {
            folder: folder.to_owned(),
            settle,
            files: BTreeMap::new(),
            is_there: true,
        }
    }

    /// Whether the folder could be read when it was last looked at.
    pub fn is_there(&self) -> bool {
        self.is_there
    }

    /// Whether a file may still become something else without anybody writing to the folder.
    pub fn waits(&self) -> bool {
        let is_open = |known: &Known| matches!(known.state, WatchedState::Growing | WatchedState::Unfinished);
        self.files.values().any(is_open)
    }

    /// Files with what is known of them, by name.
    pub fn files(&self) -> impl Iterator<Item = WatchedFile> + '_ {
        self.files.iter().map(|(path, known)| watched(path, known))
    }

    /// Takes note of what is in the folder now; returns the files that changed in what is said of them, and those to be judged.
    pub(super) fn look(&mut self, now: Instant) -> (Vec<WatchedFile>, Vec<PathBuf>) {
        let (mut told, mut due) = (Vec::new(), Vec::new());
        self.is_there = std::fs::read_dir(&self.folder).is_ok();
        if !self.is_there {
            return (told, due);
        }
        for (path, stamp) in recordings(&self.folder) {
            let known = self.files.entry(path.clone()).or_insert_with(|| Known {
                stamp: (u64::MAX, None),
                since: now,
                state: WatchedState::Growing,
                retry: None,
            });
            if known.stamp != stamp {
                let is_news = known.stamp.0 == u64::MAX || known.state != WatchedState::Growing;
                *known = Known {
                    stamp,
                    since: now,
                    state: WatchedState::Growing,
                    retry: None,
                };
                if is_news {
                    told.push(watched(&path, known));
                }
                continue;
            }
            let rests = now.saturating_duration_since(known.since);
            match &known.state {
                WatchedState::Judged(_) => {}
                WatchedState::Failed(_) => {
                    if known.retry.is_none_or(|(at, _)| now >= at) {
                        due.push(path);
                    }
                }
                WatchedState::Growing | WatchedState::Unfinished if rests < self.settle => {}
                WatchedState::Growing | WatchedState::Unfinished => {
                    if rests >= HEADER_PATIENCE || audio::is_closed(&path) {
                        due.push(path);
                    } else if known.state == WatchedState::Growing {
                        known.state = WatchedState::Unfinished;
                        told.push(watched(&path, known));
                    }
                }
            }
        }
        (told, due)
    }

    /// Notes what came out of judging a file; returns it where that is news.
    pub(super) fn note(&mut self, path: &Path, result: Result<Judgement, String>, now: Instant) -> Option<WatchedFile> {
        let known = self.files.get_mut(path)?;
        let state = match result {
            Ok(judgement) => WatchedState::Judged(judgement),
            Err(reason) => WatchedState::Failed(reason),
        };
        let [first, longest] = RETRY;
        let pause = known.retry.map_or(first, |(_, pause)| (2 * pause).min(longest));
        known.retry = Some((now + pause, pause));
        let is_news = known.state != state;
        known.state = state;
        is_news.then(|| watched(path, known))
    }
}

fn watched(path: &Path, known: &Known) -> WatchedFile {
    let since = known.stamp.1.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    WatchedFile {
        path: path.to_owned(),
        written_at: since.map_or(0, |since| since.as_secs()),
        state: known.state.clone(),
    }
}

/// The sound files below a folder, by name. Files that begin with a dot are half-written ones of well-behaved programs.
fn recordings(folder: &Path) -> Vec<(PathBuf, Stamp)> {
    let is_shown = |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    let entries = WalkDir::new(folder).max_depth(MAX_DEPTH).sort_by_file_name();
    entries
        .into_iter()
        .filter_entry(is_shown)
        // A file may go between being listed and being looked at.
        .flatten()
        .filter(|entry| entry.file_type().is_file() && dataset::is_recording(entry.path()))
        .filter_map(|entry| {
            let stamp = |found: Metadata| (found.len(), found.modified().ok());
            let found = entry.metadata().ok()?;
            Some((entry.into_path(), stamp(found)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Judgement, WatchedFolder, WatchedState};
    use crate::audio::{Clip, write_wav};

    const SETTLE: Duration = Duration::from_secs(2);

    fn judged() -> Judgement {
        Judgement {
            score: 1.0,
            percentile: 50.0,
            is_anomalous: false,
            duration_secs: 1.0,
        }
    }

    fn wav(secs: usize) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        let clip = Clip {
            samples: vec![0.1; 16_000 * secs],
            sample_rate_hz: 16_000,
        };
        write_wav(&path, &clip).expect("written");
        std::fs::read(path).expect("read")
    }

    #[test]
    fn a_file_is_due_once_it_rests_and_its_header_is_closed_and_again_when_it_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("a.wav");
        std::fs::create_dir(folder.path().join("deep")).expect("made");
        let whole = wav(1);
        let mut watch = WatchedFolder::new(folder.path(), SETTLE);
        let start = Instant::now();
        let after = |secs: u64| start + Duration::from_secs(secs);
        assert!(watch.look(after(0)).0.is_empty());
        // The first half, under a header that promises the whole.
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
        let (told, due) = watch.look(after(1));
        assert_eq!((told.len(), due.len()), (1, 0), "it is seen, and grows");
        assert!(watch.waits());
        let (told, due) = watch.look(after(4));
        assert_eq!(
            (&told[0].state, due.len()),
            (&WatchedState::Unfinished, 0),
            "at rest, but not whole"
        );
        std::fs::write(&path, &whole).expect("written");
        let (told, due) = watch.look(after(5));
        assert_eq!((&told[0].state, due.len()), (&WatchedState::Growing, 0));
        assert_eq!(watch.look(after(6)), (Vec::new(), Vec::new()), "it might still grow");
        assert_eq!(watch.look(after(8)).1, std::slice::from_ref(&path));
        assert!(watch.note(&path, Ok(judged()), after(8)).is_some());
        assert_eq!(watch.look(after(9)), (Vec::new(), Vec::new()), "once is enough");
        assert!(!watch.waits());
        std::fs::write(&path, wav(2)).expect("written");
        assert_eq!(watch.look(after(10)).0[0].state, WatchedState::Growing, "recorded anew");
        assert_eq!(watch.look(after(13)).1.len(), 1);
    }

    #[test]
    fn what_cannot_be_judged_is_tried_again_ever_more_seldom_and_said_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        std::fs::write(&path, "no sound at all").expect("written");
        std::fs::write(folder.path().join("notes.txt"), "no recording").expect("written");
        std::fs::write(folder.path().join(".half.wav"), "hidden").expect("written");
        let mut watch = WatchedFolder::new(folder.path(), SETTLE);
        let start = Instant::now();
        let mut tries = Vec::new();
        let mut n_told = 0;
        for secs in 0..120 {
            let now = start + Duration::from_secs(secs);
            for due in watch.look(now).1 {
                tries.push(secs);
                n_told += usize::from(watch.note(&due, Err("it is no WAV file".to_owned()), now).is_some());
            }
        }
        assert_eq!(tries, [2, 7, 17, 37, 77]);
        assert_eq!(n_told, 1);
    }

    #[test]
    fn a_header_that_is_never_closed_is_waited_for_half_a_minute() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        let whole = wav(1);
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
        let mut watch = WatchedFolder::new(folder.path(), SETTLE);
        let start = Instant::now();
        let due = (0..60).find(|&secs| !watch.look(start + Duration::from_secs(secs)).1.is_empty());
        assert_eq!(due, Some(30));
    }

    #[test]
    fn a_folder_that_goes_and_comes_back_is_watched_on() {
        let above = tempfile::tempdir().expect("a folder");
        let folder = above.path().join("watched");
        let mut watch = WatchedFolder::new(&folder, SETTLE);
        let start = Instant::now();
        watch.look(start);
        assert!(!watch.is_there());
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(folder.join("a.wav"), wav(1)).expect("written");
        assert_eq!(watch.look(start).0.len(), 1);
        let due = watch.look(start + SETTLE).1;
        watch.note(&due[0], Ok(judged()), start);
        std::fs::rename(&folder, above.path().join("away")).expect("moved");
        assert_eq!(watch.look(start + 2 * SETTLE), (Vec::new(), Vec::new()));
        assert!(!watch.is_there());
        std::fs::rename(above.path().join("away"), &folder).expect("moved back");
        assert_eq!(
            watch.look(start + 3 * SETTLE),
            (Vec::new(), Vec::new()),
            "nothing is judged twice"
        );
        assert!(watch.is_there());
        assert_eq!(watch.files().count(), 1);
    }
}
