//! Listening, recording and scoring live; and watching a folder that somebody else records into.
//!
//! *Invariant:* a take is never lost by anything that happens here; the input is heard through the output only while a person
//! has asked for it, and the wish is not remembered.

mod events;
mod input;
mod keep;
mod scoring;
mod settings;
mod takes;
mod view;
mod watch;
mod waterfall;

pub(super) use events::EventFinder;
pub use events::{EventVerdict, LiveEvent};
pub(super) use takes::{TakeAbout, TakenIn};
pub use view::{InputView, LeftTakeView, LivePace, LiveScoring, LiveView, LostInput, WatchView};
pub use waterfall::Waterfall;

pub use crate::project::LiveSettings;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{App, LiveAction};
use crate::audio::Player;
use crate::audio::capture::{DeviceWatch, LeftTake, Listener};
use crate::jobs::Wake;

/// A take that ends so shortly before its input is known to be gone has ended by that.
const SAME_MOMENT: Duration = Duration::from_secs(2);

/// Below the project's folder.
pub(super) const RECORDINGS: &str = "recordings";

/// What is open while somebody listens.
pub(super) struct Live {
    wake: Wake,
    listener: Option<Arc<Listener>>,
    /// Looks for inputs, once somebody wants to know.
    devices: Option<DeviceWatch>,
    /// For the sound of events: the transport belongs to the focused clip.
    player: Option<Player>,
    finder: EventFinder,
    /// The input is heard through the output, as far as is known.
    is_monitored: bool,
    /// What the last take is of.
    take: Option<TakeAbout>,
    left: Vec<LeftTake>,
    /// When the last take came to its end.
    take_over: Option<Instant>,
    settings_due: Option<Instant>,
}

impl Live {
    pub(super) fn new(wake: Wake) -> Self {
        Self {
            wake,
            listener: None,
            devices: None,
            player: None,
            finder: EventFinder::default(),
            is_monitored: false,
            take: None,
            left: Vec::new(),
            take_over: None,
            settings_due: None,
        }
    }
}

impl LiveView {
    /// Nothing heard yet, with the settings that the program remembers in this folder.
    pub(super) fn remembered(folder: &Path) -> Self {
        Self {
            settings: settings::read(folder),
            ..Self::default()
        }
    }
}

impl App {
    pub(super) fn apply_live(&mut self, action: LiveAction) {
        match action {
            LiveAction::ListInputs => self.watch_inputs(),
            LiveAction::Set(settings) => self.set_live(*settings),
            LiveAction::Listen => self.open_input(),
            LiveAction::StopListening => {
                self.state.live.lost = None;
                self.stop_listening();
            }
            LiveAction::Monitor(is_wanted) => self.monitor(is_wanted),
            LiveAction::Record => self.record(),
            LiveAction::StopRecording => self.stop_recording(),
            LiveAction::Mark => self.mark(),
            LiveAction::AddTake => self.add_take(),
            LiveAction::AskAboutLeft(asks) => self.ask_about_left(asks),
            LiveAction::RecoverTake(note) => self.recover_take(&note),
            LiveAction::DiscardTake(note) => self.discard_take(&note),
            LiveAction::ClearLevel => self.clear_level(),
            LiveAction::Score(group) => self.score_live(group),
            LiveAction::PauseScoring(is_paused) => self.pause_live_scoring(is_paused),
            LiveAction::PlayEvent(id) => self.play_event(id),
            LiveAction::JudgeEvent { id, verdict } => self.judge_event(id, verdict),
            LiveAction::Watch(folder) => self.watch_folder(folder),
            LiveAction::StopWatching => self.stop_watching(),
            LiveAction::PlayWatched(path) => self.play_watched(&path),
            LiveAction::SaveWatched(path) => self.save_watched(path),
        }
    }

    fn clear_level(&mut self) {
        if let Some(listener) = &self.live.listener {
            listener.clear_level();
        }
    }

    /// Renews what is shown of the input. Returns whether more waits to be drawn.
    pub(super) fn poll_live(&mut self) -> bool {
        if self.live.settings_due.is_some_and(|due| Instant::now() >= due) {
            self.write_live_settings();
        }
        if let Some(devices) = self.live.devices.as_ref().and_then(DeviceWatch::news) {
            self.take_devices(devices);
        }
        let folder = self.recordings_folder();
        if self.state.live.folder.as_ref() != Some(&folder) {
            self.state.live.folder = Some(folder);
        }
        let Some(listener) = &self.live.listener else { return false };
        let live = &mut self.state.live;
        let was_recording = live.heard.take.is_running;
        let was_noted = live.heard.take.unnoted.is_none();
        live.heard = listener.heard();
        let has_begun = live.heard.take.is_running && !was_recording;
        let unnoted = live.heard.take.unnoted.clone().filter(|_| was_noted || has_begun);
        let had_monitor = self.live.is_monitored;
        self.live.is_monitored &= live.heard.monitor_failure.is_none();
        // What was asked for a moment ago is on its way.
        live.heard.is_monitored = self.live.is_monitored;
        let (first, samples) = listener.since(live.waterfall.needs_from());
        let has_more = live.waterfall.push(first, &samples);
        let is_over = was_recording && !live.heard.take.is_running;
        let failure = live.heard.failure.clone();
        if let Some(reason) = live.heard.monitor_failure.clone()
            && had_monitor
        {
            listener.monitor(None);
            self.notify(super::Severity::Warning, format!("Monitoring ended: {reason}"));
        }
        if let Some(reason) = unnoted {
            let text =
                format!("This take is recorded, but not noted: if the program is killed, it is not offered again ({reason})");
            self.notify(super::Severity::Warning, text);
        }
        if is_over && let Some(listener) = self.live.listener.clone() {
            self.live.take_over = Some(Instant::now());
            self.tell_of_take(&listener);
        }
        if let Some(reason) = failure {
            // The take ends on a thread of its own, a moment before or after the input is known to be gone.
            let ended = self.live.take_over.take();
            let has_just_ended = ended.is_some_and(|ended| ended.elapsed() < SAME_MOMENT);
            self.lose_input(reason, has_just_ended || self.state.live.heard.take.is_running);
        }
        has_more
    }
}
