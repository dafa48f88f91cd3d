//! Spectrograms of long recordings: the loudest of many frames, kept small, at every zoom.
//!
//! A column that stands for many frames shows the loudest of them, bin by bin, and not their mean: a knock of 20 ms is one frame
//! in hundreds of a column of a picture of two hours, and only the loudest keeps it. What is lost is the look of noise, which
//! grows brighter with the zoom: of 256 frames of noise the loudest lies some 8 dB above the mean.

use std::ops::Range;

use super::Spectrogram;

/// Steps of a decibel in which levels are kept: finer than any colour, in half the memory.
const STEPS_PER_DB: f32 = 100.0;
/// What is not computed yet; below every level that there is.
const MISSING: i16 = i16::MIN;
/// Values of the finest level of a pyramid at most: with all coarser ones, 32 MiB whatever the length of the recording.
const MAX_VALUES: usize = 8 << 20;

/// Columns of levels in hundredths of a decibel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Levels {
    /// `[n_columns, n_bins]`.
    values: Vec<i16>,
    n_bins: usize,
}

impl Levels {
    /// The loudest of each `pool` frames of a spectrogram in dB whose first frame is frame `first_frame` of the recording: the
    /// columns from `first_frame / pool` on. At the edges a column is of the frames that are there.
    pub fn loudest(spectrogram: &Spectrogram, first_frame: usize, pool: usize) -> Self {
        let (n_frames, n_bins) = (spectrogram.n_frames, spectrogram.n_bins);
        let first_column = first_frame / pool;
        let n_columns = (first_frame + n_frames).div_ceil(pool).saturating_sub(first_column);
        let mut values = vec![MISSING; n_columns * n_bins];
        let mut loudest = vec![f32::NEG_INFINITY; n_bins];
        for (column, values) in values.chunks_exact_mut(n_bins.max(1)).enumerate() {
            let start = ((first_column + column) * pool).saturating_sub(first_frame);
            let end = ((first_column + column + 1) * pool - first_frame).min(n_frames);
            loudest.fill(f32::NEG_INFINITY);
            for frame_idx in start..end {
                for (most, &level) in loudest.iter_mut().zip(spectrogram.frame(frame_idx)) {
                    *most = if level > *most { level } else { *most };
                }
            }
            for (value, &level) in values.iter_mut().zip(&loudest) {
                *value = quantised(level);
            }
        }
        Self { values, n_bins }
    }

    /// So many columns of which nothing is known.
    pub fn unknown(n_columns: usize, n_bins: usize) -> Self {
        Self {
            values: vec![MISSING; n_columns * n_bins],
            n_bins,
        }
    }

    /// Takes in columns from `first_column` on; where there is something already the louder one stays. Returns the columns that
    /// were touched.
    pub fn merge(&mut self, first_column: usize, columns: &Self) -> Range<usize> {
        if self.n_bins != columns.n_bins {
            return first_column..first_column;
        }
        let new = self.values.iter_mut().skip(first_column * self.n_bins).zip(&columns.values);
        new.for_each(|(value, &new)| *value = new.max(*value));
        first_column..(first_column + columns.n_columns()).min(self.n_columns())
    }

    pub fn n_columns(&self) -> usize {
        self.values.len() / self.n_bins.max(1)
    }

    /// What it takes in memory.
    pub fn n_bytes(&self) -> usize {
        2 * self.values.len()
    }

    /// One column in dB.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f32> + '_ {
        self.raw(column).iter().map(|&value| level_db(value))
    }

    /// These columns in dB, one a frame; the last one again for those beyond the end.
    pub fn spectrogram(&self, columns: impl Iterator<Item = usize>) -> Spectrogram {
        let mut values = Vec::new();
        for column in columns {
            values.extend(self.column(column.min(self.n_columns().saturating_sub(1))));
        }
        Spectrogram {
            n_frames: values.len() / self.n_bins.max(1),
            n_bins: self.n_bins,
            values,
        }
    }

    fn raw(&self, column: usize) -> &[i16] {
        &self.values[column * self.n_bins..(column + 1) * self.n_bins]
    }
}

fn quantised(level_db: f32) -> i16 {
    // Everything that was computed is above what is missing.
    (level_db * STEPS_PER_DB).round().max(f32::from(MISSING) + 1.0) as i16
}

fn level_db(value: i16) -> f32 {
    if value == MISSING {
        f32::NEG_INFINITY
    } else {
        f32::from(value) / STEPS_PER_DB
    }
}

/// A spectrogram at all zooms from a coarse one on, filled in as it is computed. Finer zooms are computed anew from the sound when
/// they are looked at.
#[derive(Debug, Clone, Default)]
pub struct LevelPyramid {
    n_frames: usize,
    base_pool: usize,
    /// Level `i` has a column for each `base_pool << i` frames; the last one has a single column.
    levels: Vec<Levels>,
}

impl LevelPyramid {
    /// An empty pyramid for so many frames of so many bins.
    pub fn new(n_frames: usize, n_bins: usize) -> Self {
        let n_columns = |pool: usize| n_frames.div_ceil(pool).max(1);
        let mut pool = 1;
        while n_columns(pool) > 1 && n_columns(pool).saturating_mul(n_bins) > MAX_VALUES {
            pool *= 2;
        }
        let mut pyramid = Self {
            n_frames,
            base_pool: pool,
            levels: Vec::new(),
        };
        loop {
            pyramid.levels.push(Levels::unknown(n_columns(pool), n_bins));
            if n_columns(pool) == 1 {
                return pyramid;
            }
            pool *= 2;
        }
    }

