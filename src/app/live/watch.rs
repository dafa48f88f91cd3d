//! Watching a folder that another recorder writes into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::WatchView;
use super::scoring::{detector_of, run_of};
use crate::app::job_types::{JobOutput, JobUpdate};
use crate::app::{App, JobKind, Severity};
use crate::audio::{self, ChannelChoice};
use crate::pipeline::{self, ClipJudge, SETTLE, WatchEvent, WatchedFolder};

impl App {
    /// Scores what comes into a folder as the section that is scored live, or that recordings are named after.
    pub(super) fn watch_folder(&mut self, folder: PathBuf) {
        self.stop_watching();
        let settings = &self.state.live.settings;
        let Some(workbench) = &self.state.workbench else {
            return self.notify(
                Severity::Warning,
                "Open a project first: its run and detector score what arrives",
            );
        };
        let wished = settings.score_as.clone().or_else(|| settings.group());
        let group = wished
            .filter(|group| workbench.groups.contains(group))
            .or_else(|| workbench.current_group());
        let Some(group) = group else {
            return self.notify(
                Severity::Warning,
                "Choose the machine to score as: what arrives is scored as that",
            );
        };
        let Some((run_name, source)) = run_of(workbench, settings.run.as_deref()) else {
            return self.notify(
                Severity::Warning,
                "No run is ready: train one on the screen Train, or wait until it is scored",
            );
        };
        let kind = detector_of(workbench, &group, settings.detector);
        // A threshold set by hand is in the unit of the section's own detector.
        let rule = if kind == workbench.detector(&group).0 {
            workbench.threshold_rule(&group)
        } else {
            crate::evaluation::ThresholdRule::default()
        };
        let is_active = workbench.run.as_ref().is_some_and(|(active, _)| *active == run_name);
        let embedded = workbench.embedded.clone().filter(|_| is_active);
        let dataset = Arc::clone(&workbench.dataset);
        let config = *workbench.project.detector_settings().of(&group.to_string());
        let (section, place) = (group.clone(), folder.clone());
        let title = format!("Watching {}", folder.display());
        let job = self.spawn(JobKind::WatchFolder, &title, move |context| {
            let run = source.open()?;
            let judge = ClipJudge::fit(run, &dataset, embedded.as_deref(), &section, (kind, &config), rule, context)?;
            context.update(JobUpdate::WatchThreshold(judge.threshold(), judge.basis().to_string()));
            let updates = context.updates();
            let mut watched = WatchedFolder::new(&place, SETTLE);
            pipeline::watch(&mut watched, &judge, false, context, |event| {
                updates.send(JobUpdate::Watched(event));
            })?;
            Ok(JobOutput::InputClosed)
        });
        self.state.live.watch = job.map(|job| WatchView::new(job, folder, group, run_name, kind.title()));
    }

    pub(in crate::app) fn stop_watching(&mut self) {
        self.abandon(|kind| *kind == JobKind::WatchFolder);
        self.state.live.watch = None;
    }

    pub(in crate::app) fn take_watched(&mut self, event: WatchEvent) {
        let Some(watch) = &mut self.state.live.watch else { return };
        match event {
            WatchEvent::File(file) => watch.note(file),
            WatchEvent::FolderGone => watch.is_gone = true,
            WatchEvent::FolderBack => watch.is_gone = false,
        }
    }

    pub(in crate::app) fn take_watch_threshold(&mut self, threshold: f64, basis: String) {
        if let Some(watch) = &mut self.state.live.watch {
            watch.threshold = Some((threshold, basis));
        }
    }

    pub(super) fn play_watched(&mut self, path: &Path) {
        let path = path.to_owned();
        let channel = self
            .state
            .workbench
            .as_ref()
            .map_or(ChannelChoice::default(), |workbench| workbench.dataset.channel);
        self.spawn(JobKind::ReadSound, "Reading a recording", move |_| {
            Ok(JobOutput::SoundRead(Arc::new(audio::read_clip_at_own_rate(&path, channel)?)))
        });
    }

    pub(super) fn save_watched(&mut self, path: PathBuf) {
        let Some(watch) = &self.state.live.watch else { return };
        let files = watch.files.clone();
        self.spawn(JobKind::SaveFile, "Save the scores", move |_| {
            pipeline::write_watch_csv(&path, &files)?;
            Ok(JobOutput::FileSaved(path))
        });
    }
}
