//! The points, and what the pointer does with them.

use std::sync::Arc;

use eframe::egui::{
    self, CursorIcon, Key, Mesh, PointerButton, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, TextureHandle,
    TextureId, WidgetInfo,
};

use super::MapView;
use super::camera::Camera;
use super::grid::Grid;
use super::looks::Looks;
use super::markers::{self, Marker};
use crate::app::{Action, Workbench};
use crate::dataset::{Domain, Label};
use crate::projection::Layout;
use crate::ui::theme;
use crate::ui::widgets;

/// So near to a point the pointer must be, in points of the screen.
const REACH: f32 = 10.0;

/// The texture of the markers, made at first use.
pub(super) fn texture(ui: &egui::Ui, texture: &mut Option<TextureHandle>) -> TextureId {
    texture.get_or_insert_with(|| markers::texture(ui.ctx())).id()
}

pub(super) fn ui(ui: &mut egui::Ui, view: &mut MapView, workbench: &Workbench, looks: &Looks, actions: &mut Vec<Action>) {
    let Some(layout) = &workbench.map.layout else {
        return;
    };
    let (screen, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    let n_clips: usize = looks.counts.iter().sum();
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Map of {n_clips} clips")));
    let grid = Grid::renew(view.grid.take(), layout);
    let map = Map {
        workbench,
        looks,
        layout,
        grid: &grid,
        screen,
    };
    let camera = steer(ui, view, &map, &response);
    let hovered = response
        .hover_pos()
        .filter(|_| view.rectangle.is_none())
        .and_then(|pointer| map.clip_at(pointer, camera, view));
    choose(ui, view, &map, &response, camera, hovered, actions);
    map.paint(ui, view, camera, hovered);
    if let Some(clip_idx) = hovered {
        response
            .on_hover_cursor(CursorIcon::PointingHand)
            .on_hover_ui_at_pointer(|ui| card(ui, workbench, clip_idx));
    }
    view.grid = Some(grid);
}

/// What all parts of the canvas look at.
struct Map<'a> {
    workbench: &'a Workbench,
    looks: &'a Looks,
    layout: &'a Arc<Layout>,
    grid: &'a Grid,
    screen: Rect,
}

/// Wheel zooms about the pointer, Alt or middle drag moves, double-click or F shows everything again.
fn steer(ui: &egui::Ui, view: &mut MapView, map: &Map<'_>, response: &Response) -> Camera {
    let fitting = || Camera::fitting(map.shown_points(), map.screen);
    let is_alone = !ui.ctx().text_edit_focused() && !egui::Popup::is_any_open(ui.ctx());
    let wants_fit = is_alone && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::F));
    if response.double_clicked() || wants_fit {
        view.camera = None;
    }
    let mut camera = view.camera.unwrap_or_else(fitting);
    if pans(ui, response) && response.drag_delta() != egui::Vec2::ZERO {
        camera = camera.panned(response.drag_delta());
        view.camera = Some(camera);
    }
    if let Some(pointer) = response.hover_pos() {
        let factor = ui.input(|input| input.zoom_delta() * (input.smooth_scroll_delta().y * 0.003).exp());
        if factor != 1.0 {
            camera = camera.zoomed(factor, pointer, map.screen);
            view.camera = Some(camera);
        }
    }
    camera
}

fn pans(ui: &egui::Ui, response: &Response) -> bool {
    let with_alt = response.dragged_by(PointerButton::Primary) && ui.input(|input| input.modifiers.alt);
    with_alt || response.dragged_by(PointerButton::Middle)
}

/// A click focuses and selects, with Shift it adds; a drag selects all within its rectangle.
fn choose(
    ui: &egui::Ui,
    view: &mut MapView,
    map: &Map<'_>,
    response: &Response,
    camera: Camera,
    hovered: Option<usize>,
    actions: &mut Vec<Action>,
) {
    let (modifiers, origin) = ui.input(|input| (input.modifiers, input.pointer.press_origin()));
    let kept = || -> Vec<usize> {
        if modifiers.shift {
            map.workbench.selection.iter().copied().collect()
        } else {
            Vec::new()
        }
    };
    if response.drag_started_by(PointerButton::Primary) && !modifiers.alt {
        view.rectangle = origin.map(|origin| camera.to_map(origin, map.screen));
    }
    if let Some(from) = view.rectangle
        && response.drag_stopped_by(PointerButton::Primary)
    {
        view.rectangle = None;
        if let Some(pointer) = response.interact_pointer_pos() {
            let to = camera.to_map(pointer, map.screen);
            let low = [from[0].min(to[0]), from[1].min(to[1])];
            let high = [from[0].max(to[0]), from[1].max(to[1])];
            let mut chosen = kept();
            let inside = map.grid.within(low, high).into_iter();
            chosen.extend(inside.filter_map(|point_idx| map.shown_clip(point_idx, view)));
            chosen.sort_unstable();
            chosen.dedup();
            actions.push(Action::Select(chosen));
        }
    }
    if response.clicked_by(PointerButton::Primary)
        && let Some(clip_idx) = hovered
    {
        let mut chosen = kept();
        if !chosen.contains(&clip_idx) {
            chosen.push(clip_idx);
        }
        actions.push(Action::Select(chosen));
        actions.push(Action::Focus(clip_idx));
    }
}

