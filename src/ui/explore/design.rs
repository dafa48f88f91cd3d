//! The selected design: what it is worth, what it costs, what it misses, how it is built, and where it can go.

use eframe::egui::{self, DragValue, Grid, RichText, Role, ScrollArea, Sense, Shape, Stroke, WidgetInfo, pos2, vec2};

use super::detail::Detail;
use super::status::remark;
use super::table::is_chance;
use super::{layers, numbers, separation};
use crate::app::{Action, DesignQuantity, ExplorationView, Workbench, state_title};
use crate::exploration::TrialState;
use crate::pipeline::{Exploration, JudgedBy, TrialReport};
use crate::ui::theme;
use crate::ui::widgets::{heading, labelled_button, menu_button, message};

/// The private look of the panel.
pub(super) struct DesignView {
    /// What "Train longer" adds.
    n_more_epochs: usize,
}

impl Default for DesignView {
    fn default() -> Self {
        Self { n_more_epochs: 30 }
    }
}

impl DesignView {
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        view: &ExplorationView,
        detail: &Detail,
        actions: &mut Vec<Action>,
    ) {
        let trial = &view.exploration.trials[detail.place];
        ui.take_available_width();
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("Design {}", trial.number)).strong().size(16.0));
            let weak = theme::palette(ui).weak;
            ui.colored_label(weak, state_title(trial.state));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let is_pinned = workbench.is_design_pinned(&view.name, trial.number);
                let button = egui::Button::new(if is_pinned { "Pinned" } else { "Pin" }).selected(is_pinned);
                let hint = "Keep it in sight: pinned designs stand side by side (P)";
                if ui.add(button).on_hover_text(hint).clicked() {
                    actions.push(toggle_pin(workbench, view, trial.number));
                }
            });
        });
        ScrollArea::vertical()
            .auto_shrink(false)
            .id_salt("explore_design")
            .show(ui, |ui| {
                verdict(ui, view, trial, detail);
                self.ways_out(ui, view, trial, actions);
                separation::ui(ui, workbench, trial, detail, actions);
                costs(ui, &view.exploration, trial);
                loss(ui, trial);
                layers::ui(ui, &trial.genome);
            });
    }

    /// Train longer, and out of the search.
    fn ways_out(&mut self, ui: &mut egui::Ui, view: &ExplorationView, trial: &TrialReport, actions: &mut Vec<Action>) {
        // A design that was cut has weights too; one in training has none that stay.
        let can_keep = matches!(trial.state, TrialState::Done | TrialState::Cut) && trial.auc().is_some();
        let keep = |n_more_epochs| Action::KeepDesign {
            exploration: view.name.clone(),
            trial: trial.number,
            n_more_epochs,
        };
        ui.horizontal_wrapped(|ui| {
            let hint = if can_keep {
                "Make a run of it: a column on the screen Compare, and an entry on Train from where it is exported"
            } else {
                "Only a design that was trained can be kept"
            };
            if labelled_button(ui, can_keep, "Send to Compare", hint).clicked() {
                actions.push(keep(0));
            }
            ui.add_enabled_ui(can_keep, |ui| {
                menu_button(ui, "Train longer…", |ui| {
                    ui.horizontal(|ui| {
                        ui.name_inputs("More epochs", |ui| {
                            ui.add(
                                DragValue::new(&mut self.n_more_epochs)
                                    .range(1..=1_000)
                                    .suffix(" more epochs"),
                            )
                        });
                        if ui.button("Train on").clicked() {
                            actions.push(keep(self.n_more_epochs));
                            ui.close();
                        }
                    });
                    remark(ui, "Goes on from its weights and keeps the result as a run");
                });
            });
        });
    }
}

/// Pins a design, or takes the pin away.
pub(super) fn toggle_pin(workbench: &Workbench, view: &ExplorationView, number: usize) -> Action {
    Action::PinDesign {
        exploration: view.name.clone(),
        trial: number,
        is_pinned: !workbench.is_design_pinned(&view.name, number),
    }
}

