//! Wheel, drag, click and keys on the picture: zoom, pan, select, seek.

use eframe::egui::{self, Key, Modifiers, PointerButton, Pos2, Rect, Response};

use super::context_menu;
use super::picture::{PictureView, Stage};
use crate::app::{Action, Playback};
use crate::dsp::TimeFrequencyBox;
use crate::ui::plots::Span;

/// The closest zoom: a few periods of a high tone, a hundredth of the frequency axis.
const MIN_SECS: f64 = 0.004;
const MIN_POSITIONS: f64 = 0.01;
/// A drag over less than this selects nothing.
const MIN_SELECTION_POINTS: f32 = 3.0;
/// Less than this was no box in that direction.
const MIN_ZOOM_POINTS: f32 = 12.0;
/// So near to an edge of the stretch a drag moves it.
const EDGE_POINTS: f32 = 5.0;

/// What the drag that is going on does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Drag {
    Select {
        from_secs: f64,
        to_secs: f64,
    },
    Pan,
    /// What is to fill the picture, between two corners on the screen.
    Zoom {
        from: Pos2,
        to: Pos2,
    },
    /// A measuring box between two corners (seconds, Hz).
    Measure {
        from: [f64; 2],
        to: [f64; 2],
    },
    /// A line of the harmonic cursor.
    Harmonic {
        order: u32,
    },
}

/// Everything that a pointer does on the waveform or, with frequency, on the spectrogram.
pub(super) fn gestures(
    view: &mut PictureView,
    ui: &egui::Ui,
    response: &Response,
    stage: &Stage,
    has_frequency: bool,
    playback: &Playback,
    actions: &mut Vec<Action>,
) {
    if response.contains_pointer() {
        wheel(view, ui, stage, has_frequency);
    }
    drag(view, ui, response, stage, has_frequency, playback, actions);
    context_menu::ui(view, response, stage, has_frequency, playback, actions);
    if response.double_clicked() {
        view.reset_zoom(stage.whole);
    } else if response.clicked()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let secs = stage.time.value(pointer.x).clamp(0.0, stage.whole.end);
        // Outside a loop the playhead could not stay where it was put.
        if playback.loop_span_secs.is_some_and(|(start, end)| secs < start || secs > end) {
            actions.push(Action::SetLoop(None));
        }
        actions.push(Action::Seek(secs));
    }
    if view.drag == Some(Drag::Pan) {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
    } else if is_on_line(view, response, stage) {
        ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeVertical);
    } else if let Some(pointer) = response.hover_pos() {
        ui.ctx().set_cursor_icon(match other_edge(stage, playback, pointer.x) {
            Some(_) => egui::CursorIcon::ResizeHorizontal,
            None => egui::CursorIcon::Crosshair,
        });
    }
}

fn is_on_line(view: &PictureView, response: &Response, stage: &Stage) -> bool {
    let pointer = response.hover_pos();
    matches!(view.drag, Some(Drag::Harmonic { .. }))
        || pointer.is_some_and(|pointer| view.instruments.harmonics.line_at(stage, view.axis, pointer).is_some())
}

/// The edge of the stretch that stays where a drag from here moves the other one.
fn other_edge(stage: &Stage, playback: &Playback, x: f32) -> Option<f64> {
    let (start, end) = playback.loop_span_secs?;
    let away = |secs: f64| (stage.time.pixel(secs) - x).abs();
    let (edge, other) = if away(start) < away(end) { (start, end) } else { (end, start) };
    (away(edge) <= EDGE_POINTS).then_some(other)
}

