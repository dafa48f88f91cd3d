//! The outline of a waveform at every zoom: a pyramid of minima and maxima.

/// Samples in one cell of the finest level.
const FINEST: usize = 64;
/// Cells of one level in one cell of the next.
const FACTOR: usize = 4;

/// Minimum and maximum of the samples in cells of growing size.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Peaks {
    n_samples: usize,
    /// Level `i` holds `[min, max]` of each `FINEST * FACTOR^i` samples.
    levels: Vec<Vec<[f32; 2]>>,
}

impl Peaks {
    pub fn new(samples: &[f32]) -> Self {
        let mut levels = vec![
            samples
                .chunks(FINEST)
                .map(|cell| span(cell.iter().map(|&x| [x, x])))
                .collect::<Vec<_>>(),
        ];
        while levels[levels.len() - 1].len() > FACTOR {
            let below = &levels[levels.len() - 1];
            levels.push(below.chunks(FACTOR).map(|cells| span(cells.iter().copied())).collect());
        }
        Self {
            n_samples: samples.len(),
            levels,
        }
    }

    /// `[min, max]` of each of `n_columns` equal parts of `start..end` (in samples), from the finest level that needs
    /// no more than a few cells a column; `samples` must be those the pyramid was made from.
    pub fn columns(&self, samples: &[f32], start: f64, end: f64, n_columns: usize) -> Vec<[f32; 2]> {
        let per_column = ((end - start) / n_columns.max(1) as f64).max(1e-9);
        let level_idx = (0..self.levels.len())
            .rev()
            .find(|&level| cell_len(level) as f64 <= per_column / 2.0);
        (0..n_columns)
            .map(|column| {
                let from = (start + column as f64 * per_column).floor().clamp(0.0, self.n_samples as f64) as usize;
                let to = ((start + (column + 1) as f64 * per_column).ceil() as usize).clamp(from, self.n_samples);
                match level_idx {
                    Some(level) => {
                        let cells = &self.levels[level];
                        let first = (from / cell_len(level)).min(cells.len());
                        let last = to.div_ceil(cell_len(level)).clamp(first, cells.len());
                        span(cells[first..last].iter().copied())
                    }
                    None => span(
                        samples[from.min(samples.len())..to.min(samples.len())]
                            .iter()
                            .map(|&x| [x, x]),
                    ),
                }
            })
            .collect()
    }
}

fn cell_len(level: usize) -> usize {
    FINEST * FACTOR.pow(level as u32)
}

/// The smallest and the largest of all; `[0, 0]` of nothing.
fn span(cells: impl Iterator<Item = [f32; 2]>) -> [f32; 2] {
    cells.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]).unwrap_or([0.0, 0.0])
}

#[cfg(test)]
mod tests {
    use super::Peaks;

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
}
