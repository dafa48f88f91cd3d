//! A spectrogram with its axes, level bar and crop windows.

use super::ColorMap;
use super::axis::Axis;
use super::canvas::{Anchor, Area, Canvas, Stroke, TextStyle};
use super::font;
use super::frame::{Frame, GAP, LABEL_SIZE, MARGIN, TICK_SIZE};
use super::palette::INK;
use super::raster::Image;
use super::style::Room;
use crate::dsp::Spectrogram;

pub(super) const WIDTH: f64 = 560.0;
pub(super) const HEIGHT: f64 = 230.0;
const BAR_WIDTH: f64 = 12.0;
/// Room for the level bar with its labels.
const BAR_ROOM: f64 = 72.0;
/// The green of crop windows in the figures of the field, light enough for all of the colours.
const CROP: &str = "#46ff6e";
/// More pixels than this are seen on no page: frames beyond are joined, the loudest counting.
const MOST_COLUMNS: usize = 2000;

/// A spectrogram with its axes.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrogramFigure {
    pub title: String,
    /// Values in dB.
    pub spectrogram: Spectrogram,
    pub duration_secs: f64,
    /// Where in the recording the first frame lies.
    pub start_secs: f64,
    /// Frequency of each bin.
    pub bin_hz: Vec<f32>,
    pub range_db: [f32; 2],
    pub map: ColorMap,
    /// Light stands for quiet.
    pub is_inverted: bool,
    /// Start and end in seconds, and the score where there is one.
    pub crops: Vec<(f32, f32, Option<f32>)>,
}

impl SpectrogramFigure {
    pub(super) fn draw(&self, room: Room) -> Result<Canvas, String> {
        let Spectrogram {
            values,
            n_frames,
            n_bins,
        } = &self.spectrogram;
        if *n_frames == 0 || *n_bins == 0 || values.len() != n_frames * n_bins || self.bin_hz.len() != *n_bins {
            return Err(format!(
                "{} values are no {n_frames} frames of {n_bins} bins at {} frequencies",
                values.len(),
                self.bin_hz.len()
            ));
        }
        let mut canvas = Canvas::new(room.width, room.theme);
        let duration = if self.duration_secs > 0.0 { self.duration_secs } else { 1.0 };
        let height = room.height_of(WIDTH, HEIGHT);
        let end = self.start_secs + duration;
        // As many ticks as stand apart in a narrow figure, too.
        let n_ticks = ((room.width - 2.0 * BAR_ROOM) / 50.0).clamp(3.0, 8.0) as usize;
        let time = Axis::new(self.start_secs, end, n_ticks);
        let frame = Frame::new(&canvas, time, self.frequency_axis(height), height, BAR_ROOM);
        frame.draw_title(&mut canvas, &self.title);
        canvas.image(frame.area, &self.image().to_png(None, None)?);
        self.draw_crops(&mut canvas, &frame);
        let is_in_khz = self.unit_hz() > 1.0;
        let bottom = frame.draw_axes(
            &mut canvas,
            "Time (s)",
            if is_in_khz { "Frequency (kHz)" } else { "Frequency (Hz)" },
        );
        self.draw_level_bar(&mut canvas, frame.area)?;
        canvas.height = bottom + MARGIN;
        Ok(canvas)
    }

    /// 1000 where the highest frequency is better read in kHz.
    fn unit_hz(&self) -> f64 {
        if self.bin_hz.iter().copied().fold(0.0, f32::max) >= 2000.0 {
            1000.0
        } else {
            1.0
        }
    }

