//! The four statistics of [`pooled_log_mel`](super::pooled_log_mel), taken over frames that come stretch by stretch.

use super::ranking_pooling::BandRanks;

/// Bands on each side that belong to the neighbourhood of a band.
const NEIGHBOURS: usize = 5;
/// Frames over which slow changes are taken: 128 ms.
pub(super) const SLOW_LAG: usize = 4;
/// Weights of ranking pooling fall to `exp(-6.3)` from the largest value to the smallest: by 0.98 a frame in a clip of 10 s
/// (Guan et al., DCASE 2022), and in the same way over the frames of a clip of any length.
const RANKING_DECAY: f64 = 6.3;
/// dB by which recordings of one healthy machine differ: in the level, the fine, the sudden and the slow changes.
const SPREAD_DB: [f32; 4] = [4.0, 0.4, 0.4, 0.65];

/// The statistics of these frames, `[n_frames, n_bands]` in dB, of which there must be more than [`SLOW_LAG`].
pub(super) fn pooled(frames: &[f32], n_bands: usize) -> Vec<f32> {
    let mut pooling = Pooling::new(n_bands);
    pooling.add(frames.to_vec());
    pooling.statistics()
}

/// What the statistics are made of: it does not grow with the number of frames, but for the first minutes of them.
pub(super) struct Pooling {
    n_bands: usize,
    levels: BandSums,
    fine: BandSums,
    slow: BandSums,
    sudden: BandRanks,
    /// The last frames that were added, at most [`SLOW_LAG`] of them: changes reach back so far.
    before: Vec<f32>,
}

impl Pooling {
    pub(super) fn new(n_bands: usize) -> Self {
        let sums = || BandSums::new(n_bands);
        Self {
            n_bands,
            levels: sums(),
            fine: sums(),
            slow: sums(),
            sudden: BandRanks::new(n_bands),
            before: Vec::new(),
        }
    }

    /// Adds the frames that follow, `[n_frames, n_bands]` in dB.
    pub(super) fn add(&mut self, frames: Vec<f32>) {
        let n_bands = self.n_bands;
        self.levels.add(&frames);
        let n_before = self.before.len() / n_bands;
        let levels = Levels {
            values: if n_before == 0 {
                frames
            } else {
                [&*self.before, &frames].concat()
            },
            n_bands,
        };
        // The changes up to frames that are new.
        let new = |changes: &Levels, lag: usize| n_before.saturating_sub(lag) * changes.n_bands;
        let neighbourhoods = levels.neighbourhoods();
        let (fine, sudden) = (levels.changes(1), neighbourhoods.changes(1));
        let slow = neighbourhoods.changes(SLOW_LAG);
        self.fine.add(&fine.values[new(&fine, 1)..]);
        self.slow.add(&slow.values[new(&slow, SLOW_LAG)..]);
        let n_known = new(&sudden, 1);
        self.sudden.add(if n_known == 0 {
            sudden.values
        } else {
            sudden.values[n_known..].to_vec()
        });
        let n_kept = (SLOW_LAG * n_bands).min(levels.values.len());
        self.before = levels.values[levels.values.len() - n_kept..].to_vec();
    }

    /// The four statistics in units of their spread, `[4 * n_bands]`, of more than [`SLOW_LAG`] frames.
    pub(super) fn statistics(self) -> Vec<f32> {
        let ratio = (-RANKING_DECAY / self.sudden.n_frames().max(1) as f64).exp();
        let statistics = [
            self.levels.means(),
            self.fine.deviations(),
            self.sudden.pooled(ratio),
            self.slow.deviations(),
        ];
        let in_spreads = |(values, spread_db): (Vec<f32>, f32)| values.into_iter().map(move |value| value / spread_db);
        statistics.into_iter().zip(SPREAD_DB).flat_map(in_spreads).collect()
    }
}

/// Sums of each band and of its squares, side by side as they lie.
struct BandSums {
    n_frames: usize,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl BandSums {
    fn new(n_bands: usize) -> Self {
        Self {
            n_frames: 0,
            sums: vec![0.0; n_bands],
            squares: vec![0.0; n_bands],
        }
    }

    fn add(&mut self, frames: &[f32]) {
        for frame in frames.chunks_exact(self.sums.len()) {
            self.n_frames += 1;
            for ((sum, square), &value) in self.sums.iter_mut().zip(&mut self.squares).zip(frame) {
                let value = f64::from(value);
                *sum += value;
                *square += value * value;
            }
        }
    }

    /// Of each band its mean and variance.
    fn moments(&self) -> impl Iterator<Item = (f64, f64)> {
        let n_frames = self.n_frames.max(1) as f64;
        self.sums.iter().zip(&self.squares).map(move |(sum, square)| {
            let mean = sum / n_frames;
            (mean, (square / n_frames - mean * mean).max(0.0))
        })
    }

    fn means(&self) -> Vec<f32> {
        self.moments().map(|(mean, _)| mean as f32).collect()
    }

    fn deviations(&self) -> Vec<f32> {
        self.moments().map(|(_, variance)| variance.sqrt() as f32).collect()
    }
}

/// Levels or their changes, `[n_frames, n_bands]`.
struct Levels {
    values: Vec<f32>,
    n_bands: usize,
}

impl Levels {
    /// The mean level of the bands around each band.
    fn neighbourhoods(&self) -> Self {
        let n_bands = self.n_bands;
        let mut values = Vec::with_capacity(self.values.len());
        let mut sums = vec![0.0; n_bands + 1];
        for frame in self.values.chunks_exact(n_bands) {
            for (band, &level) in frame.iter().enumerate() {
                sums[band + 1] = sums[band] + level;
            }
            values.extend((0..n_bands).map(|band| {
                let (first, end) = (band.saturating_sub(NEIGHBOURS), (band + NEIGHBOURS + 1).min(n_bands));
                (sums[end] - sums[first]) / (end - first) as f32
            }));
        }
        Self { values, n_bands }
    }

    /// Differences between values `lag` frames apart; none where there are no more frames than that.
    fn changes(&self, lag: usize) -> Self {
        let after = self.values.get(lag * self.n_bands..).unwrap_or_default();
        Self {
            values: self.values.iter().zip(after).map(|(before, after)| after - before).collect(),
            n_bands: self.n_bands,
        }
    }
}
