//! Events: their sound kept, heard and judged; and recordings that become clips of the project.

use std::sync::Arc;

use super::events::MAX_SOUND;
use super::{EventVerdict, LiveEvent, RECORDINGS};
use crate::app::job_types::{JobOutput, Scored};
use crate::app::{App, JobKind, Severity};
use crate::audio::{self, Clip, Player, SAMPLE_RATE_HZ};
use crate::dataset::{ClipEntry, Domain, Label, Split, new_recording};

/// Samples that an event's clip has before and after.
const EVENT_MARGIN: u64 = SAMPLE_RATE_HZ as u64 / 2;
const MAX_EVENTS: usize = 500;
/// Samples of all events' sounds together, twenty minutes.
const MAX_EVENT_SAMPLES: usize = 20 * 60 * SAMPLE_RATE_HZ as usize;

impl App {
    /// Lists an event, or what has become of the one on top; its sound is kept as soon as it is whole.
    pub(super) fn list_event(&mut self, mut event: LiveEvent) {
        let events = &mut self.state.live.events;
        let known = events.first().filter(|first| first.id == event.id);
        if let Some(known) = known {
            (event.clip, event.verdict, event.file) = (known.clip.clone(), known.verdict, known.file.clone());
            events.remove(0);
        }
        let is_whole = !event.is_going_on || event.end - event.start >= MAX_SOUND;
        if is_whole && event.clip.is_none() {
            event.clip = self.sound_of(&event);
        }
        let events = &mut self.state.live.events;
        events.insert(0, event);
        events.truncate(MAX_EVENTS);
        forget_old_sounds(events);
    }

    fn sound_of(&self, event: &LiveEvent) -> Option<Arc<Clip>> {
        let listener = self.live.listener.as_ref()?;
        let (first, mut samples) = listener.since(event.start.saturating_sub(EVENT_MARGIN));
        let end = event.end.min(event.start + MAX_SOUND);
        let n_wanted = (end + EVENT_MARGIN).saturating_sub(first);
        samples.truncate(usize::try_from(n_wanted).unwrap_or(usize::MAX));
        Some(Arc::new(Clip {
            samples,
            sample_rate_hz: SAMPLE_RATE_HZ,
        }))
    }

    pub(super) fn play_event(&mut self, id: u64) {
        let event = self.state.live.events.iter().find(|event| event.id == id);
        let Some(clip) = event.and_then(|event| event.clip.clone()) else {
            return;
        };
        self.play_sound(clip);
    }

    /// Plays a sound that is no clip of the list.
    pub(in crate::app) fn play_sound(&mut self, clip: Arc<Clip>) {
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
    pub(super) fn judge_event(&mut self, id: u64, verdict: EventVerdict) {
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
        let name = new_recording(layout, &group, label, &[]);
        let place = format!("{}/{}{}{id:02}{}.wav", name.folder, name.prefix, event.at, name.suffix);
        let path = folder.join(&place);
        event.file = Some(path.clone());
        self.spawn(JobKind::SaveFile, "Keep the event", move |_| {
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
                duration_secs: sound.duration_secs(),
            })))
        });
    }

    /// Takes recordings into the data set, embeds them and fits the detectors anew.
    pub(in crate::app) fn add_clips(&mut self, clips: Vec<ClipEntry>) {
        if !self.may_write() {
            return;
        }
        let Some(workbench) = &mut self.state.workbench else { return };
        let Some(first) = clips.first() else { return };
        let n_more = clips.len() - 1;
        let names = match n_more {
            0 => format!("{} is a {{}} of {} now", first.file_name(), first.group),
            n => format!("{} and {n} more are {{}}s of {} now", first.file_name(), first.group),
        };
        let text = match first.split {
            Split::Train => format!("{}; its detectors are fitted again", names.replace("{}", "training clip")),
            Split::Test => format!("{}; they are scored", names.replace("{}", "test clip")),
        };
        let n_clips = clips.len();
        workbench.project.added.extend(clips);
        let placed = workbench.project.added_clips(&workbench.path);
        let n_before = placed.len() - n_clips;
        Arc::make_mut(&mut workbench.scanned)
            .clips
            .extend(placed.into_iter().skip(n_before));
        (workbench.groups, workbench.machines) = (workbench.scanned.groups(), workbench.scanned.machines());
        workbench.refresh_labels();
        workbench.refresh_scores();
        self.touch();
        self.forget_crop_banks();
        self.notify(Severity::Info, text);
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
}

/// Drops the oldest sounds where there are too many.
fn forget_old_sounds(events: &mut [LiveEvent]) {
    let mut n_samples = 0;
    for event in events {
        n_samples += event.clip.as_ref().map_or(0, |clip| clip.samples.len());
        if n_samples > MAX_EVENT_SAMPLES {
            event.clip = None;
        }
    }
}
