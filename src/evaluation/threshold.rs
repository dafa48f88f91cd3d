//! Where to draw the line without knowing any anomaly, and what a score means among normal ones.

use super::{Gamma, ThresholdRule};

/// The threshold of `rule` given the scores of held-out normal clips; clips that score at or above it are called anomalous.
///
/// Scores that are not finite are passed over. Where no gamma distribution can be fitted (fewer than 3 distinct scores) the
/// quantile of the scores themselves is taken. `None` without scores, unless the threshold is set by hand.
pub fn threshold(rule: ThresholdRule, normal_scores: &[f64]) -> Option<f64> {
    let mut scores: Vec<f64> = normal_scores.iter().copied().filter(|score| score.is_finite()).collect();
    scores.sort_unstable_by(f64::total_cmp);
    match rule {
        ThresholdRule::Manual(value) => Some(value),
        ThresholdRule::Quantile(q) => quantile(&scores, q),
        ThresholdRule::Gamma(q) => match Gamma::fit(&scores) {
            Some(gamma) if q < 1.0 => Some(gamma.quantile(q)),
            _ => quantile(&scores, q),
        },
    }
}

/// Where `score` stands among the scores of normal clips: 0 below all, 100 above all, mid-rank among equals.
///
/// `None` without normal scores or for a score that is not a number.
pub fn percentile(score: f64, normal_scores: &[f64]) -> Option<f64> {
    let mut sorted = normal_scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    percentile_of_sorted(score, &sorted)
}

/// The same for normal scores in ascending order: where many clips are held against the same ones.
pub fn percentile_of_sorted(score: f64, normal_scores: &[f64]) -> Option<f64> {
    if normal_scores.is_empty() || score.is_nan() {
        return None;
    }
    let n_below = normal_scores.partition_point(|normal| *normal < score);
    let n_up_to = normal_scores.partition_point(|normal| *normal <= score);
    Some(50.0 * (n_below + n_up_to) as f64 / normal_scores.len() as f64)
}

/// Quantile of ascending values, linear between neighbours as numpy's default.
pub(super) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = position.floor();
    let (low, high) = (sorted[below as usize], sorted[last.min(below as usize + 1)]);
    let part = position - below;
    Some(if part == 0.0 { low } else { low + part * (high - low) })
}
