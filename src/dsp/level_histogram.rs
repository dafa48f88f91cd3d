//! How often each level occurs: from it come the loudest level and percentiles of any amount of sound, piece by piece.

/// Levels below and above are counted at the ends.
const LOWEST_DB: f32 = -200.0;
const HIGHEST_DB: f32 = 40.0;
const STEPS_PER_DB: f32 = 10.0;
const N_CELLS: usize = ((HIGHEST_DB - LOWEST_DB) * STEPS_PER_DB) as usize;

/// Counts of levels in steps of 0.1 dB, and the loudest one exactly. What is no number is not counted.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelHistogram {
    counts: Vec<u64>,
    n_levels: u64,
    loudest_db: f32,
}

impl Default for LevelHistogram {
    fn default() -> Self {
        Self {
            counts: vec![0; N_CELLS],
            n_levels: 0,
            loudest_db: f32::NEG_INFINITY,
        }
    }
}

impl LevelHistogram {
    pub fn of(levels_db: &[f32]) -> Self {
        let mut histogram = Self::default();
        histogram.add(levels_db);
        histogram
    }

    pub fn add(&mut self, levels_db: &[f32]) {
        for &level_db in levels_db {
            if level_db.is_nan() {
                continue;
            }
            // The cast holds at 0.
            let cell = ((level_db - LOWEST_DB) * STEPS_PER_DB) as usize;
            self.counts[cell.min(N_CELLS - 1)] += 1;
            self.n_levels += 1;
            self.loudest_db = self.loudest_db.max(level_db);
        }
    }

    /// `None` where nothing was counted.
    pub fn loudest_db(&self) -> Option<f32> {
        (self.n_levels > 0).then_some(self.loudest_db)
    }

    /// The level below which `percent` of all lie, to 0.1 dB; `None` where nothing was counted.
    pub fn percentile_db(&self, percent: f64) -> Option<f32> {
        let wanted = (percent / 100.0).clamp(0.0, 1.0) * self.n_levels.saturating_sub(1) as f64;
        let mut n_below = 0;
        for (cell, &count) in self.counts.iter().enumerate() {
            n_below += count;
            if n_below as f64 > wanted {
                let middle = LOWEST_DB + (cell as f32 + 0.5) / STEPS_PER_DB;
                return Some(middle.min(self.loudest_db));
            }
        }
        None
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::LevelHistogram;

    #[test]
    fn percentiles_are_those_of_the_sorted_levels() {
        let levels: Vec<f32> = (0..50_021u32)
            .map(|i| -130.0 + 110.0 * ((i * 7919) % 10_007) as f32 / 10_007.0)
            .collect();
        let mut histogram = LevelHistogram::of(&levels[..20_000]);
        histogram.add(&levels[20_000..]);
        histogram.add(&[f32::NAN]);
        let mut sorted = levels.clone();
        sorted.sort_by(f32::total_cmp);
        for percent in [0.0, 1.0, 50.0, 99.5, 100.0] {
            let exact = sorted[(percent / 100.0 * (sorted.len() - 1) as f64).round() as usize];
            let found = histogram.percentile_db(percent).unwrap();
            assert!((found - exact).abs() <= 0.1, "{percent} %: {found}, not {exact}");
        }
        assert_eq!(histogram.loudest_db(), sorted.last().copied());
    }

    #[test]
    fn silence_and_nothing_have_an_answer() {
        assert_eq!(LevelHistogram::default().percentile_db(50.0), None);
        assert_eq!(LevelHistogram::default().loudest_db(), None);
        let silence = LevelHistogram::of(&[f32::NEG_INFINITY, -254.0]);
        assert_eq!(silence.loudest_db(), Some(-254.0));
        assert_eq!(silence.percentile_db(99.5), Some(-254.0));
        assert!(LevelHistogram::of(&[300.0]).percentile_db(50.0).is_some_and(|db| db < 41.0));
    }
}
