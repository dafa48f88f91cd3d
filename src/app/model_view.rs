//! What the model sees of the focused clip: the window at the playhead as the active run's front end meets it, and the normal
//! training clip that the run finds nearest, to be heard in turns with the focused one.
//!
//! Both are asked for by level, not by event: each frame holds what is shown against what is wanted, and starts a job where they
//! differ.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::job_types::JobOutput;
use super::listening::picture;
use super::{App, JobKind, LoadedClip, LongView, SpectrogramSettings, Workbench};
use crate::audio::{self, AudioError, ChannelChoice, Clip, LONG_SECS, Recording, SAMPLE_RATE_HZ};
use crate::dataset::{CropWindow, Dataset};
use crate::detectors::Metric;
use crate::extractors::{ModelView, WindowPlace};
use crate::pipeline::{self, NearestNormal};

/// A long recording is held against normal clips by stretches of so many seconds, that at the playhead.
const STRETCH_SECS: f64 = 10.0;
/// The clip's playhead stands on a window from this much before its first sample on: seconds of the sound card are not exact.
const EARLY_SECS: f64 = 2e-3;

/// One picture below the spectrogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelPane {
    Input,
    Reconstruction,
    Difference,
    Nearest,
}

impl ModelPane {
    pub const ALL: [Self; 4] = [Self::Input, Self::Reconstruction, Self::Difference, Self::Nearest];

    pub fn title(self) -> &'static str {
        match self {
            Self::Input => "Model input",
            Self::Reconstruction => "Reconstruction",
            Self::Difference => "Difference",
            Self::Nearest => "A/B: nearest normal",
        }
    }
}

/// What a person can do with the pictures below the spectrogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelAction {
    Show {
        pane: ModelPane,
        is_shown: bool,
    },
    /// From now on the nearest normal clip is heard, or the focused one again; the position stays.
    Hear {
        nearest: bool,
    },
}

/// What is known of the model's view of the focused clip.
#[derive(Debug, Default)]
pub struct ModelInsight {
    pub panes: BTreeSet<ModelPane>,
    /// Of the window at the playhead, or of the one before while it is being computed.
    pub view: Option<Arc<ModelView>>,
    pub view_error: Option<String>,
    pub nearest: Option<Arc<NearestClip>>,
    pub nearest_error: Option<String>,
    /// The nearest normal clip is what is played.
    pub hears_nearest: bool,
    asked_view: Option<ViewKey>,
    asked_nearest: Option<NearestKey>,
}

/// A normal clip beside the focused one.
#[derive(Debug, Clone)]
pub struct NearestClip {
    /// The clip that it is nearest to.
    pub of_clip: usize,
    pub found: NearestNormal,
    /// Of a long recording its first minutes.
    pub loaded: Arc<LoadedClip>,
    /// Where in the focused clip it is laid beside: at the start, or at that of the stretch that it is nearest to.
    pub from_secs: f64,
    /// That stretch; `None`: the whole clip.
    pub stretch: Option<Arc<LoadedClip>>,
}

#[derive(Debug, Clone, PartialEq)]
struct ViewKey {
    run: String,
    clip: usize,
    place: WindowPlace,
}

#[derive(Debug, Clone)]
struct NearestKey {
    run: String,
    clip: usize,
    /// Which of the stretches of a long recording.
    stretch: Option<usize>,
    metric: Metric,
    settings: SpectrogramSettings,
    /// Labels decide who may be called normal.
    dataset: Arc<Dataset>,
}

impl PartialEq for NearestKey {
    fn eq(&self, other: &Self) -> bool {
        let is_same_data = Arc::ptr_eq(&self.dataset, &other.dataset);
        is_same_data
            && (&self.run, self.clip, self.stretch) == (&other.run, other.clip, other.stretch)
            && (self.metric, self.settings) == (other.metric, other.settings)
    }
}

impl ModelInsight {
    fn shows_window(&self) -> bool {
        self.panes.iter().any(|&pane| pane != ModelPane::Nearest)
    }

    /// The nearest clip of the focused one, where it is known.
    pub fn nearest_of(&self, clip: Option<usize>) -> Option<&Arc<NearestClip>> {
        self.nearest.as_ref().filter(|nearest| Some(nearest.of_clip) == clip)
    }

    /// Where in the focused clip the sound begins that is heard.
    pub(super) fn heard_from_secs(&self, focus: Option<usize>) -> f64 {
        let nearest = self.nearest_of(focus).filter(|_| self.hears_nearest);
        nearest.map_or(0.0, |nearest| nearest.from_secs)
    }
}

