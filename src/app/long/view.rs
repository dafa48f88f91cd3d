//! What is known of a long recording, as the views see it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::cache::PieceCache;
use super::drawing::{Pen, Wishes};
use super::{DrawnPiece, LongPiece};
use crate::app::SpectrogramSettings;
use crate::audio::{AudioError, ChannelChoice, Recording, SAMPLE_RATE_HZ};
use crate::dsp::{LevelPyramid, Levels, Peaks, Spectrogram};
use crate::progress::{NoProgress, par_map};

/// A long recording in focus, as far as it is drawn.
#[derive(Debug, Clone)]
pub struct LongView {
    pub(super) pen: Pen,
    pub(super) wishes: Wishes,
    peaks: Peaks,
    levels: LevelPyramid,
    /// By block, whether it is in `peaks` and `levels`.
    is_drawn: Vec<bool>,
    /// Blocks that were drawn when the levels of the whole were counted last.
    pub(super) n_counted: usize,
    cache: PieceCache,
}

impl LongView {
    /// A recording of which nothing is drawn yet, in a picture of so many bins.
    pub fn new(recording: Arc<Recording>, settings: SpectrogramSettings, n_bins: usize) -> Self {
        let mut pen = Pen {
            recording,
            settings,
            cell_samples: 1,
            base_pool: 1,
            n_bins,
        };
        let peaks = Peaks::unknown(pen.n_samples());
        let levels = LevelPyramid::new(pen.n_frames(), n_bins);
        (pen.cell_samples, pen.base_pool) = (peaks.cell_samples(), levels.base_pool());
        Self {
            is_drawn: vec![false; pen.n_blocks()],
            n_counted: 0,
            pen,
            wishes: Wishes::default(),
            peaks,
            levels,
            cache: PieceCache::default(),
        }
    }

    pub fn recording(&self) -> &Arc<Recording> {
        &self.pen.recording
    }

    /// Whether it is the picture of this channel of a file by these settings.
    pub(super) fn shows(&self, file: &Path, channel: ChannelChoice, settings: SpectrogramSettings) -> bool {
        self.pen.settings == settings && self.pen.recording.is_of(file, channel)
    }

    pub fn duration_secs(&self) -> f64 {
        self.pen.recording.duration_secs()
    }

    pub fn n_frames(&self) -> usize {
        self.pen.n_frames()
    }

    /// Bytes that are held for it, those of what is being drawn and of textures aside.
    pub fn n_bytes(&self) -> usize {
        self.peaks.n_bytes() + self.levels.n_bytes() + self.cache.n_bytes()
    }

