//! The clip list, the focused clip and playing it.

use std::sync::Arc;

use super::job_types::JobOutput;
use super::{App, FocusView, JobKind, LoadedClip, Playback, SpectrogramKind, SpectrogramSettings};
use crate::audio::{self, AudioError, Clip, LONG_SECS, Player, Recording};
use crate::dataset::{Label, Split};
use crate::dsp::{self, LevelHistogram, Peaks, Spectrogram};

impl App {
    pub(super) fn set_scope(&mut self, machine: Option<String>, section: Option<String>) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.set_scope(machine, section);
            self.touch_view();
        }
    }

    pub(super) fn select(&mut self, clips: Vec<usize>) {
        if let Some(workbench) = &mut self.state.workbench {
            let n_clips = workbench.dataset.clips.len();
            workbench.selection = clips.into_iter().filter(|&clip| clip < n_clips).collect();
            workbench.choose_visible();
        }
    }

    pub(super) fn set_label(&mut self, clip: usize, label: Label) {
        if !self.may_write() {
            return;
        }
        let Some(entry) = self
            .state
            .workbench
            .as_ref()
            .and_then(|workbench| workbench.scanned.clips.get(clip))
        else {
            return;
        };
        let (path, original, split) = (entry.path.clone(), entry.label, entry.split);
        let words = match label {
            Label::Normal => "Label as normal",
            Label::Anomalous => "Label as anomalous",
            Label::Unknown => "Remove the label",
        };
        self.edit(words, |project| {
            if label == original {
                project.labels.remove(&path)
            } else {
                project.labels.insert(path, label)
            };
        });
        if let Some(workbench) = &mut self.state.workbench {
            workbench.refresh_labels();
        }
        if split == Split::Train {
            self.forget_crop_banks();
            self.score_focused_crops();
        }
        self.compare_again();
    }

    pub(super) fn focus(&mut self, clip_idx: usize) {
        let Some(workbench) = &mut self.state.workbench else { return };
        if clip_idx >= workbench.dataset.clips.len() {
            return;
        }
        workbench.focus = Some(clip_idx);
        workbench.focus_view = FocusView::default();
        workbench.model.hears_nearest = false;
        self.plays_when_read = false;
        self.touch_view();
        self.stop_playing();
        self.state.playback.loop_span_secs = None;
        self.load_focused();
    }

    pub(super) fn move_focus(&mut self, n_rows: isize) {
        let Some(workbench) = &self.state.workbench else { return };
        if workbench.visible.is_empty() {
            return;
        }
        self.focus(workbench.visible[workbench.row_after_focus(n_rows)]);
    }

    pub(super) fn set_spectrogram(&mut self, settings: SpectrogramSettings) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.spectrogram = settings;
            self.touch();
            if !self.redraw_long(settings) {
                self.load_focused();
            }
            self.measure_again();
        }
    }

    pub(super) fn load_focused(&mut self) {
        self.abandon(|kind| matches!(kind, JobKind::LoadClip | JobKind::DrawLong));
        let Some((workbench, clip_idx)) = self
            .state
            .workbench
            .as_ref()
            .and_then(|workbench| Some((workbench, workbench.focus?)))
        else {
            return;
        };
        let file = workbench.dataset.file(&workbench.dataset.clips[clip_idx]);
        let (channel, settings) = (workbench.dataset.channel, workbench.spectrogram);
        if f64::from(workbench.dataset.clips[clip_idx].duration_secs) > LONG_SECS {
            self.open_long(clip_idx);
            return;
        }
        // Only the picture changes where the sound is there already.
        let known = workbench
            .focus_view
            .loaded
            .as_ref()
            .filter(|loaded| loaded.clip_idx == clip_idx)
            .map(|loaded| (Arc::clone(&loaded.clip), loaded.heard));
        self.spawn(JobKind::LoadClip, "Reading the clip", move |_| {
            let (clip, heard) = match known {
                Some(known) => known,
                None => {
                    let heard = audio::heard_channel(&file, channel)?;
                    (Arc::new(audio::read_clip(&file, heard)?), heard)
                }
            };
            let loaded = LoadedClip {
                heard,
                ..picture(clip_idx, clip, settings)
            };
            Ok(JobOutput::ClipLoaded(Arc::new(loaded)))
        });
    }

    pub(super) fn take_loaded(&mut self, loaded: Result<Arc<LoadedClip>, String>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        match loaded {
            Ok(loaded) => {
                let is_new = workbench
                    .focus_view
                    .loaded
                    .as_ref()
                    .is_none_or(|known| known.clip_idx != loaded.clip_idx);
                let sound = (
                    Arc::clone(&loaded.clip),
                    workbench.focus_view.long.as_ref().map(|long| Arc::clone(long.recording())),
                );
                workbench.focus_view.loaded = Some(loaded);
                workbench.focus_view.error = None;
                if is_new {
                    if let Some(player) = &mut self.player
                        && let Err(error) = give(player, sound)
                    {
                        self.state.playback.unavailable = Some(error.to_string());
                    }
                    self.put_playhead_back();
                    self.measure_again();
                    self.score_focused_crops();
                    if std::mem::take(&mut self.plays_when_read) {
                        self.play_from(0.0);
                    }
                }
            }
            Err(error) => workbench.focus_view.error = Some(error),
        }
    }

    pub(super) fn play_pause(&mut self) {
        if !self.ready_to_play() {
            return;
        }
        if let Some(player) = &mut self.player {
            if player.is_playing() { player.pause() } else { player.play() }
        }
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
        if let Some(player) = &mut self.player {
            player.seek(secs);
            player.play();
        }
    }

    pub(super) fn seek(&mut self, secs: f64) {
        self.state.playback.position_secs = secs;
        if let Some(player) = &mut self.player {
            player.seek(secs);
        }
    }

    pub(super) fn set_loop(&mut self, span: Option<(f64, f64)>) {
        self.state.playback.loop_span_secs = span;
        if let Some(player) = &mut self.player {
            player.set_loop(span);
        }
    }

    /// A sound that was just loaded stands at its start: another channel of the same clip goes on where the last one was heard.
    fn put_playhead_back(&mut self) {
        let Playback {
            is_playing,
            position_secs,
            loop_span_secs,
            ..
        } = self.state.playback;
        if let Some(player) = &mut self.player {
            player.seek(position_secs);
            player.set_loop(loop_span_secs);
            if is_playing {
                player.play();
            }
        }
    }

    pub(super) fn stop_playing(&mut self) {
        if let Some(player) = &mut self.player {
            player.pause();
            player.set_loop(None);
        }
        self.state.playback = Playback {
            unavailable: self.state.playback.unavailable.take(),
            ..Playback::default()
        };
    }

    pub(super) fn poll_playback(&mut self) {
        let Some(player) = &self.player else { return };
        self.state.playback.is_playing = player.is_playing();
        if self.state.playback.is_playing {
            self.state.playback.position_secs = player.position_secs();
        }
        if let Some(reason) = player.failure() {
            self.state.playback.unavailable = Some(reason);
            self.state.playback.is_playing = false;
            // The next wish to play tries the sound card anew.
            self.player = None;
        }
    }

    /// Opens the sound card at the first wish to play, so that a machine without one never notices.
    pub(super) fn ready_to_play(&mut self) -> bool {
        let loaded = self
            .state
            .workbench
            .as_ref()
            .and_then(|workbench| workbench.focus_view.loaded.clone());
        let Some(loaded) = loaded else { return false };
        if self.player.is_none() {
            let long = self
                .state
                .workbench
                .as_ref()
                .and_then(|workbench| workbench.focus_view.long.as_ref());
            let sound = (Arc::clone(&loaded.clip), long.map(|long| Arc::clone(long.recording())));
            let opened = Player::open().and_then(|mut player| {
                give(&mut player, sound)?;
                player.seek(self.state.playback.position_secs);
                player.set_loop(self.state.playback.loop_span_secs);
                Ok(player)
            });
            match opened {
                Ok(player) => {
                    self.player = Some(player);
                    self.state.playback.unavailable = None;
                }
                Err(error) => {
                    self.state.playback.unavailable = Some(error.to_string());
                    self.notify(super::Severity::Warning, error.to_string());
                }
            }
        }
        self.player.is_some()
    }
}

