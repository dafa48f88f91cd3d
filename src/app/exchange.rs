//! Trained models that come in from elsewhere, and networks that leave.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::job_types::JobOutput;
use super::runs::view_of;
use super::{App, JobKind, NextStep, Severity};
use crate::pipeline::{self, DeployFormat, Deployed};
use crate::project::{Project, RunRecipe};

impl App {
    /// Copies a trained model into the project's folder as a run of its own.
    pub(super) fn load_weights(&mut self, source: PathBuf) {
        let Some(workbench) = &self.state.workbench else { return };
        let taken: BTreeSet<String> = workbench.runs.keys().chain(&workbench.deleted_runs).cloned().collect();
        let path = workbench.path.clone();
        self.spawn(JobKind::LoadWeights, "Load weights", move |_| {
            let runs = Project::run_dir(&path, "");
            let name_of = |recipe: &str| {
                let mut names = (1..).map(|n| format!("{recipe}-loaded-{n}"));
                let is_free = |name: &String| !taken.contains(name) && !Project::run_dir(&path, name).exists();
                names.find(is_free).unwrap_or_default()
            };
            let (name, recipe) = pipeline::adopt(&source, &runs, name_of)?;
            Ok(JobOutput::RunAdopted {
                name,
                recipe: Box::new(recipe),
            })
        });
    }

    pub(super) fn take_adopted(&mut self, name: &str, recipe: RunRecipe) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let view = view_of(&workbench.path, name, &recipe);
        workbench.runs.insert(name.to_owned(), view);
        workbench.project.runs.insert(name.to_owned(), recipe);
        // What a person is looking at is not taken away.
        let is_first = workbench.project.active_run.is_none();
        self.touch();
        if is_first {
            self.notify(Severity::Info, format!("Loaded as {name}"));
            self.activate_run(name);
        } else {
            self.notify_with(Severity::Info, format!("Loaded as {name}"), Some(NextStep::use_run(name)));
        }
    }

    /// Writes the networks of a finished run; thresholds and the cost of eight bits are measured on the open recordings.
    pub(super) fn export_run(&mut self, run: &str, format: DeployFormat, folder: PathBuf) {
        let Some(workbench) = &self.state.workbench else { return };
        let (dataset, run_dir) = (Arc::clone(&workbench.dataset), Project::run_dir(&workbench.path, run));
        let name = run.to_owned();
        self.spawn(JobKind::ExportRun, &format!("Export {run}"), move |context| {
            let run = pipeline::load_run(&run_dir)?;
            let deployed = pipeline::deploy_all(&run, Some(&dataset), format, &folder, context)?;
            Ok(JobOutput::RunExported { run: name, deployed })
        });
    }

    /// Tells where the files are, and in the run's log what there is to say of them.
    pub(super) fn take_exported(&mut self, run: &str, deployed: &Deployed) {
        let folder = deployed.files.first().and_then(|file| file.parent());
        let place = folder.map(|folder| folder.display().to_string()).unwrap_or_default();
        let text = format!(
            "Exported {} files to {place}: the log of {run} and model_card.md say what they are",
            deployed.files.len()
        );
        self.notify(Severity::Info, text);
        let Some(workbench) = &mut self.state.workbench else { return };
        if let Some(run) = workbench.runs.get_mut(run) {
            let files = deployed.files.iter().map(|file| format!("exported {}", file.display()));
            run.log.extend(files.chain(deployed.lines.iter().cloned()));
        }
    }
}
