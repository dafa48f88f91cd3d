//! A spectrogram of any length as textures: tiles are built when they come into sight, a few a frame.
//!
//! Time is pooled by powers of two, so that a tile serves while a person pans and zooms a little; frequency is laid out
//! for exactly the rows of pixels there are. While new tiles are being built the old ones stand in, stretched.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use eframe::egui::{self, Color32, Rect, TextureHandle, TextureOptions, emath::GuiRounding as _, pos2};

use super::{Coloring, FrequencyAxis, Look, Scale, Span, TileLevels, row_sources, tile_levels};
use crate::dsp::Spectrogram;

/// Columns of a tile at most.
const TILE_COLUMNS: usize = 256;
/// Frames of a tile at most: what is pooled in one go must not stall the window.
const TILE_FRAMES: usize = 8192;
/// Building goes on for so long in one frame of the window.
const BUILD_BUDGET: Duration = Duration::from_millis(4);
/// Bytes of texture kept; the longest unused go first.
const TEXTURE_BUDGET: usize = 96 << 20;
/// So many old tiles are drawn below new ones at most.
const MAX_STAND_INS: usize = 24;

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// In dB, `[n_frames, n_bins]`.
    pub spectrogram: &'a Arc<Spectrogram>,
    /// Centre of each bin, rising.
    pub bin_hz: &'a [f32],
    /// The visible part, in frames: frame `i` fills `i..i + 1`.
    pub frames: Span,
    pub axis: FrequencyAxis,
    pub top_hz: f64,
    /// The visible part of the frequency axis.
    pub positions: Span,
    pub coloring: Coloring,
}

/// Which part of the picture a tile holds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct TileKey {
    look: Look,
    /// Frames in a column.
    pool: usize,
    tile_idx: usize,
}

struct Tile {
    key: TileKey,
    levels: TileLevels,
    /// What the texture is coloured with.
    coloring: Coloring,
    texture: TextureHandle,
    n_columns: usize,
    last_used: u64,
}

/// The textures of one spectrogram.
#[derive(Default)]
pub struct TiledSpectrogram {
    source: Weak<Spectrogram>,
    tiles: Vec<Tile>,
    clock: u64,
}

impl TiledSpectrogram {
    /// Draws what is there and builds a little of what is not. Returns whether all is there; if not, a repaint was asked for.
    pub fn paint(&mut self, painter: &egui::Painter, rect: Rect, picture: &Picture<'_>) -> bool {
        self.clock += 1;
        if !std::ptr::eq(self.source.as_ptr(), Arc::as_ptr(picture.spectrogram)) {
            self.tiles.clear();
            self.source = Arc::downgrade(picture.spectrogram);
        }
        let n_frames = picture.spectrogram.n_frames;
        let pixels_per_point = painter.pixels_per_point();
        let rect = rect.round_to_pixels(pixels_per_point);
        if picture.bin_hz.is_empty() || n_frames == 0 || !rect.is_positive() {
            return true;
        }
        let look = Look {
            axis: picture.axis,
            top_hz: picture.top_hz,
            positions: picture.positions,
            n_rows: (rect.height() * pixels_per_point).round().clamp(1.0, 4096.0) as usize,
        };
        let pool = pool_for(picture.frames.len() / f64::from(rect.width() * pixels_per_point));
        let frames_per_tile = tile_columns(pool) * pool;
        let first = (picture.frames.start.max(0.0) as usize) / frames_per_tile;
        let last = (picture.frames.end.max(0.0) as usize).min(n_frames - 1) / frames_per_tile;
        let keys = (first..=last).map(|tile_idx| TileKey { look, pool, tile_idx });
        let start = Instant::now();
        let is_colored = self.color_anew(&picture.coloring, &keys, start);
        let is_complete = self.build_missing(painter.ctx(), picture, keys.clone(), start) && is_colored;
        if !is_complete {
            painter.ctx().request_repaint();
            self.paint_stand_ins(painter, rect, picture, look.axis);
        }
        for key in keys {
            if let Some(tile) = self.tiles.iter_mut().find(|tile| tile.key == key) {
                tile.last_used = self.clock;
                paint_tile(painter, rect, picture, tile);
            }
        }
        self.forget_unused();
        is_complete
    }