/// What a drag with the left button does that begins here: it holds a line, draws a measuring box (with Shift or where that tool
/// is in the hand), or selects a span of time.
fn drag_from(view: &PictureView, ui: &egui::Ui, stage: &Stage, has_frequency: bool, playback: &Playback, origin: Pos2) -> Drag {
    let secs = stage.secs(origin.x);
    if has_frequency {
        if let Some(order) = view.instruments.harmonics.line_at(stage, view.axis, origin) {
            return Drag::Harmonic { order };
        }
        if view.instruments.is_measuring || ui.input(|input| input.modifiers.shift) {
            let corner = [secs, stage.hz(view.axis, origin.y)];
            return Drag::Measure {
                from: corner,
                to: corner,
            };
        }
    }
    Drag::Select {
        from_secs: other_edge(stage, playback, origin.x).unwrap_or(secs),
        to_secs: secs,
    }
}

/// Ctrl: time; Alt: frequency; plain or with Shift: along the time.
fn wheel(view: &mut PictureView, ui: &egui::Ui, stage: &Stage, has_frequency: bool) {
    let (zoom, scroll, modifiers, pointer) = ui.input(|input| {
        (
            input.zoom_delta_2d(),
            input.smooth_scroll_delta(),
            input.modifiers,
            input.pointer.hover_pos(),
        )
    });
    let Some(pointer) = pointer else {
        return;
    };
    let mut frequency_zoom = 1.0;
    if zoom != egui::Vec2::splat(1.0) {
        if modifiers.alt {
            frequency_zoom = f64::from(zoom.y);
        } else {
            let anchor = stage.time.value(pointer.x);
            view.time = view.time.zoomed(f64::from(zoom.x), anchor, MIN_SECS, stage.whole);
        }
    } else if modifiers.alt {
        frequency_zoom = (f64::from(scroll.x + scroll.y) / 200.0).exp();
    } else if scroll != egui::Vec2::ZERO {
        let by = stage.time.distance(scroll.x + scroll.y);
        view.time = view.time.panned(-by, stage.whole);
    }
    if has_frequency && frequency_zoom != 1.0 {
        let anchor = stage.frequency.value(pointer.y);
        view.positions = view.positions.zoomed(frequency_zoom, anchor, MIN_POSITIONS, Span::UNIT);
    }
}

/// What a drag from one corner to the other means to fill the picture with: a flat box reaches from edge to edge, so that it zooms
/// in one direction only, and one on the waveform has no frequencies.
pub(super) fn zoomed_area(stage: &Stage, from: Pos2, to: Pos2) -> Rect {
    let whole = stage.waveform.union(stage.spectrogram);
    let drawn = Rect::from_two_pos(from, to).intersect(whole);
    let is_wide = drawn.width() >= MIN_ZOOM_POINTS;
    let is_high = drawn.height() >= MIN_ZOOM_POINTS && stage.spectrogram.contains(from);
    Rect::from_x_y_ranges(
        if is_wide { drawn.x_range() } else { whole.x_range() },
        if is_high { drawn.y_range() } else { whole.y_range() },
    )
}

fn zoom_to(view: &mut PictureView, stage: &Stage, from: Pos2, to: Pos2) {
    if from.distance(to) < MIN_ZOOM_POINTS {
        return;
    }
    let area = zoomed_area(stage, from, to);
    let span = |a: f64, b: f64| Span::new(a.min(b), a.max(b));
    let time = span(stage.secs(area.left()), stage.secs(area.right()));
    view.time = time.zoomed(1.0, time.start, MIN_SECS, stage.whole);
    if area.height() < stage.spectrogram.height() {
        let positions = span(stage.frequency.value(area.top()), stage.frequency.value(area.bottom()));
        view.positions = positions.zoomed(1.0, positions.start, MIN_POSITIONS, Span::UNIT);
    }
}