impl Map<'_> {
    fn shown_points(&self) -> impl Iterator<Item = [f32; 2]> {
        let points = self.workbench.map.clips.iter().zip(&self.layout.points);
        let is_shown = |clip_idx: usize| self.looks.of_clip.get(clip_idx).is_some_and(|look| look.is_shown);
        points
            .filter(move |&(&clip_idx, _)| is_shown(clip_idx))
            .map(|(_, &point)| point)
    }

    /// The clip of a point, unless it is not shown or its category is switched off.
    fn shown_clip(&self, point_idx: usize, view: &MapView) -> Option<usize> {
        let &clip_idx = self.workbench.map.clips.get(point_idx)?;
        let look = self.looks.of_clip.get(clip_idx)?;
        (look.is_shown && !view.hidden.contains(&(look.category as usize))).then_some(clip_idx)
    }

    fn clip_at(&self, pointer: Pos2, camera: Camera, view: &MapView) -> Option<usize> {
        let at = camera.to_map(pointer, self.screen);
        let is_shown = |point_idx| self.shown_clip(point_idx, view).is_some();
        let point_idx = self.grid.nearest(at, REACH / camera.scale, is_shown)?;
        self.shown_clip(point_idx, view)
    }

    /// All points as one mesh: normal clips first, anomalies above them; then rings around what is selected, focused or pointed at.
    fn paint(&self, ui: &egui::Ui, view: &mut MapView, camera: Camera, hovered: Option<usize>) {
        let palette = theme::palette(ui);
        let painter = ui.painter_at(self.screen);
        painter.rect_filled(self.screen, 2.0, palette.canvas);
        let texture = texture(ui, &mut view.markers);
        let colors = self.looks.colors(ui);
        let is_hidden: Vec<bool> = (0..colors.len()).map(|category| view.hidden.contains(&category)).collect();
        let selection = &self.workbench.selection;
        let size = size_of(self.looks.counts.iter().sum());
        let visible = self.screen.expand(size);
        let (mut normal, mut anomalies) = (Mesh::with_texture(texture), Mesh::with_texture(texture));
        normal.reserve_vertices(4 * self.layout.points.len());
        normal.reserve_triangles(2 * self.layout.points.len());
        let mut rings = Vec::new();
        for (&clip_idx, &point) in self.workbench.map.clips.iter().zip(&self.layout.points) {
            let at = camera.to_screen(point, self.screen);
            let Some(look) = self.looks.of_clip.get(clip_idx).filter(|_| visible.contains(at)) else {
                continue;
            };
            if !look.is_shown || is_hidden[look.category as usize] {
                continue;
            }
            let is_selected = !selection.is_empty() && selection.contains(&clip_idx);
            let color = if look.marker.is_anomaly() {
                palette.ink
            } else {
                colors[look.category as usize]
            };
            let color = if selection.is_empty() || is_selected {
                color
            } else {
                color.gamma_multiply(0.3)
            };
            let mesh = if look.marker.is_anomaly() {
                &mut anomalies
            } else {
                &mut normal
            };
            markers::add(mesh, look.marker, at, size, color);
            if is_selected {
                markers::add(&mut anomalies, Marker::Ring, at, 1.6 * size, palette.accent);
            }
            if self.workbench.focus == Some(clip_idx) {
                rings.push((at, Stroke::new(2.5, palette.accent)));
            } else if hovered == Some(clip_idx) {
                rings.push((at, Stroke::new(1.5, palette.ink)));
            }
        }
        painter.add(Shape::mesh(normal));
        painter.add(Shape::mesh(anomalies));
        for (at, stroke) in rings {
            // On a crowded map a ring needs a moat.
            painter.circle_stroke(at, size + 1.0, Stroke::new(stroke.width + 3.0, palette.canvas));
            painter.circle_stroke(at, size + 1.0, stroke);
        }
        if let Some(from) = view.rectangle
            && let Some(pointer) = ui.input(|input| input.pointer.interact_pos())
        {
            let rect = Rect::from_two_pos(camera.to_screen(from, self.screen), pointer);
            painter.rect_filled(rect, 0.0, palette.accent.gamma_multiply(0.15));
            painter.rect_stroke(rect, 0.0, Stroke::new(1.0, palette.accent), StrokeKind::Inside);
        }
    }
}

/// The more points, the smaller.
fn size_of(n_points: usize) -> f32 {
    match n_points {
        0..1_000 => 11.0,
        1_000..5_000 => 9.0,
        5_000..12_000 => 7.5,
        _ => 6.0,
    }
}

/// What hovering over a point shows.
fn card(ui: &mut egui::Ui, workbench: &Workbench, clip_idx: usize) {
    let clip = &workbench.dataset.clips[clip_idx];
    ui.strong(clip.file_name());
    ui.label(clip.group.to_string());
    let label = match workbench.label(clip_idx) {
        Label::Normal => "normal",
        Label::Anomalous => "anomalous",
        Label::Unknown => "no label",
    };
    let domain = match clip.domain {
        Some(Domain::Source) => ", source domain",
        Some(Domain::Target) => ", target domain",
        None => "",
    };
    ui.label(format!("{label}{domain}"));
    if let Some(score) = workbench.scores.get(clip_idx).copied().flatten() {
        let verdict = if score.is_anomalous {
            "called anomalous"
        } else {
            "called normal"
        };
        ui.label(format!("score {:.0} of 100, {verdict}", score.percentile));
    }
    widgets::message(ui, theme::palette(ui).weak, "Click selects and focuses, Space plays");
}
