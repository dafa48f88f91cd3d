//! Listening, recording and scoring live.

mod events;
mod view;
mod waterfall;

pub(super) use events::EventFinder;
pub use events::{EventVerdict, LiveEvent};
pub use view::{InputView, LiveScoring, LiveSettings, LiveView};
pub use waterfall::Waterfall;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::job_types::{CropBankKey, JobOutput, JobUpdate, Scored};
use super::{App, JobKind, LiveAction, Severity};
use crate::audio::capture::{Listener, TakePlan, input_devices};
use crate::audio::{self, Clip, Player, SAMPLE_RATE_HZ};
use crate::dataset::{Attribute, ClipEntry, Dataset, Domain, Label, Layout, MachineSection, Split, new_recording};
use crate::pipeline::{CropBank, LiveScore, LiveScorer};
use crate::progress::Progress as _;

/// Below the project's folder.
pub(super) const RECORDINGS: &str = "recordings";
/// The share of one core that scoring may take.
const SCORING_SHARE: f64 = 0.3;
/// Seconds of a frame of every front end.
const FRAME_SECS: f64 = 512.0 / SAMPLE_RATE_HZ as f64;
/// How often the scorer looks whether enough was heard.
const SCORER_PERIOD: Duration = Duration::from_millis(8);
/// Clips that tell how loud the training set is.
const N_LEVEL_CLIPS: usize = 12;
/// Samples that an event's clip has before and after.
const EVENT_MARGIN: u64 = SAMPLE_RATE_HZ as u64 / 2;
const MAX_EVENTS: usize = 500;

/// What is open while somebody listens.
#[derive(Default)]
pub(super) struct Live {
    listener: Option<Arc<Listener>>,
    /// For the sound of events: the transport belongs to the focused clip.
    player: Option<Player>,
    finder: EventFinder,
}

impl App {
    pub(super) fn apply_live(&mut self, action: LiveAction) {
        match action {
            LiveAction::ListInputs => self.list_inputs(),
            LiveAction::Set(settings) => self.set_live(settings),
            LiveAction::Listen => self.open_input(),
            LiveAction::StopListening => self.stop_listening(),
            LiveAction::Record => self.record(),
            LiveAction::StopRecording => self.stop_recording(),
            LiveAction::Mark => self.mark(),
            LiveAction::ClearLevel => self.clear_level(),
            LiveAction::Score(group) => self.score_live(group),
            LiveAction::PauseScoring(is_paused) => self.pause_live_scoring(is_paused),
            LiveAction::PlayEvent(id) => self.play_event(id),
            LiveAction::JudgeEvent { id, verdict } => self.judge_event(id, verdict),
        }
    }

    fn list_inputs(&mut self) {
        if self.state.jobs.iter().any(|job| job.kind == JobKind::ListInputs) {
            return;
        }
        self.spawn(JobKind::ListInputs, "Looking for inputs", |_| {
            Ok(JobOutput::InputsListed(input_devices()))
        });
    }

    /// Opens the chosen input and listens.
    fn open_input(&mut self) {
        self.stop_listening();
        let (device, channel) = (self.state.live.settings.device.clone(), self.state.live.settings.channel);
        self.state.live.is_opening = true;
        self.state.live.error = None;
        self.spawn(JobKind::OpenInput, "Opening the input", move |_| {
            Ok(JobOutput::InputOpened(Arc::new(Listener::open(device.as_deref(), channel)?)))
        });
    }

    pub(super) fn take_listener(&mut self, listener: Result<Arc<Listener>, String>) {
        let live = &mut self.state.live;
        live.is_opening = false;
        match listener {
            Ok(listener) => {
                live.input = Some(InputView {
                    name: listener.name().to_owned(),
                    rate_hz: listener.rate_hz(),
                    n_channels: listener.n_channels(),
                });
                live.waterfall = Waterfall::default();
                live.scores.clear();
                self.live.listener = Some(listener);
            }
            Err(error) => live.error = Some(error),
        }
    }

    /// Ends the take that runs, and closes the input.
    pub(super) fn stop_listening(&mut self) {
        self.stop_live_scoring();
        self.abandon(|kind| *kind == JobKind::OpenInput);
        self.state.live.is_opening = false;
        self.state.live.input = None;
        if let Some(listener) = self.live.listener.take() {
            self.tell_of_take(&listener);
            // The disk may take a moment to have the last of it.
            self.spawn(JobKind::CloseInput, "Closing the input", move |_| {
                drop(listener);
                Ok(JobOutput::InputClosed)
            });
        }
    }

