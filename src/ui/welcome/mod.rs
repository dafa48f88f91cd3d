//! The screen Welcome: open something, and see what was found before anything is created.

mod preview;
mod start;
mod summary;

use eframe::egui;

use self::preview::PreviewView;
use self::start::StartView;
use super::theme;
use crate::app::{Action, State};

/// The private look of the screen.
#[derive(Default)]
pub struct WelcomeView {
    start: StartView,
    preview: PreviewView,
}

impl WelcomeView {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        self.start.ui(ui, state, actions);
        if let Some(preview) = &state.preview {
            ui.add_space(theme::GRID);
            ui.separator();
            self.preview.ui(ui, preview, &state.jobs, actions);
        }
    }
}
