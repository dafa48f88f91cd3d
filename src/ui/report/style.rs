//! How all figures of the report are set: size, colours, type, footer.

use eframe::egui::{self, ComboBox, DragValue};

use crate::app::{Action, ReportAction};
use crate::figures::{FigurePreset, FigureTheme};
use crate::project::ReportStyle;
use crate::ui::theme;

pub(super) fn ui(ui: &mut egui::Ui, style: &ReportStyle, actions: &mut Vec<Action>) {
    let mut wished = *style;
    let weak = theme::palette(ui).weak;
    ui.colored_label(weak, "Size");
    ui.name_inputs("Size", |ui| {
        ComboBox::from_id_salt("report_size")
            .width(200.0)
            .selected_text(style.preset.title())
            .show_ui(ui, |ui| {
                for preset in FigurePreset::ALL {
                    if ui.selectable_label(preset == style.preset, preset.title()).clicked() {
                        wished.preset = preset;
                        // Type that suits a column is lost on a slide.
                        wished.font_pt = None;
                    }
                }
            });
    });
    ui.colored_label(weak, "Colours");
    ui.name_inputs("Colours", |ui| {
        ComboBox::from_id_salt("report_theme")
            .width(72.0)
            .selected_text(style.theme.title())
            .show_ui(ui, |ui| {
                for theme in FigureTheme::ALL {
                    ui.selectable_value(&mut wished.theme, theme, theme.title());
                }
            });
    });
    ui.colored_label(weak, "Type");
    ui.name_inputs("Type size", |ui| {
        let mut size = style.font_pt();
        let [least, most] = ReportStyle::FONT_PT;
        let field = DragValue::new(&mut size)
            .range(least..=most)
            .speed(0.25)
            .max_decimals(1)
            .suffix(" pt")
            .update_while_editing(false);
        let response = ui.add(field);
        if response.changed() {
            wished.font_pt = Some(size).filter(|size| *size != style.preset.font_pt());
        }
        response.on_hover_text("Of the axes' names, on paper; the rest keeps its proportion to it");
    });
    ui.checkbox(&mut wished.shows_footer, "Footer")
        .on_hover_text("Run, seed, data and day in a line below each figure");
    if wished != *style {
        actions.push(Action::Report(ReportAction::SetStyle(wished)));
    }
}
