//! The closed list of what jobs yield: a new job breaks the `match` until it is handled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::ahead::ClipAhead;
use super::boxes_exchange::ReadBoxes;
use super::live::TakenIn;
use super::report::{Exported, Looked};
use super::{
    Access, DrawnPiece, ExplorationView, JobKind, LivePace, LoadedClip, LongPiece, LongView, Measured, NearestClip, RunView,
};
use crate::audio::capture::{LeftTake, Listener, Monitor};
use crate::audio::{Clip, Player};
use crate::dataset::{ClipEntry, Dataset, MachineSection};
use crate::detectors::DetectorSettings;
use crate::extractors::{EpochMetrics, ModelView, TrainingObserver};
use crate::jobs::{JobContext, JobHandle};
use crate::pipeline::{
    self, Comparison, CropBank, Deployed, EmbeddedClips, Exploration, ExploreEvent, ExploreObserver, LiveScore, Ribbon, Run,
    WatchEvent,
};
use crate::project::{Project, ProjectLock, RunRecipe, Unsaved};
use crate::projection;

/// What a job yields when it is done.
pub(super) enum JobOutput {
    FolderInspected(Arc<Dataset>),
    ProjectOpened(Box<OpenedProject>),
    ClipLoaded(Arc<LoadedClip>),
    ReadAhead(ClipAhead),
    LongOpened {
        loaded: Arc<LoadedClip>,
        long: Box<LongView>,
    },
    LongDrawn,
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
    ModelViewed(Arc<ModelView>),
    NearestFound(Arc<NearestClip>),
    MapComputed(projection::Layout),
    Explored(Box<Exploration>),
    DesignKept(Box<RunView>),
    ExplorationDeleted,
    ProjectSaved,
    ProjectKept,
    CopySaved {
        path: PathBuf,
        lock: Option<ProjectLock>,
    },
    /// From files of other programs.
    BoxesRead(Vec<ReadBoxes>),
    BoxesWritten {
        path: PathBuf,
        n_boxes: usize,
    },
    FileSaved(PathBuf),
    FigureLooked(Box<Looked>),
    ReportExported(Box<Exported>),
    InputOpened(Arc<Listener>),
    /// Or it is not scored any more.
    InputClosed,
    MonitorOpened(Box<Monitor>),
    OutputOpened(Box<Player>),
    LeftTakes(Vec<LeftTake>),
    TakenIn(Box<TakenIn>),
    SoundRead(Arc<Clip>),
    /// Its path is relative to the project file.
    ClipRecorded(Box<ClipEntry>),
}

/// What a job yields on the way.
pub(super) enum JobUpdate {
    Epoch(EpochMetrics),
    Layout(projection::Layout),
    /// A piece of a long recording.
    Drawn(LongPiece, DrawnPiece),
    Live {
        score: LiveScore,
        pace: LivePace,
    },
    /// Effective value of the normal training clips, in dB of full scale.
    TrainingLevel(f64),
    Watched(WatchEvent),
    /// From which score on a watched file is anomalous, and what that rests on.
    WatchThreshold(f64, String),
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
    pub(super) access: Access,
    /// `None` where it may not be written, or is yet to be claimed.
    pub(super) lock: Option<ProjectLock>,
    /// What an earlier end of the program left behind.
    pub(super) unsaved: Option<Unsaved>,
    /// The project holds what was left behind, and its file does not.
    pub(super) is_recovered: bool,
}

impl OpenedProject {
    /// One without runs and searches that is yet to be claimed.
    pub(super) fn new(path: PathBuf, project: Project, dataset: Dataset) -> Self {
        Self {
            path,
            project,
            runs: BTreeMap::new(),
            explorations: Vec::new(),
            notes: Vec::new(),
            dataset,
            access: Access::default(),
            lock: None,
            unsaved: None,
            is_recovered: false,
        }
    }
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
