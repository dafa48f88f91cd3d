//! Captions that say what is drawn, from what, and what it is worth.

use super::clip::ClipTask;
use crate::app::{DesignQuantity, ExplorationView, MapColor, MatrixMetric, Separation, Workbench, spectrogram_words};
use crate::dataset::MachineSection;
use crate::figures::{HistogramFigure, LossFigure, MapFigure, RocFigure, Table};
use crate::pipeline::LabelUse;
use crate::project::{DetectorChoice, RunRecipe};

pub(super) fn spectrogram(clip: &str, task: &ClipTask) -> String {
    let part = match task.time_secs {
        Some([start, end]) => format!(", {start:.2} to {end:.2} s"),
        None => String::new(),
    };
    let band = match task.frequency_hz {
        Some([low, high]) => format!(", {low:.0} to {high:.0} Hz"),
        None => String::new(),
    };
    format!(
        "Spectrogram of {clip}{part}{band}: {}. Levels in dB of full scale, {}.",
        spectrogram_words(task.picture.spectrogram),
        task.picture.look.level.title()
    )
}

pub(super) fn roc(workbench: &Workbench, group: &MachineSection, figure: &RocFigure, shows_intervals: bool) -> String {
    let intervals = if shows_intervals {
        ", in brackets 95 % bootstrap intervals"
    } else {
        ""
    };
    format!(
        "ROC curves of {} detectors on {}. Shaded: the false positive rates up to {} that the pAUC is of{intervals}. {}",
        figure.curves.len(),
        clips(workbench, group),
        figure.pauc_max_fpr,
        in_use(workbench, group)
    )
}

pub(super) fn histogram(workbench: &Workbench, group: &MachineSection, figure: &HistogramFigure) -> String {
    let unknown = match figure.unknown.len() {
        0 => String::new(),
        n => format!(", {n} without a label"),
    };
    let threshold = if figure.threshold.is_some() {
        " The line is the threshold in use."
    } else {
        ""
    };
    format!(
        "Anomaly scores of {}{unknown}.{threshold} {}",
        clips(workbench, group),
        in_use(workbench, group)
    )
}

pub(super) fn matrix(workbench: &Workbench, metric: MatrixMetric, table: &Table) -> String {
    let run = workbench.project.active_run.as_deref().unwrap_or("the run in use");
    let definition = first_small(metric.definition());
    format!("{} {}: {definition}. Run {run}.", table.caption, metric.title())
}

pub(super) fn map(workbench: &Workbench, figure: &MapFigure, color: MapColor) -> String {
    let config = workbench.project.map;
    let marks = if figure.points.iter().any(|point| point.is_anomaly) {
        " Black crosses: anomalies."
    } else {
        ""
    };
    let open = if figure.points.iter().any(|point| point.is_target) {
        " Open marks: target domain."
    } else {
        ""
    };
    format!(
        "Map of {} clips (t-SNE, perplexity {}, seed {}), coloured by {}.{open}{marks} Sizes of clusters and gaps between them are \
         not evidence; near neighbours are.",
        figure.points.len(),
        config.perplexity,
        config.seed,
        color.title().to_lowercase()
    )
}

pub(super) fn loss(run: &str, recipe: &RunRecipe, figure: &LossFigure) -> String {
    let n_epochs = figure.curves.iter().map(|curve| curve.1.len()).max().unwrap_or(0);
    format!("Loss of {run} ({}) over {n_epochs} epochs.", recipe.training.recipe.title())
}

pub(super) fn trade_off(view: &ExplorationView, (x, y): (DesignQuantity, DesignQuantity)) -> String {
    format!(
        "Designs of the search {} for {}: {} over {}, judged by {}. The line joins those that no other one beats in both. {}: {}.",
        view.name,
        view.exploration.settings.group,
        y.title(),
        x.title(),
        view.exploration.settings.judged_by.title(),
        y.title(),
        first_small(y.definition())
    )
}

pub(super) fn best(view: &ExplorationView) -> String {
    format!(
        "NetScore of the designs of the search {} for {} in the order in which they were bred, with the best so far; judged by {}.",
        view.name,
        view.exploration.settings.group,
        view.exploration.settings.judged_by.title()
    )
}

pub(super) fn separation(view: &ExplorationView, trial: usize, found: &Separation) -> String {
    format!(
        "Scores of design {trial} of the search {} for {} on the clips that it was judged by ({}): {} of {} normal ones above the \
         threshold, {} of {} anomalous ones below.",
        view.name,
        view.exploration.settings.group,
        view.exploration.settings.judged_by.title(),
        found.n_false_alarms,
        found.n_normal,
        found.missed.len(),
        found.n_anomalous
    )
}

/// `40 normal and 40 anomalous test clips of fan 00`.
fn clips(workbench: &Workbench, group: &MachineSection) -> String {
    use crate::dataset::Label;
    let test_clips = workbench.shown_group(group).map_or(&[][..], |shown| &shown.test_clips);
    let count = |label: Label| {
        test_clips
            .iter()
            .filter(|&&clip_idx| workbench.label(clip_idx) == label)
            .count()
    };
    let half = if workbench.project.choice == DetectorChoice::OtherHalf {
        " (the half that did not choose)"
    } else {
        ""
    };
    format!(
        "{} normal and {} anomalous test clips of {group}{half}",
        count(Label::Normal),
        count(Label::Anomalous)
    )
}

/// The detector in use with the labels that the choice rests on: a figure must not lose its badge on the way out.
fn in_use(workbench: &Workbench, group: &MachineSection) -> String {
    let (detector, label_use) = workbench.detector(group);
    let rests_on = match label_use {
        LabelUse::None => "no labels used",
        LabelUse::PersonSawTestLabels => "chosen seeing test labels: optimistic",
        LabelUse::OtherHalf => "chosen on the other half of the labels",
        LabelUse::Oracle => "best on these very labels, as in the paper: an upper bound, not a result",
    };
    let run = workbench.project.active_run.as_deref().unwrap_or_default();
    format!("In use: {} ({rests_on}). Run {run}.", detector.title())
}

fn first_small(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + letters.as_str()
    })
}