    /// Round frequencies at the height of their bins, whatever scale (linear, mel) the bins are on.
    fn frequency_axis(&self, height: f64) -> Axis {
        let n_bins = self.bin_hz.len();
        let unit = self.unit_hz();
        let hz = |bin: usize| f64::from(self.bin_hz[bin]) / unit;
        let (first, last) = (hz(0), hz(n_bins - 1));
        let mut axis = Axis::new(first, last, 5);
        let step = if n_bins > 1 { hz(1) - first } else { 0.0 };
        let is_linear = n_bins > 2 && (last - hz(n_bins - 2) - step).abs() < 0.02 * step;
        if !is_linear && last > 0.0 {
            // On a bent scale equal steps crowd at the top: a sequence of about doubling round values instead.
            let lowest = if unit > 1.0 { -1 } else { 1 };
            let decades = (lowest..6).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)));
            axis.ticks = decades
                .filter(|value| (first..=last).contains(value))
                .map(|value| (value, value.to_string()))
                .collect();
        }
        let row_of = |value: f64| {
            let above = (0..n_bins).find(|bin| hz(*bin) >= value).unwrap_or(n_bins - 1);
            let below = above.saturating_sub(1);
            let gap = hz(above) - hz(below);
            let part = if gap > 0.0 { (value - hz(below)) / gap } else { 1.0 };
            if above == 0 {
                0.5
            } else {
                below as f64 + part.clamp(0.0, 1.0) + 0.5
            }
        };
        for tick in &mut axis.ticks {
            tick.0 = row_of(tick.0);
        }
        axis.ticks
            .dedup_by(|next, kept| (next.0 - kept.0) / (n_bins as f64) * height < 1.2 * TICK_SIZE);
        (axis.low, axis.high) = (0.0, n_bins as f64);
        axis
    }

    /// One pixel a bin and frame, low frequencies at the bottom.
    fn image(&self) -> Image {
        let Spectrogram { n_frames, n_bins, .. } = self.spectrogram;
        let n_columns = n_frames.min(MOST_COLUMNS);
        let mut pixels = vec![255; n_columns * n_bins * 4];
        let colours = self.map.colors(self.is_inverted);
        for column in 0..n_columns {
            let frames =
                column * n_frames / n_columns..((column + 1) * n_frames / n_columns).max(column * n_frames / n_columns + 1);
            for bin in 0..n_bins {
                let loudest = frames
                    .clone()
                    .map(|frame_idx| self.spectrogram.frame(frame_idx)[bin])
                    .fold(f32::NEG_INFINITY, f32::max);
                let at = ((n_bins - 1 - bin) * n_columns + column) * 4;
                pixels[at..at + 3].copy_from_slice(&self.colour(&colours, loudest));
            }
        }
        Image {
            width: n_columns as u32,
            height: n_bins as u32,
            pixels,
        }
    }

    fn colour(&self, colours: &[[u8; 3]; 256], level_db: f32) -> [u8; 3] {
        let [low, high] = self.range_db;
        // The cast holds at both ends, and takes what is not a number for silence.
        colours[usize::from(((level_db - low) / (high - low) * 255.0).round() as u8)]
    }

    fn draw_crops(&self, canvas: &mut Canvas, frame: &Frame) {
        let seconds = |value: f32| f64::from(value).clamp(frame.x.low, frame.x.high);
        let crops = self
            .crops
            .iter()
            .filter(|crop| crop.0.is_finite() && crop.1.is_finite() && crop.1 > crop.0);
        let mut last_end = f64::NEG_INFINITY;
        for (crop_idx, (start, end, score)) in crops.enumerate() {
            let (left, right) = (frame.x_at(seconds(*start)), frame.x_at(seconds(*end)));
            // Overlapping windows are set off against each other, so that each stays to be seen.
            let inset = 2.0
                + if left < last_end - 0.5 {
                    3.0 * (crop_idx % 3) as f64
                } else {
                    0.0
                };
            last_end = right;
            let outline = Area {
                x: left + 1.0,
                y: frame.area.y + inset,
                width: right - left - 2.0,
                height: frame.area.height - 2.0 * inset,
            };
            let stroke = Stroke {
                colour: CROP,
                width: 1.1,
                dash: "4 2.5",
            };
            canvas.rectangle(outline, "none", 1.0, Some(stroke));
            let text = score.map(|score| format!("{score:.2}")).unwrap_or_default();
            if !text.is_empty() && font::width(&text, 8.0) < outline.width - 4.0 {
                let style = TextStyle {
                    colour: CROP,
                    ..TextStyle::new(8.0, Anchor::Middle)
                };
                canvas.text([outline.x + 0.5 * outline.width, outline.y + 10.0], &text, style);
            }
        }
    }

    fn draw_level_bar(&self, canvas: &mut Canvas, plot: Area) -> Result<(), String> {
        let [low, high] = self.range_db.map(f64::from);
        let bar = Area {
            x: plot.right() + 12.0,
            width: BAR_WIDTH,
            ..plot
        };
        let levels = (0..256u16)
            .rev()
            .map(|row| self.range_db[0] + (self.range_db[1] - self.range_db[0]) * f32::from(row) / 255.0);
        let colours = self.map.colors(self.is_inverted);
        let pixels = levels.flat_map(|level| {
            let [r, g, b] = self.colour(&colours, level);
            [r, g, b, 255]
        });
        let image = Image {
            width: 1,
            height: 256,
            pixels: pixels.collect(),
        };
        canvas.image(bar, &image.to_png(None, None)?);
        let stroke = Stroke::solid(INK, 0.8);
        canvas.rectangle(bar, "none", 1.0, Some(stroke));
        let axis = Axis::new(low, high, 5);
        for (value, label) in &axis.ticks {
            let y = bar.bottom() - bar.height * axis.position(*value);
            canvas.line([bar.right(), y], [bar.right() + 3.0, y], stroke);
            canvas.text(
                [bar.right() + 5.0, y + 0.36 * TICK_SIZE],
                label,
                TextStyle::new(TICK_SIZE, Anchor::Start),
            );
        }
        let style = TextStyle {
            is_upright: true,
            ..TextStyle::new(LABEL_SIZE, Anchor::Middle)
        };
        canvas.text(
            [canvas.width - MARGIN - GAP, plot.y + 0.5 * plot.height],
            "Level (dBFS)",
            style,
        );
        Ok(())
    }

    /// Everything that is plotted, without writing it out.
    pub(super) fn hash_into(&self, hasher: &mut blake3::Hasher) {
        let Self {
            title: _,
            spectrogram,
            duration_secs,
            start_secs,
            bin_hz,
            range_db,
            map,
            is_inverted,
            crops,
        } = self;
        let numbers = spectrogram.values.iter().chain(bin_hz).chain(range_db);
        let bytes: Vec<u8> = numbers.flat_map(|value| value.to_le_bytes()).collect();
        hasher.update(&bytes);
        let rest = (spectrogram.n_frames, duration_secs, start_secs, map, is_inverted, crops);
        hasher.update(format!("{rest:?}").as_bytes());
    }

    /// One row a frame: its middle in seconds, then the level of every bin.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mut header = vec!["time_secs".to_owned()];
        header.extend(self.bin_hz.iter().map(|hz| format!("{hz} Hz")));
        let mut rows = vec![header];
        let Spectrogram { n_frames, .. } = self.spectrogram;
        for frame_idx in 0..n_frames {
            let middle = self.start_secs + self.duration_secs * (frame_idx as f64 + 0.5) / n_frames as f64;
            let levels = self.spectrogram.frame(frame_idx).iter().map(f32::to_string);
            rows.push(std::iter::once(middle.to_string()).chain(levels).collect());
        }
        rows
    }
}
