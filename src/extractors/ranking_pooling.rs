//! Global weighted ranking pooling: between the mean over time and the largest value.

/// Weights that fall below this share of all that were before count no more.
const LEAST_SHARE: f64 = 1e-9;
/// Frames of which all values are kept before they are counted instead, 8 minutes: 8 MB of 128 bands.
const MAX_KEPT_FRAMES: usize = 1 << 14;

/// The mean of `values` with weights that fall by `ratio` from the largest value to the next, and so on to the smallest
/// (Kolesnikov and Lampert 2016): 1 is the mean, 0 the largest value.
pub(super) fn ranking_pooled(values: impl Iterator<Item = f32>, ratio: f64) -> f32 {
    let mut ranks: Vec<i32> = values.map(rank).collect();
    ranks.sort_unstable();
    let (mut weight, mut weights, mut weighted) = (1.0, 0.0, 0.0);
    for value in ranks.into_iter().map(of_rank) {
        weighted += weight * f64::from(value);
        weights += weight;
        weight *= ratio;
    }
    (weighted / weights) as f32
}

/// Ranking pooling of bands by one ratio, of frames that come one after another: of each band no more is kept than counts.
pub(super) struct RankingPools {
    ratio: f64,
    /// How many of the largest values of a band count; `None`: all alike.
    n_counting: Option<usize>,
    /// Of each band the values that may still count.
    largest: Vec<Vec<f32>>,
    sums: Vec<f64>,
    n_frames: usize,
}

impl RankingPools {
    /// `ratio` lies between 0 and 1.
    pub(super) fn new(n_bands: usize, ratio: f64) -> Self {
        Self {
            ratio,
            n_counting: (ratio < 1.0).then(|| (LEAST_SHARE.ln() / ratio.ln()).ceil().max(1.0) as usize),
            largest: vec![Vec::new(); n_bands],
            sums: vec![0.0; n_bands],
            n_frames: 0,
        }
    }

    /// Adds frames, `[n_frames, n_bands]`.
    pub(super) fn add(&mut self, frames: &[f32]) {
        let n_bands = self.sums.len();
        self.n_frames += frames.len() / n_bands;
        let Some(n_counting) = self.n_counting else {
            for frame in frames.chunks_exact(n_bands) {
                self.sums
                    .iter_mut()
                    .zip(frame)
                    .for_each(|(sum, &value)| *sum += f64::from(value));
            }
            return;
        };
        for (band, largest) in self.largest.iter_mut().enumerate() {
            largest.extend(frames.iter().skip(band).step_by(n_bands));
            if largest.len() > n_counting {
                largest.select_nth_unstable_by(n_counting - 1, |a, b| b.total_cmp(a));
                largest.truncate(n_counting);
            }
        }
    }

    /// One value a band.
    pub(super) fn pooled(self) -> Vec<f32> {
        if self.n_counting.is_none() {
            let n_frames = self.n_frames.max(1) as f64;
            return self.sums.iter().map(|sum| (sum / n_frames) as f32).collect();
        }
        let largest = self.largest.into_iter();
        largest
            .map(|largest| ranking_pooled(largest.into_iter(), self.ratio))
            .collect()
    }
}

/// Values of bands for a ratio that is known at the end only: all of them as long as they are few, later how many there are in
/// narrow steps, and their sum.
pub(super) struct BandRanks {
    n_bands: usize,
    n_frames: usize,
    /// `[n_frames, n_bands]`
    kept: Vec<f32>,
    /// One a band, once there are too many to be kept.
    counted: Vec<Steps>,
    max_kept_frames: usize,
}

impl BandRanks {
    pub(super) fn new(n_bands: usize) -> Self {
        Self {
            n_bands,
            n_frames: 0,
            kept: Vec::new(),
            counted: Vec::new(),
            max_kept_frames: MAX_KEPT_FRAMES,
        }
    }

