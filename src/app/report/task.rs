//! From a recipe to what is drawn: the figure as the project is now, and what it rests on.

use std::collections::BTreeMap;
use std::path::Path;

use super::caption;
use super::clip::ClipTask;
use crate::app::{
    DesignQuantity, ExplorationView, MapColor, MapShow, MatrixMetric, RunStatus, Scope, Workbench, best_figure, design_figure,
    design_table, histogram_figure, loss_figure, map_figure_shown, matrix_table, matrix_table_with_intervals, roc_figure_with,
    separation,
};
use crate::dataset::{Label, MachineSection};
use crate::exploration::TrialState;
use crate::figures::{Figure, Plate};
use crate::project::{FigureRecipe, ReportFigure};

/// What there is to draw.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Plate(Box<Plate>),
    /// A file that is yet to be read.
    Clip(ClipTask),
}

/// One figure, ready to be drawn by a job.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) figure: ReportFigure,
    pub(super) source: Source,
    /// What it rests on by name, see [`crate::project::DrawnFrom`].
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) title: String,
    pub(super) caption: String,
    /// Where it comes from.
    pub(super) run: Option<String>,
    pub(super) seed: Option<u64>,
}

/// Why there is nothing to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// It comes by itself, or by the click that is named.
    Waits(String),
    Gone(String),
}

fn gone(text: impl Into<String>) -> Missing {
    Missing::Gone(text.into())
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

/// What a figure is called where nobody has named it.
pub(super) fn title(recipe: &FigureRecipe) -> String {
    match recipe {
        FigureRecipe::Spectrogram { clip, .. } => Path::new(clip)
            .file_name()
            .map_or_else(|| clip.clone(), |name| name.to_string_lossy().into_owned()),
        FigureRecipe::Roc { group, .. } => format!("{group}: ROC"),
        FigureRecipe::Histogram { group, .. } => format!("{group}: scores of test clips"),
        FigureRecipe::Matrix { metric, .. } => format!("{metric} by machine and detector"),
        FigureRecipe::Map { color, machine, .. } => match machine {
            Some(machine) => format!("Map of {machine} by {}", color.to_lowercase()),
            None => format!("Map by {}", color.to_lowercase()),
        },
        FigureRecipe::Loss { run } => format!("{run}: loss"),
        FigureRecipe::TradeOff { exploration, x, y, .. } => format!("{exploration}: {y} over {x}"),
        FigureRecipe::BestSoFar { exploration } => format!("{exploration}: best so far"),
        FigureRecipe::Separation { exploration, trial } => format!("{exploration}: scores of design {trial}"),
        FigureRecipe::Designs { exploration, .. } => format!("{exploration}: designs"),
    }
}

/// What a person reads of the kind of a figure.
pub(super) fn kind(recipe: &FigureRecipe) -> &'static str {
    match recipe {
        FigureRecipe::Spectrogram { .. } => "Spectrogram",
        FigureRecipe::Roc { .. } => "ROC curves",
        FigureRecipe::Histogram { .. } => "Score histogram",
        FigureRecipe::Matrix { .. } => "Detector table",
        FigureRecipe::Map { .. } => "Map",
        FigureRecipe::Loss { .. } => "Loss",
        FigureRecipe::TradeOff { .. } => "Trade-off",
        FigureRecipe::BestSoFar { .. } => "Best so far",
        FigureRecipe::Separation { .. } => "Design scores",
        FigureRecipe::Designs { .. } => "Design table",
    }
}

/// Makes the figure from the project as it is.
pub(super) fn task(workbench: &Workbench, figure: &ReportFigure) -> Result<Task, Missing> {
    let mut making = Making {
        workbench,
        inputs: BTreeMap::new(),
        run: None,
        seed: None,
    };
    // What a person changed of the figure itself is to be drawn at once, and makes nothing stale.
    let own = format!("{:?} {}", figure.recipe, figure.shows_intervals);
    making.note("recipe", hash(own.as_bytes()));
    let (source, caption) = making.source(figure)?;
    let Making { inputs, run, seed, .. } = making;
    Ok(Task {
        figure: figure.clone(),
        source,
        inputs,
        title: figure.title.clone().unwrap_or_else(|| title(&figure.recipe)),
        caption,
        run,
        seed,
    })
}

