//! The output that clips are played through, when it goes away: looked for again, and played on where it was.

use std::time::{Duration, Instant};

use super::job_types::JobOutput;
use super::playing::{set_up, sound_of};
use super::{App, JobKind, Severity};
use crate::audio::Player;
use crate::progress::Progress as _;

/// Rests before each of the tries to open it again; after the last one a person has to ask.
const RESTS: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(1_000),
    Duration::from_millis(2_500),
];
/// How soon a rest hears that nobody waits any more.
const STEP: Duration = Duration::from_millis(50);
/// An output that fails again so soon is not opened again by itself.
const STEADY: Duration = Duration::from_secs(10);

/// What is known of an output that went away.
#[derive(Debug, Default)]
pub(super) struct LostOutput {
    /// It was playing when it went.
    goes_on: bool,
    reopened: Option<Instant>,
}

impl App {
    /// The output failed: says so, and looks for it, or for the one that took its place.
    pub(super) fn lose_output(&mut self, reason: &str, was_playing: bool) {
        self.player = None;
        self.state.playback.is_playing = false;
        self.state.playback.is_placed |= was_playing;
        self.state.playback.unavailable = Some(reason.to_owned());
        let lost = &mut self.output;
        lost.goes_on = was_playing;
        if lost.reopened.is_some_and(|at| at.elapsed() < STEADY) {
            return self.notify(Severity::Warning, format!("Playback stopped: {reason}"));
        }
        self.notify(
            Severity::Warning,
            format!("Playback stopped: {reason}. The output is looked for again"),
        );
        self.spawn(JobKind::OpenOutput, "Opening the output again", move |context| {
            let mut failure = None;
            for rest in RESTS {
                let until = Instant::now() + rest;
                while Instant::now() < until {
                    context.step(0, 0)?;
                    std::thread::sleep(STEP);
                }
                match Player::open() {
                    Ok(player) => return Ok(JobOutput::OutputOpened(Box::new(player))),
                    Err(error) => failure = Some(error),
                }
            }
            Err(failure.map_or_else(|| anyhow::anyhow!("no sound output"), Into::into))
        });
    }

    /// Plays on through the output that was found, or says that there is none.
    pub(super) fn take_output_opened(&mut self, opened: Result<Box<Player>, String>) {
        let goes_on = std::mem::take(&mut self.output.goes_on);
        self.output.reopened = Some(Instant::now());
        let mut player = match opened {
            // A person was quicker.
            Ok(_) if self.player.is_some() => return,
            Ok(player) => *player,
            Err(error) => {
                self.state.playback.unavailable = Some(error.clone());
                return self.notify(
                    Severity::Warning,
                    format!("Playback waits: {error}; then press Space to play on"),
                );
            }
        };
        player.set_pace(self.state.listening.pace());
        player.set_volume(self.state.listening.gain());
        let view = self.state.workbench.as_ref().map(|workbench| &workbench.focus_view);
        let sound = view.and_then(|view| Some(sound_of(view.loaded.as_ref()?, view)));
        if let Some(sound) = sound {
            match set_up(&mut player, sound, (&self.state.playback, 0.0)) {
                Ok(()) if goes_on => player.play(),
                Ok(()) => {}
                Err(error) => return self.notify(Severity::Warning, error.to_string()),
            }
        }
        self.state.playback.unavailable = None;
        self.player = Some(player);
        let text = if goes_on {
            "The output is there again: playback goes on"
        } else {
            "The output is there again"
        };
        self.notify(Severity::Info, text);
    }
}
