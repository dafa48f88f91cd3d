//! The matrix: a row a machine, which opens into its sections and their domains; a column a detector.
//!
//! It scrolls like a sheet with frozen panes: names, headings, totals and the choice stay where they are.

use std::collections::BTreeSet;

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    self, Align2, Color32, FontId, Id, Pos2, Rect, Response, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, TextFormat,
    TextStyle, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::columns::{Columns, heading};
use super::drawn::Drawn;
use super::lines::{Line, lines, toggle};
use super::{badge, detail};
use crate::app::{Action, MatrixBeside, MatrixCell, MatrixRow, RunStatus, Trouble, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::pipeline::LabelUse;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

const ROW_HEIGHT: f32 = 19.0;
/// Room for names of two words, one above the other.
const HEADER_HEIGHT: f32 = 32.0;
/// Of the line with the names of the runs, where there are several.
const RUN_HEIGHT: f32 = 18.0;
const TOTALS_HEIGHT: f32 = ROW_HEIGHT + GRID;
/// A step to the right in the names.
const INDENT: f32 = 9.0;
/// Of the triangle that opens a row.
const HANDLE_WIDTH: f32 = 14.0;

/// A section and one of its detectors.
type Cell = (MachineSection, DetectorKind);

/// The private look of the matrix.
#[derive(Default)]
pub(super) struct MatrixView {
    /// Machines (`fan`) and sections (`fan 00`) whose rows are open.
    pub(super) open: BTreeSet<String>,
    /// Detectors without a column.
    pub(super) hidden: BTreeSet<DetectorKind>,
}

impl MatrixView {
    /// Draws the matrix; `focus` is outlined. Returns the cell that was clicked.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        drawn: &Drawn,
        focus: (&MachineSection, DetectorKind),
    ) -> Option<Cell> {
        let matrix = &drawn.matrix;
        if !matrix.has_figures() {
            widgets::message(ui, theme::palette(ui).weak, why_empty(drawn));
            ui.add_space(GRID);
        }
        let of_run = |columns: &[DetectorKind]| -> Vec<usize> {
            let is_shown = |column: &usize| !self.hidden.contains(&columns[*column]);
            let mut shown: Vec<usize> = (0..columns.len()).filter(is_shown).collect();
            // The default first: where columns have to be scrolled to, it is not among them.
            shown.sort_by_key(|&column| columns[column] != DetectorKind::Fusion);
            shown
        };
        let shown = of_run(&matrix.columns);
        let beside: Vec<(&MatrixBeside, Vec<usize>)> =
            matrix.beside.iter().map(|other| (other, of_run(&other.columns))).collect();
        let lines = lines(matrix, &self.open);
        let n_cells = std::iter::once(shown.len()).chain(beside.iter().map(|(_, shown)| shown.len()));
        let columns = Columns::of(ui.available_width() - GRID, n_cells.collect());
        let header = HEADER_HEIGHT + if beside.is_empty() { 0.0 } else { RUN_HEIGHT };
        let height = header + lines.len() as f32 * ROW_HEIGHT + TOTALS_HEIGHT;
        let painting = Painting {
            workbench,
            drawn,
            focus,
            columns: &columns,
            shown: &shown,
            beside: &beside,
            n_digits: matrix.n_digits(),
            figures: TextStyle::Monospace.resolve(ui.style()),
            base: ui.scope_id().with("matrix"),
        };
        let (mut clicked, mut handle) = (None, None);
        ScrollArea::both()
            .id_salt("compare_matrix")
            .show_viewport(ui, |ui, viewport| {
                let origin = ui.min_rect().min;
                ui.allocate_rect(Rect::from_min_size(origin, vec2(columns.width(), height)), Sense::hover());
                let size = viewport.size().min(vec2(columns.width(), height));
                let view = Rect::from_min_size(origin + viewport.min.to_vec2(), size);
                let [top, middle, bottom] = bands(view, header);
                painting.header(ui, top, origin.x);
                let first = origin.y + header;
                for (idx, line) in lines.iter().enumerate() {
                    let y = first + idx as f32 * ROW_HEIGHT;
                    let band = Rect::from_min_max(pos2(view.left(), y), pos2(view.right(), y + ROW_HEIGHT));
                    if band.intersects(middle) {
                        let is_first = idx > 0 && line.depth == 0;
                        let found = painting.line(ui, middle, band, origin.x, line, is_first);
                        clicked = found.cell.or(clicked.take());
                        handle = found.handle.or(handle.take());
                    }
                }
                painting.totals(ui, bottom, origin.x);
                painting.more(ui, top, origin.x);
                painting.out_of_sight(ui, top, origin.x);
            });
        if let Some(handle) = handle {
            toggle(&mut self.open, &handle);
        }
        clicked
    }

    /// Opens or closes the rows of a section: its machine first, then the section itself.
    pub(super) fn toggle(&mut self, drawn: &Drawn, group: &MachineSection) {
        let machine = drawn.matrix.machines.iter().find(|found| found.row.name == group.machine);
        let Some(machine) = machine else { return };
        let section = group.to_string();
        if machine.sections.len() > 1 && self.open.contains(&group.machine) && !self.open.contains(&section) {
            self.open.insert(section);
        } else {
            self.open.remove(&section);
            toggle(&mut self.open, &group.machine);
        }
    }

    /// The menu that hides and shows columns.
    pub(super) fn columns_menu(&mut self, ui: &mut egui::Ui, columns: &[DetectorKind]) {
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
pub(super) fn runs_menu(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
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

const OF_THE_PAPER: [DetectorKind; 7] = [
    DetectorKind::Knn,
    DetectorKind::Lof,
    DetectorKind::Cos,
    DetectorKind::Maha,
    DetectorKind::SoftCos,
    DetectorKind::SoftMaha,
    DetectorKind::Fusion,
];

fn why_empty(drawn: &Drawn) -> &'static str {
    if drawn.matrix.columns.is_empty() {
        "No detector could be fitted: there is nothing to compare"
    } else {
        "No test clip has a label that says normal or anomalous, or one of the two is missing: there is nothing to measure the \
         detectors with. Scores exist all the same; label clips in Browse to fill the matrix."
    }
}

/// Headings, rows and totals.
fn bands(view: Rect, header: f32) -> [Rect; 3] {
    let y = [
        view.top(),
        view.top() + header,
        (view.bottom() - TOTALS_HEIGHT).max(view.top() + header),
        view.bottom(),
    ];
    [0, 1, 2].map(|band| Rect::from_min_max(pos2(view.left(), y[band]), pos2(view.right(), y[band + 1])))
}

/// Draws within a part of the matrix: nothing is seen or clicked outside it.
fn within<R>(ui: &mut egui::Ui, zone: Rect, add: impl FnOnce(&mut egui::Ui) -> R) -> R {
    let clip = zone.intersect(ui.clip_rect());
    let builder = UiBuilder::new().max_rect(zone);
    let draw = |ui: &mut egui::Ui| {
        ui.set_clip_rect(clip);
        add(ui)
    };
    ui.scope_builder(builder, draw).inner
}

/// What was clicked on a line.
#[derive(Default)]
struct Clicked {
    cell: Option<Cell>,
    handle: Option<String>,
}

/// What every row is drawn with.
struct Painting<'a> {
    workbench: &'a Workbench,
    drawn: &'a Drawn,
    focus: (&'a MachineSection, DetectorKind),
    columns: &'a Columns,
    /// The columns that are not hidden: indices into those of the matrix.
    shown: &'a [usize],
    /// Other runs, each with the columns of its own that are not hidden.
    beside: &'a [(&'a MatrixBeside, Vec<usize>)],
    n_digits: usize,
    figures: FontId,
    /// What the names of everything that can be clicked begin with: the same wherever the matrix is scrolled to.
    base: Id,
}

