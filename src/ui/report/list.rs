//! The figures in their order: a click shows one, dragging moves it.

use eframe::egui::{
    self, Align2, Color32, CursorIcon, Rect, RichText, Role, ScrollArea, Sense, Stroke, TextStyle, WidgetInfo, pos2, vec2,
};

use crate::app::{Action, FigureStatus, FigureView, ReportAction, Workbench, figure_kind, figure_title};
use crate::project::ReportFigure;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

const ROW_HEIGHT: f32 = 44.0;
const NUMBER_WIDTH: f32 = 26.0;

/// The private look of the list.
#[derive(Default)]
pub(super) struct ListView {
    /// The figure that is dragged.
    dragged: Option<u32>,
}

/// What the state of a figure looks like.
pub(super) fn colour(ui: &egui::Ui, status: &FigureStatus) -> Color32 {
    let palette = theme::palette(ui);
    match status {
        FigureStatus::Unknown | FigureStatus::Fresh => palette.weak,
        FigureStatus::Stale(_) | FigureStatus::Waiting(_) => palette.warning,
        FigureStatus::Broken(_) => palette.error,
    }
}

impl ListView {
    /// Draws the list; returns the figure that was clicked.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        place: usize,
        actions: &mut Vec<Action>,
    ) -> Option<u32> {
        let figures = &workbench.project.report.figures;
        let views = &workbench.report.figures;
        let is_stale = |figure: &ReportFigure| {
            let status = views.get(&figure.id).map(|view| &view.status);
            matches!(status, Some(FigureStatus::Stale(_)))
        };
        let n_stale = figures.iter().filter(|figure| is_stale(figure)).count();
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("Figures: {}", figures.len())).strong());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let hint = match n_stale {
                    0 => "Draw all figures from their data as they are now".to_owned(),
                    n => format!("Draw all figures from their data as they are now: {n} stale"),
                };
                if widgets::labelled_button(ui, true, "Refresh all", &hint).clicked() {
                    actions.push(Action::Report(ReportAction::RefreshAll));
                }
            });
        });
        let foot = 2.0 * theme::CONTROL_HEIGHT + 2.0 * GRID;
        let mut clicked = None;
        ScrollArea::vertical()
            .id_salt("report_list")
            .auto_shrink([false, false])
            .max_height((ui.available_height() - foot).max(ROW_HEIGHT))
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let top = ui.cursor().top();
                for (row, figure) in figures.iter().enumerate() {
                    let view = views.get(&figure.id);
                    if self.row(ui, row, figure, view, row == place) {
                        clicked = Some(figure.id);
                    }
                }
                self.drop(ui, top, figures, actions);
            });
        ui.add_space(GRID);
        self.buttons(ui, figures, place, actions);
        ui.label(
            RichText::new("F9 on any screen adds what it shows")
                .small()
                .color(theme::palette(ui).weak),
        );
        clicked
    }

    /// Draws one row; returns whether it was clicked.
    fn row(
        &mut self,
        ui: &mut egui::Ui,
        row: usize,
        figure: &ReportFigure,
        view: Option<&FigureView>,
        is_selected: bool,
    ) -> bool {
        let unknown = FigureStatus::Unknown;
        let status = view.map_or(&unknown, |view| &view.status);
        let title = figure_title(figure);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click_and_drag());
        let name = format!("Fig {}: {title}, {}", row + 1, status.title());
        response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, is_selected, &name));
        if response.drag_started() {
            self.dragged = Some(figure.id);
        }
        let visuals = ui.style().interact(&response);
        let is_dragged = self.dragged == Some(figure.id);
        let fill = if is_selected {
            Some(ui.visuals().selection.bg_fill)
        } else {
            (response.hovered() || response.has_focus()).then_some(visuals.weak_bg_fill)
        };
        let ink = ui.visuals().text_color().gamma_multiply(if is_dragged { 0.5 } else { 1.0 });
        let painter = ui.painter();
        if let Some(fill) = fill {
            painter.rect_filled(rect, visuals.corner_radius, fill);
        }
        if response.has_focus() {
            let stroke = Stroke::new(1.0, theme::palette(ui).accent);
            painter.rect_stroke(rect, visuals.corner_radius, stroke, egui::StrokeKind::Inside);
        }
        let (body, small) = (TextStyle::Body.resolve(ui.style()), TextStyle::Small.resolve(ui.style()));
        let mono = TextStyle::Monospace.resolve(ui.style());
        let number_at = pos2(rect.left() + NUMBER_WIDTH - 6.0, rect.top() + 14.0);
        painter.text(number_at, Align2::RIGHT_CENTER, row + 1, mono, theme::palette(ui).weak);
        let inside = Rect::from_min_max(pos2(rect.left() + NUMBER_WIDTH + 2.0, rect.top()), rect.max).shrink2(vec2(4.0, 0.0));
        let mut job = egui::text::LayoutJob::single_section(title, egui::TextFormat::simple(body, ink));
        job.wrap = egui::text::TextWrapping::truncate_at_width(inside.width());
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        ui.painter().galley(pos2(inside.left(), rect.top() + 5.0), galley, ink);
        let below = pos2(inside.left(), rect.top() + 32.0);
        let kind = ui.painter().text(
            below,
            Align2::LEFT_CENTER,
            figure_kind(figure),
            small.clone(),
            theme::palette(ui).weak,
        );
        let at = pos2(kind.right() + 2.0 * GRID, below.y);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, status.title(), small, colour(ui, status));
        let response = match status.reason() {
            Some(reason) => response.on_hover_text(reason),
            None => response,
        };
        response.on_hover_cursor(CursorIcon::Grab).clicked()
    }

    /// Where the dragged figure would go, and that it goes there.
    fn drop(&mut self, ui: &egui::Ui, top: f32, figures: &[ReportFigure], actions: &mut Vec<Action>) {
        let Some(id) = self.dragged else { return };
        let (pointer, is_held) = ui.input(|input| (input.pointer.interact_pos(), input.pointer.any_down()));
        let from = figures.iter().position(|figure| figure.id == id);
        let Some((pointer, from)) = pointer.zip(from) else {
            self.dragged = None;
            return;
        };
        // The gap between two rows that the pointer is next to.
        let gap = ((pointer.y - top) / ROW_HEIGHT).round().clamp(0.0, figures.len() as f32) as usize;
        if is_held {
            let y = top + gap as f32 * ROW_HEIGHT;
            ui.painter()
                .hline(ui.max_rect().x_range(), y, Stroke::new(2.0, theme::palette(ui).accent));
            return;
        }
        self.dragged = None;
        let to = if gap > from { gap - 1 } else { gap };
        if to != from {
            actions.push(Action::Report(ReportAction::Move { id, to }));
        }
    }

    fn buttons(&self, ui: &mut egui::Ui, figures: &[ReportFigure], place: usize, actions: &mut Vec<Action>) {
        let id = figures[place].id;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GRID;
            if widgets::labelled_button(ui, place > 0, "Up", "Move the figure up (Alt+Up)").clicked() {
                actions.push(Action::Report(ReportAction::Move { id, to: place - 1 }));
            }
            if widgets::labelled_button(ui, place + 1 < figures.len(), "Down", "Move the figure down (Alt+Down)").clicked() {
                actions.push(Action::Report(ReportAction::Move { id, to: place + 1 }));
            }
            if widgets::labelled_button(
                ui,
                true,
                "Remove",
                "Take the figure out of the report (Delete); Ctrl+Z brings it back",
            )
            .clicked()
            {
                actions.push(Action::Report(ReportAction::Remove(id)));
            }
        });
    }
}
