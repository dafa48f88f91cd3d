//! The report: figures by their recipes, looked at one after the other in the background, and on their way into files.
//!
//! A figure is made from the project as it is ([`task`]), drawn by a job ([`look`]) and held against what it was drawn from before:
//! where that is another now, the drawing stays and is called stale until a person asks for it anew.

mod caption;
mod clip;
mod export;
mod look;
mod state;
mod task;
mod whole_run;

pub use self::export::stem as figure_stem;
pub use self::look::Preview;
pub use self::state::{FigureStatus, FigureView, ReportView};
pub use self::whole_run::{write_map, write_report};

pub(super) use self::export::Exported;
pub(super) use self::look::Looked;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use self::export::Order;
use self::look::{Before, Setting};
use self::state::Basis;
use self::task::Missing;
use super::job_types::JobOutput;
use super::runs::failure_text;
use super::{Action, App, JobKind, NextStep, Screen, Severity, Workbench};
use crate::figures::{self, Plate};
use crate::project::{FigureRecipe, Report, ReportFigure, ReportStyle};

/// What a person can do with the report.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportAction {
    /// Adds what this draws as the last figure.
    Add(Box<FigureRecipe>),
    /// F9 where there is no figure, and why.
    NothingToAdd(String),
    Remove(u32),
    /// To this place in the order, counted from 0.
    Move {
        id: u32,
        to: usize,
    },
    /// `None`: as the recipe says.
    SetTitle {
        id: u32,
        title: Option<String>,
    },
    /// `None`: made from what is drawn.
    SetCaption {
        id: u32,
        caption: Option<String>,
    },
    ShowIntervals {
        id: u32,
        is_shown: bool,
    },
    SetStyle(ReportStyle),
    /// Draws it from its inputs as they are now.
    Refresh(u32),
    RefreshAll,
    /// Writes one figure; the ending of the path chooses the format.
    Export {
        id: u32,
        path: PathBuf,
    },
    /// Writes a figure that is not in the report, set as those of it are.
    Save {
        recipe: Box<FigureRecipe>,
        path: PathBuf,
    },
    /// Writes every figure in all its formats into this folder, and a page that shows them.
    ExportAll(PathBuf),
}

/// What a figure is called where nobody has named it.
pub fn figure_title(figure: &ReportFigure) -> String {
    figure.title.clone().unwrap_or_else(|| task::title(&figure.recipe))
}

/// The file that a figure is written to unless a person says otherwise.
pub fn figure_file_name(recipe: &FigureRecipe) -> String {
    format!("{}.svg", export::name_of(&task::title(recipe)))
}

/// The endings of the files that a figure can be written as.
pub fn figure_endings(figure: &ReportFigure) -> &'static [&'static str] {
    match figure.recipe {
        FigureRecipe::Matrix { .. } | FigureRecipe::Designs { .. } => Plate::TABLE_ENDINGS,
        _ => Plate::FIGURE_ENDINGS,
    }
}

/// The kind of a figure in a word or two.
pub fn figure_kind(figure: &ReportFigure) -> &'static str {
    task::kind(&figure.recipe)
}

impl App {
    pub(super) fn apply_report(&mut self, action: ReportAction) {
        match action {
            ReportAction::Add(recipe) => self.add_figure(*recipe),
            ReportAction::NothingToAdd(why) => self.notify(Severity::Info, why),
            ReportAction::Remove(id) => {
                let words = self.naming("Remove", id);
                self.edit_report(&words, |report| report.figures.retain(|figure| figure.id != id));
            }
            ReportAction::Move { id, to } => {
                let words = self.naming("Move", id);
                self.edit_report(&words, |report| {
                    if let Some(from) = report.figures.iter().position(|figure| figure.id == id) {
                        let figure = report.figures.remove(from);
                        report.figures.insert(to.min(report.figures.len()), figure);
                    }
                });
            }
            ReportAction::SetTitle { id, title } => self.edit_figure("Title of", id, |figure| figure.title = title),
            ReportAction::SetCaption { id, caption } => self.edit_figure("Caption of", id, |figure| figure.caption = caption),
            ReportAction::ShowIntervals { id, is_shown } => {
                self.edit_figure("Intervals of", id, |figure| figure.shows_intervals = is_shown);
            }
            ReportAction::SetStyle(style) => self.edit_report("Change the report's style", |report| report.style = style),
            ReportAction::Refresh(id) => self.refresh(&[id]),
            ReportAction::RefreshAll => {
                let report = self.state.workbench.as_ref().map(|workbench| &workbench.project.report);
                let ids: Vec<u32> = report
                    .iter()
                    .flat_map(|report| &report.figures)
                    .map(|figure| figure.id)
                    .collect();
                self.refresh(&ids);
            }
            ReportAction::Export { id, path } => self.export_figure(id, path),
            ReportAction::Save { recipe, path } => self.save_recipe(*recipe, path),
            ReportAction::ExportAll(folder) => self.export_all(folder),
        }
    }