    fn set_live(&mut self, settings: LiveSettings) {
        let before = std::mem::replace(&mut self.state.live.settings, settings);
        let now = &self.state.live.settings;
        if self.live.listener.is_some() && (before.device != now.device || before.channel != now.channel) {
            if self.state.live.heard.take.is_running {
                // A take is not cut off by a wrong click.
                self.state.live.settings.device = before.device;
                self.state.live.settings.channel = before.channel;
                return self.notify(Severity::Warning, "a take is running: end it before you change the input");
            }
            self.open_input();
        }
    }

    fn record(&mut self) {
        let Some(listener) = &self.live.listener else { return };
        let settings = &self.state.live.settings;
        let Some(group) = settings.group() else {
            return self.notify(
                Severity::Warning,
                "say which machine this is before you record: the name becomes part of the files' names",
            );
        };
        let name = new_recording(
            self.recordings_layout(),
            &group,
            settings.label,
            &attributes(&settings.condition),
        );
        let plan = TakePlan {
            folder: self.recordings_folder().join(name.folder),
            prefix: name.prefix,
            suffix: name.suffix,
            pre_roll_secs: settings.pre_roll_secs,
            split_secs: settings.split_secs,
        };
        listener.record(plan);
    }

    fn stop_recording(&mut self) {
        if let Some(listener) = &self.live.listener {
            listener.stop();
        }
    }

    fn mark(&mut self) {
        if let Some(listener) = &self.live.listener {
            let n_marks = self.state.live.heard.take.marks.len();
            listener.mark(&format!("mark {}", n_marks + 1));
        }
    }

    fn clear_level(&mut self) {
        if let Some(listener) = &self.live.listener {
            listener.clear_level();
        }
    }

    /// Below the project, or where new projects lie.
    fn recordings_folder(&self) -> PathBuf {
        let project = self.state.workbench.as_ref().and_then(|workbench| workbench.path.parent());
        project.unwrap_or(&self.folders.projects).join(RECORDINGS)
    }

    /// That of the open data set, so that recordings and data set are named alike.
    fn recordings_layout(&self) -> Layout {
        let workbench = self.state.workbench.as_ref();
        workbench.map_or(Layout::PlainFolders, |workbench| workbench.dataset.layout)
    }

    /// Scores what is heard with the active run and the section's detector; `None` stops it.
    fn score_live(&mut self, group: Option<MachineSection>) {
        self.stop_live_scoring();
        let (Some(group), Some(listener), Some(workbench)) = (group, self.live.listener.clone(), self.state.workbench.as_ref())
        else {
            return;
        };
        let Some((run_name, run)) = workbench.run.clone() else {
            return self.notify(
                Severity::Warning,
                "no run is ready: train one on the screen Train, or wait until it is scored",
            );
        };
        let detector = workbench.detector(&group).0;
        let key = CropBankKey {
            run_name: run_name.clone(),
            group: group.clone(),
            detector: detector.name(),
        };
        let (known, dataset) = (workbench.crop_banks.get(&key).cloned(), Arc::clone(&workbench.dataset));
        let config = *workbench.project.detector_settings().of(&group.to_string());
        let section = group.clone();
        let job = self.spawn(JobKind::ScoreLive, &format!("Scoring {group} live"), move |context| {
            context.stage("hearing the training clips");
            if let Some(level_db) = training_level(&dataset, &section) {
                context.update(JobUpdate::TrainingLevel(level_db));
            }
            let bank = match known {
                Some(bank) => bank,
                None => Arc::new(CropBank::fit(&run, &dataset, &section, detector, &config, context)?),
            };
            context.stage("listening");
            let mut scorer = LiveScorer::new(run, bank, listener.heard().n_samples, 1)?;
            loop {
                context.step(0, 0)?;
                let (from, until) = scorer.needs();
                let heard = listener.heard();
                if heard.n_samples < until {
                    if heard.failure.is_some() {
                        return Ok(JobOutput::InputClosed);
                    }
                    std::thread::sleep(SCORER_PERIOD);
                    continue;
                }
                let (first, samples) = listener.since(from);
                let begun = Instant::now();
                let Some(score) = scorer.score(first, &samples)? else {
                    continue;
                };
                let cost_secs = begun.elapsed().as_secs_f64();
                // As often as there is a new frame, or as seldom as the machine needs.
                let hop_frames = (cost_secs / (FRAME_SECS * SCORING_SHARE)).ceil().max(1.0) as u64;
                scorer.set_hop(hop_frames);
                context.update(JobUpdate::Live {
                    score,
                    cost_ms: cost_secs * 1e3,
                    hop_frames,
                });
            }
        });
        self.state.live.scoring = job.map(|job| LiveScoring {
            job,
            group,
            run: run_name,
            detector: detector.title(),
            pace: None,
            training_db: None,
            is_paused: false,
        });
    }

