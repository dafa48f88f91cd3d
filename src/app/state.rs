//! Everything there is to show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::job_types::CropBankKey;
use super::scoring::Thresholds;
use super::undo::UndoHistory;
use super::{
    Access, Action, ClipFilter, ClipList, ExplorationView, ListeningSettings, LiveView, LoadedClip, LongView, Measured,
    ModelInsight, PictureLook, Recovery, ReportView, SortKey, SpectrogramSettings, Triage,
};
use crate::annotations::Annotation;
use crate::audio::ChannelChoice;
use crate::dataset::{ClipEntry, CropWindow, Dataset, Label, Layout, MachineSection, Split};
use crate::detectors::DetectorKind;
use crate::extractors::{EpochMetrics, WindowShape};
use crate::jobs::JobId;
use crate::pipeline::{Comparison, CropBank, EmbeddedClips, GroupComparison, Half, LabelUse, Ribbon, Run};
use crate::project::{DetectorChoice, Project, RunRecipe};
use crate::projection;

/// The screens, in the order of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Screen {
    #[default]
    Welcome,
    Browse,
    Live,
    Train,
    Compare,
    Map,
    Explore,
    Report,
}

impl Screen {
    pub const ALL: [Self; 8] = [
        Self::Welcome,
        Self::Browse,
        Self::Live,
        Self::Train,
        Self::Compare,
        Self::Map,
        Self::Explore,
        Self::Report,
    ];

    /// Its number on the rail, which is its key too; Welcome has none.
    pub fn number(self) -> Option<usize> {
        Self::ALL.iter().position(|&screen| screen == self).filter(|&place| place > 0)
    }

    /// The screen of this title.
    pub fn from_title(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.title() == title)
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Welcome => "Welcome",
            Self::Browse => "Browse",
            Self::Live => "Live",
            Self::Train => "Train",
            Self::Compare => "Compare",
            Self::Map => "Map",
            Self::Explore => "Explore",
            Self::Report => "Report",
        }
    }
}

/// The whole program as the views see it.
#[derive(Default)]
pub struct State {
    pub screen: Screen,
    pub recent: Vec<RecentProject>,
    /// A folder that is being looked into, or was.
    pub preview: Option<ImportPreview>,
    /// The open project.
    pub workbench: Option<Workbench>,
    /// The running ones, newest first.
    pub jobs: Vec<JobView>,
    pub notices: Vec<Notice>,
    pub playback: Playback,
    pub listening: ListeningSettings,
    pub live: LiveView,
    /// What an earlier end of the program left behind, while a person has not decided on it.
    pub recovery: Option<Recovery>,
}

/// A project that was open before.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RecentProject {
    pub path: PathBuf,
    pub name: String,
    pub n_clips: usize,
    /// Seconds since 1970.
    pub opened_at: u64,
}

/// What was found in a folder before a project is made of it.
#[derive(Debug, Clone, Default)]
pub struct ImportPreview {
    pub folder: PathBuf,
    /// Where the project's file is suggested to lie.
    pub project_file: PathBuf,
    pub layout: Option<Layout>,
    pub channel: ChannelChoice,
    /// The scan, while it runs.
    pub job: Option<JobId>,
    pub dataset: Option<Arc<Dataset>>,
    pub error: Option<String>,
}

/// Which machine and section the screens speak of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    pub machine: Option<String>,
    pub section: Option<String>,
}

impl Scope {
    pub fn contains(&self, group: &MachineSection) -> bool {
        self.machine.as_ref().is_none_or(|machine| *machine == group.machine)
            && self.section.as_ref().is_none_or(|section| *section == group.section)
    }
}

