//! The menu of a right click on the picture: what can be done at this moment and this frequency.

use eframe::egui::{self, Button, Response};

use super::gestures::zoom_to_stretch;
use super::picture::{PictureView, Stage};
use crate::app::{Action, ListeningAction, Playback};
use crate::ui::plots::{format_hz, format_secs};

/// Frequencies are read to this.
const STEP_HZ: f64 = 0.1;

/// Where the menu was opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    secs: f64,
    /// On the spectrogram.
    hz: Option<f64>,
}

pub(super) fn ui(
    view: &mut PictureView,
    response: &Response,
    stage: &Stage,
    has_frequency: bool,
    playback: &Playback,
    actions: &mut Vec<Action>,
) {
    if response.secondary_clicked()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        view.menu_at = Some(Place {
            secs: stage.secs(pointer.x),
            hz: has_frequency.then(|| stage.hz(view.axis, pointer.y)),
        });
    }
    response.context_menu(|ui| {
        let Some(place) = view.menu_at else { return };
        ui.set_min_width(220.0);
        listening(view, ui, stage, place, playback, actions);
        ui.separator();
        instruments(view, ui, place);
        ui.separator();
        let words = match place.hz {
            Some(hz) => format!("{}, {}", format_secs(place.secs), format_hz(hz, STEP_HZ)),
            None => format_secs(place.secs),
        };
        if ui.button(format!("Copy {words}")).clicked() {
            ui.ctx().copy_text(words);
        }
    });
}

fn listening(
    view: &mut PictureView,
    ui: &mut egui::Ui,
    stage: &Stage,
    place: Place,
    playback: &Playback,
    actions: &mut Vec<Action>,
) {
    if ui.button("Play from here").clicked() {
        actions.push(Action::PlayFrom(place.secs));
    }
    if let Some((start, end)) = playback.loop_span_secs {
        if item(ui, "Loop the stretch", "L").clicked() {
            actions.push(Action::Listening(ListeningAction::Loop(true)));
        }
        if item(ui, "Zoom to the stretch", "Z").clicked() {
            zoom_to_stretch(view, stage.whole, [start, end]);
        }
        if item(ui, "Drop the stretch", "Esc").clicked() {
            actions.push(Action::SetLoop(None));
        }
    }
    if item(ui, "Show the whole clip", "F").clicked() {
        view.reset_zoom(stage.whole);
    }
}

fn instruments(view: &mut PictureView, ui: &mut egui::Ui, place: Place) {
    if item(ui, "Draw a box", "B").clicked() {
        view.boxes.arm();
    }
    if item(ui, "Measure", "M").clicked() {
        view.instruments.is_measuring = true;
    }
    if let Some(hz) = place.hz
        && item(ui, "Lay multiples of this frequency", "H").clicked()
    {
        view.instruments.harmonics.lay(hz);
    }
}

fn item(ui: &mut egui::Ui, text: &str, key: &str) -> Response {
    ui.add(Button::new(text).shortcut_text(key))
}
