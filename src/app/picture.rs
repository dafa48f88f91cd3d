//! How the focused clip is looked at: colours and axis, the channel, and what a box of it holds.

use std::ops::Range;
use std::sync::Arc;

use super::job_types::JobOutput;
use super::{App, JobKind, Measured, PictureLook, PictureSettings, Severity, Workbench};
use crate::audio::{ChannelChoice, LONG_SECS, SAMPLE_RATE_HZ};
use crate::dsp::{self, Padding, StftConfig, TimeFrequencyBox};
use crate::progress::Progress;

impl App {
    pub(super) fn set_look(&mut self, look: PictureLook) {
        if let Some(workbench) = &mut self.state.workbench
            && workbench.look != look
        {
            workbench.look = look;
            self.touch();
        }
    }

    /// As the project remembers it, else as the program does.
    pub(super) fn restore_picture(&mut self, of_project: Option<PictureSettings>) {
        let Some(wanted) = of_project.or_else(|| self.folders.read_picture()) else {
            return;
        };
        let Some(workbench) = &mut self.state.workbench else { return };
        match wanted.checked() {
            Ok(PictureSettings { spectrogram, look }) => (workbench.spectrogram, workbench.look) = (spectrogram, look),
            Err(what) => self.notify(
                Severity::Warning,
                format!("The project's file asks for a picture with {what}: the usual settings are used"),
            ),
        }
    }

    /// Shows and plays another channel. Runs that follow the data set's channel keep the one that they were made with.
    pub(super) fn set_channel(&mut self, channel: ChannelChoice) {
        let workbench = self.state.workbench.as_ref();
        if workbench.is_none_or(|workbench| workbench.project.data.channel == channel) {
            return;
        }
        self.edit("Listen to another channel", |project| {
            let before = project.data.channel;
            for recipe in project.runs.values_mut() {
                recipe.training.channel.get_or_insert(before);
            }
            project.data.channel = channel;
        });
        self.follow_channel();
    }

    /// The data set is read as the project says, which an edit or its undoing may have changed.
    pub(super) fn follow_channel(&mut self) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let (before, channel) = (workbench.dataset.channel, workbench.project.data.channel);
        if before == channel {
            return;
        }
        for run in workbench.runs.values_mut() {
            run.recipe.training.channel.get_or_insert(before);
        }
        Arc::make_mut(&mut workbench.scanned).channel = channel;
        workbench.refresh_labels();
        // Another sound of the same clip: where a person listens and what they have in a box stays.
        workbench.focus_view.loaded = None;
        self.load_focused();
    }

    pub(super) fn measure(&mut self, area: Option<TimeFrequencyBox>) {
        self.abandon(|kind| *kind == JobKind::Measure);
        let Some(workbench) = &mut self.state.workbench else { return };
        let view = &mut workbench.focus_view;
        view.measured = area.map(|area| Measured { area, result: None });
        let recording = view.long.as_ref().map(|long| Arc::clone(long.recording()));
        let Some((area, loaded)) = area.zip(view.loaded.clone()) else {
            return;
        };
        if recording.is_some() && area.len_secs() > LONG_SECS {
            view.measured = None;
            let text = format!("a box of at most {LONG_SECS} s can be measured: zoom in and draw a shorter one");
            return self.notify(Severity::Warning, text);
        }
        let config = StftConfig {
            n_fft: workbench.spectrogram.n_fft,
            hop: workbench.spectrogram.hop,
            padding: Padding::Zero,
        };
        self.spawn(JobKind::Measure, "Measuring", move |context| {
            let step = |done: usize, total: usize| Progress::step(context, done as u64, total as u64);
            let result = match recording {
                None => dsp::measure(&loaded.clip.samples, loaded.clip.sample_rate_hz, config, area, step)?,
                Some(recording) => {
                    let stretch = stretch_of(area, config);
                    let begin_secs = stretch.start as f64 / f64::from(SAMPLE_RATE_HZ);
                    let samples = recording.read(stretch)?;
                    let moved = moved(area, -begin_secs);
                    let mut result = dsp::measure(&samples, SAMPLE_RATE_HZ, config, moved, step)?;
                    result.peak_secs += begin_secs;
                    result
                }
            };
            Ok(JobOutput::BoxMeasured(Measured {
                area,
                result: Some(result),
            }))
        });
    }

    /// The same box, where the transform or the sound is another.
    pub(super) fn measure_again(&mut self) {
        let workbench = self.state.workbench.as_ref();
        if let Some(measured) = workbench.and_then(|workbench| workbench.focus_view.measured) {
            self.measure(Some(measured.area));
        }
    }

    pub(super) fn take_measured(&mut self, measured: Measured) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.focus_view.measured = Some(measured);
        }
    }
}

