//! The colour bar: which level each colour stands for, by which rule; its ends can be dragged.

use eframe::egui::{
    self, Align2, Color32, CursorIcon, FontId, Mesh, Rect, Role, Sense, Stroke, WidgetInfo, emath::Rangef, epaint::TextShape,
    pos2,
};

use super::picture::{PictureView, Stage};
use crate::app::{Action, LevelRange, PictureLook};
use crate::ui::plots::{Span, decibel_ticks};
use crate::ui::theme::{self, Palette};

/// Of the bar's length at either end: this part moves the end, what is between moves both.
const END_PART: f32 = 0.3;
/// How far right of the bar the tick labels reach.
const LABEL_POINTS: f32 = 34.0;
/// Right of the bar: ticks, labels and the rule.
pub(super) const ROOM: f32 = 5.0 + LABEL_POINTS + 14.0;
const HINT: &str = "Colours from quiet to loud, in dB of full scale: a sine of full scale has 0 dBFS. Drag an end to move it, the middle \
                    to move both; double-click for Fixed \u{2212}100\u{2026}\u{2212}20 dBFS. C: next colour map, Shift+C: invert";

/// What part of the bar is dragged.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Grip {
    Low,
    High,
    Both,
}

/// A drag that goes on, and what it began with.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Held {
    grip: Grip,
    from_part: f32,
    ends_db: [f32; 2],
}

