//! Takes: recorded, taken into the project, and found again after the program was killed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{LeftTakeView, RECORDINGS};
use crate::app::job_types::JobOutput;
use crate::app::{App, JobKind, Severity};
use crate::audio;
use crate::audio::capture::{LeftTake, Listener, TakePlan, mend};
use crate::dataset::{Attribute, ClipEntry, Domain, Label, Layout, MachineSection, Split, new_recording};

/// Beside the folder of recordings: what a person discarded is theirs to delete.
const DISCARDED: &str = "discarded recordings";
/// Notes of takes that run, in the program's own folder.
const NOTES: &str = "takes";

/// What a take is of: kept in its note, and what becomes of it as clips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::app) struct TakeAbout {
    group: MachineSection,
    label: Label,
    attributes: Vec<Attribute>,
    /// The folder of all recordings.
    recordings: PathBuf,
    begun_at: u64,
}

/// What became of takes that were taken in.
pub(in crate::app) struct TakenIn {
    pub(in crate::app) notes: Vec<PathBuf>,
    /// Those of the open project.
    pub(in crate::app) clips: Vec<ClipEntry>,
    pub(in crate::app) text: String,
}

impl App {
    pub(super) fn record(&mut self) {
        let Some(listener) = &self.live.listener else { return };
        let settings = &self.state.live.settings;
        let Some(group) = settings.group() else {
            return self.notify(
                Severity::Warning,
                "Say which machine this is before you record: the name becomes part of the files' names",
            );
        };
        let about = TakeAbout {
            attributes: attributes(&settings.condition),
            label: settings.label,
            group,
            recordings: self.recordings_folder(),
            begun_at: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        };
        let name = new_recording(self.recordings_layout(), &about.group, about.label, &about.attributes);
        let words = serde_json::to_string(&about).unwrap_or_default();
        let plan = TakePlan {
            folder: about.recordings.join(name.folder),
            prefix: name.prefix,
            suffix: name.suffix,
            pre_roll_secs: settings.pre_roll_secs,
            split_secs: settings.split_secs,
            note: Some((self.folders.settings.join(NOTES), words)),
        };
        listener.record(plan);
        self.live.take = Some(about);
        self.state.live.can_add_take = false;
        self.keep_settings();
    }

    pub(super) fn stop_recording(&mut self) {
        if let Some(listener) = &self.live.listener {
            listener.stop();
        }
    }

    pub(super) fn mark(&mut self) {
        if let Some(listener) = &self.live.listener {
            let n_marks = self.state.live.heard.take.marks.len();
            listener.mark(&format!("mark {}", n_marks + 1));
        }
    }

    /// Below the project, or where new projects lie.
    pub(in crate::app) fn recordings_folder(&self) -> PathBuf {
        let project = self.state.workbench.as_ref().and_then(|workbench| workbench.path.parent());
        project.unwrap_or(&self.folders.projects).join(RECORDINGS)
    }

    /// That of the open data set, so that recordings and data set are named alike.
    pub(super) fn recordings_layout(&self) -> Layout {
        let workbench = self.state.workbench.as_ref();
        workbench.map_or(Layout::PlainFolders, |workbench| workbench.dataset.layout)
    }

    /// Says what a take has become.
    pub(super) fn tell_of_take(&mut self, listener: &Listener) {
        let take = listener.heard().take;
        let Some(first) = take.files.first() else { return };
        let project = self.state.workbench.as_ref().and_then(|workbench| workbench.path.parent());
        self.state.live.can_add_take = take.secs > 0.0 && project.is_some_and(|project| first.starts_with(project));
        let n_files = take.files.len();
        let more = if n_files > 1 {
            format!(" and {} more", n_files - 1)
        } else {
            String::new()
        };
        let text = format!("Recorded {:.1} s: {}{more}", take.secs, first.display());
        match take.failure {
            Some(failure) => self.notify(Severity::Error, failure),
            None if take.n_dropped > 0 => {
                let text = format!(
                    "{text}; {} samples were lost on the way: close other programs",
                    take.n_dropped
                );
                self.notify(Severity::Warning, text);
            }
            None => self.notify(Severity::Info, text),
        }
    }

