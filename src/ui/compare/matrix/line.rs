//! One row: its name, its cells, what is in use.

use eframe::egui::{self, Rect, Role, Sense, Stroke, TextStyle, WidgetInfo, pos2, vec2};

use super::marks::{elided, span_rect, triangle, within};
use super::painting::Painting;
use super::side::Side;
use super::{Cell, HANDLE_WIDTH, INDENT};
use crate::pipeline::LabelUse;
use crate::ui::compare::lines::Line;
use crate::ui::theme::{self, GRID};

/// What was clicked on a line.
#[derive(Default)]
pub(super) struct Clicked {
    pub(super) cell: Option<Cell>,
    pub(super) handle: Option<String>,
}

impl Painting<'_> {
    /// One line; `band` is its place, `zone` the part of the matrix that rows are seen in.
    pub(super) fn line(
        &self,
        ui: &mut egui::Ui,
        zone: Rect,
        band: Rect,
        origin: f32,
        line: &Line<'_>,
        is_parted: bool,
    ) -> Clicked {
        let palette = theme::palette(ui);
        let zones = self.columns.zones(band).map(|part| part.intersect(zone));
        let [_, _, sides_at] = self.columns.zones(band);
        if is_parted {
            let painter = ui.painter().with_clip_rect(zone);
            painter.hline(band.x_range(), band.top(), Stroke::new(1.0, palette.grid));
        }
        let handle = within(ui, zones[0], |ui| self.name(ui, band, line));
        let mut cell = within(ui, zones[1], |ui| {
            let others: Vec<_> = self.beside.iter().map(|(run, _)| line.in_run(run)).collect();
            let rows = || std::iter::once(line.row).chain(others.iter().copied().flatten());
            let values = || rows().flat_map(|row| &row.cells).filter_map(|cell| cell.value);
            let range = [
                values().fold(f64::INFINITY, f64::min),
                values().fold(f64::NEG_INFINITY, f64::max),
            ];
            let mut clicked = None;
            for (place, &column) in self.shown.iter().enumerate() {
                let rect = span_rect(band, self.columns.cell(origin, 0, place)).shrink(1.0);
                if rect.intersects(zones[1]) && self.cell(ui, rect, line, column, range).clicked() {
                    clicked = Some(self.drawn.matrix.columns[column]);
                }
            }
            for (other, row) in others.iter().enumerate() {
                let Some(row) = row else { continue };
                for (place, &column) in self.beside[other].1.iter().enumerate() {
                    let rect = span_rect(band, self.columns.cell(origin, other + 1, place)).shrink(1.0);
                    if rect.intersects(zones[1]) {
                        self.cell_beside(ui, rect, line, (other, row, column), range);
                    }
                }
            }
            clicked
        });
        if !line.is_part {
            cell = within(ui, zones[2], |ui| {
                let in_use = Side {
                    title: "In use",
                    detector: line.row.in_use,
                    value: line.row.in_use_value,
                    label_use: line.row.label_use,
                };
                let oracle = Side {
                    title: "Oracle",
                    detector: line.row.oracle,
                    value: line.row.oracle_value,
                    label_use: LabelUse::Oracle,
                };
                let mut clicked = cell;
                for (column, side) in [in_use, oracle].into_iter().enumerate() {
                    let rect = span_rect(band, self.columns.side(sides_at, column));
                    if self.side(ui, rect, line, side).clicked() {
                        clicked = side.detector.or(clicked);
                    }
                }
                clicked
            });
        }
        Clicked {
            cell: cell.map(|detector| (line.row.group.clone(), detector)),
            handle,
        }
    }

    /// The name with the triangle that opens what is below it.
    fn name(&self, ui: &egui::Ui, band: Rect, line: &Line<'_>) -> Option<String> {
        let palette = theme::palette(ui);
        let [rect, ..] = self.columns.zones(band);
        let is_here = line.row.group == *self.focus.0 && !line.is_part;
        if is_here && !(line.is_open && line.depth == 0 && self.is_opened_further(line)) {
            let fill = ui.visuals().selection.bg_fill.gamma_multiply(0.5);
            let rect = Rect::from_min_max(rect.min, pos2(rect.right() - GRID, rect.bottom()));
            ui.painter().rect_filled(rect, 2.0, fill);
        }
        let left = rect.left() + GRID + line.depth as f32 * INDENT;
        let (font, color) = if line.depth == 0 {
            (TextStyle::Body.resolve(ui.style()), ui.visuals().text_color())
        } else {
            (TextStyle::Small.resolve(ui.style()), palette.weak)
        };
        let text_rect = Rect::from_min_max(pos2(left + HANDLE_WIDTH - GRID, rect.top()), rect.max - vec2(2.0 * GRID, 0.0));
        let is_single = line.depth == 0 && line.subject != line.row.name && !line.row.group.section.is_empty();
        let name = if line.depth == 1 && !line.is_part {
            format!("section {}", line.row.name)
        } else {
            line.row.name.clone()
        };
        let mut name_rect = text_rect;
        if is_single {
            name_rect.max.x -= 20.0;
            let section = Rect::from_min_max(pos2(name_rect.max.x + 2.0, rect.top()), text_rect.max);
            elided(ui, section, &line.row.group.section, &self.figures, palette.weak, true);
        }
        elided(ui, name_rect, &name, &font, color, false);
        let handle = line.handle.as_ref()?;
        let response = ui.interact(rect, self.base.with(("open", handle)), Sense::click());
        let words = format!("{} {handle}", if line.is_open { "Close" } else { "Open" });
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, line.is_open, &words));
        triangle(
            ui,
            pos2(left + 3.0, rect.center().y),
            line.is_open,
            response.hovered() || response.has_focus(),
        );
        let response = response.on_hover_text(format!("{words} (O): its sections, source and target domain"));
        response.clicked().then(|| handle.clone())
    }

    /// Whether the section in focus has a line of its own below.
    fn is_opened_further(&self, line: &Line<'_>) -> bool {
        let machine = self.drawn.matrix.machines.iter();
        let found = machine.filter(|machine| machine.row.name == line.row.name);
        found.into_iter().any(|machine| machine.sections.len() > 1)
    }
}
