//! The frame of a plot: from values to the screen and back, ticks, grid and names of the axes.

use eframe::egui::{self, Align2, FontId, Pos2, Rect, Stroke, TextStyle, pos2};

use crate::ui::theme::{self, GRID};

/// Room for tick labels and names around the plot.
const LEFT: f32 = 36.0;
const BOTTOM: f32 = 34.0;
const TOP: f32 = 20.0;
const RIGHT: f32 = 14.0;

/// A rectangle on the screen and the values that its sides stand for.
pub(super) struct Axes {
    pub(super) plot: Rect,
    x_range: [f64; 2],
    y_range: [f64; 2],
}

impl Axes {
    /// Axes within `outer`, room for labels taken off.
    pub(super) fn within(outer: Rect, x_range: [f64; 2], y_range: [f64; 2]) -> Self {
        let plot = Rect::from_min_max(outer.min + egui::vec2(LEFT, TOP), outer.max - egui::vec2(RIGHT, BOTTOM));
        Self { plot, x_range, y_range }
    }

    /// How much larger the outer rectangle is than the plot.
    pub(super) fn margin() -> egui::Vec2 {
        egui::vec2(LEFT + RIGHT, TOP + BOTTOM)
    }

    pub(super) fn x(&self, value: f64) -> f32 {
        let part = (value - self.x_range[0]) / (self.x_range[1] - self.x_range[0]);
        self.plot.left() + part as f32 * self.plot.width()
    }

    pub(super) fn y(&self, value: f64) -> f32 {
        let part = (value - self.y_range[0]) / (self.y_range[1] - self.y_range[0]);
        self.plot.bottom() - part as f32 * self.plot.height()
    }

    pub(super) fn pos(&self, [x, y]: [f64; 2]) -> Pos2 {
        pos2(self.x(x), self.y(y))
    }

    /// The value at a place of the screen.
    pub(super) fn x_value(&self, x: f32) -> f64 {
        let part = f64::from((x - self.plot.left()) / self.plot.width());
        self.x_range[0] + part * (self.x_range[1] - self.x_range[0])
    }

    /// Background, grid, ticks and the names of both axes.
    pub(super) fn paint(&self, ui: &egui::Ui, x_name: &str, y_name: &str) {
        let palette = theme::palette(ui);
        let painter = ui.painter();
        let small = TextStyle::Small.resolve(ui.style());
        let digits = FontId::monospace(small.size - 1.0);
        painter.rect_filled(self.plot, 0.0, palette.canvas);
        let line = Stroke::new(1.0, palette.grid);
        let (x_ticks, x_digits) = ticks(self.x_range, (self.plot.width() / 56.0) as usize);
        for tick in x_ticks {
            let x = painter.round_to_pixel_center(self.x(tick));
            painter.vline(x, self.plot.y_range(), line);
            let text = format!("{tick:.x_digits$}");
            painter.text(
                pos2(x, self.plot.bottom() + 6.0),
                Align2::CENTER_TOP,
                text,
                digits.clone(),
                palette.weak,
            );
        }
        let (y_ticks, y_digits) = ticks(self.y_range, (self.plot.height() / 32.0) as usize);
        for tick in y_ticks {
            let y = painter.round_to_pixel_center(self.y(tick));
            painter.hline(self.plot.x_range(), y, line);
            let text = format!("{tick:.y_digits$}");
            painter.text(
                pos2(self.plot.left() - GRID, y),
                Align2::RIGHT_CENTER,
                text,
                digits.clone(),
                palette.weak,
            );
        }
        let below = pos2(self.plot.center().x, self.plot.bottom() + BOTTOM);
        painter.text(below, Align2::CENTER_BOTTOM, x_name, small.clone(), palette.weak);
        let above = pos2(self.plot.left() - LEFT + GRID, self.plot.top() - 5.0);
        painter.text(above, Align2::LEFT_BOTTOM, y_name, small, palette.weak);
    }
}

/// Round values within a range, at most `n_max` and some, and the digits that they need.
fn ticks([low, high]: [f64; 2], n_max: usize) -> (Vec<f64>, usize) {
    let rough = (high - low) / n_max.max(2) as f64;
    if !(rough.is_finite() && rough > 0.0) {
        return (Vec::new(), 0);
    }
    let unit = 10f64.powf(rough.log10().floor());
    let step = unit
        * [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .find(|factor| unit * factor >= rough)
            .unwrap_or(10.0);
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    // Adding 0 turns −0 into 0.
    let ticks = (first..=last).map(|tick| tick as f64 * step + 0.0).collect();
    (ticks, (-step.log10().floor()).max(0.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        let (values, digits) = ticks([0.0, 1.0], 6);
        assert_eq!(values.len(), 6);
        assert_eq!(digits, 1);
        let (values, digits) = ticks([-0.013, 0.047], 5);
        assert!(values.iter().all(|tick| (-0.013..=0.047).contains(tick)), "{values:?}");
        assert_eq!(digits, 2);
        assert_eq!(ticks([1.0, 1.0], 5).0, Vec::<f64>::new());
    }
}
