//! Playing the focused clip.

use std::sync::Arc;

use super::{App, FocusView, ListeningAction, LoadedClip, Playback, Severity};
use crate::audio::{AudioError, Clip, Player, Recording};
use crate::dataset::CropWindow;

/// A step over the crops takes a second where no model has cut the clip.
const STEP_SECS: f64 = 1.0;
/// Who plays and steps back means the crop before, not the beginning of the one that just began.
const JUST_BEGUN_SECS: f64 = 0.2;

impl FocusView {
    /// The crop that is least like those of normal clips, once they are scored.
    pub fn worst_crop(&self) -> Option<CropWindow> {
        let ribbon = self.ribbon.as_ref()?;
        let score = |crop_idx: usize| ribbon.scores.get(crop_idx).copied().unwrap_or(0.0);
        let judged = ribbon.percentiles.iter().enumerate().take(ribbon.crops.len());
        // The earliest of equals: `max_by` would take the last.
        let worst = judged.rev().max_by(|(a, percentile_a), (b, percentile_b)| {
            percentile_a
                .total_cmp(percentile_b)
                .then_with(|| score(*a).total_cmp(&score(*b)))
        });
        worst.map(|(crop_idx, _)| ribbon.crops[crop_idx])
    }

    /// Where a step of so many crops from here leads to.
    fn stepped(&self, from_secs: f64, n_steps: isize) -> f64 {
        let end = self.duration_secs().unwrap_or(0.0);
        let starts: Vec<f64> = if self.crops.is_empty() {
            (0..(end / STEP_SECS).ceil() as usize)
                .map(|step| step as f64 * STEP_SECS)
                .collect()
        } else {
            self.crops.iter().map(|crop| crop.start_secs).collect()
        };
        let n_before = if n_steps < 0 {
            starts.iter().filter(|start| **start < from_secs - 1e-3).count()
        } else {
            starts.iter().filter(|start| **start <= from_secs + 1e-3).count().max(1) - 1
        };
        let last = starts.len().saturating_sub(1);
        let step = n_before.saturating_add_signed(n_steps).min(last);
        starts.get(step).copied().unwrap_or(0.0)
    }
}

impl App {
    pub(super) fn apply_listening(&mut self, action: ListeningAction) {
        match action {
            ListeningAction::Set(settings) => self.set_listening(settings),
            ListeningAction::Loop(is_looping) => {
                self.state.playback.is_looping = is_looping;
                self.send_loop();
            }
            ListeningAction::PlayFromStart => self.play_from(0.0),
            ListeningAction::StepCrop(n_steps) => self.step_crop(n_steps),
        }
    }

    pub(super) fn play_pause(&mut self) {
        if !self.ready_to_play() {
            return;
        }
        let worst = self
            .state
            .workbench
            .as_ref()
            .and_then(|workbench| workbench.focus_view.worst_crop());
        let is_free = !self.state.playback.is_placed && self.state.playback.loop_span_secs.is_none();
        let from_secs = self.heard_from_secs();
        let Some(player) = &mut self.player else { return };
        if player.is_playing() {
            player.pause();
            self.state.playback.is_playing = false;
            return;
        }
        if is_free && let Some(worst) = worst {
            player.seek((worst.start_secs - from_secs).max(0.0));
        }
        player.play();
        self.state.playback.is_placed = true;
    }

    /// Plays a clip from its start, and pauses it where it is played already.
    pub(super) fn listen(&mut self, clip_idx: usize) {
        let Some(workbench) = &self.state.workbench else { return };
        let loaded = workbench.focus_view.loaded.as_ref();
        if workbench.focus == Some(clip_idx) && loaded.is_some() {
            self.play_pause();
        } else if clip_idx < workbench.dataset.clips.len() {
            self.focus(clip_idx);
            self.plays_when_read = true;
        }
    }

