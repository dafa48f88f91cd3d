//! What stands round every screen: rail, top bar, inspector, transport, status bar, notices, keys.

mod command_palette;
mod commands;
mod inspector;
mod key_sheet;
mod keys;
mod listening_controls;
mod notices;
mod play_keys;
mod rail;
mod safety;
mod status_bar;
mod top_bar;
mod transport;

use eframe::egui::{self, CentralPanel, Margin, Panel};

use self::command_palette::CommandPalette;
pub use self::keys::key_sheet;
use self::notices::Notices;
use super::browse::BrowseView;
use super::compare::CompareView;
use super::explore::ExploreView;
use super::live::{LiveScreen, left};
use super::map::MapView;
use super::report::ReportScreen;
use super::train::TrainView;
use super::welcome::WelcomeView;
use super::{dialogs, offers, theme, widgets};
use crate::app::{Action, Screen, State, Workbench};

/// Below this width Compare has no room for the inspector.
const COMPARE_WITH_INSPECTOR: f32 = 1150.0;

/// The private look of the whole window.
pub struct Frame {
    welcome: WelcomeView,
    browse: BrowseView,
    live: LiveScreen,
    train: TrainView,
    compare: CompareView,
    map: MapView,
    explore: ExploreView,
    report: ReportScreen,
    notices: Notices,
    shows_inspector: bool,
    shows_keys: bool,
    /// While it is open.
    palette: Option<CommandPalette>,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            welcome: WelcomeView::default(),
            browse: BrowseView::default(),
            live: LiveScreen::default(),
            train: TrainView::default(),
            compare: CompareView::default(),
            map: MapView::default(),
            explore: ExploreView::default(),
            report: ReportScreen::default(),
            notices: Notices::default(),
            shows_inspector: true,
            shows_keys: false,
            palette: None,
        }
    }
}

/// Explore tells of designs and Report of figures where other screens tell of the clip; in a triage the clip fills the screen.
fn has_inspector(state: &State) -> bool {
    let Some(workbench) = &state.workbench else { return false };
    match state.screen {
        Screen::Welcome | Screen::Live | Screen::Explore | Screen::Report => false,
        Screen::Browse => workbench.triage.as_ref().is_none_or(|triage| !triage.is_shown),
        Screen::Train | Screen::Compare | Screen::Map => true,
    }
}

impl Frame {
    /// Draws the window and pushes what the person wishes.
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        // Before any widget: a button that has the focus would take Space for itself.
        keys::read(ui.ctx(), state, self, actions);
        let bar = |side: &egui::Style| egui::Frame::side_top_panel(side).inner_margin(Margin::symmetric(8, 6));
        let style = ui.style().clone();
        Panel::left("rail")
            .exact_size(rail::WIDTH)
            .resizable(false)
            .frame(egui::Frame::side_top_panel(&style).inner_margin(Margin::symmetric(4, 8)))
            .show(ui, |ui| rail::ui(ui, state, actions));
        Panel::top("top bar")
            .frame(bar(&style))
            .show(ui, |ui| top_bar::ui(ui, state, self, actions));
        safety::strip(ui, state, actions);
        Panel::bottom("status bar")
            .frame(egui::Frame::side_top_panel(&style).inner_margin(Margin::symmetric(8, 2)))
            .show(ui, |ui| status_bar::ui(ui, state, actions));
        if let Some(workbench) = &state.workbench {
            Panel::bottom("transport")
                .frame(bar(&style))
                .show(ui, |ui| transport::ui(ui, workbench, state, actions));
            // Compare needs its width more than the inspector does.
            let is_crowded = state.screen == Screen::Compare && ui.available_width() < COMPARE_WITH_INSPECTOR;
            if has_inspector(state) && !is_crowded {
                self.inspector(ui, workbench, actions);
            }
        }
        CentralPanel::default()
            .frame(egui::Frame::central_panel(&style).inner_margin(Margin::same(8)))
            .show(ui, |ui| self.screen(ui, state, actions));
        offers::settle(ui.ctx(), actions);
        self.notices.ui(ui, &state.notices, actions);
        if let Some(recovery) = &state.recovery {
            safety::recovery(ui, recovery, actions);
        }
        dialogs::ui(ui, actions);
        left::ui(ui, state, actions);
        if self.shows_keys {
            self.shows_keys = key_sheet::ui(ui);
        }
        self.command_palette(ui, state, actions);
    }

    fn inspector(&mut self, ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
        Panel::right("inspector")
            .default_size(232.0)
            .size_range(200.0..=360.0)
            .frame(egui::Frame::side_top_panel(ui.style()).inner_margin(Margin::same(8)))
            .show_collapsible(ui, &mut self.shows_inspector, |ui| {
                inspector::ui(ui, workbench, actions);
            });
    }

    fn screen(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        if state.workbench.is_none() && !matches!(state.screen, Screen::Welcome | Screen::Live) {
            let text = "Open a folder of recordings or take the tour: both begin on the screen Welcome";
            if widgets::empty_state(ui, "No project is open", text, Some("Go to Welcome")) {
                actions.push(Action::Show(Screen::Welcome));
            }
            return;
        }
        match state.screen {
            Screen::Welcome => self.welcome.ui(ui, state, actions),
            Screen::Browse => self.browse.ui(ui, state, actions),
            Screen::Live => self.live.ui(ui, state, actions),
            Screen::Train => self.train.ui(ui, state, actions),
            Screen::Compare => self.compare.ui(ui, state, actions),
            Screen::Map => self.map.ui(ui, state, actions),
            Screen::Explore => self.explore.ui(ui, state, actions),
            Screen::Report => self.report.ui(ui, state, actions),
        }
    }
}