    fn pause_live_scoring(&mut self, is_paused: bool) {
        if let Some(scoring) = &mut self.state.live.scoring {
            scoring.is_paused = is_paused;
            let job = scoring.job;
            self.set_paused(job, is_paused);
        }
    }

    pub(super) fn stop_live_scoring(&mut self) {
        self.abandon(|kind| *kind == JobKind::ScoreLive);
        self.state.live.scoring = None;
        if let Some(event) = self.live.finder.finish() {
            self.end_event(event);
        }
    }

    pub(super) fn take_live_score(&mut self, score: LiveScore, cost_ms: f64, hop_frames: u64) {
        let live = &mut self.state.live;
        if let Some(scoring) = &mut live.scoring {
            scoring.pace = Some((cost_ms, hop_frames));
        }
        live.scores.push_back(score);
        let oldest = score.end.saturating_sub(40 * u64::from(SAMPLE_RATE_HZ));
        while live.scores.front().is_some_and(|score| score.start < oldest) {
            live.scores.pop_front();
        }
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        if let Some(event) = self.live.finder.push(score, live.settings.threshold, now) {
            self.end_event(event);
        }
    }

    pub(super) fn take_training_level(&mut self, level_db: f64) {
        if let Some(scoring) = &mut self.state.live.scoring {
            scoring.training_db = Some(level_db);
        }
    }

    fn end_event(&mut self, mut event: LiveEvent) {
        if let Some(listener) = &self.live.listener {
            let (first, mut samples) = listener.since(event.start.saturating_sub(EVENT_MARGIN));
            let n_wanted = (event.end + EVENT_MARGIN).saturating_sub(first);
            samples.truncate(usize::try_from(n_wanted).unwrap_or(usize::MAX));
            event.clip = Some(Arc::new(Clip {
                samples,
                sample_rate_hz: SAMPLE_RATE_HZ,
            }));
        }
        let events = &mut self.state.live.events;
        events.insert(0, event);
        events.truncate(MAX_EVENTS);
    }

    fn play_event(&mut self, id: u64) {
        let event = self.state.live.events.iter().find(|event| event.id == id);
        let Some(clip) = event.and_then(|event| event.clip.clone()) else {
            return;
        };
        self.stop_playing();
        if self.live.player.as_ref().is_none_or(|player| player.failure().is_some()) {
            match Player::open() {
                Ok(player) => self.live.player = Some(player),
                Err(error) => return self.notify(Severity::Warning, error.to_string()),
            }
        }
        if let Some(player) = &mut self.live.player {
            match player.load(clip) {
                Ok(()) => player.play(),
                Err(error) => self.notify(Severity::Warning, error.to_string()),
            }
        }
    }

    /// Notes what a person says of an event, and writes its sound where it is to be kept. What is normal becomes a training clip.
    fn judge_event(&mut self, id: u64, verdict: EventVerdict) {
        let folder = self.recordings_folder();
        let layout = self.recordings_layout();
        let workbench = self.state.workbench.as_ref();
        let has_domains = workbench.is_some_and(|workbench| workbench.dataset.clips.iter().any(|clip| clip.domain.is_some()));
        let live = &mut self.state.live;
        let scored = live.scoring.as_ref().map(|scoring| scoring.group.clone());
        let group = scored.or_else(|| live.settings.group());
        let Some(event) = live.events.iter_mut().find(|event| event.id == id) else {
            return;
        };
        event.verdict = Some(verdict);
        let (Some(sound), Some(group)) = (event.clip.clone(), group) else {
            return;
        };
        let label = match verdict {
            EventVerdict::FalseAlarm => return,
            EventVerdict::Kept => Label::Anomalous,
            EventVerdict::KeptAsNormal => Label::Normal,
        };
        let becomes_training_clip = label == Label::Normal && self.state.workbench.is_some();
        let at = event.at;
        self.spawn(JobKind::SaveFile, "Keep the event", move |_| {
            let name = new_recording(layout, &group, label, &[]);
            let place = format!("{}/{}{at}{id:02}{}.wav", name.folder, name.prefix, name.suffix);
            let path = folder.join(&place);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            audio::write_wav(&path, &sound)?;
            if !becomes_training_clip {
                return Ok(JobOutput::FileSaved(path));
            }
            Ok(JobOutput::ClipRecorded(Box::new(ClipEntry {
                path: format!("{RECORDINGS}/{place}"),
                group,
                split: Split::Train,
                label,
                domain: has_domains.then_some(Domain::Source),
                attributes: Vec::new(),
                sample_rate_hz: sound.sample_rate_hz,
                n_channels: 1,
                duration_secs: sound.duration_secs() as f32,
            })))
        });
    }

