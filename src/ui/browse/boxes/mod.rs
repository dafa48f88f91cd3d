//! Boxes in time and frequency that a person keeps on a clip: drawn over the spectrogram, listed below it.
//!
//! B (or the button) and a drag draws one. The selected box is moved by its middle and stretched by its edges.

mod gestures;
mod list;
mod paint;

use eframe::egui::{Rect, emath::Rangef};

use super::picture::Stage;
use crate::annotations::Annotation;
use crate::app::{LoadedClip, Workbench};
use crate::ui::plots::{FrequencyAxis, Span, format_hz};

pub(super) use list::list;

/// The private look of the boxes.
#[derive(Default)]
pub(super) struct BoxesView {
    /// The next drag over the spectrogram draws a box.
    is_armed: bool,
    /// Of the clip in focus, by its place in the list.
    selected: Option<usize>,
    drag: Option<gestures::BoxDrag>,
    /// A new box has the words of the one before: who marks knocks marks many.
    last_label: String,
    /// The field that is being typed into; its letters are one step.
    typing: Option<(usize, list::Field)>,
    /// The box whose label is to be typed as soon as it is there.
    to_name: Option<usize>,
    clip: Option<usize>,
}

impl BoxesView {
    /// Another clip has boxes of its own; one that was deleted, here or by undo, is not selected any more.
    pub(super) fn follow(&mut self, workbench: &Workbench) {
        if self.clip != workbench.focus {
            *self = Self {
                is_armed: self.is_armed,
                last_label: std::mem::take(&mut self.last_label),
                clip: workbench.focus,
                ..Self::default()
            };
        }
        let n_boxes = workbench.focus.map_or(0, |clip| workbench.boxes(clip).len());
        // One that was drawn in the last frame is there in this one.
        self.selected = self.selected.filter(|&box_idx| box_idx < n_boxes);
    }

    /// The next drag over the spectrogram draws a box.
    pub(super) fn arm(&mut self) {
        self.is_armed = true;
    }

    pub(super) fn paint(
        &self,
        painter: &eframe::egui::Painter,
        stage: &Stage,
        axis: FrequencyAxis,
        loaded: &LoadedClip,
        workbench: &Workbench,
    ) {
        let boxes = workbench.boxes(loaded.clip_idx);
        paint::paint(painter, stage, axis, boxes, self.selected, self.drag.as_ref());
    }
}

/// Where a box lies on the screen; what has no edges in frequency is as high as the picture.
fn place(stage: &Stage, axis: FrequencyAxis, annotation: &Annotation) -> Rect {
    let x = Rangef::new(stage.time.pixel(annotation.start_secs), stage.time.pixel(annotation.end_secs));
    let y_of = |hz: f64| {
        let hz = hz.clamp(axis.bottom_hz(), stage.top_hz);
        stage.frequency.pixel(axis.position(hz, stage.top_hz))
    };
    let top = annotation.high_hz.map_or_else(|| y_of(stage.top_hz), y_of);
    let bottom = annotation.low_hz.map_or_else(|| y_of(0.0), y_of);
    Rect::from_x_y_ranges(x, Rangef::new(top, bottom))
}

/// `1.20–2.30 s, 1.20–3.40 kHz`.
fn extent(annotation: &Annotation) -> String {
    let span = Span::new(annotation.start_secs, annotation.end_secs);
    let time = if span.is_empty() {
        format!("{:.2} s", span.start)
    } else {
        format!("{:.2}\u{2013}{:.2} s", span.start, span.end)
    };
    match (annotation.low_hz, annotation.high_hz) {
        (None, None) => format!("{time}, all frequencies"),
        (None, Some(high)) => format!("{time}, below {}", format_hz(high, 10.0)),
        (Some(low), None) => format!("{time}, above {}", format_hz(low, 10.0)),
        (Some(low), Some(high)) if high < 999.5 => format!("{time}, {low:.0}\u{2013}{high:.0} Hz"),
        (Some(low), Some(high)) => format!("{time}, {:.2}\u{2013}{:.2} kHz", low / 1000.0, high / 1000.0),
    }
}
