//! The screen Browse: the table of clips beside the picture of the focused one.

mod boxes;
mod cells;
mod channel;
mod chips;
mod color_bar;
mod context_menu;
mod crops;
mod filter_bar;
mod gestures;
mod harmonics;
mod instruments;
mod listening_row;
mod long;
mod measuring;
mod model;
mod overlays;
mod picture;
mod rulers;
mod table;
mod tool_row;
mod triage;

use eframe::egui::{self, Panel};

use self::model::ModelPanel;
use self::picture::PictureView;
use self::table::TableView;
use crate::app::{Action, State};
use crate::ui::plots::Span;
use crate::ui::theme;
use crate::ui::widgets;

/// The private look of the screen.
#[derive(Default)]
pub struct BrowseView {
    table: TableView,
    picture: PictureView,
    model: ModelPanel,
}

impl BrowseView {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(workbench) = &state.workbench else {
            widgets::empty_state(
                ui,
                "No project",
                "Open a folder of recordings or a project on the Welcome screen.",
                None,
            );
            return;
        };
        if let Some(triage) = workbench.triage.as_ref().filter(|triage| triage.is_shown) {
            triage::ui(ui, state, workbench, triage, &mut self.picture, actions);
            return;
        }
        let width = ui.available_width();
        Panel::left("clips")
            .frame(egui::Frame::NONE.inner_margin(egui::Margin {
                right: 2 * theme::GRID as i8,
                ..egui::Margin::ZERO
            }))
            .default_size(width * 0.54)
            .size_range(280.0..=(width - 320.0).max(281.0))
            .show(ui, |ui| self.table.ui(ui, workbench, actions));
        egui::CentralPanel::no_frame()
            .frame(egui::Frame::NONE.inner_margin(egui::Margin {
                left: 2 * theme::GRID as i8,
                ..egui::Margin::ZERO
            }))
            .show(ui, |ui| {
                self.model.ui(ui, state, &self.picture, actions);
                self.picture.ui(ui, state, workbench, actions);
            });
    }

    /// The visible seconds, and the visible part (0 to 1) of the frequency axis.
    pub fn shown(&self) -> (Span, Span) {
        self.picture.shown()
    }

    /// Rows of the table that were drawn in the last frame: only those in sight, however many clips there are.
    pub fn n_drawn_rows(&self) -> usize {
        self.table.n_drawn_rows()
    }
}
