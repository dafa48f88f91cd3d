//! Where the line is drawn, by which rule, and what it makes of the labelled test clips – each error a link that plays it.

use eframe::egui::{self, Align, ComboBox, Layout, RichText, vec2};

use super::roc::number;
use crate::app::{Action, Decisions, ThresholdBasis, Workbench, decisions};
use crate::dataset::MachineSection;
use crate::evaluation::{ThresholdRule, percentile};
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

/// Of the table of decisions.
const NAME_WIDTH: f32 = 88.0;
const CELL_WIDTHS: [f32; 3] = [50.0, 66.0, 44.0];
const ROW_HEIGHT: f32 = 18.0;

pub(super) fn ui(
    ui: &mut egui::Ui,
    workbench: &Workbench,
    group: &MachineSection,
    threshold: Option<f64>,
    actions: &mut Vec<Action>,
) {
    rule(ui, workbench, group, threshold, actions);
    let Some(threshold) = threshold else {
        widgets::message(
            ui,
            theme::palette(ui).weak,
            "No threshold: there are no scores of normal training clips",
        );
        return;
    };
    let result = workbench.detector_result(group);
    let share = result.and_then(|result| percentile(threshold, &result.normal_scores));
    let share = share.map_or(String::new(), |share| format!("  above {share:.0} % of normals"));
    ui.label(RichText::new(format!("{}{share}", number(threshold))).monospace());
    basis(ui, workbench, group);
    let Some(decisions) = decisions(workbench, group, threshold) else {
        return;
    };
    let n_labelled =
        decisions.caught.len() + decisions.missed.len() + decisions.false_alarms.len() + decisions.correct_normals.len();
    if n_labelled == 0 {
        widgets::message(
            ui,
            theme::palette(ui).weak,
            "No labelled test clips: nothing to hold the decisions against",
        );
        return;
    }
    ui.add_space(GRID);
    counts(ui, &decisions);
    ui.add_space(GRID);
    ui.horizontal(|ui| {
        links(
            ui,
            "missed",
            "Called normal, labelled anomalous; the lowest score first",
            &decisions.missed,
            actions,
        );
        links(
            ui,
            "false alarms",
            "Called anomalous, labelled normal; the highest score first",
            &decisions.false_alarms,
            actions,
        );
    });
}

/// The rule of the threshold and the way back to the default.
fn rule(ui: &mut egui::Ui, workbench: &Workbench, group: &MachineSection, threshold: Option<f64>, actions: &mut Vec<Action>) {
    let rule = workbench.threshold_rule(group);
    ui.horizontal(|ui| {
        ui.label(RichText::new("Threshold").strong());
        let mut chosen = None;
        ui.name_inputs(format!("Threshold rule of {group}"), |ui| {
            ComboBox::from_id_salt("threshold_rule")
                .width(104.0)
                .selected_text(title(rule))
                .show_ui(ui, |ui| {
                    let manual = threshold.map(ThresholdRule::Manual);
                    for option in [Some(ThresholdRule::Gamma(0.9)), Some(ThresholdRule::Quantile(0.95)), manual]
                        .into_iter()
                        .flatten()
                    {
                        let is_on = std::mem::discriminant(&option) == std::mem::discriminant(&rule);
                        if ui
                            .selectable_label(is_on, title(option))
                            .on_hover_text(meaning(option, workbench.threshold_basis(group)))
                            .clicked()
                        {
                            chosen = Some(option);
                        }
                    }
                });
        });
        let is_default = rule == ThresholdRule::default();
        if widgets::labelled_button(ui, !is_default, "Reset", "Back to the gamma rule").clicked() {
            chosen = Some(ThresholdRule::default());
        }
        if let Some(rule) = chosen {
            let group = group.clone();
            actions.push(Action::SetThreshold { group, rule });
        }
    });
}

fn title(rule: ThresholdRule) -> String {
    match rule {
        ThresholdRule::Gamma(quantile) => format!("gamma {quantile:.2}"),
        ThresholdRule::Quantile(quantile) => format!("quantile {quantile:.2}"),
        ThresholdRule::Manual(_) => "manual".to_owned(),
    }
}

