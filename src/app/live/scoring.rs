//! Scoring what is heard.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::{LivePace, LiveScoring};
use crate::app::job_types::{CropBankKey, JobOutput, JobUpdate};
use crate::app::{App, JobKind, Severity, Workbench};
use crate::audio::{ChannelChoice, Recording, SAMPLE_RATE_HZ, Sound};
use crate::dataset::{Dataset, Label, MachineSection, Split};
use crate::detectors::DetectorKind;
use crate::jobs::Urgency;
use crate::pipeline::{self, CropBank, LiveScore, LiveScorer, PipelineError, Run};
use crate::progress::Progress as _;
use crate::project::Project;

/// The share of one core that scoring may take.
const SCORING_SHARE: f64 = 0.3;
/// Seconds of a frame of every front end.
const FRAME_SECS: f64 = 512.0 / SAMPLE_RATE_HZ as f64;
/// How soon the scorer hears the wish to stop or to pause.
const SCORER_PATIENCE: Duration = Duration::from_millis(50);
/// A scorer that is further behind goes on with what is heard now: after a pause nobody waits for the past.
const MAX_BEHIND: u64 = 2 * SAMPLE_RATE_HZ as u64;
/// The pace is that of the middle one of so many windows: one that had to wait changes nothing.
const N_COSTS: usize = 5;
/// Clips that tell how loud the training set is.
const N_LEVEL_CLIPS: usize = 12;

/// Which run scores: one that is open, or the folder of one that is to be.
pub(super) enum RunSource {
    Open(Arc<Run>),
    Folder(PathBuf),
}

impl RunSource {
    pub(super) fn open(self) -> Result<Arc<Run>, PipelineError> {
        match self {
            Self::Open(run) => Ok(run),
            Self::Folder(folder) => pipeline::load_run(&folder).map(Arc::new),
        }
    }
}

impl App {
    /// Scores what is heard as this section; `None` stops it.
    pub(super) fn score_live(&mut self, group: Option<MachineSection>) {
        self.state.live.settings.score_as.clone_from(&group);
        self.keep_settings();
        self.stop_live_scoring();
        let (Some(group), Some(listener), Some(workbench)) = (group, self.live.listener.clone(), self.state.workbench.as_ref())
        else {
            return;
        };
        let settings = &self.state.live.settings;
        let Some((run_name, source)) = run_of(workbench, settings.run.as_deref()) else {
            return self.notify(
                Severity::Warning,
                "No run is ready: train one on the screen Train, or wait until it is scored",
            );
        };
        let detector = detector_of(workbench, &group, settings.detector);
        let key = CropBankKey {
            run_name: run_name.clone(),
            group: group.clone(),
            detector: detector.name(),
        };
        let (known, dataset) = (workbench.crop_banks.get(&key).cloned(), Arc::clone(&workbench.dataset));
        let config = *workbench.project.detector_settings().of(&group.to_string());
        let section = group.clone();
        let title = format!("Scoring {group} live");
        let job = self.spawn_at(Urgency::AtOnce, JobKind::ScoreLive, &title, move |context| {
            context.stage("hearing the training clips");
            let run = source.open()?;
            if let Some(level_db) = training_level(&dataset, &section) {
                context.update(JobUpdate::TrainingLevel(level_db));
            }
            let bank = match known {
                Some(bank) => bank,
                None => Arc::new(CropBank::fit(&run, &dataset, &section, detector, &config, context)?),
            };
            context.stage("listening");
            let mut scorer = LiveScorer::new(run, bank, listener.n_heard(), 1)?;
            let mut costs_secs = VecDeque::new();
            loop {
                context.step(0, 0)?;
                let n_heard = listener.n_heard();
                if n_heard > scorer.needs().1 + MAX_BEHIND {
                    scorer.go_on_at(n_heard);
                }
                let (from, until) = scorer.needs();
                if !listener.wait_for(until, SCORER_PATIENCE) {
                    if listener.has_failed() {
                        return Ok(JobOutput::InputClosed);
                    }
                    continue;
                }
                let (first, samples) = listener.since(from);
                let begun = Instant::now();
                let Some(score) = scorer.score(first, &samples)? else {
                    continue;
                };
                costs_secs.push_back(begun.elapsed().as_secs_f64());
                if costs_secs.len() > N_COSTS {
                    costs_secs.pop_front();
                }
                let (cost, hop_frames) = pace_of(&costs_secs);
                scorer.set_hop(hop_frames);
                let behind = listener.n_heard().saturating_sub(score.end);
                let pace = LivePace {
                    cost_ms: cost * 1e3,
                    hop_frames,
                    behind_ms: behind as f64 * 1e3 / f64::from(SAMPLE_RATE_HZ),
                };
                context.update(JobUpdate::Live { score, pace });
            }
        });
        self.state.live.scoring = job.map(|job| LiveScoring {
            job,
            group,
            run: run_name,
            detector: detector.title(),
            pace: None,
            training_db: None,
            is_paused: false,
        });
    }

