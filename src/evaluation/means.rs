//! The means of a machine's sections and of everything, as the official evaluators average.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Rules, SectionEvaluation, harmonic_mean};

/// One row of means; `None` where no section has the figure.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MeanFigures {
    pub auc: Option<f64>,
    pub pauc: Option<f64>,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: Option<f64>,
}

impl MeanFigures {
    pub(super) fn all(&self) -> [Option<f64>; 5] {
        [self.auc, self.pauc, self.precision, self.recall, self.f1]
    }
}

/// Means over sections, and over both domains where the rules know them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Means {
    pub arithmetic: MeanFigures,
    /// Of figures that are raised to the float's epsilon first: one figure of 0 makes the mean almost, not quite, 0.
    pub harmonic: MeanFigures,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harmonic_source: Option<MeanFigures>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harmonic_target: Option<MeanFigures>,
}

impl Means {
    /// `n_first` takes so many values for those of the source domain; `None`: one for each section, which is right.
    pub(super) fn over(sections: &[&SectionEvaluation], rules: Rules, n_first: Option<usize>) -> Self {
        let columns = columns(sections, rules);
        let n_values = columns[0].len();
        let n_source = n_first.unwrap_or(sections.len()).min(n_values);
        let harmonic_of = |part: Range<usize>| {
            rules
                .has_domains()
                .then(|| row(&columns, |column| official_harmonic_mean(&column[part.clone()])))
        };
        Self {
            arithmetic: row(&columns, arithmetic_mean),
            harmonic: row(&columns, official_harmonic_mean),
            harmonic_source: harmonic_of(0..n_source),
            harmonic_target: harmonic_of(n_source..n_values),
        }
    }
}

/// AUC, pAUC, precision, recall and F1 of all sections: with domains first those of the source, then those of the target.
fn columns(sections: &[&SectionEvaluation], rules: Rules) -> [Vec<Option<f64>>; 5] {
    type Figure = fn(&SectionEvaluation) -> Option<f64>;
    let of_both: [[Figure; 2]; 5] = [
        [|s| s.auc_source, |s| s.auc_target],
        match rules {
            Rules::Dcase2021 => [|s| s.pauc_source, |s| s.pauc_target],
            _ => [|s| s.pauc, |s| s.pauc],
        },
        [|s| s.precision_source, |s| s.precision_target],
        [|s| s.recall_source, |s| s.recall_target],
        [|s| s.f1_source, |s| s.f1_target],
    ];
    let of_all: [Figure; 5] = [|s| s.auc, |s| s.pauc, |s| s.precision, |s| s.recall, |s| s.f1];
    std::array::from_fn(|column| {
        let figures = if rules.has_domains() {
            &of_both[column][..]
        } else {
            &of_all[column..=column]
        };
        let of_sections = |figure: &Figure| sections.iter().map(|section| figure(section)).collect::<Vec<_>>();
        figures.iter().flat_map(of_sections).collect()
    })
}

fn row(columns: &[Vec<Option<f64>>; 5], mean: impl Fn(&[Option<f64>]) -> Option<f64>) -> MeanFigures {
    let [auc, pauc, precision, recall, f1] = columns.each_ref().map(|column| mean(column));
    MeanFigures {
        auc,
        pauc,
        precision,
        recall,
        f1,
    }
}

fn arithmetic_mean(values: &[Option<f64>]) -> Option<f64> {
    let values: Vec<f64> = values.iter().copied().flatten().collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

pub(super) fn official_harmonic_mean(values: &[Option<f64>]) -> Option<f64> {
    let raised: Vec<f64> = values.iter().flatten().map(|value| value.max(f64::EPSILON)).collect();
    harmonic_mean(&raised)
}
