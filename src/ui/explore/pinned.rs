//! The pinned designs side by side.

use eframe::egui::{self, Grid, RichText, ScrollArea};

use super::detail::Detail;
use super::table::is_chance;
use super::{numbers, separation};
use crate::app::{Action, DesignQuantity, ExplorationView, Workbench, state_title};
use crate::pipeline::TrialReport;
use crate::ui::theme;
use crate::ui::widgets::{count, empty_state};

/// Width of a design's column.
const WIDTH: f32 = 132.0;

/// The private look of the comparison.
#[derive(Default)]
pub(super) struct PinnedView {
    /// Worked out of each pinned design.
    details: Vec<Detail>,
}

impl PinnedView {
    /// Draws the columns; returns the place of the design whose name was clicked.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        view: &ExplorationView,
        selected: usize,
        actions: &mut Vec<Action>,
    ) -> Option<usize> {
        let trials = &view.exploration.trials;
        let pins = workbench.project.design_pins.get(&view.name).into_iter().flatten();
        let places: Vec<usize> = pins
            .filter_map(|number| trials.binary_search_by_key(number, |trial| trial.number).ok())
            .collect();
        if places.is_empty() {
            let text = "Press P on a design, or Pin at the right: pinned designs stand here side by side";
            empty_state(ui, "No design is pinned", text, None);
            return None;
        }
        let mut before = std::mem::take(&mut self.details);
        self.details = places
            .iter()
            .map(|&place| {
                let known = before.iter().position(|detail| detail.place == place);
                Detail::renew(known.map(|at| before.swap_remove(at)), workbench, view, place)
            })
            .collect();
        let mut clicked = None;
        ScrollArea::both()
            .auto_shrink(false)
            .id_salt("explore_pinned")
            .show(ui, |ui| {
                Grid::new("explore_pinned")
                    .min_row_height(18.0)
                    .spacing([14.0, 3.0])
                    .striped(true)
                    .show(ui, |ui| {
                        ui.label("");
                        for &place in &places {
                            clicked = name(ui, view, place, place == selected, actions).or(clicked);
                        }
                        ui.end_row();
                        self.rows(ui, view, &places);
                    });
            });
        clicked
    }

    fn rows(&self, ui: &mut egui::Ui, view: &ExplorationView, places: &[usize]) {
        let weak = theme::palette(ui).weak;
        let trials = &view.exploration.trials;
        let accuracy = view.exploration.settings.search.accuracy;
        ui.colored_label(weak, "Separation");
        for detail in &self.details {
            ui.scope(|ui| {
                ui.set_width(WIDTH);
                match &detail.separation {
                    Some(found) => separation::histogram(ui, found, &detail.bins, 52.0),
                    None => drop(ui.label("–")),
                }
            });
        }
        ui.end_row();
        for quantity in DesignQuantity::ALL {
            ui.colored_label(weak, quantity.title()).on_hover_text(quantity.definition());
            let values: Vec<Option<f64>> = places.iter().map(|&place| quantity.of(&trials[place], accuracy)).collect();
            let best = best_of(quantity, &values);
            for ((value, text), detail) in values
                .iter()
                .zip(values.iter().map(|value| numbers::cell(quantity, *value)))
                .zip(&self.details)
            {
                let limit = detail.separation.as_ref().map(|separation| separation.chance_limit);
                let text = RichText::new(text).monospace();
                // What reads alike is alike.
                let is_best = value.is_some() && best == value.map(|value| numbers::plain(quantity, value)) && places.len() > 1;
                let text = if is_best {
                    text.strong().color(theme::palette(ui).accent)
                } else {
                    text
                };
                if quantity == DesignQuantity::Auc && is_chance(*value, limit) {
                    ui.colored_label(theme::palette(ui).error, text)
                        .on_hover_text("No better than chance");
                } else {
                    ui.label(text);
                }
            }
            ui.end_row();
        }
        ui.colored_label(weak, "Misses");
        for detail in &self.details {
            let text = detail.separation.as_ref().map_or_else(
                || "–".to_owned(),
                |found| format!("{} of {}", count(found.missed.len()), count(found.n_anomalous)),
            );
            ui.monospace(text);
        }
        ui.end_row();
        ui.colored_label(weak, "Built of");
        for &place in places {
            built_of(ui, &trials[place]);
        }
        ui.end_row();
    }
}

/// A design's name and the button that lets it go.
fn name(ui: &mut egui::Ui, view: &ExplorationView, place: usize, is_selected: bool, actions: &mut Vec<Action>) -> Option<usize> {
    let trial = &view.exploration.trials[place];
    ui.horizontal(|ui| {
        ui.set_width(WIDTH);
        let text = RichText::new(format!("Design {}", trial.number)).strong();
        let is_clicked = ui
            .selectable_label(is_selected, text)
            .on_hover_text(state_title(trial.state))
            .clicked();
        if ui.small_button("Unpin").clicked() {
            actions.push(Action::PinDesign {
                exploration: view.name.clone(),
                trial: trial.number,
                is_pinned: false,
            });
        }
        is_clicked.then_some(place)
    })
    .inner
}

fn built_of(ui: &mut egui::Ui, trial: &TrialReport) {
    ui.scope(|ui| {
        ui.set_max_width(WIDTH);
        let weak = theme::palette(ui).weak;
        let text = RichText::new(trial.genome.to_string()).monospace().small().color(weak);
        ui.add(egui::Label::new(text).wrap());
    });
}

/// The best of the values as it is printed.
fn best_of(quantity: DesignQuantity, values: &[Option<f64>]) -> Option<String> {
    let known = values.iter().flatten().copied();
    let best = if quantity.is_cost() {
        known.min_by(f64::total_cmp)
    } else {
        known.max_by(f64::total_cmp)
    };
    best.map(|best| numbers::plain(quantity, best))
}
