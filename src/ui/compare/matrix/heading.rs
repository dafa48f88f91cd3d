//! What stands above the rows: detectors, runs, and what is out of sight.

use eframe::egui::{self, Rect, Role, Sense, Shape, Stroke, TextStyle, WidgetInfo, pos2, vec2};

use super::RUN_HEIGHT;
use super::marks::{elided, span_rect, within};
use super::painting::Painting;
use crate::pipeline::LabelUse;
use crate::ui::compare::badge;
use crate::ui::compare::columns::heading;
use crate::ui::theme::{self, GRID};

impl Painting<'_> {
    pub(super) fn header(&self, ui: &mut egui::Ui, band: Rect, origin: f32) {
        let [names, cells, sides] = self.columns.zones(band);
        let palette = theme::palette(ui);
        let small = TextStyle::Small.resolve(ui.style());
        // The last of up to two lines.
        let last_line = |rect: Rect| Rect::from_min_max(pos2(rect.left(), rect.bottom() - 17.0), rect.max);
        elided(
            ui,
            last_line(names).shrink2(vec2(GRID, 0.0)),
            "Machine",
            &small,
            palette.weak,
            false,
        );
        within(ui, cells, |ui| {
            self.run_names(ui, band, origin);
            for (group, place, detector) in self.all_columns() {
                let (above, last) = heading(detector);
                let rect = span_rect(band, self.columns.cell(origin, group, place));
                let line = last_line(rect).translate(vec2(-3.0, 0.0));
                elided(ui, line, &last, &small, palette.weak, true);
                elided(ui, line.translate(vec2(0.0, -13.0)), &above, &small, palette.weak, true);
                ui.interact(rect, self.base.with(("heading", group, detector)), Sense::hover())
                    .on_hover_text(detector.title());
            }
        });
        for (side, (title, label_use)) in [("In use", None), ("Oracle", Some(LabelUse::Oracle))].into_iter().enumerate() {
            let rect = last_line(span_rect(band, self.columns.side(sides, side)));
            elided(ui, rect.shrink2(vec2(5.0, 0.0)), title, &small, palette.weak, false);
            let response = ui.interact(rect, self.base.with(("title", side)), Sense::hover());
            match label_use {
                None => response.on_hover_text("The detector that the choice below the matrix leads to"),
                Some(label_use) => {
                    let words = badge::words(label_use);
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
                    response.on_hover_text(format!("{words}\n{}", badge::meaning(label_use)))
                }
            };
        }
        ui.painter()
            .hline(band.x_range(), band.bottom() - 0.5, Stroke::new(1.0, palette.grid));
    }

    /// Above the columns, where there is more than one run.
    fn run_names(&self, ui: &egui::Ui, band: Rect, origin: f32) {
        if self.beside.is_empty() {
            return;
        }
        let palette = theme::palette(ui);
        for group in 0..=self.beside.len() {
            let name = self.run_name(group);
            let rect = span_rect(band, self.columns.group(origin, group)).shrink2(vec2(2.0, 0.0));
            let line = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + RUN_HEIGHT - 2.0));
            let color = if group == 0 { ui.visuals().text_color() } else { palette.weak };
            elided(ui, line, name, &TextStyle::Small.resolve(ui.style()), color, false);
            ui.painter().hline(
                line.x_range(),
                line.bottom(),
                Stroke::new(1.0, if group == 0 { palette.accent } else { palette.grid }),
            );
        }
    }

    /// An arrow at either edge beyond which there are more columns.
    pub(super) fn more(&self, ui: &egui::Ui, band: Rect, origin: f32) {
        let [_, cells, _] = self.columns.zones(band);
        let last = self.columns.group(origin, self.beside.len())[1];
        let first = self.columns.group(origin, 0)[0];
        let y = band.bottom() - 9.0;
        let color = theme::palette(ui).ink;
        // In the gutters beside the columns, which have no text.
        for (is_more, x, direction) in [
            (first < cells.left() - 1.0, cells.left() - 4.5, -1.0),
            (last > cells.right() + 1.0, cells.right() + 4.0, 1.0),
        ] {
            if is_more {
                let tip = pos2(x + 4.0 * direction, y);
                let corners = vec![tip, pos2(x - 3.0 * direction, y - 4.0), pos2(x - 3.0 * direction, y + 4.0)];
                ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
            }
        }
    }

    /// The names of the runs of which no column is in sight, above the names and above the choice; a click scrolls there.
    pub(super) fn out_of_sight(&self, ui: &mut egui::Ui, band: Rect, origin: f32) {
        if self.beside.is_empty() {
            return;
        }
        let [names, cells, sides] = self.columns.zones(band);
        let groups: Vec<[f32; 2]> = (0..=self.beside.len())
            .map(|group| self.columns.group(origin, group))
            .collect();
        let is_left = |group: &usize| groups[*group][1] < cells.left() + 1.0;
        let is_right = |group: &usize| groups[*group][0] > cells.right() - 1.0;
        let left: Vec<usize> = (0..groups.len()).filter(is_left).rev().collect();
        let right: Vec<usize> = (0..groups.len()).filter(is_right).collect();
        for (beyond, zone, is_right) in [(left, names, false), (right, sides, true)] {
            let Some(&nearest) = beyond.first() else { continue };
            let all: Vec<&str> = beyond.iter().map(|&group| self.run_name(group)).collect();
            let text = if is_right {
                format!("{} \u{bb}", all.join(", "))
            } else {
                format!("\u{ab} {}", all.join(", "))
            };
            let place = Rect::from_min_size(zone.min + vec2(GRID, 0.0), vec2(zone.width() - 2.0 * GRID, RUN_HEIGHT - 2.0));
            let response = ui.interact(place, self.base.with(("out of sight", is_right)), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Scroll to {}", all[0])));
            let palette = theme::palette(ui);
            let color = if response.hovered() { palette.ink } else { palette.accent };
            elided(ui, place, &text, &TextStyle::Small.resolve(ui.style()), color, is_right);
            if response
                .on_hover_text("Runs whose columns are out of sight: click to scroll there")
                .clicked()
            {
                // Names and choice stay where they are and cover what lies beneath them.
                let [start, end] = groups[nearest];
                let wanted = span_rect(band, [start - names.width(), end + sides.width()]);
                ui.scroll_to_rect(wanted, Some(if is_right { egui::Align::Min } else { egui::Align::Max }));
            }
        }
    }

    /// 0: the active run; then those beside it.
    fn run_name(&self, group: usize) -> &str {
        match group.checked_sub(1) {
            Some(other) => &self.beside[other].0.run,
            None => self.workbench.project.active_run.as_deref().unwrap_or("in use"),
        }
    }
}
