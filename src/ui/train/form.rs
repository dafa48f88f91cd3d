//! What to train, on what, and how; what it will take; and the button that starts it.

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::{self, Checkbox, CollapsingHeader, ComboBox, DragValue, Key, Margin, Modifiers, Panel, RichText, ScrollArea};

use super::outliernet::Design;
use super::{conditions, mobileanonet};
use crate::app::{Action, Workbench, estimate_secs};
use crate::dataset::{ClipEntry, Dataset, Label, Split};
use crate::extractors::{ConditionHead, DeviceChoice, LossChoice, Recipe, TrainingConfig, condition_heads};
use crate::project::RunRecipe;
use crate::ui::theme;
use crate::ui::widgets::{count, duration, field, heading, message, primary_button};

/// The settings as the person left them.
pub(super) struct Form {
    config: TrainingConfig,
    /// As it is being typed.
    design: Design,
    /// Machines that are not trained on: kept as what is left out, so that a new data set starts with all.
    left_out: BTreeSet<String>,
    counted: Option<Counted>,
}

/// What a data set offers to train on; kept, because counting 14,000 clips takes longer than a frame.
struct Counted {
    dataset: Arc<Dataset>,
    machines: Vec<MachineClips>,
    conditions: Vec<ConditionHead>,
}

impl Counted {
    fn new(dataset: &Arc<Dataset>) -> Self {
        let clips = dataset.clips.iter().filter(|clip| is_trained_on(clip));
        Self {
            dataset: Arc::clone(dataset),
            machines: count_training_clips(dataset),
            conditions: condition_heads(clips.map(|clip| (&clip.group, clip.attributes.as_slice()))),
        }
    }
}

/// The normal training clips of one machine.
#[derive(Debug, Clone, PartialEq)]
struct MachineClips {
    machine: String,
    n_clips: usize,
    total_secs: f64,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            config: TrainingConfig::published(Recipe::PooledLogMel),
            design: Design::default(),
            left_out: BTreeSet::new(),
            counted: None,
        }
    }
}

