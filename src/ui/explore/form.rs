//! What to search for: the machine, the limits, what accuracy means; and the button that starts it.

use std::sync::Arc;

use eframe::egui::{self, Checkbox, ComboBox, DragValue, Key, Modifiers, RichText, ScrollArea};

use crate::app::{Action, Workbench, estimate_secs};
use crate::dataset::{Dataset, Label, MachineSection, Split};
use crate::exploration::{Accuracy, SearchConfig};
use crate::extractors::{Recipe, TrainingConfig};
use crate::pipeline::{ExploreSettings, JudgedBy};
use crate::ui::theme;
use crate::ui::widgets::{count, duration, field, heading, message, primary_button};

/// Normal training clips below which none can be held out.
const FEWEST_CLIPS: usize = 4;
/// Labelled test clips of a class below which the AUC on half of them says nothing.
const FEWEST_LABELS: usize = 10;

/// A section and what it has to search with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Machine {
    pub(super) group: MachineSection,
    /// Normal training clips, and their length together.
    pub(super) n_clips: usize,
    total_secs: f64,
    /// Test clips by their label.
    n_normal: usize,
    n_anomalous: usize,
}

/// The sections that have normal training clips.
pub(super) fn machines(dataset: &Dataset) -> Vec<Machine> {
    let mut machines: Vec<Machine> = dataset
        .groups()
        .into_iter()
        .map(|group| Machine {
            group,
            n_clips: 0,
            total_secs: 0.0,
            n_normal: 0,
            n_anomalous: 0,
        })
        .collect();
    for clip in &dataset.clips {
        let Ok(place) = machines.binary_search_by(|machine| machine.group.cmp(&clip.group)) else {
            continue;
        };
        let machine = &mut machines[place];
        match (clip.split, clip.label) {
            (Split::Train, Label::Normal | Label::Unknown) => {
                machine.n_clips += 1;
                machine.total_secs += clip.duration_secs;
            }
            (Split::Train, Label::Anomalous) | (Split::Test, Label::Unknown) => {}
            (Split::Test, Label::Normal) => machine.n_normal += 1,
            (Split::Test, Label::Anomalous) => machine.n_anomalous += 1,
        }
    }
    machines.retain(|machine| machine.n_clips > 0);
    machines
}

/// The settings as the person left them.
pub(super) struct Form {
    settings: ExploreSettings,
    counted: Option<(Arc<Dataset>, Vec<Machine>)>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            settings: ExploreSettings {
                // Of no data set: the first machine takes its place.
                group: MachineSection {
                    machine: String::new(),
                    section: String::new(),
                },
                search: SearchConfig::default(),
                judged_by: JudgedBy::default(),
                with_reference: false,
            },
            counted: None,
        }
    }
}

impl Form {
    /// Begins with the settings of an earlier search.
    pub(super) fn take_over(&mut self, settings: &ExploreSettings) {
        self.settings = settings.clone();
    }

    /// Counts clips anew where the data set is another, and chooses a machine that it has.
    fn renew(&mut self, workbench: &Workbench) {
        let is_same = |(dataset, _): &(Arc<Dataset>, Vec<Machine>)| Arc::ptr_eq(dataset, &workbench.dataset);
        if !self.counted.as_ref().is_some_and(is_same) {
            self.counted = Some((Arc::clone(&workbench.dataset), machines(&workbench.dataset)));
        }
        if self.chosen().is_none() {
            let here = workbench.current_group();
            let machines = self.counted.as_ref().map_or(&[][..], |(_, machines)| machines);
            let group = machines.iter().find(|machine| Some(&machine.group) == here.as_ref());
            if let Some(machine) = group.or(machines.first()) {
                self.settings.group = machine.group.clone();
            }
        }
    }

    fn chosen(&self) -> Option<&Machine> {
        let (_, machines) = self.counted.as_ref()?;
        machines.iter().find(|machine| machine.group == self.settings.group)
    }