struct Making<'a> {
    workbench: &'a Workbench,
    inputs: BTreeMap<String, String>,
    run: Option<String>,
    seed: Option<u64>,
}

impl Making<'_> {
    fn note(&mut self, name: &str, value: impl Into<String>) {
        self.inputs.insert(name.to_owned(), value.into());
    }

    fn source(&mut self, figure: &ReportFigure) -> Result<(Source, String), Missing> {
        let workbench = self.workbench;
        let plate = |figure: Figure| Source::Plate(Box::new(Plate::Figure(figure)));
        match &figure.recipe {
            FigureRecipe::Spectrogram { clip, .. } => {
                let task = self.clip(&figure.recipe, clip)?;
                let words = caption::spectrogram(clip, &task);
                Ok((Source::Clip(task), words))
            }
            FigureRecipe::Roc { run, group } => {
                self.scores(run.as_deref(), group)?;
                let roc = roc_figure_with(workbench, group, figure.shows_intervals);
                let roc = roc.ok_or_else(|| gone(format!("the test clips of {group} lack labels, normal or anomalous ones")))?;
                let words = caption::roc(workbench, group, &roc, figure.shows_intervals);
                Ok((plate(Figure::Roc(roc)), words))
            }
            FigureRecipe::Histogram { run, group } => {
                self.scores(run.as_deref(), group)?;
                let found = histogram_figure(workbench, group);
                let found = found.ok_or_else(|| gone(format!("no test clip of {group} has a score")))?;
                let words = caption::histogram(workbench, group, &found);
                Ok((plate(Figure::Histogram(found)), words))
            }
            FigureRecipe::Matrix { run, metric } => {
                self.run_in_use(run.as_deref())?;
                let chosen = format!("{:?} {:?}", workbench.project.choice, workbench.project.pins);
                self.note("detectors", hash(chosen.as_bytes()));
                let known = MatrixMetric::ALL.into_iter().find(|known| known.title() == metric);
                let known = known.ok_or_else(|| gone(format!("this version knows no figure of merit '{metric}'")))?;
                let table = if figure.shows_intervals {
                    matrix_table_with_intervals(workbench, known)
                } else {
                    matrix_table(workbench, known)
                };
                let table = table.ok_or_else(|| Missing::Waits("needs scores".to_owned()))?;
                let words = caption::matrix(workbench, known, &table);
                let title = title(&figure.recipe);
                Ok((Source::Plate(Box::new(Plate::Table { title, table })), words))
            }
            FigureRecipe::Map { .. } => self.map(&figure.recipe),
            FigureRecipe::Loss { run } => {
                let view = workbench.runs.get(run);
                let view = view.ok_or_else(|| gone(format!("the run {run} is not in this project any more")))?;
                (self.run, self.seed) = (Some(run.clone()), Some(view.recipe.training.seed));
                self.note("epochs", view.epochs.len().to_string());
                let loss = loss_figure(workbench, run).ok_or_else(|| gone(format!("{run} has no epochs")))?;
                let words = caption::loss(run, &view.recipe, &loss);
                Ok((plate(Figure::Loss(loss)), words))
            }
            FigureRecipe::TradeOff { .. }
            | FigureRecipe::BestSoFar { .. }
            | FigureRecipe::Separation { .. }
            | FigureRecipe::Designs { .. } => self.of_search(&figure.recipe),
        }
    }

    /// The figures of a search for tiny designs.
    fn of_search(&mut self, recipe: &FigureRecipe) -> Result<(Source, String), Missing> {
        let workbench = self.workbench;
        let plate = |figure: Figure| Source::Plate(Box::new(Plate::Figure(figure)));
        match recipe {
            FigureRecipe::TradeOff {
                exploration,
                x,
                y,
                shows_unfinished,
            } => {
                let view = self.search(exploration)?;
                let quantity = |title: &str| {
                    let known = DesignQuantity::ALL.into_iter().find(|known| known.title() == title);
                    known.ok_or_else(|| gone(format!("this version knows no quantity '{title}'")))
                };
                let axes = (quantity(x)?, quantity(y)?);
                let is_pinned = |number| workbench.is_design_pinned(exploration, number);
                let found = design_figure(exploration, &view.exploration, axes, *shows_unfinished, is_pinned);
                let words = caption::trade_off(view, axes);
                Ok((plate(Figure::Scatter(found)), words))
            }
            FigureRecipe::BestSoFar { exploration } => {
                let view = self.search(exploration)?;
                let found = best_figure(exploration, &view.exploration);
                Ok((plate(Figure::Scatter(found)), caption::best(view)))
            }
            FigureRecipe::Separation { exploration, trial } => {
                let view = self.search(exploration)?;
                let trials = &view.exploration.trials;
                let found = trials.iter().find(|found| found.number == *trial).and_then(separation);
                let found = found.ok_or_else(|| gone(format!("design {trial} of {exploration} was not judged")))?;
                let words = caption::separation(view, *trial, &found);
                Ok((plate(Figure::Histogram(found.figure)), words))
            }
            FigureRecipe::Designs {
                exploration,
                shows_unfinished,
            } => {
                let view = self.search(exploration)?;
                let is_shown = |state: TrialState| *shows_unfinished || state == TrialState::Done;
                let trials = view.exploration.trials.iter().enumerate();
                let places: Vec<usize> = trials
                    .filter(|(_, trial)| is_shown(trial.state))
                    .map(|(place, _)| place)
                    .collect();
                let table = design_table(exploration, &view.exploration, &places);
                let words = table.caption.clone() + ".";
                let title = title(recipe);
                Ok((Source::Plate(Box::new(Plate::Table { title, table })), words))
            }
            _ => Err(gone("this is of no search")),
        }
    }

    fn clip(&self, recipe: &FigureRecipe, clip: &str) -> Result<ClipTask, Missing> {
        let FigureRecipe::Spectrogram {
            channel,
            picture,
            time_secs,
            frequency_hz,
            ..
        } = recipe
        else {
            return Err(gone("this is no spectrogram"));
        };
        let picture = picture
            .checked()
            .map_err(|what| gone(format!("the project's file asks for a picture with {what}")))?;
        Ok(ClipTask {
            file: self.workbench.clip_file(clip),
            channel: *channel,
            picture,
            time_secs: *time_secs,
            frequency_hz: *frequency_hz,
        })
    }

    /// The run that a figure is of must be the one in use: its scores are at hand.
    fn run_in_use(&mut self, wanted: Option<&str>) -> Result<(), Missing> {
        let workbench = self.workbench;
        let active = workbench.project.active_run.as_deref();
        if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) != active) {
            return Err(match workbench.runs.get(wanted) {
                None => gone(format!("the run {wanted} is not in this project any more")),
                Some(_) => Missing::Waits(format!(
                    "needs the scores of {wanted}: choose Use this run on the screen Train"
                )),
            });
        }
        let Some(active) = active else {
            return Err(Missing::Waits("needs scores: train or score on the screen Train".to_owned()));
        };
        if workbench.comparison.is_none() {
            let is_done = workbench.runs.get(active).is_some_and(|run| run.status == RunStatus::Done);
            let text = if is_done { "is being scored" } else { "has no scores yet" };
            return Err(Missing::Waits(format!("{active} {text}")));
        }
        self.run = Some(active.to_owned());
        self.seed = workbench.runs.get(active).map(|run| run.recipe.training.seed);
        self.note("run", active);
        Ok(())
    }

    /// The same for figures of one section, with what they rest on.
    fn scores(&mut self, wanted: Option<&str>, group: &MachineSection) -> Result<(), Missing> {
        self.run_in_use(wanted)?;
        let workbench = self.workbench;
        let shown = workbench.shown_group(group);
        let shown = shown.ok_or_else(|| gone(format!("{group} has no scores in the run in use")))?;
        let labels: String = shown
            .test_clips
            .iter()
            .map(|&clip_idx| match workbench.label(clip_idx) {
                Label::Normal => 'n',
                Label::Anomalous => 'a',
                Label::Unknown => 'u',
            })
            .collect();
        let mut hasher = blake3::Hasher::new();
        for result in shown.results.iter().flatten() {
            hasher.update(result.detector.name().as_bytes());
            for score in &result.test_scores {
                hasher.update(&score.to_le_bytes());
            }
        }
        self.note("labels", hash(labels.as_bytes()));
        self.note("scores", &hasher.finalize().to_hex()[..16]);
        self.note("detector", workbench.detector(group).0.title());
        let threshold = workbench.threshold(group);
        self.note(
            "threshold",
            threshold.map_or_else(|| "none".to_owned(), |value| format!("{value:.6}")),
        );
        Ok(())
    }

    fn map(&mut self, recipe: &FigureRecipe) -> Result<(Source, String), Missing> {
        let FigureRecipe::Map {
            color,
            shows,
            machine,
            section,
        } = recipe
        else {
            return Err(gone("this is no map"));
        };
        let workbench = self.workbench;
        self.run_in_use(None)?;
        if workbench.map.job.is_some() {
            return Err(Missing::Waits("the map is being computed".to_owned()));
        }
        let color = MapColor::ALL.into_iter().find(|known| known.title() == color);
        let show = MapShow::ALL.into_iter().find(|known| known.title() == shows);
        let (color, show) = color
            .zip(show)
            .ok_or_else(|| gone("this version knows no such colours of a map"))?;
        let scope = Scope {
            machine: machine.clone(),
            section: section.clone(),
        };
        let found = map_figure_shown(workbench, color, show, &scope);
        let found = found.ok_or_else(|| Missing::Waits("needs the map: Refresh computes it".to_owned()))?;
        if found.points.is_empty() {
            return Err(gone("no clip of the map is shown by this recipe"));
        }
        self.note("map", format!("{:?}", workbench.project.map));
        let words = caption::map(workbench, &found, color);
        Ok((Source::Plate(Box::new(Plate::Figure(Figure::Map(found)))), words))
    }

    fn search(&mut self, name: &str) -> Result<&ExplorationView, Missing> {
        let view = self.workbench.exploration(name);
        let view = view.ok_or_else(|| gone(format!("the search {name} is not in this project any more")))?;
        self.seed = Some(view.exploration.settings.search.seed);
        self.run = Some(name.to_owned());
        self.inputs
            .insert("designs".to_owned(), view.exploration.trials.len().to_string());
        Ok(view)
    }
}

impl Workbench {
    /// Where a clip's file lies that a report names: a clip of the data set, or a recording beside the project's file.
    fn clip_file(&self, clip: &str) -> std::path::PathBuf {
        let of_data = self.dataset.clips.iter().find(|entry| entry.path == clip);
        match of_data {
            Some(entry) => self.dataset.file(entry),
            None => {
                let beside = self.path.parent().unwrap_or(Path::new("")).join(clip);
                // A clip that the data set lost is missed where it lay.
                if beside.exists() {
                    beside
                } else {
                    self.dataset.root.join(clip)
                }
            }
        }
    }

    /// How a report names a clip, so that it is found after the project has moved.
    pub fn clip_name(&self, file: &Path) -> String {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let beside = file.strip_prefix(folder).unwrap_or(file);
        let named = if file.is_absolute() { beside } else { file };
        named.to_string_lossy().into_owned()
    }
}
