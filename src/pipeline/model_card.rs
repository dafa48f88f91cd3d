//! A page about a run for whoever finds it later.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use super::normal_scores::{self, NormalScore};
use crate::dataset::Dataset;
use crate::extractors::{EpochMetrics, OwnScore, Recipe, TrainingConfig};
use crate::project::RunRecipe;

/// What was trained, on what, how, and what it must not be used for; Markdown.
pub(super) fn model_card(dataset: &Dataset, recipe: &RunRecipe, n_training_clips: usize, epochs: &[EpochMetrics]) -> String {
    let training = &recipe.training;
    let mut rows = vec![row("setting", &"value"), row("---", &"---")];
    rows.extend(of_data(dataset, recipe, n_training_clips));
    rows.extend(of_training(training));
    rows.extend(epochs.last().map(of_last_epoch).unwrap_or_default());
    rows.push(row("program", &format!("auscult {}", env!("CARGO_PKG_VERSION"))));
    let mut card = format!("# {}\n\n{}.\n\n", training.recipe.title(), training.recipe.description());
    for (name, value) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(card, "| {name} | {value} |");
    }
    card.push_str("\nTrained on normal clips only; no test clip and no anomaly was seen. Scores compare clips of one machine with each other;\n");
    card.push_str("they are not probabilities, and a machine that was not trained on cannot be judged.\n");
    let warning = training.mobileanonet.input.warning();
    if let Some(warning) = warning.filter(|_| training.recipe == Recipe::MobileAnoNet) {
        let _ = writeln!(card, "\n**{}**: {warning}.", training.mobileanonet.input.title());
    }
    card
}

/// A setting and its value.
type Row = (String, String);

fn row(name: &str, value: &dyn Display) -> Row {
    (name.to_owned(), value.to_string())
}

/// What was trained, and on what.
fn of_data(dataset: &Dataset, recipe: &RunRecipe, n_training_clips: usize) -> Vec<Row> {
    let all = dataset.machines();
    let machines = if recipe.machines.is_empty() { &all } else { &recipe.machines };
    let sections = if recipe.sections.is_empty() {
        "all".to_owned()
    } else {
        recipe.sections.join(", ")
    };
    let detector = recipe.training.recipe.published_detector();
    let mut rows = vec![row("recipe", &recipe.training.recipe.name())];
    rows.extend(detector.map(|detector| row("published with the detector", &detector)));
    rows.extend([
        row("machines", &machines.join(", ")),
        row("sections", &sections),
        row("normal training clips", &n_training_clips),
        row("channel of recordings with several", &recipe.channel(dataset)),
        row("data fingerprint", &dataset.fingerprint()),
        row("data layout", &dataset.layout.name()),
    ]);
    rows
}

/// How it was trained: what the recipe knows of the settings.
fn of_training(training: &TrainingConfig) -> Vec<Row> {
    let mut rows = Vec::new();
    if training.recipe.is_trained() {
        rows.extend([
            row("epochs", &training.n_epochs),
            row("batch", &training.batch_size),
            row("learning rate", &training.learning_rate),
            row("seed", &training.seed),
            row("device", &training.device.name()),
        ]);
    }
    match training.recipe {
        Recipe::MobileAnoNet => rows.extend(of_mobileanonet(training)),
        Recipe::OutlierNet => {
            let cost = training.genome.cost();
            rows.extend([
                row("design", &training.genome),
                row("parameters", &cost.n_parameters),
                row("kilobytes in float32", &format!("{:.1}", cost.kilobytes())),
                row("multiply-adds a window", &cost.n_multiply_adds),
            ]);
        }
        Recipe::GwrpGmm => rows.push(row("decay of the ranking pooling", &training.ranking_decay)),
        _ => {}
    }
    if matches!(training.recipe, Recipe::CaeMcs | Recipe::OutlierNet) {
        rows.extend([
            row("frames between windows that are learned from", &training.window_hop),
            row("frames between windows that are scored", &training.segment_hop),
        ]);
    }
    rows
}

fn of_mobileanonet(training: &TrainingConfig) -> [Row; 9] {
    let own = &training.mobileanonet;
    let segments = if own.has_fixed_segments {
        "fixed"
    } else {
        "drawn anew each epoch"
    };
    [
        row("segments a clip and epoch", &training.segments_per_clip),
        row("segments", &segments),
        row("loss", &own.loss.name()),
        row("condition loss averaged by", &own.averaging.name()),
        row("weight of the centre loss", &own.centre_weight),
        row("batch norm after the machine's classifier", &own.has_machine_norm),
        row("input", &own.input.name()),
        row("weight decay", &own.weight_decay),
        row("learning rate decay", &own.learning_rate_decay),
    ]
}

/// What came of it.
fn of_last_epoch(last: &EpochMetrics) -> Vec<Row> {
    let mut rows = vec![row("last training loss", &format!("{:.6}", last.train_loss))];
    let loss = last.validation_loss;
    rows.extend(loss.map(|loss| row("last loss on held-out clips", &format!("{loss:.6}"))));
    let figures = last.figures.iter().filter(|figure| figure.is_held_out);
    rows.extend(figures.map(|figure| {
        let name = format!("last {} on held-out clips", figure.name);
        row(&name, &format!("{:.4}", figure.value))
    }));
    rows
}

/// The heading that [`limits`] begins with.
pub(super) const LIMITS: &str = "## Split, scores and known weaknesses";

/// What the run was held against, and what it must not be trusted with; the second half of its card.
pub(super) fn limits(recipe: Recipe, n_held_out: usize, scores: &[NormalScore]) -> String {
    let mut text = format!("\n{LIMITS}\n\n");
    if recipe.is_trained() {
        let _ = writeln!(
            text,
            "{n_held_out} normal training clips were held out from training, whole; the others were learned from. No weight was \
             learned from a test clip."
        );
    }
    let sections: BTreeSet<String> = scores
        .iter()
        .map(|score| format!("{} {}", score.machine, score.section))
        .collect();
    for section in sections {
        let (normal, basis) = normal_scores::of_network(scores, &section);
        let mean = normal.iter().sum::<f64>() / normal.len().max(1) as f64;
        let largest = normal.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let _ = writeln!(
            text,
            "\n* {section}, residual: {mean:.6} on average and {largest:.6} at most: {basis}"
        );
    }
    text.push_str(
        "\nKnown weaknesses: another distance, gain, channel or room than in training moves all scores: then draw thresholds\n",
    );
    text.push_str(
        "anew from normal clips of that place. How well anomalies are found is not known before labelled test clips say so.\n",
    );
    if recipe.own_scores().first() == Some(&OwnScore::Residual) {
        text.push_str(
            "The score is the error of redrawing a clip: whatever is hard to redraw scores high, anomalous or not, and an\n",
        );
        text.push_str("anomaly that is easy to redraw, such as a tone that only becomes weaker, does not.\n");
    }
    text
}
