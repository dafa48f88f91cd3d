//! Scores of normal and anomalous clips.

use super::axis::{Axis, range};
use super::canvas::{Area, Canvas, Stroke};
use super::frame::{Frame, GAP, MARGIN};
use super::legend::{self, Key};
use super::palette::{ANOMALOUS, INK, NORMAL, WEAK};
use super::style::Room;

pub(super) const WIDTH: f64 = 440.0;
pub(super) const HEIGHT: f64 = 220.0;

/// Scores of normal and anomalous clips.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramFigure {
    pub title: String,
    /// The detector's name, as the axis label.
    pub score_name: String,
    pub normal: Vec<f64>,
    pub anomalous: Vec<f64>,
    /// Clips without a label.
    pub unknown: Vec<f64>,
    pub threshold: Option<f64>,
}

/// One class of clips and how it is drawn.
struct Class<'a> {
    name: &'static str,
    scores: &'a [f64],
    fill: &'static str,
    opacity: f64,
    outline: Stroke,
}

impl HistogramFigure {
    fn classes(&self) -> [Class<'_>; 3] {
        let unknown_outline = Stroke {
            colour: WEAK,
            width: 1.0,
            dash: "3 2",
        };
        let class = |name, scores, fill, opacity, outline| Class {
            name,
            scores,
            fill,
            opacity,
            outline,
        };
        [
            class("normal", &self.normal, NORMAL, 0.45, Stroke::solid(NORMAL, 0.8)),
            class(
                "anomalous",
                &self.anomalous,
                "url(#hatch)",
                1.0,
                Stroke::solid(ANOMALOUS, 1.0),
            ),
            class("unknown", &self.unknown, "none", 1.0, unknown_outline),
        ]
    }

    pub(super) fn draw(&self, room: Room) -> Canvas {
        let mut canvas = Canvas::new(room.width, room.theme);
        canvas.definition(&format!(
            concat!(
                r#"<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"#,
                r#"<rect width="5" height="5" fill="{0}" fill-opacity="0.12"/><rect width="1.4" height="5" fill="{0}"/></pattern>"#
            ),
            room.theme.colour(ANOMALOUS)
        ));
        let classes = self.classes();
        let edges = shared_edges(classes.iter().flat_map(|class| class.scores.iter().copied()));
        let counts = classes.each_ref().map(|class| counts(class.scores, &edges));
        let highest = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        let ends = (edges[0], edges[edges.len() - 1]);
        let (low, high) = range([ends.0, ends.1].into_iter().chain(self.threshold)).unwrap_or(ends);
        let pad = 0.02 * (high - low);
        // Room above the highest bar, and no ticks between whole clips.
        let y = Axis::new(0.0, 1.06 * highest as f64, highest.min(5));
        let frame = Frame::new(
            &canvas,
            Axis::new(low - pad, high + pad, 6),
            y,
            room.height_of(WIDTH, HEIGHT),
            2.0 * GAP,
        );
        frame.draw_title(&mut canvas, &self.title);
        frame.draw_grid(&mut canvas, false);
        for (class, counts) in classes.iter().zip(&counts) {
            draw_bars(&mut canvas, &frame, class, counts, &edges);
        }
        let threshold_stroke = Stroke {
            colour: INK,
            width: 1.4,
            dash: "6 3",
        };
        let threshold = self.threshold.filter(|value| value.is_finite());
        if let Some(value) = threshold {
            let x = frame.x_at(value);
            canvas.line([x, frame.area.y], [x, frame.area.bottom()], threshold_stroke);
        }
        let bottom = frame.draw_axes(&mut canvas, &self.score_name, "Clips");
        let mut entries = Vec::new();
        for class in classes.iter().filter(|class| !class.scores.is_empty()) {
            let key = Key::Box {
                fill: class.fill,
                opacity: class.opacity,
                stroke: class.outline,
            };
            entries.push((key, format!("{} ({})", class.name, class.scores.len())));
        }
        if let Some(value) = threshold {
            entries.push((Key::Line(threshold_stroke), format!("threshold {}", short(value))));
        }
        canvas.height = legend::draw(&mut canvas, frame.area.x, bottom + GAP, &entries) + MARGIN;
        canvas
    }

    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![vec!["class".to_owned(), "score".to_owned()]];
        for class in &self.classes() {
            rows.extend(
                class
                    .scores
                    .iter()
                    .map(|score| vec![class.name.to_owned(), score.to_string()]),
            );
        }
        rows.extend(self.threshold.map(|value| vec!["threshold".to_owned(), value.to_string()]));
        rows
    }
}

/// Bins that all classes share: 10 to 40 by the rule of Freedman and Diaconis over all finite scores.
fn shared_edges(scores: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = scores.filter(|score| score.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (low, high) = range(sorted.iter().copied())
        .filter(|(low, high)| high > low)
        .unwrap_or_else(|| {
            let only = sorted.first().copied().unwrap_or(0.5);
            (only - 0.5, only + 0.5)
        });
    let quartile = |q: usize| sorted.get(q * sorted.len() / 4).copied().unwrap_or(0.0);
    let bin_width = 2.0 * (quartile(3) - quartile(1)) / (sorted.len() as f64).cbrt();
    let n_bins = if bin_width > 0.0 {
        ((high - low) / bin_width).ceil().clamp(10.0, 40.0) as usize
    } else {
        20
    };
    (0..=n_bins)
        .map(|edge| low + (high - low) * edge as f64 / n_bins as f64)
        .collect()
}

fn counts(scores: &[f64], edges: &[f64]) -> Vec<usize> {
    let n_bins = edges.len() - 1;
    let (low, high) = (edges[0], edges[n_bins]);
    let mut counts = vec![0; n_bins];
    for score in scores.iter().filter(|score| score.is_finite()) {
        let bin = ((score - low) / (high - low) * n_bins as f64) as usize;
        counts[bin.min(n_bins - 1)] += 1;
    }
    counts
}

fn draw_bars(canvas: &mut Canvas, frame: &Frame, class: &Class<'_>, counts: &[usize], edges: &[f64]) {
    canvas.begin_group(&format!(r#"class="{}""#, class.name));
    for (count, edge) in counts.iter().zip(edges.windows(2)) {
        let (x, y) = (frame.x_at(edge[0]), frame.y_at(*count as f64));
        let bar = Area {
            x,
            y,
            width: frame.x_at(edge[1]) - x,
            height: frame.area.bottom() - y,
        };
        if *count > 0 {
            canvas.rectangle(bar, class.fill, class.opacity, Some(class.outline));
        }
    }
    canvas.end_group();
}

/// Three significant digits.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor();
    if (-3.0..5.0).contains(&exponent) {
        return format!("{value:.*}", (2.0 - exponent).max(0.0) as usize);
    }
    format!("{value:.2e}")
}
