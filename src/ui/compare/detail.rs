//! All that is known of one cell, the pin, how two detectors stand to each other, and what the marks of the matrix mean.

use eframe::egui::text::LayoutJob;
use eframe::egui::{self, Align, ComboBox, FontSelection, Grid, Label, RichText};

use super::drawn::Drawn;
use super::lines::Line;
use super::{badge, choice};
use crate::app::{Action, MatrixMetric, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation::{Figure, PairedComparison};
use crate::pipeline::{Comparison, LabelUse};
use crate::project::DetectorChoice;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

/// The key of the marks is left to their tooltips in windows lower than this.
const MARKS_FROM: f32 = 600.0;

/// The private look of the panel.
#[derive(Default)]
pub(super) struct DetailView {
    /// The detector that the one in focus is held against; `None`: the one in use, or the best.
    rival: Option<DetectorKind>,
}

impl DetailView {
    /// The focused cell in a line with its pin, the detector that it is held against, and the key of the marks.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        drawn: &Drawn,
        (group, detector): (&MachineSection, DetectorKind),
        actions: &mut Vec<Action>,
    ) {
        cell(ui, workbench, drawn, (group, detector), actions);
        self.versus(ui, workbench, drawn, (group, detector));
        if ui.ctx().content_rect().height() >= MARKS_FROM {
            marks(ui, drawn);
        }
    }

    /// Whether the detector in focus is better than another one, on this section and on all.
    fn versus(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        drawn: &Drawn,
        (group, detector): (&MachineSection, DetectorKind),
    ) {
        let Some(comparison) = workbench.shown_comparison() else {
            return;
        };
        let in_use = workbench.detector(group).0;
        let best = comparison.of(group).and_then(|group| group.oracle);
        // Of those that say something beside the one in focus the first: chosen, in use, best, needing no labels, any.
        let columns = drawn.matrix.columns.iter().copied();
        let rivals = [self.rival, Some(in_use), best, Some(DetectorKind::Fusion)];
        let mut rivals = rivals.into_iter().flatten().chain(columns).filter(|&rival| rival != detector);
        let Some(rival) = rivals.next() else {
            return;
        };
        ui.horizontal_wrapped(|ui| {
            ui.label(small(ui, "against"));
            ui.name_inputs("Held against", |ui| {
                ComboBox::from_id_salt("compare_rival")
                    .width(92.0)
                    .truncate()
                    .selected_text(rival.title())
                    .show_ui(ui, |ui| {
                        for &other in drawn.matrix.columns.iter().filter(|&&other| other != detector) {
                            if ui.selectable_label(other == rival, other.title()).clicked() {
                                self.rival = Some(other);
                            }
                        }
                    });
            });
            let all: Vec<usize> = (0..comparison.groups.len()).collect();
            let here = comparison.groups.iter().position(|found| found.group == *group);
            let here = here.and_then(|here| paired(comparison, &[here], [detector, rival]));
            let everywhere = (all.len() > 1).then(|| paired(comparison, &all, [detector, rival])).flatten();
            for (place, found) in [(None, here), (Some("all"), everywhere)] {
                let Some(found) = found else { continue };
                // What belongs together stays on one line, whatever the width.
                let figure = place.map_or(String::new(), |place| format!("{place} ")) + &difference(found.difference);
                let mut line = LayoutJob::default();
                let parts = [RichText::new(figure + " ").monospace(), small(ui, &verdict(&found))];
                for part in parts {
                    part.append_to(&mut line, ui.style(), FontSelection::Default, Align::Center);
                }
                let response = ui.add(Label::new(line).extend());
                response.on_hover_text(format!(
                    "hmean of {} minus {} on {}, with its 95 % interval from a paired bootstrap over the same clips; beside it the \
                     share of resamples that say so",
                    detector.title(),
                    rival.title(),
                    place.map_or_else(|| group.to_string(), |_| "all sections".to_owned())
                ));
                ui.add_space(GRID);
            }
        });
    }
}

fn paired(comparison: &Comparison, groups: &[usize], [a, b]: [DetectorKind; 2]) -> Option<PairedComparison> {
    let mean = |kind: DetectorKind| comparison.hmean(groups, |_| Some(kind));
    mean(a)?.compare(&mean(b)?)
}

/// `+0.021 [−0.004, +0.046]`
fn difference(figure: Figure) -> String {
    let signed = |value: f64, digits: usize| format!("{value:+.digits$}").replace('-', "−");
    format!(
        "{} [{}, {}]",
        signed(figure.value, 3),
        signed(figure.low, 2),
        signed(figure.high, 2)
    )
}

fn verdict(found: &PairedComparison) -> String {
    if found.is_tie {
        return "tie".to_owned();
    }
    let (word, share) = if found.difference.value > 0.0 {
        ("better", found.probability_a_beats_b)
    } else {
        ("worse", 1.0 - found.probability_a_beats_b)
    };
    format!("{word} ({:.0} %)", 100.0 * share)
}

