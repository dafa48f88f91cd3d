//! The figures of a run over its epochs, growing while it trains: the loss first, and what else there is by choice.

use eframe::egui::{self, ComboBox};
use egui_plot::{Corner, HoverPosition, Legend, Line, LineStyle, Plot, PlotPoints, uniform_grid_spacer};

use crate::app::RunView;
use crate::extractors::EpochMetrics;
use crate::ui::theme;

/// The quantity that every run has.
const LOSS: &str = "Loss";
const ACCURACY: &str = "Accuracy";

/// What is drawn on one scale.
#[derive(Debug, Clone, PartialEq)]
struct Quantity {
    title: String,
    curves: Vec<Curve>,
    /// The newest value, of the first curve that the newest epoch belongs to.
    last: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Curve {
    name: String,
    /// Curves of one network and figure have one colour, whatever clips they are of.
    colour_key: String,
    is_held_out: bool,
    /// (epoch counted from 1, value)
    points: Vec<[f64; 2]>,
}

/// What of a run is drawn, and how.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Of the quantity; of the first one where there is none of that title.
    title: String,
    /// Whether the values stand on a logarithmic axis: a loss falls by decades first and by hundredths later.
    is_log: bool,
}

impl Quantity {
    /// Whether a logarithm can show all of it.
    fn is_positive(&self) -> bool {
        self.curves
            .iter()
            .flat_map(|curve| &curve.points)
            .all(|[_, value]| *value > 0.0)
    }
}

/// Draws the quantity that is `chosen`, and the choice.
pub(super) fn ui(ui: &mut egui::Ui, run: &RunView, height: f32, chosen: &mut Choice) {
    let quantities = quantities(&run.epochs);
    let shown = quantities
        .iter()
        .find(|quantity| quantity.title == chosen.title)
        .or(quantities.first());
    let mut height = height;
    let may_be_log = shown.is_some_and(Quantity::is_positive);
    if let Some(shown) = shown {
        let mut title = shown.title.clone();
        let row = ui.horizontal(|ui| {
            if quantities.len() > 1 {
                ui.name_inputs("Curves", |ui| {
                    ComboBox::from_id_salt("curves")
                        .width(260.0)
                        .selected_text(title.as_str())
                        .show_ui(ui, |ui| {
                            for quantity in &quantities {
                                ui.selectable_value(&mut title, quantity.title.clone(), &quantity.title);
                            }
                        })
                        .response
                });
            }
            ui.add_enabled(may_be_log, egui::Checkbox::new(&mut chosen.is_log, "Log scale"))
                .on_hover_text("Equal distances for equal ratios")
                .on_disabled_hover_text("Only for values above zero");
        });
        if title != shown.title {
            chosen.title = title;
        }
        height = (height - row.response.rect.height() - ui.spacing().item_spacing.y).max(100.0);
    }
    plot(ui, run, shown, height, chosen.is_log && may_be_log);
}

fn plot(ui: &mut egui::Ui, run: &RunView, shown: Option<&Quantity>, height: f32, is_log: bool) {
    let palette = theme::palette(ui);
    let colours = theme::categories(ui);
    let title = shown.map_or(LOSS, |quantity| &quantity.title);
    let curves = shown.map_or(&[] as &[Curve], |quantity| &quantity.curves);
    let is_of_both = curves.iter().any(|curve| !curve.is_held_out);
    let mut keys: Vec<&str> = Vec::new();
    for curve in curves {
        if !keys.contains(&curve.colour_key.as_str()) {
            keys.push(&curve.colour_key);
        }
    }
    let on_axis = |value: f64| if is_log { value.log10() } else { value };
    let off_axis = move |place: f64| if is_log { 10_f64.powf(place) } else { place };
    let plot = Plot::new(("figures", title, is_log))
        .height(height)
        .legend(Legend::default().position(Corner::RightTop).follow_insertion_order(true))
        .x_axis_label("Epoch")
        .y_axis_label(title)
        .include_x(1.0)
        .include_x(run.recipe.training.n_epochs as f64)
        .allow_scroll(false)
        .grid_color(palette.grid)
        .x_grid_spacer(uniform_grid_spacer(|input| whole_epochs(input.bounds)))
        .y_grid_spacer(uniform_grid_spacer(|input| round_values(input.bounds)))
        .y_axis_formatter(move |mark, _range| three_digits(off_axis(mark.value)))
        .label_formatter(move |position| match position {
            HoverPosition::NearDataPoint { plot_name, position, .. } => {
                let value = off_axis(position.y);
                Some(format!("{plot_name}\nepoch {:.0}: {value:.4}", position.x))
            }
            HoverPosition::Elsewhere { .. } => None,
        });
    let plot = match (is_log, curves.is_empty()) {
        (true, _) => plot,
        (false, is_empty) => plot.include_y(0.0).include_y(f64::from(u8::from(is_empty))),
    };
    let response = plot
        .show(ui, |plot| {
            for curve in curves {
                let place = keys.iter().position(|key| *key == curve.colour_key).unwrap_or(0);
                // Dashes tell clips apart where there are both kinds; the legend has none, so that colours must tell them too.
                let is_dashed = curve.is_held_out && is_of_both;
                let colour = match (is_dashed, keys.len()) {
                    (true, 1) => colours[1],
                    (true, _) => colours[place % colours.len()].gamma_multiply(0.55),
                    (false, _) => colours[place % colours.len()],
                };
                let points: Vec<[f64; 2]> = curve.points.iter().map(|&[epoch, value]| [epoch, on_axis(value)]).collect();
                // One epoch makes no line yet.
                let dots = egui_plot::Points::new(curve.name.as_str(), PlotPoints::from(points.clone()))
                    .color(colour)
                    .radius(2.0);
                plot.points(dots.filled(!is_dashed));
                let line = Line::new(curve.name.as_str(), PlotPoints::from(points))
                    .color(colour)
                    .width(1.8);
                plot.line(if is_dashed {
                    line.style(LineStyle::dashed_loose())
                } else {
                    line
                });
            }
        })
        .response;
    let last = shown.map_or_else(
        || "no epoch is finished yet".to_owned(),
        |quantity| format!("{:.4}", quantity.last),
    );
    response.accessible_name(format!("{title} over epochs, last: {last}"));
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
    let step = round_step(((last - first) / 8.0).max(1.0));
    [4.0 * step, 2.0 * step, step]
}

