//! What `OutlierNets` alone know: the design in words, and what it costs.

use eframe::egui::{self, TextEdit};

use crate::exploration::Genome;
use crate::ui::theme;
use crate::ui::widgets::{count, field, message};

/// The design as it is being typed.
#[derive(Default)]
pub(super) struct Design {
    /// What stands in the field where it has the focus or cannot be read; else the design stands there.
    typed: Option<String>,
    is_unfinished: bool,
}

impl Design {
    /// Whether what stands in the field is no design.
    pub(super) fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    pub(super) fn ui(&mut self, ui: &mut egui::Ui, genome: &mut Genome) {
        let mut text = self.typed.take().unwrap_or_else(|| genome.to_string());
        let hint = "Steps down with their channels and strides, as std6 dw12/1x2 pw8, and the numbers of a dense code, as code16";
        let has_focus = field(ui, "Design", |ui| {
            let edit = TextEdit::singleline(&mut text).desired_width(f32::INFINITY);
            ui.add(edit).on_hover_text(hint)
        })
        .has_focus();
        let palette = theme::palette(ui);
        let read = text.parse::<Genome>();
        self.is_unfinished = read.is_err();
        if has_focus || self.is_unfinished {
            self.typed = Some(text);
        }
        match read {
            Ok(read) => {
                *genome = read;
                let cost = genome.cost();
                let size = format!("{} parameters, {:.1} KB", count(cost.n_parameters), cost.kilobytes());
                message(ui, palette.weak, &format!("{size}, {:.2} MFLOP a window", cost.mflops()));
            }
            Err(error) => message(ui, palette.warning, &format!("Not a design yet: {error}")),
        }
    }
}