fn cell(
    ui: &mut egui::Ui,
    workbench: &Workbench,
    drawn: &Drawn,
    (group, detector): (&MachineSection, DetectorKind),
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("{group} × {}", detector.title())).strong());
        let is_fixed = workbench.project.choice == DetectorChoice::Fixed;
        let is_pinned = is_fixed && workbench.project.pins.get(&group.to_string()) == Some(&detector);
        let (text, hint) = if is_pinned {
            (
                format!("Unpin {}", detector.title()),
                format!("Go back to the fusion that needs no labels for {group} (P)"),
            )
        } else {
            (format!("Pin {}", detector.title()), format!("Use it for {group} (P)"))
        };
        let is_in_use = is_fixed && !is_pinned && workbench.detector(group).0 == detector;
        let hint = match (is_fixed, is_in_use) {
            (false, _) => format!(
                "Labels choose now: switch to {} to pin one",
                choice::title(DetectorChoice::Fixed)
            ),
            (true, true) => format!("{} is in use already, without a look at any label", detector.title()),
            (true, false) => hint,
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
}

/// The key of the marks.
fn marks(ui: &mut egui::Ui, drawn: &Drawn) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0 * GRID;
        for label_use in [
            LabelUse::None,
            LabelUse::PersonSawTestLabels,
            LabelUse::OtherHalf,
            LabelUse::Oracle,
        ] {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 12.0), egui::Sense::hover());
            badge::mark(ui.painter(), &theme::palette(ui), rect.center(), label_use);
            ui.add_space(-2.0 * GRID);
            ui.label(small(ui, badge::short(label_use))).on_hover_text(format!(
                "{}: {}",
                badge::words(label_use),
                badge::meaning(label_use)
            ));
        }
        ui.label(small(ui, "≈ tie with the best"))
            .on_hover_text(tie_meaning(drawn.matrix.metric));
        ui.label(small(ui, "folded corner: fell back or not fitted"))
            .on_hover_text("The detector could not do what was asked on this data; the words are on the cell");
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
    let is_fixed = workbench.project.choice == DetectorChoice::Fixed;
    is_fixed && !is_default && matches!(result(workbench, group, detector), Some(Ok(_)))
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
    Some(workbench.shown_group(group)?.results.get(column)?.as_ref())
}

/// What hovering over a cell shows.
pub(super) fn card(ui: &mut egui::Ui, workbench: &Workbench, drawn: &Drawn, line: &Line<'_>, detector: DetectorKind) {
    ui.set_max_width(340.0);
    ui.strong(format!("{} on {}", detector.title(), line.subject));
    let column = drawn.matrix.columns.iter().position(|&other| other == detector);
    let Some(cell) = column.and_then(|column| line.row.cells.get(column)) else {
        return;
    };
    let sections = sections_of(drawn, line);
    if let [only] = sections.as_slice() {
        section_card(ui, workbench, only, detector);
    } else if let Some(value) = cell.value {
        ui.monospace(match cell.interval {
            Some([low, high]) => interval(Some(Figure { value, low, high })),
            None => format!("{value:.3}"),
        });
        ui.weak(format!(
            "{}: harmonic mean over {} sections",
            drawn.matrix.metric.title(),
            sections.len()
        ));
        // One section's card says it itself.
        for group in &sections {
            trouble(ui, workbench, group, detector);
        }
    } else {
        for group in &sections {
            trouble(ui, workbench, group, detector);
        }
    }
    if cell.is_tie
        && let Some(best) = line.row.best
    {
        let best = drawn.matrix.columns[best].title();
        let metric = if line.is_part {
            MatrixMetric::Auc
        } else {
            drawn.matrix.metric
        };
        ui.label(format!("Tie with {best}. {}", tie_meaning(metric)));
    }
}

/// The sections that a line is made of.
fn sections_of(drawn: &Drawn, line: &Line<'_>) -> Vec<MachineSection> {
    let machine = drawn.matrix.machines.iter().find(|machine| machine.row.name == line.subject);
    match machine {
        Some(machine) if line.depth == 0 => machine.sections.iter().map(|section| section.row.group.clone()).collect(),
        _ => vec![line.row.group.clone()],
    }
}

/// What the detector could not do on a section, in words.
fn trouble(ui: &mut egui::Ui, workbench: &Workbench, group: &MachineSection, detector: DetectorKind) {
    let text = match result(workbench, group, detector) {
        Some(Ok(result)) => result.fallback.as_ref().map(|words| format!("{group} fell back: {words}")),
        Some(Err(error)) => Some(format!("{group}: could not be fitted: {error}")),
        None => None,
    };
    if let Some(text) = text {
        widgets::message(ui, theme::palette(ui).warning, &text);
    }
}

fn section_card(ui: &mut egui::Ui, workbench: &Workbench, group: &MachineSection, detector: DetectorKind) {
    if let Some(Ok(result)) = result(workbench, group, detector) {
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
    }
    trouble(ui, workbench, group, detector);
}

/// `0.713 [0.64–0.78]`
fn interval(figure: Option<Figure>) -> String {
    figure.map_or_else(
        || "–".to_owned(),
        |figure| format!("{:.3} [{:.2}–{:.2}]", figure.value, figure.low, figure.high),
    )
}
