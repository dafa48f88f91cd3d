//! The table of clips: only the rows in sight are drawn; a click focuses, Ctrl and Shift select, a header sorts.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use eframe::egui::{self, Align, Key, Modifiers, Response, Sense, pos2, vec2};
use egui_extras::{Column, TableBuilder, TableRow};

use super::cells::{self, cell};
use super::filter_bar::filter_bar;
use crate::app::{Action, ClipColumn, ClipFilter, ListAction, ListView, Workbench};
use crate::dataset::Dataset;
use crate::ui::theme;
use crate::ui::widgets;

const ROW_HEIGHT: f32 = 22.0;
/// Room between columns.
const GAP: f32 = 6.0;

/// The private look of the table.
#[derive(Default)]
pub(super) struct TableView {
    /// The data set that `worth_showing` was found for.
    dataset: Weak<Dataset>,
    worth_showing: Vec<ClipColumn>,
    /// Those of them that the person wants to see.
    columns: Vec<ClipColumn>,
    /// Where a selection with Shift begins: the clip that was clicked or focused last.
    anchor: Option<usize>,
    /// The focus that was last scrolled to.
    shown_focus: Option<usize>,
    n_drawn_rows: usize,
}

impl TableView {
    pub(super) fn n_drawn_rows(&self) -> usize {
        self.n_drawn_rows
    }

    pub(super) fn ui(&mut self, ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
        if !std::ptr::eq(self.dataset.as_ptr(), Arc::as_ptr(&workbench.dataset)) {
            self.dataset = Arc::downgrade(&workbench.dataset);
            self.worth_showing = ClipColumn::worth_showing(&workbench.dataset);
        }
        let shown = self.worth_showing.iter().copied();
        self.columns = shown.filter(|&column| !workbench.is_hidden(column)).collect();
        filter_bar(ui, workbench, &self.worth_showing, actions);
        self.n_drawn_rows = 0;
        let wants_all = !ui.ctx().text_edit_focused() && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::A));
        if wants_all {
            actions.push(Action::Select(workbench.visible.clone()));
        }
        if workbench.visible.is_empty() {
            nothing_to_show(ui, workbench, actions);
            return;
        }
        egui::ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(GAP, 0.0);
            // The row in focus is often the first or the last in sight: it must not fade.
            ui.spacing_mut().scroll.fade.strength = 0.0;
            self.rows(ui, workbench, actions);
        });
    }

    fn rows(&mut self, ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
        let needed: f32 = self.columns.iter().map(|&column| cells::width(column) + GAP).sum();
        let spare = (ui.available_width() - needed - ui.spacing().scroll.allocated_width()).max(0.0);
        let mut builder = TableBuilder::new(ui)
            .id_salt("clips")
            .striped(true)
            .sense(Sense::CLICK)
            .auto_shrink(false)
            // Two quick steps would start two animations that pull against each other.
            .animate_scrolling(false)
            .cell_layout(egui::Layout::left_to_right(Align::Center));
        for &column in &self.columns {
            let width = cells::width(column) + spare * cells::share(column, &self.columns);
            builder = builder.column(Column::exact(width).clip(true));
        }
        if let Some(row) = self.row_to_scroll_to(workbench) {
            builder = builder.scroll_to_row(row, None);
        }
        let table = builder.header(ROW_HEIGHT, |mut row| {
            for column in &self.columns {
                row.col(|ui| header(ui, *column, workbench, actions));
            }
        });
        let mut n_drawn_rows = 0;
        table.body(|body| {
            body.rows(ROW_HEIGHT, workbench.visible.len(), |mut row| {
                n_drawn_rows += 1;
                let clip_idx = workbench.visible[row.index()];
                let response = clip_row(&mut row, &self.columns, workbench, clip_idx);
                if response.clicked() {
                    let modifiers = response.ctx.input(|input| input.modifiers);
                    actions.push(click(workbench, self.anchor, clip_idx, modifiers));
                    if !modifiers.shift {
                        self.anchor = Some(clip_idx);
                    }
                }
            });
        });
        self.n_drawn_rows = n_drawn_rows;
    }

    /// The focused row, once after the focus has changed: a person who scrolls away is not pulled back.
    fn row_to_scroll_to(&mut self, workbench: &Workbench) -> Option<usize> {
        if self.shown_focus == workbench.focus {
            return None;
        }
        self.shown_focus = workbench.focus;
        self.anchor = workbench.focus;
        let focus = workbench.focus?;
        workbench.visible.iter().position(|&clip_idx| clip_idx == focus)
    }
}

fn clip_row(row: &mut TableRow<'_, '_>, columns: &[ClipColumn], workbench: &Workbench, clip_idx: usize) -> Response {
    let is_focused = workbench.focus == Some(clip_idx);
    row.set_selected(is_focused || workbench.selection.contains(&clip_idx));
    for column in columns {
        row.col(|ui| {
            if is_focused && *column == ClipColumn::File {
                // The focused row differs from the selected ones by more than a shade.
                let edge = egui::Rect::from_min_max(ui.max_rect().min, pos2(ui.max_rect().left() + 3.0, ui.max_rect().bottom()));
                ui.painter().rect_filled(edge, 0.0, theme::palette(ui).accent);
            }
            cell(ui, *column, workbench, clip_idx);
        });
    }
    row.response()
}