    pub fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// Frames in a column of the finest level.
    pub fn base_pool(&self) -> usize {
        self.base_pool
    }

    /// What it takes in memory.
    pub fn n_bytes(&self) -> usize {
        self.levels.iter().map(Levels::n_bytes).sum()
    }

    /// Takes in columns of [`Self::base_pool`] frames each; where there is something already the louder one stays.
    pub fn merge(&mut self, first_column: usize, columns: &Levels) {
        let Some(base) = self.levels.first_mut() else { return };
        let mut changed = base.merge(first_column, columns);
        for level_idx in 1..self.levels.len() {
            changed = changed.start / 2..changed.end.div_ceil(2);
            let (below, above) = self.levels.split_at_mut(level_idx);
            let (below, above) = (&below[level_idx - 1], &mut above[0]);
            for column in changed.clone() {
                for child in (2 * column..2 * column + 2).filter(|&child| child < below.n_columns()) {
                    let (start, n_bins) = (column * above.n_bins, above.n_bins);
                    for (value, &new) in above.values[start..start + n_bins].iter_mut().zip(below.raw(child)) {
                        *value = new.max(*value);
                    }
                }
            }
        }
    }

    /// The level whose columns are of so many frames; `None` where it is finer than any that is kept.
    pub fn level(&self, pool: usize) -> Option<&Levels> {
        let steps = (pool.max(1) / self.base_pool.max(1)).checked_ilog2()? as usize;
        self.levels.get(steps.min(self.levels.len().saturating_sub(1)))
    }

    /// The finest level of at most so many columns, and the frames in each.
    pub fn at_most(&self, n_columns: usize) -> Option<(&Levels, usize)> {
        let pools = (0..self.levels.len()).map(|level| self.base_pool << level);
        self.levels
            .iter()
            .zip(pools)
            .find(|(level, _)| level.n_columns() <= n_columns)
    }
}

#[cfg(test)]
mod tests {
    use super::{LevelPyramid, Levels, Spectrogram};

    fn spectrogram(n_frames: usize, n_bins: usize) -> Spectrogram {
        let values = (0..n_frames * n_bins)
            .map(|i| ((i * 7919) % 12_011) as f32 / -100.0)
            .collect();
        Spectrogram {
            values,
            n_frames,
            n_bins,
        }
    }

    fn loudest(whole: &Spectrogram, frames: std::ops::Range<usize>, bin: usize) -> f32 {
        let end = frames.end.min(whole.n_frames);
        (frames.start..end)
            .map(|frame| whole.frame(frame)[bin])
            .fold(f32::NEG_INFINITY, f32::max)
    }

    #[test]
    fn every_level_shows_the_loudest_frame_of_each_column_whatever_the_order_of_the_pieces() {
        // Two hours at 16 kHz with 65 bins: more than fit, so that the finest level is of several frames.
        let (n_frames, n_bins) = (225_001, 65);
        let whole = spectrogram(n_frames, n_bins);
        let mut pyramid = LevelPyramid::new(n_frames, n_bins);
        let pool = pyramid.base_pool();
        assert!(pool > 1 && pyramid.n_bytes() <= 34 << 20, "{pool}, {}", pyramid.n_bytes());
        // Pieces that do not end where columns do, the last one first.
        let starts: Vec<usize> = (0..n_frames).step_by(1021).collect();
        for &start in starts.iter().rev() {
            let end = (start + 1021).min(n_frames);
            let piece = Spectrogram {
                values: whole.values[start * n_bins..end * n_bins].to_vec(),
                n_frames: end - start,
                n_bins,
            };
            pyramid.merge(start / pool, &Levels::loudest(&piece, start, pool));
        }
        assert!(pyramid.level(pool / 2).is_none());
        for level_pool in [pool, 4 * pool, 1 << 20] {
            let level = pyramid.level(level_pool).expect("kept");
            assert_eq!(level.n_columns(), n_frames.div_ceil(level_pool));
            for column in [0, level.n_columns() / 3, level.n_columns() - 1] {
                for (bin, level) in level.column(column).enumerate() {
                    let truth = loudest(&whole, column * level_pool..(column + 1) * level_pool, bin);
                    assert!((level - truth).abs() <= 0.0051, "{level} for {truth}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_computed_yet_is_silent_and_takes_in_the_quietest() {
        let mut pyramid = LevelPyramid::new(1000, 3);
        assert!(
            pyramid
                .level(1)
                .is_some_and(|level| level.column(5).all(|db| db == f32::NEG_INFINITY))
        );
        let quiet = Spectrogram {
            values: vec![-400.0; 3],
            n_frames: 1,
            n_bins: 3,
        };
        pyramid.merge(5, &Levels::loudest(&quiet, 5, 1));
        assert!(
            pyramid
                .level(1)
                .is_some_and(|level| level.column(5).all(|db| db > -330.0 && db < -300.0))
        );
    }

    #[test]
    fn memory_does_not_grow_with_the_recording() {
        for hours in [1, 2, 12] {
            let pyramid = LevelPyramid::new(hours * 3600 * 16_000 / 512, 1025);
            assert!(pyramid.n_bytes() < 35 << 20, "{hours} h: {}", pyramid.n_bytes());
        }
    }
}