    pub(super) fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// Adds frames, `[n_frames, n_bands]`.
    pub(super) fn add(&mut self, frames: Vec<f32>) {
        self.n_frames += frames.len() / self.n_bands;
        if self.kept.is_empty() {
            self.kept = frames;
        } else {
            self.kept.extend(frames);
        }
        if self.n_frames <= self.max_kept_frames {
            return;
        }
        self.counted.resize_with(self.n_bands, Steps::new);
        let kept = std::mem::take(&mut self.kept);
        for (band, steps) in self.counted.iter_mut().enumerate() {
            kept.iter()
                .skip(band)
                .step_by(self.n_bands)
                .for_each(|&value| steps.add(value));
        }
    }

    /// One value a band, as [`ranking_pooled`] pools them: exactly as long as all values are kept, else but for what the order
    /// within a step matters, some millionths.
    pub(super) fn pooled(&self, ratio: f64) -> Vec<f32> {
        if self.counted.is_empty() {
            let of_band = |band| self.kept.iter().skip(band).step_by(self.n_bands).copied();
            return (0..self.n_bands).map(|band| ranking_pooled(of_band(band), ratio)).collect();
        }
        self.counted.iter().map(|steps| steps.pooled(ratio)).collect()
    }
}

/// Values counted in steps of a 256th of their own size.
struct Steps {
    /// How many values there are in each step, and their sum.
    counts: Vec<u32>,
    sums: Vec<f64>,
}

impl Steps {
    /// Bits of a number that are within a step.
    const FINE_BITS: u32 = 15;
    /// The step of the size 2⁻²⁰, below which all is one; that of 2¹⁰ counts all that is beyond.
    const LOWEST: u32 = (127 - 20) << (23 - Self::FINE_BITS);
    const N_SIZES: usize = 30 << (23 - Self::FINE_BITS);

    fn new() -> Self {
        let n_steps = 2 * Self::N_SIZES + 1;
        Self {
            counts: vec![0; n_steps],
            sums: vec![0.0; n_steps],
        }
    }

    /// Steps rise with the value.
    fn step_of(value: f32) -> usize {
        let size = (value.abs().to_bits() >> Self::FINE_BITS).saturating_sub(Self::LOWEST);
        let size = (size as usize).min(Self::N_SIZES);
        if value < 0.0 {
            Self::N_SIZES - size
        } else {
            Self::N_SIZES + size
        }
    }

    fn add(&mut self, value: f32) {
        let step = Self::step_of(value);
        self.counts[step] += 1;
        self.sums[step] += f64::from(value);
    }

    fn pooled(&self, ratio: f64) -> f32 {
        let (mut weight, mut weights, mut weighted) = (1.0, 0.0, 0.0);
        for (&count, &sum) in self.counts.iter().zip(&self.sums).rev() {
            if count == 0 {
                continue;
            }
            // The values of a step share its weights: 1 + r + ... + r^(count - 1) of them.
            let after = ratio.powf(f64::from(count));
            let of_step = if ratio < 1.0 {
                weight * (1.0 - after) / (1.0 - ratio)
            } else {
                f64::from(count)
            };
            weighted += of_step * sum / f64::from(count);
            weights += of_step;
            weight *= after;
        }
        (weighted / weights) as f32
    }
}

/// A whole number that is the smaller, the larger the value is: whole numbers are sorted in half the time.
fn rank(value: f32) -> i32 {
    // As in `f32::total_cmp`, upside down.
    let bits = value.to_bits().cast_signed();
    !(bits ^ (bits >> 31).cast_unsigned().wrapping_shr(1).cast_signed())
}

