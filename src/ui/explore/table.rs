//! The designs of a search, one a row: only the rows in sight are drawn; a header sorts, a click selects.

use eframe::egui::{self, Align, Label, Layout, RichText, Sense, Shape, Stroke, WidgetInfo, pos2, vec2};
use egui_extras::{Column as TableColumn, TableBuilder};

use super::column::Column;
use super::drawn::{Drawn, Look};
use super::numbers;
use crate::app::{DesignQuantity, ExplorationView, Workbench, design_table, state_title};
use crate::exploration::TrialState;
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::theme;
use crate::ui::widgets::{count, save_table_menu};

const ROW_HEIGHT: f32 = 22.0;

/// The private look of the table.
#[derive(Default)]
pub(super) struct TableView {
    /// The design that was last scrolled to.
    shown: Option<(String, usize)>,
    n_drawn_rows: usize,
}

impl TableView {
    /// Draws the table; returns the place of the design that was clicked.
    pub(super) fn ui(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        view: &ExplorationView,
        drawn: &Drawn,
        look: &mut Look,
        selected: usize,
    ) -> Option<usize> {
        // To be drawn again by the report.
        let recipe = || FigureRecipe::Designs {
            exploration: view.name.clone(),
            shows_unfinished: look.shows_unfinished,
        };
        offers::offer(ui, ui.max_rect(), recipe);
        ui.horizontal(|ui| {
            ui.label(RichText::new("Designs").strong());
            let weak = theme::palette(ui).weak;
            let n_hidden = view.exploration.trials.len() - drawn.rows.len();
            let hidden = if n_hidden == 0 {
                String::new()
            } else {
                format!(", {} cut or failed hidden", count(n_hidden))
            };
            let text = format!("{}{hidden}", count(drawn.rows.len()));
            ui.label(RichText::new(text).small().color(weak));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let table = || Some(design_table(&view.name, &view.exploration, &drawn.rows));
                save_table_menu(ui, &format!("{}_designs", view.name), table, recipe);
            });
        });
        self.n_drawn_rows = 0;
        egui::ScrollArea::horizontal()
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(4.0, 0.0);
                ui.spacing_mut().scroll.fade.strength = 0.0;
                self.rows(ui, workbench, view, drawn, look, selected)
            })
            .inner
    }

    fn rows(
        &mut self,
        ui: &mut egui::Ui,
        workbench: &Workbench,
        view: &ExplorationView,
        drawn: &Drawn,
        look: &mut Look,
        selected: usize,
    ) -> Option<usize> {
        let mut builder = TableBuilder::new(ui)
            .id_salt("designs")
            .striped(true)
            .sense(Sense::CLICK)
            .auto_shrink(false)
            .animate_scrolling(false)
            .cell_layout(Layout::left_to_right(Align::Center));
        for column in Column::ALL {
            builder = builder.column(match column {
                Column::Design => TableColumn::remainder().at_least(column.width()).clip(true),
                _ => TableColumn::exact(column.width()).clip(true),
            });
        }
        if let Some(row) = self.row_to_scroll_to(view, drawn, selected) {
            builder = builder.scroll_to_row(row, None);
        }
        let table = builder.header(ROW_HEIGHT, |mut row| {
            for column in Column::ALL {
                row.col(|ui| header(ui, column, look));
            }
        });
        let mut clicked = None;
        let n_drawn_rows = &mut self.n_drawn_rows;
        table.body(|body| {
            body.rows(ROW_HEIGHT, drawn.rows.len(), |mut row| {
                *n_drawn_rows += 1;
                let place = drawn.rows[row.index()];
                row.set_selected(place == selected);
                for column in Column::ALL {
                    row.col(|ui| cell(ui, column, workbench, view, drawn, place));
                }
                if row.response().clicked() {
                    clicked = Some(place);
                }
            });
        });
        // What was clicked is in sight already.
        if let Some(place) = clicked {
            self.shown = Some((view.name.clone(), view.exploration.trials[place].number));
        }
        clicked
    }

    /// The row of the selected design, once after another one was selected: a person who scrolls away is not pulled back.
    fn row_to_scroll_to(&mut self, view: &ExplorationView, drawn: &Drawn, selected: usize) -> Option<usize> {
        let now = Some((view.name.clone(), view.exploration.trials[selected].number));
        if self.shown == now {
            return None;
        }
        self.shown = now;
        drawn.rows.iter().position(|&place| place == selected)
    }
}