    pub(super) fn play_from(&mut self, secs: f64) {
        if !self.ready_to_play() {
            return;
        }
        self.seek(secs);
        if let Some(player) = &mut self.player {
            player.play();
        }
    }

    pub(super) fn seek(&mut self, secs: f64) {
        // Outside of its stretch the playhead could not stay where it is put.
        let span = self.state.playback.loop_span_secs;
        if span.is_some_and(|(start, end)| secs < start || secs >= end) {
            self.set_loop(None);
        }
        self.state.playback.position_secs = secs;
        self.state.playback.is_placed = true;
        let from_secs = self.heard_from_secs();
        if let Some(player) = &mut self.player {
            player.seek((secs - from_secs).max(0.0));
        }
    }

    pub(super) fn set_loop(&mut self, span: Option<(f64, f64)>) {
        self.state.playback.loop_span_secs = span;
        self.send_loop();
    }

    pub(super) fn stop_playing(&mut self) {
        if let Some(player) = &mut self.player {
            player.pause();
        }
        self.state.playback = Playback {
            unavailable: self.state.playback.unavailable.take(),
            is_looping: self.state.playback.is_looping,
            ..Playback::default()
        };
        self.send_loop();
    }

    pub(super) fn poll_playback(&mut self) {
        let from_secs = self.heard_from_secs();
        let Some(player) = &self.player else { return };
        let was_playing = std::mem::replace(&mut self.state.playback.is_playing, player.is_playing());
        if self.state.playback.is_playing || was_playing {
            self.state.playback.position_secs = from_secs + player.position_secs();
        }
        if let Some(reason) = player.failure() {
            return self.lose_output(&reason, was_playing);
        }
        // It came to its end: the next time it begins anew.
        if was_playing && !self.state.playback.is_playing {
            self.state.playback.is_placed = false;
        }
    }

    /// Plays these samples from now on, where the playhead stands: another clip, or the same by another microphone. False where
    /// they cannot be played.
    pub(super) fn hand_over(&mut self, sound: Sound) -> bool {
        let from_secs = self.heard_from_secs();
        let playback = &mut self.state.playback;
        let Some(player) = &mut self.player else { return true };
        let goes_on = player.is_playing();
        match set_up(player, sound, (playback, from_secs)) {
            Ok(()) if goes_on => player.play(),
            Ok(()) => {}
            Err(error) => {
                playback.unavailable = Some(error.to_string());
                return false;
            }
        }
        true
    }

    fn step_crop(&mut self, n_steps: isize) {
        let Some(workbench) = &self.state.workbench else { return };
        let Playback {
            position_secs,
            is_playing,
            ..
        } = self.state.playback;
        let from = if is_playing && n_steps < 0 {
            position_secs - JUST_BEGUN_SECS
        } else {
            position_secs
        };
        let to = workbench.focus_view.stepped(from, n_steps);
        self.seek(to);
    }

    fn send_loop(&mut self) {
        let from_secs = self.heard_from_secs();
        let playback = &self.state.playback;
        if let Some(player) = &mut self.player {
            player.set_loop(in_sound(playback, from_secs), playback.is_looping);
        }
    }

    /// Where in the focused clip the sound begins that the player has: at its start, but for a normal clip that is held against a
    /// stretch of a long recording.
    fn heard_from_secs(&self) -> f64 {
        let workbench = self.state.workbench.as_ref();
        workbench.map_or(0.0, |workbench| workbench.model.heard_from_secs(workbench.focus))
    }

    /// Opens the sound card at the first wish to play, so that a machine without one never notices.
    pub(super) fn ready_to_play(&mut self) -> bool {
        let view = self.state.workbench.as_ref().map(|workbench| &workbench.focus_view);
        let sound = view.and_then(|view| Some(sound_of(view.loaded.as_ref()?, view)));
        let Some(sound) = sound else { return false };
        if self.player.is_none() {
            let opened = Player::open().and_then(|mut player| {
                player.set_pace(self.state.listening.pace());
                player.set_volume(self.state.listening.gain());
                set_up(&mut player, sound, (&self.state.playback, 0.0))?;
                Ok(player)
            });
            match opened {
                Ok(player) => {
                    self.player = Some(player);
                    self.state.playback.unavailable = None;
                }
                Err(error) => {
                    self.state.playback.unavailable = Some(error.to_string());
                    self.notify(Severity::Warning, error.to_string());
                }
            }
        }
        self.player.is_some()
    }
}

