//! The clip list and the focused clip.

use std::path::Path;
use std::sync::Arc;

use super::job_types::JobOutput;
use super::playing::sound_of;
use super::{App, JobKind, LoadedClip, SpectrogramKind, SpectrogramSettings};
use crate::audio::{self, AudioError, ChannelChoice, Clip, LONG_SECS};
use crate::dataset::{Label, Split};
use crate::dsp::{self, LevelHistogram, Peaks, Spectrogram};
use crate::jobs::in_front;

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
        let before = std::mem::take(&mut workbench.focus_view);
        self.last_long = before.long.or(self.last_long.take());
        workbench.model.hears_nearest = false;
        self.plays_when_read = self.state.listening.plays_on_select && self.state.playback.unavailable.is_none();
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
        self.abandon(|kind| matches!(kind, JobKind::LoadClip | JobKind::DrawLong | JobKind::ReadAhead));
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
        if workbench.dataset.clips[clip_idx].duration_secs > LONG_SECS {
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
        if known.is_none()
            && let Some(mut loaded) = self.was_read_ahead(&file, channel, settings)
        {
            // Clips may have been added since, and this one's number be another.
            Arc::make_mut(&mut loaded).clip_idx = clip_idx;
            self.take_loaded(Ok(loaded));
            return;
        }
        self.spawn(JobKind::LoadClip, "Reading the clip", move |_| {
            let (clip, heard) = match known {
                Some(known) => known,
                None => read_sound(&file, channel)?,
            };
            let loaded = LoadedClip {
                heard,
                ..in_front(|| picture(clip_idx, clip, settings))
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
                let known = workbench.focus_view.loaded.as_ref();
                let is_heard = known.is_some_and(|known| Arc::ptr_eq(&known.clip, &loaded.clip));
                let sound = sound_of(&loaded, &workbench.focus_view);
                workbench.focus_view.loaded = Some(loaded);
                workbench.focus_view.error = None;
                // Another channel of the same clip is another sound.
                if !is_heard {
                    self.hand_over(sound);
                }
                if is_new {
                    self.measure_again();
                    self.score_focused_crops();
                    if std::mem::take(&mut self.plays_when_read) {
                        self.play_from(0.0);
                    }
                    self.read_ahead();
                }
            }
            Err(error) => workbench.focus_view.error = Some(error),
        }
    }
}

/// A clip's sound, and the channel that it is of.
pub(super) fn read_sound(file: &Path, channel: ChannelChoice) -> Result<(Arc<Clip>, ChannelChoice), AudioError> {
    let heard = audio::heard_channel(file, channel)?;
    Ok((Arc::new(audio::read_clip(file, heard)?), heard))
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
