//! A spectrogram of any length as textures: tiles are built when they come into sight, a few a frame.
//!
//! Time is pooled by powers of two, so that a tile serves while a person pans and zooms a little; frequency is laid out
//! for exactly the rows of pixels there are. While new tiles are being built the old ones stand in, stretched.

use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use eframe::egui::{self, Color32, Rect, TextureHandle, TextureOptions, emath::GuiRounding as _, pos2};

use super::{Coloring, FrequencyAxis, Look, RowSource, Scale, Span, TileLevels, n_columns, row_sources, tile_levels};
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

/// Where the tiles of a recording come from that is too long to be held as one [`Spectrogram`].
pub trait TileValues {
    fn n_frames(&self) -> usize;
    /// Frames in a column of the finest zoom that is held of the whole: it stands in for finer ones until they are there.
    fn held_pool(&self) -> usize;
    /// Changes while what these columns (of `pool` frames each) are made of is still being computed.
    fn version(&self, pool: usize, columns: &Range<usize>) -> usize;
    /// The loudest of the frames of each column, in dB, with one more column on either side; `None`: not there yet.
    fn values(&self, pool: usize, columns: &Range<usize>) -> Option<Spectrogram>;
}

/// What to draw.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// In dB, `[n_frames, n_bins]`. Of a long recording it is empty, and tells it from others.
    pub spectrogram: &'a Arc<Spectrogram>,
    /// A recording that is too long to be held.
    pub long: Option<&'a dyn TileValues>,
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
    /// How much of it there was, see [`TileValues::version`].
    version: usize,
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
        let n_frames = picture.n_frames();
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
        let pool = pool_for(picture.frames.len() / n_columns(painter, rect).max(1) as f64);
        let keys = picture.keys(look, pool);
        let start = Instant::now();
        let is_colored = self.color_anew(painter.ctx(), &picture.coloring, &keys, start);
        let is_complete = self.build_missing(painter.ctx(), picture, &keys, start) && is_colored;
        if !is_complete {
            self.paint_held(painter, rect, picture, look, pool);
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
    fn color_anew(&mut self, ctx: &egui::Context, coloring: &Coloring, keys: &[TileKey], start: Instant) -> bool {
        let mut is_any_done = false;
        for tile in &mut self.tiles {
            if tile.coloring == *coloring || !keys.contains(&tile.key) {
                continue;
            }
            if is_any_done && start.elapsed() > BUILD_BUDGET {
                ctx.request_repaint();
                return false;
            }
            tile.texture.set(tile.levels.image(coloring), TextureOptions::LINEAR);
            tile.coloring = *coloring;
            is_any_done = true;
        }
        true
    }

    /// Builds what there is time for. False where something is missing; a repaint is asked for where it only takes time.
    fn build_missing(&mut self, ctx: &egui::Context, picture: &Picture<'_>, keys: &[TileKey], start: Instant) -> bool {
        let mut rows = None;
        let mut is_complete = true;
        for &key in keys {
            if self.tiles.iter().any(|tile| tile.key == key) {
                continue;
            }
            if rows.is_some() && start.elapsed() > BUILD_BUDGET {
                ctx.request_repaint();
                return false;
            }
            let columns = picture.columns_of(key.pool, key.tile_idx);
            let rows = rows.get_or_insert_with(|| row_sources(picture.bin_hz, &key.look));
            let Some(levels) = picture.levels(&key, rows, columns.clone()) else {
                // Who computes it wakes the window.
                is_complete = false;
                continue;
            };
            let image = levels.image(&picture.coloring);
            self.tiles.push(Tile {
                key,
                texture: ctx.load_texture("spectrogram tile", image, TextureOptions::LINEAR),
                levels,
                coloring: picture.coloring,
                n_columns: columns.len(),
                last_used: self.clock,
            });
        }
        is_complete
    }

    /// What is held of the whole of a long recording lies below what is finer and not there yet.
    fn paint_held(&mut self, painter: &egui::Painter, rect: Rect, picture: &Picture<'_>, look: Look, pool: usize) {
        let Some(held) = picture.long.map(TileValues::held_pool).filter(|held| *held > pool) else {
            return;
        };
        let keys = picture.keys(look, held);
        let start = Instant::now();
        self.color_anew(painter.ctx(), &picture.coloring, &keys, start);
        self.build_missing(painter.ctx(), picture, &keys, start);
        for key in keys {
            if let Some(tile) = self.tiles.iter().find(|tile| tile.key == key) {
                paint_tile(painter, rect, picture, tile);
            }
        }
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

impl Picture<'_> {
    fn n_frames(&self) -> usize {
        self.long.map_or(self.spectrogram.n_frames, TileValues::n_frames)
    }

    /// The tiles that are in sight.
    fn keys(&self, look: Look, pool: usize) -> Vec<TileKey> {
        let tiles = tiles_in_sight(self.frames, self.n_frames(), pool);
        let key = |tile_idx| TileKey {
            look,
            pool,
            tile_idx,
            version: self
                .long
                .map_or(0, |long| long.version(pool, &self.columns_of(pool, tile_idx))),
        };
        tiles.map(key).collect()
    }

    fn columns_of(&self, pool: usize, tile_idx: usize) -> Range<usize> {
        columns_of_tile(self.n_frames(), pool, tile_idx)
    }

    /// The levels of a tile from its values; `None` where these are not there yet.
    fn levels(&self, key: &TileKey, rows: &[RowSource], columns: Range<usize>) -> Option<TileLevels> {
        match self.long {
            None => Some(tile_levels(self.spectrogram, rows, columns, key.pool)),
            Some(long) => {
                let values = long.values(key.pool, &columns)?;
                Some(tile_levels(&values, rows, 1..columns.len() + 1, 1))
            }
        }
    }
}

/// The tiles that hold these frames of so many.
pub fn tiles_in_sight(frames: Span, n_frames: usize, pool: usize) -> Range<usize> {
    let frames_per_tile = tile_columns(pool) * pool;
    let first = frames.start.max(0.0) as usize / frames_per_tile;
    let last = (frames.end.max(0.0) as usize).min(n_frames.saturating_sub(1)) / frames_per_tile;
    first..last + 1
}

/// The columns that a tile holds.
pub fn columns_of_tile(n_frames: usize, pool: usize, tile_idx: usize) -> Range<usize> {
    let first = tile_idx * tile_columns(pool);
    first..(first + tile_columns(pool)).min(n_frames.div_ceil(pool))
}

/// The power of two nearest to the frames that a pixel spans.
pub fn pool_for(frames_per_pixel: f64) -> usize {
    1 << frames_per_pixel.max(1.0).log2().round().min(20.0) as u32
}

/// The coarser the zoom, the fewer columns.
fn tile_columns(pool: usize) -> usize {
    (TILE_FRAMES / pool).clamp(8, TILE_COLUMNS)
}

/// Draws the part of a tile that is in sight. Where that part lies is reckoned in frames, not in pixels: close up, a tile is as
/// wide as thousands of windows, and its far end beyond what single precision can tell.
fn paint_tile(painter: &egui::Painter, rect: Rect, picture: &Picture<'_>, tile: &Tile) {
    let TileKey {
        look, pool, tile_idx, ..
    } = tile.key;
    let across = Scale::horizontal(picture.frames, rect.x_range());
    let up = Scale::vertical(picture.positions, rect.y_range());
    let first_frame = (tile_idx * tile_columns(pool) * pool) as f64;
    let n_frames = (tile.n_columns * pool) as f64;
    let from = first_frame.max(picture.frames.start);
    let to = (first_frame + n_frames).min(picture.frames.end);
    if from >= to {
        return;
    }
    let place = Rect::from_min_max(
        pos2(across.pixel(from), up.pixel(look.positions.end)),
        pos2(across.pixel(to), up.pixel(look.positions.start)),
    );
    // The outermost columns belong to the neighbours.
    let border = 1.0 / (tile.n_columns + 2) as f64;
    let u = |frame: f64| (border + (1.0 - 2.0 * border) * (frame - first_frame) / n_frames) as f32;
    let uv = Rect::from_min_max(pos2(u(from), 0.0), pos2(u(to), 1.0));
    painter
        .with_clip_rect(rect.intersect(painter.clip_rect()))
        .image(tile.texture.id(), place, uv, Color32::WHITE);
}

#[cfg(test)]
mod tests {
    use super::{Picture, TileValues, TiledSpectrogram, columns_of_tile, pool_for, tile_columns, tiles_in_sight};
    use crate::dsp::Spectrogram;
    use crate::ui::plots::{ColorMap, Coloring, FrequencyAxis, Span};
    use eframe::egui::{self, Rect, pos2, vec2};
    use std::ops::Range;
    use std::sync::Arc;

    const MAGMA: Coloring = Coloring {
        map: ColorMap::Magma,
        is_inverted: false,
        range_db: [-100.0, -20.0],
    };

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
            long: None,
            bin_hz: &bin_hz,
            frames: Span::new(start, end),
            axis: FrequencyAxis::Linear,
            top_hz: 8000.0,
            positions: Span::UNIT,
            coloring: MAGMA,
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

    /// Two hours whose column `c` at any zoom is `c % 50` dB below full scale; of the fine zooms only what was drawn.
    #[derive(Default)]
    struct TwoHours {
        drawn: Vec<(usize, usize)>,
        /// Tells it from other recordings.
        spectrogram: Arc<Spectrogram>,
    }

    const N_FRAMES: usize = 225_001;

    impl TileValues for TwoHours {
        fn n_frames(&self) -> usize {
            N_FRAMES
        }

        fn held_pool(&self) -> usize {
            32
        }

        fn version(&self, _: usize, _: &Range<usize>) -> usize {
            0
        }

        fn values(&self, pool: usize, columns: &Range<usize>) -> Option<Spectrogram> {
            let is_there = pool >= 32 || self.drawn.contains(&(pool, columns.start));
            let level = |column: usize| -((column % 50) as f32);
            is_there.then(|| Spectrogram {
                values: (columns.start..columns.end + 2)
                    .flat_map(|column| [level(column); 65])
                    .collect(),
                n_frames: columns.len() + 2,
                n_bins: 65,
            })
        }
    }

    impl TwoHours {
        fn draw_tiles(&mut self, frames: Span, pool: usize) {
            let tiles = tiles_in_sight(frames, N_FRAMES, pool);
            self.drawn
                .extend(tiles.map(|tile| (pool, columns_of_tile(N_FRAMES, pool, tile).start)));
        }

        /// Draws a stretch; returns whether it was complete, and the longest side of a texture.
        fn paint(&self, tiles: &mut TiledSpectrogram, ctx: &egui::Context, frames: Span) -> (bool, usize) {
            let bin_hz: Vec<f32> = (0..65).map(|bin| bin as f32 * 125.0).collect();
            let picture = Picture {
                spectrogram: &self.spectrogram,
                long: Some(self),
                bin_hz: &bin_hz,
                frames,
                axis: FrequencyAxis::Linear,
                top_hz: 8000.0,
                positions: Span::UNIT,
                coloring: MAGMA,
            };
            let is_complete = draw(tiles, ctx, &picture);
            let longest = tiles.tiles.iter().flat_map(|tile| tile.texture.size()).max();
            (is_complete, longest.unwrap_or(0))
        }
    }

    #[test]
    fn two_hours_are_drawn_at_every_zoom_without_a_texture_beyond_the_limit() {
        let (mut tiles, ctx) = (TiledSpectrogram::default(), egui::Context::default());
        let (mut long, mut len) = (TwoHours::default(), N_FRAMES as f64);
        while len > 0.3 {
            let frames = Span::new(112_500.0 - len / 2.0, 112_500.0 + len / 2.0);
            long.draw_tiles(frames, pool_for(len / 600.0));
            let (mut n_passes, mut drawn) = (0, (false, 0));
            while !drawn.0 {
                drawn = long.paint(&mut tiles, &ctx, frames);
                n_passes += 1;
                assert!(n_passes < 100, "{len} frames are never complete");
            }
            assert!(drawn.1 > 0 && drawn.1 <= 2048, "a texture of {} at {len} frames", drawn.1);
            len /= 1.7;
        }
    }

    #[test]
    fn what_is_not_there_yet_is_stood_in_for_and_not_waited_for() {
        let (mut tiles, ctx) = (TiledSpectrogram::default(), egui::Context::default());
        let (mut long, close) = (TwoHours::default(), Span::new(100_000.0, 100_200.0));
        let (is_complete, _) = long.paint(&mut tiles, &ctx, close);
        assert!(!is_complete && tiles.n_tiles() > 0, "the coarse picture lies below");
        assert!(tiles.tiles.iter().all(|tile| tile.key.pool == 32));
        long.draw_tiles(close, 1);
        while !long.paint(&mut tiles, &ctx, close).0 {}
        assert!(tiles.tiles.iter().any(|tile| tile.key.pool == 1));
    }

    #[test]
    fn close_up_nothing_is_drawn_beyond_the_edges() {
        // 10 ms at the end of two hours: the tile that holds them would be half a million pixels wide.
        let ctx = egui::Context::default();
        let (mut tiles, mut long) = (TiledSpectrogram::default(), TwoHours::default());
        let close = Span::new(224_990.0, 224_990.3);
        long.draw_tiles(close, 1);
        let bin_hz: Vec<f32> = (0..65).map(|bin| bin as f32 * 125.0).collect();
        let rect = Rect::from_min_size(pos2(20.0, 10.0), vec2(600.0, 100.0));
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let picture = Picture {
                spectrogram: &long.spectrogram,
                long: Some(&long),
                bin_hz: &bin_hz,
                frames: close,
                axis: FrequencyAxis::Linear,
                top_hz: 8000.0,
                positions: Span::UNIT,
                coloring: MAGMA,
            };
            assert!(tiles.paint(ui.painter(), rect, &picture));
        });
        let drawn: Vec<Rect> = output.shapes.iter().map(|shape| shape.shape.visual_bounding_rect()).collect();
        output.drop_without_applying_deltas();
        let pictures = drawn.iter().filter(|place| place.is_positive() && place.height() > 90.0);
        for place in pictures.clone() {
            assert!(rect.expand(1.0).contains_rect(*place), "{place:?}");
        }
        assert!(pictures.count() > 0);
    }
}
