//! The official DCASE evaluation of score and decision files against the truth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::truth::{csv_files, said_twice, subject_of};
use super::{
    EvaluationError, LabelledScore, PAUC_MAX_FPR, Truth, TruthClip, auc, harmonic_mean, names, partial_auc, read_decisions,
    read_scores,
};

/// All machines, as `auscult evaluate --json` prints them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OfficialEvaluation {
    /// Harmonic mean of AUC source, AUC target and pAUC over all sections; `None` where none is defined.
    ///
    /// Without domains: of AUC and pAUC. With one score file a domain (2021): of AUC and pAUC of both domains.
    pub official_score: Option<f64>,
    pub machines: Vec<MachineEvaluation>,
}

/// One machine type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineEvaluation {
    pub name: String,
    pub sections: Vec<SectionEvaluation>,
}

/// One section: everything in 0..1, `None` where undefined or without decisions.
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
    pub precision_source: Option<f64>,
    pub precision_target: Option<f64>,
    pub recall_source: Option<f64>,
    pub recall_target: Option<f64>,
    pub f1_source: Option<f64>,
    pub f1_target: Option<f64>,
    /// Over all clips, where the truth knows no domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
}

/// Evaluates the score (and, where present, decision) files below `scores_dir`; clips are joined by file name.
///
/// Sections of the truth without a score file, and score files without a truth, are left out.
///
/// # Errors
/// Where a file cannot be read, a clip of the truth has no score, two files hold the scores of one section, or nothing matches.
pub fn evaluate_files(scores_dir: &Path, truth: &Truth) -> Result<OfficialEvaluation, EvaluationError> {
    let files = csv_files(scores_dir)?;
    let score_files = by_section(&files, "anomaly_score", truth)?;
    let decision_files = by_section(&files, "decision_result", truth)?;
    let mut machines: Vec<MachineEvaluation> = Vec::new();
    let mut ranked = Vec::new();
    for (group, paths) in &score_files {
        let Some(clips) = truth.get(group) else { continue };
        let decisions = decision_files.get(group).map_or(&[][..], Vec::as_slice);
        let section = evaluate_section(&group.1, clips, paths, decisions)?;
        ranked.extend(official_values(&section));
        match machines.last_mut() {
            Some(machine) if machine.name == group.0 => machine.sections.push(section),
            _ => machines.push(MachineEvaluation {
                name: group.0.clone(),
                sections: vec![section],
            }),
        }
    }
    if machines.is_empty() {
        return Err(EvaluationError::NothingToEvaluate {
            path: scores_dir.to_owned(),
        });
    }
    Ok(OfficialEvaluation {
        official_score: harmonic_mean(&ranked),
        machines,
    })
}

/// A score or decision file and the domain that it is limited to.
type SectionFile = (PathBuf, Option<bool>);

/// The files of each section that the truth knows.
fn by_section(
    files: &[PathBuf],
    prefix: &str,
    truth: &Truth,
) -> Result<BTreeMap<(String, String), Vec<SectionFile>>, EvaluationError> {
    let mut sections: BTreeMap<_, Vec<SectionFile>> = BTreeMap::new();
    for path in files {
        let Some(subject) = subject_of(path, prefix) else { continue };
        let group = (subject.machine, subject.section);
        if !truth.contains_key(&group) {
            continue;
        }
        let known = sections.entry(group).or_default();
        // A file of one domain stands beside that of the other, never beside one of both.
        let clash = known
            .iter()
            .find(|(_, is_target)| *is_target == subject.is_target || is_target.is_none() || subject.is_target.is_none());
        if let Some((first, _)) = clash {
            return Err(said_twice(path, first));
        }
        known.push((path.clone(), subject.is_target));
    }
    Ok(sections)
}

