//! The screen Compare: which detector finds the faults of which machine, how sure that is, and where to draw the line.

mod axes;
mod badge;
mod choice;
mod columns;
mod decisions;
mod detail;
mod drawn;
mod empty;
mod histogram;
mod lines;
mod matrix;
mod roc;
mod settings;

use std::collections::BTreeSet;

use eframe::egui::{self, Frame, Key, Modifiers, Panel};

use crate::app::{Action, MatrixMetric, Scope, State, Workbench, matrix_table};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation::ThresholdRule;
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::theme::GRID;
use crate::ui::widgets;
use drawn::Drawn;

/// Part of the width for the ROC curves before a person drags their edge.
const ROC_PART: f32 = 0.345;
/// Width beside the modes of the choice that the buttons and the name of the run need together.
const RUN_NAME_FROM: f32 = 560.0;
/// Height of the row with the score histogram before a person drags its edge, and its largest part of the screen's.
const HISTOGRAM_HEIGHT: f32 = 208.0;
const HISTOGRAM_PART: f32 = 0.36;

/// The private look of the screen.
#[derive(Default)]
pub struct CompareView {
    metric: MatrixMetric,
    /// The cell that was clicked last.
    focus: Option<(MachineSection, DetectorKind)>,
    /// The scope when the cell was clicked: another scope lets go of it.
    scope: Scope,
    matrix: matrix::MatrixView,
    choice: choice::ChoiceView,
    detail: detail::DetailView,
    roc: roc::RocView,
    histogram: histogram::HistogramView,
    settings: settings::SettingsView,
    /// What is drawn, until something that it rests on changes.
    drawn: Option<Drawn>,
}

