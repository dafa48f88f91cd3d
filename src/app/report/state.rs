//! How the figures of the report stand, and when they have to be looked at again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::look::{Before, Drawing, Looked, Preview};
use crate::app::Workbench;
use crate::dataset::Dataset;
use crate::detectors::DetectorKind;
use crate::evaluation::ThresholdRule;
use crate::pipeline::Comparison;
use crate::project::{DetectorChoice, Report};
use crate::projection::{Layout, ProjectionConfig};

/// How a figure stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FigureStatus {
    /// Not looked at yet.
    #[default]
    Unknown,
    /// As its inputs are.
    Fresh,
    /// What has changed since it was drawn.
    Stale(Vec<String>),
    /// What it waits for.
    Waiting(String),
    /// Why it cannot be drawn.
    Broken(String),
}

impl FigureStatus {
    /// In a word or two.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Unknown => "not drawn yet",
            Self::Fresh => "fresh",
            Self::Stale(_) => "stale",
            Self::Waiting(_) => "waiting",
            Self::Broken(_) => "cannot be drawn",
        }
    }

    /// More of it, in a sentence; `None`: there is nothing to say.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Unknown | Self::Fresh => None,
            Self::Stale(changes) => Some(changes.join("; ")),
            Self::Waiting(why) | Self::Broken(why) => Some(why.clone()),
        }
    }
}

/// One figure of the report as it is seen.
#[derive(Debug, Clone, Default)]
pub struct FigureView {
    pub status: FigureStatus,
    /// Of the last drawing; `None`: nothing was drawn since the project was opened.
    pub preview: Option<Arc<Preview>>,
    /// Made from what is drawn.
    pub caption: String,
    pub(super) drawing: Option<Arc<Drawing>>,
    is_to_be_refreshed: bool,
}

/// All figures as they are seen, by their ids.
#[derive(Default)]
pub struct ReportView {
    pub figures: BTreeMap<u32, FigureView>,
    pub(super) basis: Option<Basis>,
    waiting: VecDeque<u32>,
    /// The figure that is being looked at.
    pub(super) in_work: Option<u32>,
}

impl ReportView {
    /// A figure is being drawn, or waits for it.
    pub fn is_drawing(&self, id: u32) -> bool {
        self.in_work == Some(id) || self.waiting.contains(&id)
    }

    /// Has these figures looked at.
    pub(super) fn ask(&mut self, ids: &[u32]) {
        for &id in ids {
            if !self.waiting.contains(&id) {
                self.waiting.push_back(id);
            }
        }
    }

    /// Has them drawn as they are now.
    pub(super) fn refresh(&mut self, ids: &[u32]) {
        for &id in ids {
            self.figures.entry(id).or_default().is_to_be_refreshed = true;
        }
        self.ask(ids);
    }

    pub(super) fn next(&mut self) -> Option<u32> {
        self.waiting.pop_front()
    }

    pub(super) fn before(&self, id: u32) -> Before {
        let view = self.figures.get(&id);
        Before {
            drawing: view.and_then(|view| view.drawing.clone()),
            preview: view.and_then(|view| view.preview.clone()),
            from: None,
            is_refreshed: view.is_some_and(|view| view.is_to_be_refreshed),
        }
    }

    pub(super) fn set_status(&mut self, id: u32, status: FigureStatus) {
        self.figures.entry(id).or_default().status = status;
    }

    pub(super) fn take(&mut self, looked: Looked) {
        let view = self.figures.entry(looked.id).or_default();
        view.is_to_be_refreshed &= !looked.changes.is_empty();
        view.status = if looked.changes.is_empty() {
            FigureStatus::Fresh
        } else {
            FigureStatus::Stale(looked.changes)
        };
        if let Some(drawing) = &looked.drawing {
            view.caption.clone_from(&drawing.caption);
        }
        (view.drawing, view.preview) = (looked.drawing, looked.preview);
    }

    pub(super) fn forget(&mut self, id: u32) {
        self.figures.remove(&id);
    }
}

/// All that figures rest on. Two that are equal are of the same figures; files on the disk are not among it.
#[derive(Debug, PartialEq)]
pub(super) struct Basis {
    report: Report,
    rest: Rest,
}

#[derive(Debug, PartialEq)]
struct Rest {
    active_run: Option<String>,
    comparison: Same<Comparison>,
    beside: Vec<(String, Same<Comparison>)>,
    dataset: Same<Dataset>,
    layout: Same<Layout>,
    is_mapping: bool,
    map: ProjectionConfig,
    pins: BTreeMap<String, DetectorKind>,
    choice: DetectorChoice,
    thresholds: BTreeMap<String, ThresholdRule>,
    design_pins: BTreeMap<String, BTreeSet<usize>>,
    /// Names and epochs.
    runs: Vec<(String, usize)>,
    /// Names and revisions.
    explorations: Vec<(String, u64)>,
}

/// The very same thing, without looking into it.
#[derive(Debug)]
struct Same<T>(Option<Arc<T>>);

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

impl Basis {
    pub(super) fn of(workbench: &Workbench) -> Self {
        let project = &workbench.project;
        let beside = workbench.beside.iter();
        let runs = workbench.runs.iter();
        let explorations = workbench.explorations.iter();
        Self {
            report: project.report.clone(),
            rest: Rest {
                active_run: project.active_run.clone(),
                comparison: Same(workbench.comparison.clone()),
                beside: beside
                    .map(|(run, comparison)| (run.clone(), Same(comparison.clone())))
                    .collect(),
                dataset: Same(Some(Arc::clone(&workbench.dataset))),
                layout: Same(workbench.map.layout.clone()),
                is_mapping: workbench.map.job.is_some(),
                map: project.map,
                pins: project.pins.clone(),
                choice: project.choice,
                thresholds: project.thresholds.clone(),
                design_pins: project.design_pins.clone(),
                runs: runs.map(|(name, run)| (name.clone(), run.epochs.len())).collect(),
                explorations: explorations.map(|view| (view.name.clone(), view.revision)).collect(),
            },
        }
    }

    /// The figures to look at again after `before`: those that a person changed, or all.
    pub(super) fn asks_for(&self, before: Option<&Self>) -> Vec<u32> {
        let before = before.filter(|before| before.rest == self.rest && before.report.style == self.report.style);
        let is_known = |id: u32| before.is_some_and(|before| before.report.figure(id) == self.report.figure(id));
        let ids = self.report.figures.iter().map(|figure| figure.id);
        ids.filter(|&id| !is_known(id)).collect()
    }
}
