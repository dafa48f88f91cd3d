//! Points in groups over two quantities, a line through some of them, and levels to hold them against.

use super::Quantity;
use super::axis::{Axis, range};
use super::canvas::{Canvas, Stroke};
use super::frame::{Frame, GAP, MARGIN};
use super::legend::{self, Key};
use super::lines::Scale;
use super::palette::{INK, WEAK, colour, dash, mark, shape};
use super::style::Room;

pub(super) const WIDTH: f64 = 440.0;
pub(super) const HEIGHT: f64 = 260.0;

/// Points in groups, a line, and levels of y.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterFigure {
    pub title: String,
    pub x: Quantity,
    pub y: Quantity,
    pub groups: Vec<ScatterGroup>,
    /// (name, points in the order of x)
    pub line: (String, Vec<[f64; 2]>),
    /// (name, value of y)
    pub levels: Vec<(String, f64)>,
}

/// Points that are of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterGroup {
    pub name: String,
    /// Drawn as an outline.
    pub is_open: bool,
    pub points: Vec<[f64; 2]>,
}

impl ScatterFigure {
    pub(super) fn draw(&self, room: Room) -> Canvas {
        let mut canvas = Canvas::new(room.width, room.theme);
        let points = || self.groups.iter().flat_map(|group| &group.points).chain(&self.line.1);
        let levels = self.levels.iter().map(|(_, value)| *value);
        let x = axis(self.x.scale, points().map(|point| point[0]));
        let y = axis(self.y.scale, points().map(|point| point[1]).chain(levels));
        let frame = Frame::new(&canvas, x, y, room.height_of(WIDTH, HEIGHT), 2.0 * GAP);
        frame.draw_title(&mut canvas, &self.title);
        frame.draw_grid(&mut canvas, true);
        let place = |&[x, y]: &[f64; 2]| {
            let (x, y) = (self.x.place(x), self.y.place(y));
            (x.is_finite() && y.is_finite()).then(|| frame.at(x, y))
        };
        let mut entries = Vec::new();
        for (level_idx, (name, value)) in self.levels.iter().enumerate() {
            let y = self.y.place(*value);
            if !y.is_finite() {
                continue;
            }
            let stroke = Stroke {
                colour: WEAK,
                width: 1.0,
                dash: dash(level_idx + 1),
            };
            let y = frame.y_at(y);
            canvas.line([frame.area.x, y], [frame.area.right(), y], stroke);
            entries.push((Key::Line(stroke), format!("{name} {value:.3}")));
        }
        let line = Stroke::solid(INK, 1.2);
        let through: Vec<[f64; 2]> = self.line.1.iter().filter_map(place).collect();
        if !through.is_empty() {
            canvas.polyline(&through, "front", line);
            entries.push((Key::Line(line), self.line.0.clone()));
        }
        for (group_idx, group) in self.groups.iter().enumerate() {
            let (shape, colour) = (shape(group_idx), colour(group_idx));
            for at in group.points.iter().filter_map(place) {
                mark(&mut canvas, at, 2.8, shape, colour, group.is_open);
            }
            let key = Key::Mark {
                shape,
                colour,
                is_open: group.is_open,
            };
            entries.push((key, format!("{} ({})", group.name, group.points.len())));
        }
        let bottom = frame.draw_axes(&mut canvas, &self.x.name, &self.y.name);
        canvas.height = legend::draw(&mut canvas, frame.area.x, bottom + GAP, &entries) + MARGIN;
        canvas
    }

    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![vec!["kind".to_owned(), self.x.name.clone(), self.y.name.clone()]];
        let line = (&self.line.0, &self.line.1);
        for (name, points) in self.groups.iter().map(|group| (&group.name, &group.points)).chain([line]) {
            rows.extend(points.iter().map(|[x, y]| vec![name.clone(), x.to_string(), y.to_string()]));
        }
        rows.extend(
            self.levels
                .iter()
                .map(|(name, value)| vec![name.clone(), String::new(), value.to_string()]),
        );
        rows
    }
}

/// An axis that holds all values with a little room at both ends; unlike that of curves it need not begin at zero.
fn axis(scale: Scale, values: impl Iterator<Item = f64>) -> Axis {
    match scale {
        Scale::Linear => {
            let (low, high) = range(values).unwrap_or((0.0, 1.0));
            let room = 0.04 * (high - low);
            Axis::new(low - room, high + room, 6)
        }
        Scale::Logarithmic => {
            let (low, high) = range(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
            Axis::logarithmic(low, high)
        }
    }
}
