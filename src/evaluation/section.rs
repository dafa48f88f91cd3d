//! The official figures of one section.

use serde::{Deserialize, Serialize};

use super::{LabelledScore, PAUC_MAX_FPR, Rules, TruthClip, auc, partial_auc};

/// One section: everything in 0..1, `None` where undefined, unknown to the rules, or without decisions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SectionEvaluation {
    pub name: String,
    pub auc: Option<f64>,
    /// Normals of the domain against all anomalies of the section; against those of the domain by the rules of 2021.
    pub auc_source: Option<f64>,
    pub auc_target: Option<f64>,
    /// Up to a false positive rate of 0.1, McClish-standardised, both domains together.
    pub pauc: Option<f64>,
    /// By the rules of 2021 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pauc_source: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pauc_target: Option<f64>,
    /// Of the clips of the domain alone.
    pub precision_source: Option<f64>,
    pub precision_target: Option<f64>,
    pub recall_source: Option<f64>,
    pub recall_target: Option<f64>,
    pub f1_source: Option<f64>,
    pub f1_target: Option<f64>,
    /// Over all clips, where the rules or the truth know no domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
}

impl SectionEvaluation {
    /// What it adds to the official score.
    pub(super) fn official_figures(&self, rules: Rules) -> Vec<f64> {
        let without_domains = self.auc_source.is_none() && self.auc_target.is_none();
        let figures = match rules {
            _ if without_domains => vec![self.auc, self.pauc],
            Rules::Dcase2020 | Rules::NoDomains => vec![self.auc, self.pauc],
            Rules::Dcase2021 => vec![self.auc_source, self.auc_target, self.pauc_source, self.pauc_target],
            Rules::Dcase2022 | Rules::Dcase2023 => vec![self.auc_source, self.auc_target, self.pauc],
        };
        figures.into_iter().flatten().collect()
    }
}

/// The figures of a section by the rules of a year; `decided` are the decisions that there are.
pub(super) fn evaluate_section(
    name: &str,
    rules: Rules,
    scored: &[LabelledScore],
    decided: &[(&TruthClip, bool)],
) -> SectionEvaluation {
    let has_domains = rules.has_domains() && scored.iter().any(|clip| clip.is_target.is_some());
    let is_apart = rules == Rules::Dcase2021;
    // Since 2022 the anomalies of both domains count against the normals of each.
    let of_domain = |is_target: bool| -> Vec<LabelledScore> {
        let is_wanted = |clip: &&LabelledScore| clip.is_target == Some(is_target) || (clip.is_anomaly && !is_apart);
        scored.iter().filter(is_wanted).copied().collect()
    };
    let domain_auc = |is_target: bool| has_domains.then(|| auc(&of_domain(is_target))).flatten();
    let domain_pauc = |is_target: bool| {
        let figure = || partial_auc(&of_domain(is_target), PAUC_MAX_FPR);
        (has_domains && is_apart).then(figure).flatten()
    };
    let decisions_of = |is_target: Option<bool>| {
        let is_wanted = |(clip, _): &&(&TruthClip, bool)| is_target.is_none() || clip.is_target == is_target;
        if has_domains == is_target.is_some() {
            decision_figures(decided.iter().filter(is_wanted))
        } else {
            [None; 3]
        }
    };
    let [precision_source, recall_source, f1_source] = decisions_of(Some(false));
    let [precision_target, recall_target, f1_target] = decisions_of(Some(true));
    let [precision, recall, f1] = decisions_of(None);
    SectionEvaluation {
        name: name.to_owned(),
        auc: auc(scored),
        auc_source: domain_auc(false),
        auc_target: domain_auc(true),
        pauc: partial_auc(scored, PAUC_MAX_FPR),
        pauc_source: domain_pauc(false),
        pauc_target: domain_pauc(true),
        precision_source,
        precision_target,
        recall_source,
        recall_target,
        f1_source,
        f1_target,
        precision,
        recall,
        f1,
    }
}

/// Precision, recall and F1, with the official floor under each denominator; `None` without clips.
fn decision_figures<'a>(decided: impl Iterator<Item = &'a (&'a TruthClip, bool)>) -> [Option<f64>; 3] {
    let (mut n_clips, mut hits, mut false_alarms, mut misses) = (0, 0.0, 0.0, 0.0);
    for (clip, is_called_anomalous) in decided {
        n_clips += 1;
        match (clip.is_anomaly, is_called_anomalous) {
            (true, true) => hits += 1.0,
            (false, true) => false_alarms += 1.0,
            (true, false) => misses += 1.0,
            (false, false) => {}
        }
    }
    if n_clips == 0 {
        return [None; 3];
    }
    let precision = hits / f64::max(hits + false_alarms, f64::EPSILON);
    let recall = hits / f64::max(hits + misses, f64::EPSILON);
    let f1 = 2.0 * precision * recall / f64::max(precision + recall, f64::EPSILON);
    [Some(precision), Some(recall), Some(f1)]
}
