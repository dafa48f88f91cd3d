//! The matrix in figures: per machine type and over all, as the papers' tables give them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ChoiceWorth, Comparison, DetectorResult, HalfChoice};
use crate::detectors::DetectorKind;
use crate::evaluation::{self, Figure, SectionMetrics};

/// The comparison of all machines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparisonSummary {
    pub machines: Vec<MachineSummary>,
    /// Harmonic mean over all figures of all sections: of `default`, `oracle` (of each machine, as in the papers) and each detector.
    pub hmean: BTreeMap<String, Option<f64>>,
    pub choice: ChoiceSummary,
}

/// One machine type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MachineSummary {
    pub name: String,
    pub detectors: Vec<DetectorSummary>,
    /// The label-free default.
    pub default: &'static str,
    /// The detector with the best hmean on the test labels of this machine: an upper bound, not a result.
    pub oracle: Option<&'static str>,
    /// Chosen on one half of the labelled test clips, reported on the other.
    pub half: Option<HalfSummary>,
}

/// One detector on one machine type; `None` where undefined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorSummary {
    pub name: &'static str,
    /// Arithmetic means over the sections.
    pub auc: Option<f64>,
    pub auc_source: Option<f64>,
    pub auc_target: Option<f64>,
    pub pauc: Option<f64>,
    /// Harmonic mean of AUC source, AUC target and pAUC of all sections (of AUC and pAUC without domains).
    pub hmean: Option<f64>,
    /// The ends of its 95 % bootstrap interval.
    pub hmean_low: Option<f64>,
    pub hmean_high: Option<f64>,
}

/// What the halves of one machine's labelled test clips choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HalfSummary {
    pub chosen_on_a: &'static str,
    pub chosen_on_b: &'static str,
    #[serde(flatten)]
    pub worth: ReportedHalves,
}

/// The half that did not choose, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReportedHalves {
    pub hmean_on_b: f64,
    pub hmean_on_a: f64,
    /// The mean of the two.
    pub hmean: f64,
    pub low: f64,
    pub high: f64,
}

/// The three modes of the choice over all machines: what the papers' practice is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChoiceSummary {
    /// The label-free default on every machine.
    pub fixed: Option<IntervalSummary>,
    pub half: Option<ReportedHalves>,
    /// The best detector of each machine on the test labels: an upper bound, not a result.
    pub oracle: Option<IntervalSummary>,
    /// Paired: oracle minus fixed.
    pub oracle_over_fixed: Option<IntervalSummary>,
    pub oracle_over_half: Option<f64>,
}

/// A harmonic mean, or the difference of two, with its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IntervalSummary {
    pub hmean: f64,
    pub low: f64,
    pub high: f64,
}

impl From<Figure> for IntervalSummary {
    fn from(Figure { value, low, high }: Figure) -> Self {
        Self { hmean: value, low, high }
    }
}

impl From<&HalfChoice> for ReportedHalves {
    fn from(choice: &HalfChoice) -> Self {
        let [hmean_on_b, hmean_on_a] = choice.directions;
        let Figure { value, low, high } = choice.figure;
        Self {
            hmean_on_b,
            hmean_on_a,
            hmean: value,
            low,
            high,
        }
    }
}

impl From<&ChoiceWorth> for ChoiceSummary {
    fn from(worth: &ChoiceWorth) -> Self {
        Self {
            fixed: worth.fixed.map(Into::into),
            half: worth.half.as_ref().map(Into::into),
            oracle: worth.oracle.map(Into::into),
            oracle_over_fixed: worth.oracle_over_fixed.map(|paired| paired.difference.into()),
            oracle_over_half: worth.oracle_over_half,
        }
    }
}

impl Comparison {
    /// The figures per machine type and over all.
    pub fn summary(&self) -> ComparisonSummary {
        let halves = self.half_choices();
        let half = |name: &str| {
            let choice = halves.get(name)?;
            Some(HalfSummary {
                chosen_on_a: choice.chosen[0].name(),
                chosen_on_b: choice.chosen[1].name(),
                worth: (&choice.worth).into(),
            })
        };
        let machines = self.machines().into_iter();
        let machines = machines
            .map(|(name, groups)| self.machine(name, &groups, half(name)))
            .collect();
        let all: Vec<usize> = (0..self.groups.len()).collect();
        let value = |kind: DetectorKind| self.hmean(&all, |_| Some(kind)).map(|mean| mean.value);
        let of_kind = |&kind: &DetectorKind| (kind.name().to_owned(), value(kind));
        let mut hmean: BTreeMap<String, Option<f64>> = self.detectors.iter().map(of_kind).collect();
        let choice = ChoiceSummary::from(&self.worth(|_| DetectorKind::Fusion));
        hmean.insert("default".to_owned(), choice.fixed.map(|fixed| fixed.hmean));
        hmean.insert("oracle".to_owned(), choice.oracle.map(|oracle| oracle.hmean));
        ComparisonSummary { machines, hmean, choice }
    }

    fn machine(&self, name: &str, groups: &[usize], half: Option<HalfSummary>) -> MachineSummary {
        let mean = |kind: DetectorKind, figure: fn(&SectionMetrics) -> Option<evaluation::Figure>| {
            let values: Vec<f64> = self
                .results(groups, kind)
                .filter_map(|result| Some(figure(&result.metrics)?.value))
                .collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let of_kind = |&kind: &DetectorKind| {
            let hmean = self.hmean(groups, |_| Some(kind)).map(|mean| mean.figure());
            DetectorSummary {
                name: kind.name(),
                auc: mean(kind, |metrics| metrics.auc),
                auc_source: mean(kind, |metrics| metrics.auc_source),
                auc_target: mean(kind, |metrics| metrics.auc_target),
                pauc: mean(kind, |metrics| metrics.pauc),
                hmean: hmean.map(|hmean| hmean.value),
                hmean_low: hmean.map(|hmean| hmean.low),
                hmean_high: hmean.map(|hmean| hmean.high),
            }
        };
        MachineSummary {
            name: name.to_owned(),
            detectors: self.detectors.iter().map(of_kind).collect(),
            default: DetectorKind::Fusion.name(),
            oracle: self.best.get(name).map(|kind| kind.name()),
            half,
        }
    }

    fn results(&self, groups: &[usize], kind: DetectorKind) -> impl Iterator<Item = &DetectorResult> {
        groups.iter().filter_map(move |&group| self.groups[group].result(kind))
    }
}
