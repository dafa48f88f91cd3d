//! What a clip's embedding is made of, where it is the mean over its windows: sums that stretches of a clip add up to.

use super::Embedding;

/// Sums over windows.
#[derive(Debug, Clone, Default)]
pub(super) struct WindowSums {
    n_windows: usize,
    /// `[n_features]`, once there is a window.
    values: Vec<f64>,
    score: f64,
}

impl WindowSums {
    /// Adds the embedding of one window.
    pub(super) fn add(&mut self, values: &[f32]) {
        self.n_windows += 1;
        self.values.resize(values.len(), 0.0);
        for (sum, &value) in self.values.iter_mut().zip(values) {
            *sum += f64::from(value);
        }
    }

    /// Adds what windows score that are added by themselves.
    pub(super) fn add_score(&mut self, score: f64) {
        self.score += score;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.n_windows += other.n_windows;
        self.values.resize(self.values.len().max(other.values.len()), 0.0);
        for (sum, other) in self.values.iter_mut().zip(&other.values) {
            *sum += other;
        }
        self.score += other.score;
    }

    fn n_windows(&self) -> f64 {
        self.n_windows.max(1) as f64
    }

    pub(super) fn mean_score(&self) -> f64 {
        self.score / self.n_windows()
    }

    /// The mean of the windows, with these own scores.
    pub(super) fn embedding(&self, own_scores: Vec<f32>) -> Embedding {
        let n_windows = self.n_windows();
        Embedding {
            values: self.values.iter().map(|sum| (sum / n_windows) as f32).collect(),
            own_scores,
        }
    }
}
