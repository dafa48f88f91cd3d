//! The screen Welcome.

use eframe::egui;

use crate::app::{Action, State};

/// The private look of the screen.
#[derive(Default)]
pub struct WelcomeView {}

impl WelcomeView {
    pub fn ui(&mut self, _ui: &mut egui::Ui, _state: &State, _actions: &mut Vec<Action>) {}
}
