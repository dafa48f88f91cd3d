//! How the best design has grown with the search.

use eframe::egui::{self, Align, Layout, Role, WidgetInfo};
use egui_plot::{HoverPosition, Line, PlotPoints, Points};

use super::drawn::Drawn;
use super::plots;
use crate::app::{DesignQuantity, ExplorationView, asked_auc, best_figure};
use crate::exploration::TrialState;
use crate::figures::Figure;
use crate::project::FigureRecipe;
use crate::ui::theme;
use crate::ui::widgets::save_figure_menu;

pub(super) fn tools(ui: &mut egui::Ui, view: &ExplorationView) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let figure = || Some(Figure::Scatter(best_figure(&view.name, &view.exploration)));
        save_figure_menu(ui, &format!("{}_best", view.name), figure, || recipe(view));
        if let Some(asked) = asked_auc(&view.exploration) {
            let weak = theme::palette(ui).weak;
            let text = format!("Counts from an AUC of {asked:.3} on: the reference less its tolerance");
            ui.add(egui::Label::new(egui::RichText::new(text).small().color(weak)).truncate());
        }
    });
}

/// The curve, to be drawn again by the report.
pub(super) fn recipe(view: &ExplorationView) -> FigureRecipe {
    FigureRecipe::BestSoFar {
        exploration: view.name.clone(),
    }
}

/// Draws the curve; nothing can be selected in it.
pub(super) fn ui(ui: &mut egui::Ui, view: &ExplorationView, drawn: &Drawn) -> Option<usize> {
    let palette = theme::palette(ui);
    let quantity = DesignQuantity::NetScore;
    let accuracy = view.exploration.settings.search.accuracy;
    let trained = view.exploration.trials.iter().filter(|trial| trial.state == TrialState::Done);
    let scores: Vec<[f64; 2]> = trained
        .filter_map(|trial| Some([trial.number as f64, quantity.of(trial, accuracy)?]))
        .collect();
    let plot = plots::plot(ui, "explore_best", "Design", quantity.title())
        .y_grid_spacer(plots::spacer(quantity))
        .include_x(0.0)
        .include_x(view.exploration.settings.search.n_trials as f64)
        .label_formatter(|position| match position {
            HoverPosition::NearDataPoint { plot_name, position, .. } => {
                Some(format!("{plot_name}\ndesign {:.0}: {:.1} dB", position.x, position.y))
            }
            HoverPosition::Elsewhere { .. } => None,
        });
    let response = plot
        .show(ui, |plot| {
            let points = Points::new("trained to the end", PlotPoints::from(scores));
            plot.points(points.color(palette.normal).radius(3.0));
            let line = Line::new("best so far", PlotPoints::from(steps(&drawn.best_so_far)));
            plot.line(line.color(palette.accent).width(1.8));
        })
        .response;
    let last = drawn.best_so_far.last();
    let text = last.map_or_else(|| "none yet".to_owned(), |[_, best]| format!("{best:.1} dB"));
    let name = format!("Best NetScore so far: {text}");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name.clone()));
    if last.is_none() {
        let text = "The curve begins with the first design that is trained to the end";
        ui.painter().text(
            response.rect.center(),
            egui::Align2::CENTER_CENTER,
            text,
            egui::FontId::proportional(13.5),
            palette.weak,
        );
    }
    None
}

/// The best holds until a better one comes: a stair, not a slope.
fn steps(curve: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut steps: Vec<[f64; 2]> = Vec::with_capacity(2 * curve.len());
    for &[x, y] in curve {
        if let Some(&[_, before]) = steps.last() {
            steps.push([x, before]);
        }
        steps.push([x, y]);
    }
    steps
}
