//! The official DCASE evaluation of score and decision files against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::jackknife::evaluator_ci95;
use super::means::official_harmonic_mean;
use super::names::{DECISIONS, FileSubject, NameIndex, SCORES};
use super::section::{SectionEvaluation, evaluate_section};
use super::truth::{csv_files, subject_of};
use super::{EvaluationError, LabelledScore, Means, Rules, Truth, TruthClip, read_decisions, read_scores};

/// How many names an error or a note gives.
const N_NAMED: usize = 3;

/// What a person may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvaluationOptions {
    /// `None`: by the files.
    pub rules: Option<Rules>,
    /// As the evaluator of 2022 does: its means of one machine take the first half of the *sections* for the source domain, and its
    /// file ends with a "ci95" that is no interval.
    pub as_evaluator_2022: bool,
}

/// All machines, as `auscult evaluate --json` prints them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfficialEvaluation {
    pub rules: Rules,
    /// `None` where no figure of it is defined. The rules say what it is the mean of.
    pub official_score: Option<f64>,
    /// Of all sections of all machines.
    pub means: Means,
    pub machines: Vec<MachineEvaluation>,
    /// Only as the evaluator of 2022 does it: too small by the number of clips less one, and no measure of anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluator_2022_ci95: Option<f64>,
    /// What a person should know of how the files were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One machine type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineEvaluation {
    pub name: String,
    pub sections: Vec<SectionEvaluation>,
    pub means: Means,
}

/// Evaluates the score (and, where present, decision) files below `scores_dir`; clips are joined by file name.
///
/// Sections of the truth without a score file, and score files without a truth, are left out.
///
/// # Errors
/// Where a file cannot be read, a clip of the truth has no score, two files hold the scores of one section, or nothing matches.
pub fn evaluate_files(
    scores_dir: &Path,
    truth: &Truth,
    options: EvaluationOptions,
) -> Result<OfficialEvaluation, EvaluationError> {
    let files = csv_files(scores_dir)?;
    let score_files = by_section(&files, SCORES, truth)?;
    let decision_files = by_section(&files, DECISIONS, truth)?;
    let subjects: Vec<&FileSubject> = score_files.values().flatten().map(|(_, subject)| subject).collect();
    let rules = options.rules.unwrap_or_else(|| Rules::detect(&subjects, truth));
    let mut machines: Vec<MachineEvaluation> = Vec::new();
    let (mut notes, mut pooled) = (Vec::new(), Vec::new());
    for (group, files) in &score_files {
        let Some(clips) = truth.get(group) else { continue };
        let scored = joined(clips, files, "score", read_scores, &mut notes)?;
        let decisions = decision_files.get(group).map_or(&[][..], Vec::as_slice);
        let decided = joined(clips, decisions, "decision", read_decisions, &mut notes)?;
        let scored: Vec<LabelledScore> = scored.into_iter().map(|(clip, score)| clip.scored(score)).collect();
        let section = evaluate_section(&group.1, rules, &scored, &decided);
        if rules.has_domains() && section.auc_source.is_none() && section.auc_target.is_none() {
            notes.push(format!(
                "{} {}: no clip has a domain, its AUC and pAUC count",
                group.0, group.1
            ));
        }
        if options.as_evaluator_2022 {
            pooled.extend(scored);
        }
        match machines.last_mut() {
            Some(machine) if machine.name == group.0 => machine.sections.push(section),
            _ => machines.push(MachineEvaluation {
                name: group.0.clone(),
                sections: vec![section],
                means: Means::default(),
            }),
        }
    }
    if machines.is_empty() {
        return Err(EvaluationError::NothingToEvaluate {
            path: scores_dir.to_owned(),
        });
    }
    // The fault of 2022: half of the number of sections, not of the values of both domains.
    let n_names = score_files.keys().map(|(_, section)| section).collect::<BTreeSet<_>>().len();
    let n_first = options.as_evaluator_2022.then_some(n_names / 2);
    for machine in &mut machines {
        let sections: Vec<&SectionEvaluation> = machine.sections.iter().collect();
        machine.means = Means::over(&sections, rules, n_first);
    }
    let sections: Vec<&SectionEvaluation> = machines.iter().flat_map(|machine| &machine.sections).collect();
    Ok(OfficialEvaluation {
        rules,
        official_score: official_score(rules, &machines, &sections),
        means: Means::over(&sections, rules, None),
        evaluator_2022_ci95: options.as_evaluator_2022.then(|| evaluator_ci95(pooled)).flatten(),
        machines,
        notes,
    })
}

fn official_score(rules: Rules, machines: &[MachineEvaluation], sections: &[&SectionEvaluation]) -> Option<f64> {
    if rules == Rules::Dcase2020 {
        // Each machine type counts the same, however many ids it has.
        let means: Vec<f64> = machines
            .iter()
            .flat_map(|machine| [machine.means.arithmetic.auc, machine.means.arithmetic.pauc])
            .flatten()
            .collect();
        return (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64);
    }
    let figures: Vec<Option<f64>> = sections
        .iter()
        .flat_map(|section| section.official_figures(rules))
        .map(Some)
        .collect();
    official_harmonic_mean(&figures)
}