/// Three digits of a value on the axis.
fn three_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let n_decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.n_decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Some four lines of the grid at round values: few enough that each has its number in a low plot.
fn round_values((low, high): (f64, f64)) -> [f64; 3] {
    let step = round_step(((high - low) / 4.0).max(1e-9));
    [4.0 * step, 2.0 * step, step]
}

/// The smallest of 1, 2, 5 and 10 times a power of ten that is at least as wide.
fn round_step(width: f64) -> f64 {
    let decade = 10_f64.powf(width.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    steps.into_iter().find(|step| *step >= width).unwrap_or(10.0 * decade)
}

/// All that there is to draw: the loss, the accuracies on one scale, then each further figure by itself.
fn quantities(epochs: &[EpochMetrics]) -> Vec<Quantity> {
    let mut all: Vec<Quantity> = Vec::new();
    for epoch in epochs {
        let mut seen: Vec<String> = Vec::new();
        for (title, what, is_held_out, value) in values(epoch) {
            let place = all.iter().position(|quantity| quantity.title == title).unwrap_or_else(|| {
                all.push(Quantity {
                    title: title.clone(),
                    curves: Vec::new(),
                    last: value,
                });
                all.len() - 1
            });
            let quantity = &mut all[place];
            if !seen.contains(&title) {
                quantity.last = value;
                seen.push(title);
            }
            let kind = if is_held_out { "held-out" } else { "training" };
            let words = [epoch.network.as_str(), what.as_str(), kind];
            let name = words
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
            let point = [epoch.epoch_idx as f64 + 1.0, value];
            match quantity.curves.iter_mut().find(|curve| curve.name == name) {
                Some(curve) => curve.points.push(point),
                None => quantity.curves.push(Curve {
                    name,
                    colour_key: format!("{} {what}", epoch.network),
                    is_held_out,
                    points: vec![point],
                }),
            }
        }
    }
    all
}

/// (quantity, what of it where it has several, whether of held-out clips, value)
fn values(epoch: &EpochMetrics) -> Vec<(String, String, bool, f64)> {
    let mut values = vec![(LOSS.to_owned(), String::new(), false, epoch.train_loss)];
    values.extend(epoch.validation_loss.map(|loss| (LOSS.to_owned(), String::new(), true, loss)));
    let accuracy = |what: &str, share| (ACCURACY.to_owned(), what.to_owned(), true, share);
    values.extend(epoch.validation_accuracy.map(|share| accuracy("classes", share)));
    for figure in &epoch.figures {
        values.push(match figure.name.strip_suffix(" accuracy") {
            Some(what) => accuracy(&format!("{what}s"), figure.value),
            None => (capitalised(&figure.name), String::new(), figure.is_held_out, figure.value),
        });
    }
    values
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extractors::EpochFigure;

    fn epoch(network: &str, epoch_idx: usize) -> EpochMetrics {
        let figure = |name: &str, is_held_out, value| EpochFigure {
            name: name.to_owned(),
            is_held_out,
            value,
        };
        EpochMetrics {
            epoch_idx,
            network: network.to_owned(),
            train_loss: 2.0,
            validation_loss: Some(3.0),
            validation_accuracy: Some(0.5),
            secs: 1.0,
            figures: vec![
                figure("centre loss", false, 7.0 + epoch_idx as f64),
                figure("centre loss", true, 9.0),
                figure("condition accuracy", true, 0.25),
            ],
        }
    }

    #[test]
    fn figures_of_one_scale_are_drawn_together() {
        let found = quantities(&[epoch("", 0), epoch("", 1)]);
        let titles: Vec<&str> = found.iter().map(|quantity| quantity.title.as_str()).collect();
        assert_eq!(titles, ["Loss", "Accuracy", "Centre loss"]);
        let names = |place: usize| {
            found[place]
                .curves
                .iter()
                .map(|curve| curve.name.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(0), ["training", "held-out"]);
        assert_eq!(names(1), ["classes held-out", "conditions held-out"]);
        assert_eq!(found[2].curves[0].points, [[1.0, 7.0], [2.0, 8.0]]);
        assert_eq!(found[2].last, 8.0);
        let two = quantities(&[epoch("fan", 0), epoch("pump", 0)]);
        assert_eq!(two[0].curves.len(), 4);
        assert_eq!(quantities(&[]), []);
    }
}