    pub(super) fn ui(&mut self, ui: &mut egui::Ui, workbench: &Workbench) {
        self.renew(workbench);
        let chosen = self.chosen().cloned();
        let machines = self.counted.as_ref().map_or(&[][..], |(_, machines)| machines);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            heading(ui, "Goal");
            machine(ui, &mut self.settings.group, machines, chosen.as_ref());
            fields(ui, &mut self.settings, chosen.as_ref());
        });
    }

    /// The button that starts the search; returns whether it was pressed.
    pub(super) fn start(&mut self, ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) -> bool {
        self.renew(workbench);
        let lack = self.lack(workbench);
        ui.add_space(theme::GRID);
        let weak = theme::palette(ui).weak;
        let text = lack.clone().unwrap_or_else(|| {
            let n_epochs = self.settings.search.rungs.last().copied().unwrap_or_default();
            format!(
                "{} designs; the better ones train for {n_epochs} epochs",
                count(self.settings.search.n_trials)
            )
        });
        message(ui, weak, &text);
        let hint = "Search in the background (Ctrl+Enter)";
        let is_pressed = primary_button(ui, lack.is_none(), "Start search", hint).clicked();
        let is_typed = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        ui.add_space(theme::GRID);
        let starts = lack.is_none() && (is_pressed || is_typed);
        if starts {
            actions.push(Action::Explore(self.settings.clone()));
        }
        starts
    }

    /// Why the search cannot start.
    fn lack(&self, workbench: &Workbench) -> Option<String> {
        let Some(machine) = self.chosen() else {
            return Some("No machine has normal training clips".to_owned());
        };
        if let Some(other) = workbench.searching() {
            return Some(format!("{} is still searching: wait for it, or stop it", other.name));
        }
        if machine.n_clips < FEWEST_CLIPS {
            return Some(format!(
                "Too few clips: {} has {} normal training clips, a search needs {FEWEST_CLIPS}",
                machine.group, machine.n_clips
            ));
        }
        let fewest = machine.n_normal.min(machine.n_anomalous);
        (self.settings.judged_by == JudgedBy::LabelledHalf && fewest < FEWEST_LABELS).then(|| {
            format!(
                "Too few labels: {} has {} normal and {} anomalous test clips, a half of them needs {FEWEST_LABELS} of each",
                machine.group, machine.n_normal, machine.n_anomalous
            )
        })
    }
}

/// The settings of a search that has begun: to be read only.
pub(super) fn settings_of(ui: &mut egui::Ui, settings: &ExploreSettings) {
    let mut settings = settings.clone();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add_enabled_ui(false, |ui| {
            heading(ui, "Goal");
            field(ui, "Machine", |ui| {
                ui.add(egui::Label::new(settings.group.to_string()).truncate());
            });
            fields(ui, &mut settings, None);
        });
    });
}

fn machine(ui: &mut egui::Ui, group: &mut MachineSection, machines: &[Machine], chosen: Option<&Machine>) {
    field(ui, "Machine", |ui| {
        ComboBox::from_id_salt("explore_machine")
            .width(ui.available_width())
            .truncate()
            .selected_text(chosen.map_or_else(|| "–".to_owned(), |machine| machine.group.to_string()))
            .show_ui(ui, |ui| {
                for machine in machines {
                    ui.selectable_value(group, machine.group.clone(), machine.group.to_string());
                }
            });
    });
    if let Some(machine) = chosen {
        let weak = theme::palette(ui).weak;
        let text = format!("{} normal training clips", count(machine.n_clips));
        ui.label(RichText::new(text).small().color(weak));
    }
}

fn fields(ui: &mut egui::Ui, settings: &mut ExploreSettings, machine: Option<&Machine>) {
    limits(ui, settings);
    accuracy(ui, settings, machine);
    search(ui, &mut settings.search);
}

fn limits(ui: &mut egui::Ui, settings: &mut ExploreSettings) {
    heading(ui, "Limits");
    let limits = &mut settings.search.limits;
    field(ui, "Parameters <", |ui| {
        ui.add(
            DragValue::new(&mut limits.max_parameters)
                .speed(100.0)
                .range(100..=10_000_000)
                .custom_formatter(|value, _| count(value as usize))
                .custom_parser(|text| text.replace(|c: char| c.is_whitespace() || c == ',', "").parse().ok()),
        )
        .on_hover_text("Weights and biases, batch norms folded in");
    });
    let rows: [(&str, &mut Option<f64>, f64, &str, &str); 4] = [
        ("Model", &mut limits.max_kilobytes, 64.0, " KB", "Four bytes a parameter"),
        (
            "Operations",
            &mut limits.max_mflops,
            10.0,
            " MFLOPs",
            "Millions of operations for one window of about a second",
        ),
        (
            "RAM",
            &mut limits.max_peak_kilobytes,
            128.0,
            " KB",
            "Values that are alive at once, at most, as float32",
        ),
        (
            "Latency",
            &mut limits.max_latency_ms,
            1.0,
            " ms",
            "Median for one window on one thread of this computer, measured; slower designs fail",
        ),
    ];
    for (name, limit, usual, unit, hint) in rows {
        optional(ui, name, limit, usual, unit, hint);
    }
    if settings.with_reference {
        let hint = "A design may fall so far below the AUC of the reference: 10 % in the paper";
        field(ui, "AUC ≥ CAE-MCS", |ui| {
            let mut percent = 100.0 * limits.auc_tolerance;
            let value = DragValue::new(&mut percent)
                .max_decimals(1)
                .speed(1.0)
                .range(0.0..=100.0)
                .prefix("− ")
                .suffix(" %");
            if ui.add(value).on_hover_text(hint).changed() {
                limits.auc_tolerance = percent / 100.0;
            }
        });
    }
}

