//! The ROC fan of the focused section: the figure that is saved, on the screen.

use eframe::egui::{
    self, Color32, Pos2, Rect, Response, RichText, Role, ScrollArea, Sense, Shape, Stroke, WidgetInfo, pos2, vec2,
};

use super::axes::Axes;
use super::drawn::Drawn;
use crate::app::{Action, Workbench, roc_figure};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::figures::{Figure, RocFigure};
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

/// Height of one row of the legend.
const LEGEND_ROW: f32 = 18.0;
/// Where the names begin in the legend, right of the strokes.
const LEGEND_TEXT: f32 = 25.0;
/// So near to a step the pointer must be, in points, for its card.
const HOVER_RADIUS: f32 = 14.0;

/// The private look of the plot.
#[derive(Default)]
pub(super) struct RocView {
    /// Shows the detector in focus and the one in use only.
    shows_chosen_only: bool,
    /// Shows the pAUC band only.
    zooms_to_band: bool,
    /// The curve whose legend entry the pointer is on.
    hovered: Option<usize>,
}

impl RocView {
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        drawn: &Drawn,
        detector: DetectorKind,
        actions: &mut Vec<Action>,
    ) {
        let group = drawn.group();
        if drawn.roc.is_some() {
            offers::offer(ui, ui.max_rect(), || recipe(group));
        }
        ui.horizontal(|ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let stem = format!("roc {group}");
                let figure = || roc_figure(workbench, group).map(Figure::Roc);
                widgets::save_figure_menu(ui, &stem, figure, || recipe(group));
                let title = RichText::new(format!("ROC of {group}")).strong();
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(title).truncate());
                });
            });
        });
        ui.horizontal(|ui| {
            let all = egui::Button::new("All detectors").selected(!self.shows_chosen_only);
            let hint = "The curves of all detectors, or of the one in focus and the one in use alone";
            if ui.add(all).on_hover_text(hint).clicked() {
                self.shows_chosen_only = !self.shows_chosen_only;
            }
            let zoom = egui::Button::new("FPR ≤ 0.1").selected(self.zooms_to_band);
            if ui.add(zoom).on_hover_text("Show the band of the pAUC only").clicked() {
                self.zooms_to_band = !self.zooms_to_band;
            }
        });
        let Some(figure) = &drawn.roc else {
            let text = format!(
                "No curve: the test clips of {group} lack labels, normal or anomalous ones. Label some in Browse, then score again."
            );
            widgets::message(ui, theme::palette(ui).weak, &text);
            return;
        };
        let in_use = workbench.detector(group).0;
        let is_shown = |idx: &usize| !self.shows_chosen_only || [detector, in_use].contains(&drawn.roc_detectors[*idx]);
        let shown: Vec<usize> = (0..figure.curves.len()).filter(is_shown).collect();
        let legend_height = (shown.len() as f32 * LEGEND_ROW + GRID).min(0.45 * ui.available_height());
        let room = (ui.available_size() - vec2(0.0, legend_height) - Axes::margin()).max(vec2(80.0, 80.0));
        let side = room.min_elem();
        let (outer, response) = ui.allocate_exact_size(vec2(side, side) + Axes::margin(), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("ROC curves of {group}")));
        let end = if self.zooms_to_band { figure.pauc_max_fpr } else { 1.0 };
        let axes = Axes::within(outer, [0.0, end], [0.0, 1.0]);
        axes.paint(ui, "False positive rate", "True positive rate");
        let front = self
            .hovered
            .filter(|hovered| shown.contains(hovered))
            .or_else(|| drawn.roc_detectors.iter().position(|&other| other == detector));
        paint_curves(ui, &axes, figure, (&shown, &drawn.roc_detectors), front);
        steps(ui, &axes, workbench, drawn, (figure, &shown), &response, front, actions);
        self.legend(ui, figure, (&shown, &drawn.roc_detectors), front);
    }

    /// One row a curve, best AUC first; the pointer on it brings its curve to the front.
    fn legend(
        &mut self,
        ui: &mut egui::Ui,
        figure: &RocFigure,
        (shown, detectors): (&[usize], &[DetectorKind]),
        front: Option<usize>,
    ) {
        self.hovered = None;
        let small = egui::TextStyle::Small.resolve(ui.style());
        let width = |&idx: &usize| {
            let name = figure.curves[idx].label.split("  ").next().unwrap_or_default().to_owned();
            ui.painter().layout_no_wrap(name, small.clone(), Color32::WHITE).size().x
        };
        let name_width = shown.iter().map(width).fold(56.0, f32::max);
        ui.add_space(GRID);
        ScrollArea::vertical().id_salt("roc_legend").show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for &idx in shown {
                let curve = &figure.curves[idx];
                let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LEGEND_ROW), Sense::hover());
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &curve.label));
                if response.hovered() {
                    self.hovered = Some(idx);
                }
                response.on_hover_text(&curve.label);
                let stroke = stroke(ui, detectors[idx], front == Some(idx));
                let y = rect.center().y;
                let ends = [pos2(rect.left(), y), pos2(rect.left() + 20.0, y)];
                curve_line(ui.painter(), ends.to_vec(), stroke, detectors[idx]);
                if curve.operating_point.is_some() {
                    ui.painter().circle_filled(pos2(rect.left() + 10.0, y), 4.0, stroke.color);
                }
                legend_text(ui, rect, &curve.label, name_width, front == Some(idx));
            }
        });
    }
}