    /// Textures held now.
    pub fn n_tiles(&self) -> usize {
        self.tiles.len()
    }

    /// Gives the tiles in sight the colours that are wanted now, from the levels that they keep.
    fn color_anew(&mut self, coloring: &Coloring, keys: &(impl Iterator<Item = TileKey> + Clone), start: Instant) -> bool {
        let mut is_any_done = false;
        for tile in &mut self.tiles {
            if tile.coloring == *coloring || !keys.clone().any(|key| key == tile.key) {
                continue;
            }
            if is_any_done && start.elapsed() > BUILD_BUDGET {
                return false;
            }
            tile.texture.set(tile.levels.image(coloring), TextureOptions::LINEAR);
            tile.coloring = *coloring;
            is_any_done = true;
        }
        true
    }

    fn build_missing(
        &mut self,
        ctx: &egui::Context,
        picture: &Picture<'_>,
        keys: impl Iterator<Item = TileKey>,
        start: Instant,
    ) -> bool {
        let mut rows = None;
        for key in keys {
            if self.tiles.iter().any(|tile| tile.key == key) {
                continue;
            }
            if rows.is_some() && start.elapsed() > BUILD_BUDGET {
                return false;
            }
            let rows = rows.get_or_insert_with(|| row_sources(picture.bin_hz, &key.look));
            let n_columns_whole = picture.spectrogram.n_frames.div_ceil(key.pool);
            let first = key.tile_idx * tile_columns(key.pool);
            let columns = first..(first + tile_columns(key.pool)).min(n_columns_whole);
            let n_columns = columns.len();
            let levels = tile_levels(picture.spectrogram, rows, columns, key.pool);
            let image = levels.image(&picture.coloring);
            self.tiles.push(Tile {
                key,
                texture: ctx.load_texture("spectrogram tile", image, TextureOptions::LINEAR),
                levels,
                coloring: picture.coloring,
                n_columns,
                last_used: self.clock,
            });
        }
        true
    }

    /// The tiles of the frame before lie where they belong if their axis is the same, only less sharp or in older colours.
    fn paint_stand_ins(&mut self, painter: &egui::Painter, rect: Rect, picture: &Picture<'_>, axis: FrequencyAxis) {
        let before = self.clock - 1;
        let is_stand_in = |tile: &&mut Tile| tile.key.look.axis == axis && tile.last_used >= before;
        let mut stand_ins: Vec<_> = self.tiles.iter_mut().rev().filter(is_stand_in).take(MAX_STAND_INS).collect();
        for tile in stand_ins.iter_mut().rev() {
            tile.last_used = self.clock;
            paint_tile(painter, rect, picture, tile);
        }
    }

    fn forget_unused(&mut self) {
        let mut bytes: usize = self.tiles.iter().map(|tile| tile.texture.byte_size()).sum();
        if bytes <= TEXTURE_BUDGET {
            return;
        }
        self.tiles.sort_by_key(|tile| std::cmp::Reverse(tile.last_used));
        while bytes > TEXTURE_BUDGET && self.tiles.last().is_some_and(|tile| tile.last_used < self.clock) {
            bytes -= self.tiles.pop().map_or(0, |tile| tile.texture.byte_size());
        }
    }
}

/// The power of two nearest to the frames that a pixel spans.
fn pool_for(frames_per_pixel: f64) -> usize {
    1 << frames_per_pixel.max(1.0).log2().round().min(20.0) as u32
}

/// The coarser the zoom, the fewer columns.
fn tile_columns(pool: usize) -> usize {
    (TILE_FRAMES / pool).clamp(8, TILE_COLUMNS)
}