    /// Takes a recording into the data set, embeds it and fits the detectors anew.
    pub(super) fn add_clip(&mut self, clip: ClipEntry) {
        if !self.may_write() {
            return;
        }
        let Some(workbench) = &mut self.state.workbench else { return };
        let name = clip.file_name().to_owned();
        let group = clip.group.clone();
        workbench.project.added.push(clip);
        let placed = workbench.project.added_clips(&workbench.path).pop();
        Arc::make_mut(&mut workbench.scanned).clips.extend(placed);
        (workbench.groups, workbench.machines) = (workbench.scanned.groups(), workbench.scanned.machines());
        workbench.refresh_labels();
        workbench.refresh_scores();
        self.touch();
        self.forget_crop_banks();
        self.notify(
            Severity::Info,
            format!("{name} is a training clip of {group} now; its detectors are fitted again"),
        );
        self.score_added();
    }

    /// Embeds the clips that were added since, with the run that is open.
    fn score_added(&mut self) {
        let Some(workbench) = &self.state.workbench else { return };
        let (Some((run_name, run)), Some(known)) = (workbench.run.clone(), workbench.embedded.clone()) else {
            return;
        };
        let (dataset, settings) = (Arc::clone(&workbench.dataset), workbench.project.detector_settings());
        self.abandon(|kind| matches!(kind, JobKind::Score | JobKind::Ribbon));
        self.spawn(JobKind::Score, "Fit the detectors with the new clip", move |context| {
            Scored::by((run_name, run), dataset, settings, &known, context)
        });
    }

    /// Renews what is shown of the input. Returns whether more waits to be drawn.
    pub(super) fn poll_live(&mut self) -> bool {
        let Some(listener) = &self.live.listener else { return false };
        let live = &mut self.state.live;
        let was_recording = live.heard.take.is_running;
        live.heard = listener.heard();
        let (first, samples) = listener.since(live.waterfall.needs_from());
        let has_more = live.waterfall.push(first, &samples);
        let is_over = was_recording && !live.heard.take.is_running;
        let failure = live.heard.failure.clone();
        if is_over {
            let listener = Arc::clone(listener);
            self.tell_of_take(&listener);
        }
        if let Some(reason) = failure {
            self.stop_listening();
            self.state.live.error = Some(reason);
        }
        has_more
    }

    /// Says what a take has become.
    fn tell_of_take(&mut self, listener: &Listener) {
        let take = listener.heard().take;
        let Some(first) = take.files.first() else { return };
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

/// The mean effective value of some normal training clips, in dB of full scale.
fn training_level(dataset: &Dataset, group: &MachineSection) -> Option<f64> {
    let clips: Vec<usize> = dataset
        .indices(group, Split::Train)
        .into_iter()
        .filter(|&clip| dataset.clips[clip].label != Label::Anomalous)
        .collect();
    let step = clips.len().div_ceil(N_LEVEL_CLIPS).max(1);
    let levels: Vec<f64> = clips
        .into_iter()
        .step_by(step)
        .filter_map(|clip| audio::read_clip(&dataset.file(&dataset.clips[clip]), dataset.channel).ok())
        .filter(|clip| !clip.samples.is_empty())
        .map(|clip| {
            let energy: f64 = clip.samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
            10.0 * (energy / clip.samples.len() as f64).max(1e-12).log10()
        })
        .collect();
    (!levels.is_empty()).then(|| levels.iter().sum::<f64>() / levels.len() as f64)
}
