//! One window as the model meets it: input, reconstruction and difference side by side, on scales that can be read.

use std::sync::{Arc, Weak};

use eframe::egui::{
    self, Align2, Color32, DragValue, FontId, Mesh, Rect, Role, Sense, Shape, Stroke, StrokeKind, WidgetInfo, emath::Rangef,
    epaint::TextShape, pos2, vec2,
};

use super::message;
use super::tensor::{self, Shade, Sheet, cell_at, image, range_of, symmetric_range_of};
use crate::app::{ModelPane, Workbench};
use crate::extractors::ModelView;
use crate::ui::plots::{ColorMap, format_hz};
use crate::ui::theme::{self, GRID, Palette};

/// Room at the left for the frequencies, as beside the spectrogram above.
const GUTTER: f32 = 46.0;
const TITLE_HEIGHT: f32 = 17.0;
const LEGEND_HEIGHT: f32 = 17.0;
const CAPTION_HEIGHT: f32 = 20.0;
const GAP: f32 = 3.0 * GRID;
/// Length of the scale of colours.
const BAR_POINTS: f32 = 56.0;

/// The private look of the pictures.
#[derive(Default)]
pub(super) struct WindowView {
    /// Which frame of a row is shown, where the model sees several side by side; counted from 0.
    plane: Option<usize>,
    sheets: [Sheet<Key>; 3],
    scales: Option<Scales>,
}

/// What a texture was made of.
#[derive(PartialEq)]
struct Key {
    view: *const ModelView,
    plane: usize,
    n_rows: usize,
    shade: Shade,
}

/// The ends of the colours, worked out once for a view.
struct Scales {
    view: Weak<ModelView>,
    values: [f32; 2],
    /// Of the numbers themselves.
    least_and_most: [f32; 2],
    difference: Vec<f32>,
    differences: [f32; 2],
}

impl Scales {
    fn of(view: &Arc<ModelView>) -> Self {
        let redrawn = view.redrawn.as_deref().unwrap_or_default();
        let difference: Vec<f32> = view
            .values
            .iter()
            .zip(redrawn)
            .map(|(value, redrawn)| value - redrawn)
            .collect();
        let finite = view.values.iter().copied().filter(|value| value.is_finite());
        Self {
            view: Arc::downgrade(view),
            values: range_of(&view.values),
            least_and_most: finite.fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| {
                [low.min(value), high.max(value)]
            }),
            differences: symmetric_range_of(&difference),
            difference,
        }
    }
}

impl WindowView {
    /// Which of several frames side by side is shown; nothing where there is one.
    fn plane_choice(&mut self, ui: &mut egui::Ui, view: &ModelView) {
        if view.n_planes < 2 {
            return;
        }
        let mut number = 1 + self.plane_of(view);
        ui.spacing_mut().button_padding = vec2(GRID, 0.0);
        ui.spacing_mut().interact_size.y = CAPTION_HEIGHT;
        let value = DragValue::new(&mut number)
            .range(1..=view.n_planes)
            .speed(1.0)
            .prefix("frame ")
            .suffix(format!(" of {}", view.n_planes));
        let response = ui.add(value).accessible_name("Frame of the rows");
        if response
            .on_hover_text("The model sees several frames side by side as one row: which of them is shown")
            .changed()
        {
            self.plane = Some(number - 1);
        }
    }

    /// The middle one unless the person chose.
    fn plane_of(&self, view: &ModelView) -> usize {
        self.plane.unwrap_or(view.n_planes / 2).min(view.n_planes.saturating_sub(1))
    }

