//! Curves over a quantity: how one thing grows with another.

use super::axis::{Axis, range};
use super::canvas::{Canvas, Stroke};
use super::frame::{Frame, GAP, MARGIN};
use super::legend::{self, Key};
use super::palette::{colour, dash, mark, shape};
use super::style::Room;

pub(super) const WIDTH: f64 = 440.0;
pub(super) const HEIGHT: f64 = 240.0;

/// Curves over a quantity, a mark for each point.
#[derive(Debug, Clone, PartialEq)]
pub struct LineFigure {
    pub title: String,
    pub x: Quantity,
    pub y: Quantity,
    /// (name, points in the order of x)
    pub curves: Vec<(String, Vec<[f64; 2]>)>,
}

/// What an axis measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// With its unit: `Time (s)`.
    pub name: String,
    pub scale: Scale,
}

/// How a quantity, which is never negative, is laid along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From zero on, so that what is proportional is a straight line through the corner.
    Linear,
    /// Powers are straight lines; zero has no place.
    Logarithmic,
}

impl Quantity {
    fn axis(&self, values: impl Iterator<Item = f64>) -> Axis {
        match self.scale {
            Scale::Linear => {
                let (low, high) = range(values).unwrap_or((0.0, 1.0));
                let high = if high > 0.0 { 1.04 * high } else { high };
                Axis::new(low.min(0.0), high, 6)
            }
            Scale::Logarithmic => {
                let (low, high) = range(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
                Axis::logarithmic(low, high)
            }
        }
    }

    /// Where a value stands on the axis; not finite where it has no place.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.log10(),
        }
    }
}

impl LineFigure {
    pub(super) fn draw(&self, room: Room) -> Canvas {
        let mut canvas = Canvas::new(room.width, room.theme);
        let values = |axis: usize| {
            self.curves
                .iter()
                .flat_map(move |curve| curve.1.iter().map(move |point| point[axis]))
        };
        let frame = Frame::new(
            &canvas,
            self.x.axis(values(0)),
            self.y.axis(values(1)),
            room.height_of(WIDTH, HEIGHT),
            2.0 * GAP,
        );
        frame.draw_title(&mut canvas, &self.title);
        frame.draw_grid(&mut canvas, true);
        for (curve_idx, (_, points)) in self.curves.iter().enumerate() {
            let places = points.iter().map(|[x, y]| [self.x.place(*x), self.y.place(*y)]);
            let points: Vec<[f64; 2]> = places
                .filter(|place| place.iter().all(|coordinate| coordinate.is_finite()))
                .map(|[x, y]| frame.at(x, y))
                .collect();
            canvas.polyline(&points, "growth-curve", stroke(curve_idx));
            for point in points {
                mark(&mut canvas, point, 2.6, shape(curve_idx), colour(curve_idx), false);
            }
        }
        let bottom = frame.draw_axes(&mut canvas, &self.x.name, &self.y.name);
        let entries: Vec<(Key, String)> = self
            .curves
            .iter()
            .enumerate()
            .map(|(curve_idx, (name, _))| (Key::Line(stroke(curve_idx)), name.clone()))
            .collect();
        canvas.height = legend::draw(&mut canvas, frame.area.x, bottom + GAP, &entries) + MARGIN;
        canvas
    }

    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![vec!["curve".to_owned(), self.x.name.clone(), self.y.name.clone()]];
        for (name, points) in &self.curves {
            rows.extend(points.iter().map(|[x, y]| vec![name.clone(), x.to_string(), y.to_string()]));
        }
        rows
    }
}

fn stroke(curve_idx: usize) -> Stroke {
    Stroke {
        colour: colour(curve_idx),
        width: 1.5,
        dash: dash(curve_idx),
    }
}
