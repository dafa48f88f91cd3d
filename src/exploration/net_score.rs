//! `NetScore`: accuracy held against size and work.
//!
//! Source: Wong, "`NetScore`: Towards Universal Metrics for Large-scale Performance Analysis of Deep Neural Networks" (2018):
//! Ω = 20 log10(a² / (√p √m)), a in percent, p in millions of parameters, m in thousand millions of multiply-adds.

use serde::{Deserialize, Serialize};

use super::cost::Cost;

/// What stands for accuracy in [`net_score`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accuracy {
    /// The AUC as it is, as in the paper: a net that knows nothing still gets 50 of 100 points.
    #[default]
    Auc,
    /// 2 AUC - 1: a net that knows nothing gets none.
    AboveChance,
}

/// In decibels; minus infinity where the accuracy is zero or below.
///
/// `auc` is in 0..1.
pub fn net_score(auc: f64, cost: &Cost, accuracy: Accuracy) -> f64 {
    let accuracy = match accuracy {
        Accuracy::Auc => auc,
        Accuracy::AboveChance => 2.0 * auc - 1.0,
    };
    let percent = 100.0 * accuracy.max(0.0);
    let (parameters, work) = (cost.n_parameters as f64 / 1e6, cost.n_multiply_adds as f64 / 1e9);
    20.0 * (percent.powi(2) / (parameters.sqrt() * work.sqrt())).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_rows_have_the_scores_worked_out_for_them() {
        // The operations column of the paper taken as multiply-adds.
        let row = |auc: f64, n_parameters, n_multiply_adds| {
            let cost = Cost {
                n_parameters,
                n_trainable: n_parameters,
                n_multiply_adds,
                n_live_values: 0,
            };
            net_score(auc, &cost, Accuracy::Auc)
        };
        // 20 log10(9801 / sqrt(0.000686) / sqrt(0.00287))
        let by_hand = 20.0 * (99.0f64.powi(2) / (686e-6f64 * 2.87e-3).sqrt()).log10();
        assert!((row(0.99, 686, 2_870_000) - by_hand).abs() < 1e-9);
        let halves = row(0.5, 686, 2_870_000);
        assert!(
            (row(1.0, 686, 2_870_000) - halves - 40.0 * 2f64.log10()).abs() < 1e-9,
            "accuracy counts twice"
        );
        assert!(
            (row(0.5, 68_600, 2_870_000) - halves + 20.0).abs() < 1e-9,
            "a hundredfold size costs 20 dB"
        );
        assert_eq!(
            net_score(0.5, &crate::exploration::Genome::fan_example().cost(), Accuracy::AboveChance),
            f64::NEG_INFINITY
        );
    }
}