/// The samples of a recording that the frames of a box are made of; they begin with a frame of the whole.
fn stretch_of(area: TimeFrequencyBox, config: StftConfig) -> Range<u64> {
    let margin = config.n_fft / 2 + config.hop;
    let sample = |secs: f64| (secs.max(0.0) * f64::from(SAMPLE_RATE_HZ)) as u64;
    let first = sample(area.start_secs).saturating_sub(margin as u64);
    let hop = config.hop.max(1) as u64;
    first / hop * hop..sample(area.end_secs) + margin as u64
}

fn moved(area: TimeFrequencyBox, by_secs: f64) -> TimeFrequencyBox {
    TimeFrequencyBox {
        start_secs: area.start_secs + by_secs,
        end_secs: area.end_secs + by_secs,
        ..area
    }
}

impl Workbench {
    pub fn picture_settings(&self) -> PictureSettings {
        PictureSettings {
            spectrogram: self.spectrogram,
            look: self.look,
        }
    }

    /// The channel that the shown scores listen to, where it is another than the one that is shown and heard.
    pub fn channel_of_scores(&self) -> Option<ChannelChoice> {
        let (_, run) = self.run.as_ref()?;
        let scored = run.recipe.channel(&self.dataset);
        (scored != self.dataset.channel).then_some(scored)
    }
}

#[cfg(test)]
mod tests {
    use super::{SAMPLE_RATE_HZ, moved, stretch_of};
    use crate::dsp::{self, Padding, StftConfig, TimeFrequencyBox};

    #[test]
    fn a_box_of_a_stretch_measures_what_it_does_of_the_whole() {
        let sample = |i: usize| (i as f32 * 0.3).sin() * (i as f32 * 1e-5).sin() + 0.1 * (i as f32 * 12.9898).sin();
        let samples: Vec<f32> = (0..20 * SAMPLE_RATE_HZ as usize).map(sample).collect();
        let config = StftConfig {
            n_fft: 2048,
            hop: 512,
            padding: Padding::Zero,
        };
        for start_secs in [0.0, 7.3, 18.9] {
            let area = TimeFrequencyBox::between([start_secs, 200.0], [start_secs + 1.0, 3000.0]);
            let stretch = stretch_of(area, config);
            let begin_secs = stretch.start as f64 / f64::from(SAMPLE_RATE_HZ);
            let part = &samples[stretch.start as usize..samples.len().min(stretch.end as usize)];
            let step = |_, _| Ok::<_, ()>(());
            let whole = dsp::measure(&samples, SAMPLE_RATE_HZ, config, area, step).expect("not stopped");
            let found = dsp::measure(part, SAMPLE_RATE_HZ, config, moved(area, -begin_secs), step).expect("not stopped");
            assert!((found.peak_secs + begin_secs - whole.peak_secs).abs() < 1e-9);
            assert!((found.peak_hz - whole.peak_hz).abs() < 1e-3 && (found.peak_db - whole.peak_db).abs() < 1e-4);
            assert!((found.mean_db - whole.mean_db).abs() < 1e-4 && (found.band_db - whole.band_db).abs() < 1e-4);
        }
    }
}
