//! A trained run on its way out of the program: ONNX, C or its weights, with a page that says what they are.

mod card;
mod rounding;

pub use rounding::Rounding;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::normal_scores::{self, NormalScore};
use super::{Latency, PipelineError, Run, measure_latency};
use crate::dataset::Dataset;
use crate::evaluation::{self, ThresholdRule};
use crate::export::{self, Graph, OutputKind, WeightFormat};
use crate::extractors::Deployment;
use crate::progress::Progress;
use crate::whole_file::write_whole;
use card::Card;

/// What leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeployFormat {
    Onnx,
    /// A header and a source file.
    C(WeightFormat),
    Safetensors,
}

impl DeployFormat {
    pub const ALL: [Self; 4] = [
        Self::Onnx,
        Self::C(WeightFormat::Float32),
        Self::C(WeightFormat::Int8),
        Self::Safetensors,
    ];

    /// The name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Onnx => "ONNX",
            Self::C(WeightFormat::Float32) => "C, 32-bit weights",
            Self::C(WeightFormat::Int8) => "C, 8-bit weights",
            Self::Safetensors => "Weights (safetensors)",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Onnx => "onnx",
            Self::C(_) => "c",
            Self::Safetensors => "safetensors",
        }
    }
}

/// What was written, and what there is to say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployed {
    pub files: Vec<PathBuf>,
    /// For a person.
    pub lines: Vec<String>,
}

/// Writes the networks of a run. `out` is a folder, or for one network that is no C a file with the format's ending. With the
/// recordings at hand the threshold is drawn anew and the cost of eight bits is measured; without, the threshold is the one that
/// training kept.
///
/// # Errors
/// Where the run has no network that could leave or not the one of `machine`, files cannot be written, or the wish to stop.
pub fn deploy(
    run: &Run,
    dataset: Option<&Dataset>,
    machine: Option<&str>,
    format: DeployFormat,
    out: &Path,
    progress: &mut dyn Progress,
) -> Result<Deployed, PipelineError> {
    let mut networks = chosen(run, machine)?;
    let place = Place::of(out, format, &networks)?;
    let scores = match dataset {
        Some(dataset) => normal_scores::of_run(run, dataset, progress)?,
        None => normal_scores::read(&run.dir),
    };
    networks.iter_mut().for_each(|network| tell_threshold(network, &scores));
    place.make_folder()?;
    let mut deployed = Deployed {
        files: Vec::new(),
        lines: Vec::new(),
    };
    let mut card = Card::of(run, &scores);
    if format == DeployFormat::Safetensors {
        write_weights(run, &place, &mut deployed)?;
        card.weights(&deployed.files);
    } else {
        for network in &networks {
            let latency = measure_latency(&network.graph, progress)?;
            write_network(network, format, &place, &mut deployed)?;
            let rounding = match (format, dataset) {
                (DeployFormat::C(WeightFormat::Int8), Some(dataset)) => Some(rounding::measure(run, dataset, network, progress)?),
                _ => None,
            };
            if format == DeployFormat::C(WeightFormat::Int8) {
                let told = rounding.as_ref().map_or_else(|| NOT_MEASURED.to_owned(), ToString::to_string);
                deployed.lines.push(format!("{}: {told}", network.graph.name));
            }
            deployed.lines.extend(latency.lines());
            card.network(network, &deployed.lines_of(&network.graph.name), &latency);
        }
    }
    let page = place.card(card.text());
    if let Some((path, text)) = page {
        write(&path, text.as_bytes())?;
        deployed.files.push(path);
    }
    Ok(deployed)
}

