//! Where the results, failures and cancellations of jobs go; and saving figures.

use std::path::PathBuf;

use super::job_types::JobOutput;
use super::runs::failure_text;
use super::state::SaveState;
use super::{App, ExplorationStatus, JobKind, RunStatus, Severity};
use crate::figures::{self, Figure, Table};

impl App {
    pub(super) fn take_output(&mut self, kind: &JobKind, output: JobOutput) {
        match output {
            JobOutput::FolderInspected(dataset) => self.take_inspected(Ok(dataset)),
            JobOutput::ProjectOpened(opened) => self.enter(*opened),
            JobOutput::ClipLoaded(loaded) => self.take_loaded(Ok(loaded)),
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
            JobOutput::MapComputed(layout) => {
                self.take_layout(layout);
                self.end_map(None);
            }
            JobOutput::RunAdopted { name, recipe } => self.take_adopted(&name, *recipe),
            JobOutput::RunExported { run, deployed } => self.take_exported(&run, &deployed),
            JobOutput::InputsListed(devices) => self.state.live.devices = Some(devices),
            JobOutput::InputOpened(listener) => self.take_listener(Ok(listener)),
            JobOutput::InputClosed => {}
            JobOutput::ClipRecorded(clip) => self.add_clip(*clip),
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
            JobOutput::ProjectSaved | JobOutput::RunDeleted | JobOutput::ExplorationDeleted => {}
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
            _ => {}
        }
    }

    pub(super) fn take_failure(&mut self, kind: &JobKind, error: &anyhow::Error) {
        let text = failure_text(error);
        match kind {
            JobKind::Scan => self.take_inspected(Err(text)),
            JobKind::OpenInput => self.take_listener(Err(text)),
            JobKind::ListInputs | JobKind::CloseInput => self.notify(Severity::Warning, text),
            JobKind::ScoreLive => {
                self.stop_live_scoring();
                self.notify(Severity::Error, format!("live scoring stopped: {text}"));
            }
            JobKind::LoadClip => self.take_loaded(Err(text)),
            JobKind::Train { run } => self.end_run(run, RunStatus::Failed(text)),
            JobKind::Map => self.end_map(Some(text)),
            JobKind::Explore { exploration } => self.end_exploration(exploration, ExplorationStatus::Failed(text)),
            JobKind::KeepDesign { run } => self.notify(Severity::Error, format!("{run}: {text}")),
            JobKind::Save => {
                if let Some(workbench) = &mut self.state.workbench {
                    workbench.save = SaveState::Failed(text.clone());
                }
                self.notify(Severity::Error, format!("not saved: {text}"));
            }
            // A clip without a ribbon is still a clip: the inspector shows its score all the same.
            JobKind::Ribbon => {}
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
