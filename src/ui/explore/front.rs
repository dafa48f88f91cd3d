//! One quantity of the designs against another: the front, the reference, chance, and which design is selected.

use eframe::egui::{self, Align, Checkbox, Color32, ComboBox, Layout, Role, Sense, Shape, Stroke, WidgetInfo, pos2, vec2};
use egui_plot::{HLine, HoverPosition, Line, LineStyle, MarkerShape, PlotPoint, PlotPoints, PlotTransform, Points, VLine};

use super::drawn::{Drawn, Look, Mark, on_axis};
use super::{numbers, plots};
use crate::app::{DesignQuantity, ExplorationView, Workbench, asked_auc, design_figure, state_title};
use crate::exploration::TrialState;
use crate::figures::Figure;
use crate::project::FigureRecipe;
use crate::ui::theme::{self, Palette};
use crate::ui::widgets::save_figure_menu;

/// How near a click must be to a mark, in points.
const REACH: f32 = 14.0;

/// How to save the plot.
pub(super) fn save(ui: &mut egui::Ui, workbench: &Workbench, view: &ExplorationView, look: &Look) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let figure = || {
            let is_pinned = |number| workbench.is_design_pinned(&view.name, number);
            let axes = (look.x, look.y);
            let figure = design_figure(&view.name, &view.exploration, axes, look.shows_unfinished, is_pinned);
            Some(Figure::Scatter(figure))
        };
        save_figure_menu(ui, &format!("{}_{}", view.name, look.y.title()), figure, || {
            recipe(view, look)
        });
    });
}

/// The plot, to be drawn again by the report.
pub(super) fn recipe(view: &ExplorationView, look: &Look) -> FigureRecipe {
    FigureRecipe::TradeOff {
        exploration: view.name.clone(),
        x: look.x.title().to_owned(),
        y: look.y.title().to_owned(),
        shows_unfinished: look.shows_unfinished,
    }
}

/// Which quantities, and whether unfinished designs too.
pub(super) fn tools(ui: &mut egui::Ui, look: &mut Look) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        choose(ui, "Up", &mut look.y);
        let weak = theme::palette(ui).weak;
        ui.colored_label(weak, "over");
        choose(ui, "Along", &mut look.x);
        ui.add(Checkbox::new(&mut look.shows_unfinished, "Cut and failed"))
            .on_hover_text("Show the designs that were cut or failed too, hollow");
    });
}

fn choose(ui: &mut egui::Ui, name: &str, quantity: &mut DesignQuantity) {
    ui.name_inputs(name, |ui| {
        ComboBox::from_id_salt(("explore_axis", name))
            .width(96.0)
            .truncate()
            .selected_text(quantity.title())
            .show_ui(ui, |ui| {
                for other in DesignQuantity::ALL {
                    ui.selectable_value(quantity, other, other.title())
                        .on_hover_text(other.definition());
                }
            });
    });
}

