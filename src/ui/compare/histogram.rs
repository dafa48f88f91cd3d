//! The scores of the section's test clips with the threshold that a person can take hold of.

use eframe::egui::{
    self, Align2, Color32, CursorIcon, Rect, RichText, Role, Sense, Stroke, StrokeKind, TextStyle, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::axes::Axes;
use super::decisions;
use super::drawn::Drawn;
use super::roc::number;
use crate::app::{Action, Bins, Workbench, histogram_figure};
use crate::dataset::MachineSection;
use crate::evaluation::ThresholdRule;
use crate::figures::{Figure, HistogramFigure};
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::theme::{self, GRID, Palette};
use crate::ui::widgets;

/// Width of the panel with the decisions.
const DECISIONS_WIDTH: f32 = 256.0;

/// The private look of the plot.
#[derive(Default)]
pub(super) struct HistogramView {
    /// Where the line is while it is held.
    held: Option<f64>,
}

impl HistogramView {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, workbench: &Workbench, drawn: &Drawn, actions: &mut Vec<Action>) {
        let group = drawn.group();
        let room = ui.available_rect_before_wrap();
        let middle = (room.right() - DECISIONS_WIDTH).max(room.left() + 120.0);
        let left = Rect::from_min_max(room.min, pos2(middle - 3.0 * GRID, room.bottom()));
        let right = Rect::from_min_max(pos2(middle, room.top()), room.max);
        ui.scope_builder(UiBuilder::new().max_rect(left), |ui| self.plot(ui, workbench, drawn, actions));
        let threshold = self.held.or_else(|| workbench.threshold(group));
        ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
            decisions::ui(ui, workbench, group, threshold, actions);
        });
        ui.allocate_rect(room, Sense::hover());
    }

    fn plot(&mut self, ui: &mut egui::Ui, workbench: &Workbench, drawn: &Drawn, actions: &mut Vec<Action>) {
        let group = drawn.group();
        if drawn.histogram.is_some() {
            offers::offer(ui, ui.max_rect(), || recipe(group));
        }
        ui.horizontal(|ui| {
            let (in_use, _) = workbench.detector(group);
            ui.label(RichText::new(format!("Scores of {group} by {}", in_use.title())).strong());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let stem = format!("scores {group}");
                let figure = || histogram_figure(workbench, group).map(Figure::Histogram);
                widgets::save_figure_menu(ui, &stem, figure, || recipe(group));
            });
        });
        let (Some(figure), Some([low, high])) = (&drawn.histogram, drawn.score_range()) else {
            let text = "No scores: the detector in use could not be fitted, or the section has no test clips";
            widgets::message(ui, theme::palette(ui).weak, text);
            return;
        };
        let threshold = self.held.or(figure.threshold);
        // A little room at both ends, and the line within, wherever it is.
        let edge = 0.04 * (high - low);
        let from = threshold.filter(|at| at.is_finite()).map_or(low, |at| at.min(low)) - edge;
        let to = threshold.filter(|at| at.is_finite()).map_or(high, |at| at.max(high)) + edge;
        let (outer, response) = ui.allocate_exact_size(ui.available_size().max(vec2(80.0, 80.0)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Score histogram of {group}")));
        let top = (drawn.bins.max_count() as f64 * 1.08).max(1.0);
        let axes = Axes::within(outer, [from, to], [0.0, top]);
        axes.paint(ui, &figure.score_name, "Test clips");
        legend(ui, &axes, figure);
        paint_bars(ui, &axes, &drawn.bins);
        if let Some(threshold) = threshold {
            self.line(ui, &axes, workbench, drawn, threshold, actions);
        }
    }

    /// The line of the threshold: held and moved, it says so when it is let go.
    fn line(
        &mut self,
        ui: &egui::Ui,
        axes: &Axes,
        workbench: &Workbench,
        drawn: &Drawn,
        threshold: f64,
        actions: &mut Vec<Action>,
    ) {
        let group = drawn.group();
        let palette = theme::palette(ui);
        let x = axes.x(threshold).clamp(axes.plot.left(), axes.plot.right());
        let handle = Rect::from_center_size(pos2(x, axes.plot.center().y), vec2(12.0, axes.plot.height()));
        let response = ui.interact(handle, ui.scope_id().with("threshold"), Sense::drag());
        response.widget_info(|| WidgetInfo::slider(true, threshold, format!("Threshold of {group}")));
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            self.held = Some(axes.x_value(pointer.x.clamp(axes.plot.left(), axes.plot.right())));
        }
        if response.drag_stopped()
            && let Some(held) = self.held.take()
        {
            let rule = ThresholdRule::Manual(held);
            let group = group.clone();
            actions.push(Action::SetThreshold { group, rule });
        }
        let is_near = response.hovered() || response.dragged();
        let stroke = Stroke::new(if is_near { 2.5 } else { 1.5 }, palette.ink);
        ui.painter().vline(x, axes.plot.y_range(), stroke);
        let grip = Rect::from_center_size(pos2(x, axes.plot.top() + 8.0), vec2(8.0, 14.0));
        ui.painter().rect_filled(grip, 2.0, palette.ink);
        let percentile = workbench
            .detector_result(group)
            .and_then(|result| crate::evaluation::percentile(threshold, &result.normal_scores));
        let normals = percentile.map_or(String::new(), |percentile| {
            format!("\nabove {percentile:.0} % of normal training clips")
        });
        response
            .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal)
            .on_hover_text(format!(
                "Threshold {}{normals}\nDrag to move it, [ and ] move it a little",
                number(threshold)
            ));
    }
}