fn paint_tile(painter: &egui::Painter, rect: Rect, picture: &Picture<'_>, tile: &Tile) {
    let TileKey { look, pool, tile_idx } = tile.key;
    let across = Scale::horizontal(picture.frames, rect.x_range());
    let up = Scale::vertical(picture.positions, rect.y_range());
    let first_frame = tile_idx * tile_columns(pool) * pool;
    let place = Rect::from_min_max(
        pos2(across.pixel(first_frame as f64), up.pixel(look.positions.end)),
        pos2(
            across.pixel((first_frame + tile.n_columns * pool) as f64),
            up.pixel(look.positions.start),
        ),
    );
    // The outermost columns belong to the neighbours.
    let border = 1.0 / (tile.n_columns + 2) as f32;
    let uv = Rect::from_min_max(pos2(border, 0.0), pos2(1.0 - border, 1.0));
    painter
        .with_clip_rect(rect.intersect(painter.clip_rect()))
        .image(tile.texture.id(), place, uv, Color32::WHITE);
}

#[cfg(test)]
mod tests {
    use super::{Picture, TiledSpectrogram, pool_for, tile_columns};
    use crate::dsp::Spectrogram;
    use crate::ui::plots::{ColorMap, Coloring, FrequencyAxis, Span};
    use eframe::egui::{self, Rect, pos2, vec2};
    use std::sync::Arc;

    fn draw(tiles: &mut TiledSpectrogram, ctx: &egui::Context, picture: &Picture<'_>) -> bool {
        let mut is_complete = false;
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(600.0, 100.0));
            is_complete = tiles.paint(ui.painter(), rect, picture);
        });
        output.drop_without_applying_deltas();
        is_complete
    }

    #[test]
    fn a_long_recording_is_drawn_from_few_tiles_and_drawn_again_from_none_new() {
        let n_frames = 18_750;
        let spectrogram = Arc::new(Spectrogram {
            values: vec![-60.0; n_frames * 65],
            n_frames,
            n_bins: 65,
        });
        let bin_hz: Vec<f32> = (0..65).map(|bin| bin as f32 * 125.0).collect();
        let picture = |start, end| Picture {
            spectrogram: &spectrogram,
            bin_hz: &bin_hz,
            frames: Span::new(start, end),
            axis: FrequencyAxis::Linear,
            top_hz: 8000.0,
            positions: Span::UNIT,
            coloring: Coloring {
                map: ColorMap::Magma,
                is_inverted: false,
                range_db: [-100.0, -20.0],
            },
        };
        let (mut tiles, ctx) = (TiledSpectrogram::default(), egui::Context::default());
        let whole = picture(0.0, n_frames as f64);
        let mut n_passes = 1;
        while !draw(&mut tiles, &ctx, &whole) {
            n_passes += 1;
            assert!(n_passes < 50, "never complete");
        }
        let n_whole = tiles.n_tiles();
        assert_eq!(n_whole, n_frames.div_ceil(32).div_ceil(tile_columns(32)));
        assert!(draw(&mut tiles, &ctx, &whole));
        assert_eq!(tiles.n_tiles(), n_whole, "the same picture needs no new tile");
        let mut in_grey = whole;
        in_grey.coloring.map = ColorMap::Grey;
        while !draw(&mut tiles, &ctx, &in_grey) {}
        assert_eq!(tiles.n_tiles(), n_whole, "other colours need no new tile");
        while !draw(&mut tiles, &ctx, &picture(9000.0, 9100.0)) {}
        assert_eq!(tiles.n_tiles(), n_whole + 1, "only what is in sight is built");
    }

    #[test]
    fn the_pool_follows_the_zoom() {
        for (frames_per_pixel, pool) in [(0.01, 1), (1.0, 1), (1.3, 1), (1.6, 2), (31.0, 32), (33.0, 32)] {
            assert_eq!(pool_for(frames_per_pixel), pool, "{frames_per_pixel}");
        }
    }
}