    fn naming(&self, verb: &str, id: u32) -> String {
        let workbench = self.state.workbench.as_ref();
        let number = workbench.and_then(|workbench| workbench.project.report.number(id));
        format!("{verb} Fig {}", number.unwrap_or_default())
    }

    fn edit_report(&mut self, words: &str, change: impl FnOnce(&mut Report)) {
        self.edit(words, |project| change(&mut project.report));
    }

    fn edit_figure(&mut self, what: &str, id: u32, change: impl FnOnce(&mut ReportFigure)) {
        let words = self.naming(what, id);
        self.edit_report(&words, |report| {
            if let Some(figure) = report.figure_mut(id) {
                change(figure);
            }
        });
    }

    fn add_figure(&mut self, recipe: FigureRecipe) {
        if !self.may_write() {
            return;
        }
        let Some(workbench) = &self.state.workbench else { return };
        let report = &workbench.project.report;
        if let Some(place) = report.figures.iter().position(|figure| figure.recipe == recipe) {
            return self.notify(
                Severity::Info,
                format!("Fig {} of the report shows just this already", place + 1),
            );
        }
        let taken = report
            .figures
            .iter()
            .map(|figure| figure.id)
            .chain(workbench.project.drawn.keys().copied());
        let id = taken.max().map_or(1, |last| last.saturating_add(1));
        let number = report.figures.len() + 1;
        let figure = ReportFigure::new(id, recipe);
        self.edit_report(&format!("Add Fig {number}"), |report| report.figures.push(figure));
        if let Some(workbench) = &mut self.state.workbench {
            workbench.report.ask(&[id]);
        }
        let show = NextStep {
            label: "Show",
            action: Action::Show(Screen::Report),
        };
        self.notify_with(Severity::Info, format!("Added as Fig {number}"), Some(show));
    }

    /// Draws figures from their inputs as they are now; a map that is not there is computed first.
    fn refresh(&mut self, ids: &[u32]) {
        let Some(workbench) = &mut self.state.workbench else { return };
        workbench.report.refresh(ids);
        let is_map = |id: &u32| {
            let figure = workbench.project.report.figure(*id);
            figure.is_some_and(|figure| matches!(figure.recipe, FigureRecipe::Map { .. }))
        };
        let needs_map = workbench.map.layout.is_none() && workbench.map.job.is_none() && workbench.embedded.is_some();
        if needs_map && ids.iter().any(is_map) {
            self.compute_map();
        }
    }

    /// Looks at one figure at a time: at all of them again when something changed that they rest on and the report is in sight.
    pub(super) fn poll_report(&mut self) {
        let is_in_sight = self.state.screen == Screen::Report;
        let Some(workbench) = &mut self.state.workbench else { return };
        if is_in_sight {
            let basis = Basis::of(workbench);
            if workbench.report.basis.as_ref() != Some(&basis) {
                let ids = basis.asks_for(workbench.report.basis.as_ref());
                workbench.report.basis = Some(basis);
                workbench.report.ask(&ids);
            }
        }
        while let Some(id) = self.next_look() {
            self.look_at_figure(id);
        }
    }

