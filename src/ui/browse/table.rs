//! The table of clips: only the rows in sight are drawn; a click focuses, Ctrl and Shift select, a header sorts.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use eframe::egui::{self, Align, Key, Modifiers, Response, Sense, pos2, vec2};
use egui_extras::{Column, TableBuilder, TableRow};

use super::cells::{ClipColumn, cell};
use super::filter_bar::filter_bar;
use crate::app::{Action, ClipFilter, Workbench};
use crate::dataset::Dataset;
use crate::ui::theme;
use crate::ui::widgets;

const ROW_HEIGHT: f32 = 22.0;
/// Room between columns.
const GAP: f32 = 6.0;

/// The private look of the table.
#[derive(Default)]
pub(super) struct TableView {
    /// The data set that `columns` were chosen for.
    dataset: Weak<Dataset>,
    columns: Vec<ClipColumn>,
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
            self.columns = ClipColumn::worth_showing(&workbench.dataset);
        }
        let has_domains = self.columns.contains(&ClipColumn::Domain);
        filter_bar(ui, workbench, has_domains, actions);
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
        let needed: f32 = self.columns.iter().map(|column| column.width() + GAP).sum();
        let spare = (ui.available_width() - needed - ui.spacing().scroll.allocated_width()).max(0.0);
        let mut builder = TableBuilder::new(ui)
            .id_salt("clips")
            .striped(true)
            .sense(Sense::CLICK)
            .auto_shrink(false)
            // Two quick steps would start two animations that pull against each other.
            .animate_scrolling(false)
            .cell_layout(egui::Layout::left_to_right(Align::Center));
        for column in &self.columns {
            let width = column.width() + spare * column.share(&self.columns);
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
                    actions.push(click(
                        workbench,
                        row.index(),
                        clip_idx,
                        response.ctx.input(|input| input.modifiers),
                    ));
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

/// What a click on a row wishes: focus it, add it to the selected or take it away (Ctrl), or select from the focus to it (Shift).
fn click(workbench: &Workbench, row: usize, clip_idx: usize, modifiers: Modifiers) -> Action {
    if modifiers.shift {
        let focus_row = workbench
            .focus
            .and_then(|focus| workbench.visible.iter().position(|&clip| clip == focus))
            .unwrap_or(row);
        let range = focus_row.min(row)..=focus_row.max(row);
        return Action::Select(workbench.visible[range].to_vec());
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

/// A header that sorts, with an arrow where the table is sorted by it.
fn header(ui: &mut egui::Ui, column: ClipColumn, workbench: &Workbench, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let layout = if column.is_number() {
        egui::Layout::right_to_left(Align::Center)
    } else {
        egui::Layout::left_to_right(Align::Center)
    };
    ui.with_layout(layout, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let text = egui::RichText::new(column.title()).small();
        let Some(key) = column.sort_key() else {
            ui.add(egui::Label::new(text.color(palette.weak)).selectable(false).extend())
                .on_hover_text(column.hint());
            return;
        };
        let (sort_key, is_ascending) = workbench.sort;
        let is_sorted = sort_key == key;
        let text = if is_sorted {
            text.color(palette.accent).strong()
        } else {
            text.color(palette.weak)
        };
        let response = ui
            .add(egui::Label::new(text).selectable(false).extend().sense(Sense::click()))
            .on_hover_cursor(egui::CursorIcon::PointingHand)
            .on_hover_text(column.hint());
        response.widget_info(|| {
            let order = match (is_sorted, is_ascending) {
                (false, _) => "",
                (true, true) => ", smallest first",
                (true, false) => ", largest first",
            };
            let label = format!("Sort by {}{order}", column.title());
            egui::WidgetInfo::selected(egui::Role::Button, true, is_sorted, label)
        });
        if response.clicked() {
            actions.push(Action::SortBy(key));
        }
        if is_sorted {
            let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
            ui.painter().add(arrow(rect, is_ascending, palette.accent));
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
    } else if workbench.filter == ClipFilter::default() {
        widgets::empty_state(ui, "No clips here", "The chosen machine and section have no clips.", None);
    } else if widgets::empty_state(ui, "Nothing matches", "No clip matches the filter.", Some("Clear filter")) {
        actions.push(Action::SetFilter(ClipFilter::default()));
    }
}