impl Workbench {
    /// Why a picture cannot be shown for now or at all, and what would help; `None`: it can.
    pub fn model_obstacle(&self, pane: ModelPane) -> Option<String> {
        let Some(name) = &self.project.active_run else {
            return Some("There is no run yet: train one, and what it sees is shown here".to_owned());
        };
        let recipe = self.runs.get(name).map(|run| run.recipe.training.recipe);
        let redraws = recipe.is_none_or(|recipe| recipe.redraws());
        match (pane, recipe) {
            (ModelPane::Reconstruction | ModelPane::Difference, Some(recipe)) if !redraws => {
                let title = recipe.title();
                let why = if recipe.is_trained() {
                    "its network embeds sounds and redraws none"
                } else {
                    "it has no network"
                };
                return Some(format!(
                    "{name} ({title}) has no reconstruction: {why}. Choose a run of an autoencoder on the screen Train"
                ));
            }
            _ => {}
        }
        if self.run.is_none() || self.embedded.is_none() {
            return Some(format!("Score the clips first: {name} has not scored them yet"));
        }
        let is_too_short = self.focus_view.loaded.is_some() && self.focus_view.crops.is_empty();
        (is_too_short && pane != ModelPane::Nearest).then(|| format!("The clip is shorter than one window of {name}"))
    }
}

impl App {
    pub(super) fn apply_model(&mut self, action: ModelAction) {
        let Some(workbench) = &mut self.state.workbench else { return };
        match action {
            ModelAction::Show { pane, is_shown } => {
                let panes = &mut workbench.model.panes;
                if is_shown {
                    // The pictures of a window and those of whole clips have no room below each other.
                    panes.retain(|&other| (other == ModelPane::Nearest) == (pane == ModelPane::Nearest));
                    panes.insert(pane);
                } else {
                    panes.remove(&pane);
                }
                if !workbench.model.panes.contains(&ModelPane::Nearest) {
                    self.hear_nearest(false);
                }
            }
            ModelAction::Hear { nearest } => self.hear_nearest(nearest),
        }
    }

    /// Asks for what is to be seen and is not there yet.
    pub(super) fn poll_model(&mut self) {
        let has_player = self.player.is_some();
        if let Some(workbench) = &mut self.state.workbench
            && workbench.model.hears_nearest
        {
            // A sound card that is opened anew plays the focused clip.
            workbench.model.hears_nearest = has_player && workbench.model.nearest_of(workbench.focus).is_some();
        }
        self.poll_window();
        self.poll_nearest();
    }

    fn poll_window(&mut self) {
        let position_secs = self.state.playback.position_secs;
        let Some(workbench) = &mut self.state.workbench else { return };
        let wanted = workbench.wanted_window(position_secs);
        let model = &mut workbench.model;
        if wanted == model.asked_view {
            return;
        }
        let is_same_clip = |asked: &ViewKey| {
            wanted
                .as_ref()
                .is_some_and(|wanted| (&wanted.run, wanted.clip) == (&asked.run, asked.clip))
        };
        if !model.asked_view.as_ref().is_some_and(is_same_clip) {
            model.view = None;
        }
        model.view_error = None;
        model.asked_view.clone_from(&wanted);
        self.abandon(|kind| *kind == JobKind::ModelView);
        let (Some(wanted), Some(workbench)) = (wanted, &self.state.workbench) else {
            return;
        };
        let (Some((_, run)), Some(loaded)) = (workbench.run.clone(), workbench.focus_view.loaded.clone()) else {
            return;
        };
        let recording = workbench.focus_view.long.as_ref().map(|long| Arc::clone(long.recording()));
        let dataset = Arc::clone(&workbench.dataset);
        self.spawn(JobKind::ModelView, "What the model sees", move |_| {
            let entry = &dataset.clips[wanted.clip];
            let channel = run.recipe.channel(&dataset);
            if let Some(recording) = recording {
                let recording = in_channel(recording, &dataset.file(entry), channel)?;
                let view = pipeline::model_view_of(&*run.extractor, &recording, &entry.group, wanted.place)?;
                return Ok(JobOutput::ModelViewed(Arc::new(view)));
            }
            // A run may listen to another channel than the one that is shown and played.
            let clip = if channel == dataset.channel {
                Arc::clone(&loaded.clip)
            } else {
                Arc::new(audio::read_clip(&dataset.file(entry), channel)?)
            };
            let view = run.extractor.model_view(&clip, &entry.group, wanted.place)?;
            Ok(JobOutput::ModelViewed(Arc::new(view)))
        });
    }

