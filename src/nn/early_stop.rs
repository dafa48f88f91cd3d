//! When a training has learned what it will: no more epochs once the held-out loss stands still.

use serde::{Deserialize, Serialize};

use super::EpochMetrics;

/// Ends a training whose loss on held-out clips has not fallen for some epochs. The last weights count, not the best: as Keras'
/// callback does it. Without held-out clips nothing is ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EarlyStop {
    /// Epochs in a row without a new best loss after which the training ends.
    pub patience: usize,
    /// By how much a loss must lie below the best so far to be a new best.
    pub min_delta: f64,
}

impl EarlyStop {
    /// Whether these epochs were enough.
    pub(super) fn is_reached(self, history: &[EpochMetrics]) -> bool {
        let (mut best, mut n_waited) = (f64::INFINITY, 0);
        for loss in history.iter().filter_map(|epoch| epoch.validation_loss) {
            if loss < best - self.min_delta {
                (best, n_waited) = (loss, 0);
            } else {
                n_waited += 1;
            }
        }
        n_waited >= self.patience.max(1)
    }
}