impl Form {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, workbench: &Workbench, n_runs: usize, actions: &mut Vec<Action>) {
        let dataset = &workbench.dataset;
        let counted = match self.counted.take() {
            Some(counted) if Arc::ptr_eq(&counted.dataset, dataset) => counted,
            _ => Counted::new(dataset),
        };
        let taken: Vec<MachineClips> = counted
            .machines
            .iter()
            .filter(|clips| !self.left_out.contains(&clips.machine))
            .cloned()
            .collect();
        let n_clips = taken.iter().map(|clips| clips.n_clips).sum();
        let conditions: Vec<&ConditionHead> = counted
            .conditions
            .iter()
            .filter(|head| !self.left_out.contains(&head.group.machine))
            .collect();
        // First, so that the button keeps its place at the foot.
        Panel::bottom("start").frame(egui::Frame::NONE).show(ui, |ui| {
            let obstacle = self.obstacle(&conditions);
            self.start(ui, &taken, counted.machines.len(), obstacle, n_runs, actions);
        });
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.scope(|ui| self.recipes(ui, n_clips));
            ui.scope(|ui| self.data(ui, &counted.machines));
            if self.config.recipe == Recipe::MobileAnoNet && self.config.mobileanonet.loss != LossChoice::Machine {
                ui.scope(|ui| conditions::ui(ui, &conditions));
            }
            if self.config.recipe.is_trained() {
                self.settings(ui, n_clips);
            }
        });
        self.counted = Some(counted);
    }

    /// Why these settings cannot be trained by, and what to do.
    fn obstacle(&self, conditions: &[&ConditionHead]) -> Option<&'static str> {
        let config = &self.config;
        let needs_conditions = config.recipe == Recipe::MobileAnoNet && config.mobileanonet.loss == LossChoice::Condition;
        if needs_conditions && conditions.is_empty() {
            Some("No working condition to learn: choose another loss, or more machines")
        } else if config.recipe == Recipe::OutlierNet && self.design.is_unfinished() {
            Some("Finish the design, or go back to the published settings")
        } else {
            None
        }
    }

    /// The published settings of a recipe, with what a person chose that is no part of them.
    fn published(&self, recipe: Recipe, n_clips: usize) -> TrainingConfig {
        TrainingConfig {
            seed: self.config.seed,
            device: self.config.device,
            ..TrainingConfig::published_for(recipe, n_clips)
        }
    }

    fn recipes(&mut self, ui: &mut egui::Ui, n_clips: usize) {
        heading(ui, "Recipe");
        ui.spacing_mut().item_spacing.y = 0.0;
        let (recommended, others): (Vec<Recipe>, Vec<Recipe>) =
            Recipe::ALL.into_iter().partition(|recipe| recipe.is_recommended());
        for recipe in recommended {
            self.recipe_choice(ui, recipe, n_clips);
        }
        if others.is_empty() {
            return;
        }
        // A choice that is made is never out of sight.
        let is_open = others.contains(&self.config.recipe).then_some(true);
        CollapsingHeader::new(format!("{} more recipes", others.len()))
            .id_salt("more recipes")
            .open(is_open)
            .show(ui, |ui| {
                for recipe in others {
                    self.recipe_choice(ui, recipe, n_clips);
                }
            });
    }

    fn recipe_choice(&mut self, ui: &mut egui::Ui, recipe: Recipe, n_clips: usize) {
        let is_chosen = self.config.recipe == recipe;
        if ui.radio(is_chosen, recipe.title()).clicked() && !is_chosen {
            self.config = self.published(recipe, n_clips);
            self.design = Design::default();
        }
        let beside_the_circle = Margin {
            left: 18,
            bottom: 4,
            ..Margin::ZERO
        };
        egui::Frame::NONE.inner_margin(beside_the_circle).show(ui, |ui| {
            let weak = theme::palette(ui).weak;
            let text = RichText::new(recipe.description()).small().color(weak);
            ui.add(egui::Label::new(text).wrap());
        });
    }

    fn data(&mut self, ui: &mut egui::Ui, machines: &[MachineClips]) {
        heading(ui, "Machines");
        ui.spacing_mut().item_spacing.y = 2.0;
        for MachineClips { machine, n_clips, .. } in machines {
            let mut is_taken = !self.left_out.contains(machine);
            ui.horizontal(|ui| {
                let changed = ui.add(Checkbox::new(&mut is_taken, machine)).changed();
                let weak = theme::palette(ui).weak;
                ui.label(
                    RichText::new(format!("{} normal training clips", count(*n_clips)))
                        .small()
                        .color(weak),
                );
                if changed && is_taken {
                    self.left_out.remove(machine);
                } else if changed {
                    self.left_out.insert(machine.clone());
                }
            });
        }
    }

    fn settings(&mut self, ui: &mut egui::Ui, n_clips: usize) {
        heading(ui, "Training");
        let published = self.published(self.config.recipe, n_clips);
        let config = &mut self.config;
        field(ui, "Epochs", |ui| {
            ui.add(DragValue::new(&mut config.n_epochs).speed(1.0).range(1..=10_000))
        });
        field(ui, "Batch size", |ui| {
            ui.add(DragValue::new(&mut config.batch_size).speed(1.0).range(1..=65_536))
        });
        if config.recipe == Recipe::MobileAnoNet {
            field(ui, "Segments a clip", |ui| {
                ui.add(DragValue::new(&mut config.segments_per_clip).speed(1.0).range(1..=1_000))
            });
        }
        field(ui, "Learning rate", |ui| {
            let value = DragValue::new(&mut config.learning_rate).range(1e-7..=1.0).speed(1e-5);
            ui.add(
                value
                    .custom_formatter(|rate, _| format!("{rate:e}"))
                    .custom_parser(|text| text.trim().parse().ok()),
            )
        });
        field(ui, "Seed", |ui| ui.add(DragValue::new(&mut config.seed).speed(1.0)));
        field(ui, "Device", |ui| {
            ComboBox::from_id_salt("device")
                .width(160.0)
                .selected_text(device_title(config.device))
                .show_ui(ui, |ui| {
                    for &device in DeviceChoice::available() {
                        ui.selectable_value(&mut config.device, device, device_title(device));
                    }
                });
        });
        if config.recipe == Recipe::MobileAnoNet {
            mobileanonet::ui(ui, &mut config.mobileanonet);
        }
        if config.recipe == Recipe::OutlierNet {
            self.design.ui(ui, &mut config.genome);
        }
        let is_published = *config == published && !self.design.is_unfinished();
        let hint = "Back to the settings of the paper or baseline";
        if !is_published && ui.button("Published settings").on_hover_text(hint).clicked() {
            *config = published;
            self.design = Design::default();
        }
    }

    fn start(
        &self,
        ui: &mut egui::Ui,
        taken: &[MachineClips],
        n_machines: usize,
        obstacle: Option<&str>,
        n_runs: usize,
        actions: &mut Vec<Action>,
    ) {
        let weak = theme::palette(ui).weak;
        let n_clips: usize = taken.iter().map(|clips| clips.n_clips).sum();
        let total_secs = taken.iter().map(|clips| clips.total_secs).sum();
        ui.add_space(theme::GRID);
        if n_clips == 0 {
            message(ui, weak, "Tick a machine that has normal training clips");
        } else if let Some(obstacle) = obstacle {
            message(ui, weak, obstacle);
        } else {
            let secs = estimate_secs(&self.config, n_clips, total_secs);
            let text = format!("About {} for {} clips on four cores", rough(secs), count(n_clips));
            message(ui, weak, &text);
        }
        let text = if self.config.recipe.is_trained() {
            "Start training"
        } else {
            "Compute scores"
        };
        let hint = if n_runs == 0 {
            "Start it in the background (Ctrl+Enter)"
        } else {
            "Start another run in the background (Ctrl+Enter)"
        };
        let can_start = n_clips > 0 && obstacle.is_none();
        let is_pressed = primary_button(ui, can_start, text, hint).clicked();
        let is_typed = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        if can_start && (is_pressed || is_typed) {
            actions.push(Action::Train(self.recipe(taken, n_machines)));
        }
        ui.add_space(theme::GRID);
    }

    fn recipe(&self, taken: &[MachineClips], n_machines: usize) -> RunRecipe {
        // Empty stands for all, so that machines that come later are trained on too.
        let machines = if taken.len() == n_machines {
            Vec::new()
        } else {
            taken.iter().map(|clips| clips.machine.clone()).collect()
        };
        RunRecipe {
            training: self.config.clone(),
            machines,
            sections: Vec::new(),
        }
    }
}