/// Writes all networks of a run into a folder; where a format takes one network at a time, each into a folder named after its
/// machine.
///
/// # Errors
/// As [`deploy`].
pub fn deploy_all(
    run: &Run,
    dataset: Option<&Dataset>,
    format: DeployFormat,
    folder: &Path,
    progress: &mut dyn Progress,
) -> Result<Deployed, PipelineError> {
    let machines: Vec<String> = chosen(run, None)?.into_iter().filter_map(|network| network.machine).collect();
    if machines.len() < 2 || !matches!(format, DeployFormat::C(_)) {
        return deploy(run, dataset, None, format, folder, progress);
    }
    let mut all = Deployed {
        files: Vec::new(),
        lines: Vec::new(),
    };
    for machine in &machines {
        // Machines may have a slash in their names.
        let place = folder.join(machine.replace(['/', '\\'], "_"));
        let one = deploy(run, dataset, Some(machine), format, &place, progress)?;
        all.files.extend(one.files);
        all.lines.extend(one.lines);
    }
    Ok(all)
}

const NOT_MEASURED: &str = "what eight bits cost is not known without recordings: give --data to measure it";

impl Deployed {
    /// The lines that begin with a name.
    fn lines_of(&self, name: &str) -> Vec<String> {
        let of_name = |line: &&String| line.starts_with(&format!("{name}:"));
        self.lines.iter().filter(of_name).cloned().collect()
    }
}

/// The networks of a run, or the one of a machine.
fn chosen(run: &Run, machine: Option<&str>) -> Result<Vec<Deployment>, PipelineError> {
    let recipe = run.recipe.training.recipe;
    let networks = run.extractor.deployments()?;
    if networks.is_empty() {
        let reason = if recipe.is_trained() {
            "its network is a classifier that is used inside the program only"
        } else {
            "it computes statistics of the spectrum and has no network"
        };
        return Err(PipelineError::NothingToExport {
            path: run.dir.clone(),
            recipe: recipe.name(),
            reason,
        });
    }
    let Some(machine) = machine else { return Ok(networks) };
    let known: Vec<String> = networks.iter().filter_map(|network| network.machine.clone()).collect();
    // A machine type stands for all its sections.
    let fits = |network: &Deployment| {
        let own = network.machine.as_deref();
        own.is_none_or(|own| own == machine || own.strip_prefix(machine).is_some_and(|rest| rest.starts_with(' ')))
    };
    let fitting: Vec<Deployment> = networks.into_iter().filter(fits).collect();
    if fitting.is_empty() {
        return Err(PipelineError::NoSuchMachine {
            machine: machine.to_owned(),
            known: known.join(", "),
        });
    }
    Ok(fitting)
}

/// Where files go.
struct Place {
    folder: PathBuf,
    /// The one file that was asked for by name.
    file: Option<PathBuf>,
}

impl Place {
    fn of(out: &Path, format: DeployFormat, networks: &[Deployment]) -> Result<Self, PipelineError> {
        let is_file = !out.is_dir()
            && out
                .extension()
                .is_some_and(|ending| ending.eq_ignore_ascii_case(format.ending()));
        let is_c = matches!(format, DeployFormat::C(_));
        if networks.len() > 1 && format != DeployFormat::Safetensors && (is_file || is_c) {
            let machines: Vec<&str> = networks.iter().filter_map(|network| network.machine.as_deref()).collect();
            return Err(PipelineError::SeveralNetworks {
                path: out.to_owned(),
                machines: machines.join(", "),
            });
        }
        if out.is_file() && !is_file {
            return Err(PipelineError::io(
                out,
                std::io::Error::other(format!("it is a file, and no .{}: name a folder", format.ending())),
            ));
        }
        if is_file && !is_c {
            let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
            return Ok(Self {
                folder: folder.unwrap_or(Path::new(".")).to_owned(),
                file: Some(out.to_owned()),
            });
        }
        Ok(Self {
            folder: out.to_owned(),
            file: None,
        })
    }

    fn make_folder(&self) -> Result<(), PipelineError> {
        std::fs::create_dir_all(&self.folder).map_err(|source| PipelineError::io(&self.folder, source))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.file.clone().unwrap_or_else(|| self.folder.join(name))
    }