fn of_rank(rank: i32) -> f32 {
    let bits = !rank;
    f32::from_bits((bits ^ (bits >> 31).cast_unsigned().wrapping_shr(1).cast_signed()).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::{BandRanks, RankingPools, of_rank, rank, ranking_pooled};

    #[test]
    fn ranks_fall_as_values_rise_and_lead_back_to_them() {
        let values = [
            f32::NEG_INFINITY,
            -1e30,
            -1.0,
            -1e-40,
            -0.0,
            0.0,
            1e-40,
            0.5,
            1.0,
            f32::MAX,
            f32::INFINITY,
        ];
        assert!(values.map(rank).is_sorted_by(|a, b| a > b));
        assert_eq!(values.map(|value| of_rank(rank(value)).to_bits()), values.map(f32::to_bits));
    }

    #[test]
    fn pooling_lies_between_the_mean_and_the_largest() {
        let values: Vec<f32> = (0..312).map(|i| (i % 10) as f32).collect();
        let mean = values.iter().sum::<f32>() / 312.0;
        let [all, some, few, largest] = [1.0, 0.98, 0.5, 0.0].map(|ratio| ranking_pooled(values.iter().copied(), ratio));
        assert!((all - mean).abs() < 1e-5, "{all}, the mean is {mean}");
        assert!(some > 6.0 && some < 9.0, "{some}");
        assert!(few > some && few <= 9.0, "{few}");
        assert_eq!(largest, 9.0);
        assert!((ranking_pooled(std::iter::repeat_n(2.0, 50), 0.98) - 2.0).abs() < 1e-5);
    }

    #[test]
    fn the_weights_are_those_of_the_formula() {
        // (3 + 2 r + r²) / (1 + r + r²) with r = 1/2.
        assert!((ranking_pooled([1.0, 3.0, 2.0].into_iter(), 0.5) - 4.25 / 1.75).abs() < 1e-6);
    }
    /// Changes of noise, of a machine with strokes, and of digital silence: `[n_frames, 3 bands]`.
    fn changes(n_frames: u32) -> Vec<f32> {
        let noise = |i: u32| {
            let mixed = (i ^ (i >> 7)).wrapping_mul(2_654_435_761);
            (mixed ^ (mixed >> 13)).wrapping_mul(0x5bd1_e995) as f32 / u32::MAX as f32 - 0.5
        };
        let gauss = |i: u32| (0..6).map(|j| noise(6 * i + j)).sum::<f32>();
        let frame = |i: u32| [4.0 * gauss(i), if i.is_multiple_of(40) { 30.0 } else { gauss(i) }, 0.0];
        (0..n_frames).flat_map(frame).collect()
    }

    #[test]
    fn values_that_come_in_pieces_are_pooled_as_all_at_once() {
        let frames = changes(60_000);
        let band = |band: usize| frames.iter().skip(band).step_by(3).copied();
        for ratio in [1.0, 0.9999, 0.98, 0.5, 0.0] {
            let mut pools = RankingPools::new(3, ratio);
            frames.chunks(3 * 1_777).for_each(|piece| pools.add(piece));
            for (idx, pooled) in pools.pooled().into_iter().enumerate() {
                let truth = ranking_pooled(band(idx), ratio);
                assert!(
                    (pooled - truth).abs() <= 1e-6 * truth.abs().max(0.1),
                    "{ratio}: {pooled} for {truth}"
                );
            }
        }
    }

    #[test]
    fn values_that_are_counted_are_pooled_as_those_that_are_kept() {
        let n_frames = 60_000;
        let frames = changes(n_frames);
        let ratio = (-6.3 / f64::from(n_frames)).exp();
        let pooled = |max_kept_frames: usize| {
            let mut ranks = BandRanks {
                max_kept_frames,
                ..BandRanks::new(3)
            };
            frames.chunks(3 * 2_048).for_each(|piece| ranks.add(piece.to_vec()));
            assert_eq!(
                (ranks.n_frames(), ranks.counted.is_empty()),
                (60_000, max_kept_frames > 60_000)
            );
            ranks.pooled(ratio)
        };
        let (kept, counted) = (pooled(usize::MAX), pooled(1_000));
        for (kept, counted) in kept.iter().zip(counted) {
            assert!((kept - counted).abs() <= 1e-5 * kept.abs(), "{counted} for {kept}");
        }
        assert!(kept[0] > 3.0 && kept[1] > 4.0 && kept[2] == 0.0, "{kept:?}");
    }
}