/// A clip, or the recording in its place that is too long to be held.
pub(super) type Sound = (Arc<Clip>, Option<Arc<Recording>>);

/// What is heard of a clip that was read.
pub(super) fn sound_of(loaded: &LoadedClip, view: &FocusView) -> Sound {
    let long = view.long.as_ref().map(|long| Arc::clone(long.recording()));
    (Arc::clone(&loaded.clip), long)
}

/// Gives the player a clip, or the recording in its place that is too long to be held.
fn give(player: &mut Player, (clip, recording): Sound) -> Result<(), AudioError> {
    match recording {
        Some(recording) => player.load_recording(recording),
        None => player.load(clip),
    }
}

/// Loads a sound as playback stands; it begins so many seconds after the focused clip does.
pub(super) fn set_up(player: &mut Player, sound: Sound, (playback, from_secs): (&Playback, f64)) -> Result<(), AudioError> {
    give(player, sound)?;
    player.seek((playback.position_secs - from_secs).max(0.0));
    player.set_loop(in_sound(playback, from_secs), playback.is_looping);
    Ok(())
}

/// The stretch that is played, in seconds of the sound.
fn in_sound(playback: &Playback, from_secs: f64) -> Option<(f64, f64)> {
    let (start, end) = playback.loop_span_secs?;
    (end > from_secs).then(|| ((start - from_secs).max(0.0), end - from_secs))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::FocusView;
    use crate::dataset::CropWindow;
    use crate::pipeline::Ribbon;

    fn view(n_crops: usize, percentiles: &[f32], scores: &[f32]) -> FocusView {
        let crops: Vec<CropWindow> = (0..n_crops)
            .map(|crop_idx| CropWindow {
                start_secs: crop_idx as f64 * 2.0,
                end_secs: crop_idx as f64 * 2.0 + 2.0,
            })
            .collect();
        FocusView {
            crops: crops.clone(),
            ribbon: Some(Arc::new(Ribbon {
                crops,
                percentiles: percentiles.to_vec(),
                scores: scores.to_vec(),
            })),
            ..FocusView::default()
        }
    }

    #[test]
    fn the_worst_crop_is_the_highest_by_percentile_then_by_score_then_the_first() {
        let start = |view: &FocusView| view.worst_crop().map(|crop| crop.start_secs);
        assert_eq!(start(&view(4, &[3.0, 97.0, 5.0, 96.0], &[])), Some(2.0));
        assert_eq!(start(&view(4, &[3.0, 100.0, 100.0, 1.0], &[0.0, 2.0, 7.0, 0.0])), Some(4.0));
        assert_eq!(start(&view(3, &[50.0, 50.0, 50.0], &[])), Some(0.0));
        assert_eq!(start(&FocusView::default()), None, "nothing is scored yet");
    }

    #[test]
    fn steps_go_from_crop_to_crop_and_stop_at_the_ends() {
        let view = view(4, &[], &[]);
        let steps = [
            (0.0, 1, 2.0),
            (1.9, 1, 2.0),
            (2.0, 1, 4.0),
            (6.5, 1, 6.0),
            (5.0, -1, 4.0),
            (4.0, -1, 2.0),
            (0.5, -1, 0.0),
            (0.0, -1, 0.0),
            (1.0, 2, 4.0),
            (7.0, -3, 2.0),
        ];
        for (from, n_steps, to) in steps {
            assert_eq!(view.stepped(from, n_steps), to, "{n_steps} from {from}");
        }
    }
}
