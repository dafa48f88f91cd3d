//! Scores and decisions on disk, in the DCASE form and as JSON; and their evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Comparison, PipelineError};
use crate::dataset::{self, Dataset, DatasetError, Label, MachineSection, ScanOptions, Split};
use crate::detectors::DetectorKind;
use crate::evaluation::{self, EvaluationError, OfficialEvaluation, SectionEvaluation, ThresholdRule, Truth, TruthClip};
use crate::progress::Progress;
use crate::whole_file::write_whole;

/// `scores.json`.
#[derive(Serialize)]
struct ScoresJson<'a> {
    detector: &'static str,
    threshold_rule: ThresholdRule,
    sections: Vec<SectionJson<'a>>,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    machine: &'a str,
    section: &'a str,
    threshold: Option<f64>,
    clips: Vec<ClipJson<'a>>,
}

#[derive(Serialize)]
struct ClipJson<'a> {
    path: &'a str,
    score: f64,
    /// 0–100 among the leave-one-out scores of the training clips.
    percentile: Option<f64>,
    is_anomalous: Option<bool>,
}

/// Writes the DCASE score and decision files of all sections and `scores.json`; returns their paths.
///
/// # Errors
/// Where the detector could be fitted to no section, or a file cannot be written.
pub fn write_scores(
    dataset: &Dataset,
    comparison: &Comparison,
    kind: DetectorKind,
    out: &Path,
) -> Result<Vec<PathBuf>, PipelineError> {
    let rule = ThresholdRule::default();
    let column = comparison.detectors.iter().position(|&detector| detector == kind);
    let fitted = |group: &super::GroupComparison| {
        match column.map(|column| &group.results[column]) {
        Some(Ok(_)) => None,
        Some(Err(reason)) => Some((group.group.to_string(), reason.clone())),
        None => Some((
            group.group.to_string(),
            "the run's front end does not score clips in this way: choose another detector, or train again where an older version \
             trained this run".to_owned(),
        )),
    }
    };
    let failures: Vec<_> = comparison.groups.iter().filter_map(fitted).collect();
    if let (Some((group, reason)), true) = (failures.first(), failures.len() == comparison.groups.len()) {
        return Err(PipelineError::NoDetector {
            detector: kind.name(),
            group: group.clone(),
            reason: reason.clone(),
        });
    }
    clear_folder(out)?;
    let (mut paths, mut sections) = (Vec::new(), Vec::new());
    for group in &comparison.groups {
        let Some(result) = group.result(kind) else { continue };
        let MachineSection { machine, section } = &group.group;
        let threshold = evaluation::threshold(rule, &result.normal_scores);
        let names = clip_names(dataset, &group.test_clips);
        let scored = || names.iter().copied().zip(result.test_scores.iter().copied());
        paths.push(evaluation::write_scores(out, machine, section, scored())?);
        if let Some(threshold) = threshold {
            let decided = scored().map(|(name, score)| (name, score >= threshold));
            paths.push(evaluation::write_decisions(out, machine, section, decided)?);
        }
        let mut normal_scores = result.normal_scores.clone();
        normal_scores.sort_unstable_by(f64::total_cmp);
        let clip = |(&clip, &score): (&usize, &f64)| ClipJson {
            path: &dataset.clips[clip].path,
            score,
            percentile: evaluation::percentile_of_sorted(score, &normal_scores),
            is_anomalous: threshold.map(|threshold| score >= threshold),
        };
        let clips = group.test_clips.iter().zip(&result.test_scores).map(clip).collect();
        sections.push(SectionJson {
            machine,
            section,
            threshold,
            clips,
        });
    }
    let path = out.join("scores.json");
    let json = serde_json::to_vec_pretty(&ScoresJson {
        detector: kind.name(),
        threshold_rule: rule,
        sections,
    });
    let written = json
        .map_err(std::io::Error::from)
        .and_then(|json| write_whole(&path, |file| file.write_all(&json)));
    written.map_err(|source| PipelineError::io(&path, source))?;
    paths.push(path);
    Ok(paths)
}

