//! The settings that MobileAnoNet alone knows.

use eframe::egui::{self, CollapsingHeader};

use super::inputs::{choice, number};
use crate::extractors::{ConditionAveraging, LossChoice, MobileAnoNetConfig, SegmentInput};
use crate::ui::theme;
use crate::ui::widgets::message;

pub(super) fn ui(ui: &mut egui::Ui, config: &mut MobileAnoNetConfig) {
    choice(ui, "Loss", &mut config.loss, &LossChoice::ALL, loss_title);
    choice(ui, "Input", &mut config.input, &SegmentInput::ALL, SegmentInput::title);
    if let Some(warning) = config.input.warning() {
        let colour = theme::palette(ui).warning;
        ui.scope(|ui| {
            ui.style_mut().override_text_style = Some(egui::TextStyle::Small);
            message(ui, colour, &format!("With this input {warning}."));
        });
    }
    CollapsingHeader::new("More settings").id_salt("mobileanonet").show(ui, |ui| {
        choice(
            ui,
            "Conditions by",
            &mut config.averaging,
            &ConditionAveraging::ALL,
            averaging_title,
        );
        number(ui, "Centre weight", &mut config.centre_weight, 0.0..=1000.0, 0.01);
        number(ui, "Weight decay", &mut config.weight_decay, 0.0..=1.0, 1e-5);
        number(ui, "Rate decay", &mut config.learning_rate_decay, 0.01..=1.0, 0.01);
        ui.checkbox(&mut config.has_fixed_segments, "The same segments each epoch");
        ui.checkbox(&mut config.has_machine_norm, "Batch norm after the machine's classifier");
    });
}

fn loss_title(loss: LossChoice) -> &'static str {
    match loss {
        LossChoice::Both => "Machines and conditions",
        LossChoice::Machine => "Machines only",
        LossChoice::Condition => "Conditions only",
    }
}

fn averaging_title(averaging: ConditionAveraging) -> &'static str {
    match averaging {
        ConditionAveraging::Examples => "Example (equation 3)",
        ConditionAveraging::Heads => "Classifier (code)",
    }
}
