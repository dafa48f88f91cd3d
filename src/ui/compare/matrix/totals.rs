//! The last row: all sections.

use eframe::egui::{self, Rect, Role, Sense, Stroke, TextStyle, WidgetInfo, vec2};

use super::marks::{elided, span_rect, strength, within};
use super::painting::Painting;
use crate::ui::theme::{self, GRID};

impl Painting<'_> {
    pub(super) fn totals(&self, ui: &mut egui::Ui, band: Rect, origin: f32) {
        let [names, cells, sides] = self.columns.zones(band);
        let matrix = &self.drawn.matrix;
        let palette = theme::palette(ui);
        ui.painter()
            .hline(band.x_range(), band.top() + 0.5, Stroke::new(1.0, palette.weak));
        let best = matrix
            .totals
            .iter()
            .filter_map(|cell| cell.value)
            .fold(f64::NEG_INFINITY, f64::max);
        let body = TextStyle::Body.resolve(ui.style());
        let text = ui.visuals().text_color();
        elided(ui, names.shrink2(vec2(GRID, 0.0)), "All sections", &body, text, false);
        within(ui, cells, |ui| {
            let own = self.shown.iter().enumerate();
            let own = own.map(|(place, &column)| (0, place, &matrix.totals[column], matrix.columns[column]));
            let others = self.beside.iter().enumerate().flat_map(|(other, (run, shown))| {
                let columns = shown.iter().enumerate();
                columns.map(move |(place, &column)| (other + 1, place, &run.totals[column], run.columns[column]))
            });
            for (group, place, cell, detector) in own.chain(others) {
                let rect = span_rect(band, self.columns.cell(origin, group, place)).shrink(1.0);
                let is_best = group == 0 && cell.value == Some(best);
                self.figure(ui, rect, cell.value, strength(ui, is_best), is_best);
                self.tie(ui, rect, cell);
                let response = ui.interact(rect, self.base.with(("total", group, detector)), Sense::hover());
                let run = group
                    .checked_sub(1)
                    .map_or(String::new(), |other| format!(" of {}", self.beside[other].0.run));
                let mut words = format!("{}{run} on all sections: {}", detector.title(), self.text(cell.value));
                if let Some([low, high]) = cell.interval {
                    words += &format!(" [{low:.2}–{high:.2}]");
                }
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
                response.on_hover_text(format!("{words}\nHarmonic mean over all sections"));
            }
        });
        let in_use = span_rect(band, self.columns.side(sides, 0)).shrink(1.0);
        self.figure(ui, in_use, matrix.total_in_use, ui.visuals().strong_text_color(), true);
        let oracle = span_rect(band, self.columns.side(sides, 1)).shrink(1.0);
        self.figure(ui, oracle, matrix.total_oracle, palette.weak, false);
        let label = format!(
            "All sections, in use: {}; oracle: {}",
            self.text(matrix.total_in_use),
            self.text(matrix.total_oracle)
        );
        let response = ui.interact(sides, self.base.with("totals"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
        response.on_hover_text("Harmonic mean over all sections");
    }
}
