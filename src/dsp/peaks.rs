//! The outline of a waveform at every zoom: a pyramid of minima and maxima.

/// Samples in one cell of the finest level.
const FINEST: usize = 64;
/// Cells of one level in one cell of the next.
const FACTOR: usize = 4;
/// Cells of the finest level at most, for recordings that are filled in piece by piece: 22 MiB with all coarser ones.
const MAX_CELLS: usize = 2 << 20;
/// A cell that nothing is known of yet.
const NOTHING: [f32; 2] = [f32::INFINITY, f32::NEG_INFINITY];

/// Minimum and maximum of the samples in cells of growing size.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Peaks {
    n_samples: usize,
    /// Samples in a cell of level 0.
    finest: usize,
    /// Level `i` holds `[min, max]` of each `finest * FACTOR^i` samples.
    levels: Vec<Vec<[f32; 2]>>,
}

impl Peaks {
    pub fn new(samples: &[f32]) -> Self {
        let mut levels = vec![cells(samples, FINEST)];
        while levels[levels.len() - 1].len() > FACTOR {
            let below = &levels[levels.len() - 1];
            levels.push(below.chunks(FACTOR).map(|cells| span(cells.iter().copied())).collect());
        }
        Self {
            n_samples: samples.len(),
            finest: FINEST,
            levels,
        }
    }

    /// The outline of so many samples of which none is known yet: silent until they are [taken in](Self::merge).
    pub fn unknown(n_samples: usize) -> Self {
        let mut finest = FINEST;
        while n_samples.div_ceil(finest) > MAX_CELLS {
            finest *= 2;
        }
        let mut levels = vec![vec![NOTHING; n_samples.div_ceil(finest)]];
        while levels[levels.len() - 1].len() > FACTOR {
            levels.push(vec![NOTHING; levels[levels.len() - 1].len().div_ceil(FACTOR)]);
        }
        Self {
            n_samples,
            finest,
            levels,
        }
    }

    /// Samples in one of the finest cells.
    pub fn cell_samples(&self) -> usize {
        self.finest
    }

    /// What it takes in memory.
    pub fn n_bytes(&self) -> usize {
        self.levels.iter().map(|level| 8 * level.len()).sum()
    }

    /// Takes in the finest cells (see [`cells`]) from the cell `first` on.
    pub fn merge(&mut self, first: usize, new: &[[f32; 2]]) {
        let Some(base) = self.levels.first_mut() else { return };
        let mut changed = first.min(base.len())..(first + new.len()).min(base.len());
        for (cell, &new) in base[changed.clone()].iter_mut().zip(new) {
            *cell = span([*cell, new].into_iter());
        }
        for level_idx in 1..self.levels.len() {
            changed = changed.start / FACTOR..changed.end.div_ceil(FACTOR);
            let (below, above) = self.levels.split_at_mut(level_idx);
            let below = &below[level_idx - 1];
            for cell in changed.clone() {
                let children = &below[cell * FACTOR..((cell + 1) * FACTOR).min(below.len())];
                above[0][cell] = span(children.iter().copied());
            }
        }
    }

    /// `[min, max]` of each of `n_columns` equal parts of `start..end` (in samples), from the finest level that needs
    /// no more than a few cells a column; `samples` must be those the pyramid was made from.
    pub fn columns(&self, samples: &[f32], start: f64, end: f64, n_columns: usize) -> Vec<[f32; 2]> {
        self.columns_of_stretch((0, samples), start, end, n_columns)
    }

    /// True where columns of so many samples are too fine for any cell: they are drawn from the samples themselves.
    pub fn is_finer_than_cells(&self, samples_per_column: f64) -> bool {
        samples_per_column < 2.0 * self.finest as f64
    }