/// Draws the plot; returns the place of the design that was clicked.
pub(super) fn ui(
    ui: &mut egui::Ui,
    workbench: &Workbench,
    view: &ExplorationView,
    drawn: &Drawn,
    look: &Look,
    selected: usize,
) -> Option<usize> {
    let palette = theme::palette(ui);
    let exploration = &view.exploration;
    let accuracy = exploration.settings.search.accuracy;
    let of_reference = |quantity: DesignQuantity| quantity.of_reference(exploration.reference.as_ref()?, accuracy);
    let is_pinned = |place: usize| workbench.is_design_pinned(&view.name, exploration.trials[place].number);
    let plot = plots::plot(ui, "explore_front", look.x.title(), look.y.title())
        .x_grid_spacer(plots::spacer(look.x))
        .y_grid_spacer(plots::spacer(look.y))
        .x_axis_formatter(plots::formatter(look.x))
        .y_axis_formatter(plots::formatter(look.y))
        .label_formatter(|position| match position {
            HoverPosition::NearDataPoint { position, .. } => {
                let near = nearest(&drawn.marks, |at| (at[0] - position.x).hypot(at[1] - position.y) as f32)?;
                Some(words(view, look, near.place))
            }
            HoverPosition::Elsewhere { .. } => None,
        });
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| drawn.marks.iter().any(|mark| Kind::of(view, drawn, mark.place) == *kind))
        .collect();
    let has_pins = drawn.marks.iter().any(|mark| is_pinned(mark.place));
    legend(ui, &kinds, has_pins);
    let asked = asked_auc(exploration).filter(|_| look.y == DesignQuantity::Auc);
    let levels_up = levels(look.y, of_reference(look.y), asked);
    let response = plot.show(ui, |plot| {
        for level in &levels_up {
            plot.hline(
                HLine::new(level.name, on_axis(look.y, level.value))
                    .color(level.color(&palette))
                    .style(LineStyle::dashed_dense())
                    .width(1.2)
                    .allow_hover(false),
            );
        }
        // A cost of the reference would push all designs to the side.
        for level in levels(look.x, of_reference(look.x).filter(|_| !look.x.is_cost()), None) {
            plot.vline(
                VLine::new(level.name, on_axis(look.x, level.value))
                    .color(level.color(&palette))
                    .style(LineStyle::dashed_dense())
                    .width(1.2)
                    .allow_hover(false),
            );
        }
        if drawn.front.len() > 1 {
            let line = Line::new("front", PlotPoints::from(drawn.front.clone()));
            plot.line(line.color(palette.accent).width(1.5).allow_hover(false));
        }
        for kind in Kind::ALL {
            let is_meant = |mark: &&Mark| Kind::of(view, drawn, mark.place) == kind;
            let points: Vec<[f64; 2]> = drawn.marks.iter().filter(is_meant).map(|mark| mark.at).collect();
            if !points.is_empty() {
                plot.points(kind.points(points, &palette));
            }
        }
        let pinned: Vec<[f64; 2]> = drawn
            .marks
            .iter()
            .filter(|mark| is_pinned(mark.place))
            .map(|mark| mark.at)
            .collect();
        if !pinned.is_empty() {
            let diamonds = Points::new("pinned", PlotPoints::from(pinned)).shape(MarkerShape::Diamond);
            plot.points(diamonds.filled(false).radius(8.0).color(palette.warning).allow_hover(false));
        }
        if let Some(mark) = drawn.marks.iter().find(|mark| mark.place == selected) {
            let ring = Points::new("selected", PlotPoints::from(vec![mark.at]));
            plot.points(ring.filled(false).radius(7.0).color(palette.ink).allow_hover(false));
        }
        let pointer = plot.response().interact_pointer_pos().filter(|_| plot.response().clicked())?;
        let distance = |at: [f64; 2]| plot.screen_from_plot(PlotPoint::new(at[0], at[1])).distance(pointer);
        nearest(&drawn.marks, distance)
            .filter(|mark| distance(mark.at) < REACH)
            .map(|mark| mark.place)
    });
    for level in &levels_up {
        name_level(ui, level, look.y, &response.transform);
    }
    let n_front = drawn.front.len();
    let name = format!(
        "{} against {}: {} designs, {n_front} on the front",
        look.y.title(),
        look.x.title(),
        drawn.marks.len()
    );
    response
        .response
        .widget_info(|| WidgetInfo::labeled(Role::Image, true, name.clone()));
    response.inner
}

/// A line to hold designs against.
struct Level {
    name: &'static str,
    value: f64,
    is_chance: bool,
    is_reference: bool,
}

impl Level {
    fn color(&self, palette: &Palette) -> Color32 {
        if self.is_chance { palette.error } else { palette.ink }
    }
}

/// Writes a level's name on its line. Not an item of the plot, which would make room for it.
fn name_level(ui: &egui::Ui, level: &Level, quantity: DesignQuantity, transform: &PlotTransform) {
    let frame = transform.frame();
    let y = transform
        .position_from_point(&PlotPoint::new(0.0, on_axis(quantity, level.value)))
        .y;
    if !frame.y_range().contains(y) {
        return;
    }
    let small = egui::TextStyle::Small.resolve(ui.style());
    // At the end of the line where the fewest designs are: small ones near chance at the left, large ones above at the right.
    let (side, x) = if level.is_reference {
        (Align::Min, frame.left() + 6.0)
    } else {
        (Align::Max, frame.right() - 6.0)
    };
    let has_room = y - small.size - 4.0 > frame.top();
    let (above, y) = if has_room {
        (Align::Max, y - 1.0)
    } else {
        (Align::Min, y + 1.0)
    };
    let text = format!("{} {}", level.name, numbers::plain(quantity, level.value));
    let colour = level.color(&theme::palette(ui));
    ui.painter()
        .text(pos2(x, y), egui::Align2([side, above]), text, small, colour);
}