/// An open project.
pub struct Workbench {
    /// The project file.
    pub path: PathBuf,
    pub project: Project,
    pub(super) history: UndoHistory,
    pub save: SaveState,
    pub access: Access,
    /// Deciding clip by clip; kept when it is left, so that it can go on.
    pub triage: Option<Triage>,
    /// As scanned.
    pub(super) scanned: Arc<Dataset>,
    /// As scanned, with the labels that the person gave.
    pub dataset: Arc<Dataset>,
    /// All sections, sorted.
    pub groups: Vec<MachineSection>,
    /// All machine types, sorted.
    pub machines: Vec<String>,
    pub scope: Scope,
    pub filter: ClipFilter,
    /// Key, and whether smallest first.
    pub sort: (SortKey, bool),
    pub list: ClipList,
    /// The clips that the list shows, in its order: indices into `dataset.clips`.
    pub visible: Vec<usize>,
    pub selection: BTreeSet<usize>,
    pub focus: Option<usize>,
    pub focus_view: FocusView,
    pub spectrogram: SpectrogramSettings,
    pub look: PictureLook,
    pub model: ModelInsight,
    /// By the name of the run.
    pub runs: BTreeMap<String, RunView>,
    /// Since the project was opened.
    pub(super) deleted_runs: BTreeSet<String>,
    /// The active run, once it is open.
    pub(super) run: Option<(String, Arc<Run>)>,
    pub(super) crop_banks: BTreeMap<CropBankKey, Arc<CropBank>>,
    /// Frames from the beginning of one window to that of the next, where the front end judges windows; `None`: side by side.
    pub window_hop: Option<usize>,
    /// Of the active run.
    pub embedded: Option<Arc<EmbeddedClips>>,
    pub comparison: Option<Arc<Comparison>>,
    /// Other runs that stand beside the active one in the matrix; `None` while they are being compared.
    pub beside: BTreeMap<String, Option<Arc<Comparison>>>,
    pub(super) thresholds: Thresholds,
    /// Parallel to `dataset.clips`; by the detector and threshold in use for each section.
    pub scores: Vec<Option<ClipScore>>,
    pub map: MapView,
    /// Searches for tiny designs, the newest last.
    pub explorations: Vec<ExplorationView>,
    pub report: ReportView,
}

/// Whether what is on the screen is on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SaveState {
    #[default]
    Saved,
    /// Will be saved in a moment.
    Changed,
    Failed(String),
}

/// What is known of the focused clip.
#[derive(Default, Clone)]
pub struct FocusView {
    /// `None` while it is being read.
    pub loaded: Option<Arc<LoadedClip>>,
    /// Why it cannot be shown.
    pub error: Option<String>,
    /// The crop windows of the active front end; empty without a run.
    pub crops: Vec<CropWindow>,
    /// What they are, where the front end judges a clip window by window.
    pub window: Option<WindowShape>,
    /// Once scored.
    pub ribbon: Option<Arc<Ribbon>>,
    /// Of a recording that is too long to be held: then `loaded` has neither sound nor pictures.
    pub long: Option<LongView>,
    /// The box that was measured last.
    pub measured: Option<Measured>,
}

impl FocusView {
    /// The length of the clip; `None` while it is being read.
    pub fn duration_secs(&self) -> Option<f64> {
        let held = self.loaded.as_ref().map(|loaded| loaded.clip.duration_secs());
        self.long.as_ref().map(LongView::duration_secs).or(held)
    }
}

/// A clip's score by the detector in use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipScore {
    pub raw: f64,
    /// 0–100 among held-out or leave-one-out scores of normal training clips.
    pub percentile: f64,
    /// Standard deviations from the mean of the normal scores: sorts clips of all sections together.
    pub order: f64,
    pub is_anomalous: bool,
}

/// A decision held against the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Caught,
    Missed,
    FalseAlarm,
    CorrectNormal,
    /// No label or no score, or a training clip: thresholds are drawn from what those score.
    Open,
}

impl Verdict {
    /// What marks a clip, the gravest first.
    pub const MARKED: [Self; 4] = [Self::Missed, Self::FalseAlarm, Self::Caught, Self::CorrectNormal];

    pub fn of(clip: &ClipEntry, score: Option<ClipScore>) -> Self {
        let Some(score) = score.filter(|_| clip.split == Split::Test) else {
            return Self::Open;
        };
        match (clip.label, score.is_anomalous) {
            (Label::Anomalous, true) => Self::Caught,
            (Label::Anomalous, false) => Self::Missed,
            (Label::Normal, true) => Self::FalseAlarm,
            (Label::Normal, false) => Self::CorrectNormal,
            (Label::Unknown, _) => Self::Open,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Missed => "missed",
            Self::FalseAlarm => "false alarm",
            Self::CorrectNormal => "correct",
            Self::Open => "open",
        }
    }
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunStatus {
    Training,
    /// Cancelled or cut off; can be resumed from its last checkpoint.
    Stopped,
    Done,
    Failed(String),
}

/// One training.
#[derive(Debug, Clone)]
pub struct RunView {
    pub recipe: RunRecipe,
    pub status: RunStatus,
    pub epochs: Vec<EpochMetrics>,
    pub log: Vec<String>,
    pub job: Option<JobId>,
}

/// What a job is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobKind {
    Scan,
    Tour,
    OpenProject,
    LoadClip,
    /// Of the next clip of the list.
    ReadAhead,
    /// Of a long recording, piece by piece.
    DrawLong,
    /// Of a box in the focused clip.
    Measure,
    Train {
        run: String,
    },
    DeleteRun,
    /// Of a trained model from elsewhere.
    LoadWeights,
    /// Of a run's networks.
    ExportRun,
    Score,
    /// Of a run beside the active one.
    CompareBeside {
        run: String,
    },
    Ribbon,
    /// Of one window.
    ModelView,
    /// Of the nearest normal clip.
    Nearest,
    Map,
    /// A search for a tiny design.
    Explore {
        exploration: String,
    },
    /// A design of a search becomes a run.
    KeepDesign {
        run: String,
    },
    DeleteExploration,
    /// Of the project.
    Save,
    /// Of what is not saved yet.
    Keep,
    /// Of the project and what lies beside it.
    SaveCopy,
    ImportBoxes,
    ExportBoxes,
    /// Of a figure, a table or the sound of an event.
    SaveFile,
    /// Of the report.
    DrawFigure {
        id: u32,
    },
    ExportReport,
    OpenInput,
    CloseInput,
    /// An output to hear the input through.
    OpenMonitor,
    /// The output that clips are played through, after it went away.
    OpenOutput,
    ScoreLive,
    /// Looks for takes of a program that was killed.
    LeftTakes,
    /// Files of a take become clips of the project, or are discarded.
    TakeIn,
    WatchFolder,
    /// Of a recording that is no clip, to be heard.
    ReadSound,
}

