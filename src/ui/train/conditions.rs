//! The working conditions that a training will learn to tell apart, before it begins.

use eframe::egui::{self, RichText};

use crate::extractors::ConditionHead;
use crate::ui::theme;
use crate::ui::widgets::heading;

/// A line for each machine section: its attributes, and how many values each takes.
pub(super) fn ui(ui: &mut egui::Ui, conditions: &[&ConditionHead]) {
    heading(ui, "Working conditions");
    ui.spacing_mut().item_spacing.y = 2.0;
    let weak = theme::palette(ui).weak;
    if conditions.is_empty() {
        let text = "No attribute of these clips takes two values: machines are all there is to tell apart";
        ui.add(egui::Label::new(RichText::new(text).small().color(weak)).wrap());
    }
    for of_section in conditions.chunk_by(|a, b| a.group == b.group) {
        let values = |head: &&ConditionHead| format!("{} ({} values)", head.name, head.values.len());
        let values: Vec<String> = of_section.iter().map(values).collect();
        let text = format!("{}: {}", of_section[0].group, values.join(", "));
        let all = of_section
            .iter()
            .map(|head| format!("{}: {}", head.name, head.values.join(", ")));
        ui.add(egui::Label::new(RichText::new(text).small()).wrap())
            .on_hover_text(all.collect::<Vec<_>>().join("\n"));
    }
}