    /// [`Self::columns`] where only a stretch of the samples is at hand, and its place; beyond it, the finest cells serve.
    pub fn columns_of_stretch(&self, (first, samples): (usize, &[f32]), start: f64, end: f64, n_columns: usize) -> Vec<[f32; 2]> {
        let per_column = ((end - start) / n_columns.max(1) as f64).max(1e-9);
        let level_idx = (0..self.levels.len())
            .rev()
            .find(|&level| self.cell_len(level) as f64 <= per_column / 2.0);
        (0..n_columns)
            .map(|column| {
                let from = (start + column as f64 * per_column).floor().clamp(0.0, self.n_samples as f64) as usize;
                let to = ((start + (column + 1) as f64 * per_column).ceil() as usize).clamp(from, self.n_samples);
                let at_hand = from.checked_sub(first).and_then(|from| samples.get(from..to - first));
                let lowest_and_highest = match (level_idx, at_hand) {
                    (None, Some(samples)) => span(samples.iter().map(|&x| [x, x])),
                    _ => self.in_cells(level_idx.unwrap_or(0), from, to),
                };
                if lowest_and_highest == NOTHING {
                    [0.0, 0.0]
                } else {
                    lowest_and_highest
                }
            })
            .collect()
    }

    fn in_cells(&self, level: usize, from: usize, to: usize) -> [f32; 2] {
        let Some(cells) = self.levels.get(level) else {
            return [0.0, 0.0];
        };
        let first = (from / self.cell_len(level)).min(cells.len());
        let last = to.div_ceil(self.cell_len(level)).clamp(first, cells.len());
        span(cells[first..last].iter().copied())
    }

    fn cell_len(&self, level: usize) -> usize {
        self.finest * FACTOR.pow(level as u32)
    }
}

/// `[min, max]` of each `cell_samples` samples.
pub fn cells(samples: &[f32], cell_samples: usize) -> Vec<[f32; 2]> {
    let cells = samples.chunks(cell_samples);
    cells.map(|cell| span(cell.iter().map(|&x| [x, x]))).collect()
}

/// The smallest and the largest of all; `[0, 0]` of nothing.
fn span(cells: impl Iterator<Item = [f32; 2]>) -> [f32; 2] {
    cells.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]).unwrap_or([0.0, 0.0])
}

#[cfg(test)]
mod tests {
    use super::{Peaks, cells};

    #[test]
    fn columns_hold_the_extremes_at_every_zoom() {
        let samples: Vec<f32> = (0..100_000).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5).collect();
        let peaks = Peaks::new(&samples);
        for (start, end, n_columns) in [
            (0.0, 100_000.0, 300),
            (0.0, 100_000.0, 3),
            (500.0, 900.0, 100),
            (99_000.0, 120_000.0, 50),
        ] {
            let columns = peaks.columns(&samples, start, end, n_columns);
            assert_eq!(columns.len(), n_columns);
            let per_column = (end - start) / n_columns as f64;
            for (column, [low, high]) in columns.into_iter().enumerate() {
                let from = ((start + column as f64 * per_column).floor() as usize).min(samples.len());
                let to = ((start + (column + 1) as f64 * per_column).ceil() as usize).min(samples.len());
                for &x in &samples[from..to] {
                    assert!(low <= x && x <= high, "column {column} of {start}..{end} misses {x}");
                }
            }
        }
    }

    #[test]
    fn an_outline_that_is_filled_in_piece_by_piece_is_that_of_the_whole() {
        let samples: Vec<f32> = (0..100_000).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5).collect();
        let (whole, mut filled) = (Peaks::new(&samples), Peaks::unknown(samples.len()));
        let silent = filled.columns_of_stretch((0, &[]), 0.0, 100_000.0, 10);
        assert!(silent.iter().all(|column| *column == [0.0, 0.0]));
        let piece = 64 * filled.cell_samples();
        for start in (0..samples.len()).step_by(piece).collect::<Vec<_>>().into_iter().rev() {
            let samples = &samples[start..(start + piece).min(samples.len())];
            filled.merge(start / filled.cell_samples(), &cells(samples, filled.cell_samples()));
        }
        assert_eq!(whole, filled);
        // From a stretch of the samples alone the close-up is that of the whole.
        let close = (5_000.0, 5_900.0, 300);
        assert!(filled.is_finer_than_cells(3.0));
        assert_eq!(
            filled.columns_of_stretch((4_900, &samples[4_900..6_000]), close.0, close.1, close.2),
            whole.columns(&samples, close.0, close.1, close.2)
        );
    }

    #[test]
    fn the_outline_of_twelve_hours_takes_no_more_than_that_of_two() {
        for hours in [2, 12] {
            let peaks = Peaks::unknown(hours * 3600 * 16_000);
            assert!(peaks.n_bytes() < 23 << 20, "{hours} h: {}", peaks.n_bytes());
        }
    }
}