    /// Makes the files of the last take clips of the project.
    pub(super) fn add_take(&mut self) {
        let Some(about) = self.live.take.clone() else { return };
        self.state.live.can_add_take = false;
        let files = Arc::clone(&self.state.live.heard.take.files);
        self.take_in_files("Taking the take into the project", about, (*files).clone(), Vec::new());
    }

    /// Looks for takes of programs that were killed.
    pub fn look_for_left_takes(&mut self) {
        let notes = self.folders.settings.join(NOTES);
        self.spawn(JobKind::LeftTakes, "Looking for takes that were cut off", move |_| {
            Ok(JobOutput::LeftTakes(LeftTake::find(&notes)))
        });
    }

    pub(in crate::app) fn take_left(&mut self, takes: Vec<LeftTake>) {
        self.state.live.left = takes.iter().map(left_view).collect();
        self.state.live.asks_about_left = !takes.is_empty();
        self.live.left = takes;
    }

    pub(super) fn ask_about_left(&mut self, asks: bool) {
        self.state.live.asks_about_left = asks && !self.state.live.left.is_empty();
    }

    /// Makes a left take whole, and its files clips of the project where they lie in it.
    pub(super) fn recover_take(&mut self, note: &Path) {
        let Some(take) = self.live.left.iter().find(|take| take.note == note).cloned() else {
            return;
        };
        let about = about_of(&take).unwrap_or_else(|| TakeAbout {
            group: MachineSection {
                machine: "recording".to_owned(),
                section: "00".to_owned(),
            },
            label: Label::Unknown,
            attributes: Vec::new(),
            recordings: self.recordings_folder(),
            begun_at: 0,
        });
        self.take_in_files("Recovering a take", about, take.files, vec![take.note]);
    }

    fn take_in_files(&mut self, title: &str, about: TakeAbout, files: Vec<PathBuf>, notes: Vec<PathBuf>) {
        let workbench = self.state.workbench.as_ref();
        let has_domains = workbench.is_some_and(|workbench| workbench.dataset.clips.iter().any(|clip| clip.domain.is_some()));
        let project = workbench.and_then(|workbench| Some(workbench.path.parent()?.to_owned()));
        let known: Vec<String> = workbench.map_or(Vec::new(), |workbench| {
            workbench.project.added.iter().map(|clip| clip.path.clone()).collect()
        });
        let is_recovered = !notes.is_empty();
        self.spawn(JobKind::TakeIn, title, move |_| {
            let (mut clips, mut secs, mut n_files) = (Vec::new(), 0.0, 0usize);
            for file in &files {
                mend(file)?;
                let header = audio::read_header(file)?;
                if header.n_frames == 0 {
                    // The program was killed between making it and the first sound: nothing is lost with it.
                    std::fs::remove_file(file)?;
                    continue;
                }
                let file_secs = header.n_frames as f64 / f64::from(header.sample_rate_hz);
                (secs, n_files) = (secs + file_secs, n_files + 1);
                let inside = project.as_ref().and_then(|project| file.strip_prefix(project).ok());
                let parts: Option<Vec<&str>> = inside.map(|path| path.iter().map_while(|part| part.to_str()).collect());
                let Some(path) = parts.map(|parts| parts.join("/")).filter(|path| !known.contains(path)) else {
                    continue;
                };
                clips.push(ClipEntry {
                    path,
                    group: about.group.clone(),
                    split: if about.label == Label::Normal {
                        Split::Train
                    } else {
                        Split::Test
                    },
                    label: about.label,
                    domain: has_domains.then_some(Domain::Source),
                    attributes: about.attributes.clone(),
                    sample_rate_hz: header.sample_rate_hz,
                    n_channels: header.n_channels,
                    duration_secs: file_secs,
                });
            }
            let place = files.first().and_then(|file| file.parent()).unwrap_or(&about.recordings);
            let verb = if is_recovered { "Recovered" } else { "Took in" };
            let end = match clips.len() {
                0 if is_recovered => "; open the folder, or its project, to work with it",
                0 => "; the project has it already",
                _ => "",
            };
            let text = format!("{verb} {secs:.1} s in {n_files} files below {}{end}", place.display());
            Ok(JobOutput::TakenIn(Box::new(TakenIn { notes, clips, text })))
        });
    }

