//! Everything a person can do.

use std::path::PathBuf;

use super::{
    BoxAction, ClipColumn, ClipFilter, EventVerdict, ListView, ListeningSettings, LiveSettings, LongPiece, ModelAction,
    PictureLook, ReportAction, SafetyAction, Screen, SortKey, SpectrogramSettings, TriageAction,
};
use crate::audio::ChannelChoice;
use crate::dataset::{Label, Layout, MachineSection};
use crate::detectors::{DetectorConfig, DetectorKind};
use crate::dsp::TimeFrequencyBox;
use crate::evaluation::ThresholdRule;
use crate::extractors::{Recipe, TrainingConfig};
use crate::figures::{Figure, Table};
use crate::jobs::JobId;
use crate::pipeline::{DeployFormat, ExploreSettings};
use crate::project::{DetectorChoice, RunRecipe};
use crate::projection::ProjectionConfig;

/// One wish of the person. Views push them; only the app carries them out.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    // Screens and projects
    Show(Screen),
    /// Looks into a folder of recordings (or a `project.json`) and shows what was found, before anything is created.
    Inspect(PathBuf),
    /// Looks again, with another layout or channel.
    InspectAgain {
        layout: Option<Layout>,
        channel: ChannelChoice,
    },
    DismissPreview,
    /// Makes a project of the inspected folder; its file is written to this place.
    CreateProject(PathBuf),
    OpenProject(PathBuf),
    /// Synthesises machines and opens them.
    StartTour,
    CloseProject,
    Save,
    ForgetRecent(PathBuf),
    DismissNotice(u64),

    // The clip list
    /// Browse with the highest score on top and in focus.
    ShowMostSuspicious,
    /// Which machine and section the screens speak of; `None`: all.
    SetScope {
        machine: Option<String>,
        section: Option<String>,
    },
    /// Shows the clips that meet it; all of them where nothing is asked for.
    SetFilter(ClipFilter),
    /// Sorts by this key; the same key again turns the order round.
    SortBy(SortKey),
    List(ListAction),
    Focus(usize),
    /// Moves the focus by so many rows of the visible list.
    MoveFocus(isize),
    /// Replaces the selected set.
    Select(Vec<usize>),
    SetLabel {
        clip: usize,
        label: Label,
    },
    SetSpectrogram(SpectrogramSettings),
    /// What of a long recording is in sight, to be drawn where it is not yet.
    LookAt(Vec<LongPiece>),
    SetLook(PictureLook),
    /// Which channel of the recordings is shown and heard; a run keeps the one that it listens to.
    SetChannel(ChannelChoice),
    /// Measures what a box of the focused clip holds; `None`: the box is gone.
    Measure(Option<TimeFrequencyBox>),
    /// Frames from one window that a clip is judged by to the next; `None`: side by side.
    SetWindowHop(Option<usize>),

    // Listening
    PlayPause,
    /// Focuses this clip and plays it as soon as it is read.
    Listen(usize),
    /// Plays the focused clip from here (seconds).
    PlayFrom(f64),
    /// Puts the playhead there; neither starts nor stops playback.
    Seek(f64),
    /// Chooses the stretch that is played, once or in a loop; neither moves the playhead nor starts playback.
    SetLoop(Option<(f64, f64)>),
    Listening(ListeningAction),

    Model(ModelAction),

    Live(LiveAction),
    Box(BoxAction),
    Triage(TriageAction),
    Safety(SafetyAction),
    Report(ReportAction),

    // Training
    Train(RunRecipe),
    /// Goes on with a run that was stopped.
    Resume(String),
    ActivateRun(String),
    DeleteRun(String),
    /// Takes in a trained model from elsewhere as a run: a run's folder, or a file of weights with its settings beside it.
    LoadWeights(PathBuf),
    /// Writes the networks of a run into a folder.
    ExportRun {
        run: String,
        format: DeployFormat,
        folder: PathBuf,
    },
    PauseJob(JobId),
    ContinueJob(JobId),
    CancelJob(JobId),

    // Detectors
    /// `None`: back to the label-free default.
    Pin {
        group: MachineSection,
        detector: Option<DetectorKind>,
    },
    /// Puts another finished run beside the active one in the matrix, or takes it away.
    ShowBeside {
        run: String,
        is_shown: bool,
    },
    /// Which labels may choose the detectors.
    SetChoice(DetectorChoice),
    SetThreshold {
        group: MachineSection,
        rule: ThresholdRule,
    },
    /// The detectors' parameters of one section, or (`None`) of all that have none of their own; no parameters: back to those that
    /// hold without.
    SetDetectorConfig {
        group: Option<MachineSection>,
        config: Option<DetectorConfig>,
    },

    // The map
    SetProjection(ProjectionConfig),
    ComputeMap,

    // Tiny designs
    /// Starts a search.
    Explore(ExploreSettings),
    /// Goes on with a search that was stopped.
    ResumeExploration(String),
    DeleteExploration(String),
    PinDesign {
        exploration: String,
        trial: usize,
        is_pinned: bool,
    },
    /// Plays a clip as a design was judged by it, with the fault that was put in.
    HearJudged {
        exploration: String,
        trial: usize,
        /// Among the clips that it was judged by.
        place: usize,
    },
    /// Makes a run of a design, trained so many epochs longer: it becomes a column of the screen Compare.
    KeepDesign {
        exploration: String,
        trial: usize,
        n_more_epochs: usize,
    },

    // Leaving
    SaveFigure {
        figure: Figure,
        path: PathBuf,
    },
    SaveTable {
        table: Table,
        path: PathBuf,
    },
    Undo,
    Redo,
}