    /// The page beside the files. A page of something else that lies there, such as the run's own, is left alone: then ours is
    /// named after the file.
    fn card(&self, text: String) -> Option<(PathBuf, String)> {
        let path = self.folder.join("model_card.md");
        match (&self.file, std::fs::read_to_string(&path)) {
            (_, Ok(there)) if there == text => None,
            (Some(file), Ok(_)) => Some((file.with_extension("model_card.md"), text)),
            _ => Some((path, text)),
        }
    }
}

/// The threshold on the score of a clip, into the metadata.
fn tell_threshold(network: &mut Deployment, scores: &[NormalScore]) {
    let (Some(machine), OutputKind::Reconstruction) = (&network.machine, network.graph.result) else {
        return;
    };
    let (normal, basis) = normal_scores::of_network(scores, machine);
    let rule = ThresholdRule::default();
    let mut tell = |key: &str, value: String| network.graph.metadata.push((key.to_owned(), value));
    match evaluation::threshold(rule, &normal) {
        Some(threshold) => {
            tell("threshold", format!("{threshold:.9e}"));
            let quantile = match rule {
                ThresholdRule::Gamma(q) => format!("the {q} quantile of a gamma distribution fitted to"),
                ThresholdRule::Quantile(q) => format!("the {q} quantile of"),
                ThresholdRule::Manual(_) => "set by hand, not from".to_owned(),
            };
            tell(
                "threshold_basis",
                format!("{quantile} {basis}; a clip that scores it or more is called anomalous"),
            );
        }
        None => tell(
            "threshold_basis",
            "none: this run kept no scores of normal clips; export with the recordings at hand to get one".to_owned(),
        ),
    }
    let sections: std::collections::BTreeSet<&str> = scores
        .iter()
        .filter(|score| normal_scores::is_about(machine, &score.machine, &score.section))
        .map(|score| score.section.as_str())
        .collect();
    if !sections.is_empty() {
        tell("sections", sections.into_iter().collect::<Vec<_>>().join(", "));
    }
}

fn write_network(
    network: &Deployment,
    format: DeployFormat,
    place: &Place,
    deployed: &mut Deployed,
) -> Result<(), PipelineError> {
    let graph: &Graph = &network.graph;
    let name = &graph.name;
    let mut put = |path: PathBuf, bytes: &[u8]| {
        write(&path, bytes)?;
        deployed.files.push(path);
        Ok::<_, PipelineError>(())
    };
    let n_parameters = graph.n_parameters();
    let line = match format {
        DeployFormat::C(weights) => {
            let files = export::c_source(graph, weights);
            put(place.folder.join(format!("{name}.h")), files.header.as_bytes())?;
            put(place.folder.join(format!("{name}.c")), files.source.as_bytes())?;
            format!(
                "{name}: {n_parameters} parameters in {} bytes of weights, {} bytes between layers",
                files.n_weight_bytes, files.n_arena_bytes
            )
        }
        DeployFormat::Onnx | DeployFormat::Safetensors => {
            let bytes = export::onnx(graph);
            put(place.path(&format!("{name}.onnx")), &bytes)?;
            format!("{name}: {n_parameters} parameters, ONNX of {} bytes", bytes.len())
        }
    };
    deployed.lines.push(line);
    Ok(())
}

/// The weights as training wrote them, and beside them what is needed to load them again.
fn write_weights(run: &Run, place: &Place, deployed: &mut Deployed) -> Result<(), PipelineError> {
    let name = format!("{}.safetensors", run.recipe.training.recipe.name());
    let source = run.dir.join(&name);
    let bytes = std::fs::read(&source).map_err(|error| PipelineError::io(&source, error))?;
    let path = place.path(&name);
    let config = path.with_extension("json");
    let recipe = serde_json::to_vec_pretty(&run.recipe).map_err(|error| PipelineError::io(&config, error.into()))?;
    write(&path, &bytes)?;
    write(&config, &recipe)?;
    deployed.lines.push(format!(
        "{}: {} bytes of weights, and how to load them again",
        name,
        bytes.len()
    ));
    deployed.files.extend([path, config]);
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
    write_whole(path, |file| file.write_all(bytes)).map_err(|source| PipelineError::io(path, source))
}