/// Makes the folder, and takes the score files of an earlier run out of it: its other sections would be evaluated along with ours.
fn clear_folder(out: &Path) -> Result<(), PipelineError> {
    let io = |source| PipelineError::io(out, source);
    std::fs::create_dir_all(out).map_err(io)?;
    for entry in std::fs::read_dir(out).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = (name.starts_with("anomaly_score_") || name.starts_with("decision_result_")) && name.ends_with("_test.csv");
        if is_ours && path.is_file() {
            std::fs::remove_file(&path).map_err(|source| PipelineError::io(&path, source))?;
        }
    }
    Ok(())
}

/// What clips are called in score files: the file's name, or the whole path where several have the same name
/// (MIMII numbers normal and abnormal clips alike).
fn clip_names<'a>(dataset: &'a Dataset, clips: &[usize]) -> Vec<&'a str> {
    let distinct: BTreeSet<&str> = clips.iter().map(|&clip| dataset.clips[clip].file_name()).collect();
    let is_unique = distinct.len() == clips.len();
    clips
        .iter()
        .map(|&clip| {
            if is_unique {
                dataset.clips[clip].file_name()
            } else {
                dataset.clips[clip].path.as_str()
            }
        })
        .collect()
}

/// Evaluates score files by the official rules against DCASE ground-truth files or, where there are none, labelled recordings.
///
/// # Errors
/// Where a file cannot be read, a clip has no score, or nothing matches.
pub fn evaluate(scores: &Path, truth: &Path, progress: &mut dyn Progress) -> Result<OfficialEvaluation, PipelineError> {
    let truth = match evaluation::read_truth(truth) {
        Err(EvaluationError::NothingToEvaluate { .. }) => match dataset::scan(truth, ScanOptions::default(), progress) {
            Ok(dataset) => labelled_truth(&dataset),
            Err(DatasetError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(_) => return Err(EvaluationError::NothingToEvaluate { path: truth.to_owned() }.into()),
        },
        truth => truth?,
    };
    let evaluation = evaluation::evaluate_files(scores, &truth)?;
    // Leaving out a bad section would raise the score: it must not pass unsaid.
    for (machine, section) in truth.keys() {
        let of_machine = evaluation.machines.iter().filter(|evaluated| evaluated.name == *machine);
        if !of_machine
            .flat_map(|evaluated| &evaluated.sections)
            .any(|evaluated| evaluated.name == *section)
        {
            progress.log(&format!(
                "{machine} {section} has no score file below {} and is left out of the score",
                scores.display()
            ));
        }
    }
    Ok(evaluation)
}

fn labelled_truth(dataset: &Dataset) -> Truth {
    let mut truth: Truth = BTreeMap::new();
    for group in dataset.groups() {
        let tested = dataset.indices(&group, Split::Test);
        let named = clip_names(dataset, &tested)
            .into_iter()
            .zip(&tested)
            .map(|(name, &clip)| (name, &dataset.clips[clip]));
        let labelled = named.filter(|(_, clip)| clip.label != Label::Unknown);
        let clips: Vec<TruthClip> = labelled
            .map(|(name, clip)| TruthClip {
                file_name: name.to_owned(),
                is_anomaly: clip.label == Label::Anomalous,
                is_target: clip.domain.map(|_| clip.is_target()),
            })
            .collect();
        if !clips.is_empty() {
            truth.insert((group.machine, group.section), clips);
        }
    }
    truth
}

/// The evaluation as lines for a person, figures in percent.
pub fn evaluation_lines(evaluation: &OfficialEvaluation) -> Vec<String> {
    let percent = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{:.2}", 100.0 * value));
    let mut lines = vec![format!(
        "{:<14} {:<8} {:>7} {:>7} {:>7} {:>7}",
        "machine", "section", "AUC", "source", "target", "pAUC"
    )];
    for machine in &evaluation.machines {
        for SectionEvaluation {
            name,
            auc,
            auc_source,
            auc_target,
            pauc,
            ..
        } in &machine.sections
        {
            let figures = [auc, auc_source, auc_target, pauc].map(|value| format!("{:>7}", percent(*value)));
            lines.push(format!("{:<14} {name:<8} {}", machine.name, figures.join(" ")));
        }
    }
    lines.push(format!("official score {}", percent(evaluation.official_score)));
    lines
}
