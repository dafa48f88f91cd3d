//! Keeps what is not finite away from the detectors, on the way in and on the way out.

use super::shared::{Shared, are_finite};
use super::{Bank, Detector, DetectorError, DetectorKind, Observations};

/// A detector that meets finite queries only.
struct Guarded<D> {
    detector: D,
    n_features: usize,
}

/// Refuses a bank with a value that is not finite where the detector would look at it.
pub(super) fn check(kind: DetectorKind, bank: &Bank, shared: &Shared) -> Result<(), DetectorError> {
    let is_sound = if kind.is_own_score() {
        are_finite(bank.observations.own_scores(kind))
    } else {
        shared.is_finite
    };
    if is_sound {
        Ok(())
    } else {
        Err(DetectorError::NotFinite { kind })
    }
}

pub(super) fn boxed(detector: impl Detector + 'static, bank: &Bank) -> Box<dyn Detector> {
    Box::new(Guarded {
        detector,
        n_features: bank.observations.n_features,
    })
}

impl<D: Detector> Detector for Guarded<D> {
    fn scores(&self, queries: &Observations) -> Vec<f64> {
        let n_queries = queries.n_clips();
        // No clips have no features either: a section with nothing to test is no bug.
        if n_queries == 0 {
            return Vec::new();
        }
        assert_eq!(
            queries.n_features, self.n_features,
            "queries and bank come from one extractor"
        );
        let is_finite = |clip: &usize| {
            let mut own = queries.own_scores.values().filter_map(|scores| scores.get(*clip));
            own.all(|score| score.is_finite()) && are_finite(queries.embedding(*clip))
        };
        let finite: Vec<usize> = (0..n_queries).filter(is_finite).collect();
        let scores = if finite.len() == n_queries {
            self.detector.scores(queries)
        } else {
            self.detector.scores(&queries.selected(&finite))
        };
        let mut all = vec![f64::INFINITY; n_queries];
        for (clip, score) in finite.into_iter().zip(scores) {
            // Squares of the largest float32 values stay finite in float64; their quotients need not be numbers.
            all[clip] = if score.is_nan() { f64::INFINITY } else { score };
        }
        all
    }

    fn leave_one_out_scores(&self) -> &[f64] {
        self.detector.leave_one_out_scores()
    }

    fn fallback(&self) -> Option<&str> {
        self.detector.fallback()
    }
}