    /// Files may have changed while the report was out of sight.
    pub(super) fn report_comes_in_sight(&mut self) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.report.basis = None;
        }
    }

    fn next_look(&mut self) -> Option<u32> {
        let report = &mut self.state.workbench.as_mut()?.report;
        report.in_work.is_none().then(|| report.next()).flatten()
    }

    fn look_at_figure(&mut self, id: u32) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let Some(figure) = workbench.project.report.figure(id) else {
            return;
        };
        let task = match task::task(workbench, figure) {
            Ok(task) => task,
            Err(missing) => {
                let status = match missing {
                    Missing::Waits(why) => FigureStatus::Waiting(why),
                    Missing::Gone(why) => FigureStatus::Broken(why),
                };
                return workbench.report.set_status(id, status);
            }
        };
        let setting = workbench.report_setting();
        let before = Before {
            from: workbench.project.drawn.get(&id).cloned(),
            ..workbench.report.before(id)
        };
        workbench.report.in_work = Some(id);
        let title = format!("Draw {}", task.title);
        let job = self.spawn(JobKind::DrawFigure { id }, &title, move |context| {
            let looked = look::look(task, before, &setting, context)?;
            Ok(JobOutput::FigureLooked(Box::new(looked)))
        });
        if job.is_none() {
            self.end_look(id, Err("there is no thread to draw it on".to_owned()));
        }
    }

    pub(super) fn take_looked(&mut self, looked: Looked) {
        self.end_look(looked.id, Ok(looked));
    }

    /// What a look has found, or why it could not be drawn.
    pub(super) fn end_look(&mut self, id: u32, looked: Result<Looked, String>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        workbench.report.in_work = None;
        if workbench.project.report.figure(id).is_none() {
            return workbench.report.forget(id);
        }
        match looked {
            Err(why) => workbench.report.set_status(id, FigureStatus::Broken(why)),
            Ok(looked) => {
                let from = looked.drawing.as_ref().map(|drawing| drawing.from.clone());
                workbench.report.take(looked);
                if let Some(from) = from {
                    self.note_drawn(id, from);
                }
            }
        }
    }

    fn note_drawn(&mut self, id: u32, from: crate::project::DrawnFrom) {
        let Some(workbench) = &mut self.state.workbench else { return };
        if workbench.project.drawn.get(&id) != Some(&from) {
            workbench.project.drawn.insert(id, from);
            // What a project that may not be written has drawn is known until it is closed.
            self.touch();
        }
    }

    fn order(workbench: &Workbench, number: usize, figure: &ReportFigure) -> Order {
        let task = task::task(workbench, figure).map_err(|missing| match missing {
            Missing::Waits(why) | Missing::Gone(why) => why,
        });
        Order {
            number,
            id: figure.id,
            task,
            before: workbench.report.before(figure.id).drawing,
        }
    }

    fn export_figure(&mut self, id: u32, path: PathBuf) {
        let Some(workbench) = &self.state.workbench else { return };
        let report = &workbench.project.report;
        let Some((number, figure)) = report.number(id).zip(report.figure(id)) else {
            return;
        };
        let (order, setting) = (Self::order(workbench, number, figure), workbench.report_setting());
        self.spawn(JobKind::ExportReport, &format!("Export Fig {number}"), move |context| {
            let exported = export::one(order, path, &setting, context)?;
            Ok(JobOutput::ReportExported(Box::new(exported)))
        });
    }

    fn save_recipe(&mut self, recipe: FigureRecipe, path: PathBuf) {
        let Some(workbench) = &self.state.workbench else { return };
        let figure = ReportFigure::new(0, recipe);
        let order = Order {
            before: None,
            ..Self::order(workbench, 0, &figure)
        };
        let setting = workbench.report_setting();
        self.spawn(JobKind::ExportReport, "Save the figure", move |context| {
            let mut exported = export::one(order, path, &setting, context)?;
            // It is none of the report's.
            exported.drawings.clear();
            Ok(JobOutput::ReportExported(Box::new(exported)))
        });
    }

    fn export_all(&mut self, folder: PathBuf) {
        let Some(workbench) = &self.state.workbench else { return };
        let figures = workbench.project.report.figures.iter().enumerate();
        let orders: Vec<Order> = figures
            .map(|(place, figure)| Self::order(workbench, place + 1, figure))
            .collect();
        let setting = workbench.report_setting();
        self.spawn(JobKind::ExportReport, "Export the report", move |context| {
            let exported = export::all(orders, &folder, &setting, context)?;
            Ok(JobOutput::ReportExported(Box::new(exported)))
        });
    }

    /// Tells what was written; what was drawn for it is what the report shows.
    pub(super) fn take_exported_report(&mut self, exported: Exported) {
        let Exported {
            place,
            files,
            left_out,
            drawings,
        } = exported;
        for (id, drawing) in drawings {
            self.note_drawn(id, drawing.from.clone());
            if let Some(workbench) = &mut self.state.workbench {
                workbench.report.refresh(&[id]);
            }
        }
        let text = match files.as_slice() {
            [only] => format!("Saved {}", only.display()),
            files => format!("Exported {} files to {}", files.len(), place.display()),
        };
        self.notify(Severity::Info, text);
        for (number, why) in left_out {
            self.notify(Severity::Warning, format!("Fig {number} is not among them: {why}"));
        }
    }

    /// Why a figure could not be drawn.
    pub(super) fn take_look_failure(&mut self, id: u32, error: &anyhow::Error) {
        self.end_look(id, Err(failure_text(error)));
    }
}

impl Workbench {
    fn report_setting(&self) -> Setting {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Setting {
            style: self.project.report.style,
            project: self.project.name.clone(),
            dataset: Arc::clone(&self.dataset),
            today: figures::date(since_1970.as_secs()),
            fingerprint: OnceLock::new(),
        }
    }
}