/// Name, AUC with its interval and pAUC in columns, so that the figures stand below each other.
fn legend_text(ui: &egui::Ui, rect: Rect, label: &str, name_width: f32, is_front: bool) {
    let color = if is_front {
        ui.visuals().strong_text_color()
    } else {
        ui.visuals().text_color()
    };
    let small = egui::TextStyle::Small.resolve(ui.style());
    let figures = egui::FontId::monospace(small.size - 0.5);
    let mut parts = label.split("  ");
    let name = parts.next().unwrap_or_default();
    let painter = ui.painter();
    let gap = 1.5 * GRID;
    let mut drawn: Vec<_> = parts
        .map(|part| painter.layout_no_wrap(part.to_owned(), figures.clone(), color))
        .collect();
    // Where there is little room the last figure goes first, then the end of the name: the row's tooltip has all of it.
    let width = |drawn: &[std::sync::Arc<egui::Galley>]| drawn.iter().map(|galley| galley.size().x + gap).sum::<f32>();
    let room = rect.width() - LEGEND_TEXT;
    while drawn.len() > 1 && width(&drawn) + name_width > room {
        drawn.pop();
    }
    let name_width = name_width.min(room - width(&drawn)).max(0.0);
    let mut job = egui::text::LayoutJob::single_section(name.to_owned(), egui::TextFormat::simple(small, color));
    job.wrap = egui::text::TextWrapping::truncate_at_width(name_width);
    let mut x = rect.left() + LEGEND_TEXT;
    let mut put = |galley: std::sync::Arc<egui::Galley>, width: f32| {
        painter.galley(pos2(x, rect.center().y - 0.5 * galley.size().y), galley, color);
        x += width + gap;
    };
    put(painter.layout_job(job), name_width);
    for galley in drawn {
        let width = galley.size().x;
        put(galley, width);
    }
}

/// The colour of a detector: the same on every section, ink for the fusion.
fn color(ui: &egui::Ui, detector: DetectorKind) -> Color32 {
    if detector == DetectorKind::Fusion {
        return theme::palette(ui).ink;
    }
    let colors = theme::categories(ui);
    colors[place(detector) % colors.len()]
}

fn place(detector: DetectorKind) -> usize {
    DetectorKind::ALL.iter().position(|&other| other == detector).unwrap_or(0)
}

/// Where the colours are used up they come again with dashes.
fn curve_line(painter: &egui::Painter, points: Vec<Pos2>, stroke: Stroke, detector: DetectorKind) {
    if detector == DetectorKind::Fusion || place(detector) < theme::CATEGORIES.len() {
        painter.line(points, stroke);
    } else {
        painter.extend(Shape::dashed_line(&points, stroke, 6.0, 3.0));
    }
}

fn stroke(ui: &egui::Ui, detector: DetectorKind, is_front: bool) -> Stroke {
    Stroke::new(if is_front { 2.5 } else { 1.3 }, color(ui, detector))
}

/// The band, the diagonal of chance, the steps of every curve with `front` above the others, and the operating point.
fn paint_curves(
    ui: &egui::Ui,
    axes: &Axes,
    figure: &RocFigure,
    (shown, detectors): (&[usize], &[DetectorKind]),
    front: Option<usize>,
) {
    let palette = theme::palette(ui);
    let painter = ui.painter_at(axes.plot.expand(1.0));
    let band = Rect::from_min_max(axes.pos([0.0, 1.0]), axes.pos([figure.pauc_max_fpr, 0.0])).intersect(axes.plot);
    painter.rect_filled(band, 0.0, palette.accent.gamma_multiply(0.14));
    let chance = [axes.pos([0.0, 0.0]), axes.pos([1.0, 1.0])];
    painter.extend(Shape::dashed_line(&chance, Stroke::new(1.0, palette.weak), 5.0, 4.0));
    let last = front.into_iter();
    let order = shown.iter().copied().filter(|&idx| Some(idx) != front).chain(last);
    for idx in order {
        let curve = &figure.curves[idx];
        let stroke = stroke(ui, detectors[idx], front == Some(idx));
        curve_line(&painter, steps_of(axes, &curve.points), stroke, detectors[idx]);
    }
    for (curve, &detector) in shown.iter().map(|&idx| (&figure.curves[idx], &detectors[idx])) {
        if let Some(point) = curve.operating_point {
            let at = axes.pos(point);
            painter.circle(at, 5.5, color(ui, detector), Stroke::new(1.5, palette.ink));
        }
    }
    painter.rect_stroke(axes.plot, 0.0, Stroke::new(1.0, palette.grid), egui::StrokeKind::Inside);
}

