//! Figures 2 and 3 of the paper: maps of the embeddings of `MobileAnoNet`.

use std::path::{Path, PathBuf};

use super::plan::Target;
use super::run::{embedded, facts, prepared, wrong_data};
use super::settings::Settings;
use super::write::common_facts;
use crate::dataset::{ClipEntry, Dataset, Label};
use crate::extractors::TrainingObserver;
use crate::figures::{self, Figure, MapFigure, MapPoint, Page, Provenance};
use crate::pipeline::{EmbeddedClips, PipelineError};
use crate::projection::{self, ProjectionConfig};

/// What the two panels of Figure 3 show.
pub(super) const FIGURE_3_MACHINES: [&str; 2] = ["slider", "ToyTrain"];

/// Trains `MobileAnoNet` on `dataset`, or takes it from an earlier call, and writes the figure into `out` as SVG, PNG and CSV, with
/// what it was made from beside it. `machines` are the panels of Figure 3; empty: those of the paper.
///
/// # Errors
/// Where the data are not those that the figure is about or lack a machine, `out` cannot be written, or the wish to stop.
pub fn reproduce_figure(
    target: Target,
    dataset: &Dataset,
    settings: &Settings,
    machines: &[String],
    out: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Vec<PathBuf>, PipelineError> {
    let dataset = prepared(target, dataset, settings)?;
    let panels = panels(target, &dataset, machines)?;
    let Some(system) = target.systems().first() else {
        return Err(wrong_data(target, &dataset, "there is nothing to draw"));
    };
    let (run, embedded) = embedded(system, target, settings, &dataset, out, observer)?;
    std::fs::create_dir_all(out).map_err(|source| PipelineError::io(out, source))?;
    let warning = settings.warning();
    let provenance = Provenance {
        project: [Some(target.title().to_owned()), warning.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; "),
        run: run.dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        seed: Some(settings.seed),
        data_fingerprint: dataset.fingerprint(),
        version: format!("{}, {}", env!("CARGO_PKG_VERSION"), settings.date),
    };
    let mut written = Vec::new();
    for panel in &panels {
        observer.stage(&format!("Drawing {}", panel.stem));
        let figure = Figure::Map(panel.draw(&dataset, &embedded, settings, observer)?);
        for ending in ["svg", "png", "csv"] {
            let path = out.join(format!("{}.{ending}", panel.stem));
            figures::write_with(&figure, &path, Some(&provenance))?;
            written.push(path);
        }
    }
    let mut page_facts = common_facts(target, settings, &facts(&dataset));
    page_facts.push(("map".to_owned(), "t-SNE, perplexity 30, 1000 iterations".to_owned()));
    let page = Page {
        title: format!("MobileAnoNet paper, {}", target.title()),
        warning,
        facts: page_facts,
        grids: Vec::new(),
        notes: vec![
            "Sizes of clusters and gaps between them are not evidence; near neighbours are.".to_owned(),
            "Filled marks: source domain; open marks: target domain; black crosses: anomalies.".to_owned(),
        ],
    };
    let path = out.join(format!("{}.md", target.name()));
    figures::write_page(&page, &path)?;
    written.push(path);
    Ok(written)
}

/// One map.
struct Panel {
    /// The files' name without its ending.
    stem: String,
    title: String,
    /// `None`: all machines, coloured by machine, without anomalies.
    machine: Option<String>,
}

fn panels(target: Target, dataset: &Dataset, machines: &[String]) -> Result<Vec<Panel>, PipelineError> {
    if target != Target::Figure3 {
        return Ok(vec![Panel {
            stem: target.name().to_owned(),
            title: "Figure 2: normal clips".to_owned(),
            machine: None,
        }]);
    }
    let known = dataset.machines();
    let asked: Vec<String> = if machines.is_empty() {
        FIGURE_3_MACHINES.map(String::from).to_vec()
    } else {
        machines.to_vec()
    };
    let panel = |(machine, letter): (String, char)| {
        if !known.contains(&machine) {
            return Err(PipelineError::NoSuchMachine {
                machine,
                known: known.join(", "),
            });
        }
        Ok(Panel {
            // The machine's name comes from a folder's name: a part of a path, never a path.
            stem: format!("{}{letter}-{}", target.name(), machine.replace(['/', '\\'], "_")),
            title: format!("Figure 3 ({letter}): {machine}"),
            machine: Some(machine),
        })
    };
    asked.into_iter().zip('a'..='z').map(panel).collect()
}

impl Panel {
    fn shows(&self, clip: &ClipEntry) -> bool {
        match &self.machine {
            Some(machine) => clip.group.machine == *machine && clip.label != Label::Unknown,
            None => clip.label == Label::Normal,
        }
    }

    fn draw(
        &self,
        dataset: &Dataset,
        embedded: &EmbeddedClips,
        settings: &Settings,
        observer: &mut dyn TrainingObserver,
    ) -> Result<MapFigure, PipelineError> {
        let shown: Vec<usize> = embedded
            .clips_with_a_place()
            .into_iter()
            .filter(|&clip_idx| self.shows(&dataset.clips[clip_idx]))
            .collect();
        let (observations, clips) = embedded.observations(&shown);
        let config = ProjectionConfig {
            seed: settings.seed,
            ..ProjectionConfig::default()
        };
        let layout = projection::project_embeddings(
            &config,
            &observations.embeddings,
            observations.n_features,
            observer,
            &mut |_| {},
        )?;
        let categories = match self.machine {
            Some(_) => ["normal, source domain", "normal, target domain"].map(String::from).to_vec(),
            None => dataset.machines(),
        };
        let category = |clip: &ClipEntry| match self.machine {
            Some(_) => usize::from(clip.is_target()),
            None => categories.iter().position(|name| *name == clip.group.machine).unwrap_or(0),
        };
        let point = |(&clip_idx, point): (&usize, &[f32; 2])| {
            let clip = &dataset.clips[clip_idx];
            MapPoint {
                x: point[0],
                y: point[1],
                category: category(clip),
                is_target: clip.is_target(),
                is_anomaly: clip.label == Label::Anomalous,
                clip: clip.path.clone(),
            }
        };
        let kind = match (settings.caps.is_some(), settings.is_synthetic) {
            (true, true) => " (quick run, synthetic data)",
            (true, false) => " (quick run)",
            (false, true) => " (synthetic data)",
            (false, false) => "",
        };
        Ok(MapFigure {
            title: format!("{}{kind}", self.title),
            points: clips.iter().zip(&layout.points).map(point).collect(),
            categories: categories.clone(),
        })
    }
}
