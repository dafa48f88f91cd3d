//! Drawing, selecting, moving and stretching boxes with the pointer; their keys.

use eframe::egui::{self, CursorIcon, Key, Modifiers, PointerButton, Pos2, Rect, Response};

use super::{BoxesView, place};
use crate::annotations::Annotation;
use crate::app::{Action, BoxAction, Workbench};
use crate::ui::browse::picture::Stage;
use crate::ui::plots::FrequencyAxis;

/// So near to an edge the pointer takes hold of it.
const GRIP_POINTS: f32 = 5.0;
/// A drag over less than this draws nothing.
const MIN_BOX_POINTS: f32 = 3.0;

/// What of a box the pointer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grip {
    /// The corner opposite to where the drag began.
    New,
    Middle,
    /// One edge, or two that meet: the sign says on which side.
    Edge {
        time: i8,
        frequency: i8,
    },
}

/// A box that is being drawn, moved or stretched.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BoxDrag {
    grip: Grip,
    /// `None`: a new one.
    pub(super) box_idx: Option<usize>,
    origin: Pos2,
    before: Annotation,
    pub(super) now: Annotation,
}

impl BoxesView {
    /// Everything that a pointer does with boxes on the spectrogram; returns whether it is theirs alone.
    pub(in crate::ui::browse) fn gestures(
        &mut self,
        ui: &egui::Ui,
        response: &Response,
        stage: &Stage,
        axis: FrequencyAxis,
        (clip, boxes): (usize, &[Annotation]),
        actions: &mut Vec<Action>,
    ) -> bool {
        let grip_at = |view: &Self, at: Pos2| {
            let selected = view.selected.and_then(|box_idx| boxes.get(box_idx))?;
            grip(place(stage, axis, selected), at)
        };
        let is_plain = ui.input(|input| input.modifiers.is_none());
        if response.drag_started_by(PointerButton::Primary)
            && is_plain
            && let Some(origin) = ui.input(|input| input.pointer.press_origin())
        {
            let held = if self.is_armed {
                Some(Grip::New)
            } else {
                grip_at(self, origin)
            };
            self.drag = held.map(|grip| self.begin(grip, origin, stage, axis, boxes));
        }
        let is_taken = self.drag.is_some() || self.is_armed && response.clicked();
        if let (Some(drag), Some(pointer)) = (&mut self.drag, response.interact_pointer_pos()) {
            drag.follow(pointer, stage, axis);
        }
        if response.drag_stopped()
            && let Some(drag) = self.drag.take()
        {
            self.end(drag, clip, boxes, (stage, axis), actions);
        } else if response.clicked()
            && !self.is_armed
            && let Some(pointer) = response.interact_pointer_pos()
        {
            self.selected = box_at(stage, axis, boxes, pointer);
        }
        let held = self.drag.as_ref().map(|drag| drag.grip);
        let hovered = response.hover_pos().and_then(|at| grip_at(self, at));
        if let Some(cursor) = held.or(hovered.filter(|_| !self.is_armed && is_plain)).map(cursor) {
            ui.ctx().set_cursor_icon(cursor);
        }
        is_taken
    }

    fn begin(&self, grip: Grip, origin: Pos2, stage: &Stage, axis: FrequencyAxis, boxes: &[Annotation]) -> BoxDrag {
        let box_idx = self.selected.filter(|_| grip != Grip::New);
        let before = box_idx.and_then(|box_idx| boxes.get(box_idx)).cloned().unwrap_or_else(|| {
            let (secs, hz) = value_at(origin, stage, axis);
            Annotation {
                start_secs: secs,
                end_secs: secs,
                low_hz: Some(hz),
                high_hz: Some(hz),
                label: self.last_label.clone(),
                ..Annotation::default()
            }
        });
        BoxDrag {
            grip,
            box_idx,
            origin,
            now: before.clone(),
            before,
        }
    }

    fn end(
        &mut self,
        drag: BoxDrag,
        clip: usize,
        boxes: &[Annotation],
        (stage, axis): (&Stage, FrequencyAxis),
        actions: &mut Vec<Action>,
    ) {
        let annotation = drag.now.tidy();
        match drag.box_idx {
            Some(box_idx) if annotation != drag.before => actions.push(Action::Box(BoxAction::Change {
                clip,
                box_idx,
                annotation,
                goes_on: false,
            })),
            Some(_) => {}
            None => {
                self.is_armed = false;
                let size = place(stage, axis, &annotation).size();
                if size.min_elem() >= MIN_BOX_POINTS {
                    (self.selected, self.to_name) = (Some(boxes.len()), Some(boxes.len()));
                    actions.push(Action::Box(BoxAction::Add { clip, annotation }));
                }
            }
        }
    }

