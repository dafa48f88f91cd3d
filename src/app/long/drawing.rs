//! Drawing one piece of a long recording from the file, on any thread.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::SpectrogramSettings;
use crate::app::job_types::{JobOutput, JobUpdate};
use crate::app::listening::levels_of;
use crate::audio::{AudioError, Clip, Recording, SAMPLE_RATE_HZ};
use crate::dsp::{Levels, Spectrogram, cells};
use crate::jobs::{JobContext, each_in_front};
use crate::progress::Progress;

/// Samples of a block of the overview, 33 s: it bounds what one core holds while it draws.
const BLOCK_SAMPLES: usize = 1 << 19;
/// Samples of a page of sound, 4 s.
const PAGE_SAMPLES: usize = 1 << 16;

/// A part of a long recording that is drawn by itself. The same piece is the same picture, however a person came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LongPiece {
    /// The outline and the coarse spectrogram of so many samples.
    Block(usize),
    /// Columns `start..end` of a spectrogram, each the loudest of `pool` frames.
    Columns { pool: usize, start: usize, end: usize },
    /// The samples of one page.
    Sound(usize),
}

/// What was drawn.
#[derive(Debug, Clone)]
pub enum DrawnPiece {
    Block {
        /// `[min, max]` of the finest cells of the outline, from the cell `first_cell` on.
        first_cell: usize,
        cells: Vec<[f32; 2]>,
        /// Columns of the pyramid's finest level, from `first_column` on.
        first_column: usize,
        columns: Levels,
    },
    Columns(Arc<Levels>),
    Sound(Arc<Vec<f32>>),
}

impl DrawnPiece {
    pub(super) fn n_bytes(&self) -> usize {
        match self {
            Self::Block { cells, columns, .. } => 8 * cells.len() + columns.n_bytes(),
            Self::Columns(levels) => levels.n_bytes(),
            Self::Sound(samples) => 4 * samples.len(),
        }
    }
}

/// All that it takes to draw any piece.
#[derive(Debug, Clone)]
pub(super) struct Pen {
    pub(super) recording: Arc<Recording>,
    pub(super) settings: SpectrogramSettings,
    /// Of one of the finest cells of the outline.
    pub(super) cell_samples: usize,
    /// Frames of a column of the finest level of the pyramid.
    pub(super) base_pool: usize,
    pub(super) n_bins: usize,
}

impl Pen {
    pub(super) fn n_samples(&self) -> usize {
        usize::try_from(self.recording.n_samples()).unwrap_or(usize::MAX)
    }

    pub(super) fn n_frames(&self) -> usize {
        1 + self.n_samples() / self.settings.hop.max(1)
    }

    pub(super) fn n_blocks(&self) -> usize {
        self.n_samples().div_ceil(BLOCK_SAMPLES).max(1)
    }

    /// Blocks that have a part in these frames.
    pub(super) fn blocks_of(&self, frames: &Range<usize>) -> Range<usize> {
        let block = |frame: usize| (frame * self.settings.hop / BLOCK_SAMPLES).min(self.n_blocks() - 1);
        block(frames.start)..block(frames.end.saturating_sub(1)) + 1
    }

    /// Pages that have a part in these samples.
    pub(super) fn pages_of(samples: &Range<usize>) -> Range<usize> {
        samples.start / PAGE_SAMPLES..samples.end.div_ceil(PAGE_SAMPLES)
    }

    /// The first sample of a page.
    pub(super) fn page_start(page: usize) -> usize {
        page * PAGE_SAMPLES
    }

    /// Reads and draws one piece.
    pub(super) fn draw(&self, piece: LongPiece) -> Result<DrawnPiece, AudioError> {
        match piece {
            LongPiece::Block(block) => self.block(block),
            LongPiece::Sound(page) => {
                let start = Self::page_start(page);
                let samples = self.read(start..(start + PAGE_SAMPLES).min(self.n_samples()))?;
                Ok(DrawnPiece::Sound(Arc::new(samples)))
            }
            LongPiece::Columns { pool, start, end } => {
                let (hop, mut levels) = (
                    self.settings.hop.max(1),
                    Levels::unknown(end.saturating_sub(start), self.n_bins),
                );
                // Many frames are drawn in steps, so that no more is held at once than for a block.
                let step = (BLOCK_SAMPLES / hop).max(1);
                let frames = start * pool..(end * pool).min(self.n_frames());
                for first in frames.clone().step_by(step) {
                    let piece = self.levels(first..(first + step).min(frames.end), pool)?;
                    levels.merge(first / pool - start, &piece);
                }
                Ok(DrawnPiece::Columns(Arc::new(levels)))
            }
        }
    }

    fn block(&self, block: usize) -> Result<DrawnPiece, AudioError> {
        let hop = self.settings.hop.max(1);
        let samples = block * BLOCK_SAMPLES..((block + 1) * BLOCK_SAMPLES).min(self.n_samples());
        // The frames whose middle lies in the block; the last block has the frame at the very end, too.
        let first_frame = samples.start.div_ceil(hop);
        let end_frame = if block + 1 == self.n_blocks() {
            self.n_frames()
        } else {
            samples.end.div_ceil(hop)
        };
        let columns = self.levels(first_frame..end_frame, self.base_pool)?;
        let cells = cells(&self.read(samples.clone())?, self.cell_samples);
        Ok(DrawnPiece::Block {
            first_cell: samples.start / self.cell_samples,
            cells,
            first_column: first_frame / self.base_pool,
            columns,
        })
    }