/// A score or decision file and what it is about.
type SectionFile = (PathBuf, FileSubject);

/// The files of each section that the truth knows.
fn by_section(
    files: &[PathBuf],
    prefix: &str,
    truth: &Truth,
) -> Result<BTreeMap<(String, String), Vec<SectionFile>>, EvaluationError> {
    // Names that no year's grammar tells apart, as machines of plain folders may have, are found by how we would write them.
    let mut written = BTreeMap::new();
    for group in truth.keys() {
        for subject in FileSubject::all_of(&group.0, &group.1) {
            written.insert(subject.file_name(prefix), subject);
        }
    }
    let mut sections: BTreeMap<_, Vec<SectionFile>> = BTreeMap::new();
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(subject) = written.get(name).cloned().or_else(|| subject_of(path, prefix)) else {
            continue;
        };
        let group = (subject.machine.clone(), subject.section.clone());
        if !truth.contains_key(&group) {
            continue;
        }
        let known = sections.entry(group).or_default();
        // A file of one domain stands beside that of the other, never beside one of both.
        let is_clash = |other: &&SectionFile| {
            let domains = (other.1.is_target, subject.is_target);
            matches!(domains, (None, _) | (_, None)) || domains.0 == domains.1
        };
        if let Some((first, _)) = known.iter().find(is_clash) {
            return Err(EvaluationError::SaidTwice {
                first: first.clone(),
                second: path.clone(),
            });
        }
        known.push((path.clone(), subject));
    }
    Ok(sections)
}

/// The value of every clip of the truth, read from the section's files; no files, no values.
fn joined<'a, T: Copy>(
    clips: &'a [TruthClip],
    files: &[SectionFile],
    what: &'static str,
    read: impl Fn(&Path) -> Result<Vec<(String, T)>, EvaluationError>,
    notes: &mut Vec<String>,
) -> Result<Vec<(&'a TruthClip, T)>, EvaluationError> {
    let mut values: Vec<Option<T>> = vec![None; clips.len()];
    for (path, subject) in files {
        let format = |row_idx: usize, reason: String| EvaluationError::Format {
            path: path.clone(),
            line: row_idx as u64 + 1,
            reason,
        };
        let rows = read(path)?;
        let mut index = NameIndex::default();
        for (row_idx, (name, _)) in rows.iter().enumerate() {
            if index.add(name, row_idx).is_some() {
                return Err(format(row_idx, format!("{name} is listed twice")));
            }
        }
        let mut clip_of_row: Vec<Option<usize>> = vec![None; rows.len()];
        for (clip_idx, clip) in clips.iter().enumerate() {
            let is_elsewhere = subject.is_target.is_some() && clip.is_target.is_some() && clip.is_target != subject.is_target;
            let by_labelled_name = || index.find(clip.labelled_name.as_deref()?);
            let Some(row_idx) = index
                .find(&clip.file_name)
                .or_else(by_labelled_name)
                .filter(|_| !is_elsewhere)
            else {
                continue;
            };
            if let Some(other) = clip_of_row[row_idx].replace(clip_idx) {
                let (name, other) = (&rows[row_idx].0, &clips[other].file_name);
                let reason = format!("{name} could be {other} or {}: write their folders too", clip.file_name);
                return Err(format(row_idx, reason));
            }
            values[clip_idx] = Some(rows[row_idx].1);
        }
        let spare: Vec<&str> = rows
            .iter()
            .zip(&clip_of_row)
            .filter(|(_, clip)| clip.is_none())
            .map(|((name, _), _)| name.as_str())
            .collect();
        if !spare.is_empty() {
            notes.push(format!(
                "{}: {} of {} clips are not in the truth and are passed over ({})",
                path.display(),
                spare.len(),
                rows.len(),
                first_few(&spare)
            ));
        }
    }
    let missing: Vec<&TruthClip> = clips
        .iter()
        .zip(&values)
        .filter(|(_, value)| value.is_none())
        .map(|(clip, _)| clip)
        .collect();
    let (Some((first_file, _)), Some(first)) = (files.first(), missing.first()) else {
        return Ok(clips
            .iter()
            .zip(values)
            .filter_map(|(clip, value)| Some((clip, value?)))
            .collect());
    };
    let is_its_file = |(_, subject): &&SectionFile| subject.is_target.is_none() || subject.is_target == first.is_target;
    let names: Vec<&str> = missing.iter().map(|clip| clip.file_name.as_str()).collect();
    Err(EvaluationError::MissingScores {
        path: files.iter().find(is_its_file).map_or(first_file, |(path, _)| path).clone(),
        what,
        n_missing: missing.len(),
        n_clips: clips.len(),
        first: first_few(&names),
    })
}

fn first_few(names: &[&str]) -> String {
    let dots = if names.len() > N_NAMED { ", …" } else { "" };
    format!("{}{dots}", names[..names.len().min(N_NAMED)].join(", "))
}