fn levels(quantity: DesignQuantity, reference: Option<f64>, asked: Option<f64>) -> Vec<Level> {
    let level = |name, value, is_chance, is_reference| Level {
        name,
        value,
        is_chance,
        is_reference,
    };
    let chance = quantity.chance().map(|value| level("chance", value, true, false));
    let reference = reference.map(|value| level("CAE-MCS", value, false, true));
    let asked = asked.map(|value| level("asked for", value, false, false));
    chance.into_iter().chain(reference).chain(asked).collect()
}

/// What the marks mean, in one line: within the plot it would cover some of them.
fn legend(ui: &mut egui::Ui, kinds: &[Kind], has_pins: bool) {
    let palette = theme::palette(ui);
    let small = egui::TextStyle::Small.resolve(ui.style());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    let painter = ui.painter_at(rect);
    let mut left = rect.left() + 8.0;
    let mut entry = |name: &str, draw: &dyn Fn(egui::Pos2)| {
        draw(pos2(left, rect.center().y));
        let at = pos2(left + 9.0, rect.center().y);
        let text = painter.text(at, egui::Align2::LEFT_CENTER, name, small.clone(), palette.weak);
        left = text.right() + 16.0;
    };
    for kind in kinds.iter().rev() {
        let (name, colour, is_filled, radius) = kind.look(&palette);
        entry(name, &|at| {
            if is_filled {
                painter.circle_filled(at, radius, colour);
            } else {
                painter.circle_stroke(at, radius, Stroke::new(1.0, colour));
            }
        });
    }
    if has_pins {
        entry("pinned", &|at| {
            let corner = |x: f32, y: f32| at + vec2(x, y);
            let corners = vec![corner(0.0, -5.0), corner(5.0, 0.0), corner(0.0, 5.0), corner(-5.0, 0.0)];
            painter.add(Shape::closed_line(corners, Stroke::new(1.2, palette.warning)));
        });
    }
}

fn nearest(marks: &[Mark], distance: impl Fn([f64; 2]) -> f32) -> Option<&Mark> {
    marks.iter().min_by(|a, b| distance(a.at).total_cmp(&distance(b.at)))
}

/// What is read where the pointer rests on a design.
fn words(view: &ExplorationView, look: &Look, place: usize) -> String {
    let exploration = &view.exploration;
    let accuracy = exploration.settings.search.accuracy;
    let trial = &exploration.trials[place];
    let line = |quantity: DesignQuantity| {
        format!(
            "\n{} {}",
            quantity.title(),
            numbers::cell(quantity, quantity.of(trial, accuracy))
        )
    };
    let state = state_title(trial.state);
    format!(
        "Design {} ({state}){}{}\n{}",
        trial.number,
        line(look.x),
        line(look.y),
        trial.genome
    )
}

/// How a design is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Failed,
    Cut,
    Running,
    Done,
    Front,
}

impl Kind {
    /// In the order in which they are drawn: what matters most last.
    const ALL: [Self; 5] = [Self::Failed, Self::Cut, Self::Running, Self::Done, Self::Front];

    fn of(view: &ExplorationView, drawn: &Drawn, place: usize) -> Self {
        match view.exploration.trials[place].state {
            TrialState::Done if drawn.is_on_front[place] => Self::Front,
            TrialState::Done => Self::Done,
            TrialState::Running => Self::Running,
            TrialState::Cut => Self::Cut,
            TrialState::Failed => Self::Failed,
        }
    }

    /// Name, colour, whether filled, radius.
    fn look(self, palette: &Palette) -> (&'static str, Color32, bool, f32) {
        match self {
            Self::Failed => ("failed", palette.error, false, 4.0),
            Self::Cut => ("cut", palette.weak, false, 3.0),
            Self::Running => ("in training", palette.warning, false, 3.5),
            Self::Done => ("trained to the end", palette.normal, true, 3.5),
            Self::Front => ("on the front", palette.accent, true, 4.5),
        }
    }

    fn points(self, points: Vec<[f64; 2]>, palette: &Palette) -> Points<'static> {
        let (name, colour, is_filled, radius) = self.look(palette);
        let shape = if self == Self::Failed {
            MarkerShape::Cross
        } else {
            MarkerShape::Circle
        };
        let points = Points::new(name, PlotPoints::from(points)).shape(shape);
        points.color(colour).filled(is_filled).radius(radius)
    }
}