fn device_title(device: DeviceChoice) -> &'static str {
    match device {
        DeviceChoice::Cpu => "Processor",
        DeviceChoice::Ndarray => "Processor (ndarray)",
        DeviceChoice::Gpu => "Graphics card",
    }
}

/// A time rounded to what an estimate is worth: one significant unit.
fn rough(secs: f64) -> String {
    match secs {
        secs if secs < 1.0 => "1 s".to_owned(),
        secs if secs < 60.0 => duration(secs.ceil()),
        secs if secs < 3600.0 => duration((secs / 60.0).round() * 60.0),
        secs => format!("{:.0} h", secs / 3600.0),
    }
}

fn is_trained_on(clip: &ClipEntry) -> bool {
    clip.split == Split::Train && clip.label != Label::Anomalous
}

fn count_training_clips(dataset: &Dataset) -> Vec<MachineClips> {
    let mut machines: Vec<MachineClips> = dataset
        .machines()
        .into_iter()
        .map(|machine| MachineClips {
            machine,
            n_clips: 0,
            total_secs: 0.0,
        })
        .collect();
    for clip in dataset.clips.iter().filter(|clip| is_trained_on(clip)) {
        if let Ok(place) = machines.binary_search_by(|clips| clips.machine.cmp(&clip.group.machine)) {
            machines[place].n_clips += 1;
            machines[place].total_secs += f64::from(clip.duration_secs);
        }
    }
    machines
}