    /// The loudest of each `pool` of these frames, computed from no more of the sound than their windows reach.
    fn levels(&self, frames: Range<usize>, pool: usize) -> Result<Levels, AudioError> {
        let SpectrogramSettings { n_fft, hop, .. } = self.settings;
        let hop = hop.max(1);
        // The first frames of a stretch see silence before it; only at the start of the recording there is none.
        let n_edge = (n_fft / 2).div_ceil(hop).min(frames.start);
        let first = frames.start - n_edge;
        let end = (frames.end.saturating_sub(1) * hop + n_fft / 2 + 1).min(self.n_samples());
        let stretch = Clip {
            samples: self.read(first * hop..end)?,
            sample_rate_hz: SAMPLE_RATE_HZ,
        };
        let (mut spectrogram, _) = levels_of(&stretch, self.settings);
        let n_bins = spectrogram.n_bins;
        spectrogram.n_frames = frames.len().min(spectrogram.n_frames.saturating_sub(n_edge));
        spectrogram.values.drain(..n_edge * n_bins);
        Ok(Levels::loudest(&spectrogram, frames.start, pool))
    }

    fn read(&self, samples: Range<usize>) -> Result<Vec<f32>, AudioError> {
        self.recording.read(samples.start as u64..samples.end as u64)
    }
}

/// Columns of these frames of a recording of any length, each the loudest of `pool` frames, and the frequency of each bin. The
/// last column has what is left.
///
/// # Errors
/// Where the file cannot be read, or the wish to stop.
pub(in crate::app) fn columns_of(
    recording: Arc<Recording>,
    settings: SpectrogramSettings,
    frames: Range<usize>,
    pool: usize,
    progress: &mut dyn Progress,
) -> anyhow::Result<(Spectrogram, Vec<f32>)> {
    let nothing = Clip {
        samples: Vec::new(),
        sample_rate_hz: SAMPLE_RATE_HZ,
    };
    let (_, bin_hz) = levels_of(&nothing, settings);
    let pen = Pen {
        recording,
        settings,
        cell_samples: 1,
        base_pool: pool,
        n_bins: bin_hz.len(),
    };
    let n_columns = frames.len().div_ceil(pool);
    let mut columns = Levels::unknown(n_columns, pen.n_bins);
    let step = (BLOCK_SAMPLES / (settings.hop.max(1) * pool)).max(1);
    for first in (0..n_columns).step_by(step) {
        // What is over in a moment has no progress to show.
        if n_columns > step {
            progress.step(first as u64, n_columns as u64)?;
        }
        let from = frames.start + first * pool;
        let until = (frames.start + (first + step) * pool).min(frames.end);
        let piece = pen.levels(from..until, 1)?;
        let pooled = Levels::loudest(&piece.spectrogram(0..piece.n_columns()), 0, pool);
        columns.merge(first, &pooled);
    }
    Ok((columns.spectrogram(0..n_columns), bin_hz))
}

/// What a person looks at and is not there: the newest wish replaces the one before.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes(Arc<Mutex<Pending>>);

#[derive(Debug, Default)]
struct Pending {
    waiting: Vec<LongPiece>,
    in_work: Vec<LongPiece>,
}

impl Wishes {
    /// Replaces what waits; what is being drawn is not asked for again.
    pub(super) fn set(&self, pieces: impl Iterator<Item = LongPiece>) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pieces: Vec<LongPiece> = pieces.filter(|piece| !pending.in_work.contains(piece)).collect();
        pending.waiting = pieces;
    }

    /// What was in work when a job was given up is asked for anew.
    pub(super) fn forget_work(&self) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.in_work.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.is_empty()
    }

    /// Forgets that this one is in work.
    pub(super) fn done(&self, piece: LongPiece) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.in_work.retain(|other| *other != piece);
    }

    fn take(&self, n_at_most: usize) -> Vec<LongPiece> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n = n_at_most.min(pending.waiting.len());
        let taken: Vec<LongPiece> = pending.waiting.drain(..n).collect();
        pending.in_work.extend(&taken);
        taken
    }
}

/// Draws what is wished for first, then what is missing of the overview, on all cores, until nothing is left.
pub(in crate::app) fn draw_all(
    pen: &Pen,
    wishes: &Wishes,
    missing_blocks: Vec<usize>,
    context: &mut JobContext<JobOutput, JobUpdate>,
) -> anyhow::Result<JobOutput> {
    let (n_at_once, total) = (rayon::current_num_threads().max(1), missing_blocks.len() as u64);
    let mut blocks = missing_blocks.into_iter().map(LongPiece::Block);
    let updates = context.updates();
    let mut done = 0;
    loop {
        context.step(done, total)?;
        let mut batch = wishes.take(n_at_once);
        let n_wished = batch.len();
        batch.extend(blocks.by_ref().take(n_at_once - n_wished));
        if batch.is_empty() {
            return Ok(JobOutput::LongDrawn);
        }
        let outcomes = each_in_front(&batch, |&piece| {
            pen.draw(piece).map(|drawn| updates.send(JobUpdate::Drawn(piece, drawn)))
        });
        outcomes.into_iter().collect::<Result<(), AudioError>>()?;
        done += (batch.len() - n_wished) as u64;
    }
}
