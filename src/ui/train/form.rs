//! What to train, on what, and how; what it will take; and the button that starts it.

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::{self, Checkbox, CollapsingHeader, DragValue, Key, Margin, Modifiers, Panel, RichText, ScrollArea};

use super::inputs::{choice, choice_of, count, number};
use super::outliernet::Design;
use super::{conditions, mobileanonet};
use crate::app::{Action, Workbench, estimate_secs};
use crate::audio::ChannelChoice;
use crate::dataset::{ClipEntry, Dataset, Label, Split};
use crate::extractors::{ConditionHead, DeviceChoice, LossChoice, Recipe, TrainingConfig, condition_heads};
use crate::project::RunRecipe;
use crate::ui::widgets::{
    self, channel_choices, channel_name, channel_title, duration, field, heading, menu_button, message, primary_button,
};
use crate::ui::{dialogs, theme};

/// The settings as the person left them.
pub(super) struct Form {
    config: TrainingConfig,
    /// As it is being typed.
    design: Design,
    /// Machines that are not trained on: kept as what is left out, so that a new data set starts with all.
    left_out: BTreeSet<String>,
    /// The machine in scope when the choice was made: another scope makes another choice.
    scope: Option<String>,
    counted: Option<Counted>,
}

/// What a data set offers to train on; kept, because counting 14,000 clips takes longer than a frame.
struct Counted {
    dataset: Arc<Dataset>,
    machines: Vec<MachineClips>,
    conditions: Vec<ConditionHead>,
    /// Of the recording with the most.
    n_channels: u16,
}

impl Counted {
    fn new(dataset: &Arc<Dataset>) -> Self {
        let clips = dataset.clips.iter().filter(|clip| is_trained_on(clip));
        Self {
            dataset: Arc::clone(dataset),
            machines: count_training_clips(dataset),
            n_channels: dataset.clips.iter().map(|clip| clip.n_channels).max().unwrap_or(1),
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
            scope: None,
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
        self.follow_scope(workbench);
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
            if counted.n_channels > 1 {
                ui.scope(|ui| self.channel(ui, dataset.channel, counted.n_channels));
            }
            if self.config.recipe == Recipe::MobileAnoNet && self.config.mobileanonet.loss != LossChoice::Machine {
                ui.scope(|ui| conditions::ui(ui, &conditions));
            }
            if self.config.recipe != Recipe::PooledLogMel {
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
            channel: self.config.channel,
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

    /// Whoever looks at one machine means to train on it.
    fn follow_scope(&mut self, workbench: &Workbench) {
        let in_scope = &workbench.scope.machine;
        if *in_scope == self.scope {
            return;
        }
        self.scope.clone_from(in_scope);
        let is_left_out = |machine: &&String| in_scope.as_ref().is_some_and(|in_scope| in_scope != *machine);
        self.left_out = workbench.machines.iter().filter(is_left_out).cloned().collect();
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
                    RichText::new(format!("{} normal training clips", widgets::count(*n_clips)))
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

    /// Recordings with several channels: the one that Browse plays, unless a person wants to know what another hears.
    fn channel(&mut self, ui: &mut egui::Ui, shown: ChannelChoice, n_channels: u16) {
        let choices: Vec<Option<ChannelChoice>> = [None].into_iter().chain(channel_choices(n_channels).map(Some)).collect();
        ui.add_space(theme::GRID);
        choice_of(ui, "Channel", &mut self.config.channel, &choices, |channel| match channel {
            None => format!("As in Browse ({})", channel_name(shown)),
            Some(channel) => channel_title(channel, n_channels),
        });
    }

    fn settings(&mut self, ui: &mut egui::Ui, n_clips: usize) {
        heading(
            ui,
            if self.config.recipe.is_trained() {
                "Training"
            } else {
                "Settings"
            },
        );
        let published = self.published(self.config.recipe, n_clips);
        let config = &mut self.config;
        if config.recipe.is_trained() {
            count(ui, "Epochs", &mut config.n_epochs, 10_000, "", "");
            count(ui, "Batch size", &mut config.batch_size, 65_536, "", "");
        }
        if config.recipe == Recipe::MobileAnoNet {
            let hint = "Random segments of each clip that an epoch learns from";
            count(ui, "Segments a clip", &mut config.segments_per_clip, 1_000, "", hint);
        }
        if matches!(config.recipe, Recipe::CaeMcs | Recipe::OutlierNet) {
            let hint = "From the start of one window that is learned from to that of the next; 32 for none in common";
            count(ui, "Training hop", &mut config.window_hop, 100_000, "frames", hint);
        }
        if has_segment_hop(config.recipe) {
            let hint = "From the start of one segment of a clip that is scored to that of the next: 1 is finest and slowest";
            count(ui, "Scoring hop", &mut config.segment_hop, 100_000, "frames", hint);
        }
        if config.recipe == Recipe::GwrpGmm {
            let hint = "Weight of a frame over that of the next louder one: 1 pools to the mean, 0 to the loudest frame";
            let value = number(ui, "Ranking decay", &mut config.ranking_decay, 0.0..=1.0, 0.001);
            value.on_hover_text(hint).accessible_name("Ranking decay");
        }
        if config.recipe.is_trained() {
            number(ui, "Learning rate", &mut config.learning_rate, 1e-7..=1.0, 1e-5);
            field(ui, "Seed", |ui| ui.add(DragValue::new(&mut config.seed).speed(1.0)));
            choice(ui, "Device", &mut config.device, DeviceChoice::available(), device_title);
        }
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
            let text = format!("About {} for {} clips on four cores", rough(secs), widgets::count(n_clips));
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
        let buttons = ui.horizontal(|ui| {
            let is_pressed = primary_button(ui, can_start, text, hint).clicked();
            load_menu(ui);
            is_pressed
        });
        let is_pressed = buttons.inner;
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

/// Whether clips are scored by segments that may lie closer or further apart.
fn has_segment_hop(recipe: Recipe) -> bool {
    matches!(
        recipe,
        Recipe::MobileAnoNet | Recipe::MobileNetV2 | Recipe::CaeMcs | Recipe::OutlierNet
    )
}

/// `Load weights…`: a model that was trained elsewhere becomes a run.
fn load_menu(ui: &mut egui::Ui) {
    menu_button(ui, "Load weights…", |ui| {
        if ui.button("A run's folder").clicked() {
            ui.close();
            dialogs::pick_folder(ui.ctx(), "Load the run in this folder", Action::LoadWeights);
        }
        let hint = "A .safetensors file with recipe.json, or the .json file of its own name, beside it";
        if ui.button("A file of weights").on_hover_text(hint).clicked() {
            ui.close();
            dialogs::pick_file(ui.ctx(), "Load these weights (.safetensors)", Action::LoadWeights);
        }
    });
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
            machines[place].total_secs += clip.duration_secs;
        }
    }
    machines
}
