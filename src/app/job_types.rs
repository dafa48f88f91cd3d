//! The closed list of what jobs yield: a new job breaks the `match` until it is handled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::{ExplorationView, JobKind, LoadedClip, Measured, RunView};
use crate::audio::capture::{InputDevice, Listener};
use crate::dataset::{ClipEntry, Dataset, MachineSection};
use crate::detectors::DetectorSettings;
use crate::extractors::{EpochMetrics, TrainingObserver};
use crate::jobs::{JobContext, JobHandle};
use crate::pipeline::{
    self, Comparison, CropBank, Deployed, EmbeddedClips, Exploration, ExploreEvent, ExploreObserver, LiveScore, Ribbon, Run,
};
use crate::project::{Project, RunRecipe};
use crate::projection;

/// What a job yields when it is done.
pub(super) enum JobOutput {
    FolderInspected(Arc<Dataset>),
    ProjectOpened(Box<OpenedProject>),
    ClipLoaded(Arc<LoadedClip>),
    BoxMeasured(Measured),
    RunTrained,
    RunDeleted,
    RunAdopted {
        name: String,
        recipe: Box<RunRecipe>,
    },
    RunExported {
        run: String,
        deployed: Deployed,
    },
    Scored(Box<Scored>),
    Compared(Arc<Comparison>),
    ComparedBeside {
        run: String,
        comparison: Arc<Comparison>,
    },
    RibbonScored {
        clip_idx: usize,
        key: CropBankKey,
        bank: Arc<CropBank>,
        ribbon: Arc<Ribbon>,
    },
    MapComputed(projection::Layout),
    Explored(Box<Exploration>),
    DesignKept(Box<RunView>),
    ExplorationDeleted,
    ProjectSaved,
    FileSaved(PathBuf),
    InputsListed(Vec<InputDevice>),
    InputOpened(Arc<Listener>),
    InputClosed,
    /// Its path is relative to the project file.
    ClipRecorded(Box<ClipEntry>),
}

/// What a job yields on the way.
pub(super) enum JobUpdate {
    Epoch(EpochMetrics),
    Layout(projection::Layout),
    Live {
        score: LiveScore,
        cost_ms: f64,
        hop_frames: u64,
    },
    /// Effective value of the normal training clips, in dB of full scale.
    TrainingLevel(f64),
    Explored(Box<ExploreEvent>),
}

/// A project file with the recordings that it speaks of.
pub(super) struct OpenedProject {
    pub(super) path: PathBuf,
    pub(super) project: Project,
    pub(super) runs: BTreeMap<String, RunView>,
    pub(super) explorations: Vec<ExplorationView>,
    /// What cannot be read of them.
    pub(super) notes: Vec<String>,
    pub(super) dataset: Dataset,
}

/// Everything that a run says of the data set.
pub(super) struct Scored {
    pub(super) run_name: String,
    pub(super) run: Arc<Run>,
    pub(super) embedded: Arc<EmbeddedClips>,
    pub(super) comparison: Arc<Comparison>,
    /// What the comparison rests on, to be held against what a person has changed meanwhile.
    pub(super) dataset: Arc<Dataset>,
    pub(super) settings: DetectorSettings,
}

impl Scored {
    /// Embeds the clips that are not among the `known` ones, which are the data set's first, and compares the detectors on all.
    pub(super) fn by(
        (run_name, run): (String, Arc<Run>),
        dataset: Arc<Dataset>,
        settings: DetectorSettings,
        known: &EmbeddedClips,
        context: &mut JobContext<JobOutput, JobUpdate>,
    ) -> anyhow::Result<JobOutput> {
        let embedded = Arc::new(pipeline::extract_more(&run, &dataset, known, context)?);
        let comparison = Arc::new(pipeline::compare(&dataset, &embedded, &settings, context)?);
        Ok(JobOutput::Scored(Box::new(Self {
            run_name,
            run,
            embedded,
            comparison,
            dataset,
            settings,
        })))
    }
}

/// A job from the app's side. Dropping it asks the job to stop.
pub(super) struct RunningJob {
    pub(super) handle: JobHandle,
    pub(super) kind: JobKind,
    pub(super) stage_begun: Instant,
    pub(super) last_progress: (u64, u64),
}

impl TrainingObserver for JobContext<JobOutput, JobUpdate> {
    fn epoch(&mut self, metrics: &EpochMetrics) {
        self.update(JobUpdate::Epoch(metrics.clone()));
    }
}

impl ExploreObserver for JobContext<JobOutput, JobUpdate> {
    fn event(&mut self, event: &ExploreEvent) {
        self.update(JobUpdate::Explored(Box::new(event.clone())));
    }
}

/// Names the bank of crops that belongs to a section, a run and a detector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CropBankKey {
    pub(super) run_name: String,
    pub(super) group: MachineSection,
    pub(super) detector: &'static str,
}
