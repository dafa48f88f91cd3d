//! The menus above the matrix: which columns, which runs.

use eframe::egui::{self};

use super::MatrixView;
use crate::app::{Action, RunStatus, Workbench};
use crate::detectors::DetectorKind;
use crate::ui::widgets;

const OF_THE_PAPER: [DetectorKind; 7] = [
    DetectorKind::Knn,
    DetectorKind::Lof,
    DetectorKind::Cos,
    DetectorKind::Maha,
    DetectorKind::SoftCos,
    DetectorKind::SoftMaha,
    DetectorKind::Fusion,
];

impl MatrixView {
    /// The menu that hides and shows columns.
    pub(in crate::ui::compare) fn columns_menu(&mut self, ui: &mut egui::Ui, columns: &[DetectorKind]) {
        let n_shown = columns.iter().filter(|kind| !self.hidden.contains(kind)).count();
        let text = if n_shown == columns.len() {
            "Columns".to_owned()
        } else {
            format!("Columns {n_shown}/{}", columns.len())
        };
        widgets::menu_button(ui, text, |ui| {
            ui.set_min_width(180.0);
            for &kind in columns {
                let mut is_shown = !self.hidden.contains(&kind);
                if ui.checkbox(&mut is_shown, kind.title()).changed() {
                    if is_shown {
                        self.hidden.remove(&kind);
                    } else {
                        self.hidden.insert(kind);
                    }
                }
            }
            ui.separator();
            if ui.button("Show all").clicked() {
                self.hidden.clear();
            }
            if ui.button("The six of the paper and the fusion").clicked() {
                self.hidden = columns.iter().copied().filter(|kind| !OF_THE_PAPER.contains(kind)).collect();
            }
        });
    }
}

/// The menu that puts other finished runs beside the active one; nothing where there is none.
pub(in crate::ui::compare) fn runs_menu(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let active = workbench.project.active_run.as_ref();
    let is_other = |name: &&String| Some(*name) != active && workbench.runs[*name].status == RunStatus::Done;
    let others: Vec<&String> = workbench.runs.keys().filter(is_other).collect();
    if others.is_empty() {
        return;
    }
    widgets::menu_button(ui, "Runs", |ui| {
        ui.set_min_width(180.0);
        ui.weak("Beside the active run");
        for run in others {
            let mut is_shown = workbench.beside.contains_key(run);
            let text = if workbench.beside.get(run).is_some_and(Option::is_none) {
                format!("{run} (being compared)")
            } else {
                run.clone()
            };
            if ui.checkbox(&mut is_shown, text).changed() {
                let run = run.clone();
                actions.push(Action::ShowBeside { run, is_shown });
            }
        }
    });
}