    pub(super) fn ui(&mut self, ui: &mut egui::Ui, workbench: &Workbench, map: (ColorMap, bool)) {
        let panes: Vec<ModelPane> = workbench
            .model
            .panes
            .iter()
            .copied()
            .filter(|&pane| pane != ModelPane::Nearest)
            .collect();
        let Some(view) = &workbench.model.view else {
            let pane = panes.first().copied().unwrap_or(ModelPane::Input);
            return message(ui, workbench, pane, workbench.model.view_error.as_deref());
        };
        if self
            .scales
            .as_ref()
            .is_none_or(|scales| !std::ptr::eq(scales.view.as_ptr(), Arc::as_ptr(view)))
        {
            self.scales = Some(Scales::of(view));
        }
        let (area, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
        let pictures = Rect::from_min_max(
            pos2(area.left() + GUTTER, area.top()),
            pos2(area.right() - GRID, area.bottom() - CAPTION_HEIGHT),
        );
        let width = (pictures.width() + GAP) / panes.len() as f32 - GAP;
        for (place, &pane) in panes.iter().enumerate() {
            let left = pictures.left() + place as f32 * (width + GAP);
            let rect = Rect::from_x_y_ranges(Rangef::new(left, left + width), pictures.y_range());
            if place == 0 {
                let inner = rect.y_range();
                let inner = Rangef::new(inner.min + TITLE_HEIGHT, inner.max - LEGEND_HEIGHT);
                frequencies(ui, view, Rangef::new(area.left(), rect.left()), inner);
            }
            self.pane(ui, workbench, view, pane, rect, map);
        }
        self.caption(ui, workbench, view, area);
    }

    fn pane(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        view: &Arc<ModelView>,
        pane: ModelPane,
        rect: Rect,
        map: (ColorMap, bool),
    ) {
        let palette = theme::palette(ui);
        let (title, _) = rect.split_top_bottom_at_y(rect.top() + TITLE_HEIGHT);
        let inner = Rect::from_min_max(
            pos2(rect.left(), rect.top() + TITLE_HEIGHT),
            pos2(rect.right(), rect.bottom() - LEGEND_HEIGHT),
        );
        ui.painter().text(
            title.left_center(),
            Align2::LEFT_CENTER,
            pane.title(),
            FontId::proportional(11.5),
            ui.visuals().text_color(),
        );
        let plane = self.plane_of(view);
        let Some(scales) = &self.scales else { return };
        let (values, shade) = match pane {
            ModelPane::Input => (Some(view.plane(plane)), (scales.values, Some(map))),
            ModelPane::Reconstruction => (view.redrawn_plane(plane), (scales.values, Some(map))),
            _ => {
                let len = view.n_frames * view.n_bins;
                let of_plane = scales.difference.get(plane * len..(plane + 1) * len);
                (of_plane.filter(|_| view.redrawn.is_some()), (scales.differences, None))
            }
        };
        let Some(values) = values else {
            let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(inner));
            return message(&mut inside, workbench, pane, None);
        };
        let shade = Shade {
            range: shade.0,
            map: shade.1,
        };
        let n_rows = ((inner.height() * ui.pixels_per_point()).round().max(1.0) as usize).min(view.n_bins);
        let key = Key {
            view: Arc::as_ptr(view),
            plane,
            n_rows,
            shade,
        };
        let sheet = &mut self.sheets[pane as usize % 3];
        let texture = sheet.texture(ui.ctx(), key, || image(values, [view.n_frames, view.n_bins], n_rows, shade));
        ui.painter().image(texture.id(), inner, tensor::whole(), Color32::WHITE);
        ui.painter()
            .rect_stroke(inner, 0.0, Stroke::new(1.0, palette.grid), StrokeKind::Outside);
        legend(ui, rect, shade, palette);
        let response = ui.interact(inner, ui.scope_id().with(pane.title()), Sense::hover());
        let name = workbench.focused().map_or("", |clip| clip.file_name());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{} of {name}", pane.title())));
        let cell = response
            .hover_pos()
            .and_then(|at| cell_at(inner, at, [view.n_frames, view.n_bins]));
        if let Some(cell) = cell {
            response.on_hover_text_at_pointer(reading(view, plane, cell));
        }
    }

    /// Shape, unit and range of the input, where it lies, and what the window adds to the score.
    fn caption(&mut self, ui: &mut egui::Ui, workbench: &Workbench, view: &ModelView, area: Rect) {
        let Some(least_and_most) = self.scales.as_ref().map(|scales| scales.least_and_most) else {
            return;
        };
        let rect = Rect::from_min_max(pos2(area.left(), area.bottom() - CAPTION_HEIGHT), area.max);
        let mut inside = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(rect)
                .layout(egui::Layout::right_to_left(egui::Align::Center)),
        );
        self.plane_choice(&mut inside, view);
        let text = caption_text(view, least_and_most);
        let run = workbench.project.active_run.as_deref().unwrap_or_default();
        let residual = "\nresidual: the mean squared difference, what the window adds to the score";
        let residual = view.residual.map_or("", |_| residual);
        let note = if view.note.is_empty() {
            String::new()
        } else {
            format!("\n{}", view.note)
        };
        let weak = theme::palette(ui).weak;
        let label = egui::Label::new(egui::RichText::new(&text).small().color(weak))
            .truncate()
            .selectable(true);
        let left = egui::Layout::left_to_right(egui::Align::Center);
        let response = inside.with_layout(left, |ui| ui.add(label)).inner;
        response.on_hover_text(format!("{run}: {text}{note}{residual}"));
    }
}

