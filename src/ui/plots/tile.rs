//! One tile of a spectrogram: time pooled to the zoom, frequency laid out on the axis; and from these levels the image.
//!
//! A tile keeps its levels, so that other colours or another range of levels cost a look-up a pixel.

use std::ops::Range;

use eframe::egui::ColorImage;

use super::{Coloring, FrequencyAxis, Span};
use crate::dsp::Spectrogram;

/// All that decides the levels of a tile, beside the sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    pub axis: FrequencyAxis,
    /// Where the axis ends: half the sample rate.
    pub top_hz: f64,
    /// The visible part of the axis.
    pub positions: Span,
    /// Rows of pixels, top to bottom.
    pub n_rows: usize,
}

/// Levels are kept in steps of 0.01 dB above this.
const LOWEST_DB: f32 = -300.0;
const STEPS_PER_DB: f32 = 100.0;

/// The levels of a tile's pixels, rows from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct TileLevels {
    size: [usize; 2],
    levels: Vec<u16>,
}

impl TileLevels {
    /// `[width, height]`
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    pub fn image(&self, coloring: &Coloring) -> ColorImage {
        let colors = coloring.colors();
        let [low, high] = coloring.range_db;
        let scale = 255.0 / (high - low).max(1e-3);
        let color = |&level: &u16| {
            let level_db = f32::from(level) / STEPS_PER_DB + LOWEST_DB;
            // The cast holds at both ends.
            colors[usize::from(((level_db - low) * scale).round() as u8)]
        };
        ColorImage::new(self.size, self.levels.iter().map(color).collect())
    }
}

/// Where the value of a row of pixels comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum RowSource {
    /// The loudest of these bins: a narrow line is not lost where a pixel spans many.
    Loudest(Range<usize>),
    /// Between bin `below` (weight `1 - part`) and the next (weight `part`): a pixel is narrower than a bin.
    Between { below: usize, part: f32 },
}

/// The sources of all rows, top to bottom. `bin_hz` (rising) holds the centre of each bin; it must not be empty.
pub fn row_sources(bin_hz: &[f32], look: &Look) -> Vec<RowSource> {
    let last = bin_hz.len() - 1;
    let hz_at = |row: f64| {
        let position = look.positions.end - row / look.n_rows as f64 * look.positions.len();
        look.axis.hz(position, look.top_hz) as f32
    };
    (0..look.n_rows)
        .map(|row| {
            let from = bin_hz.partition_point(|&hz| hz < hz_at(row as f64 + 1.0));
            let to = bin_hz.partition_point(|&hz| hz < hz_at(row as f64));
            if from < to {
                return RowSource::Loudest(from..to);
            }
            // No centre in this row: `from` is the first bin above it.
            if from == 0 || from > last {
                let edge = from.min(last);
                return RowSource::Loudest(edge..edge + 1);
            }
            let (low, high) = (bin_hz[from - 1], bin_hz[from]);
            RowSource::Between {
                below: from - 1,
                part: ((hz_at(row as f64 + 0.5) - low) / (high - low)).clamp(0.0, 1.0),
            }
        })
        .collect()
}

/// The levels of `columns`, each the loudest of `pool` frames, with one more column on either side so that
/// interpolation goes over the seams. Size: `[columns.len() + 2, rows.len()]`.
pub fn tile_levels(spectrogram: &Spectrogram, rows: &[RowSource], columns: Range<usize>, pool: usize) -> TileLevels {
    let width = columns.len() + 2;
    let mut levels = vec![0; width * rows.len()];
    let n_columns = spectrogram.n_frames.div_ceil(pool);
    let bins = used_bins(rows);
    let mut loudest = Vec::new();
    for x in 0..width {
        let column = (columns.start + x).saturating_sub(1).min(n_columns.saturating_sub(1));
        let frames = column * pool..((column + 1) * pool).min(spectrogram.n_frames);
        pool_frames(spectrogram, frames, &bins, &mut loudest);
        for (y, row) in rows.iter().enumerate() {
            let level_db = level(&loudest, bins.start, row);
            // The cast holds at both ends, and takes what is not a number for silence.
            levels[y * width + x] = ((level_db - LOWEST_DB) * STEPS_PER_DB).round() as u16;
        }
    }
    TileLevels {
        size: [width, rows.len()],
        levels,
    }
}

/// The image of these levels at once, see [`tile_levels`].
pub fn tile_image(
    spectrogram: &Spectrogram,
    rows: &[RowSource],
    columns: Range<usize>,
    pool: usize,
    coloring: &Coloring,
) -> ColorImage {
    tile_levels(spectrogram, rows, columns, pool).image(coloring)
}

/// The bins that any row needs.
fn used_bins(rows: &[RowSource]) -> Range<usize> {
    let bounds = |row: &RowSource| match row {
        RowSource::Loudest(bins) => bins.clone(),
        RowSource::Between { below, .. } => *below..below + 2,
    };
    let start = rows.iter().map(|row| bounds(row).start).min().unwrap_or(0);
    let end = rows.iter().map(|row| bounds(row).end).max().unwrap_or(0);
    start..end
}

