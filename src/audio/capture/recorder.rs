//! Takes: what is heard goes into files, from a moment before the button was pressed.

use std::collections::VecDeque;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::growing_wav::GrowingWav;
use super::note::TakeNote;
use crate::audio::AudioError;

/// The longest time that is kept in case somebody presses the button too late.
const MAX_PRE_ROLL_SECS: f64 = 30.0;
/// Names that are tried, from the plan's number on, before the folder is taken for full.
const MAX_NUMBER: u32 = 100_000;

/// How a take is to be written: `folder/prefix0000suffix.wav`, and on with the next free number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TakePlan {
    pub folder: PathBuf,
    pub prefix: String,
    pub suffix: String,
    /// Seconds from before the start that belong to it, at most 30.
    pub pre_roll_secs: f64,
    /// Seconds after which the next file begins, without a gap; `None`: one file.
    pub split_secs: Option<f64>,
    /// Where a note tells the next start of this take, should the program be killed, and a line about it; `None`: nowhere.
    pub note: Option<(PathBuf, String)>,
}

/// A moment that somebody marked.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub file: PathBuf,
    /// In that file.
    pub at_secs: f64,
    pub text: String,
}

/// A take as it stands; cheap to copy, however long it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TakeView {
    /// Seconds in all files, what was heard before the start included.
    pub secs: f64,
    /// In order; the last one grows.
    pub files: Arc<Vec<PathBuf>>,
    pub marks: Arc<Vec<Mark>>,
    /// Samples that the sound card delivered and that found no room, since the start.
    pub n_dropped: u64,
    /// Why no note tells of it: should the program be killed, the next start does not offer it.
    pub unnoted: Option<String>,
    /// Why it ended before it was ended; what was written until then is kept.
    pub failure: Option<String>,
    pub is_running: bool,
}

/// Writes takes of a stream of frames, and remembers the last moments while there is none.
pub(super) struct Recorder {
    rate_hz: u32,
    n_channels: u16,
    n_bits: u16,
    /// The last moments, channel by channel.
    heard: VecDeque<f32>,
    running: Option<Running>,
    view: TakeView,
}

struct Running {
    plan: TakePlan,
    number: u32,
    wav: GrowingWav,
    /// Frames in the files that are ended.
    n_before: u64,
    note: Option<TakeNote>,
}

impl Recorder {
    pub(super) fn new(rate_hz: u32, n_channels: u16, n_bits: u16) -> Self {
        let mut recorder = Self {
            rate_hz: rate_hz.max(1),
            n_channels: n_channels.max(1),
            n_bits,
            heard: VecDeque::new(),
            running: None,
            view: TakeView::default(),
        };
        // As long as it will be: what grows by doubling takes twice as much in the end, and three times on the way.
        recorder.heard.reserve_exact(recorder.n_samples(MAX_PRE_ROLL_SECS));
        recorder
    }

    pub(super) fn view(&self) -> &TakeView {
        &self.view
    }

    /// Begins a take with what was heard just before. One that runs is ended first.
    ///
    /// # Errors
    /// Where the first file cannot be made: then no take has begun, and the view says why.
    pub(super) fn start(&mut self, plan: TakePlan) -> Result<(), AudioError> {
        self.stop();
        let made = next_file(&plan, 0, self);
        self.view = TakeView {
            failure: made.as_ref().err().map(ToString::to_string),
            ..TakeView::default()
        };
        let (number, wav) = made?;
        // Without a note the take is recorded all the same: sound comes before its insurance.
        let mut note = plan.note.as_ref().and_then(|(folder, about)| {
            let made = TakeNote::create(folder, about);
            made.map_err(|error| self.view.unnoted = Some(format!("{}: {error}", folder.display())))
                .ok()
        });
        tell_file(&mut self.view, &mut note, wav.path());
        self.view.is_running = true;
        let n_wanted = self.n_samples(plan.pre_roll_secs.clamp(0.0, MAX_PRE_ROLL_SECS));
        self.running = Some(Running {
            plan,
            number,
            wav,
            n_before: 0,
            note,
        });
        let n_skipped = self.heard.len().saturating_sub(n_wanted);
        let before: Vec<f32> = self.heard.drain(..).skip(n_skipped).collect();
        self.write(&before);
        Ok(())
    }

    /// Takes frames in, channel by channel.
    pub(super) fn push(&mut self, frames: &[f32]) {
        if self.running.is_some() {
            self.write(frames);
        } else {
            let most = self.n_samples(MAX_PRE_ROLL_SECS);
            let newest = &frames[frames.len().saturating_sub(most)..];
            let n_old = (self.heard.len() + newest.len()).saturating_sub(most);
            self.heard.drain(..n_old);
            self.heard.extend(newest);
        }
    }