    /// B draws, Delete removes the selected box, Esc gives up what is going on.
    pub(in crate::ui::browse) fn keys(&mut self, ui: &egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
        let is_elsewhere = egui::Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.top_modal_layer().is_some());
        if is_elsewhere || ui.ctx().text_edit_focused() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::B) {
            self.is_armed = !self.is_armed;
        }
        if let (Some(clip), Some(box_idx)) = (workbench.focus, self.selected)
            && (pressed(Key::Delete) || pressed(Key::Backspace))
        {
            self.selected = None;
            actions.push(Action::Box(BoxAction::Delete { clip, box_idx }));
        }
        let is_busy = self.drag.is_some() || self.is_armed || self.selected.is_some();
        if is_busy && pressed(Key::Escape) {
            if self.drag.take().is_none() && !std::mem::take(&mut self.is_armed) {
                self.selected = None;
            }
            self.is_armed = false;
        }
    }
}

impl BoxDrag {
    fn follow(&mut self, pointer: Pos2, stage: &Stage, axis: FrequencyAxis) {
        let (from, to) = (value_at(self.origin, stage, axis), value_at(pointer, stage, axis));
        let before = &self.before;
        let (low, high) = (before.low_hz.unwrap_or(0.0), before.high_hz.unwrap_or(stage.top_hz));
        match self.grip {
            Grip::New => {
                (self.now.start_secs, self.now.end_secs) = (from.0.min(to.0), from.0.max(to.0));
                (self.now.low_hz, self.now.high_hz) = (Some(from.1.min(to.1)), Some(from.1.max(to.1)));
            }
            Grip::Middle => {
                let by_secs = (to.0 - from.0).clamp(-before.start_secs, (stage.whole.end - before.end_secs).max(0.0));
                self.now.start_secs = before.start_secs + by_secs;
                self.now.end_secs = before.end_secs + by_secs;
                // An edge that is not there stays away.
                if before.low_hz.is_some() && before.high_hz.is_some() {
                    let by_hz = (to.1 - from.1).clamp(-low, (stage.top_hz - high).max(0.0));
                    (self.now.low_hz, self.now.high_hz) = (Some(low + by_hz), Some(high + by_hz));
                }
            }
            Grip::Edge { time, frequency } => {
                match time {
                    ..0 => self.now.start_secs = to.0.min(before.end_secs),
                    0 => {}
                    1.. => self.now.end_secs = to.0.max(before.start_secs),
                }
                match frequency {
                    ..0 => self.now.low_hz = Some(to.1.min(high)),
                    0 => {}
                    1.. => self.now.high_hz = Some(to.1.max(low)),
                }
            }
        }
    }
}

/// Seconds and Hz at a place, within the clip.
fn value_at(at: Pos2, stage: &Stage, axis: FrequencyAxis) -> (f64, f64) {
    let secs = stage.time.value(at.x).clamp(0.0, stage.whole.end);
    let hz = axis.hz(stage.frequency.value(at.y), stage.top_hz).clamp(0.0, stage.top_hz);
    (secs, hz)
}

/// What of a box lies under the pointer.
fn grip(rect: Rect, at: Pos2) -> Option<Grip> {
    if !rect.expand(GRIP_POINTS).contains(at) {
        return None;
    }
    // Of a narrow box both edges are near: the nearer one is held, and its middle if that is nearer still.
    let side = |low: f32, high: f32, at: f32| {
        let reach = GRIP_POINTS.min((high - low) / 4.0 + 1.0);
        if at <= low + reach {
            -1
        } else if at >= high - reach {
            1
        } else {
            0
        }
    };
    let (time, down) = (side(rect.left(), rect.right(), at.x), side(rect.top(), rect.bottom(), at.y));
    Some(match (time, -down) {
        (0, 0) => Grip::Middle,
        (time, frequency) => Grip::Edge { time, frequency },
    })
}

/// The smallest box under the pointer: one that lies within another can be reached.
fn box_at(stage: &Stage, axis: FrequencyAxis, boxes: &[Annotation], at: Pos2) -> Option<usize> {
    let placed = boxes.iter().map(|annotation| place(stage, axis, annotation));
    let hit = placed
        .enumerate()
        .filter(|(_, rect)| rect.expand(GRIP_POINTS / 2.0).contains(at));
    let smallest = hit.min_by(|(_, a), (_, b)| a.area().total_cmp(&b.area()));
    smallest.map(|(box_idx, _)| box_idx)
}

fn cursor(grip: Grip) -> CursorIcon {
    match grip {
        Grip::New => CursorIcon::Crosshair,
        Grip::Middle => CursorIcon::Move,
        Grip::Edge { frequency: 0, .. } => CursorIcon::ResizeHorizontal,
        Grip::Edge { time: 0, .. } => CursorIcon::ResizeVertical,
        Grip::Edge { time, frequency } if time == frequency => CursorIcon::ResizeNeSw,
        Grip::Edge { .. } => CursorIcon::ResizeNwSe,
    }
}