/// What a click on a row wishes: focus it, add it to the selected or take it away (Ctrl), select from the anchor to it (Shift), or
/// add all these (both).
fn click(workbench: &Workbench, anchor: Option<usize>, clip_idx: usize, modifiers: Modifiers) -> Action {
    if modifiers.shift {
        let row_of = |clip| workbench.visible.iter().position(|&visible| visible == clip);
        let to = row_of(clip_idx).unwrap_or(0);
        let from = anchor.and_then(row_of).unwrap_or(to);
        let mut clips = workbench.visible[from.min(to)..=from.max(to)].to_vec();
        if modifiers.command {
            clips.extend(&workbench.selection);
            clips.sort_unstable();
            clips.dedup();
        }
        return Action::Select(clips);
    }
    if modifiers.command {
        let mut selection: BTreeSet<usize> = workbench.selection.clone();
        if !selection.remove(&clip_idx) {
            selection.insert(clip_idx);
        }
        return Action::Select(selection.into_iter().collect());
    }
    Action::Focus(clip_idx)
}

/// A header that sorts, with an arrow where the table is sorted by it, and a number where it is sorted by two.
fn header(ui: &mut egui::Ui, column: ClipColumn, workbench: &Workbench, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let layout = if cells::is_number(column) {
        egui::Layout::right_to_left(Align::Center)
    } else {
        egui::Layout::left_to_right(Align::Center)
    };
    ui.with_layout(layout, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let text = egui::RichText::new(column.title()).small();
        let Some(key) = column.sort_key() else {
            ui.add(egui::Label::new(text.color(palette.weak)).selectable(false).extend())
                .on_hover_text(cells::hint(column));
            return;
        };
        let (first, second) = (workbench.sort, workbench.list.then_by);
        let place = match (first.0 == key, second) {
            (true, _) => Some((1, first.1)),
            (false, Some((second, is_ascending))) if second == key => Some((2, is_ascending)),
            _ => None,
        };
        let text = if place.is_some() {
            text.color(palette.accent).strong()
        } else {
            text.color(palette.weak)
        };
        let response = ui
            .add(egui::Label::new(text).selectable(false).extend().sense(Sense::click()))
            .on_hover_cursor(egui::CursorIcon::PointingHand)
            .on_hover_text(format!(
                "{}\nclick to sort, Ctrl+click to sort equal ones",
                cells::hint(column)
            ));
        response.widget_info(|| {
            let order = match place {
                None => "",
                Some((_, true)) => ", smallest first",
                Some((_, false)) => ", largest first",
            };
            let rank = if matches!(place, Some((2, _))) { ", second key" } else { "" };
            let label = format!("Sort by {}{order}{rank}", column.title());
            egui::WidgetInfo::selected(egui::Role::Button, true, place.is_some(), label)
        });
        if response.clicked() {
            let adds = response.ctx.input(|input| input.modifiers.command);
            actions.push(if adds {
                Action::List(ListAction::ThenBy(key))
            } else {
                Action::SortBy(key)
            });
        }
        let Some((rank, is_ascending)) = place else { return };
        let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
        ui.painter().add(arrow(rect, is_ascending, palette.accent));
        if second.is_some() {
            let text = egui::RichText::new(rank.to_string()).size(9.0).color(palette.accent);
            ui.add(egui::Label::new(text).selectable(false).extend());
        }
    });
}

/// Up for smallest first.
fn arrow(rect: egui::Rect, is_up: bool, color: egui::Color32) -> egui::Shape {
    let (base, tip) = if is_up {
        (rect.bottom() - 1.5, rect.top() + 1.5)
    } else {
        (rect.top() + 1.5, rect.bottom() - 1.5)
    };
    let points = vec![pos2(rect.left(), base), pos2(rect.right(), base), pos2(rect.center().x, tip)];
    egui::Shape::convex_polygon(points, color, egui::Stroke::NONE)
}

fn nothing_to_show(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    if workbench.dataset.clips.is_empty() {
        widgets::empty_state(ui, "No clips", "The data set holds no recordings that can be read.", None);
    } else if workbench.list.view == ListView::Selected {
        let text = "Ctrl+click or Shift+click rows to select clips; Ctrl+A selects all that are shown.";
        if widgets::empty_state(ui, "Nothing is selected", text, Some("Show all clips")) {
            actions.push(Action::List(ListAction::Show(ListView::All)));
        }
    } else if workbench.filter.is_empty() {
        widgets::empty_state(ui, "No clips here", "The chosen machine and section have no clips.", None);
    } else if widgets::empty_state(ui, "Nothing matches", "No clip matches the filter.", Some("Clear filter")) {
        actions.push(Action::SetFilter(ClipFilter::default()));
    }
}
