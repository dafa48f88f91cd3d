//! The program without widgets: what there is ([`State`]), what a person can do ([`Action`]), and what each changes.
//!
//! A frame: [`App::poll`] takes in what jobs have told, the views read [`App::state`] and push actions, [`App::apply`] carries them out.
//!
//! *Invariant:* only this room changes `State`; it draws nothing and waits for nothing.

mod action;
mod apply;
mod clip_list;
mod focus;
mod plots;
mod state;
mod undo;

pub use action::Action;
pub use apply::App;
pub use clip_list::{ClipFilter, SortKey};
pub use focus::{LoadedClip, SpectrogramKind, SpectrogramSettings};
pub use plots::{
    Bins, Decisions, MapColor, Matrix, MatrixCell, MatrixMetric, MatrixRow, bins, decisions, histogram_figure, loss_figure, map_categories, map_figure,
    map_figure_by, matrix, matrix_table, roc_detectors, roc_figure, spectrogram_figure, ties,
};
pub use state::{
    ClipScore, FocusView, ImportPreview, JobKind, JobView, MapView, Notice, Playback, RecentProject, RunStatus, RunView, SaveState, Scope,
    Screen, Severity, State, Verdict, Workbench,
};