fn evaluate_section(
    name: &str,
    clips: &[TruthClip],
    scores: &[SectionFile],
    decisions: &[SectionFile],
) -> Result<SectionEvaluation, EvaluationError> {
    let labelled: Vec<LabelledScore> = joined(clips, scores, read_scores)?
        .into_iter()
        .map(|(clip, score)| label(clip, score))
        .collect();
    let decided = joined(clips, decisions, read_decisions)?;
    let in_domain = |is_target: bool| move |clip: &LabelledScore| clip.is_target == Some(is_target);
    let is_by_domain = scores.iter().any(|(_, is_target)| is_target.is_some());
    let select =
        |wanted: &dyn Fn(&LabelledScore) -> bool| labelled.iter().copied().filter(|clip| wanted(clip)).collect::<Vec<_>>();
    let of_domain = |is_target: bool| select(&in_domain(is_target));
    // Since 2022 the anomalies of both domains count against the normals of each.
    let domain_auc = |is_target: bool| {
        auc(&if is_by_domain {
            of_domain(is_target)
        } else {
            select(&|clip| {
                if clip.is_anomaly {
                    true
                } else {
                    clip.is_target == Some(is_target)
                }
            })
        })
    };
    let domain_pauc = |is_target: bool| {
        is_by_domain
            .then(|| partial_auc(&of_domain(is_target), PAUC_MAX_FPR))
            .flatten()
    };
    let [precision_source, recall_source, f1_source] = decision_figures(&decided, Some(false));
    let [precision_target, recall_target, f1_target] = decision_figures(&decided, Some(true));
    let [precision, recall, f1] = decision_figures(&decided, None);
    Ok(SectionEvaluation {
        name: name.to_owned(),
        auc: auc(&labelled),
        auc_source: domain_auc(false),
        auc_target: domain_auc(true),
        pauc: partial_auc(&labelled, PAUC_MAX_FPR),
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
    })
}

fn label(clip: &TruthClip, score: f64) -> LabelledScore {
    LabelledScore {
        score,
        is_anomaly: clip.is_anomaly,
        is_target: clip.is_target,
    }
}

/// The value of every clip of the truth, read from the section's files; no files, no values.
fn joined<'a, T: Copy>(
    clips: &'a [TruthClip],
    files: &[SectionFile],
    read: impl Fn(&Path) -> Result<Vec<(String, T)>, EvaluationError>,
) -> Result<Vec<(&'a TruthClip, T)>, EvaluationError> {
    let mut pairs = Vec::new();
    for (path, is_target) in files {
        let rows = read(path)?;
        // Whole names first: MIMII numbers its normal and its abnormal clips alike, in two folders.
        let mut whole = BTreeMap::new();
        for (row_idx, (name, value)) in rows.iter().enumerate() {
            if whole.insert(name.as_str(), *value).is_some() {
                return Err(EvaluationError::Format {
                    path: path.clone(),
                    line: row_idx as u64 + 1,
                    reason: format!("{name} is listed twice"),
                });
            }
        }
        // Otherwise by what two spellings of one clip share; `None` where that fits several clips.
        let mut keyed: BTreeMap<String, Option<T>> = BTreeMap::new();
        for (name, value) in &rows {
            keyed
                .entry(names::clip_key(name))
                .and_modify(|known| *known = None)
                .or_insert(Some(*value));
        }
        for clip in clips
            .iter()
            .filter(|clip| is_target.is_none() || clip.is_target == *is_target)
        {
            let by_key = || keyed.get(&names::clip_key(&clip.file_name)).copied().flatten();
            let value = whole.get(clip.file_name.as_str()).copied().or_else(by_key);
            let value = value.ok_or_else(|| EvaluationError::MissingScore {
                path: path.clone(),
                clip: clip.file_name.clone(),
            })?;
            pairs.push((clip, value));
        }
    }
    Ok(pairs)
}

/// Precision, recall and F1 over the clips of one domain (`None`: clips without a domain), with the official floor under each denominator.
fn decision_figures(decided: &[(&TruthClip, bool)], is_target: Option<bool>) -> [Option<f64>; 3] {
    let of_domain = || decided.iter().filter(|(clip, _)| clip.is_target == is_target);
    if of_domain().next().is_none() {
        return [None; 3];
    }
    let count = |is_anomaly: bool, decision: bool| {
        of_domain()
            .filter(|(clip, found)| clip.is_anomaly == is_anomaly && *found == decision)
            .count() as f64
    };
    let (hits, false_alarms, misses) = (count(true, true), count(false, true), count(true, false));
    let precision = hits / (hits + false_alarms).max(f64::EPSILON);
    let recall = hits / (hits + misses).max(f64::EPSILON);
    let f1 = 2.0 * precision * recall / (precision + recall).max(f64::EPSILON);
    [Some(precision), Some(recall), Some(f1)]
}

/// What a section adds to the official score.
fn official_values(section: &SectionEvaluation) -> Vec<f64> {
    let has_domains = section.auc_source.is_some() || section.auc_target.is_some();
    let is_by_domain = section.pauc_source.is_some() || section.pauc_target.is_some();
    let values = match (is_by_domain, has_domains) {
        (true, _) => vec![
            section.auc_source,
            section.auc_target,
            section.pauc_source,
            section.pauc_target,
        ],
        (false, true) => vec![section.auc_source, section.auc_target, section.pauc],
        (false, false) => vec![section.auc, section.pauc],
    };
    values.into_iter().flatten().collect()
}
