//! What colours and markers mean, with counts; a category can be switched off.

use eframe::egui::{self, ComboBox, Rect, Response, RichText, Role, ScrollArea, Sense, Shape, TextStyle, WidgetInfo, pos2, vec2};

use super::looks::Looks;
use super::markers::{self, Marker};
use super::{MapView, canvas, presets};
use crate::app::{Action, MapColor, Workbench, map_figure_of};
use crate::figures::Figure;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

const ROW_HEIGHT: f32 = 20.0;

pub(super) fn ui(ui: &mut egui::Ui, view: &mut MapView, workbench: &Workbench, looks: &Looks, actions: &mut Vec<Action>) {
    presets::ui(ui, view, workbench, actions);
    ui.horizontal(|ui| {
        ui.label("Colour");
        ui.name_inputs("Colour", |ui| {
            let combo = ComboBox::from_id_salt("map_color").width(ui.available_width() - 24.0);
            combo.selected_text(view.color.title()).show_ui(ui, |ui| {
                for color in MapColor::ALL {
                    if ui.selectable_value(&mut view.color, color, color.title()).clicked() {
                        view.hidden.clear();
                    }
                }
            });
        });
    });
    ui.add_space(GRID);
    let texture = canvas::texture(ui, &mut view.markers);
    let palette = theme::palette(ui);
    let colors = looks.colors(ui);
    let below = 7.5 * ROW_HEIGHT;
    ScrollArea::vertical()
        .id_salt("map_categories")
        .max_height((ui.available_height() - below).max(4.0 * ROW_HEIGHT))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (category, name) in looks.categories.iter().enumerate() {
                if looks.counts[category] == 0 {
                    continue;
                }
                let is_shown = !view.hidden.contains(&category);
                let row = row(
                    ui,
                    texture,
                    Marker::Disc,
                    colors[category],
                    name,
                    looks.counts[category],
                    is_shown,
                );
                if row.on_hover_text("Click to hide or show").clicked() && !view.hidden.remove(&category) {
                    view.hidden.insert(category);
                }
            }
        });
    let signs = [
        (Marker::Ring, palette.weak, "target domain", looks.n_targets),
        (Marker::Cross, palette.ink, "anomaly", looks.n_anomalies),
    ];
    ui.separator();
    ui.spacing_mut().item_spacing.y = 0.0;
    // A sign that no clip on the map wears explains nothing.
    for (marker, color, name, n_clips) in signs.into_iter().filter(|(.., n_clips)| *n_clips > 0) {
        row(ui, texture, marker, color, name, n_clips, true);
    }
    ui.spacing_mut().item_spacing.y = 1.5 * GRID;
    ui.add_space(GRID);
    ui.horizontal(|ui| {
        let n_selected = workbench.selection.len();
        ui.label(format!("{} selected", widgets::count(n_selected)));
        if n_selected > 0 && widgets::labelled_button(ui, true, "Clear", "Select nothing").clicked() {
            actions.push(Action::Select(Vec::new()));
        }
    });
    let stem = format!("map {}", workbench.project.name);
    let (color, show) = (view.color, view.show);
    let figure = || map_figure_of(workbench, color, show).map(Figure::Map);
    widgets::save_figure_menu(ui, &stem, figure, || view.recipe(workbench));
    ui.label(
        RichText::new("Drag selects, Shift adds; Alt or middle drag moves, the wheel zooms, F fits")
            .small()
            .color(palette.weak),
    );
}

/// Marker, name and count.
fn row(
    ui: &mut egui::Ui,
    texture: egui::TextureId,
    marker: Marker,
    color: egui::Color32,
    name: &str,
    count: usize,
    is_shown: bool,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_shown, format!("{name}, {count} clips")));
    let faded = if is_shown { 1.0 } else { 0.3 };
    let mut mesh = egui::Mesh::with_texture(texture);
    markers::add(
        &mut mesh,
        marker,
        pos2(rect.left() + 7.0, rect.center().y),
        13.0,
        color.gamma_multiply(faded),
    );
    ui.painter().add(Shape::mesh(mesh));
    let text = ui.visuals().text_color().gamma_multiply(faded);
    let figures = TextStyle::Monospace.resolve(ui.style());
    let right = pos2(rect.right() - 2.0, rect.center().y);
    let counted = ui
        .painter()
        .text(right, egui::Align2::RIGHT_CENTER, widgets::count(count), figures, text);
    let painter = ui.painter_at(Rect::from_min_max(rect.min, pos2(counted.left() - GRID, rect.bottom())));
    let body = TextStyle::Body.resolve(ui.style());
    painter.text(
        pos2(rect.left() + 20.0, rect.center().y),
        egui::Align2::LEFT_CENTER,
        name,
        body,
        text,
    );
    response
}
