//! Icons drawn as shapes, so that no font need hold them.

use eframe::egui::{self, Color32, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, WidgetInfo, pos2, vec2};

use crate::ui::theme;

/// What an icon button shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Play,
    Pause,
    Loop,
    Close,
    Undo,
    Redo,
    SidePanel,
    /// A box with a scale.
    Measure,
    /// Lines at equal distances.
    Harmonics,
    /// Half dark, half light.
    Invert,
}

/// A square button with an icon. `name` is read aloud; the tooltip is `name` and `key`, e.g. `Play` and `Space`.
pub fn icon_button(ui: &mut egui::Ui, is_enabled: bool, icon: Icon, name: &str, key: &str) -> Response {
    draw(ui, is_enabled, false, icon, name, key)
}

/// The same, drawn pressed while `is_on`.
pub fn icon_toggle(ui: &mut egui::Ui, is_on: bool, icon: Icon, name: &str, key: &str) -> Response {
    draw(ui, true, is_on, icon, name, key)
}

fn draw(ui: &mut egui::Ui, is_enabled: bool, is_on: bool, icon: Icon, name: &str, key: &str) -> Response {
    let palette = theme::palette(ui);
    ui.add_enabled_ui(is_enabled, |ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(theme::CONTROL_HEIGHT, theme::CONTROL_HEIGHT), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), is_on, name));
        if ui.is_rect_visible(rect) {
            let visuals = ui.style().interact(&response);
            let is_pointed_at = response.hovered() || response.has_focus();
            if is_on || is_pointed_at {
                let fill = if is_on {
                    ui.visuals().selection.bg_fill
                } else {
                    visuals.weak_bg_fill
                };
                ui.painter().rect_filled(rect, visuals.corner_radius, fill);
            }
            if response.has_focus() {
                let stroke = Stroke::new(1.0, palette.accent);
                ui.painter()
                    .rect_stroke(rect, visuals.corner_radius, stroke, egui::StrokeKind::Inside);
            }
            let colour = if is_on { palette.accent } else { visuals.fg_stroke.color };
            let colour = if ui.is_enabled() {
                colour
            } else {
                palette.weak.gamma_multiply(0.6)
            };
            paint(ui.painter(), rect.shrink(6.0), icon, colour);
        }
        let hint = if key.is_empty() {
            name.to_owned()
        } else {
            format!("{name} ({key})")
        };
        response.on_hover_text(hint.clone()).on_disabled_hover_text(hint)
    })
    .inner
}

/// Draws an icon into a square.
fn paint(painter: &Painter, rect: Rect, icon: Icon, colour: Color32) {
    let stroke = Stroke::new(1.6, colour);
    let at = |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
    let line = |points: &[Pos2]| painter.add(Shape::line(points.to_vec(), stroke));
    match icon {
        Icon::Play => {
            let triangle = vec![at(0.15, 0.0), at(1.0, 0.5), at(0.15, 1.0)];
            painter.add(Shape::convex_polygon(triangle, colour, Stroke::NONE));
        }
        Icon::Pause => {
            for left in [0.12, 0.62] {
                painter.rect_filled(Rect::from_min_max(at(left, 0.05), at(left + 0.26, 0.95)), 0.0, colour);
            }
        }
        Icon::Loop => {
            line(&[at(0.75, 0.2), at(0.1, 0.2), at(0.1, 0.55)]);
            line(&[at(0.25, 0.8), at(0.9, 0.8), at(0.9, 0.45)]);
            arrow_head(painter, at(1.0, 0.2), vec2(1.0, 0.0), colour);
            arrow_head(painter, at(0.0, 0.8), vec2(-1.0, 0.0), colour);
        }
        Icon::Close => {
            line(&[at(0.1, 0.1), at(0.9, 0.9)]);
            line(&[at(0.1, 0.9), at(0.9, 0.1)]);
        }
        Icon::Undo => turn(painter, rect, false, stroke),
        Icon::Redo => turn(painter, rect, true, stroke),
        Icon::Measure => {
            painter.rect_stroke(
                Rect::from_min_max(at(0.0, 0.0), at(1.0, 0.72)),
                0.0,
                stroke,
                egui::StrokeKind::Inside,
            );
            for x in [0.06, 0.35, 0.65, 0.94] {
                line(&[at(x, 0.84), at(x, 1.05)]);
            }
        }
        Icon::Harmonics => {
            for (y, left) in [(0.95, 0.0), (0.65, 0.15), (0.35, 0.3), (0.05, 0.45)] {
                line(&[at(left, y), at(1.0, y)]);
            }
        }
        Icon::Invert => {
            painter.circle_stroke(rect.center(), rect.width() * 0.48, stroke);
            let half = (0..=12).map(|i| {
                let angle = std::f32::consts::PI * (i as f32 / 12.0 - 0.5);
                rect.center() + rect.width() * 0.48 * vec2(angle.cos(), angle.sin())
            });
            painter.add(Shape::convex_polygon(half.collect(), colour, Stroke::NONE));
        }
        Icon::SidePanel => {
            painter.rect_stroke(rect, 1.0, stroke, egui::StrokeKind::Inside);
            line(&[at(0.62, 0.0), at(0.62, 1.0)]);
        }
    }
}

/// A bow with an arrow at its upper left end, or mirrored.
fn turn(painter: &Painter, rect: Rect, is_mirrored: bool, stroke: Stroke) {
    let at = |x: f32, y: f32| {
        let x = if is_mirrored { 1.0 - x } else { x };
        pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height())
    };
    let bow: Vec<Pos2> = (0..=12)
        .map(|i| {
            let angle = std::f32::consts::PI * (i as f32 / 12.0 - 0.5);
            at(0.55 + 0.4 * angle.cos(), 0.6 + 0.3 * angle.sin())
        })
        .collect();
    let mut path = vec![at(0.2, 0.3)];
    path.extend(bow);
    path.push(at(0.3, 0.9));
    painter.add(Shape::line(path, stroke));
    let direction = if is_mirrored { 1.0 } else { -1.0 };
    arrow_head(painter, at(0.0, 0.3), vec2(direction, 0.0), stroke.color);
}

/// A filled head whose tip is at `tip`.
fn arrow_head(painter: &Painter, tip: Pos2, direction: egui::Vec2, colour: Color32) {
    let back = tip - direction * 4.0;
    let side = direction.rot90() * 3.2;
    painter.add(Shape::convex_polygon(
        vec![tip, back + side, back - side],
        colour,
        Stroke::NONE,
    ));
}