/// A job as the status bar shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    pub id: JobId,
    pub kind: JobKind,
    pub title: String,
    pub stage: String,
    pub done: u64,
    pub total: u64,
    /// Of the current stage; `None` too early to tell.
    pub remaining_secs: Option<f32>,
    pub is_paused: bool,
    pub is_cancelling: bool,
}

/// The map of the active run.
#[derive(Debug, Clone, Default)]
pub struct MapView {
    pub layout: Option<Arc<projection::Layout>>,
    /// The clips of the points: indices into `dataset.clips`.
    pub clips: Arc<Vec<usize>>,
    pub job: Option<JobId>,
    pub error: Option<String>,
}

/// How grave a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// Something to be told once.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub id: u64,
    pub severity: Severity,
    pub text: String,
    /// What one would do next, one click away.
    pub next_step: Option<NextStep>,
}

/// A button on a notice.
#[derive(Debug, Clone, PartialEq)]
pub struct NextStep {
    pub label: &'static str,
    pub action: Action,
}

impl NextStep {
    pub(super) fn use_run(name: &str) -> Self {
        Self {
            label: "Use it",
            action: Action::ActivateRun(name.to_owned()),
        }
    }
}

/// The transport as the views see it, renewed at every poll.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Playback {
    /// Why nothing can be played; `None`: it can.
    pub unavailable: Option<String>,
    pub is_playing: bool,
    /// What is heard now, in seconds of the focused clip.
    pub position_secs: f64,
    /// The stretch that was chosen: it is played once, or again and again while `is_looping`.
    pub loop_span_secs: Option<(f64, f64)>,
    pub is_looping: bool,
    /// The playhead stands where somebody put it or paused; otherwise the clip begins at its worst crop.
    pub is_placed: bool,
}

impl Workbench {
    /// A project that has just been opened: nothing filtered, nothing focused, no runs and no results yet.
    pub fn new(path: PathBuf, project: Project, dataset: Arc<Dataset>) -> Self {
        let (groups, machines) = (dataset.groups(), dataset.machines());
        let scanned = dataset;
        let mut workbench = Self {
            path,
            project,
            history: UndoHistory::default(),
            save: SaveState::default(),
            access: Access::default(),
            triage: None,
            dataset: Arc::clone(&scanned),
            scanned,
            groups,
            machines,
            scope: Scope::default(),
            filter: ClipFilter::default(),
            sort: (SortKey::default(), true),
            list: ClipList::default(),
            visible: Vec::new(),
            selection: BTreeSet::new(),
            focus: None,
            focus_view: FocusView::default(),
            spectrogram: SpectrogramSettings::default(),
            model: ModelInsight::default(),
            look: PictureLook::default(),
            runs: BTreeMap::new(),
            deleted_runs: BTreeSet::new(),
            run: None,
            crop_banks: BTreeMap::new(),
            window_hop: None,
            embedded: None,
            comparison: None,
            beside: BTreeMap::new(),
            thresholds: Thresholds::default(),
            scores: Vec::new(),
            map: MapView::default(),
            explorations: Vec::new(),
            report: ReportView::default(),
        };
        workbench.refresh_labels();
        workbench.refresh_scores();
        workbench
    }