/// Gives the player a clip, or the recording in its place that is too long to be held.
fn give(player: &mut Player, (clip, recording): (Arc<Clip>, Option<Arc<Recording>>)) -> Result<(), AudioError> {
    match recording {
        Some(recording) => player.load_recording(recording),
        None => player.load(clip),
    }
}

/// Draws a clip: outline and spectrogram in dB re full scale.
pub(super) fn picture(clip_idx: usize, clip: Arc<Clip>, settings: SpectrogramSettings) -> LoadedClip {
    let (spectrogram, bin_hz) = levels_of(&clip, settings);
    let peaks = Peaks::new(&clip.samples);
    LoadedClip {
        clip_idx,
        clip,
        peaks,
        settings,
        levels: LevelHistogram::of(&spectrogram.values),
        spectrogram: Arc::new(spectrogram),
        bin_hz,
        ..LoadedClip::default()
    }
}

/// The spectrogram in dB re full scale, and the centre frequency of each of its bins.
pub(super) fn levels_of(clip: &Clip, settings: SpectrogramSettings) -> (Spectrogram, Vec<f32>) {
    let SpectrogramSettings {
        kind,
        n_fft,
        hop,
        n_mels,
    } = settings;
    let padding = dsp::Padding::Zero;
    // A full-scale sine has the magnitude n_fft / 4 under a Hann window: that is 0 dB.
    let reference_db = 20.0 * (n_fft as f32 / 4.0).log10();
    let (mut spectrogram, bin_hz) = match kind {
        SpectrogramKind::Stft => {
            let mut spectrogram = dsp::Stft::new(dsp::StftConfig { n_fft, hop, padding }).magnitude(&clip.samples);
            for value in &mut spectrogram.values {
                *value = 20.0 * value.max(1e-10).log10();
            }
            let bin_width = clip.sample_rate_hz as f32 / n_fft as f32;
            (spectrogram, (0..=n_fft / 2).map(|bin| bin as f32 * bin_width).collect())
        }
        SpectrogramKind::Mel => {
            let front_end = dsp::LogMel::new(dsp::LogMelConfig {
                n_fft,
                hop,
                n_mels,
                power: 2,
                padding,
                ..dsp::LogMelConfig::default()
            });
            let bands = dsp::MelFilterBank::new(clip.sample_rate_hz, n_fft, n_mels);
            let mut spectrogram = front_end.decibel(&clip.samples);
            // A sine in the middle of a band reads its own level, however wide the band is.
            let tone_db: Vec<f32> = bands
                .tone_power(clip.sample_rate_hz)
                .into_iter()
                .map(dsp::power_to_db)
                .collect();
            for frame in spectrogram.values.chunks_exact_mut(n_mels.max(1)) {
                frame
                    .iter_mut()
                    .zip(&tone_db)
                    .for_each(|(level_db, tone_db)| *level_db -= tone_db);
            }
            (spectrogram, bands.centres_hz().to_vec())
        }
    };
    for value in &mut spectrogram.values {
        *value -= reference_db;
    }
    (spectrogram, bin_hz)
}