/// The histogram, to be drawn again by the report.
fn recipe(group: &MachineSection) -> FigureRecipe {
    FigureRecipe::Histogram {
        run: None,
        group: group.clone(),
    }
}

/// The three kinds of clips that are there, with their counts, at the right above the plot.
fn legend(ui: &egui::Ui, axes: &Axes, figure: &HistogramFigure) {
    let palette = theme::palette(ui);
    let small = TextStyle::Small.resolve(ui.style());
    let kinds = [
        ("normal", &figure.normal),
        ("anomalous", &figure.anomalous),
        ("unknown", &figure.unknown),
    ];
    let mut at = pos2(axes.plot.right(), axes.plot.top() - 5.0);
    for (place, (name, scores)) in kinds
        .into_iter()
        .enumerate()
        .rev()
        .filter(|(_, (_, scores))| !scores.is_empty())
    {
        let text = format!("{name} {}", widgets::count(scores.len()));
        let text = ui
            .painter()
            .text(at, Align2::RIGHT_BOTTOM, text, small.clone(), ui.visuals().text_color());
        let swatch = Rect::from_center_size(pos2(text.left() - 9.0, text.center().y), vec2(9.0, 9.0));
        paint_bar(ui, swatch, kind_color(&palette, place), place == 2);
        at.x = swatch.left() - 2.5 * GRID;
    }
}

fn kind_color(palette: &Palette, place: usize) -> Color32 {
    [palette.normal, palette.anomalous, palette.weak][place]
}

/// Filled where the label is known, an outline where it is not.
fn paint_bar(ui: &egui::Ui, rect: Rect, color: Color32, is_outline: bool) {
    if is_outline {
        ui.painter()
            .rect_stroke(rect, 0.0, Stroke::new(1.0, color), StrokeKind::Inside);
    } else {
        ui.painter().rect_filled(rect, 0.0, color.gamma_multiply(0.55));
        ui.painter().hline(rect.x_range(), rect.top(), Stroke::new(1.5, color));
    }
}

fn paint_bars(ui: &egui::Ui, axes: &Axes, bins: &Bins) {
    let palette = theme::palette(ui);
    for (place, counts) in [&bins.normal, &bins.anomalous, &bins.unknown].into_iter().enumerate() {
        for (edges, &count) in bins.edges.windows(2).zip(counts) {
            if count > 0 {
                let top = axes.pos([edges[0], count as f64]);
                let bar = Rect::from_min_max(top, axes.pos([edges[1], 0.0]));
                paint_bar(ui, bar.shrink2(vec2(0.5, 0.0)), kind_color(&palette, place), place == 2);
            }
        }
    }
}
