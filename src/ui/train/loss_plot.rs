//! The loss of a run over its epochs, growing while it trains.

use eframe::egui;
use egui_plot::{Corner, HoverPosition, Legend, Line, LineStyle, Plot, PlotPoints, uniform_grid_spacer};

use crate::app::RunView;
use crate::ui::theme;

/// Points of one curve: (epoch counted from 1, value).
type Points = Vec<[f64; 2]>;

/// What is drawn of one network.
#[derive(Debug, Clone, Default, PartialEq)]
struct Curves {
    network: String,
    train: Points,
    validation: Points,
}

pub(super) fn ui(ui: &mut egui::Ui, run: &RunView, height: f32) {
    let palette = theme::palette(ui);
    let curves = curves(run);
    let colours = theme::categories(ui);
    let is_dashed = |place: usize| place % 2 == 1;
    let response = Plot::new("loss")
        .height(height)
        .legend(Legend::default().position(Corner::RightTop).follow_insertion_order(true))
        .x_axis_label("Epoch")
        .y_axis_label("Loss")
        .include_y(0.0)
        .include_x(1.0)
        .include_x(run.recipe.training.n_epochs as f64)
        .allow_scroll(false)
        .grid_color(palette.grid)
        .x_grid_spacer(uniform_grid_spacer(|input| whole_epochs(input.bounds)))
        .label_formatter(|position| match position {
            HoverPosition::NearDataPoint { plot_name, position, .. } => {
                Some(format!("{plot_name}\nepoch {:.0}: {:.4}", position.x, position.y))
            }
            HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            for (place, curves) in curves.iter().enumerate() {
                let colour = colours[place % colours.len()];
                let name = |what: &str| match curves.network.as_str() {
                    "" => what.to_owned(),
                    network => format!("{network} {what}"),
                };
                for (kind, (what, points)) in [("training", &curves.train), ("held-out", &curves.validation)]
                    .into_iter()
                    .enumerate()
                {
                    if points.is_empty() {
                        continue;
                    }
                    // One epoch makes no line yet.
                    let dots = egui_plot::Points::new(name(what), PlotPoints::from(points.clone()))
                        .color(colour)
                        .radius(2.0);
                    plot.points(dots.filled(!is_dashed(kind)));
                    let line = Line::new(name(what), PlotPoints::from(points.clone()))
                        .color(colour)
                        .width(1.8);
                    plot.line(if is_dashed(kind) {
                        line.style(LineStyle::dashed_loose())
                    } else {
                        line
                    });
                }
            }
        })
        .response;
    let last = run.epochs.last().map_or_else(
        || "no epoch is finished yet".to_owned(),
        |epoch| format!("{:.4}", epoch.train_loss),
    );
    response.accessible_name(format!("Loss over epochs, last: {last}"));
    if run.epochs.is_empty() {
        let text = "The curve begins when the first epoch is finished";
        let rect = egui::Align2::CENTER_CENTER;
        ui.painter().text(
            ui.min_rect().center_bottom() - egui::vec2(0.0, height * 0.5),
            rect,
            text,
            egui::FontId::proportional(13.5),
            palette.weak,
        );
    }
}

/// Some eight lines of the grid, each on a whole epoch.
fn whole_epochs((first, last): (f64, f64)) -> [f64; 3] {
    let width = (last - first) / 8.0;
    let decade = 10_f64.powf(width.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    let step = steps.into_iter().find(|step| *step >= width).unwrap_or(10.0 * decade);
    [4.0 * step, 2.0 * step, step]
}

/// The epochs by network, in the order of their coming.
fn curves(run: &RunView) -> Vec<Curves> {
    let mut all: Vec<Curves> = Vec::new();
    for epoch in &run.epochs {
        let place = all
            .iter()
            .position(|curves| curves.network == epoch.network)
            .unwrap_or_else(|| {
                all.push(Curves {
                    network: epoch.network.clone(),
                    ..Curves::default()
                });
                all.len() - 1
            });
        let curves = &mut all[place];
        let x = (curves.train.len() + 1) as f64;
        curves.train.push([x, epoch.train_loss]);
        curves.validation.extend(epoch.validation_loss.map(|loss| [x, loss]));
    }
    all
}
