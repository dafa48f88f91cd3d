//! What a person may set of the detectors, for all machines or for the section that is looked at.

use std::ops::RangeInclusive;

use eframe::egui::{self, DragValue, Grid, Popup, PopupCloseBehavior, RichText};

use crate::app::{Action, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::{Covariance, DetectorConfig, Metric, MixtureScore};
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

/// What the ridge begins with: the published codes add it to the diagonal.
const RIDGE: f64 = 1e-6;
const METRICS: [(Metric, &str, &str); 2] = [
    (Metric::Cosine, "Cosine", "The angle between embeddings"),
    (Metric::Euclidean, "Euclidean", "The distance between embeddings"),
];
const SCORES: [(MixtureScore, &str, &str); 2] = [
    (
        MixtureScore::NearestGaussian,
        "Nearest Gaussian",
        "How improbable the clip is in the Gaussian that suits it best, as published",
    ),
    (
        MixtureScore::Likelihood,
        "Likelihood",
        "How improbable the clip is in all Gaussians by their weights",
    ),
];

/// So much room the name of the button takes, and where the section has settings of its own.
const WHOLE_NAME_FROM: f32 = 150.0;
const OWN_NAME_FROM: f32 = 190.0;

/// The private look of the settings.
#[derive(Default)]
pub(super) struct SettingsView {
    /// Whether those of the section are shown; `None` before a person has chosen.
    is_of_section: Option<bool>,
    /// What is being dragged or typed, and whose it is.
    draft: Option<(Option<MachineSection>, DetectorConfig)>,
}

impl SettingsView {
    /// A button that opens the settings.
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, workbench: &Workbench, group: &MachineSection, actions: &mut Vec<Action>) {
        let is_own = workbench.project.section_detectors.contains_key(&group.to_string());
        let hint = if is_own {
            format!("{group} has detector settings of its own")
        } else {
            "Neighbours, distances, covariances and Gaussians, for all machines or one".to_owned()
        };
        let name = if is_own {
            "Detector settings (own)"
        } else {
            "Detector settings"
        };
        // Beside the menus of a narrow window there is room for one word.
        let (needed, short) = if is_own {
            (OWN_NAME_FROM, "Settings •")
        } else {
            (WHOLE_NAME_FROM, "Settings")
        };
        let text = if ui.available_width() < needed { short } else { name };
        let button = widgets::labelled_button(ui, true, text, &hint).accessible_name(name);
        Popup::menu(&button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| {
                ui.set_min_width(400.0);
                ui.spacing_mut().item_spacing.y = GRID;
                self.content(ui, workbench, group, is_own, actions);
            });
    }

    fn content(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        group: &MachineSection,
        is_own: bool,
        actions: &mut Vec<Action>,
    ) {
        let project = &workbench.project;
        ui.horizontal(|ui| {
            let mut is_of_section = self.is_of_section.unwrap_or(is_own);
            ui.selectable_value(&mut is_of_section, false, "All machines")
                .on_hover_text("Those that have no settings of their own");
            ui.selectable_value(&mut is_of_section, true, format!("Only {group}"));
            if self.is_of_section.unwrap_or(is_own) != is_of_section {
                self.is_of_section = Some(is_of_section);
            }
        });
        let whose = self.is_of_section.unwrap_or(is_own).then(|| group.clone());
        let saved = match &whose {
            Some(group) => *project.detector_settings().of(&group.to_string()),
            None => project.detector,
        };
        let draft = self.draft.take().filter(|(of, _)| *of == whose);
        let mut config = draft.map_or(saved, |(_, config)| config);
        let is_settled = fields(ui, &mut config);
        if config != saved {
            if is_settled {
                actions.push(Action::SetDetectorConfig {
                    group: whose.clone(),
                    config: Some(config),
                });
            } else {
                self.draft = Some((whose.clone(), config));
            }
        }
        ui.separator();
        ui.horizontal(|ui| {
            let (text, hint, is_enabled) = match whose {
                Some(_) => ("Use those of all machines", "Let go of the settings of its own", is_own),
                None => (
                    "Reset to the defaults",
                    "Settings of single machines stay",
                    project.detector != DetectorConfig::default(),
                ),
            };
            if widgets::labelled_button(ui, is_enabled, text, hint).clicked() {
                self.draft = None;
                actions.push(Action::SetDetectorConfig {
                    group: whose,
                    config: None,
                });
            }
        });
        if !project.section_detectors.is_empty() {
            let names: Vec<&str> = project.section_detectors.keys().map(String::as_str).collect();
            let text = format!("With settings of their own: {}", names.join(", "));
            widgets::message(ui, theme::palette(ui).weak, &text);
        }
    }
}