fn pool_frames(spectrogram: &Spectrogram, frames: Range<usize>, bins: &Range<usize>, loudest: &mut Vec<f32>) {
    loudest.clear();
    loudest.resize(bins.len(), f32::NEG_INFINITY);
    for frame_idx in frames {
        let frame = &spectrogram.frame(frame_idx)[bins.clone()];
        for (most, &level_db) in loudest.iter_mut().zip(frame) {
            *most = if level_db > *most { level_db } else { *most };
        }
    }
}

fn level(levels_db: &[f32], first_bin: usize, row: &RowSource) -> f32 {
    match row {
        RowSource::Loudest(bins) => levels_db[bins.start - first_bin..bins.end - first_bin]
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max),
        RowSource::Between { below, part } => {
            let [low, high] = [levels_db[below - first_bin], levels_db[below + 1 - first_bin]];
            low + part * (high - low)
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Coloring, FrequencyAxis, Look, RowSource, Span, row_sources, tile_image};
    use crate::dsp::Spectrogram;
    use crate::ui::plots::ColorMap;
    use eframe::egui::Color32;

    const TOP_HZ: f64 = 8000.0;

    fn bin_hz(n_bins: usize) -> Vec<f32> {
        (0..n_bins).map(|bin| bin as f32 * 8000.0 / (n_bins - 1) as f32).collect()
    }

    fn look(axis: FrequencyAxis, positions: Span, n_rows: usize) -> Look {
        Look {
            axis,
            top_hz: TOP_HZ,
            positions,
            n_rows,
        }
    }

    const GREY: Coloring = Coloring {
        map: ColorMap::Grey,
        is_inverted: false,
        range_db: [-100.0, -20.0],
    };

    /// Silence with one loud bin in one frame.
    fn with_peak(n_frames: usize, n_bins: usize, frame_idx: usize, bin: usize) -> Spectrogram {
        let mut values = vec![-120.0; n_frames * n_bins];
        values[frame_idx * n_bins + bin] = -20.0;
        Spectrogram {
            values,
            n_frames,
            n_bins,
        }
    }

    #[test]
    fn a_peak_lands_on_its_row_and_column_on_every_axis() {
        for axis in FrequencyAxis::ALL {
            for (positions, n_rows) in [(Span::UNIT, 400), (Span::UNIT, 97), (Span::new(0.4, 0.8), 800)] {
                let look = look(axis, positions, n_rows);
                for bin in [180, 400, 700] {
                    let hz = f64::from(bin_hz(1025)[bin]);
                    let position = axis.position(hz, TOP_HZ);
                    if !(positions.start..positions.end).contains(&position) {
                        continue;
                    }
                    let rows = row_sources(&bin_hz(1025), &look);
                    let image = tile_image(&with_peak(40, 1025, 13, bin), &rows, 0..40, 1, &GREY);
                    assert_eq!(image.size, [42, n_rows]);
                    let wanted = ((positions.end - position) / positions.len() * n_rows as f64) as usize;
                    let (brightest, color) = image.pixels.iter().enumerate().max_by_key(|(_, color)| color.r()).unwrap();
                    assert_eq!(brightest % 42, 13 + 1, "{axis:?}: the column");
                    let row = brightest / 42;
                    assert!(row.abs_diff(wanted) <= 1, "{axis:?} bin {bin}: row {row}, not {wanted}");
                    assert!(color.r() > 200, "{axis:?}: faded to {color:?}");
                }
            }
        }
    }

    #[test]
    fn pooling_keeps_a_single_loud_frame() {
        let rows = row_sources(&bin_hz(129), &look(FrequencyAxis::Linear, Span::UNIT, 64));
        let image = tile_image(&with_peak(1000, 129, 777, 64), &rows, 0..63, 16, &GREY);
        let white: Vec<usize> = (0..image.pixels.len())
            .filter(|&i| image.pixels[i] == Color32::WHITE)
            .collect();
        assert_eq!(white.len(), 1);
        assert_eq!(white[0] % 65, 777 / 16 + 1);
    }

    #[test]
    fn levels_map_to_the_ends_of_the_range_and_hold_beyond() {
        for (level_db, grey) in [
            (-20.0, 255),
            (0.0, 255),
            (-100.0, 0),
            (-300.0, 0),
            (f32::NEG_INFINITY, 0),
            (f32::NAN, 0),
            (-60.0, 128),
        ] {
            let flat = Spectrogram {
                values: vec![level_db; 3 * 5],
                n_frames: 3,
                n_bins: 5,
            };
            let rows = vec![RowSource::Loudest(2..3); 4];
            let image = tile_image(&flat, &rows, 0..3, 1, &GREY);
            assert!(
                image.pixels.iter().all(|&color| color == Color32::from_gray(grey)),
                "{level_db} dB"
            );
        }
    }

    #[test]
    fn the_columns_beyond_a_tile_are_its_neighbours() {
        let rows = vec![RowSource::Loudest(0..1)];
        let spectrogram = Spectrogram {
            values: vec![-100.0, -80.0, -60.0, -40.0, -20.0],
            n_frames: 5,
            n_bins: 1,
        };
        let greys = |columns| -> Vec<u8> {
            let image = tile_image(&spectrogram, &rows, columns, 1, &GREY);
            image.pixels.iter().map(|color| color.r()).collect()
        };
        assert_eq!(greys(1..3), [0, 64, 128, 191]);
        assert_eq!(greys(3..5), [128, 191, 255, 255]);
        assert_eq!(greys(0..1), [0, 0, 64]);
    }
}
