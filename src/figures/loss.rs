//! Loss over epochs.

use super::axis::{Axis, range};
use super::canvas::{Canvas, Stroke};
use super::frame::{Frame, GAP, MARGIN};
use super::legend::{self, Key};
use super::palette::{colour, dash, mark, shape};
use super::style::Room;

pub(super) const WIDTH: f64 = 440.0;
pub(super) const HEIGHT: f64 = 220.0;
/// Each epoch has its mark where there are no more than this.
const MOST_MARKS: usize = 30;

/// Loss over epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct LossFigure {
    pub title: String,
    /// (name, one value an epoch)
    pub curves: Vec<(String, Vec<f64>)>,
}

impl LossFigure {
    pub(super) fn draw(&self, room: Room) -> Canvas {
        let mut canvas = Canvas::new(room.width, room.theme);
        let n_epochs = self.curves.iter().map(|curve| curve.1.len()).max().unwrap_or(0).max(1);
        let (low, high) = range(self.curves.iter().flat_map(|curve| curve.1.iter().copied())).unwrap_or((0.0, 1.0));
        // A loss that comes near zero is shown down to zero.
        let low = if low > 0.0 && low < 0.4 * high { 0.0 } else { low };
        // From the first epoch to the last, ticks at whole epochs.
        let mut x = Axis::new(1.0, n_epochs.max(2) as f64, 6.min(n_epochs));
        x.ticks.retain(|tick| tick.0.fract().abs() < 1e-9);
        x.ticks.iter_mut().for_each(|tick| tick.1 = format!("{:.0}", tick.0));
        x.exponent = 0;
        let pad = 0.02 * (x.high - x.low);
        (x.low, x.high) = (x.low - pad, x.high + pad);
        let margin = 0.04 * (high - low);
        let y = Axis::new(if low > 0.0 { low - margin } else { low }, high + margin, 5);
        let frame = Frame::new(&canvas, x, y, room.height_of(WIDTH, HEIGHT), 2.0 * GAP);
        frame.draw_title(&mut canvas, &self.title);
        frame.draw_grid(&mut canvas, false);
        for (curve_idx, (_, values)) in self.curves.iter().enumerate() {
            let places = values
                .iter()
                .enumerate()
                .map(|(epoch_idx, value)| (epoch_idx as f64 + 1.0, *value));
            let points: Vec<[f64; 2]> = places
                .filter(|place| place.1.is_finite())
                .map(|(x, y)| frame.at(x, y))
                .collect();
            canvas.polyline(&points, "loss-curve", stroke(curve_idx));
            if n_epochs <= MOST_MARKS {
                for point in points {
                    mark(&mut canvas, point, 2.6, shape(curve_idx), colour(curve_idx), false);
                }
            }
        }
        let bottom = frame.draw_axes(&mut canvas, "Epoch", "Loss");
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
        let mut rows = vec![["curve", "epoch", "loss"].map(str::to_owned).to_vec()];
        for (name, values) in &self.curves {
            let of_curve = values.iter().enumerate();
            rows.extend(of_curve.map(|(epoch_idx, value)| vec![name.clone(), (epoch_idx + 1).to_string(), value.to_string()]));
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
