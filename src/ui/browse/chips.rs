//! A chip for each property of clips: plain where it asks for nothing, filled with what it asks for and a cross to take it away.

use std::collections::BTreeSet;

use eframe::egui::{self, DragValue, PopupCloseBehavior, RichText, ScrollArea};

use super::filter_bar::thousands;
use crate::app::{Action, ClipFilter, Facet, FacetCounts, Workbench};
use crate::ui::theme;
use crate::ui::widgets::{self, Icon};

/// A menu of more values scrolls.
const MENU_POINTS: f32 = 320.0;
/// Values that a chip names; more are counted.
const MAX_NAMED: usize = 2;

/// The scope, the properties that tell clips apart, the score.
pub(super) fn chips(ui: &mut egui::Ui, workbench: &Workbench, filter: &mut ClipFilter, actions: &mut Vec<Action>) {
    scope(ui, workbench, actions);
    let facets = &workbench.list.facets;
    // What all clips have in common is no choice.
    let tells = |counts: &&FacetCounts| counts.values.len() > 1 || filter.chosen(&counts.facet).is_some();
    let plain = facets.iter().filter(tells).filter(|counts| !is_attribute(&counts.facet));
    for counts in plain.collect::<Vec<_>>() {
        property(ui, counts, filter);
    }
    let attributes: Vec<&FacetCounts> = facets.iter().filter(|counts| is_attribute(&counts.facet)).collect();
    all_attributes(ui, &attributes, filter);
    percentiles(ui, workbench, filter);
}

fn is_attribute(facet: &Facet) -> bool {
    matches!(facet, Facet::Attribute(_))
}

/// The machine and section that are chosen above: what they hide is hidden here too.
fn scope(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let scope = &workbench.scope;
    let words: Vec<&str> = [&scope.machine, &scope.section]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if words.is_empty() {
        return;
    }
    let text = format!("scope: {}", words.join(" "));
    ui.add(egui::Label::new(RichText::new(text).color(theme::palette(ui).accent)).selectable(false))
        .on_hover_text("Chosen in the bar above, for all screens");
    if remove(ui, "scope") {
        actions.push(Action::SetScope {
            machine: None,
            section: None,
        });
    }
}

fn property(ui: &mut egui::Ui, counts: &FacetCounts, filter: &mut ClipFilter) {
    let facet = &counts.facet;
    let (text, is_on) = match filter.chosen(facet) {
        None => (capitalised(facet.title()), false),
        Some(chosen) => (listed(chosen, facet), true),
    };
    let chip = widgets::menu_button_that(ui, text, is_on, PopupCloseBehavior::CloseOnClickOutside, |ui| {
        values(ui, counts, filter);
    });
    chip.accessible_name(format!("Filter by {}", facet.title()));
    if is_on && remove(ui, facet.title()) {
        filter.values.remove(facet);
    }
}

/// All working conditions in one chip, so that data sets with many of them leave room for the table; each that is asked for has its
/// own.
fn all_attributes(ui: &mut egui::Ui, attributes: &[&FacetCounts], filter: &mut ClipFilter) {
    for counts in attributes {
        let Some(chosen) = filter.chosen(&counts.facet) else {
            continue;
        };
        let values: Vec<&str> = chosen.iter().map(String::as_str).collect();
        let title = counts.facet.title();
        let text = RichText::new(format!("{title}={}", values.join(", "))).color(theme::palette(ui).accent);
        ui.add(egui::Label::new(text).selectable(false));
        if remove(ui, title) {
            filter.values.remove(&counts.facet);
        }
    }
    let telling: Vec<&FacetCounts> = attributes.iter().copied().filter(|counts| counts.values.len() > 1).collect();
    if telling.is_empty() {
        return;
    }
    let chip = widgets::menu_button_that(ui, "Attribute", false, PopupCloseBehavior::CloseOnClickOutside, |ui| {
        ScrollArea::vertical().max_height(MENU_POINTS).show(ui, |ui| {
            for counts in &telling {
                ui.label(RichText::new(counts.facet.title()).strong());
                check_boxes(ui, counts, filter);
            }
        });
    });
    chip.accessible_name("Filter by attribute");
}

fn values(ui: &mut egui::Ui, counts: &FacetCounts, filter: &mut ClipFilter) {
    ScrollArea::vertical()
        .max_height(MENU_POINTS)
        .show(ui, |ui| check_boxes(ui, counts, filter));
}

fn check_boxes(ui: &mut egui::Ui, counts: &FacetCounts, filter: &mut ClipFilter) {
    for (value, n_clips) in &counts.values {
        let mut is_on = filter.is_chosen(&counts.facet, value);
        let text = format!("{value} ({})", thousands(*n_clips));
        let text = RichText::new(text);
        // It may be asked for all the same, together with others.
        let text = if *n_clips == 0 { text.weak() } else { text };
        if ui.checkbox(&mut is_on, text).changed() {
            filter.toggle(&counts.facet, value);
        }
    }
}

fn percentiles(ui: &mut egui::Ui, workbench: &Workbench, filter: &mut ClipFilter) {
    if filter.percentiles.is_none() && workbench.scores.iter().all(Option::is_none) {
        return;
    }
    let text = match filter.percentiles {
        None => "Score".to_owned(),
        Some([from, to]) => format!("score {from:.0}\u{2013}{to:.0}"),
    };
    let is_on = filter.percentiles.is_some();
    let chip = widgets::menu_button_that(ui, text, is_on, PopupCloseBehavior::CloseOnClickOutside, |ui| {
        let [mut from, mut to] = filter.percentiles.unwrap_or([0.0, 100.0]);
        ui.label("Percentile of normal clips");
        ui.horizontal(|ui| {
            let lower = DragValue::new(&mut from).range(0.0..=to).speed(0.5).max_decimals(1);
            let mut is_changed = ui.add(lower).accessible_name("Lowest percentile").changed();
            ui.label("to");
            let upper = DragValue::new(&mut to).range(from..=100.0).speed(0.5).max_decimals(1);
            is_changed |= ui.add(upper).accessible_name("Highest percentile").changed();
            if is_changed {
                filter.percentiles = Some([from, to]);
            }
        });
        ui.horizontal(|ui| {
            for (from, name) in [(50.0, "from 50"), (90.0, "from 90"), (99.0, "from 99")] {
                if ui.button(name).clicked() {
                    filter.percentiles = Some([from, 100.0]);
                }
            }
        });
    });
    chip.accessible_name("Filter by score");
    if is_on && remove(ui, "score") {
        filter.percentiles = None;
    }
}

/// The cross that takes a chip's wish away.
fn remove(ui: &mut egui::Ui, title: &str) -> bool {
    let name = format!("Remove the filter by {title}");
    widgets::icon_button(ui, true, Icon::Close, &name, "Show these clips too").clicked()
}

/// `fan, pump`; `3 machines`.
fn listed(chosen: &BTreeSet<String>, facet: &Facet) -> String {
    if chosen.len() > MAX_NAMED {
        return format!("{} {}s", chosen.len(), facet.title());
    }
    let values: Vec<&str> = chosen.iter().map(String::as_str).collect();
    match facet {
        // A bare number says nothing.
        Facet::Section => format!("section {}", values.join(", ")),
        _ => values.join(", "),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