fn meaning(rule: ThresholdRule, basis: Option<ThresholdBasis>) -> String {
    let scores = basis.map_or_else(|| "scores of normal clips".to_owned(), |basis| basis.to_string());
    match rule {
        ThresholdRule::Gamma(_) => format!("Quantile of a gamma distribution fitted to {scores}. No anomaly is needed"),
        ThresholdRule::Quantile(_) => format!("Quantile of the {scores}"),
        ThresholdRule::Manual(_) => "Where you leave the line".to_owned(),
    }
}

/// What the line rests on, where that is not the training clips of a front end that learns nothing.
fn basis(ui: &mut egui::Ui, workbench: &Workbench, group: &MachineSection) {
    let is_by_hand = matches!(workbench.threshold_rule(group), ThresholdRule::Manual(_));
    let Some(basis) = workbench.threshold_basis(group).filter(|_| !is_by_hand) else {
        return;
    };
    let text = match basis {
        ThresholdBasis::AllClips => return,
        ThresholdBasis::HeldOut(n) => format!("from {n} clips held out from training"),
        ThresholdBasis::TrainedOn(_) => "from clips the network learned: rather low".to_owned(),
    };
    let weak = theme::palette(ui).weak;
    ui.label(RichText::new(text).color(weak))
        .on_hover_text(format!("The threshold comes from {basis}"));
}

/// The table of decisions against labels, with the rates that follow.
fn counts(ui: &mut egui::Ui, decisions: &Decisions) {
    let palette = theme::palette(ui);
    let (alarm_rate, hit_rate) = (decisions.false_positive_rate(), decisions.true_positive_rate());
    let rows = [
        (
            "is normal",
            &decisions.correct_normals,
            &decisions.false_alarms,
            alarm_rate,
            palette.normal,
        ),
        (
            "is anomalous",
            &decisions.missed,
            &decisions.caught,
            hit_rate,
            palette.anomalous,
        ),
    ];
    let line = |ui: &mut egui::Ui, name: RichText, cells: [RichText; 3]| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let layout = Layout::left_to_right(Align::Center);
            ui.allocate_ui_with_layout(vec2(NAME_WIDTH, ROW_HEIGHT), layout, |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.label(name);
            });
            let layout = Layout::right_to_left(Align::Center);
            for (text, width) in cells.into_iter().zip(CELL_WIDTHS) {
                ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT), layout, |ui| ui.label(text));
            }
        });
    };
    ui.spacing_mut().item_spacing.y = 0.0;
    let heading = |text: &str| RichText::new(text).small().color(palette.weak);
    line(ui, heading("called"), ["normal", "anomalous", "rate"].map(heading));
    for (name, normal, anomalous, rate, color) in rows {
        let rate = rate.map_or("–".to_owned(), |rate| format!("{rate:.2}"));
        let cells = [normal.len().to_string(), anomalous.len().to_string(), rate];
        line(
            ui,
            RichText::new(name).color(color),
            cells.map(|text| RichText::new(text).monospace()),
        );
    }
    let show = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
    let text = format!(
        "precision {}  recall {}  F1 {}",
        show(decisions.precision()),
        show(hit_rate),
        show(decisions.f1())
    );
    ui.label(RichText::new(text).small().color(palette.weak));
}

/// Selects the clips of one kind of error and plays the gravest.
fn links(ui: &mut egui::Ui, kind: &str, hint: &str, clips: &[usize], actions: &mut Vec<Action>) {
    let Some(&gravest) = clips.first() else {
        ui.weak(format!("no {kind}"));
        return;
    };
    if ui.link(format!("Play {} {kind}", clips.len())).on_hover_text(hint).clicked() {
        actions.push(Action::Select(clips.to_vec()));
        actions.push(Action::Focus(gravest));
        actions.push(Action::PlayFrom(0.0));
    }
}
