//! Where the results, failures and cancellations of jobs go; and saving figures.

use std::path::PathBuf;

use super::job_types::JobOutput;
use super::runs::failure_text;
use super::{App, ExplorationStatus, JobKind, RunStatus, Severity};
use crate::figures::{self, Figure, Table};

impl App {
    pub(super) fn take_output(&mut self, kind: &JobKind, output: JobOutput) {
        match output {
            JobOutput::FolderInspected(dataset) => self.take_inspected(Ok(dataset)),
            JobOutput::ProjectOpened(opened) => self.take_opened(opened),
            JobOutput::ClipLoaded(loaded) => self.take_loaded(Ok(loaded)),
            JobOutput::ReadAhead(ahead) => self.take_ahead(ahead),
            JobOutput::LongOpened { loaded, long } => self.take_long(loaded, *long),
            JobOutput::LongDrawn => self.end_drawing(),
            JobOutput::BoxMeasured(measured) => self.take_measured(measured),
            JobOutput::RunTrained => {
                if let JobKind::Train { run } = kind {
                    self.end_run(run, RunStatus::Done);
                }
            }
            JobOutput::Scored(scored) => self.take_scored(*scored),
            JobOutput::Compared(comparison) => self.take_compared(comparison),
            JobOutput::ComparedBeside { run, comparison } => self.take_beside(&run, Some(comparison)),
            JobOutput::RibbonScored {
                clip_idx,
                key,
                bank,
                ribbon,
            } => self.take_ribbon(clip_idx, key, bank, ribbon),
            JobOutput::ModelViewed(view) => self.take_model_view(Ok(view)),
            JobOutput::NearestFound(nearest) => self.take_nearest(Ok(nearest)),
            JobOutput::MapComputed(layout) => {
                self.take_layout(layout);
                self.end_map(None);
            }
            JobOutput::RunAdopted { name, recipe } => self.take_adopted(&name, *recipe),
            JobOutput::RunExported { run, deployed } => self.take_exported(&run, &deployed),
            JobOutput::InputOpened(listener) => self.take_listener(Ok(listener)),
            JobOutput::InputClosed => {}
            JobOutput::OutputOpened(player) => self.take_output_opened(Ok(player)),
            JobOutput::MonitorOpened(monitor) => self.take_monitor(Ok(monitor)),
            JobOutput::LeftTakes(takes) => self.take_left(takes),
            JobOutput::TakenIn(taken) => self.take_taken_in(*taken),
            JobOutput::SoundRead(clip) => self.play_sound(clip),
            JobOutput::ClipRecorded(clip) => self.add_clips(vec![*clip]),
            JobOutput::Explored(exploration) => {
                if let JobKind::Explore { exploration: name } = kind {
                    self.take_exploration(name, *exploration);
                }
            }
            JobOutput::DesignKept(run) => {
                if let JobKind::KeepDesign { run: name } = kind {
                    self.take_kept(name, *run);
                }
            }
            JobOutput::ProjectSaved => self.take_saved(),
            JobOutput::CopySaved { path, lock } => self.take_copy(&path, lock),
            JobOutput::BoxesRead(files) => self.take_boxes(files),
            JobOutput::BoxesWritten { path, n_boxes } => {
                let what = if n_boxes == 1 { "box" } else { "boxes" };
                self.notify(Severity::Info, format!("Saved {n_boxes} {what}: {}", path.display()));
            }
            JobOutput::ProjectKept | JobOutput::RunDeleted | JobOutput::ExplorationDeleted => {}
            JobOutput::FigureLooked(looked) => self.take_looked(*looked),
            JobOutput::ReportExported(exported) => self.take_exported_report(*exported),
            JobOutput::FileSaved(path) => self.notify(Severity::Info, format!("Saved {}", path.display())),
        }
    }

    pub(super) fn take_cancelled(&mut self, kind: &JobKind) {
        match kind {
            JobKind::Train { run } => self.end_run(run, RunStatus::Stopped),
            JobKind::Map => self.end_map(None),
            JobKind::Explore { exploration } => self.end_exploration(exploration, ExplorationStatus::Stopped),
            JobKind::CompareBeside { run } => self.take_beside(run, None),
            JobKind::Scan => self.dismiss_preview(),
            JobKind::DrawFigure { id } => self.end_look(*id, Err("its drawing was stopped: Refresh draws it".to_owned())),
            _ => {}
        }
    }

    pub(super) fn take_failure(&mut self, kind: &JobKind, error: &anyhow::Error) {
        let text = failure_text(error);
        match kind {
            JobKind::Scan => self.take_inspected(Err(text)),
            JobKind::OpenInput => self.take_listener(Err(text)),
            JobKind::OpenMonitor => self.take_monitor(Err(text)),
            JobKind::OpenOutput => self.take_output_opened(Err(text)),
            JobKind::CloseInput | JobKind::LeftTakes | JobKind::ReadSound => self.notify(Severity::Warning, text),
            JobKind::WatchFolder => {
                self.state.live.watch = None;
                self.notify(Severity::Error, format!("the folder is not watched: {text}"));
            }
            JobKind::ScoreLive => {
                self.stop_live_scoring();
                self.notify(Severity::Error, format!("live scoring stopped: {text}"));
            }
            JobKind::LoadClip | JobKind::DrawLong => self.take_loaded(Err(text)),
            JobKind::ModelView => self.take_model_view(Err(text)),
            JobKind::Nearest => self.take_nearest(Err(text)),
            JobKind::Train { run } => self.end_run(run, RunStatus::Failed(text)),
            JobKind::Map => self.end_map(Some(text)),
            JobKind::Explore { exploration } => self.end_exploration(exploration, ExplorationStatus::Failed(text)),
            JobKind::KeepDesign { run } => self.notify(Severity::Error, format!("{run}: {text}")),
            JobKind::Save => self.take_save_failure(text),
            // The save that follows tells of the same disk.
            JobKind::Keep => {}
            // It is read again, and its fault said, once it is looked at.
            JobKind::ReadAhead => {}
            // A clip without a ribbon is still a clip: the inspector shows its score all the same.
            JobKind::Ribbon => {}
            JobKind::DrawFigure { id } => self.take_look_failure(*id, error),
            JobKind::Measure => self.notify(Severity::Error, text),
            JobKind::CompareBeside { run } => {
                self.take_beside(run, None);
                self.notify(Severity::Error, format!("{run}: {text}"));
            }
            JobKind::DeleteRun | JobKind::DeleteExploration => self.notify(Severity::Warning, text),
            JobKind::OpenProject
            | JobKind::Tour
            | JobKind::Score
            | JobKind::SaveFile
            | JobKind::ExportReport
            | JobKind::TakeIn
            | JobKind::SaveCopy
            | JobKind::ImportBoxes
            | JobKind::ExportBoxes
            | JobKind::LoadWeights
            | JobKind::ExportRun => self.notify(Severity::Error, text),
        }
    }

    pub(super) fn save_figure(&mut self, figure: Figure, path: PathBuf) {
        self.spawn(JobKind::SaveFile, "Save the figure", move |_| {
            figures::write(&figure, &path)?;
            Ok(JobOutput::FileSaved(path))
        });
    }

    pub(super) fn save_table(&mut self, table: Table, path: PathBuf) {
        self.spawn(JobKind::SaveFile, "Save the table", move |_| {
            figures::write_table(&table, &path)?;
            Ok(JobOutput::FileSaved(path))
        });
    }
}
