//! The screen Report: the figures that were sent here, in their order, each as it will lie on paper, and the way out.

mod fields;
mod list;
mod preview;
mod style;

use eframe::egui::{self, Align, Frame, Key, Layout, Margin, Modifiers, Panel, RichText};

use self::fields::Draft;
use self::preview::PreviewView;
use super::{dialogs, theme, widgets};
use crate::app::{Action, FigureStatus, FigureView, ReportAction, State, Workbench};
use crate::project::ReportFigure;

const LIST_WIDTH: f32 = 264.0;
const NARROW_LIST_WIDTH: f32 = 224.0;
/// Smaller type is read by nobody.
const LEAST_TYPE_PT: f64 = 4.5;
/// So wide must the screen be for the wide list.
const WIDE_FROM: f32 = 1000.0;

/// The private look of the screen.
#[derive(Default)]
pub struct ReportScreen {
    /// The figure that is shown; `None`: the last.
    selected: Option<u32>,
    /// Where it stood: once it is removed, the one in its place is shown.
    place: usize,
    list: list::ListView,
    draft: Draft,
    preview: PreviewView,
}

impl ReportScreen {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(workbench) = &state.workbench else { return };
        let figures = &workbench.project.report.figures;
        let Some(place) = self.selected_place(workbench) else {
            let text = "Press F9 on any screen: the spectrogram, curve, map or table that you see there becomes a figure of the report, \
                        drawn again whenever its data change. The menus Save figure… and Save table… have it too.";
            widgets::empty_state(ui, "No figures yet", text, None);
            return;
        };
        let place = self.keys(ui, workbench, place, actions);
        (self.selected, self.place) = (Some(figures[place].id), place);
        header(ui, workbench, actions);
        let is_wide = ui.available_width() >= WIDE_FROM;
        let clicked = Panel::left("report_figures")
            .frame(Frame::NONE.inner_margin(Margin {
                right: 8,
                ..Margin::ZERO
            }))
            .exact_size(if is_wide { LIST_WIDTH } else { NARROW_LIST_WIDTH })
            .resizable(false)
            .show(ui, |ui| self.list.ui(ui, workbench, place, actions))
            .inner;
        let nothing = FigureView::default();
        let figure = &figures[place];
        let view = workbench.report.figures.get(&figure.id).unwrap_or(&nothing);
        Panel::bottom("report_fields")
            .frame(Frame::NONE.inner_margin(Margin {
                left: 8,
                top: 6,
                ..Margin::ZERO
            }))
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                self.draft.ui(ui, figure, view, actions);
                fields::choices(ui, figure, actions);
                fields::save(ui, place + 1, figure);
            });
        Frame::NONE.inner_margin(Margin { left: 8, ..Margin::ZERO }).show(ui, |ui| {
            headline(ui, place + 1, workbench, figure, view, actions);
            let name = format!("Preview of Fig {}", place + 1);
            self.preview.ui(ui, &name, view.preview.as_ref());
        });
        if let Some(clicked) = clicked {
            self.selected = Some(clicked);
        }
    }

    /// The figure that was clicked, else the last; `None`: there is none.
    fn selected_place(&self, workbench: &Workbench) -> Option<usize> {
        let report = &workbench.project.report;
        let last = report.figures.len().checked_sub(1)?;
        let place = match self.selected {
            None => last,
            Some(id) => report.number(id).map_or(self.place, |number| number - 1),
        };
        Some(place.min(last))
    }

    /// The arrows go through the list, with Alt they move the figure; Delete removes it. Returns the place that is shown now.
    fn keys(&mut self, ui: &egui::Ui, workbench: &Workbench, place: usize, actions: &mut Vec<Action>) -> usize {
        let figures = &workbench.project.report.figures;
        if ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx()) {
            return place;
        }
        let n_presses = |modifiers, key| ui.input_mut(|input| input.count_and_consume_key(modifiers, key)) as isize;
        let steps = |modifiers| n_presses(modifiers, Key::ArrowDown) - n_presses(modifiers, Key::ArrowUp);
        let last = figures.len() - 1;
        let moved = place.saturating_add_signed(steps(Modifiers::ALT)).min(last);
        if moved != place {
            let id = figures[place].id;
            actions.push(Action::Report(ReportAction::Move { id, to: moved }));
        }
        if n_presses(Modifiers::NONE, Key::Delete) > 0 {
            actions.push(Action::Report(ReportAction::Remove(figures[place].id)));
        }
        // Arrows alone belong to a control that has the focus.
        if ui.ctx().memory(|memory| memory.focused().is_some()) {
            return place;
        }
        place.saturating_add_signed(steps(Modifiers::NONE)).min(last)
    }
}

/// How all figures are set, and the way out for all.
fn header(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        style::ui(ui, &workbench.project.report.style, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let hint = "Every figure in all its formats and a page with the captions, into a folder; stale figures are drawn anew for it";
            if widgets::primary_button(ui, true, "Export all…", hint).clicked() {
                dialogs::export_report(ui.ctx());
            }
        });
    });
    ui.add_space(theme::GRID);
}

/// The figure's number, how it stands, and what can be done about that.
fn headline(
    ui: &mut egui::Ui,
    number: usize,
    workbench: &Workbench,
    figure: &ReportFigure,
    view: &FigureView,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        ui.label(RichText::new(format!("Fig {number}")).strong());
        let is_drawing = workbench.report.is_drawing(figure.id);
        let status = if is_drawing && view.status == FigureStatus::Unknown {
            "being drawn"
        } else {
            view.status.title()
        };
        ui.label(RichText::new(status).color(list::colour(ui, &view.status)));
        if !matches!(view.status, FigureStatus::Unknown) {
            let hint = "Draw it from its data as they are now";
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::labelled_button(ui, !is_drawing, "Refresh", hint).clicked() {
                    actions.push(Action::Report(ReportAction::Refresh(figure.id)));
                }
            });
        }
    });
    if let Some(preview) = view.preview.as_ref().filter(|preview| preview.type_pt < LEAST_TYPE_PT) {
        let text = format!(
            "Its type is {:.1} pt on paper: choose a larger size, or fewer columns",
            preview.type_pt
        );
        widgets::message(ui, theme::palette(ui).warning, &text);
    }
    if let Some(reason) = view.status.reason() {
        let colour = list::colour(ui, &view.status);
        let sentence = match &view.status {
            FigureStatus::Stale(_) if view.preview.is_none() => {
                format!("It is not as it was drawn: {reason}. Refresh draws it as it is now.")
            }
            FigureStatus::Stale(_) => format!("Drawn before this changed: {reason}"),
            FigureStatus::Waiting(_) => format!("It waits: {reason}"),
            _ => format!("It cannot be drawn: {reason}"),
        };
        widgets::message(ui, colour, &sentence);
    }
}
