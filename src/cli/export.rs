//! `export`: a trained network on its way to another program or a microcontroller.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::commands::scan_data;
use super::output::print;
use super::progress::StderrProgress;
use crate::dataset::{self, Dataset, ScanOptions};
use crate::export::WeightFormat;
use crate::pipeline::{self, DeployFormat, Run};
use crate::project::{self, Project};

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// A folder that `train` wrote, or a project file: then its run in use
    run: PathBuf,
    #[arg(long, value_enum)]
    format: Format,
    /// How C holds the weights
    #[arg(long, value_enum, default_value = "float32")]
    weights: Weights,
    /// Of a run with a network a machine: which one
    #[arg(long)]
    machine: Option<String>,
    /// Of a project: this run instead of the one in use
    #[arg(long = "run")]
    run_name: Option<String>,
    /// The recordings: the threshold is drawn anew from them, and the cost of eight bits is measured. A project knows its own
    #[arg(long)]
    data: Option<PathBuf>,
    /// A folder, or for ONNX and safetensors a file
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For onnxruntime and most deployment tools
    Onnx,
    /// C99, a header and a source file
    C,
    /// The weights, to be loaded again
    Safetensors,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Weights {
    Float32,
    /// With a scale a channel
    Int8,
}

pub(super) fn export(arguments: &ExportArguments) -> anyhow::Result<()> {
    let format = match (arguments.format, arguments.weights) {
        (Format::Onnx, Weights::Float32) => DeployFormat::Onnx,
        (Format::Safetensors, Weights::Float32) => DeployFormat::Safetensors,
        (Format::C, Weights::Float32) => DeployFormat::C(WeightFormat::Float32),
        (Format::C, Weights::Int8) => DeployFormat::C(WeightFormat::Int8),
        (Format::Onnx | Format::Safetensors, Weights::Int8) => {
            anyhow::bail!("--weights int8 is for --format c: ONNX and safetensors hold weights as they were trained")
        }
    };
    let (run, dataset) = open(arguments)?;
    let machine = arguments.machine.as_deref();
    let mut progress = StderrProgress::new("Exporting");
    let deployed = pipeline::deploy(&run, dataset.as_ref(), machine, format, &arguments.out, &mut progress)?;
    let files = deployed.files.iter().map(|file| file.display().to_string());
    files.chain(deployed.lines).try_for_each(|line| print(&line))
}

/// The run, and the recordings where they are known.
fn open(arguments: &ExportArguments) -> anyhow::Result<(Run, Option<Dataset>)> {
    let given = arguments.data.as_deref().map(|data| scan_data(data, None)).transpose()?;
    let Some(path) = project_file(&arguments.run) else {
        if arguments.run_name.is_some() {
            anyhow::bail!(
                "--run chooses among the runs of a project, and {} is none",
                arguments.run.display()
            );
        }
        return Ok((pipeline::load_run(&arguments.run)?, given));
    };
    let project = project::open(&path)?;
    let known: Vec<&str> = project.runs.keys().map(String::as_str).collect();
    let known = known.join(", ");
    let name = match arguments.run_name.as_ref().or(project.active_run.as_ref()) {
        Some(name) if project.runs.contains_key(name) => name,
        Some(name) => anyhow::bail!("{} has no run '{name}': choose among {known}", path.display()),
        None if known.is_empty() => anyhow::bail!("{} has no run yet: train one first", path.display()),
        None => anyhow::bail!("{} has no run in use: choose one with --run among {known}", path.display()),
    };
    let run = pipeline::load_run(&Project::run_dir(&path, name))?;
    let dataset = match given {
        Some(given) => Some(given),
        None => recordings(&project, &path)?,
    };
    Ok((run, dataset))
}

/// The recordings of a project with the labels that a person gave, where they are still there.
fn recordings(project: &Project, path: &Path) -> anyhow::Result<Option<Dataset>> {
    let root = project.data_root(path);
    if !root.is_dir() {
        return Ok(None);
    }
    let options = ScanOptions {
        layout: project.data.layout,
        channel: project.data.channel,
    };
    let mut dataset = dataset::scan(&root, options, &mut StderrProgress::new("Reading headers"))?;
    for clip in &mut dataset.clips {
        if let Some(&label) = project.labels.get(&clip.path) {
            clip.label = label;
        }
    }
    Ok(Some(dataset))
}

/// The file of a project, where the path is one or the folder of one.
fn project_file(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    let file = path.join("project.json");
    (file.is_file() && !pipeline::is_finished(path)).then_some(file)
}
