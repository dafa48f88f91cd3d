//! Inputs: found, opened, gone and back again; and hearing them through the output.

use std::sync::Arc;
use std::time::Duration;

use super::{InputView, LostInput, Waterfall};
use crate::app::job_types::JobOutput;
use crate::app::{App, JobKind, Severity};
use crate::audio::capture::{DeviceWatch, InputDevice, InputWish, Listener, Monitor};
use crate::project::LiveSettings;

/// A disk that takes longer for the end of a take is taken for dead.
const LONGEST_END: Duration = Duration::from_secs(10);

impl App {
    /// Looks for inputs from now on; asked again it looks at once.
    pub(super) fn watch_inputs(&mut self) {
        let wake = Arc::clone(&self.live.wake);
        self.live.devices = DeviceWatch::start(move || wake());
    }

    /// Takes the list of inputs in, and says when one that was lost is among them again.
    pub fn take_devices(&mut self, devices: Vec<InputDevice>) {
        let live = &mut self.state.live;
        if let Some(lost) = &mut live.lost {
            lost.is_back = match &lost.id {
                Some(id) => devices.iter().any(|device| device.id == *id),
                None => !devices.is_empty(),
            };
        }
        live.devices = Some(devices);
    }

    /// Opens the chosen input and listens.
    pub(super) fn open_input(&mut self) {
        self.stop_listening();
        let live = &mut self.state.live;
        let settings = &live.settings;
        // A lost input is what "again" means, also where it was the default one.
        let lost = live.lost.take().filter(|lost| lost.is_back);
        let wish = InputWish {
            id: settings.device.clone().or_else(|| lost.and_then(|lost| lost.id)),
            rate_hz: settings.rate_hz,
        };
        let channel = settings.channel;
        live.is_opening = true;
        live.error = None;
        self.spawn(JobKind::OpenInput, "Opening the input", move |_| {
            Ok(JobOutput::InputOpened(Arc::new(Listener::open(wish, channel)?)))
        });
    }

    pub(in crate::app) fn take_listener(&mut self, listener: Result<Arc<Listener>, String>) {
        self.state.live.is_opening = false;
        match listener {
            Ok(listener) => self.listen_to(listener),
            Err(error) => self.state.live.error = Some(error),
        }
    }

    /// Listens to an input that is open already, and scores it as it was scored last.
    pub fn listen_to(&mut self, listener: Arc<Listener>) {
        self.stop_listening();
        let live = &mut self.state.live;
        live.input = Some(InputView {
            name: listener.name().to_owned(),
            rate_hz: listener.rate_hz(),
            rates_hz: listener.rates_hz().to_vec(),
            n_channels: listener.n_channels(),
        });
        (live.error, live.lost) = (None, None);
        live.waterfall = Waterfall::default();
        live.scores.clear();
        self.live.listener = Some(listener);
        self.score_as_before();
    }

    /// Ends the take that runs, and closes the input.
    pub(in crate::app) fn stop_listening(&mut self) {
        self.stop_live_scoring();
        self.abandon(|kind| matches!(kind, JobKind::OpenInput | JobKind::OpenMonitor));
        let live = &mut self.state.live;
        (live.is_opening, live.is_monitor_opening, live.input) = (false, false, None);
        if let Some(listener) = self.live.listener.take() {
            self.live.is_monitored = false;
            self.state.live.heard.is_monitored = false;
            if listener.heard().take.is_running {
                self.state.live.heard.take.is_running = false;
                self.tell_of_take(&listener);
            }
            // The disk may take a moment to have the last of it.
            self.spawn(JobKind::CloseInput, "Closing the input", move |_| {
                // Somebody may still listen for a moment: the take ends all the same.
                listener.end_take(LONGEST_END);
                drop(listener);
                Ok(JobOutput::InputClosed)
            });
        }
    }

    /// The input is gone: what was recorded is kept, and its return is watched for.
    pub(super) fn lose_input(&mut self, reason: String, was_recording: bool) {
        let Some(listener) = &self.live.listener else { return };
        let lost = LostInput {
            id: listener.id().map(str::to_owned),
            name: listener.name().to_owned(),
            reason,
            was_recording,
            is_back: false,
        };
        self.stop_listening();
        self.state.live.lost = Some(lost);
        // The list of before may still have it: only the next one tells.
        self.watch_inputs();
    }

    pub(super) fn set_live(&mut self, settings: LiveSettings) {
        let before = std::mem::replace(&mut self.state.live.settings, settings);
        let live = &mut self.state.live;
        let now = &mut live.settings;
        let input = |settings: &LiveSettings| (settings.device.clone(), settings.rate_hz, settings.channel);
        let scorer = |settings: &LiveSettings| (settings.run.clone(), settings.detector);
        if now.device != before.device {
            // Another input has other rates.
            now.rate_hz = None;
            live.lost = None;
        }
        let is_other_input = input(now) != input(&before);
        let is_other_scorer = scorer(now) != scorer(&before);
        if is_other_input && self.live.listener.is_some() {
            if live.heard.take.is_running {
                // A take is not cut off by a wrong click.
                *now = now.clone().with_input_of(&before);
                self.notify(Severity::Warning, "a take is running: end it before you change the input");
            } else {
                self.open_input();
            }
        } else if is_other_scorer && self.state.live.scoring.is_some() {
            self.score_as_before();
        }
        self.keep_settings();
    }

    /// Lets the input be heard through the output, or not any more.
    pub(super) fn monitor(&mut self, is_wanted: bool) {
        self.abandon(|kind| *kind == JobKind::OpenMonitor);
        let Some(listener) = &self.live.listener else { return };
        self.state.live.is_monitor_opening = is_wanted;
        if !is_wanted {
            self.live.is_monitored = false;
            self.state.live.heard.is_monitored = false;
            return listener.monitor(None);
        }
        let rate_hz = listener.rate_hz();
        self.spawn(JobKind::OpenMonitor, "Opening the output", move |_| {
            Ok(JobOutput::MonitorOpened(Box::new(Monitor::open(rate_hz)?)))
        });
    }

    pub(in crate::app) fn take_monitor(&mut self, monitor: Result<Box<Monitor>, String>) {
        self.state.live.is_monitor_opening = false;
        match (monitor, &self.live.listener) {
            (Ok(monitor), Some(listener)) => {
                listener.monitor(Some(*monitor));
                self.live.is_monitored = true;
                self.state.live.heard.is_monitored = true;
            }
            (Ok(_), None) => {}
            (Err(error), _) => self.notify(Severity::Warning, format!("Nothing can be monitored: {error}")),
        }
    }
}
