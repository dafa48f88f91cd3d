//! How the focused clip is looked at: colours and axis, the channel, and what a box of it holds.

use std::sync::Arc;

use super::job_types::JobOutput;
use super::{App, JobKind, Measured, PictureLook, PictureSettings, Severity, Workbench};
use crate::audio::ChannelChoice;
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
                format!("the project's file asks for a picture with {what}: the usual settings are used"),
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
        workbench.focus_view.measured = area.map(|area| Measured { area, result: None });
        let Some((area, loaded)) = area.zip(workbench.focus_view.loaded.clone()) else {
            return;
        };
        let config = StftConfig {
            n_fft: workbench.spectrogram.n_fft,
            hop: workbench.spectrogram.hop,
            padding: Padding::Zero,
        };
        self.spawn(JobKind::Measure, "Measuring", move |context| {
            let clip = &loaded.clip;
            let result = dsp::measure(&clip.samples, clip.sample_rate_hz, config, area, |done, total| {
                Progress::step(context, done as u64, total as u64)
            })?;
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

impl Workbench {
    pub(super) fn picture_settings(&self) -> PictureSettings {
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
