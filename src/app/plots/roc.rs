//! The ROC curves of all detectors on one section.

use super::decisions;
use crate::app::Workbench;
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation::{PAUC_MAX_FPR, roc_curve};
use crate::figures::{RocFigure, RocSeries};
use crate::pipeline::DetectorResult;

/// ROC curves of all detectors on one section, best AUC first; `None` without labelled test clips.
pub fn roc_figure(workbench: &Workbench, group: &MachineSection) -> Option<RocFigure> {
    roc_figure_with(workbench, group, true)
}

/// The same, with the intervals of the AUC or without.
pub fn roc_figure_with(workbench: &Workbench, group: &MachineSection, shows_intervals: bool) -> Option<RocFigure> {
    let (in_use, _) = workbench.detector(group);
    let curves: Vec<RocSeries> = ranked(workbench, group)
        .into_iter()
        .map(|result| series(workbench, group, result, (result.detector == in_use, shows_intervals)))
        .collect();
    (!curves.is_empty()).then(|| RocFigure {
        title: format!("{group}: ROC"),
        curves,
        pauc_max_fpr: PAUC_MAX_FPR,
    })
}

/// The detectors of the curves of [`roc_figure`], in the same order.
pub fn roc_detectors(workbench: &Workbench, group: &MachineSection) -> Vec<DetectorKind> {
    ranked(workbench, group).iter().map(|result| result.detector).collect()
}

/// The results with an AUC, the largest first.
fn ranked<'a>(workbench: &'a Workbench, group: &MachineSection) -> Vec<&'a DetectorResult> {
    let results = workbench.shown_group(group).map_or(&[][..], |comparison| &comparison.results);
    let auc = |result: &DetectorResult| result.metrics.auc.map(|figure| figure.value);
    let mut ranked: Vec<_> = results.iter().flatten().filter(|result| auc(result).is_some()).collect();
    ranked.sort_by(|a, b| auc(b).unwrap_or(0.0).total_cmp(&auc(a).unwrap_or(0.0)));
    ranked
}

fn series(
    workbench: &Workbench,
    group: &MachineSection,
    result: &DetectorResult,
    (is_in_use, shows_intervals): (bool, bool),
) -> RocSeries {
    let curve = roc_curve(&result.labelled);
    let points = curve.steps.iter();
    let rates = workbench
        .threshold(group)
        .filter(|_| is_in_use)
        .and_then(|threshold| decisions(workbench, group, threshold));
    RocSeries {
        label: label(result, shows_intervals),
        points: points
            .map(|step| [step.false_positive_rate, step.true_positive_rate, step.threshold])
            .collect(),
        is_emphasised: is_in_use,
        style: DetectorKind::ALL
            .iter()
            .position(|&kind| kind == result.detector)
            .unwrap_or(0),
        operating_point: rates.and_then(|rates| Some([rates.false_positive_rate()?, rates.true_positive_rate()?])),
    }
}

fn label(result: &DetectorResult, shows_intervals: bool) -> String {
    let mut label = result.detector.title().to_owned();
    if let Some(auc) = result.metrics.auc {
        label += &format!("  AUC {:.3}", auc.value);
        if shows_intervals {
            label += &format!(" [{:.2}–{:.2}]", auc.low, auc.high);
        }
    }
    if let Some(pauc) = result.metrics.pauc {
        label += &format!("  pAUC {:.3}", pauc.value);
    }
    label
}
