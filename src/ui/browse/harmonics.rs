//! The harmonic cursor: a base frequency and its multiples as lines over the picture; shaft speeds are read this way.

use eframe::egui::{self, Align2, Color32, DragValue, FontId, Pos2, Stroke, emath::Rangef, pos2, vec2};

use super::picture::Stage;
use crate::dsp::{harmonics, rpm_from_hz, sidebands};
use crate::ui::plots::FrequencyAxis;
use crate::ui::theme::GRID;
use crate::ui::widgets::{Icon, icon_button};

/// Nothing that turns slower is seen in a spectrum.
const MIN_BASE_HZ: f64 = 0.1;
/// Lines closer than this hide the sound: only every 2nd, 5th, 10th … is drawn. So with the numbers.
const MIN_LINE_POINTS: f32 = 8.0;
const MIN_NUMBER_POINTS: f32 = 14.0;
/// A line is taken hold of from so far away, where its neighbours leave room for it.
const GRIP_POINTS: f32 = 4.0;
const MIN_GRIP_GAP_POINTS: f32 = 14.0;
const N_SIDEBANDS: u32 = 3;
const MIN_SIDEBAND_POINTS: f32 = 4.0;

/// What the cursor stands on; it stays from clip to clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HarmonicCursor {
    pub(super) is_on: bool,
    pub(super) base_hz: f64,
    /// Distance of the sidebands; 0: none.
    sideband_hz: f64,
}

impl Default for HarmonicCursor {
    fn default() -> Self {
        Self {
            is_on: false,
            base_hz: 50.0,
            sideband_hz: 0.0,
        }
    }
}

/// A line as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    order: u32,
    y: f32,
    is_numbered: bool,
}

impl HarmonicCursor {
    /// On, with the base at the pointer where it is on the picture; off where it was on.
    pub(super) fn toggle(&mut self, pointer_hz: Option<f64>) {
        self.is_on = !self.is_on;
        if self.is_on
            && let Some(hz) = pointer_hz
        {
            self.lay(hz);
        }
    }

    /// On, with this base.
    pub(super) fn lay(&mut self, hz: f64) {
        self.is_on = true;
        self.base_hz = hz.max(MIN_BASE_HZ);
    }

    /// Moves the line of this order to a frequency: the higher the order, the finer the base.
    pub(super) fn drag_to(&mut self, order: u32, hz: f64, top_hz: f64) {
        self.base_hz = (hz / f64::from(order.max(1))).clamp(MIN_BASE_HZ, top_hz);
    }

    /// Which line the pointer is on.
    pub(super) fn line_at(&self, stage: &Stage, axis: FrequencyAxis, pointer: Pos2) -> Option<u32> {
        if !self.is_on || !stage.spectrogram.contains(pointer) {
            return None;
        }
        let lines = self.lines(stage, axis);
        let at = lines.iter().position(|line| (line.y - pointer.y).abs() <= GRIP_POINTS)?;
        let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        let is_free = beside
            .filter_map(|other| lines.get(other))
            .all(|other| (other.y - lines[at].y).abs() >= MIN_GRIP_GAP_POINTS);
        // The base itself can always be held.
        (is_free || lines[at].order == 1).then_some(lines[at].order)
    }

    /// `3.02`: a frequency in multiples of the base.
    pub(super) fn order_text(&self, hz: f64) -> Option<String> {
        self.is_on.then(|| format!("order {:.2}", hz / self.base_hz))
    }

    fn lines(&self, stage: &Stage, axis: FrequencyAxis) -> Vec<Line> {
        let hz_at = |position| axis.hz(position, stage.top_hz);
        let in_sight = stage.frequency.span;
        let places = harmonics(self.base_hz, hz_at(in_sight.start), hz_at(in_sight.end).min(stage.top_hz)).map(|harmonic| {
            (
                harmonic.order,
                stage.frequency.pixel(axis.position(harmonic.frequency_hz, stage.top_hz)),
            )
        });
        thinned(places)
    }