impl Painting<'_> {
    fn header(&self, ui: &mut egui::Ui, band: Rect, origin: f32) {
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

    /// All columns that are not hidden: the place of the run, the place in it, the detector.
    fn all_columns(&self) -> impl Iterator<Item = (usize, usize, DetectorKind)> {
        let own = self.shown.iter().enumerate();
        let own = own.map(|(place, &column)| (0, place, self.drawn.matrix.columns[column]));
        let others = self.beside.iter().enumerate().flat_map(|(other, (run, shown))| {
            let columns = shown.iter().enumerate();
            columns.map(move |(place, &column)| (other + 1, place, run.columns[column]))
        });
        own.chain(others)
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
    fn more(&self, ui: &egui::Ui, band: Rect, origin: f32) {
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
    fn out_of_sight(&self, ui: &mut egui::Ui, band: Rect, origin: f32) {
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

    /// One line; `band` is its place, `zone` the part of the matrix that rows are seen in.
    fn line(&self, ui: &mut egui::Ui, zone: Rect, band: Rect, origin: f32, line: &Line<'_>, is_parted: bool) -> Clicked {
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

    fn cell(&self, ui: &egui::Ui, rect: Rect, line: &Line<'_>, column: usize, [low, high]: [f64; 2]) -> Response {
        let detector = self.drawn.matrix.columns[column];
        let cell = &line.row.cells[column];
        let is_best = line.row.best == Some(column);
        let is_in_use = line.row.in_use == Some(detector) && !line.is_part;
        let is_pinned = is_in_use && line.row.label_use == LabelUse::PersonSawTestLabels;
        let is_focused = line.row.group == *self.focus.0 && detector == self.focus.1 && !line.is_part;
        let response = ui.interact(
            rect,
            self.base.with(("cell", &line.subject, line.depth, detector)),
            Sense::click(),
        );
        response.widget_info(|| {
            let label = self.cell_label(detector, line, cell, [is_best, is_pinned]);
            WidgetInfo::selected(Role::Button, true, is_focused, label)
        });
        let palette = theme::palette(ui);
        let painter = ui.painter();
        heat(ui, rect, cell.value, [low, high], line.is_part);
        if response.hovered() {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.0, palette.weak), StrokeKind::Inside);
        }
        if is_in_use {
            let stroke = match line.row.label_use {
                LabelUse::PersonSawTestLabels => Stroke::new(2.0, palette.warning),
                LabelUse::Oracle => Stroke::new(2.0, palette.weak),
                LabelUse::None | LabelUse::OtherHalf => Stroke::new(1.0, palette.accent),
            };
            painter.rect_stroke(rect, 2.0, stroke, StrokeKind::Inside);
        }
        if is_focused || response.has_focus() {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.5, palette.ink), StrokeKind::Outside);
        }
        if let Some(trouble) = cell.trouble {
            corner(ui, rect, trouble);
        }
        let color = match cell.value {
            None => palette.weak,
            Some(_) => strength(ui, is_best),
        };
        self.figure(ui, rect, cell.value, color, is_best);
        self.tie(ui, rect, cell);
        response.on_hover_ui(|ui| detail::card(ui, self.workbench, self.drawn, line, detector))
    }

    /// A figure of another run: it is looked at, not chosen.
    fn cell_beside(
        &self,
        ui: &egui::Ui,
        rect: Rect,
        line: &Line<'_>,
        (other, row, column): (usize, &MatrixRow, usize),
        range: [f64; 2],
    ) {
        let run = self.beside[other].0;
        let (cell, detector) = (&row.cells[column], run.columns[column]);
        let is_best = row.best == Some(column);
        let id = self.base.with(("beside", &run.run, &line.subject, line.depth, detector));
        let response = ui.interact(rect, id, Sense::hover());
        let words = format!(
            "{} of {} on {}: {}",
            detector.title(),
            run.run,
            line.subject,
            self.text(cell.value)
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        heat(ui, rect, cell.value, range, line.is_part);
        if let Some(trouble) = cell.trouble {
            corner(ui, rect, trouble);
        }
        let color = if cell.value.is_some() {
            strength(ui, is_best)
        } else {
            theme::palette(ui).weak
        };
        self.figure(ui, rect, cell.value, color, is_best);
        self.tie(ui, rect, cell);
        let interval = cell
            .interval
            .map_or(String::new(), |[low, high]| format!(" [{low:.2}–{high:.2}]"));
        let trouble = match cell.trouble {
            Some(Trouble::FellBack) => "\nIt fell back: use this run to read why",
            Some(Trouble::NotFitted) => "\nIt could not be fitted: use this run to read why",
            None => "",
        };
        response.on_hover_text(format!("{words}{interval}{trouble}"));
    }

    /// The mark of a tie with the best of the row.
    fn tie(&self, ui: &egui::Ui, rect: Rect, cell: &MatrixCell) {
        if cell.is_tie {
            let at = rect.left_center() + vec2(1.5, 0.0);
            let font = FontId::proportional(self.figures.size - 2.0);
            ui.painter().text(at, Align2::LEFT_CENTER, "≈", font, theme::palette(ui).weak);
        }
    }

    fn cell_label(&self, detector: DetectorKind, line: &Line<'_>, cell: &MatrixCell, [is_best, is_pinned]: [bool; 2]) -> String {
        let mut label = format!("{} on {}: {}", detector.title(), line.subject, self.text(cell.value));
        let trouble = match cell.trouble {
            Some(Trouble::FellBack) => ", fell back",
            Some(Trouble::NotFitted) => ", not fitted",
            None => "",
        };
        for (is_so, word) in [
            (is_best, ", best"),
            (cell.is_tie, ", tie"),
            (true, trouble),
            (is_pinned, ", pinned"),
        ] {
            label += if is_so { word } else { "" };
        }
        label
    }

    fn side(&self, ui: &egui::Ui, rect: Rect, line: &Line<'_>, side: Side) -> Response {
        let rect = rect.shrink(1.0);
        let is_oracle = side.title == "Oracle";
        let name = match (side.detector, is_oracle) {
            (Some(detector), _) => detector.title(),
            (None, false) => "by section",
            (None, true) => "–",
        };
        let id = self.base.with(("side", &line.subject, line.depth, is_oracle));
        let response = ui.interact(rect, id, Sense::click());
        let words = badge::words(side.label_use);
        response.widget_info(|| {
            let label = format!(
                "{} on {}: {name} {}, {words}",
                side.title,
                line.subject,
                self.text(side.value)
            );
            WidgetInfo::labeled(Role::Button, true, label)
        });
        let palette = theme::palette(ui);
        if response.hovered() {
            ui.painter()
                .rect_stroke(rect, 2.0, Stroke::new(1.0, palette.weak), StrokeKind::Inside);
        }
        let color = if is_oracle { palette.weak } else { ui.visuals().text_color() };
        if !is_oracle || side.detector.is_some() {
            badge::mark(ui.painter(), &palette, rect.left_center() + vec2(9.0, 0.0), side.label_use);
        }
        let small = TextStyle::Small.resolve(ui.style());
        let name_rect = Rect::from_min_max(rect.min + vec2(18.0, 0.0), rect.max - vec2(44.0, 0.0));
        if self.columns.names_sides() {
            elided(ui, name_rect, name, &small, color, false);
        }
        self.figure(ui, rect, side.value, color, false);
        response.on_hover_text(format!("{name}: {words}\n{}", badge::meaning(side.label_use)))
    }

    fn totals(&self, ui: &mut egui::Ui, band: Rect, origin: f32) {
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

    /// A figure at the right of a cell; the default fonts know no bold, so a line under it takes its place.
    fn figure(&self, ui: &egui::Ui, rect: Rect, value: Option<f64>, color: Color32, is_bold: bool) {
        let at: Pos2 = rect.right_center() - vec2(5.0, 0.0);
        let text = self.text(value);
        let drawn = ui.painter().text(at, Align2::RIGHT_CENTER, text, self.figures.clone(), color);
        if is_bold {
            ui.painter()
                .hline(drawn.x_range(), drawn.bottom() - 1.0, Stroke::new(1.0, color));
        }
    }

    fn text(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.*}", self.n_digits))
    }
}

/// One of the columns beside the detectors.
#[derive(Clone, Copy)]
struct Side {
    title: &'static str,
    detector: Option<DetectorKind>,
    value: Option<f64>,
    label_use: LabelUse,
}

fn strength(ui: &egui::Ui, is_best: bool) -> Color32 {
    if is_best {
        ui.visuals().strong_text_color()
    } else {
        ui.visuals().text_color()
    }
}

/// The fill of a cell: the darker, the higher its figure stands among those of its row.
fn heat(ui: &egui::Ui, rect: Rect, value: Option<f64>, [low, high]: [f64; 2], is_part: bool) {
    if let Some(value) = value {
        let heat = if high > low { (value - low) / (high - low) } else { 0.5 };
        let strongest = if is_part { 0.16 } else { 0.34 };
        let fill = theme::palette(ui).accent.gamma_multiply(0.04 + strongest * heat as f32);
        ui.painter().rect_filled(rect, 2.0, fill);
    }
}

/// A folded corner: the tooltip has something to say.
fn corner(ui: &egui::Ui, rect: Rect, trouble: Trouble) {
    let palette = theme::palette(ui);
    let color = match trouble {
        Trouble::FellBack => palette.warning,
        Trouble::NotFitted => palette.error,
    };
    let at = rect.right_top();
    let corners = vec![at - vec2(6.0, 0.0), at, at + vec2(0.0, 6.0)];
    ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// Points down where the row is open, to the right where it can be opened.
fn triangle(ui: &egui::Ui, center: Pos2, is_open: bool, is_near: bool) {
    let palette = theme::palette(ui);
    let color = if is_near { palette.ink } else { palette.weak };
    let corners = if is_open {
        [vec2(-4.0, -2.5), vec2(4.0, -2.5), vec2(0.0, 3.5)]
    } else {
        [vec2(-2.5, -4.0), vec2(3.5, 0.0), vec2(-2.5, 4.0)]
    };
    let corners = corners.map(|corner| center + corner).to_vec();
    ui.painter().add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

fn span_rect(row: Rect, [left, right]: [f32; 2]) -> Rect {
    Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom()))
}

/// One line of text, cut with an ellipsis where it is too long.
fn elided(ui: &egui::Ui, rect: Rect, text: &str, font: &FontId, color: Color32, is_right: bool) {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font.clone(), color));
    job.wrap = TextWrapping::truncate_at_width(rect.width());
    let galley = ui.painter().layout_job(job);
    let x = if is_right {
        rect.right() - galley.size().x
    } else {
        rect.left()
    };
    ui.painter()
        .galley(pos2(x, rect.center().y - 0.5 * galley.size().y), galley, color);
}