/// Draws the bar and takes in what is done to it.
pub(super) fn ui(ui: &egui::Ui, view: &PictureView, stage: &Stage, actions: &mut Vec<Action>) {
    let rect = stage.color_bar;
    let title = view.level_title();
    let sense_rect = Rect::from_x_y_ranges(Rangef::new(rect.left() - 4.0, rect.right() + ROOM), rect.y_range());
    let id = ui.scope_id().with("colour bar");
    let response = ui.interact(sense_rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Colour bar: {title}")));
    paint(ui.painter(), theme::palette(ui), rect, view, &title);
    let part = |y: f32| (rect.bottom() - y) / rect.height().max(1.0);
    let held_id = id.with("held");
    if response.drag_started()
        && let Some(origin) = ui.input(|input| input.pointer.press_origin())
    {
        let held = Held {
            grip: grip_at(part(origin.y)),
            from_part: part(origin.y),
            ends_db: view.coloring().range_db,
        };
        ui.memory_mut(|memory| memory.data.insert_temp(held_id, held));
    }
    let held = ui.memory(|memory| memory.data.get_temp::<Held>(held_id));
    let pointer = response.interact_pointer_pos();
    let grip = if let (true, Some(held), Some(pointer)) = (response.dragged(), held, pointer) {
        let [low, high] = held.ends_db;
        let by_db = (part(pointer.y) - held.from_part) * (high - low);
        set_level(view.look, dragged(held.ends_db, held.grip, by_db), actions);
        Some(held.grip)
    } else {
        response.hover_pos().map(|pointer| grip_at(part(pointer.y)))
    };
    if let Some(grip) = grip {
        paint_grip(ui.painter(), theme::palette(ui), rect, grip);
        ui.ctx().set_cursor_icon(CursorIcon::ResizeVertical);
    }
    if response.double_clicked() {
        let level = LevelRange::default();
        actions.push(Action::SetLook(PictureLook { level, ..view.look }));
    } else if !response.dragged() {
        response.on_hover_text(HINT);
    }
}

fn set_level(look: PictureLook, ends: [f32; 2], actions: &mut Vec<Action>) {
    let level = LevelRange::Fixed(ends);
    if look.level != level {
        actions.push(Action::SetLook(PictureLook { level, ..look }));
    }
}

/// `part`: 0 at the foot of the bar, 1 at its head.
fn grip_at(part: f32) -> Grip {
    if part > 1.0 - END_PART {
        Grip::High
    } else if part < END_PART {
        Grip::Low
    } else {
        Grip::Both
    }
}

/// The ends after a drag upwards by so many dB of the bar: each end is a handle on the scale of levels.
fn dragged([low, high]: [f32; 2], grip: Grip, by_db: f32) -> [f32; 2] {
    let [lowest, highest] = LevelRange::LIMITS_DB;
    match grip {
        Grip::High => [low, (high + by_db).clamp(low + LevelRange::MIN_DB, highest)],
        Grip::Low => [(low + by_db).clamp(lowest, high - LevelRange::MIN_DB), high],
        Grip::Both => {
            let by_db = by_db.clamp(lowest - low, highest - high);
            [low + by_db, high + by_db]
        }
    }
}

fn paint(painter: &egui::Painter, palette: Palette, rect: Rect, view: &PictureView, title: &str) {
    let coloring = view.coloring();
    let mut mesh = Mesh::default();
    let colors = coloring.colors();
    let n_colors = colors.len() as f32;
    for (i, color) in colors.into_iter().enumerate() {
        let y = |i: f32| rect.bottom() - i / n_colors * rect.height();
        let band = Rect::from_min_max(pos2(rect.left(), y(i as f32 + 1.0)), pos2(rect.right(), y(i as f32)));
        mesh.add_colored_rect(band, color);
    }
    painter.add(mesh);
    let font = FontId::proportional(11.5);
    let [low, high] = coloring.range_db.map(f64::from);
    let range = Span::new(low, high);
    for tick in decibel_ticks(range, rect.height()) {
        let y = rect.bottom() - ((tick.value - low) / range.len()) as f32 * rect.height();
        let x = Rangef::new(rect.right(), rect.right() + 3.0);
        painter.hline(x, y, Stroke::new(1.0, palette.weak));
        let at = pos2(rect.right() + 5.0, y.clamp(rect.top() + 6.0, rect.bottom() - 6.0));
        painter.text(at, Align2::LEFT_CENTER, tick.label, font.clone(), palette.weak);
    }
    let above = pos2(rect.left() - 2.0, rect.top() - 3.0);
    painter.text(above, Align2::LEFT_BOTTOM, "dBFS", font.clone(), palette.weak);
    // The rule stands upright beside the labels, read from below.
    let galley = painter.layout_no_wrap(title.to_owned(), font, palette.weak);
    if galley.size().x <= rect.height() {
        let x = rect.right() + 5.0 + LABEL_POINTS;
        let at = pos2(x, rect.center().y + galley.size().x / 2.0);
        let text = TextShape::new(at, galley, palette.weak).with_angle(-std::f32::consts::FRAC_PI_2);
        painter.add(text);
    }
}

/// A frame round the part of the bar that a drag moves.
fn paint_grip(painter: &egui::Painter, palette: Palette, rect: Rect, grip: Grip) {
    let y = |part: f32| rect.bottom() - part * rect.height();
    let range = match grip {
        Grip::High => Rangef::new(y(1.0), y(1.0 - END_PART)),
        Grip::Low => Rangef::new(y(END_PART), y(0.0)),
        Grip::Both => Rangef::new(y(1.0 - END_PART), y(END_PART)),
    };
    let part = Rect::from_x_y_ranges(rect.x_range(), range);
    let outline = |width, color| painter.rect_stroke(part, 1.0, Stroke::new(width, color), egui::StrokeKind::Inside);
    outline(3.0, Color32::from_black_alpha(140));
    outline(1.5, palette.accent);
}

#[cfg(test)]
mod tests {
    use super::{Grip, dragged, grip_at};

    #[test]
    fn each_end_moves_on_its_own_and_stops_before_the_other() {
        let ends = [-100.0, -20.0];
        assert_eq!(dragged(ends, Grip::High, -10.0), [-100.0, -30.0]);
        assert_eq!(dragged(ends, Grip::Low, 10.0), [-90.0, -20.0]);
        assert_eq!(dragged(ends, Grip::Both, 10.0), [-90.0, -10.0]);
        assert_eq!(dragged(ends, Grip::High, -200.0), [-100.0, -95.0]);
        assert_eq!(dragged(ends, Grip::Low, 200.0), [-25.0, -20.0]);
        assert_eq!(dragged(ends, Grip::Both, 200.0), [-60.0, 20.0]);
        assert_eq!([0.0, 0.5, 1.0].map(grip_at), [Grip::Low, Grip::Both, Grip::High]);
    }
}