/// What the design is worth, in words.
fn verdict(ui: &mut egui::Ui, view: &ExplorationView, trial: &TrialReport, detail: &Detail) {
    let palette = theme::palette(ui);
    if let Some(error) = &trial.error {
        message(ui, palette.error, error);
    }
    let Some(auc) = trial.auc() else {
        let text = match trial.state {
            TrialState::Failed => "It has no AUC",
            _ => "Not judged yet: its first epochs are being trained",
        };
        message(ui, palette.weak, text);
        return;
    };
    let limit = detail.separation.as_ref().map(|separation| separation.chance_limit);
    let interval = detail
        .auc
        .map_or(String::new(), |auc| format!(" [{:.2}–{:.2}]", auc.low, auc.high));
    let (text, colour) = if is_chance(Some(auc), limit) {
        (format!("AUC {auc:.3}{interval}: no better than chance"), palette.error)
    } else {
        (format!("AUC {auc:.3}{interval}{}", against_reference(view, auc)), palette.ink)
    };
    ui.add(egui::Label::new(RichText::new(text).color(colour).strong()).wrap());
    let n_epochs = trial.epochs();
    let judged = match view.exploration.settings.judged_by {
        JudgedBy::SyntheticAnomalies => "by faults put into held-out normal clips, not by real ones",
        JudgedBy::LabelledHalf => "by the half of the labels that steers the search: report on the other half",
    };
    remark(ui, format!("Judged after {n_epochs} epochs {judged}."));
    if let (true, Some(limit)) = (is_chance(Some(auc), limit), limit) {
        let text = format!("On so few clips a net that knows nothing stays below {limit:.3} only 39 times in 40.");
        remark(ui, text);
    }
}

fn against_reference(view: &ExplorationView, auc: f64) -> String {
    let Some(reference) = &view.exploration.reference else {
        return String::new();
    };
    let points = 100.0 * (auc - reference.auc);
    let times = reference.n_parameters;
    match points {
        near if near.abs() < 0.05 => format!(", as CAE-MCS with {} parameters", numbers::short(times as f64)),
        above if above > 0.0 => format!(", {above:.1} points above CAE-MCS"),
        below => format!(", {:.1} points below CAE-MCS", -below),
    }
}

/// The loss on held-out normal clips over the epochs, as a small curve.
fn loss(ui: &mut egui::Ui, trial: &TrialReport) {
    let finite = || trial.curve.iter().copied().filter(|loss| loss.is_finite());
    let (low, high) = (
        finite().fold(f64::INFINITY, f64::min),
        finite().fold(f64::NEG_INFINITY, f64::max),
    );
    if trial.curve.len() < 2 || low >= high {
        return;
    }
    heading(ui, "Held-out loss");
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 48.0), Sense::hover());
    let last = trial.curve.last().copied().unwrap_or_default();
    let text = format!(
        "Loss on held-out normal clips over {} epochs, last {}",
        trial.curve.len(),
        numbers::three_digits(last)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, text.clone()));
    ui.painter().rect_filled(rect, 2.0, palette.canvas);
    let plot = rect.shrink(5.0);
    let steps = (trial.curve.len() - 1) as f32;
    let points = trial
        .curve
        .iter()
        .enumerate()
        .filter(|(_, loss)| loss.is_finite())
        .map(|(epoch, loss)| {
            let height = ((loss - low) / (high - low)) as f32;
            pos2(
                plot.left() + plot.width() * epoch as f32 / steps,
                plot.bottom() - plot.height() * height,
            )
        });
    ui.painter()
        .add(Shape::line(points.collect(), Stroke::new(1.5, palette.accent)));
    response.on_hover_text(text);
}

fn costs(ui: &mut egui::Ui, exploration: &Exploration, trial: &TrialReport) {
    heading(ui, "Figures");
    let accuracy = exploration.settings.search.accuracy;
    let weak = theme::palette(ui).weak;
    Grid::new("explore_costs")
        .num_columns(2)
        .min_row_height(18.0)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            let mut row = |name: &str, value: String, hint: &str| {
                ui.label(RichText::new(name).color(weak)).on_hover_text(hint);
                ui.monospace(value);
                ui.end_row();
            };
            for quantity in DesignQuantity::ALL {
                if quantity == DesignQuantity::Latency {
                    continue;
                }
                row(
                    quantity.title(),
                    numbers::cell(quantity, quantity.of(trial, accuracy)),
                    quantity.definition(),
                );
            }
            let latency = trial.latency_ms.map_or_else(
                || "not measured".to_owned(),
                |(p50, p95)| format!("{} / {}", numbers::three_digits(p50), numbers::three_digits(p95)),
            );
            row("ms p50 / p95", latency, DesignQuantity::Latency.definition());
            if let Some((p50, _)) = trial.latency_ms.filter(|(p50, _)| *p50 > 0.0) {
                // 1e6 operations over 1e-3 s.
                let rate = trial.cost.mflops() / p50;
                let hint = "Operations in a second at that latency: an impossible figure would show itself";
                row("GFLOP/s", numbers::three_digits(rate), hint);
            }
            row("Design", trial.genome.id(), "Stands for this design and no other");
            row("Seed", trial.seed.to_string(), "Its weights started from it");
        });
}