/// `residual 0.4123 · [32 frames, 128 mel bands] · 1.02–2.05 s · −2.1 … 4.0 standard deviations`.
fn caption_text(view: &ModelView, [least, most]: [f32; 2]) -> String {
    let residual = view.residual.map(|residual| format!("residual {residual:.4} \u{b7} "));
    format!(
        "{}{} \u{b7} {:.2}\u{2013}{:.2} s \u{b7} {} \u{2026} {} {}",
        residual.unwrap_or_default(),
        view.shape_text(),
        view.window.start_secs,
        view.window.end_secs,
        number(least),
        number(most),
        view.unit
    )
}

/// The numbers at a cell.
fn reading(view: &ModelView, plane: usize, [frame, bin]: [usize; 2]) -> String {
    let at = frame * view.n_bins + bin;
    let of = |values: &[f32]| values.get(at).copied().unwrap_or(f32::NAN);
    let input = of(view.plane(plane));
    let beside = view.redrawn_plane(plane).map(of).map_or(String::new(), |redrawn| {
        format!("\nreconstruction {redrawn:.3}\ndifference {:.3}", input - redrawn)
    });
    format!(
        "frame {} of {}, bin {} of {}\ninput {input:.3}{beside}",
        frame + 1,
        view.n_frames,
        bin + 1,
        view.n_bins
    )
}

/// Where the lowest bin begins and the highest ends, and what the bins are.
fn frequencies(ui: &egui::Ui, view: &ModelView, x: Rangef, y: Rangef) {
    let weak = theme::palette(ui).weak;
    let font = FontId::proportional(11.0);
    let right = x.max - 5.0;
    let [low, high] = view.band_hz.map(|hz| format_hz(f64::from(hz), 10.0));
    ui.painter()
        .text(pos2(right, y.min), Align2::RIGHT_TOP, high, font.clone(), weak);
    ui.painter()
        .text(pos2(right, y.max), Align2::RIGHT_BOTTOM, low, font.clone(), weak);
    let bins = view
        .shape
        .iter()
        .find(|(n, _)| *n == view.n_bins)
        .map_or("mel bands", |(_, what)| what);
    let galley = ui.painter().layout_no_wrap(format!("{} {bins}", view.n_bins), font, weak);
    if galley.size().x + 34.0 < y.span() {
        let at = pos2(right - 15.0, y.center() + 0.5 * galley.size().x);
        ui.painter()
            .add(TextShape::new(at, galley, weak).with_angle(-std::f32::consts::FRAC_PI_2));
    }
}

/// `-2.1 [colours] 4.0`; the unit is in the caption.
fn legend(ui: &egui::Ui, rect: Rect, shade: Shade, palette: Palette) {
    let middle = rect.bottom() - 0.5 * LEGEND_HEIGHT;
    let [low, high] = shade.range.map(|end| {
        let font = FontId::monospace(10.5);
        ui.painter().layout_no_wrap(number(end), font, palette.weak)
    });
    let room = rect.width() - low.size().x - high.size().x - 2.0 * GRID;
    let bar = Rect::from_min_size(
        pos2(rect.left() + low.size().x + GRID, middle - 4.0),
        vec2(room.clamp(0.0, BAR_POINTS), 8.0),
    );
    let top = middle - 0.5 * low.size().y;
    ui.painter().add(Shape::mesh(color_bar(bar, &shade.colors())));
    ui.painter().galley(pos2(rect.left(), top), low, palette.weak);
    ui.painter().galley(pos2(bar.right() + GRID, top), high, palette.weak);
}

fn color_bar(rect: Rect, colors: &[Color32; 256]) -> Mesh {
    let mut mesh = Mesh::default();
    for (place, &color) in colors.iter().step_by(5).enumerate() {
        let x = rect.left() + rect.width() * place as f32 / 51.0;
        mesh.colored_vertex(pos2(x, rect.top()), color);
        mesh.colored_vertex(pos2(x, rect.bottom()), color);
        if place > 0 {
            let first = 2 * place as u32 - 2;
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    mesh
}

/// Few digits, a true minus.
fn number(value: f32) -> String {
    let text = if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    text.replace('-', "\u{2212}")
}
