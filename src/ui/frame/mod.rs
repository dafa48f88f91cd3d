//! What stands round every screen: rail, top bar, inspector, transport, status bar, notices, keys.

use eframe::egui;

use super::browse::BrowseView;
use super::compare::CompareView;
use super::dialogs;
use super::map::MapView;
use super::train::TrainView;
use super::welcome::WelcomeView;
use crate::app::{Action, Screen, State};

/// The private look of the whole window.
#[derive(Default)]
pub struct Frame {
    welcome: WelcomeView,
    browse: BrowseView,
    train: TrainView,
    compare: CompareView,
    map: MapView,
}

impl Frame {
    /// Draws the window and pushes what the person wishes.
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        egui::CentralPanel::default().show(ui, |ui| match state.screen {
            Screen::Welcome => self.welcome.ui(ui, state, actions),
            Screen::Browse => self.browse.ui(ui, state, actions),
            Screen::Train => self.train.ui(ui, state, actions),
            Screen::Compare => self.compare.ui(ui, state, actions),
            Screen::Map => self.map.ui(ui, state, actions),
        });
        dialogs::ui(ui, actions);
    }
}
