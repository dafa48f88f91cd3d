//! ROC curves of several detectors on one machine section.

use super::axis::Axis;
use super::canvas::{Area, Canvas, Stroke};
use super::frame::{Frame, GAP, MARGIN};
use super::legend::{self, Key};
use super::palette::{GRID, INK, Shape, WEAK, colour, dash, mark};
use super::style::Room;

pub(super) const WIDTH: f64 = 400.0;
const BAND_OPACITY: f64 = 0.08;
/// Most of the width that a plot may take with its legend beside it.
const BESIDE_LEGEND: f64 = 0.62;

/// ROC curves of several detectors on one machine section.
#[derive(Debug, Clone, PartialEq)]
pub struct RocFigure {
    pub title: String,
    pub curves: Vec<RocSeries>,
    /// Shaded from 0 to this false positive rate.
    pub pauc_max_fpr: f64,
}

/// One curve of a ROC figure.
#[derive(Debug, Clone, PartialEq)]
pub struct RocSeries {
    /// As in the legend: `KNN  AUC 0.873 [0.82–0.92]  pAUC 0.702`.
    pub label: String,
    /// (false positive rate, true positive rate, threshold), in order.
    pub points: Vec<[f64; 3]>,
    /// The pinned detector is drawn stronger.
    pub is_emphasised: bool,
    /// Which colour and dash the curve has: one detector has the same in every figure.
    pub style: usize,
    /// (false positive rate, true positive rate) at the threshold in use.
    pub operating_point: Option<[f64; 2]>,
}

impl RocFigure {
    /// The legend stands below the plot, in a wide room beside it.
    pub(super) fn draw(&self, room: Room) -> Canvas {
        let mut canvas = Canvas::new(room.width, room.theme);
        let mut frame = Frame::new(&canvas, Axis::new(0.0, 1.0, 5), Axis::new(0.0, 1.0, 5), 0.0, GAP);
        // Square, whatever room there is.
        let most = if room.is_wide {
            BESIDE_LEGEND * room.width - frame.area.x
        } else {
            frame.area.width
        };
        frame.area.width = Self::side(room).min(most);
        frame.area.height = frame.area.width;
        frame.draw_title(&mut canvas, &self.title);
        if self.has_band() {
            let width = frame.area.width * self.pauc_max_fpr;
            canvas.rectangle(Area { width, ..frame.area }, INK, BAND_OPACITY, None);
        }
        frame.draw_grid(&mut canvas, true);
        let chance = Stroke {
            colour: WEAK,
            width: 0.9,
            dash: "4 3",
        };
        canvas.line(frame.at(0.0, 0.0), frame.at(1.0, 1.0), chance);
        let bottom = frame.draw_axes(&mut canvas, "False positive rate", "True positive rate");
        // The emphasised curve last, on top of the others.
        let mut order: Vec<usize> = (0..self.curves.len()).collect();
        order.sort_by_key(|curve_idx| self.curves[*curve_idx].is_emphasised);
        for &curve_idx in &order {
            let points: Vec<[f64; 2]> = corners(&self.curves[curve_idx].points).map(|[x, y]| frame.at(x, y)).collect();
            canvas.polyline(&points, "roc-curve", self.stroke(curve_idx));
        }
        for &curve_idx in &order {
            if let Some([x, y]) = self.curves[curve_idx]
                .operating_point
                .filter(|point| point.iter().all(|rate| rate.is_finite()))
            {
                mark(
                    &mut canvas,
                    frame.at(x, y),
                    4.5,
                    Shape::Circle,
                    colour(self.curves[curve_idx].style),
                    false,
                );
            }
        }
        let mut entries: Vec<(Key, String)> = self
            .curves
            .iter()
            .enumerate()
            .map(|(curve_idx, curve)| (Key::Line(self.stroke(curve_idx)), curve.label.clone()))
            .collect();
        entries.push((Key::Line(chance), "chance".to_owned()));
        if self.has_band() {
            let key = Key::Box {
                fill: INK,
                opacity: BAND_OPACITY,
                stroke: Stroke::solid(GRID, 0.6),
            };
            entries.push((key, format!("pAUC: false positive rate ≤ {}", self.pauc_max_fpr)));
        }
        if self.curves.iter().any(|curve| curve.operating_point.is_some()) {
            let key = Key::Mark {
                shape: Shape::Circle,
                colour: WEAK,
                is_open: false,
            };
            entries.push((key, "threshold in use".to_owned()));
        }
        canvas.height = MARGIN
            + if room.is_wide {
                let left = frame.area.right() + 4.0 * GAP;
                legend::draw(&mut canvas, left, frame.area.y, &entries).max(bottom)
            } else {
                legend::draw(&mut canvas, frame.area.x, bottom + GAP, &entries)
            };
        canvas
    }

    /// About the height of the plot in a room.
    pub(super) fn side(room: Room) -> f64 {
        let natural = if room.is_wide { 0.45 * room.width } else { room.width };
        room.plot_height.unwrap_or(natural)
    }

    fn has_band(&self) -> bool {
        self.pauc_max_fpr > 0.0 && self.pauc_max_fpr <= 1.0
    }

    fn stroke(&self, curve_idx: usize) -> Stroke {
        Stroke {
            colour: colour(self.curves[curve_idx].style),
            width: if self.curves[curve_idx].is_emphasised { 2.4 } else { 1.3 },
            dash: dash(self.curves[curve_idx].style),
        }
    }

    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let header = ["curve", "kind", "false_positive_rate", "true_positive_rate", "threshold"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        for curve in &self.curves {
            for [x, y, threshold] in &curve.points {
                rows.push(vec![
                    curve.label.clone(),
                    "step".to_owned(),
                    x.to_string(),
                    y.to_string(),
                    threshold.to_string(),
                ]);
            }
            if let Some([x, y]) = curve.operating_point {
                rows.push(vec![
                    curve.label.clone(),
                    "operating point".to_owned(),
                    x.to_string(),
                    y.to_string(),
                    String::new(),
                ]);
            }
        }
        rows
    }
}

/// The points at which a curve turns: long straight runs need no more than their ends.
fn corners(points: &[[f64; 3]]) -> impl Iterator<Item = [f64; 2]> {
    let is_straight = |idx: usize| {
        let [before, here, after] = [points[idx - 1], points[idx], points[idx + 1]];
        (here[0] - before[0]) * (after[1] - here[1]) == (here[1] - before[1]) * (after[0] - here[0])
    };
    (0..points.len())
        .filter(move |idx| *idx == 0 || idx + 1 == points.len() || !is_straight(*idx))
        .map(|idx| [points[idx][0], points[idx][1]])
        .filter(|point| point.iter().all(|rate| rate.is_finite()))
}