/// All parameters, a row each; returns whether a person has let go of one.
fn fields(ui: &mut egui::Ui, config: &mut DetectorConfig) -> bool {
    let mut is_settled = false;
    Grid::new("compare_settings")
        .num_columns(2)
        .spacing([2.0 * GRID, GRID])
        .show(ui, |ui| {
            is_settled |= number(ui, "KNN neighbours", &mut config.knn_k, 1..=64);
            is_settled |= choice(ui, "KNN distance", &mut config.knn_metric, &METRICS);
            is_settled |= number(ui, "LOF neighbours", &mut config.lof_k, 1..=64);
            is_settled |= covariance(ui, "MAHA covariance", &mut config.covariance);
            is_settled |= number(ui, "Density KNN neighbours", &mut config.density_k, 1..=16);
            is_settled |= number(ui, "GMM Gaussians", &mut config.gmm_components, 1..=16);
            is_settled |= covariance(ui, "GMM covariance", &mut config.gmm_covariance);
            is_settled |= choice(ui, "GMM score", &mut config.gmm_score, &SCORES);
        });
    is_settled
}

fn label(ui: &mut egui::Ui, name: &str) -> egui::Response {
    ui.label(RichText::new(name).color(theme::palette(ui).weak))
}

fn number(ui: &mut egui::Ui, name: &str, value: &mut usize, range: RangeInclusive<usize>) -> bool {
    let label = label(ui, name);
    let response = ui.add(DragValue::new(value).range(range).speed(0.05)).labelled_by(label.id);
    ui.end_row();
    response.drag_stopped() || response.lost_focus()
}

fn choice<T: Copy + PartialEq>(ui: &mut egui::Ui, name: &str, value: &mut T, choices: &[(T, &str, &str)]) -> bool {
    label(ui, name);
    let is_clicked = ui.horizontal(|ui| {
        let mut is_clicked = false;
        for &(choice, text, hint) in choices {
            let response = ui.selectable_value(value, choice, text).on_hover_text(hint);
            is_clicked |= response.accessible_name(format!("{name}: {text}")).clicked();
        }
        is_clicked
    });
    ui.end_row();
    is_clicked.inner
}

fn covariance(ui: &mut egui::Ui, name: &str, value: &mut Covariance) -> bool {
    label(ui, name);
    let is_settled = ui.horizontal(|ui| {
        let ridge = match *value {
            Covariance::Ridge(ridge) => Covariance::Ridge(ridge),
            Covariance::Shrunk => Covariance::Ridge(RIDGE),
        };
        let mut is_settled = false;
        for (choice, text, hint) in [
            (
                Covariance::Shrunk,
                "Shrunk",
                "Towards a round one, as much as the number of clips asks for (Ledoit-Wolf)",
            ),
            (ridge, "Ridge", "As published: a small number added to every variance"),
        ] {
            let response = ui.selectable_value(value, choice, text).on_hover_text(hint);
            is_settled |= response.accessible_name(format!("{name}: {text}")).clicked();
        }
        if let Covariance::Ridge(ridge) = value {
            let speed = 0.05 * *ridge;
            let drag = DragValue::new(ridge)
                .range(1e-12..=1e3)
                .speed(speed)
                .custom_formatter(|value, _| format!("{value:.1e}"))
                .custom_parser(|text| text.trim().parse().ok());
            let response = ui
                .add(drag)
                .on_hover_text("The ridge")
                .accessible_name(format!("{name}: size of the ridge"));
            is_settled |= response.drag_stopped() || response.lost_focus();
        }
        is_settled
    });
    ui.end_row();
    is_settled.inner
}