    fn poll_nearest(&mut self) {
        let position_secs = self.state.playback.position_secs;
        let Some(workbench) = &mut self.state.workbench else { return };
        let wanted = workbench.wanted_nearest(position_secs);
        let model = &mut workbench.model;
        if wanted == model.asked_nearest {
            return;
        }
        let run_of = |key: &Option<NearestKey>| key.as_ref().map(|key| key.run.clone());
        if run_of(&wanted) != run_of(&model.asked_nearest) {
            model.nearest = None;
        }
        model.nearest_error = None;
        model.asked_nearest.clone_from(&wanted);
        self.abandon(|kind| *kind == JobKind::Nearest);
        let (Some(wanted), Some(workbench)) = (wanted, &self.state.workbench) else {
            return;
        };
        let (Some(embedded), Some((_, run))) = (workbench.embedded.clone(), workbench.run.clone()) else {
            return;
        };
        let recording = workbench.focus_view.long.as_ref().map(|long| Arc::clone(long.recording()));
        let known = workbench.model.nearest.clone();
        self.spawn(JobKind::Nearest, "Find the nearest normal clip", move |_| {
            let NearestKey { dataset, clip, .. } = wanted;
            let entry = &dataset.clips[clip];
            let (mut from_secs, mut stretch) = (0.0, None);
            let found = match (recording, wanted.stretch) {
                (Some(recording), Some(number)) => {
                    let samples = stretch_samples(&recording, number);
                    from_secs = samples.start as f64 / f64::from(SAMPLE_RATE_HZ);
                    let judged = in_channel(Arc::clone(&recording), &dataset.file(entry), run.recipe.channel(&dataset))?;
                    let query = run.extractor.embed(&part_of(&judged, samples.clone())?, &entry.group)?;
                    let shown = Arc::new(part_of(&recording, samples)?);
                    stretch = Some(Arc::new(picture(clip, shown, wanted.settings)));
                    pipeline::nearest_normal_to(&dataset, &embedded, clip, &query.values, wanted.metric)?
                }
                _ => pipeline::nearest_normal(&dataset, &embedded, clip, wanted.metric)?,
            };
            let known = known.filter(|known| known.found.clip_idx == found.clip_idx);
            let loaded = match known {
                Some(known) if known.loaded.settings == wanted.settings => Arc::clone(&known.loaded),
                Some(known) => Arc::new(picture(found.clip_idx, Arc::clone(&known.loaded.clip), wanted.settings)),
                None => {
                    let file = dataset.file(&dataset.clips[found.clip_idx]);
                    let sound = Arc::new(beginning(&file, dataset.channel)?);
                    Arc::new(picture(found.clip_idx, sound, wanted.settings))
                }
            };
            Ok(JobOutput::NearestFound(Arc::new(NearestClip {
                of_clip: clip,
                found,
                loaded,
                from_secs,
                stretch,
            })))
        });
    }

    pub(super) fn take_model_view(&mut self, view: Result<Arc<ModelView>, String>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        match view {
            Ok(view) => workbench.model.view = Some(view),
            Err(error) => (workbench.model.view, workbench.model.view_error) = (None, Some(error)),
        }
    }

    pub(super) fn take_nearest(&mut self, nearest: Result<Arc<NearestClip>, String>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        match nearest {
            Ok(nearest) => {
                let is_other_sound = workbench
                    .model
                    .nearest
                    .as_ref()
                    .is_none_or(|known| !Arc::ptr_eq(&known.loaded.clip, &nearest.loaded.clip));
                workbench.model.nearest = Some(nearest);
                if is_other_sound {
                    self.hear_nearest(false);
                }
            }
            Err(error) => {
                (workbench.model.nearest, workbench.model.nearest_error) = (None, Some(error));
                self.hear_nearest(false);
            }
        }
    }

    /// Changes over to the other of the two sounds, where the playhead stands; what plays goes on playing.
    fn hear_nearest(&mut self, wants_nearest: bool) {
        let Some(workbench) = &self.state.workbench else { return };
        if workbench.model.hears_nearest == wants_nearest {
            return;
        }
        let view = &workbench.focus_view;
        let own = view.loaded.as_ref().map(|loaded| Arc::clone(&loaded.clip));
        let long = view.long.as_ref().filter(|_| !wants_nearest);
        let recording = long.map(|long| Arc::clone(long.recording()));
        let nearest = workbench.model.nearest_of(workbench.focus);
        let clip = if wants_nearest {
            nearest.map(|nearest| Arc::clone(&nearest.loaded.clip))
        } else {
            own
        };
        let Some(clip) = clip else { return };
        if wants_nearest && !self.ready_to_play() {
            return;
        }
        self.set_hears_nearest(wants_nearest);
        if !self.hand_over((clip, recording)) {
            self.set_hears_nearest(!wants_nearest);
        }
    }