fn header(ui: &mut egui::Ui, column: Column, look: &mut Look) {
    let palette = theme::palette(ui);
    let layout = if column.is_number() {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    };
    ui.with_layout(layout, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let (sorted, is_ascending) = look.sort;
        let is_sorted = sorted == column;
        let text = RichText::new(column.title()).small();
        let text = if is_sorted {
            text.color(palette.accent).strong()
        } else {
            text.color(palette.weak)
        };
        let response = ui
            .add(Label::new(text).selectable(false).extend().sense(Sense::click()))
            .on_hover_cursor(egui::CursorIcon::PointingHand)
            .on_hover_text(column.hint());
        response.widget_info(|| {
            let order = match (is_sorted, is_ascending) {
                (false, _) => "",
                (true, true) => ", smallest first",
                (true, false) => ", largest first",
            };
            let label = format!("Sort by {}{order}", column.name());
            WidgetInfo::selected(egui::Role::Button, true, is_sorted, label)
        });
        if response.clicked() {
            let is_ascending = if is_sorted { !is_ascending } else { column.starts_ascending() };
            look.sort = (column, is_ascending);
        }
        if is_sorted {
            let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
            let (base, tip) = if is_ascending {
                (rect.bottom() - 1.5, rect.top() + 1.5)
            } else {
                (rect.top() + 1.5, rect.bottom() - 1.5)
            };
            let corners = vec![pos2(rect.left(), base), pos2(rect.right(), base), pos2(rect.center().x, tip)];
            ui.painter().add(Shape::convex_polygon(corners, palette.accent, Stroke::NONE));
        }
    });
}

fn cell(ui: &mut egui::Ui, column: Column, workbench: &Workbench, view: &ExplorationView, drawn: &Drawn, place: usize) {
    let trial = &view.exploration.trials[place];
    let palette = theme::palette(ui);
    let accuracy = view.exploration.settings.search.accuracy;
    let digits = |ui: &mut egui::Ui, text: String, colour: Option<egui::Color32>| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = RichText::new(text).monospace();
            let text = colour.map_or(text.clone(), |colour| text.color(colour));
            ui.add(Label::new(text).selectable(false).extend())
        })
        .inner
    };
    match column {
        Column::Number => {
            digits(ui, trial.number.to_string(), None);
            if workbench.is_design_pinned(&view.name, trial.number) {
                let centre = pos2(ui.max_rect().left() + 6.0, ui.max_rect().center().y);
                let corner = |x: f32, y: f32| pos2(centre.x + x, centre.y + y);
                let corners = vec![corner(0.0, -4.5), corner(4.0, 0.0), corner(0.0, 4.5), corner(-4.0, 0.0)];
                ui.painter()
                    .add(Shape::convex_polygon(corners, palette.warning, Stroke::NONE));
            }
        }
        Column::State => {
            let colour = match trial.state {
                TrialState::Running => palette.accent,
                TrialState::Done => ui.visuals().text_color(),
                TrialState::Cut => palette.weak,
                TrialState::Failed => palette.error,
            };
            ui.add_space(4.0);
            let text = RichText::new(state_title(trial.state)).color(colour);
            let response = ui.add(Label::new(text).selectable(false).extend());
            if let Some(error) = &trial.error {
                response.on_hover_text(error);
            }
        }
        Column::Quantity(quantity) => {
            let value = quantity.of(trial, accuracy);
            let is_chance = quantity == DesignQuantity::Auc && is_chance(value, drawn.chance_limit);
            let response = digits(ui, numbers::cell(quantity, value), is_chance.then_some(palette.error));
            if is_chance {
                response.on_hover_text("No better than chance");
            }
        }
        Column::Design => {
            let text = RichText::new(trial.genome.to_string()).monospace().color(palette.weak);
            ui.add(Label::new(text).selectable(false).truncate());
        }
    }
}

/// Whether an AUC is one that knowing nothing may well reach.
pub(super) fn is_chance(auc: Option<f64>, limit: Option<f64>) -> bool {
    auc.is_some_and(|auc| auc <= limit.unwrap_or(0.5))
}
