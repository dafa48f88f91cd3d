//! The screen Explore: limits first, then watch designs appear, pick one from the front, hear what it misses, keep it.

mod best;
mod column;
mod design;
mod detail;
mod drawn;
mod form;
mod front;
mod layers;
mod numbers;
mod pinned;
mod plots;
mod separation;
mod status;
mod table;

use eframe::egui::{self, Frame, Key, Margin, Modifiers, Panel};

use self::design::DesignView;
use self::detail::Detail;
use self::drawn::{Drawn, Look};
use self::form::Form;
use self::pinned::PinnedView;
use self::status::StatusView;
use super::{offers, widgets};
use crate::app::{Action, ExplorationView, State, Workbench};

const FORM_WIDTH: f32 = 248.0;

/// The search that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Choice {
    /// The one that is under way, else the newest, else the form of a new one.
    #[default]
    Newest,
    New,
    Named(String),
}

/// What stands above the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Tab {
    #[default]
    Front,
    Best,
    Pinned,
}

/// The private look of the screen.
#[derive(Default)]
pub struct ExploreView {
    choice: Choice,
    form: Form,
    status: StatusView,
    tab: Tab,
    look: Look,
    /// Search and number of the design that was clicked last.
    selected: Option<(String, usize)>,
    table: table::TableView,
    design: DesignView,
    pinned: PinnedView,
    drawn: Option<Drawn>,
    detail: Option<Detail>,
}