    pub(in crate::app) fn take_taken_in(&mut self, taken: TakenIn) {
        self.notify(Severity::Info, taken.text);
        self.forget_left(&taken.notes);
        if !taken.clips.is_empty() {
            self.add_clips(taken.clips);
        }
    }

    /// Moves the files of a left take out of the way; nothing is deleted.
    pub(super) fn discard_take(&mut self, note: &Path) {
        let Some(take) = self.live.left.iter().find(|take| take.note == note).cloned() else {
            return;
        };
        let recordings = about_of(&take).map_or_else(|| self.recordings_folder(), |about| about.recordings);
        self.spawn(JobKind::TakeIn, "Discarding a take", move |_| {
            let trash = recordings.with_file_name(DISCARDED);
            for file in &take.files {
                for part in [file.clone(), file.with_extension("txt")] {
                    if !part.is_file() {
                        continue;
                    }
                    let inside = part
                        .strip_prefix(&recordings)
                        .unwrap_or(Path::new(part.file_name().unwrap_or_default()));
                    move_file(&part, &trash.join(inside))?;
                }
            }
            let text = format!(
                "Discarded: it lies in {}; delete that folder when you are sure",
                trash.display()
            );
            Ok(JobOutput::TakenIn(Box::new(TakenIn {
                notes: vec![take.note],
                clips: Vec::new(),
                text,
            })))
        });
    }

    fn forget_left(&mut self, notes: &[PathBuf]) {
        let (done, left) = self.live.left.drain(..).partition(|take| notes.contains(&take.note));
        self.live.left = left;
        let done: Vec<LeftTake> = done;
        done.iter().for_each(LeftTake::forget);
        self.state.live.left.retain(|take| !notes.contains(&take.note));
        if self.state.live.left.is_empty() {
            self.state.live.asks_about_left = false;
        }
    }
}

fn about_of(take: &LeftTake) -> Option<TakeAbout> {
    serde_json::from_str(&take.about).ok()
}

fn left_view(take: &LeftTake) -> LeftTakeView {
    let about = about_of(take);
    let secs = |file: &PathBuf| {
        let header = audio::read_header(file).ok();
        header.map_or(0.0, |header| header.n_frames as f64 / f64::from(header.sample_rate_hz))
    };
    let marks = |file: &PathBuf| std::fs::read_to_string(file.with_extension("txt")).map_or(0, |text| text.lines().count());
    LeftTakeView {
        note: take.note.clone(),
        title: about.as_ref().map_or_else(
            || "A take".to_owned(),
            |about| match about.label {
                Label::Normal => format!("{}, normal", about.group),
                Label::Anomalous => format!("{}, anomalous", about.group),
                Label::Unknown => about.group.to_string(),
            },
        ),
        begun_at: about.map_or(0, |about| about.begun_at),
        secs: take.files.iter().map(secs).sum(),
        n_marks: take.files.iter().map(marks).sum(),
        files: take.files.clone(),
    }
}

/// Renames, or copies to another disk; a file of that name is never replaced.
fn move_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !to.exists(),
        "{} is there already: move it away and discard again",
        to.display()
    );
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if std::fs::rename(from, to).is_err() {
        std::fs::copy(from, to)?;
        std::fs::remove_file(from)?;
    }
    Ok(())
}

/// `vel=6, noise=A` as attributes; a word without a value is one that is there.
fn attributes(condition: &str) -> Vec<Attribute> {
    let parts = condition.split([',', ';']).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, "yes"));
            Attribute {
                name: name.trim().to_owned(),
                value: value.trim().to_owned(),
            }
        })
        .collect()
}