    fn set_hears_nearest(&mut self, hears_nearest: bool) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.model.hears_nearest = hears_nearest;
        }
    }
}

impl Workbench {
    fn wanted_window(&self, position_secs: f64) -> Option<ViewKey> {
        let (run, _) = self.run.as_ref().filter(|_| self.model.shows_window())?;
        let clip = self.focus?;
        let is_read = self.focus_view.loaded.as_ref().is_some_and(|loaded| loaded.clip_idx == clip);
        let idx = window_at(&self.focus_view.crops, position_secs).filter(|_| is_read)?;
        Some(ViewKey {
            run: run.clone(),
            clip,
            place: WindowPlace {
                idx,
                hop: self.focus_view.window.and(self.window_hop),
            },
        })
    }

    fn wanted_nearest(&self, position_secs: f64) -> Option<NearestKey> {
        let (run, _) = self.run.as_ref().filter(|_| self.model.panes.contains(&ModelPane::Nearest))?;
        self.embedded.as_ref()?;
        let clip = self.focus?;
        let at_playhead = |_: &LongView| {
            // While the normal clip is heard it stays the one that it is.
            let asked = self.model.asked_nearest.as_ref().filter(|asked| asked.clip == clip);
            let heard = asked.filter(|_| self.model.hears_nearest).and_then(|asked| asked.stretch);
            heard.unwrap_or((position_secs / STRETCH_SECS).max(0.0) as usize)
        };
        let group = self.dataset.clips[clip].group.to_string();
        Some(NearestKey {
            run: run.clone(),
            clip,
            stretch: self.focus_view.long.as_ref().map(at_playhead),
            metric: self.project.detector_settings().of(&group).knn_metric,
            settings: self.spectrogram,
            dataset: Arc::clone(&self.dataset),
        })
    }
}

/// The recording by the channel that a run listens to, which may be another than the one that is shown and played.
fn in_channel(shown: Arc<Recording>, file: &Path, channel: ChannelChoice) -> Result<Arc<Recording>, AudioError> {
    if shown.is_of(file, channel) {
        return Ok(shown);
    }
    Recording::open(file, channel).map(Arc::new)
}

/// The samples of one of the stretches that a long recording is cut into; the last one ends where the recording does.
fn stretch_samples(recording: &Recording, stretch: usize) -> Range<u64> {
    let len = (STRETCH_SECS * f64::from(SAMPLE_RATE_HZ)) as u64;
    let start = (stretch as u64 * len).min(recording.n_samples().saturating_sub(len));
    start..(start + len).min(recording.n_samples())
}

/// A clip, or as much of a long one as may be held.
fn beginning(file: &Path, channel: ChannelChoice) -> Result<Clip, AudioError> {
    let recording = Recording::open(file, channel)?;
    let most = (LONG_SECS * f64::from(SAMPLE_RATE_HZ)) as u64;
    part_of(&recording, 0..recording.n_samples().min(most))
}

fn part_of(recording: &Recording, samples: Range<u64>) -> Result<Clip, AudioError> {
    Ok(Clip {
        samples: recording.read(samples)?,
        sample_rate_hz: SAMPLE_RATE_HZ,
    })
}

/// The last window that has begun: where they overlap, the one that begins where the playhead was put.
fn window_at(windows: &[CropWindow], secs: f64) -> Option<usize> {
    let n_begun = windows.partition_point(|window| window.start_secs <= secs + EARLY_SECS);
    (!windows.is_empty()).then(|| n_begun.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::{CropWindow, window_at};

    fn windows(hop_secs: f64) -> Vec<CropWindow> {
        let window = |idx: i16| CropWindow {
            start_secs: f64::from(idx) * hop_secs,
            end_secs: f64::from(idx) * hop_secs + 1.024,
        };
        (0..9).map(window).collect()
    }

    #[test]
    fn the_window_is_the_last_that_has_begun() {
        let side_by_side = windows(1.024);
        for (idx, window) in side_by_side.iter().enumerate() {
            assert_eq!(window_at(&side_by_side, window.start_secs), Some(idx));
            assert_eq!(window_at(&side_by_side, window.start_secs + 1.0), Some(idx));
        }
        let overlapping = windows(0.096);
        for (idx, window) in overlapping.iter().enumerate() {
            assert_eq!(window_at(&overlapping, window.start_secs), Some(idx), "a click on its cell");
        }
        assert_eq!(window_at(&side_by_side, 99.0), Some(8));
        assert_eq!(window_at(&[], 0.0), None);
    }
}
