//! The ROC curve and the figures read from it.

use super::{LabelledScore, RocCurve, RocStep};

/// The ROC curve of `scores`: first step (0, 0) at an infinite threshold, then one step a distinct score.
///
/// Equal scores are one step, because no threshold can part them. Where a class is missing or a score is not a number the
/// curve is undefined and has no steps.
pub fn roc_curve(scores: &[LabelledScore]) -> RocCurve {
    let n_anomalies = scores.iter().filter(|clip| clip.is_anomaly).count();
    let n_normals = scores.len() - n_anomalies;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].score.total_cmp(&scores[a].score));
    let mut curve = RocCurve {
        steps: Vec::new(),
        order,
        n_anomalies,
        n_normals,
    };
    if n_anomalies == 0 || n_normals == 0 || scores.iter().any(|clip| clip.score.is_nan()) {
        return curve;
    }
    let step = |threshold: f64, n_true_positives: usize, n_false_positives: usize| RocStep {
        threshold,
        n_true_positives,
        n_false_positives,
        true_positive_rate: n_true_positives as f64 / n_anomalies as f64,
        false_positive_rate: n_false_positives as f64 / n_normals as f64,
    };
    curve.steps.push(step(f64::INFINITY, 0, 0));
    let (mut n_true, mut n_false) = (0, 0);
    for (position, &clip_idx) in curve.order.iter().enumerate() {
        let clip = scores[clip_idx];
        if clip.is_anomaly {
            n_true += 1;
        } else {
            n_false += 1;
        }
        let next = curve.order.get(position + 1).map(|&next_idx| scores[next_idx].score);
        if next != Some(clip.score) {
            curve.steps.push(step(clip.score, n_true, n_false));
        }
    }
    curve
}

impl RocCurve {
    /// Indices of the clips that turn from normal to anomalous when the threshold comes down to this step.
    pub fn flips_at(&self, step_idx: usize) -> &[usize] {
        let n_above = |idx: usize| {
            self.steps
                .get(idx)
                .map_or(0, |step| step.n_true_positives + step.n_false_positives)
        };
        let from = step_idx.checked_sub(1).map_or(0, n_above);
        self.order.get(from..n_above(step_idx)).unwrap_or(&[])
    }

    /// The step in force at `threshold`: the last one whose own threshold is at or above it.
    pub fn step_at(&self, threshold: f64) -> Option<&RocStep> {
        self.steps.iter().take_while(|step| step.threshold >= threshold).last()
    }

    /// Area under the curve: the probability that an anomaly scores higher than a normal clip, ties counting half.
    pub fn auc(&self) -> Option<f64> {
        (!self.steps.is_empty()).then(|| self.area_up_to(1.0))
    }

    /// Area up to `max_fpr`, McClish-standardised so that chance is 0.5 and the best 1:
    /// `0.5 (1 + (A − p²/2) / (p − p²/2))`, as scikit-learn's `roc_auc_score(max_fpr=p)`.
    pub fn partial_auc(&self, max_fpr: f64) -> Option<f64> {
        if self.steps.is_empty() || !(max_fpr > 0.0 && max_fpr <= 1.0) {
            return None;
        }
        let chance = 0.5 * max_fpr * max_fpr;
        Some(0.5 * (1.0 + (self.area_up_to(max_fpr) - chance) / (max_fpr - chance)))
    }

    /// Equation 5 of the `MobileAnoNet` paper: the anomalies against the ⌊p N⌋ highest-scored of the N normal clips. Chance is p / 2.
    pub fn partial_auc_raw(&self, max_fpr: f64) -> Option<f64> {
        let n_used = (max_fpr * self.n_normals as f64).floor();
        if self.steps.is_empty() || max_fpr > 1.0 || n_used.is_nan() || n_used < 1.0 {
            return None;
        }
        let used_fpr = n_used / self.n_normals as f64;
        Some(self.area_up_to(used_fpr) / used_fpr)
    }

    /// Trapezoids from 0 to `max_fpr`, in counts until the last division so that full areas are exact.
    fn area_up_to(&self, max_fpr: f64) -> f64 {
        let end = max_fpr * self.n_normals as f64;
        let mut area = 0.0;
        for pair in self.steps.windows(2) {
            let (from, to) = (pair[0].n_false_positives as f64, pair[1].n_false_positives as f64);
            let (low, high) = (pair[0].n_true_positives as f64, pair[1].n_true_positives as f64);
            if to <= end {
                area += (to - from) * 0.5 * (low + high);
            } else {
                if from < end {
                    let at_end = low + (high - low) * (end - from) / (to - from);
                    area += (end - from) * 0.5 * (low + at_end);
                }
                break;
            }
        }
        area / (self.n_normals as f64 * self.n_anomalies as f64)
    }
}

/// Area under the ROC curve of `scores`; `None` where undefined.
pub fn auc(scores: &[LabelledScore]) -> Option<f64> {
    roc_curve(scores).auc()
}

/// The official pAUC (McClish-standardised, see [`RocCurve::partial_auc`]); `None` where undefined.
pub fn partial_auc(scores: &[LabelledScore], max_fpr: f64) -> Option<f64> {
    roc_curve(scores).partial_auc(max_fpr)
}

/// The pAUC of the `MobileAnoNet` paper's equation 5 (see [`RocCurve::partial_auc_raw`]); `None` where undefined.
pub fn partial_auc_raw(scores: &[LabelledScore], max_fpr: f64) -> Option<f64> {
    roc_curve(scores).partial_auc_raw(max_fpr)
}

/// `n / Σ 1/x`; 0 where a value is 0, `None` without values or with a negative one.
pub fn harmonic_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| value.is_nan() || *value < 0.0) {
        return None;
    }
    Some(values.len() as f64 / values.iter().map(|value| value.recip()).sum::<f64>())
}
