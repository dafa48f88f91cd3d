//! The screen Welcome: open something, and see what was found before anything is created.

mod preview;
mod start;
mod summary;

use eframe::egui;

use self::preview::PreviewView;
use self::start::StartView;
use super::{theme, widgets};
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
        ui.add_space(theme::GRID);
        ui.separator();
        match &state.preview {
            Some(preview) => self.preview.ui(ui, preview, &state.jobs, actions),
            None => {
                let text = "Machines, sections, labels and unreadable files are shown here before anything is created";
                widgets::empty_state(ui, "What a folder holds", text, None);
            }
        }
    }
}