/// A limit that may be left open.
fn optional(ui: &mut egui::Ui, name: &str, limit: &mut Option<f64>, usual: f64, unit: &str, hint: &str) {
    ui.horizontal(|ui| {
        let mut is_set = limit.is_some();
        let size = egui::vec2(112.0, theme::CONTROL_HEIGHT);
        ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_width(112.0);
            let is_changed = ui
                .add(Checkbox::new(&mut is_set, format!("{name} ≤")))
                .on_hover_text(hint)
                .changed();
            if is_changed {
                *limit = is_set.then_some(usual);
            }
        });
        match limit {
            Some(value) => {
                let drag = DragValue::new(value).speed(0.01 * usual).range(0.001..=1e6).suffix(unit);
                ui.name_inputs(name, |ui| ui.add(drag));
            }
            None => {
                ui.label(RichText::new("no limit").small().color(theme::palette(ui).weak));
            }
        }
    });
}

fn accuracy(ui: &mut egui::Ui, settings: &mut ExploreSettings, machine: Option<&Machine>) {
    heading(ui, "Judged by");
    let weak = theme::palette(ui).weak;
    let small = |text: &str| RichText::new(text).small().color(weak);
    for (judged_by, title, text) in [
        (
            JudgedBy::SyntheticAnomalies,
            "Synthetic anomalies",
            "Held-out normal clips against the same clips with faults put in. Needs no label.",
        ),
        (
            JudgedBy::LabelledHalf,
            "Labelled half",
            "One half of the labelled test clips steers the search; report on the other half only.",
        ),
    ] {
        ui.radio_value(&mut settings.judged_by, judged_by, title);
        if settings.judged_by == judged_by {
            ui.indent(title, |ui| ui.add(egui::Label::new(small(text)).wrap()));
        }
    }
    ui.add(Checkbox::new(&mut settings.with_reference, "Train CAE-MCS as reference"))
        .on_hover_text(
            "The network of 4 million parameters that the paper holds its designs against, trained before the first design",
        );
    if let Some(machine) = machine.filter(|_| settings.with_reference) {
        let published = TrainingConfig::published(Recipe::CaeMcs);
        let secs = estimate_secs(&published, machine.n_clips, machine.total_secs);
        let text = format!("May take {} before the first design", duration((secs / 60.0).ceil() * 60.0));
        ui.add(egui::Label::new(small(&text)).wrap());
    }
}

fn search(ui: &mut egui::Ui, search: &mut SearchConfig) {
    heading(ui, "Search");
    field(ui, "Designs", |ui| {
        ui.add(DragValue::new(&mut search.n_trials).speed(1.0).range(1..=10_000))
    });
    field(ui, "Epochs at most", |ui| {
        let mut n_epochs = search.rungs.last().copied().unwrap_or(18);
        let hint = "Of the designs that go all the way; most are cut after a ninth or a third of it";
        let drag = DragValue::new(&mut n_epochs).speed(1.0).range(1..=1_000);
        if ui.add(drag).on_hover_text(hint).changed() {
            search.rungs = rungs(n_epochs);
        }
    });
    field(ui, "Seed", |ui| ui.add(DragValue::new(&mut search.seed).speed(1.0)));
    field(ui, "Performance", |ui| {
        let (auc, above) = ("NetScore, AUC", "NetScore, 2 AUC − 1");
        let title = if search.accuracy == Accuracy::Auc { auc } else { above };
        ComboBox::from_id_salt("explore_accuracy")
            .width(ui.available_width())
            .truncate()
            .selected_text(title)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut search.accuracy, Accuracy::Auc, auc)
                    .on_hover_text("As in the paper: a net that knows nothing still gets half of the points");
                ui.selectable_value(&mut search.accuracy, Accuracy::AboveChance, above)
                    .on_hover_text("A net that knows nothing gets no points");
            });
    });
}

/// A ninth, a third, all of it: each once.
fn rungs(n_epochs: usize) -> Vec<usize> {
    let mut rungs = vec![n_epochs.div_ceil(9), n_epochs.div_ceil(3), n_epochs];
    rungs.dedup();
    rungs
}

#[cfg(test)]
mod tests {
    use super::rungs;

    #[test]
    fn rungs_grow_and_end_with_the_whole_training() {
        assert_eq!(rungs(18), [2, 6, 18]);
        assert_eq!(rungs(2), [1, 2]);
        assert_eq!(rungs(1), [1]);
    }
}
