//! The "ci95" that the evaluators of 2022 and later print: kept only so that their files can be compared with ours.
//!
//! It pools the clips of all machines and takes the leave-one-out values where a jackknife takes its pseudo-values, which makes it
//! smaller by the factor N − 1. It says nothing about how sure a score is; [`super::section_metrics`] has intervals that do.

use super::{LabelledScore, PAUC_MAX_FPR, auc, partial_auc};

/// The value of that row: mean of the "half-widths" of AUC and pAUC over all clips together.
pub(super) fn evaluator_ci95(mut scores: Vec<LabelledScore>) -> Option<f64> {
    // In order, each of the N curves below is made in linear time.
    scores.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut values = [Vec::with_capacity(scores.len()), Vec::with_capacity(scores.len())];
    let (&(mut left_out), rest) = scores.split_first()?;
    let mut rest = rest.to_vec();
    for position in 0..scores.len() {
        if position > 0 {
            std::mem::swap(&mut left_out, &mut rest[position - 1]);
        }
        values[0].push(auc(&rest)?);
        values[1].push(partial_auc(&rest, PAUC_MAX_FPR)?);
    }
    let [of_auc, of_pauc] = values.map(|values| half_width(&values));
    Some(0.5 * (of_auc? + of_pauc?))
}

fn half_width(left_out: &[f64]) -> Option<f64> {
    let n = left_out.len() as f64;
    let mean = left_out.iter().sum::<f64>() / n;
    let squares: f64 = left_out.iter().map(|value| (value - mean).powi(2)).sum();
    let freedom = n - 1.0;
    (freedom > 0.0).then(|| student_t_975(freedom) * (squares / (n * freedom)).sqrt())
}

/// The 97.5 % quantile of Student's t by the Cornish–Fisher expansion (Abramowitz & Stegun 26.7.5): to 1e-12 from about 200 degrees of
/// freedom on, which is one section.
fn student_t_975(freedom: f64) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    let polynomial = |coefficients: &[f64]| Z * coefficients.iter().fold(0.0, |sum, c| sum * Z * Z + c);
    let terms = [
        polynomial(&[1.0, 1.0]) / 4.0,
        polynomial(&[5.0, 16.0, 3.0]) / 96.0,
        polynomial(&[3.0, 19.0, 17.0, -15.0]) / 384.0,
        polynomial(&[79.0, 776.0, 1482.0, -1920.0, -945.0]) / 92_160.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom) + Z
}

#[cfg(test)]
mod tests {
    use super::student_t_975;

    #[test]
    fn quantiles_are_scipy_s() {
        // scipy.stats.t.ppf(0.975, df)
        for (freedom, expected, tolerance) in [
            (4199.0, 1.960_529_105_654_319_7, 1e-12),
            (199.0, 1.971_956_544_251_753_3, 1e-11),
            (30.0, 2.042_272_456_301_237_8, 1e-6),
        ] {
            let found = student_t_975(freedom);
            assert!((found - expected).abs() < tolerance, "{found} instead of {expected}");
        }
    }
}
