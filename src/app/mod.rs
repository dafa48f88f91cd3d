//! The program without widgets: what there is ([`State`]), what a person can do ([`Action`]), and what each changes.
//!
//! A frame: [`App::poll`] takes in what jobs have told, the views read [`App::state`] and push actions, [`App::apply`] carries them out.
//!
//! *Invariant:* only this room changes `State`; it draws nothing and waits for nothing.

mod action;
mod ahead;
mod apply;
mod boxes;
mod boxes_exchange;
mod boxes_named;
mod clip_list;
mod editing;
mod estimate;
mod exchange;
mod exploring;
mod focus;
mod folders;
mod job_types;
mod listening;
mod listening_settings;
mod live;
mod long;
mod model_view;
mod output;
mod picture;
mod playing;
mod plots;
mod projects;
mod report;
mod results;
mod runs;
mod safety;
mod saving;
mod scoring;
mod state;
mod triage;
mod undo;

pub use crate::pipeline::{DeployFormat, ThresholdBasis};
pub use crate::project::{LevelRange, PictureLook, PictureSettings, SpectrogramKind, SpectrogramSettings};
pub use action::{Action, ListAction, ListeningAction, LiveAction};
pub use apply::App;
pub use boxes::BoxAction;
pub use clip_list::{ClipColumn, ClipFilter, ClipList, Facet, FacetCounts, ListCounts, ListView, SortKey};
pub use estimate::estimate_secs;
pub use exploring::{ExplorationStatus, ExplorationView};
pub use focus::{LoadedClip, Measured};
pub use folders::AppFolders;
pub use listening_settings::{Follow, ListeningSettings};
pub use live::{
    EventVerdict, InputView, LeftTakeView, LiveEvent, LivePace, LiveScoring, LiveSettings, LiveView, LostInput, WatchView,
    Waterfall,
};
pub use long::{DrawnPiece, LongPiece, LongView};
pub use model_view::{ModelAction, ModelInsight, ModelPane, NearestClip};
pub use plots::{
    Bins, Decisions, DesignQuantity, MapColor, MapShow, Matrix, MatrixBeside, MatrixCell, MatrixMachine, MatrixMetric, MatrixRow,
    MatrixSection, Separation, Trouble, asked_auc, best_design, best_figure, best_so_far, bins, decisions, design_figure,
    design_front, design_table, histogram_figure, judged_auc, loss_figure, map_categories, map_figure, map_figure_by,
    map_figure_of, map_figure_shown, matrix, matrix_table, matrix_table_with_intervals, roc_detectors, roc_figure,
    roc_figure_with, separation, spectrogram_figure, spectrogram_words, state_title,
};
pub use report::{
    FigureStatus, FigureView, Preview, ReportAction, ReportView, figure_endings, figure_file_name, figure_kind, figure_stem,
    figure_title, write_map, write_report,
};
pub use runs::error_text;
pub use safety::{Access, Recovery, SafetyAction};
pub use state::{
    ClipScore, FocusView, ImportPreview, JobKind, JobView, MapView, NextStep, Notice, Playback, RecentProject, RunStatus,
    RunView, SaveState, Scope, Screen, Severity, State, Verdict, Workbench,
};
pub use triage::{Triage, TriageAction, TriageOrder, TriageStep};
