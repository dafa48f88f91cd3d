//! What the plots of the screen share: axes with round ticks, logarithmic where costs are, and their looks.

use std::ops::RangeInclusive;

use eframe::egui::{self};
use egui_plot::{GridInput, GridMark, Plot};

use super::drawn::from_axis;
use super::numbers::short;
use crate::app::DesignQuantity;
use crate::ui::theme;

/// A plot of one quantity over another, to zoom and drag; a double click shows all again.
pub(super) fn plot<'a>(ui: &egui::Ui, salt: &'a str, x_name: &str, y_name: &str) -> Plot<'a> {
    Plot::new(salt)
        .x_axis_label(x_name)
        .y_axis_label(y_name)
        .allow_scroll(false)
        .allow_axis_zoom_drag(false)
        .allow_boxed_zoom(false)
        .grid_color(theme::palette(ui).grid)
        .set_margin_fraction(egui::vec2(0.05, 0.08))
}

/// Where a quantity's axis has its lines.
pub(super) fn spacer(quantity: DesignQuantity) -> impl Fn(GridInput) -> Vec<GridMark> {
    move |input| {
        if quantity.is_cost() {
            powers(input.bounds)
        } else {
            rounds(&input)
        }
    }
}

/// Text of a line: the value, not its logarithm.
pub(super) fn formatter(quantity: DesignQuantity) -> impl Fn(GridMark, &RangeInclusive<f64>) -> String {
    move |mark, _| short(from_axis(quantity, mark.value))
}

/// 1, 2 and 5 times powers of ten, on the axis of decimal logarithms.
fn powers((low, high): (f64, f64)) -> Vec<GridMark> {
    if !(high - low).is_finite() || high - low > 30.0 {
        return Vec::new();
    }
    let digits: &[f64] = if high - low > 3.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let marks = (low.floor() as i32..=high.ceil() as i32).flat_map(|power| {
        let of_power = digits.iter();
        of_power.map(move |digit| GridMark {
            value: f64::from(power) + digit.log10(),
            step_size: if *digit == 1.0 { 1.0 } else { 0.3 },
        })
    });
    marks.filter(|mark| (low..=high).contains(&mark.value)).collect()
}

/// Some six round values.
fn rounds(input: &GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let rough = ((high - low) / 6.0).max(1e-9);
    let unit = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * unit);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(10.0 * unit);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    let marks = (first..=last.min(first + 40)).map(|multiple| GridMark {
        value: multiple as f64 * step,
        step_size: step,
    });
    marks.collect()
}
