//! The plot area with its axes.

use super::axis::Axis;
use super::canvas::{Anchor, Area, Canvas, Stroke, TextStyle};
use super::font;
use super::palette::{GRID, INK};

pub(super) const TITLE_SIZE: f64 = 12.0;
pub(super) const LABEL_SIZE: f64 = 11.0;
pub(super) const TICK_SIZE: f64 = 10.0;
const TICK_LENGTH: f64 = 4.0;
/// Around everything.
pub(super) const MARGIN: f64 = 8.0;
/// Between parts that belong together.
pub(super) const GAP: f64 = 5.0;
const TITLE_HEIGHT: f64 = TITLE_SIZE + 10.0;

/// Where the data go.
pub(super) struct Frame {
    pub(super) area: Area,
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Frame {
    /// Lays out a plot of the canvas' width (less `right` on the right side): left margin as wide as the labels need.
    pub(super) fn new(canvas: &Canvas, x: Axis, y: Axis, height: f64, right: f64) -> Self {
        let widest = y.ticks.iter().map(|tick| font::width(&tick.1, TICK_SIZE)).fold(0.0, f64::max);
        let left = MARGIN + LABEL_SIZE + GAP + widest + TICK_LENGTH + 4.0;
        let area = Area {
            x: left,
            y: MARGIN + TITLE_HEIGHT,
            width: canvas.width - left - right - MARGIN,
            height,
        };
        Self { area, x, y }
    }

    /// The place of a data point.
    pub(super) fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.x_at(x), self.y_at(y)]
    }

    pub(super) fn x_at(&self, x: f64) -> f64 {
        self.area.x + self.area.width * self.x.position(x)
    }

    pub(super) fn y_at(&self, y: f64) -> f64 {
        self.area.bottom() - self.area.height * self.y.position(y)
    }

    /// The title above the plot, cut where it is wider than the figure.
    pub(super) fn draw_title(&self, canvas: &mut Canvas, title: &str) {
        let style = TextStyle {
            is_bold: true,
            ..TextStyle::new(TITLE_SIZE, Anchor::Start)
        };
        let room = canvas.width - 2.0 * MARGIN;
        let text = font::shortened(title, TITLE_SIZE, room / 1.15);
        let x = self
            .area
            .x
            .min(canvas.width - MARGIN - 1.15 * font::width(&text, TITLE_SIZE))
            .max(MARGIN);
        canvas.text([x, MARGIN + TITLE_SIZE], &text, style);
    }

    pub(super) fn draw_grid(&self, canvas: &mut Canvas, is_vertical_too: bool) {
        let stroke = Stroke::solid(GRID, 0.6);
        for (value, _) in &self.y.ticks {
            let y = self.y_at(*value);
            canvas.line([self.area.x, y], [self.area.right(), y], stroke);
        }
        if is_vertical_too {
            for (value, _) in &self.x.ticks {
                let x = self.x_at(*value);
                canvas.line([x, self.area.y], [x, self.area.bottom()], stroke);
            }
        }
    }

    /// The outline, ticks, labels and names of both axes; returns the y below everything.
    pub(super) fn draw_axes(&self, canvas: &mut Canvas, x_name: &str, y_name: &str) -> f64 {
        let (area, stroke) = (self.area, Stroke::solid(INK, 0.8));
        canvas.rectangle(area, "none", 1.0, Some(stroke));
        for (value, label) in &self.x.ticks {
            let x = self.x_at(*value);
            canvas.line([x, area.bottom()], [x, area.bottom() + TICK_LENGTH], stroke);
            canvas.text(
                [x, area.bottom() + TICK_LENGTH + TICK_SIZE + 1.0],
                label,
                TextStyle::new(TICK_SIZE, Anchor::Middle),
            );
        }
        for (value, label) in &self.y.ticks {
            let y = self.y_at(*value);
            canvas.line([area.x - TICK_LENGTH, y], [area.x, y], stroke);
            canvas.text(
                [area.x - TICK_LENGTH - 3.0, y + 0.36 * TICK_SIZE],
                label,
                TextStyle::new(TICK_SIZE, Anchor::End),
            );
        }
        let label_y = area.bottom() + TICK_LENGTH + TICK_SIZE + GAP + LABEL_SIZE;
        let middle = TextStyle::new(LABEL_SIZE, Anchor::Middle);
        let x_name = font::shortened(&self.x.title(x_name), LABEL_SIZE, area.width);
        canvas.text([area.x + 0.5 * area.width, label_y], &x_name, middle);
        let upright = TextStyle {
            is_upright: true,
            ..middle
        };
        let y_name = font::shortened(&self.y.title(y_name), LABEL_SIZE, area.height);
        canvas.text([MARGIN + LABEL_SIZE, area.y + 0.5 * area.height], &y_name, upright);
        label_y + GAP
    }
}