    pub(super) fn paint(&self, painter: &egui::Painter, stage: &Stage, axis: FrequencyAxis, held: Option<u32>) {
        if !self.is_on {
            return;
        }
        let painter = painter.with_clip_rect(stage.spectrogram);
        let rect = stage.spectrogram;
        let font = FontId::proportional(11.0);
        for line in self.lines(stage, axis) {
            let is_base = line.order == 1;
            let y = painter.round_to_pixel_center(line.y);
            let (width, alpha) = if held == Some(line.order) {
                (2.0, 255)
            } else {
                (1.0, if is_base { 230 } else { 150 })
            };
            // Dark beside the light, so that it is seen on every colour.
            painter.hline(rect.x_range(), y, Stroke::new(width + 2.0, Color32::from_black_alpha(80)));
            painter.hline(rect.x_range(), y, Stroke::new(width, Color32::from_white_alpha(alpha)));
            if line.is_numbered {
                let text = line.order.to_string();
                let galley = painter.layout_no_wrap(text, font.clone(), Color32::WHITE);
                let plate = Align2::RIGHT_CENTER.anchor_size(pos2(rect.right() - 2.0, y), galley.size() + vec2(6.0, 0.0));
                painter.rect_filled(plate, 2.0, Color32::from_black_alpha(170));
                painter.galley(plate.left_top() + vec2(3.0, 0.0), galley, Color32::WHITE);
            }
            self.paint_sidebands(&painter, stage, axis, line);
        }
    }

    fn paint_sidebands(&self, painter: &egui::Painter, stage: &Stage, axis: FrequencyAxis, line: Line) {
        let rect = stage.spectrogram;
        let x = Rangef::new(rect.left() + 0.25 * rect.width(), rect.right() - 0.25 * rect.width());
        for hz in sidebands(f64::from(line.order) * self.base_hz, self.sideband_hz, N_SIDEBANDS) {
            let y = painter.round_to_pixel_center(stage.frequency.pixel(axis.position(hz, stage.top_hz)));
            // Where they would run together with their line they say nothing.
            if (y - line.y).abs() < MIN_SIDEBAND_POINTS {
                continue;
            }
            let ends = [pos2(x.min, y), pos2(x.max, y)];
            painter.hline(x, y, Stroke::new(2.5, Color32::from_black_alpha(70)));
            let stroke = Stroke::new(1.0, Color32::from_white_alpha(190));
            painter.extend(egui::Shape::dashed_line(&ends, stroke, 3.0, 4.0));
        }
    }

    /// The base as a frequency and as a speed, both to be edited.
    pub(super) fn row(&mut self, ui: &mut egui::Ui, top_hz: f64) {
        if !self.is_on {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = GRID;
            ui.label("Base");
            let range = MIN_BASE_HZ..=top_hz;
            let speed = 0.002 * self.base_hz;
            ui.add(
                DragValue::new(&mut self.base_hz)
                    .speed(speed)
                    .range(range)
                    .fixed_decimals(2)
                    .suffix(" Hz"),
            )
            .on_hover_text("Base frequency; drag any of the lines to move it, a higher one to move it more finely")
            .accessible_name("Base frequency");
            ui.label("=");
            let mut rpm = rpm_from_hz(self.base_hz);
            let range = rpm_from_hz(MIN_BASE_HZ)..=rpm_from_hz(top_hz);
            let value = DragValue::new(&mut rpm).speed(60.0 * speed).range(range).fixed_decimals(1);
            let response = ui
                .add(value.suffix(" rpm"))
                .on_hover_text("Revolutions a minute: the base frequency times 60")
                .accessible_name("Speed");
            if response.changed() {
                self.base_hz = rpm / rpm_from_hz(1.0);
            }
            ui.add_space(GRID);
            ui.label("sidebands");
            let value = DragValue::new(&mut self.sideband_hz)
                .speed(0.05)
                .range(0.0..=top_hz)
                .max_decimals(2);
            let response =
                ui.add(value.custom_formatter(|hz, _| if hz > 0.0 { format!("{hz:.2} Hz") } else { "off".to_owned() }));
            response
                .on_hover_text("Distance of the dashed lines on both sides of each harmonic; 0: none")
                .accessible_name("Sideband distance");
            if icon_button(ui, true, Icon::Close, "Close the harmonic cursor", "H").clicked() {
                self.is_on = false;
            }
        });
    }
}