impl CompareView {
    pub fn ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(workbench) = &state.workbench else {
            let text = "Open a folder of recordings to compare detectors on it";
            widgets::empty_state(ui, "No project is open", text, None);
            return;
        };
        let Some(group) = self.current_group(workbench) else {
            empty::ui(ui, state, workbench, actions);
            return;
        };
        let Some(drawn) = Drawn::renew(self.drawn.take(), workbench, self.metric, &group) else {
            empty::ui(ui, state, workbench, actions);
            return;
        };
        let detector = self.current_detector(workbench, &group);
        offers::offer(ui, ui.max_rect(), || recipe(self.metric));
        if keys(ui, workbench, &group, detector, &drawn, actions) {
            self.matrix.toggle(&drawn, &group);
        }
        self.header(ui, workbench, &drawn, &group, actions);
        Panel::right("compare_roc")
            .frame(Frame::NONE.inner_margin(egui::Margin {
                left: 12,
                ..Default::default()
            }))
            .default_size(ROC_PART * ui.available_width())
            .size_range(260.0..=640.0)
            .show(ui, |ui| self.roc.ui(ui, workbench, &drawn, detector, actions));
        Panel::bottom("compare_scores")
            .frame(Frame::NONE.inner_margin(egui::Margin {
                top: 8,
                ..Default::default()
            }))
            .default_size(HISTOGRAM_HEIGHT.min(HISTOGRAM_PART * ui.available_height()))
            .size_range(150.0..=420.0)
            .show(ui, |ui| self.histogram.ui(ui, workbench, &drawn, actions));
        Panel::bottom("compare_detail")
            .frame(Frame::NONE.inner_margin(egui::Margin {
                top: 4,
                ..Default::default()
            }))
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                self.choice.ui(ui, workbench, &drawn, actions);
                self.detail.ui(ui, workbench, &drawn, (&group, detector), actions);
            });
        if let Some(cell) = self.matrix.ui(ui, workbench, &drawn, (&group, detector)) {
            self.scope = workbench.scope.clone();
            self.focus = Some(cell);
        }
        self.drawn = Some(drawn);
    }

    /// The metric, the mode of the choice, the detectors' settings, and how to save the table.
    fn header(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        drawn: &Drawn,
        group: &MachineSection,
        actions: &mut Vec<Action>,
    ) {
        ui.horizontal(|ui| {
            // The tooltip stands on the label: on the box it would take the place of its name.
            ui.label("Metric").on_hover_text(self.metric.definition());
            ui.name_inputs("Metric", |ui| {
                let combo = egui::ComboBox::from_id_salt("compare_metric").selected_text(self.metric.title());
                combo.show_ui(ui, |ui| {
                    for metric in MatrixMetric::ALL {
                        ui.selectable_value(&mut self.metric, metric, metric.title())
                            .on_hover_text(metric.definition());
                    }
                });
            });
            ui.add_space(GRID);
            choice::modes(ui, workbench, drawn, actions);
            // In a narrow window the Runs menu and the Train screen tell it.
            if let Some(run) = workbench
                .project
                .active_run
                .as_ref()
                .filter(|_| ui.available_width() > RUN_NAME_FROM)
            {
                ui.add_space(GRID);
                ui.weak(run);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let others = drawn.matrix.beside.iter().flat_map(|other| &other.columns);
                let columns: BTreeSet<DetectorKind> = drawn.matrix.columns.iter().chain(others).copied().collect();
                let columns: Vec<DetectorKind> = columns.into_iter().collect();
                self.matrix.columns_menu(ui, &columns);
                matrix::runs_menu(ui, workbench, actions);
                let stem = format!("{} {}", workbench.project.name, self.metric.title());
                let table = || matrix_table(workbench, self.metric);
                widgets::save_table_menu(ui, &stem, table, || recipe(self.metric));
                self.settings.ui(ui, workbench, group, actions);
            });
        });
        ui.add_space(GRID);
    }

    /// The section that the curves and the histogram are of; `None` before anything was scored.
    fn current_group(&mut self, workbench: &Workbench) -> Option<MachineSection> {
        let groups = &workbench.comparison.as_ref()?.groups;
        let is_scored = |group: &MachineSection| groups.iter().any(|scored| scored.group == *group);
        if self
            .focus
            .as_ref()
            .is_some_and(|(group, _)| self.scope != workbench.scope || !is_scored(group))
        {
            self.focus = None;
        }
        let clicked = self.focus.as_ref().map(|(group, _)| group.clone());
        let elsewhere = || workbench.current_group().filter(is_scored);
        clicked
            .or_else(elsewhere)
            .or_else(|| groups.first().map(|scored| scored.group.clone()))
    }

    /// The detector that is looked at: the one that was clicked, else the one in use.
    fn current_detector(&self, workbench: &Workbench, group: &MachineSection) -> DetectorKind {
        let clicked = self.focus.as_ref().map(|&(_, detector)| detector);
        clicked.unwrap_or_else(|| workbench.detector(group).0)
    }
}

/// The table, to be drawn again by the report.
fn recipe(metric: MatrixMetric) -> FigureRecipe {
    FigureRecipe::Matrix {
        run: None,
        metric: metric.title().to_owned(),
    }
}

/// `P` pins, `[` and `]` move the threshold by a hundredth of the range of the scores, with Shift by a tenth. Returns whether
/// the row in focus is to be opened or closed (`O`).
fn keys(
    ui: &egui::Ui,
    workbench: &Workbench,
    group: &MachineSection,
    detector: DetectorKind,
    drawn: &Drawn,
    actions: &mut Vec<Action>,
) -> bool {
    if ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx()) {
        return false;
    }
    let is_pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if is_pressed(Key::P) && detail::can_pin(workbench, group, detector) {
        actions.push(detail::toggle_pin(workbench, group, detector));
    }
    let opens = is_pressed(Key::O);
    let steps = f64::from(i8::from(is_pressed(Key::CloseBracket)) - i8::from(is_pressed(Key::OpenBracket)));
    let (Some(threshold), Some([low, high])) = (workbench.threshold(group), drawn.score_range()) else {
        return opens;
    };
    if steps != 0.0 {
        let size = if ui.input(|input| input.modifiers.shift) { 0.1 } else { 0.01 };
        let rule = ThresholdRule::Manual(threshold + steps * size * (high - low));
        let group = group.clone();
        actions.push(Action::SetThreshold { group, rule });
    }
    opens
}