/// The left button selects a span of time or works an instrument; the right one draws what is to fill the picture; the middle one,
/// or the left one with Alt, moves it.
fn drag(
    view: &mut PictureView,
    ui: &egui::Ui,
    response: &Response,
    stage: &Stage,
    has_frequency: bool,
    playback: &Playback,
    actions: &mut Vec<Action>,
) {
    let is_alt = ui.input(|input| input.modifiers.alt);
    if response.drag_started_by(PointerButton::Middle) || response.drag_started_by(PointerButton::Primary) && is_alt {
        view.drag = Some(Drag::Pan);
    } else if response.drag_started_by(PointerButton::Secondary) {
        let origin = ui.input(|input| input.pointer.press_origin());
        view.drag = origin.map(|from| Drag::Zoom { from, to: from });
    } else if response.drag_started_by(PointerButton::Primary) {
        let origin = ui.input(|input| input.pointer.press_origin());
        view.drag = origin.map(|origin| drag_from(view, ui, stage, has_frequency, playback, origin));
    }
    if response.dragged() {
        match &mut view.drag {
            Some(Drag::Select { to_secs, .. }) => {
                if let Some(pointer) = response.interact_pointer_pos() {
                    *to_secs = stage.secs(pointer.x);
                }
            }
            Some(Drag::Zoom { to, .. }) => {
                if let Some(pointer) = response.interact_pointer_pos() {
                    *to = pointer;
                }
            }
            Some(Drag::Measure { to, .. }) => {
                if let Some(pointer) = response.interact_pointer_pos() {
                    *to = [stage.secs(pointer.x), stage.hz(view.axis, pointer.y)];
                }
            }
            Some(Drag::Harmonic { order }) => {
                if let Some(pointer) = response.interact_pointer_pos() {
                    let hz = stage.hz(view.axis, pointer.y);
                    view.instruments.harmonics.drag_to(*order, hz, stage.top_hz);
                }
            }
            Some(Drag::Pan) => {
                let delta = response.drag_delta();
                view.time = view.time.panned(-stage.time.distance(delta.x), stage.whole);
                if has_frequency {
                    let by = -stage.frequency.distance(delta.y);
                    view.positions = view.positions.panned(by, Span::UNIT);
                }
            }
            None => {}
        }
    }
    if response.drag_stopped() {
        if let Some(Drag::Select { from_secs, to_secs }) = view.drag {
            let (start, end) = (from_secs.min(to_secs), from_secs.max(to_secs));
            if end - start >= stage.time.distance(MIN_SELECTION_POINTS) {
                actions.push(Action::SetLoop(Some((start, end))));
            }
        }
        if let Some(Drag::Zoom { from, to }) = view.drag {
            zoom_to(view, stage, from, to);
        }
        if let Some(Drag::Measure { from, to }) = view.drag {
            let place = |[secs, hz]: [f64; 2]| {
                let position = view.axis.position(hz, stage.top_hz);
                Pos2::new(stage.time.pixel(secs), stage.frequency.pixel(position))
            };
            if place(from).distance(place(to)) >= MIN_SELECTION_POINTS {
                actions.push(Action::Measure(Some(TimeFrequencyBox::between(from, to))));
            }
        }
        view.drag = None;
    }
}

/// F shows the whole, Z the selection, Esc drops it.
pub(super) fn keys(view: &mut PictureView, ui: &egui::Ui, whole: Span, playback: &Playback, actions: &mut Vec<Action>) {
    let is_elsewhere = egui::Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.top_modal_layer().is_some());
    if is_elsewhere || ui.ctx().text_edit_focused() {
        return;
    }
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::NONE, Key::F) {
        view.reset_zoom(whole);
    }
    if let Some((start, end)) = playback.loop_span_secs {
        if pressed(Modifiers::NONE, Key::Z) {
            zoom_to_stretch(view, whole, [start, end]);
        }
        if pressed(Modifiers::NONE, Key::Escape) {
            actions.push(Action::SetLoop(None));
        }
    }
}

/// A little room on either side, so that the edges of the stretch stay in sight.
pub(super) fn zoom_to_stretch(view: &mut PictureView, whole: Span, [start, end]: [f64; 2]) {
    let room = 0.05 * (end - start);
    let wanted = Span::new(start - room, end + room);
    view.time = wanted.zoomed(1.0, start, MIN_SECS, whole);
}
