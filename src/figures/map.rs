//! A map of embeddings.

use super::axis::{Axis, range};
use super::canvas::{Area, Canvas, Stroke};
use super::frame::{Frame, GAP, MARGIN};
use super::legend::{self, Key};
use super::palette::{INK, Shape, WEAK, colour, mark, shape};
use super::raster::Image;
use super::style::Room;

pub(super) const WIDTH: f64 = 440.0;
/// More marks than this are drawn into pixels once, so that the file stays small.
const MOST_VECTOR_MARKS: usize = 5000;

/// A map of embeddings.
#[derive(Debug, Clone, PartialEq)]
pub struct MapFigure {
    pub title: String,
    pub points: Vec<MapPoint>,
    /// Names of the categories that `MapPoint::category` counts.
    pub categories: Vec<String>,
}

/// One clip on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapPoint {
    pub x: f32,
    pub y: f32,
    pub category: usize,
    pub is_target: bool,
    /// Drawn black.
    pub is_anomaly: bool,
    /// The clip's path: for the CSV.
    pub clip: String,
}

impl MapFigure {
    pub(super) fn draw(&self, room: Room) -> Result<Canvas, String> {
        let mut canvas = Canvas::new(room.width, room.theme);
        let frame = self.frame(&canvas, room);
        frame.draw_title(&mut canvas, &self.title);
        let radius = if self.points.len() > 1000 { 1.8 } else { 2.8 };
        if self.points.len() > MOST_VECTOR_MARKS {
            let mut layer = Canvas::new(room.width, room.theme);
            layer.height = frame.area.bottom() + MARGIN;
            self.draw_marks(&mut layer, &frame, radius);
            let whole = Area {
                x: 0.0,
                y: 0.0,
                width: layer.width,
                height: layer.height,
            };
            let image = Image::of_svg(&layer.finish_transparent(), room.pixels, false)?;
            canvas.image(whole, &image.to_png(None, None)?);
        } else {
            canvas.begin_group(r#"class="marks""#);
            self.draw_marks(&mut canvas, &frame, radius);
            canvas.end_group();
        }
        // Without ticks: the coordinates of such a map have no unit, and distances across it no meaning.
        canvas.rectangle(frame.area, "none", 1.0, Some(Stroke::solid(INK, 0.8)));
        let top = frame.area.bottom() + 2.0 * GAP;
        canvas.height = legend::draw(&mut canvas, frame.area.x, top, &self.legend()) + MARGIN;
        Ok(canvas)
    }

    /// One scale for both axes.
    fn frame(&self, canvas: &Canvas, room: Room) -> Frame {
        let (left, right) = range(self.points.iter().map(|point| f64::from(point.x))).unwrap_or((0.0, 1.0));
        let (low, high) = range(self.points.iter().map(|point| f64::from(point.y))).unwrap_or((0.0, 1.0));
        let (width, height) = ((right - left).max(1e-9), (high - low).max(1e-9));
        let pad = 0.04 * width.max(height);
        let mut frame = Frame::new(
            canvas,
            Axis::new(left - pad, right + pad, 5),
            Axis::new(low - pad, high + pad, 5),
            0.0,
            0.0,
        );
        frame.area.x = MARGIN;
        frame.area.width = canvas.width - 2.0 * MARGIN;
        // A very flat or very tall cloud gets room around it instead of a strip of a figure.
        let ratio = ((height + 2.0 * pad) / (width + 2.0 * pad)).clamp(0.6, 1.15);
        frame.area.height = room.plot_height.unwrap_or(frame.area.width * ratio);
        let scale = ((width + 2.0 * pad) / frame.area.width).max((height + 2.0 * pad) / frame.area.height);
        let centred = |axis: &mut Axis, middle: f64, length: f64| {
            (axis.low, axis.high) = (middle - 0.5 * length * scale, middle + 0.5 * length * scale);
        };
        centred(&mut frame.x, 0.5 * (left + right), frame.area.width);
        centred(&mut frame.y, 0.5 * (low + high), frame.area.height);
        frame
    }

    /// Source, then target, then anomalies, which must not be covered.
    fn draw_marks(&self, canvas: &mut Canvas, frame: &Frame, radius: f64) {
        for rank in 0..3 {
            let of_rank = |point: &&MapPoint| {
                if point.is_anomaly {
                    rank == 2
                } else {
                    rank == usize::from(point.is_target)
                }
            };
            for point in self.points.iter().filter(of_rank) {
                if point.x.is_finite() && point.y.is_finite() {
                    let (shape, colour, is_open) = look(point);
                    mark(
                        canvas,
                        frame.at(f64::from(point.x), f64::from(point.y)),
                        radius,
                        shape,
                        colour,
                        is_open,
                    );
                }
            }
        }
    }

    fn legend(&self) -> Vec<(Key, String)> {
        let key = |shape, colour, is_open| Key::Mark { shape, colour, is_open };
        let mut entries: Vec<(Key, String)> = self
            .categories
            .iter()
            .enumerate()
            .map(|(category, name)| (key(shape(category), colour(category), false), name.clone()))
            .collect();
        let has = |is_target: bool, is_anomaly: bool| {
            self.points
                .iter()
                .any(|point| point.is_target == is_target && point.is_anomaly == is_anomaly)
        };
        if has(true, false) {
            entries.push((key(Shape::Circle, WEAK, true), "target domain: open".to_owned()));
        }
        for (is_target, name) in [(false, "anomaly"), (true, "anomaly, target domain")] {
            if has(is_target, true) {
                entries.push((key(anomaly_shape(is_target), INK, false), name.to_owned()));
            }
        }
        entries
    }

    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["clip", "x", "y", "category", "domain", "label"].map(str::to_owned).to_vec()];
        for point in &self.points {
            let category = self.categories.get(point.category).cloned().unwrap_or_default();
            let domain = if point.is_target { "target" } else { "source" };
            let label = if point.is_anomaly { "anomalous" } else { "normal" };
            rows.push(vec![
                point.clip.clone(),
                point.x.to_string(),
                point.y.to_string(),
                category,
                domain.to_owned(),
                label.to_owned(),
            ]);
        }
        rows
    }
}

fn look(point: &MapPoint) -> (Shape, &'static str, bool) {
    if point.is_anomaly {
        (anomaly_shape(point.is_target), INK, false)
    } else {
        (shape(point.category), colour(point.category), point.is_target)
    }
}

fn anomaly_shape(is_target: bool) -> Shape {
    if is_target { Shape::Plus } else { Shape::Cross }
}
