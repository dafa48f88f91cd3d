//! What the picture needs of a long recording: its tiles, its outline, and word of what is in sight.

use std::ops::Range;

use super::picture::PictureView;
use crate::app::{Action, LongPiece, LongView};
use crate::audio::SAMPLE_RATE_HZ;
use crate::dsp::Spectrogram;
use crate::ui::plots::{Span, TileValues, columns_of_tile, pool_for, tiles_in_sight};

impl TileValues for LongView {
    fn n_frames(&self) -> usize {
        self.n_frames()
    }

    fn held_pool(&self) -> usize {
        self.base_pool()
    }

    fn version(&self, pool: usize, columns: &Range<usize>) -> usize {
        self.version(pool, columns)
    }

    fn values(&self, pool: usize, columns: &Range<usize>) -> Option<Spectrogram> {
        self.columns(pool, columns)
    }
}

/// The frames in sight: frame `i` is centred on sample `i * hop` and fills `i..i + 1`.
pub(super) fn frames_in_sight(time: Span, hop: usize) -> Span {
    let frame = |secs: f64| secs * f64::from(SAMPLE_RATE_HZ) / hop.max(1) as f64 + 0.5;
    Span::new(frame(time.start), frame(time.end))
}

/// The finer pieces that a picture of so many pixels shows, and those beside them, which come next in a pan.
fn pieces_in_sight(long: &LongView, time: Span, hop: usize, pool: usize, n_pixels: usize) -> Vec<LongPiece> {
    let mut pieces = long.sound_pieces(time.start, time.end, n_pixels);
    let (frames, n_frames) = (frames_in_sight(time, hop), long.n_frames());
    let tiles = tiles_in_sight(frames, n_frames, pool);
    let n_tiles = tiles_in_sight(Span::new(0.0, n_frames as f64), n_frames, pool).end;
    let beside = [tiles.end, tiles.start.wrapping_sub(1)];
    let wanted = tiles.chain(beside.into_iter().filter(|tile_idx| *tile_idx < n_tiles));
    pieces.extend(wanted.filter_map(|tile_idx| long.piece_of(pool, &columns_of_tile(n_frames, pool, tile_idx))));
    pieces
}

impl PictureView {
    /// Tells what is in sight: when that has changed, and while something of it is missing.
    pub(super) fn tell_sight(&mut self, long: &LongView, hop: usize, n_pixels: usize, actions: &mut Vec<Action>) {
        self.pool = pool_for(frames_in_sight(self.time, hop).len() / n_pixels.max(1) as f64);
        let pieces = pieces_in_sight(long, self.time, hop, self.pool, n_pixels);
        let has_all = pieces.iter().all(|piece| long.has(piece));
        if self.in_sight != pieces || !has_all {
            self.in_sight.clone_from(&pieces);
            actions.push(Action::LookAt(pieces));
        }
    }
}

/// The level at a place of a picture of columns of `pool` frames: that of the loudest of them.
pub(super) fn level_db(long: &LongView, hop: usize, pool: usize, secs: f64, bin: usize) -> Option<f32> {
    let frame = (secs * f64::from(SAMPLE_RATE_HZ) / hop.max(1) as f64).round().max(0.0) as usize;
    let in_frame = Span::new(frame as f64, frame as f64);
    let tile = tiles_in_sight(in_frame, long.n_frames(), pool).start;
    long.level_db(pool, &columns_of_tile(long.n_frames(), pool, tile), frame, bin)
}