/// How the focused clip is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ListeningAction {
    /// Speed, pitch, volume; following and playing on select.
    Set(ListeningSettings),
    /// Plays the chosen stretch, or the whole clip, again and again.
    Loop(bool),
    /// Plays from the first sample, whatever the scores say.
    PlayFromStart,
    /// Moves the playhead by so many crops.
    StepCrop(isize),
}

/// What a person can do with the clip list beside filtering and sorting it.
#[derive(Debug, Clone, PartialEq)]
pub enum ListAction {
    /// Sorts by this key what the first key finds equal; again turns the order round, once more drops it.
    ThenBy(SortKey),
    Show(ListView),
    Hide {
        column: ClipColumn,
        is_hidden: bool,
    },
    /// Writes what is shown as CSV.
    Export(PathBuf),
}

/// What a person can do while listening to an input, with a project or without.
#[derive(Debug, Clone, PartialEq)]
pub enum LiveAction {
    /// Looks for inputs from now on; asked again, at once.
    ListInputs,
    Set(Box<LiveSettings>),
    /// Opens the input; after one was lost and is back, that one.
    Listen,
    StopListening,
    /// Lets the input be heard through the output.
    Monitor(bool),
    Record,
    StopRecording,
    /// Marks this moment in the take.
    Mark,
    /// Makes the files of the last take clips of the project.
    AddTake,
    /// Shows the takes that a killed program left, or opens without.
    AskAboutLeft(bool),
    /// Takes in what a killed program left, named by its note.
    RecoverTake(PathBuf),
    /// Moves it out of the way.
    DiscardTake(PathBuf),
    /// Forgets the highest level and the clipping.
    ClearLevel,
    /// Scores what is heard as this section; `None` stops.
    Score(Option<MachineSection>),
    PauseScoring(bool),
    PlayEvent(u64),
    JudgeEvent {
        id: u64,
        verdict: EventVerdict,
    },
    /// Scores what another recorder writes into this folder.
    Watch(PathBuf),
    StopWatching,
    PlayWatched(PathBuf),
    /// Writes the scores of the watched folder as CSV.
    SaveWatched(PathBuf),
}

impl Action {
    /// The shortest way to scores and embeddings: pooled log-mel, which needs no training, on all machines.
    pub fn score_now() -> Self {
        Self::Train(RunRecipe {
            training: TrainingConfig::published(Recipe::PooledLogMel),
            machines: Vec::new(),
            sections: Vec::new(),
        })
    }
}
