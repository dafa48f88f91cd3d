//! Scores and decisions on disk, in the DCASE form and as JSON; and their evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Comparison, GroupComparison, PipelineError};
use crate::dataset::{self, Dataset, DatasetError, Label, Layout, MachineSection, ScanOptions, Split};
use crate::detectors::DetectorKind;
use crate::evaluation::{
    self, EvaluationError, EvaluationOptions, FileSubject, MeanFigures, Means, Naming, OfficialEvaluation, SectionEvaluation,
    ThresholdRule, Truth, TruthClip,
};
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
    /// In words.
    threshold_basis: String,
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
    let fitted = |group: &GroupComparison| {
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
        let threshold = evaluation::threshold(rule, &comparison.threshold_scores(group, result));
        paths.extend(write_section(dataset, group, (&result.test_scores, threshold), out)?);
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
            threshold_basis: comparison.threshold_basis(group).to_string(),
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

/// The files of one section: scores, and decisions where there is a threshold.
fn write_section(
    dataset: &Dataset,
    group: &GroupComparison,
    (scores, threshold): (&[f64], Option<f64>),
    out: &Path,
) -> Result<Vec<PathBuf>, PipelineError> {
    let mut paths = Vec::new();
    let names = clip_names(dataset, &group.test_clips);
    for subject in subjects(dataset, &group.group, &group.test_clips) {
        let is_about = |clip: usize| {
            subject
                .is_target
                .is_none_or(|is_target| dataset.clips[clip].is_target() == is_target)
        };
        let clips = group.test_clips.iter().zip(&names).zip(scores);
        let scored = || {
            let of_file = clips.clone().filter(|((clip, _), _)| is_about(**clip));
            of_file.map(|((_, name), &score)| (*name, score))
        };
        paths.push(evaluation::write_scores(out, &subject, scored())?);
        if let Some(threshold) = threshold {
            let decided = scored().map(|(name, score)| (name, score >= threshold));
            paths.push(evaluation::write_decisions(out, &subject, decided)?);
        }
    }
    Ok(paths)
}

/// The files that the evaluator of the data set's year reads for one section.
fn subjects(dataset: &Dataset, group: &MachineSection, clips: &[usize]) -> Vec<FileSubject> {
    let section = FileSubject::section(&group.machine, &group.section);
    let has_domains = clips.iter().all(|&clip| dataset.clips[clip].domain.is_some());
    match dataset.layout {
        Layout::Dcase2020 => vec![FileSubject {
            naming: Naming::Id,
            ..section
        }],
        Layout::Dcase2021 if has_domains => {
            let has_clip = |is_target: &bool| clips.iter().any(|&clip| dataset.clips[clip].is_target() == *is_target);
            let of_domain = |is_target| FileSubject {
                is_target: Some(is_target),
                ..section.clone()
            };
            [false, true].into_iter().filter(has_clip).map(of_domain).collect()
        }
        _ => vec![section],
    }
}

/// Makes the folder, and takes the score files of an earlier run out of it: its other sections would be evaluated along with ours.
fn clear_folder(out: &Path) -> Result<(), PipelineError> {
    let io = |source| PipelineError::io(out, source);
    std::fs::create_dir_all(out).map_err(io)?;
    for entry in std::fs::read_dir(out).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if FileSubject::is_score_file(&name) && path.is_file() {
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

/// Evaluates score files by the official rules against DCASE truth files and, for sections that these leave out, labelled recordings.
///
/// # Errors
/// Where a file cannot be read, a clip has no score, or nothing matches.
pub fn evaluate(
    scores: &Path,
    truth: &Path,
    options: EvaluationOptions,
    progress: &mut dyn Progress,
) -> Result<OfficialEvaluation, PipelineError> {
    let mut known = match evaluation::read_truth(truth) {
        Err(EvaluationError::NothingToEvaluate { .. }) => Truth::new(),
        truth => truth?,
    };
    match dataset::scan(truth, ScanOptions::default(), progress) {
        Ok(dataset) => {
            for (group, clips) in labelled_truth(&dataset) {
                known.entry(group).or_insert(clips);
            }
        }
        Err(DatasetError::Cancelled(cancelled)) => return Err(cancelled.into()),
        // A folder of truth files alone.
        Err(_) => {}
    }
    if known.is_empty() {
        return Err(EvaluationError::NothingToEvaluate { path: truth.to_owned() }.into());
    }
    let evaluation = evaluation::evaluate_files(scores, &known, options)?;
    for note in &evaluation.notes {
        progress.log(note);
    }
    // Leaving out a bad section would raise the score: it must not pass unsaid.
    let is_evaluated = |machine: &str, section: &str| {
        let of_machine = evaluation.machines.iter().filter(|evaluated| evaluated.name == machine);
        let mut sections = of_machine.flat_map(|evaluated| &evaluated.sections);
        sections.any(|evaluated| evaluated.name == section)
    };
    let left_out: Vec<String> = known
        .keys()
        .filter(|(machine, section)| !is_evaluated(machine, section))
        .map(|(machine, section)| format!("{machine} {section}"))
        .collect();
    if let Some(line) = left_out_line(&left_out, scores) {
        progress.log(&line);
    }
    Ok(evaluation)
}

fn left_out_line(left_out: &[String], scores: &Path) -> Option<String> {
    let scores = scores.display();
    match left_out {
        [] => None,
        [one] => Some(format!("{one} has no score file below {scores} and is left out of the score")),
        [first, ..] => Some(format!(
            "{} sections have no score file below {scores} and are left out of the score: {first} to {}",
            left_out.len(),
            left_out[left_out.len() - 1]
        )),
    }
}

/// Writes the evaluation as the official evaluator of its year would have, named after the folder of the scores; returns its path.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_evaluation(scores: &Path, evaluation: &OfficialEvaluation, out: &Path) -> Result<PathBuf, PipelineError> {
    let place = std::path::absolute(scores).unwrap_or_else(|_| scores.to_owned());
    let system = place
        .file_stem()
        .map_or_else(|| "scores".into(), |name| name.to_string_lossy());
    Ok(evaluation::write_result(out, &system, evaluation)?)
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
                labelled_name: None,
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
    let mut lines = vec![
        format!("rules of {}", evaluation.rules.name()),
        line(
            "machine",
            "section",
            ["AUC", "source", "target", "pAUC", "precision", "recall", "F1"],
        ),
    ];
    for machine in &evaluation.machines {
        for section in &machine.sections {
            let SectionEvaluation {
                auc,
                auc_source,
                auc_target,
                pauc,
                ..
            } = section;
            let [precision, recall, f1] = both_domains(section);
            let figures = [*auc, *auc_source, *auc_target, *pauc].map(percent);
            let [a, b, c, d] = &figures;
            lines.push(line(&machine.name, &section.name, [a, b, c, d, &precision, &recall, &f1]));
        }
    }
    let mean_line = |name: &str, which: &str, means: &MeanFigures| {
        let MeanFigures {
            auc,
            pauc,
            precision,
            recall,
            f1,
        } = means;
        let [a, b, c, d, e] = [*auc, *pauc, *precision, *recall, *f1].map(percent);
        line(name, which, [&a, "", "", &b, &c, &d, &e])
    };
    let mean_lines = |name: &str, means: &Means| {
        let of_domains = [("source", means.harmonic_source), ("target", means.harmonic_target)];
        let mut lines = vec![
            mean_line(name, "mean", &means.arithmetic),
            mean_line(name, "hmean", &means.harmonic),
        ];
        lines.extend(
            of_domains
                .iter()
                .filter_map(|(domain, means)| Some(mean_line(name, domain, &(*means)?))),
        );
        lines
    };
    for machine in evaluation.machines.iter().filter(|machine| machine.sections.len() > 1) {
        lines.extend(mean_lines(&machine.name, &machine.means));
    }
    lines.extend(mean_lines("all", &evaluation.means));
    lines.push(format!("official score {}", percent(evaluation.official_score)));
    if let Some(ci95) = evaluation.evaluator_2022_ci95 {
        lines.push(format!(
            "official score ci95 {ci95:e} as the evaluator of 2022 prints it: not a confidence interval, too small by the number of clips"
        ));
    }
    lines
}

fn line(machine: &str, section: &str, figures: [&str; 7]) -> String {
    let [auc, source, target, pauc, precision, recall, f1] = figures;
    let aucs = format!("{auc:>7} {source:>7} {target:>7} {pauc:>7}");
    format!("{machine:<14} {section:<8} {aucs} {precision:>13} {recall:>13} {f1:>13}")
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.2}", 100.0 * value))
}

/// Precision, recall and F1: of the source and the target domain, or of all clips where there are no domains.
fn both_domains(section: &SectionEvaluation) -> [String; 3] {
    let of_domains = [
        [section.precision_source, section.precision_target],
        [section.recall_source, section.recall_target],
        [section.f1_source, section.f1_target],
    ];
    let of_all = [section.precision, section.recall, section.f1];
    std::array::from_fn(|figure| match of_domains[figure] {
        [None, None] => percent(of_all[figure]),
        [source, target] => format!("{}/{}", percent(source), percent(target)),
    })
}
