//! What the model sees, below the spectrogram: its input, what it redraws and the difference, or the nearest normal clip.

mod pair;
mod tensor;
mod window;

use eframe::egui::{self, Button, Key, Modifiers, Panel};

use self::pair::PairView;
use self::window::WindowView;
use super::picture::PictureView;
use crate::app::{Action, ModelAction, ModelPane, State, Workbench};
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

/// The pictures get this part of the room, between these heights in points.
const PART: f32 = 0.42;
const HEIGHTS: [f32; 2] = [120.0, 320.0];
/// What the picture of the clip needs above, with its name and its tools.
const PICTURE_POINTS: f32 = 310.0;

/// The private look of the panel.
#[derive(Default)]
pub(super) struct ModelPanel {
    window: WindowView,
    pair: PairView,
}

impl ModelPanel {
    /// The switches along the lower edge, and above them what they show; the picture of the clip gets what is left.
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, state: &State, picture: &PictureView, actions: &mut Vec<Action>) {
        let Some(workbench) = state.workbench.as_ref().filter(|workbench| workbench.focus.is_some()) else {
            return;
        };
        keys(ui, workbench, actions);
        Panel::bottom("model switches")
            .frame(egui::Frame::NONE.inner_margin(egui::Margin {
                top: GRID as i8,
                ..egui::Margin::ZERO
            }))
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| switches(ui, workbench, actions));
        let panes = &workbench.model.panes;
        if panes.is_empty() {
            return;
        }
        let room = ui.available_height();
        let height = (room * PART).min(room - PICTURE_POINTS).clamp(HEIGHTS[0], HEIGHTS[1]);
        Panel::bottom("model pictures")
            .frame(egui::Frame::NONE.inner_margin(egui::Margin {
                top: (GRID / 2.0) as i8,
                ..egui::Margin::ZERO
            }))
            .exact_size(height)
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                if panes.contains(&ModelPane::Nearest) {
                    self.pair.ui(ui, workbench, &state.playback, picture, actions);
                } else {
                    let coloring = picture.coloring();
                    self.window.ui(ui, workbench, (coloring.map, coloring.is_inverted));
                }
            });
    }
}

/// Nothing but the switches, so that none of them moves from under the pointer when it is clicked.
fn switches(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = GRID;
        ui.spacing_mut().button_padding.x = 1.5 * GRID;
        for pane in ModelPane::ALL {
            let is_shown = workbench.model.panes.contains(&pane);
            let button = Button::selectable(is_shown, pane.title()).frame_when_inactive(true);
            if ui.add(button).on_hover_text(hint(pane)).clicked() {
                actions.push(Action::Model(ModelAction::Show {
                    pane,
                    is_shown: !is_shown,
                }));
            }
        }
    });
}

fn hint(pane: ModelPane) -> &'static str {
    match pane {
        ModelPane::Input => "The numbers that the active run is given of the window at the playhead, exactly",
        ModelPane::Reconstruction => "What an autoencoder makes of them",
        ModelPane::Difference => "Input less reconstruction: where the error lies",
        ModelPane::Nearest => "The normal training clip that the active run finds most like this one, to be heard in turns (X)",
    }
}

/// X changes over between the two sounds.
fn keys(ui: &egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let is_shown = workbench.model.panes.contains(&ModelPane::Nearest);
    if !is_shown || ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx()) {
        return;
    }
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::X)) {
        let nearest = !workbench.model.hears_nearest;
        actions.push(Action::Model(ModelAction::Hear { nearest }));
    }
}

/// Why there is no picture, in its place.
fn message(ui: &mut egui::Ui, workbench: &Workbench, pane: ModelPane, error: Option<&str>) {
    let palette = theme::palette(ui);
    let (colour, text) = match (error, workbench.model_obstacle(pane)) {
        (Some(error), _) => (palette.error, error.to_owned()),
        (None, Some(obstacle)) => (palette.weak, obstacle),
        (None, None) => (palette.weak, "One moment…".to_owned()),
    };
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 20.0).max(0.0));
        ui.set_max_width((ui.available_width() - 8.0 * GRID).clamp(80.0, 420.0));
        widgets::message(ui, colour, &text);
    });
}