/// Leaves out lines and numbers where they would stand too close: round orders stay, and the base.
fn thinned(places: impl Iterator<Item = (u32, f32)>) -> Vec<Line> {
    let places: Vec<(u32, f32)> = places.collect();
    let mut lines: Vec<Line> = Vec::new();
    let (mut last_line, mut last_number) = (f32::INFINITY, f32::INFINITY);
    for (at, &(order, y)) in places.iter().enumerate() {
        // The neighbours are nearly as far apart on a bent axis.
        let neighbour = places.get(at + 1).or_else(|| places.get(at.checked_sub(1)?));
        let gap = neighbour.map_or(f32::INFINITY, |&(_, other)| (other - y).abs());
        let is_kept =
            |min_points: f32, last: f32| order == 1 || order % round_step(min_points / gap) == 0 && last - y >= min_points;
        if !is_kept(MIN_LINE_POINTS, last_line) {
            continue;
        }
        let is_numbered = is_kept(MIN_NUMBER_POINTS, last_number);
        last_line = y;
        if is_numbered {
            last_number = y;
        }
        lines.push(Line { order, y, is_numbered });
    }
    lines
}

/// The first of 1, 2, 5, 10, 20, 50 … that is not below.
fn round_step(at_least: f32) -> u32 {
    let decades = (0..9).map(|exponent| 10u32.pow(exponent));
    let steps = decades.flat_map(|decade| [1, 2, 5].map(|digit| digit * decade));
    let mut steps = steps.skip_while(|&step| (step as f32) < at_least);
    steps.next().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::{HarmonicCursor, thinned};

    #[test]
    fn lines_and_numbers_never_touch_and_have_round_orders() {
        let every = |points: f32| thinned((1..=1000).map(move |order| (order, 800.0 - points * order as f32)));
        for points in [0.1, 1.0, 3.0, 5.0, 20.0] {
            let lines = every(points);
            assert!(lines[0].order == 1 && lines[0].is_numbered, "the base is always there");
            assert!(lines.windows(2).all(|pair| pair[0].y - pair[1].y >= 7.99), "{points}");
            let numbers: Vec<f32> = lines.iter().filter(|line| line.is_numbered).map(|line| line.y).collect();
            assert!(numbers.windows(2).all(|pair| pair[0] - pair[1] >= 13.99), "{points}");
        }
        assert!(every(20.0).iter().all(|line| line.is_numbered));
        let numbered: Vec<u32> = every(3.0)
            .iter()
            .filter(|line| line.is_numbered)
            .map(|line| line.order)
            .collect();
        assert_eq!(numbered[..4], [1, 10, 15, 20]);
        // On a logarithmic axis the higher ones crowd.
        let log = thinned((1..=300).map(|order| (order, 700.0 - 100.0 * (order as f32).ln())));
        let orders: Vec<u32> = log.iter().map(|line| line.order).collect();
        assert_eq!(orders[..14], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16]);
        assert!(log.windows(2).all(|pair| pair[0].y - pair[1].y >= 7.99));
        assert_eq!(thinned(std::iter::once((1, 5.0))).len(), 1);
    }

    #[test]
    fn a_higher_line_moves_the_base_more_finely() {
        let mut cursor = HarmonicCursor::default();
        cursor.toggle(Some(24.0));
        assert!(cursor.is_on && cursor.base_hz == 24.0);
        cursor.drag_to(10, 245.0, 8000.0);
        assert_eq!(cursor.base_hz, 24.5);
        assert_eq!(cursor.order_text(98.0).as_deref(), Some("order 4.00"));
        cursor.drag_to(1, -5.0, 8000.0);
        assert!(cursor.base_hz > 0.0);
        cursor.toggle(Some(99.0));
        assert!(!cursor.is_on && cursor.order_text(98.0).is_none());
    }
}
