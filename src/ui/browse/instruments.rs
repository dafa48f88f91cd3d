//! The instruments over the picture, measuring box and harmonic cursor, and the keys of all that is drawn round it.

use eframe::egui::{self, Key, Modifiers};

use super::harmonics::HarmonicCursor;
use crate::app::{Action, PictureLook, Workbench};

/// Which instruments are in the hand.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Instruments {
    /// A plain drag draws a box; with Shift it does so at any time.
    pub(super) is_measuring: bool,
    pub(super) harmonics: HarmonicCursor,
    /// Where the pointer was on the picture in the last frame.
    pub(super) pointer_hz: Option<f64>,
}

/// M and H take an instrument up or put it away, Esc ends measuring; C and G go through colour maps and transform sizes.
pub(super) fn keys(instruments: &mut Instruments, ui: &egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let is_elsewhere = egui::Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.top_modal_layer().is_some());
    if is_elsewhere || ui.ctx().text_edit_focused() {
        return;
    }
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::NONE, Key::M) {
        instruments.is_measuring = !instruments.is_measuring;
    }
    if pressed(Modifiers::NONE, Key::H) {
        instruments.harmonics.toggle(instruments.pointer_hz);
    }
    let has_box = workbench.focus_view.measured.is_some();
    if (has_box || instruments.is_measuring) && pressed(Modifiers::NONE, Key::Escape) {
        instruments.is_measuring = false;
        if has_box {
            actions.push(Action::Measure(None));
        }
    }
    let (settings, look) = (workbench.spectrogram, workbench.look);
    // With Shift first: egui lets a plain key match with Shift held.
    if pressed(Modifiers::SHIFT, Key::G) {
        actions.extend(settings.other_fft(-1).map(Action::SetSpectrogram));
    } else if pressed(Modifiers::NONE, Key::G) {
        actions.extend(settings.other_fft(1).map(Action::SetSpectrogram));
    }
    if pressed(Modifiers::SHIFT, Key::C) {
        let is_inverted = !look.is_inverted;
        actions.push(Action::SetLook(PictureLook { is_inverted, ..look }));
    } else if pressed(Modifiers::NONE, Key::C) {
        let map = look.map.next();
        actions.push(Action::SetLook(PictureLook { map, ..look }));
    }
}