/// A path without smoothing: straight from step to step, so that clips of equal score give the slope that the area counts.
fn steps_of(axes: &Axes, points: &[[f64; 3]]) -> Vec<Pos2> {
    points.iter().map(|&[fpr, tpr, _]| axes.pos([fpr, tpr])).collect()
}

/// The card of the step under the pointer; a click selects the clips that turn there.
#[expect(clippy::too_many_arguments, reason = "one plot, one pointer")]
fn steps(
    ui: &mut egui::Ui,
    axes: &Axes,
    workbench: &Workbench,
    drawn: &Drawn,
    (figure, shown): (&RocFigure, &[usize]),
    response: &Response,
    front: Option<usize>,
    actions: &mut Vec<Action>,
) {
    let Some(pointer) = response.hover_pos().filter(|&pointer| axes.plot.contains(pointer)) else {
        return;
    };
    let Some((curve_idx, step_idx)) = nearest(axes, (figure, shown), pointer, front) else {
        return;
    };
    let (curve, detector) = (&figure.curves[curve_idx], drawn.roc_detectors[curve_idx]);
    let [fpr, tpr, threshold] = curve.points[step_idx];
    ui.painter()
        .circle_stroke(axes.pos([fpr, tpr]), 5.0, Stroke::new(1.5, theme::palette(ui).ink));
    let group = drawn.group();
    let Some(result) = workbench.shown_group(group).and_then(|group| group.result(detector)) else {
        return;
    };
    let n_anomalies = result.labelled.iter().filter(|clip| clip.is_anomaly).count();
    let n_normals = result.labelled.len() - n_anomalies;
    let clips = workbench.shown_group(group).map_or(&[][..], |group| &group.test_clips);
    let flipping = result.test_scores.iter().zip(clips).filter(|&(&score, _)| score == threshold);
    let flipping: Vec<usize> = flipping.map(|(_, &clip_idx)| clip_idx).collect();
    if response.clicked()
        && let Some(&first) = flipping.first()
    {
        actions.push(Action::Select(flipping.clone()));
        actions.push(Action::Focus(first));
    }
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(detector.title());
        let count = |rate: f64, n: usize| format!("{rate:.3}  ({} of {n})", (rate * n as f64).round());
        egui::Grid::new("roc_card")
            .num_columns(2)
            .spacing([16.0, 2.0])
            .min_row_height(0.0)
            .show(ui, |ui| {
                for (name, value) in [
                    ("threshold", number(threshold)),
                    ("true positive rate", count(tpr, n_anomalies)),
                    ("false positive rate", count(fpr, n_normals)),
                ] {
                    ui.label(name);
                    ui.monospace(value);
                    ui.end_row();
                }
            });
        for &clip_idx in flipping.iter().take(3) {
            ui.weak(workbench.dataset.clips[clip_idx].file_name());
        }
        match flipping.len() {
            0 => {}
            1..=3 => drop(ui.weak("turns here; click to focus it, Space plays it")),
            n => drop(ui.weak(format!("and {} more turn here; click selects them", n - 3))),
        }
    });
}

/// Curve and step nearest to the pointer; among steps equally near the front curve wins.
fn nearest(axes: &Axes, (figure, shown): (&RocFigure, &[usize]), pointer: Pos2, front: Option<usize>) -> Option<(usize, usize)> {
    let mut best: Option<(f32, usize, usize)> = None;
    for &curve_idx in shown {
        let curve = &figure.curves[curve_idx];
        // The front curve is what a person points at, unless another is clearly meant.
        let handicap = if front == Some(curve_idx) { 0.0 } else { 3.0 };
        for (step_idx, &[fpr, tpr, _]) in curve.points.iter().enumerate() {
            let distance = axes.pos([fpr, tpr]).distance(pointer) + handicap;
            if distance < best.map_or(HOVER_RADIUS, |(nearest, ..)| nearest) {
                best = Some((distance, curve_idx, step_idx));
            }
        }
    }
    best.map(|(_, curve_idx, step_idx)| (curve_idx, step_idx))
}

/// The curves, to be drawn again by the report.
fn recipe(group: &MachineSection) -> FigureRecipe {
    FigureRecipe::Roc {
        run: None,
        group: group.clone(),
    }
}

/// A score in four digits that tell, whatever its unit.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "above all".to_owned();
    }
    let size = value.abs().max(1e-12).log10().floor();
    if (-4.0..6.0).contains(&size) {
        format!("{value:.*}", (3.0 - size).clamp(0.0, 7.0) as usize)
    } else {
        format!("{value:.3e}")
    }
}