    /// Ends the take that runs.
    pub(super) fn stop(&mut self) {
        self.view.is_running = false;
        if let Some(mut running) = self.running.take() {
            if let Err(error) = running.wav.finish() {
                self.view.failure.get_or_insert(ended_by(&error));
            }
            self.end(running);
        }
    }

    /// The files are what they are: counts what is in them, and takes the note away.
    fn end(&mut self, running: Running) {
        self.view.secs = (running.n_before + running.wav.n_frames()) as f64 / f64::from(self.rate_hz);
        if let Some(note) = running.note {
            note.end();
        }
    }

    /// Marks this moment, and writes the mark beside the file at once, as Audacity reads labels.
    pub(super) fn mark(&mut self, text: &str) {
        let Some(running) = &self.running else { return };
        let file = running.wav.path().to_owned();
        let at_secs = running.wav.n_frames() as f64 / f64::from(self.rate_hz);
        if let Err(error) = append_label(&file, at_secs, text) {
            self.view.failure.get_or_insert(format!("the mark is not saved: {error}"));
        }
        Arc::make_mut(&mut self.view.marks).push(Mark {
            file,
            at_secs,
            text: text.to_owned(),
        });
    }

    /// Counts samples that found no room.
    pub(super) fn tell_dropped(&mut self, n_samples: u64) {
        if self.running.is_some() {
            self.view.n_dropped += n_samples;
        }
    }

    fn n_samples(&self, secs: f64) -> usize {
        (secs * f64::from(self.rate_hz)).round() as usize * usize::from(self.n_channels)
    }

    fn write(&mut self, frames: &[f32]) {
        if let Err(error) = self.try_to_write(frames) {
            self.view.is_running = false;
            self.view.failure = Some(ended_by(&error));
            if let Some(mut running) = self.running.take() {
                // The last piece, if it still finds room.
                running.wav.finish().ok();
                self.end(running);
            }
        }
    }

    fn try_to_write(&mut self, mut frames: &[f32]) -> Result<(), AudioError> {
        while !frames.is_empty() {
            let Some(running) = &self.running else { return Ok(()) };
            let n_channels = usize::from(self.n_channels);
            let split = running.plan.split_secs.filter(|secs| *secs > 0.0);
            let n_planned = split.map_or(u64::MAX, |secs| (self.n_samples(secs) / n_channels).max(1) as u64);
            let room = running.wav.room().min(n_planned.saturating_sub(running.wav.n_frames()));
            if room == 0 {
                let (number, wav) = next_file(&running.plan, running.number + 1, self)?;
                if let Some(running) = &mut self.running {
                    tell_file(&mut self.view, &mut running.note, wav.path());
                    running.number = number;
                    let mut full = std::mem::replace(&mut running.wav, wav);
                    let ended = full.finish();
                    running.n_before += full.n_frames();
                    ended?;
                }
                continue;
            }
            let n_now = usize::try_from(room).unwrap_or(usize::MAX).min(frames.len() / n_channels) * n_channels;
            if n_now == 0 {
                return Ok(());
            }
            let (now, later) = frames.split_at(n_now);
            if let Some(running) = &mut self.running {
                running.wav.push(now)?;
                self.view.secs = (running.n_before + running.wav.n_frames()) as f64 / f64::from(self.rate_hz);
            }
            frames = later;
        }
        Ok(())
    }
}

fn ended_by(error: &AudioError) -> String {
    format!("{error}; the recording ended, what was written until then is kept")
}

/// Takes a new file into what is shown, and into the note.
fn tell_file(view: &mut TakeView, note: &mut Option<TakeNote>, file: &Path) {
    Arc::make_mut(&mut view.files).push(file.to_owned());
    if let Some(Err(error)) = note.as_mut().map(|note| note.add(file)) {
        view.unnoted = Some(error.to_string());
        *note = None;
    }
}

