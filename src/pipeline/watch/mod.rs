//! Batch watch: what another recorder writes into a folder is scored as it arrives.

mod folder;
mod judge;

pub use folder::{WatchedFile, WatchedFolder, WatchedState};
pub use judge::{ClipJudge, Judgement};

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::PipelineError;
use crate::progress::{Cancelled, Progress};
use crate::whole_file::write_whole;

/// Between two looks into the folder.
const PERIOD: Duration = Duration::from_secs(1);
const WAITING: &str = "waiting for recordings";
/// How soon the wish to stop is heard.
const STEP: Duration = Duration::from_millis(50);
/// A file whose size was steady for so long is complete, unless its header says otherwise.
pub const SETTLE: Duration = Duration::from_secs(2);

/// What watching tells.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchEvent {
    /// Something new is known of this file.
    File(WatchedFile),
    /// The folder cannot be read any more; it is looked for on and on.
    FolderGone,
    FolderBack,
}

/// Watches a folder until the wish to stop; with `once` until nothing in it waits any more.
///
/// # Errors
/// On the wish to stop alone: whatever is wrong with files or the folder is told.
pub fn watch(
    watched: &mut WatchedFolder,
    judge: &ClipJudge,
    once: bool,
    progress: &mut dyn Progress,
    mut tell: impl FnMut(WatchEvent),
) -> Result<(), Cancelled> {
    progress.stage(WAITING);
    loop {
        let was_there = watched.is_there();
        let (news, due) = watched.look(Instant::now());
        if was_there != watched.is_there() {
            tell(if was_there {
                WatchEvent::FolderGone
            } else {
                WatchEvent::FolderBack
            });
        }
        news.into_iter().for_each(|file| tell(WatchEvent::File(file)));
        if !due.is_empty() {
            progress.stage("scoring");
        }
        for (n_done, path) in due.iter().enumerate() {
            progress.step(n_done as u64, due.len() as u64)?;
            let result = judge.judge(path).map_err(|error| error.to_string());
            let news = watched.note(path, result, Instant::now());
            news.into_iter().for_each(|file| tell(WatchEvent::File(file)));
        }
        if !due.is_empty() {
            progress.stage(WAITING);
        }
        if once && !watched.waits() {
            return Ok(());
        }
        let next = Instant::now() + PERIOD;
        while Instant::now() < next {
            progress.step(0, 0)?;
            std::thread::sleep(STEP);
        }
    }
}

/// Writes what is known of watched files as CSV: path, seconds since 1970 of its last change, length, score, percentile among
/// normal clips, decision, and why a file was not scored.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_watch_csv<'a>(path: &Path, files: impl IntoIterator<Item = &'a WatchedFile>) -> Result<(), PipelineError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let write = || -> Result<(), csv::Error> {
        writer.write_record(["path", "written_at", "seconds", "score", "percentile", "decision", "problem"])?;
        for file in files {
            let place = file.path.display().to_string();
            let at = file.written_at.to_string();
            let cells = match &file.state {
                WatchedState::Judged(judged) => [
                    format!("{:.3}", judged.duration_secs),
                    judged.score.to_string(),
                    format!("{:.2}", judged.percentile),
                    decision_words(judged).to_owned(),
                    String::new(),
                ],
                state => ["", "", "", "", problem_words(state).unwrap_or_default()].map(str::to_owned),
            };
            writer.write_record([place, at].iter().chain(&cells))?;
        }
        Ok(())
    };
    let bytes = write()
        .map_err(std::io::Error::other)
        .and_then(|()| writer.into_inner().map_err(|error| std::io::Error::other(error.to_string())));
    bytes
        .and_then(|bytes| write_whole(path, |file| file.write_all(&bytes)))
        .map_err(|source| PipelineError::io(path, source))
}

/// `anomalous` or `normal`.
pub fn decision_words(judged: &Judgement) -> &'static str {
    if judged.is_anomalous { "anomalous" } else { "normal" }
}

/// Why a file is not scored; `None` where it is.
pub fn problem_words(state: &WatchedState) -> Option<&str> {
    match state {
        WatchedState::Growing => Some("still being written"),
        WatchedState::Unfinished => Some("half-written: its header is not closed"),
        WatchedState::Judged(_) => None,
        WatchedState::Failed(reason) => Some(reason),
    }
}