    /// How much of the overview is drawn, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.n_drawn() as f64 / self.is_drawn.len().max(1) as f64
    }

    pub(super) fn n_drawn(&self) -> usize {
        self.is_drawn.iter().filter(|is_drawn| **is_drawn).count()
    }

    /// `[min, max]` of each of `n_columns` equal parts of these seconds; silence where nothing is drawn yet.
    pub fn outline(&self, start_secs: f64, end_secs: f64, n_columns: usize) -> Vec<[f32; 2]> {
        let rate = f64::from(SAMPLE_RATE_HZ);
        let (start, end) = (start_secs * rate, end_secs * rate);
        let stretch = self.sound_pieces(start_secs, end_secs, n_columns);
        let (first, samples) = self.pages(&stretch);
        self.peaks.columns_of_stretch((first, &samples), start, end, n_columns)
    }

    /// The sound that the outline of these seconds is drawn from; none where the cells of the outline serve.
    pub fn sound_pieces(&self, start_secs: f64, end_secs: f64, n_columns: usize) -> Vec<LongPiece> {
        let rate = f64::from(SAMPLE_RATE_HZ);
        let per_column = (end_secs - start_secs) * rate / n_columns.max(1) as f64;
        if !self.peaks.is_finer_than_cells(per_column) {
            return Vec::new();
        }
        let at = |secs: f64| ((secs.max(0.0) * rate) as usize).min(self.pen.n_samples());
        let samples = at(start_secs)..(at(end_secs) + 2).min(self.pen.n_samples());
        Pen::pages_of(&samples).map(LongPiece::Sound).collect()
    }

    /// The samples of these pages as far as they follow each other, and the place of the first.
    fn pages(&self, pieces: &[LongPiece]) -> (usize, Vec<f32>) {
        let first = match pieces.first() {
            Some(&LongPiece::Sound(page)) => Pen::page_start(page),
            _ => 0,
        };
        let mut samples = Vec::new();
        for piece in pieces {
            let Some(DrawnPiece::Sound(page)) = self.cache.get(piece) else {
                break;
            };
            samples.extend_from_slice(page);
        }
        (first, samples)
    }

    /// Frames in a column of the finest picture that is kept of the whole.
    pub fn base_pool(&self) -> usize {
        self.levels.base_pool()
    }

    /// How many of the blocks are drawn that columns of so many frames are made of: a picture of them changes when it grows.
    pub fn version(&self, pool: usize, columns: &Range<usize>) -> usize {
        if pool < self.base_pool() {
            return 0;
        }
        // A tile shows its neighbours' outermost columns, too.
        let end = ((columns.end + 1) * pool).min(self.n_frames());
        let start = (columns.start.saturating_sub(1) * pool).min(end);
        let blocks = self.pen.blocks_of(&(start..end));
        self.is_drawn[blocks].iter().filter(|is_drawn| **is_drawn).count()
    }

    /// The piece that holds these columns and their neighbours; `None` where the picture of the whole does.
    pub fn piece_of(&self, pool: usize, columns: &Range<usize>) -> Option<LongPiece> {
        let n_columns = self.n_frames().div_ceil(pool);
        (pool < self.base_pool()).then(|| LongPiece::Columns {
            pool,
            start: columns.start.saturating_sub(1),
            end: (columns.end + 1).min(n_columns),
        })
    }

    /// Columns of so many frames in dB, each the loudest of them, with one more on either side (the first and the last of the
    /// recording twice); `None` where they are not drawn.
    pub fn columns(&self, pool: usize, columns: &Range<usize>) -> Option<Spectrogram> {
        let n_columns = self.n_frames().div_ceil(pool);
        let (levels, first) = match self.piece_of(pool, columns) {
            None => (self.levels.level(pool)?, 0),
            Some(piece @ LongPiece::Columns { start, .. }) => (self.drawn(&piece)?, start),
            Some(_) => return None,
        };
        let wanted = (columns.start..columns.end + 2).map(|column| column.saturating_sub(1).min(n_columns - 1));
        Some(levels.spectrogram(wanted.map(|column| column.saturating_sub(first))))
    }

    /// The level of a bin in the column that holds a frame, at the zoom of columns of `pool` frames.
    pub fn level_db(&self, pool: usize, columns: &Range<usize>, frame: usize, bin: usize) -> Option<f32> {
        let (column, level) = match self.piece_of(pool, columns) {
            Some(piece @ LongPiece::Columns { start, .. }) => ((frame / pool).checked_sub(start)?, self.drawn(&piece)?),
            _ => (frame / pool, self.levels.level(pool)?),
        };
        (column < level.n_columns())
            .then(|| level.column(column).nth(bin))
            .flatten()
            .filter(|level| level.is_finite())
    }

    /// The whole in at most so many columns, and the seconds of a column.
    pub fn overview(&self, n_columns: usize) -> Option<(Spectrogram, f64)> {
        let (levels, pool) = self.levels.at_most(n_columns)?;
        let column_secs = (pool * self.pen.settings.hop) as f64 / f64::from(SAMPLE_RATE_HZ);
        Some((levels.spectrogram(0..levels.n_columns()), column_secs))
    }

    /// Whether this piece is at hand.
    pub fn has(&self, piece: &LongPiece) -> bool {
        self.cache.get(piece).is_some()
    }

    fn drawn(&self, piece: &LongPiece) -> Option<&Levels> {
        match self.cache.get(piece)? {
            DrawnPiece::Columns(levels) => Some(levels),
            _ => None,
        }
    }

    /// Takes in what was drawn.
    pub fn take(&mut self, piece: LongPiece, drawn: DrawnPiece) {
        self.wishes.done(piece);
        match (piece, drawn) {
            (
                LongPiece::Block(block),
                DrawnPiece::Block {
                    first_cell,
                    cells,
                    first_column,
                    columns,
                },
            ) => {
                self.peaks.merge(first_cell, &cells);
                self.levels.merge(first_column, &columns);
                if let Some(is_drawn) = self.is_drawn.get_mut(block) {
                    *is_drawn = true;
                }
            }
            (piece, drawn) => self.cache.insert(piece, drawn),
        }
    }

    /// Notes what is looked at, and what of it is to be drawn. Returns whether anything is.
    pub(super) fn look_at(&mut self, pieces: &[LongPiece]) -> bool {
        self.cache.touch(pieces);
        let missing = pieces.iter().filter(|piece| self.cache.get(piece).is_none());
        self.wishes.set(missing.copied());
        !self.wishes.is_empty()
    }

    /// Blocks that are not drawn.
    pub(super) fn missing_blocks(&self) -> Vec<usize> {
        (0..self.is_drawn.len()).filter(|&block| !self.is_drawn[block]).collect()
    }

    /// Begins the picture anew with other settings; the outline and the sound at hand stay.
    pub(super) fn redraw(&mut self, settings: SpectrogramSettings, n_bins: usize) {
        (self.pen.settings, self.pen.n_bins) = (settings, n_bins);
        self.levels = LevelPyramid::new(self.pen.n_frames(), n_bins);
        self.pen.base_pool = self.levels.base_pool();
        self.is_drawn.fill(false);
        self.n_counted = 0;
        self.wishes = Wishes::default();
        self.cache.forget_pictures();
    }

    /// Draws a piece here and now: for tests and measurements, which wait for it.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn draw_now(&mut self, piece: LongPiece) -> Result<(), AudioError> {
        let drawn = self.pen.draw(piece)?;
        self.take(piece, drawn);
        Ok(())
    }

    /// Draws the whole overview here and now, on all cores.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn draw_overview_now(&mut self) -> Result<(), AudioError> {
        for blocks in self.missing_blocks().chunks(16) {
            let drawn = par_map(blocks, &mut NoProgress, |&block| self.pen.draw(LongPiece::Block(block)));
            for (&block, drawn) in blocks.iter().zip(drawn.unwrap_or_default()) {
                self.take(LongPiece::Block(block), drawn?);
            }
        }
        Ok(())
    }
}