    /// Shows one machine or section only; names that the data set does not have count as all.
    pub(super) fn set_scope(&mut self, machine: Option<String>, section: Option<String>) {
        let machine = machine.filter(|machine| self.machines.contains(machine));
        let section = section.filter(|section| self.groups.iter().any(|group| group.section == *section));
        self.scope = Scope { machine, section };
        self.choose_visible();
    }

    /// Puts the person's labels over those of the data set.
    pub(super) fn refresh_labels(&mut self) {
        let mut dataset = Arc::clone(&self.scanned);
        if !self.project.labels.is_empty() {
            for clip in &mut Arc::make_mut(&mut dataset).clips {
                if let Some(&label) = self.project.labels.get(&clip.path) {
                    clip.label = label;
                }
            }
        }
        self.dataset = dataset;
        self.refresh_visible();
    }

    pub fn focused(&self) -> Option<&ClipEntry> {
        self.focus.and_then(|clip_idx| self.dataset.clips.get(clip_idx))
    }

    /// The person's label where there is one, the data set's otherwise.
    pub fn label(&self, clip_idx: usize) -> Label {
        self.dataset.clips[clip_idx].label
    }

    /// The detector in use for a section, and what the choice rests on. Where labels are to choose and there are none, it is
    /// the fusion.
    pub fn detector(&self, group: &MachineSection) -> (DetectorKind, LabelUse) {
        let comparison = self.comparison.as_ref();
        let chosen = match self.project.choice {
            DetectorChoice::Fixed => return self.fixed_detector(group),
            DetectorChoice::OtherHalf => comparison
                .and_then(|comparison| comparison.chosen_on(Half::A, &group.machine))
                .map(|kind| (kind, LabelUse::OtherHalf)),
            DetectorChoice::Oracle => comparison
                .and_then(|comparison| comparison.best.get(&group.machine).copied())
                .map(|kind| (kind, LabelUse::Oracle)),
        };
        chosen.unwrap_or((DetectorKind::Fusion, LabelUse::None))
    }

    /// The detector of a section without a choice by labels: the pinned one, or the fusion.
    pub fn fixed_detector(&self, group: &MachineSection) -> (DetectorKind, LabelUse) {
        match self.project.pins.get(&group.to_string()) {
            Some(&pinned) => (pinned, LabelUse::PersonSawTestLabels),
            None => (DetectorKind::Fusion, LabelUse::None),
        }
    }

    /// What the data set itself says of a clip.
    pub fn scanned_label(&self, clip_idx: usize) -> Label {
        self.scanned.clips[clip_idx].label
    }

    pub fn group_comparison(&self, group: &MachineSection) -> Option<&GroupComparison> {
        self.comparison.as_ref()?.of(group)
    }

    /// What figures and tables are made of: everything, or the half that did not choose the detectors.
    pub fn shown_comparison(&self) -> Option<&Arc<Comparison>> {
        self.shown_of(self.comparison.as_ref()?)
    }

    /// What is shown of a comparison: all test clips, or those that had no say in the choice.
    pub fn shown_of<'a>(&self, comparison: &'a Arc<Comparison>) -> Option<&'a Arc<Comparison>> {
        match self.project.choice {
            DetectorChoice::OtherHalf => comparison.half(Half::B),
            DetectorChoice::Fixed | DetectorChoice::Oracle => Some(comparison),
        }
    }

    /// A section as figures and tables show it, see [`Workbench::shown_comparison`].
    pub fn shown_group(&self, group: &MachineSection) -> Option<&GroupComparison> {
        self.shown_comparison()?.of(group)
    }

    /// The section that screens about one section show: the scope's where it names one, else the focused clip's, else the first.
    pub fn current_group(&self) -> Option<MachineSection> {
        let in_scope = || self.groups.iter().filter(|group| self.scope.contains(group));
        let focused = self
            .focused()
            .map(|clip| clip.group.clone())
            .filter(|group| self.scope.contains(group));
        focused.or_else(|| in_scope().next().cloned())
    }

    pub fn verdict(&self, clip_idx: usize) -> Verdict {
        Verdict::of(&self.dataset.clips[clip_idx], self.scores.get(clip_idx).copied().flatten())
    }

    /// The boxes of a clip, in the order of their drawing.
    pub fn boxes(&self, clip_idx: usize) -> &[Annotation] {
        let path = self.dataset.clips.get(clip_idx).map(|clip| &clip.path);
        path.and_then(|path| self.project.boxes.get(path)).map_or(&[], Vec::as_slice)
    }

    pub fn can_undo(&self) -> Option<&str> {
        self.history.undo_label()
    }

    pub fn can_redo(&self) -> Option<&str> {
        self.history.redo_label()
    }
}