    /// Scores as the settings say, where the project has that section and a run that is ready.
    pub(in crate::app) fn score_as_before(&mut self) {
        let settings = &self.state.live.settings;
        let (Some(group), Some(workbench)) = (settings.score_as.clone(), self.state.workbench.as_ref()) else {
            return;
        };
        if workbench.groups.contains(&group) && run_of(workbench, settings.run.as_deref()).is_some() {
            self.score_live(Some(group));
        }
    }

    pub(super) fn pause_live_scoring(&mut self, is_paused: bool) {
        if let Some(scoring) = &mut self.state.live.scoring {
            scoring.is_paused = is_paused;
            let job = scoring.job;
            self.set_paused(job, is_paused);
        }
    }

    pub(in crate::app) fn stop_live_scoring(&mut self) {
        self.abandon(|kind| *kind == JobKind::ScoreLive);
        self.state.live.scoring = None;
        if let Some(event) = self.live.finder.finish() {
            self.list_event(event);
        }
    }

    pub(in crate::app) fn take_live_score(&mut self, score: LiveScore, pace: LivePace) {
        let live = &mut self.state.live;
        if let Some(scoring) = &mut live.scoring {
            scoring.pace = Some(pace);
        }
        live.scores.push_back(score);
        let oldest = score.end.saturating_sub(40 * u64::from(SAMPLE_RATE_HZ));
        while live.scores.front().is_some_and(|score| score.start < oldest) {
            live.scores.pop_front();
        }
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let ended = self.live.finder.push(score, live.settings.threshold, now);
        if let Some(event) = ended.or_else(|| self.live.finder.going_on().cloned()) {
            self.list_event(event);
        }
    }

    pub(in crate::app) fn take_training_level(&mut self, level_db: f64) {
        if let Some(scoring) = &mut self.state.live.scoring {
            scoring.training_db = Some(level_db);
        }
    }
}

/// The cost of a window in seconds, and the frames between two: as often as there is a new frame, or as seldom as the machine needs.
fn pace_of(costs_secs: &VecDeque<f64>) -> (f64, u64) {
    let mut sorted: Vec<f64> = costs_secs.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let cost = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    if sorted.len() < N_COSTS {
        // The first windows are dear: tables are made, memory is taken.
        return (cost, 1);
    }
    (cost, (cost / (FRAME_SECS * SCORING_SHARE)).ceil().max(1.0) as u64)
}

/// The run of this name if it is ready, the active one without a name.
pub(super) fn run_of(workbench: &Workbench, name: Option<&str>) -> Option<(String, RunSource)> {
    match (&workbench.run, name) {
        (Some((active, run)), None) => Some((active.clone(), RunSource::Open(Arc::clone(run)))),
        (Some((active, run)), Some(name)) if active == name => Some((active.clone(), RunSource::Open(Arc::clone(run)))),
        (_, Some(name)) => {
            let run = workbench.runs.get(name)?;
            let is_ready = run.status == crate::app::RunStatus::Done;
            is_ready.then(|| (name.to_owned(), RunSource::Folder(Project::run_dir(&workbench.path, name))))
        }
        (None, None) => None,
    }
}

/// The detector that a person chose for listening, or the section's own.
pub(super) fn detector_of(workbench: &Workbench, group: &MachineSection, chosen: Option<DetectorKind>) -> DetectorKind {
    chosen.unwrap_or_else(|| workbench.detector(group).0)
}

/// The mean effective value of some normal training clips, in dB of full scale.
fn training_level(dataset: &Dataset, group: &MachineSection) -> Option<f64> {
    let clips: Vec<usize> = dataset
        .indices(group, Split::Train)
        .into_iter()
        .filter(|&clip| dataset.clips[clip].label != Label::Anomalous)
        .collect();
    let step = clips.len().div_ceil(N_LEVEL_CLIPS).max(1);
    let levels: Vec<f64> = clips
        .into_iter()
        .step_by(step)
        .filter_map(|clip| level_of(&dataset.file(&dataset.clips[clip]), dataset.channel))
        .collect();
    (!levels.is_empty()).then(|| levels.iter().sum::<f64>() / levels.len() as f64)
}

/// The effective value of a recording of any length, in dB of full scale; `None` where it cannot be read or is empty.
fn level_of(file: &Path, channel: ChannelChoice) -> Option<f64> {
    let recording = Recording::open(file, channel).ok()?;
    let sound = Sound::filed(&recording);
    let n_samples = sound.n_samples();
    let mut energy = 0.0;
    for start in (0..n_samples).step_by(sound.stretch_samples()) {
        let samples = sound.read(start..start + sound.stretch_samples()).ok()?;
        energy += samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
    }
    (n_samples > 0).then(|| 10.0 * (energy / n_samples as f64).max(1e-12).log10())
}

#[cfg(test)]
mod tests {
    use super::pace_of;

    #[test]
    fn one_slow_window_changes_nothing_and_a_slow_machine_scores_more_seldom() {
        let hop = |costs_ms: &[f64]| pace_of(&costs_ms.iter().map(|cost| cost / 1e3).collect()).1;
        assert_eq!(hop(&[1_000.0]), 1);
        assert_eq!(hop(&[1_000.0, 2.0, 2.0, 900.0, 2.0]), 1);
        // A frame is 32 ms, of which scoring may take 9.6.
        assert_eq!(hop(&[40.0; 5]), 5);
    }
}