impl ExploreView {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(workbench) = &state.workbench else { return };
        let shown = self.shown(workbench);
        Panel::left("explore_form")
            .exact_size(FORM_WIDTH)
            .resizable(false)
            .frame(Frame::NONE.inner_margin(Margin {
                right: 8,
                ..Margin::ZERO
            }))
            .show(ui, |ui| self.goal(ui, state, workbench, shown, actions));
        let beside = Frame::NONE.inner_margin(Margin { left: 8, ..Margin::ZERO });
        beside.show(ui, |ui| match shown {
            Some(view) => self.search(ui, workbench, view, actions),
            None => nothing_yet(ui, workbench),
        });
    }

    /// The search that is shown; `None`: the form of a new one.
    fn shown<'a>(&self, workbench: &'a Workbench) -> Option<&'a ExplorationView> {
        let newest = || workbench.searching().or(workbench.explorations.last());
        match &self.choice {
            Choice::Newest => newest(),
            Choice::New => None,
            // One that was deleted.
            Choice::Named(name) => workbench.exploration(name).or_else(newest),
        }
    }

    /// The left column: which search, its limits, and what can be done with it.
    fn goal(
        &mut self,
        ui: &mut egui::Ui,
        state: &State,
        workbench: &Workbench,
        shown: Option<&ExplorationView>,
        actions: &mut Vec<Action>,
    ) {
        if !workbench.explorations.is_empty() {
            self.choose_search(ui, workbench, shown);
        }
        // First, so that the buttons keep their place at the foot.
        Panel::bottom("explore_start").frame(Frame::NONE).show(ui, |ui| {
            let Some(view) = shown else {
                if self.form.start(ui, workbench, actions) {
                    self.choice = Choice::Newest;
                }
                return;
            };
            if self.status.ui(ui, workbench, view, &state.jobs, actions) {
                self.form.take_over(&view.exploration.settings);
                self.choice = Choice::New;
            }
        });
        match shown {
            Some(view) => form::settings_of(ui, &view.exploration.settings),
            None => self.form.ui(ui, workbench),
        }
    }

    fn choose_search(&mut self, ui: &mut egui::Ui, workbench: &Workbench, shown: Option<&ExplorationView>) {
        const NEW: &str = "New search";
        let width = ui.available_width();
        ui.name_inputs("Search", |ui| {
            egui::ComboBox::from_id_salt("explore_search")
                .width(width)
                .truncate()
                .selected_text(shown.map_or(NEW, |view| &view.name))
                .show_ui(ui, |ui| {
                    if ui.selectable_label(shown.is_none(), NEW).clicked() {
                        self.choice = Choice::New;
                    }
                    for view in workbench.explorations.iter().rev() {
                        let is_shown = shown.is_some_and(|shown| shown.name == view.name);
                        if ui.selectable_label(is_shown, &view.name).clicked() {
                            self.choice = Choice::Named(view.name.clone());
                        }
                    }
                });
        });
    }

    /// A search: plot and table, and the design that is selected at the right.
    fn search(&mut self, ui: &mut egui::Ui, workbench: &Workbench, view: &ExplorationView, actions: &mut Vec<Action>) {
        if view.exploration.trials.is_empty() {
            status::before_the_first(ui, view);
            return;
        }
        let drawn = Drawn::renew(self.drawn.take(), view, &self.look);
        let place = self.selected_place(view, &drawn);
        let place = self.keys(ui, workbench, view, &drawn, place, actions);
        let detail = Detail::renew(self.detail.take(), workbench, view, place);
        Panel::right("explore_design")
            .frame(Frame::NONE.inner_margin(Margin {
                left: 12,
                ..Margin::ZERO
            }))
            .default_size(304.0)
            .size_range(264.0..=460.0)
            .show(ui, |ui| self.design.ui(ui, workbench, view, &detail, actions));
        let table_height = (0.42 * ui.available_height()).max(120.0);
        let clicked_row = Panel::bottom("explore_table")
            .frame(Frame::NONE.inner_margin(Margin { top: 6, ..Margin::ZERO }))
            .default_size(table_height)
            .size_range(100.0..=600.0)
            .show(ui, |ui| self.table.ui(ui, workbench, view, &drawn, &mut self.look, place))
            .inner;
        let clicked_mark = self.upper(ui, workbench, view, &drawn, place, actions);
        if let Some(clicked) = clicked_row.or(clicked_mark) {
            self.select(view, clicked);
        }
        self.drawn = Some(drawn);
        self.detail = Some(detail);
    }

    /// The plots above the table; returns the place of the design that was clicked.
    fn upper(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        view: &ExplorationView,
        drawn: &Drawn,
        place: usize,
        actions: &mut Vec<Action>,
    ) -> Option<usize> {
        let n_pinned = workbench.project.design_pins.get(&view.name).map_or(0, |pins| pins.len());
        match self.tab {
            Tab::Front => offers::offer_main(ui, ui.max_rect(), || front::recipe(view, &self.look)),
            Tab::Best => offers::offer_main(ui, ui.max_rect(), || best::recipe(view)),
            Tab::Pinned => {}
        }
        let pinned_title = format!("Pinned ({n_pinned})");
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for (tab, title, hint) in [
                (Tab::Front, "Trade-off", "One quantity of the designs against another"),
                (Tab::Best, "Best so far", "How the best NetScore has grown"),
                (Tab::Pinned, pinned_title.as_str(), "The pinned designs side by side"),
            ] {
                ui.selectable_value(&mut self.tab, tab, title).on_hover_text(hint);
            }
            match self.tab {
                Tab::Front => front::save(ui, workbench, view, &self.look),
                Tab::Best => best::tools(ui, view),
                Tab::Pinned => {}
            }
        });
        match self.tab {
            Tab::Front => {
                front::tools(ui, &mut self.look);
                front::ui(ui, workbench, view, drawn, &self.look, place)
            }
            Tab::Best => best::ui(ui, view, drawn),
            Tab::Pinned => self.pinned.ui(ui, workbench, view, place, actions),
        }
    }

    fn select(&mut self, view: &ExplorationView, place: usize) {
        self.selected = Some((view.name.clone(), view.exploration.trials[place].number));
    }

    /// The design that was clicked, else the best.
    fn selected_place(&self, view: &ExplorationView, drawn: &Drawn) -> usize {
        let trials = &view.exploration.trials;
        let clicked = self.selected.as_ref().filter(|(name, _)| *name == view.name);
        let clicked = clicked.and_then(|(_, number)| trials.binary_search_by_key(number, |trial| trial.number).ok());
        clicked.unwrap_or(drawn.best_known)
    }

    /// `P` pins, the arrows go through the rows of the table; returns the design that is selected now.
    fn keys(
        &mut self,
        ui: &egui::Ui,
        workbench: &Workbench,
        view: &ExplorationView,
        drawn: &Drawn,
        place: usize,
        actions: &mut Vec<Action>,
    ) -> usize {
        if ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx()) {
            return place;
        }
        let n_presses = |key: Key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as isize;
        if n_presses(Key::P) > 0 {
            actions.push(design::toggle_pin(workbench, view, view.exploration.trials[place].number));
        }
        // Arrows belong to a control that has the focus.
        if ui.ctx().memory(|memory| memory.focused().is_some()) {
            return place;
        }
        let n_rows = n_presses(Key::ArrowDown) - n_presses(Key::ArrowUp);
        let here = drawn.rows.iter().position(|&row| row == place);
        match (n_rows, drawn.rows.is_empty()) {
            (0, _) | (_, true) => place,
            _ => {
                let row = here.map_or(0, |row| row.saturating_add_signed(n_rows).min(drawn.rows.len() - 1));
                self.select(view, drawn.rows[row]);
                drawn.rows[row]
            }
        }
    }
}

/// Before any search.
fn nothing_yet(ui: &mut egui::Ui, workbench: &Workbench) {
    if form::machines(&workbench.dataset).is_empty() {
        let text = "Designs are trained on normal training clips, and this data set has none: label some clips as normal in Browse, \
                    or open a folder with a training split";
        widgets::empty_state(ui, "Nothing to search with", text, None);
        return;
    }
    let text = "Set the limits at the left and start: each design appears here as a point as soon as it is judged, \
                and you can browse meanwhile";
    widgets::empty_state(ui, "No search yet", text, None);
}