/// The file with the next free number.
fn next_file(plan: &TakePlan, from: u32, recorder: &Recorder) -> Result<(u32, GrowingWav), AudioError> {
    let mut number = from;
    loop {
        let path = plan.folder.join(format!("{}{number:04}{}.wav", plan.prefix, plan.suffix));
        if !path.exists() || number >= MAX_NUMBER {
            match GrowingWav::create(&path, recorder.rate_hz, recorder.n_channels, recorder.n_bits) {
                // Another window was quicker.
                Err(AudioError::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::AlreadyExists && number < MAX_NUMBER && path.is_file() => {}
                made => return made.map(|wav| (number, wav)),
            }
        }
        number += 1;
    }
}

/// A line of the label track that lies beside a recording.
fn append_label(recording: &Path, at_secs: f64, text: &str) -> std::io::Result<()> {
    let text = text.replace(['\t', '\n', '\r'], " ");
    let mut file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(recording.with_extension("txt"))?;
    writeln!(file, "{at_secs:.6}\t{at_secs:.6}\t{text}")?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::{Recorder, TakePlan};
    use crate::audio::{ChannelChoice, read_clip_at_own_rate};

    fn ramp(from: usize, n: usize) -> Vec<f32> {
        (from..from + n).map(|i| (i % 20_000) as f32 / 20_000.0).collect()
    }

    #[test]
    fn a_take_holds_what_was_heard_before_and_is_split_without_a_gap() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut recorder = Recorder::new(1_000, 1, 24);
        recorder.push(&ramp(0, 3_000));
        let plan = TakePlan {
            folder: folder.path().join("fan/train"),
            prefix: "section_00_source_train_normal_".into(),
            suffix: "_vel_6".into(),
            pre_roll_secs: 0.5,
            split_secs: Some(2.0),
            note: Some((folder.path().join("takes"), "a fan".into())),
        };
        let n_notes = || std::fs::read_dir(folder.path().join("takes")).expect("listed").count();
        recorder.start(plan.clone()).expect("started");
        for from in (3_000..7_000).step_by(137) {
            recorder.push(&ramp(from, 137.min(7_000 - from)));
        }
        recorder.mark("knock\there");
        assert_eq!(n_notes(), 1, "should the program be killed now");
        recorder.stop();
        assert_eq!(n_notes(), 0);
        let view = recorder.view().clone();
        assert_eq!(view.failure, None);
        assert!((view.secs - 4.5).abs() < 1e-9, "{view:?}");
        let names: Vec<_> = view.files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        assert_eq!(
            names,
            [0, 1, 2].map(|n| format!("section_00_source_train_normal_000{n}_vel_6.wav"))
        );
        let heard: Vec<f32> = view
            .files
            .iter()
            .flat_map(|file| read_clip_at_own_rate(file, ChannelChoice::default()).expect("read").samples)
            .collect();
        for (value, expected) in heard.iter().zip(ramp(2_500, 4_500)) {
            assert!((value - expected).abs() < 1e-6);
        }
        assert_eq!(heard.len(), 4_500);
        let labels = std::fs::read_to_string(view.files[2].with_extension("txt")).expect("labels");
        assert_eq!(labels, "0.500000\t0.500000\tknock here\n");
        recorder.start(plan).expect("started again");
        recorder.stop();
        assert!(recorder.view().files[0].ends_with("section_00_source_train_normal_0003_vel_6.wav"));
    }

    #[test]
    fn a_take_that_cannot_be_noted_is_recorded_and_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let in_the_way = folder.path().join("settings");
        std::fs::write(&in_the_way, "").expect("written");
        let mut recorder = Recorder::new(1_000, 1, 16);
        let plan = TakePlan {
            folder: folder.path().join("takes"),
            note: Some((in_the_way.join("takes"), "a fan".into())),
            ..TakePlan::default()
        };
        recorder.start(plan).expect("recorded all the same");
        recorder.push(&ramp(0, 100));
        assert!(recorder.view().is_running);
        assert!(
            recorder
                .view()
                .unnoted
                .as_ref()
                .is_some_and(|reason| reason.contains("settings"))
        );
        recorder.stop();
        recorder
            .start(TakePlan {
                folder: folder.path().join("takes"),
                note: Some((folder.path().join("notes"), String::new())),
                ..TakePlan::default()
            })
            .expect("started");
        assert_eq!(recorder.view().unnoted, None, "the next one is noted");
    }

    #[test]
    fn where_nothing_can_be_written_no_take_begins_and_the_reason_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let in_the_way = folder.path().join("file");
        std::fs::write(&in_the_way, "").expect("written");
        let mut recorder = Recorder::new(1_000, 1, 16);
        let error = recorder.start(TakePlan {
            folder: in_the_way,
            ..TakePlan::default()
        });
        assert!(error.is_err_and(|error| error.to_string().contains("0000.wav")));
        assert!(!recorder.view().is_running);
    }

    #[test]
    fn a_folder_that_is_gone_ends_the_take_with_a_reason_and_keeps_what_was_written() {
        let mut recorder = Recorder::new(1_000, 1, 16);
        let folder = tempfile::tempdir().expect("a folder");
        recorder
            .start(TakePlan {
                folder: folder.path().to_owned(),
                ..TakePlan::default()
            })
            .expect("started");
        // The folder vanishes under the next file.
        let plan_folder = folder.path().to_owned();
        recorder.push(&ramp(0, 100));
        if let Some(running) = &mut recorder.running {
            running.plan.split_secs = Some(0.1);
            running.plan.folder = plan_folder.join("0000.wav");
        }
        recorder.push(&ramp(100, 100));
        let view = recorder.view();
        assert!(!view.is_running);
        assert!(
            view.failure.as_ref().is_some_and(|reason| reason.contains("kept")),
            "{view:?}"
        );
        let first = read_clip_at_own_rate(&view.files[0], ChannelChoice::default()).expect("kept");
        assert_eq!(first.samples.len(), 100);
    }
}
