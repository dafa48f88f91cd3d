//! The map of embeddings, its points sorted into coloured categories.

use std::collections::BTreeMap;

use crate::app::{Scope, Workbench};
use crate::dataset::{Domain, Label};
use crate::figures::{MapFigure, MapPoint};

/// What the colours of the map mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MapColor {
    #[default]
    Machine,
    Section,
    Label,
    Domain,
    /// The percentile among normal training clips, in steps.
    Score,
}

impl MapColor {
    pub const ALL: [Self; 5] = [Self::Machine, Self::Section, Self::Label, Self::Domain, Self::Score];

    pub fn title(self) -> &'static str {
        match self {
            Self::Machine => "Machine",
            Self::Section => "Section",
            Self::Label => "Label",
            Self::Domain => "Domain",
            Self::Score => "Score",
        }
    }
}

/// Which clips of the map are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MapShow {
    #[default]
    All,
    /// Normal clips of all machines: Figure 2 of the `MobileAnoNet` paper.
    Normals,
    /// The scope, anomalies among it: Figure 3 of the `MobileAnoNet` paper, a machine at a time.
    Scope,
}

impl MapShow {
    pub const ALL: [Self; 3] = [Self::All, Self::Normals, Self::Scope];

    pub fn title(self) -> &'static str {
        match self {
            Self::All => "All clips",
            Self::Normals => "Normal clips",
            Self::Scope => "The scope",
        }
    }

    pub fn shows(self, workbench: &Workbench, clip_idx: usize) -> bool {
        self.shows_in(workbench, clip_idx, &workbench.scope)
    }

    fn shows_in(self, workbench: &Workbench, clip_idx: usize, scope: &Scope) -> bool {
        match self {
            Self::All => true,
            Self::Normals => workbench.label(clip_idx) == Label::Normal,
            Self::Scope => scope.contains(&workbench.dataset.clips[clip_idx].group),
        }
    }
}

/// Names of the steps of a score, and the percentile where each ends: finer where clips begin to be called anomalous.
const SCORE_STEPS: [(&str, f64); 5] = [
    ("below 50", 50.0),
    ("50 to 75", 75.0),
    ("75 to 90", 90.0),
    ("90 to 99", 99.0),
    ("above 99", f64::INFINITY),
];

/// The map, coloured by machine.
pub fn map_figure(workbench: &Workbench) -> Option<MapFigure> {
    map_figure_by(workbench, MapColor::Machine)
}

/// The map, in the colours of the categories of `color`; `None` before the first layout.
pub fn map_figure_by(workbench: &Workbench, color: MapColor) -> Option<MapFigure> {
    map_figure_of(workbench, color, MapShow::All)
}

/// The part of the map that is shown.
pub fn map_figure_of(workbench: &Workbench, color: MapColor, show: MapShow) -> Option<MapFigure> {
    map_figure_shown(workbench, color, show, &workbench.scope)
}

/// The part of the map that is shown while this is the scope.
pub fn map_figure_shown(workbench: &Workbench, color: MapColor, show: MapShow, scope: &Scope) -> Option<MapFigure> {
    let layout = workbench.map.layout.as_ref()?;
    let clips = &workbench.dataset.clips;
    let placed = || {
        let points = workbench.map.clips.iter().zip(&layout.points);
        points.filter(|&(&clip_idx, _)| clip_idx < clips.len() && show.shows_in(workbench, clip_idx, scope))
    };
    let (categories, category_of) = map_categories(workbench, color);
    let points = placed().map(|(&clip_idx, point)| MapPoint {
        x: point[0],
        y: point[1],
        category: category_of[clip_idx],
        is_target: clips[clip_idx].is_target(),
        is_anomaly: workbench.label(clip_idx) == Label::Anomalous,
        clip: clips[clip_idx].path.clone(),
    });
    Some(MapFigure {
        title: format!(
            "{}: map of {} clips by {}",
            workbench.project.name,
            placed().count(),
            color.title().to_lowercase()
        ),
        points: points.collect(),
        categories,
    })
}

/// The names of the categories, and the category of each clip of the data set.
pub fn map_categories(workbench: &Workbench, color: MapColor) -> (Vec<String>, Vec<usize>) {
    let clips = &workbench.dataset.clips;
    let each = |category: &dyn Fn(usize) -> usize| (0..clips.len()).map(category).collect();
    match color {
        MapColor::Machine => by_name(clips.iter().map(|clip| (clip.group.machine.as_str(), ""))),
        MapColor::Section => by_name(
            clips
                .iter()
                .map(|clip| (clip.group.machine.as_str(), clip.group.section.as_str())),
        ),
        MapColor::Label => (
            owned(&["normal", "anomalous", "unknown"]),
            each(&|clip_idx| match workbench.label(clip_idx) {
                Label::Normal => 0,
                Label::Anomalous => 1,
                Label::Unknown => 2,
            }),
        ),
        MapColor::Domain => (
            owned(&["source", "target", "no domain"]),
            each(&|clip_idx| match clips[clip_idx].domain {
                Some(Domain::Source) => 0,
                Some(Domain::Target) => 1,
                None => 2,
            }),
        ),
        MapColor::Score => {
            let mut names: Vec<String> = SCORE_STEPS.iter().map(|(name, _)| (*name).to_owned()).collect();
            names.push("not scored".to_owned());
            let step = |clip_idx: usize| {
                let score = workbench.scores.get(clip_idx).copied().flatten();
                let step = score.and_then(|score| SCORE_STEPS.iter().position(|&(_, end)| score.percentile < end));
                step.unwrap_or(SCORE_STEPS.len())
            };
            (names, each(&step))
        }
    }
}

fn by_name<'a>(names: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> (Vec<String>, Vec<usize>) {
    let mut number: BTreeMap<(&str, &str), usize> = names.clone().map(|name| (name, 0)).collect();
    for (count, value) in number.values_mut().enumerate() {
        *value = count;
    }
    let titles = number
        .keys()
        .map(|(machine, section)| format!("{machine} {section}").trim_end().to_owned());
    (titles.collect(), names.map(|name| number[&name]).collect())
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
