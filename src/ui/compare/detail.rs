//! All that is known of one cell, the pin, and what the marks of the matrix mean.

use eframe::egui::{self, Grid, RichText};

use super::badge;
use super::drawn::Drawn;
use crate::app::{Action, MatrixMetric, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation::Figure;
use crate::pipeline::LabelUse;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

/// The focused cell in a line with its pin, and the key of the marks.
pub(super) fn ui(
    ui: &mut egui::Ui,
    workbench: &Workbench,
    drawn: &Drawn,
    group: &MachineSection,
    detector: DetectorKind,
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("{group} × {}", detector.title())).strong());
        let is_pinned = workbench.project.pins.get(&group.to_string()) == Some(&detector);
        let (text, hint) = if is_pinned {
            (
                format!("Unpin {}", detector.title()),
                format!("Go back to the fusion that needs no labels for {group} (P)"),
            )
        } else {
            (format!("Pin {}", detector.title()), format!("Use it for {group} (P)"))
        };
        let is_in_use = !is_pinned && workbench.detector(group).0 == detector;
        let hint = if is_in_use {
            format!("{} is in use already, without a look at any label", detector.title())
        } else {
            hint
        };
        if widgets::labelled_button(ui, can_pin(workbench, group, detector), &text, &hint).clicked() {
            actions.push(toggle_pin(workbench, group, detector));
        }
        ui.add_space(GRID);
        match result(workbench, group, detector) {
            Some(Ok(result)) => {
                let figure = drawn.matrix.metric.figure(&result.metrics);
                ui.monospace(interval(figure));
                if let Some(fallback) = &result.fallback {
                    ui.add(egui::Label::new(RichText::new(fallback).color(theme::palette(ui).warning)).truncate());
                }
            }
            Some(Err(error)) => {
                let text = RichText::new(format!("not fitted: {error}")).color(theme::palette(ui).warning);
                ui.add(egui::Label::new(text).truncate());
            }
            None => {}
        }
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0 * GRID;
        for label_use in [LabelUse::None, LabelUse::PersonSawTestLabels, LabelUse::Oracle] {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 12.0), egui::Sense::hover());
            badge::mark(ui.painter(), &theme::palette(ui), rect.center(), label_use);
            ui.add_space(-2.0 * GRID);
            ui.label(small(ui, badge::words(label_use)))
                .on_hover_text(badge::meaning(label_use));
        }
        ui.label(small(ui, "≈ tie with the best"))
            .on_hover_text(tie_meaning(drawn.matrix.metric));
    });
}

fn small(ui: &egui::Ui, text: &str) -> RichText {
    RichText::new(text).small().color(theme::palette(ui).weak)
}

fn tie_meaning(metric: MatrixMetric) -> &'static str {
    if metric == MatrixMetric::Hmean {
        "A paired bootstrap over the same clips cannot tell the two apart"
    } else {
        "The 95 % intervals of the two overlap"
    }
}

/// Whether there is anything to pin or to let go of: a detector that could be fitted, and is not in use by default.
pub(super) fn can_pin(workbench: &Workbench, group: &MachineSection, detector: DetectorKind) -> bool {
    let is_default = workbench.detector(group) == (detector, LabelUse::None);
    !is_default && matches!(result(workbench, group, detector), Some(Ok(_)))
}

/// Pins the detector, or lets go of it where it is pinned.
pub(super) fn toggle_pin(workbench: &Workbench, group: &MachineSection, detector: DetectorKind) -> Action {
    let is_pinned = workbench.project.pins.get(&group.to_string()) == Some(&detector);
    Action::Pin {
        group: group.clone(),
        detector: (!is_pinned).then_some(detector),
    }
}

type FitResult<'a> = Result<&'a crate::pipeline::DetectorResult, &'a String>;

fn result<'a>(workbench: &'a Workbench, group: &MachineSection, detector: DetectorKind) -> Option<FitResult<'a>> {
    let columns = &workbench.comparison.as_ref()?.detectors;
    let column = columns.iter().position(|&other| other == detector)?;
    Some(workbench.group_comparison(group)?.results.get(column)?.as_ref())
}

/// What hovering over a cell shows.
pub(super) fn card(ui: &mut egui::Ui, workbench: &Workbench, drawn: &Drawn, group: &MachineSection, detector: DetectorKind) {
    ui.set_max_width(320.0);
    ui.strong(format!("{} on {group}", detector.title()));
    let result = match result(workbench, group, detector) {
        Some(Ok(result)) => result,
        Some(Err(error)) => {
            widgets::message(ui, theme::palette(ui).warning, &format!("Could not be fitted: {error}"));
            return;
        }
        None => return,
    };
    Grid::new("compare_card")
        .num_columns(2)
        .spacing([16.0, 2.0])
        .min_row_height(0.0)
        .show(ui, |ui| {
            for metric in MatrixMetric::ALL {
                if let Some(figure) = metric.figure(&result.metrics) {
                    ui.label(metric.title());
                    ui.monospace(interval(Some(figure)));
                    ui.end_row();
                }
            }
        });
    let n_anomalies = result.labelled.iter().filter(|clip| clip.is_anomaly).count();
    let n_normals = result.labelled.len() - n_anomalies;
    ui.weak(format!(
        "{n_normals} normal and {n_anomalies} anomalous test clips; 95 % bootstrap intervals"
    ));
    let row = drawn.matrix.rows.iter().find(|row| row.group == *group);
    let column = drawn.matrix.columns.iter().position(|&other| other == detector);
    if let Some((row, column)) = row.zip(column)
        && row.cells.get(column).is_some_and(|cell| cell.is_tie)
        && let Some(best) = row.best
    {
        let best = drawn.matrix.columns[best].title();
        ui.label(format!("Tie with {best}. {}", tie_meaning(drawn.matrix.metric)));
    }
    if let Some(fallback) = &result.fallback {
        widgets::message(ui, theme::palette(ui).warning, fallback);
    }
}

/// `0.713 [0.64–0.78]`
fn interval(figure: Option<Figure>) -> String {
    figure.map_or_else(
        || "–".to_owned(),
        |figure| format!("{:.3} [{:.2}–{:.2}]", figure.value, figure.low, figure.high),
    )
}
