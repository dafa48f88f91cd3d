//! A page about a run for whoever finds it later.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::normal_scores::{self, NormalScore};
use crate::dataset::Dataset;
use crate::extractors::{EpochMetrics, OwnScore, Recipe};
use crate::project::RunRecipe;

/// What was trained, on what, how, and what it must not be used for; Markdown.
pub(super) fn model_card(dataset: &Dataset, recipe: &RunRecipe, n_training_clips: usize, epochs: &[EpochMetrics]) -> String {
    let training = &recipe.training;
    let mut card = format!("# {}\n\n{}.\n\n", training.recipe.title(), training.recipe.description());
    let machines = if recipe.machines.is_empty() {
        dataset.machines()
    } else {
        recipe.machines.clone()
    };
    let mut row = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(card, "| {name} | {value} |");
    };
    row("setting", "value".to_owned());
    row("---", "---".to_owned());
    row("recipe", training.recipe.name().to_owned());
    if let Some(detector) = training.recipe.published_detector() {
        row("published with the detector", detector.to_owned());
    }
    row("machines", machines.join(", "));
    row(
        "sections",
        if recipe.sections.is_empty() {
            "all".to_owned()
        } else {
            recipe.sections.join(", ")
        },
    );
    row("normal training clips", n_training_clips.to_string());
    row("channel of recordings with several", recipe.channel(dataset).to_string());
    row("data fingerprint", dataset.fingerprint());
    row("data layout", dataset.layout.name().to_owned());
    if training.recipe.is_trained() {
        row("epochs", training.n_epochs.to_string());
        row("batch", training.batch_size.to_string());
        row("learning rate", training.learning_rate.to_string());
        row("seed", training.seed.to_string());
        row("device", training.device.name().to_owned());
    }
    if training.recipe == Recipe::MobileAnoNet {
        let own = &training.mobileanonet;
        row("segments a clip and epoch", training.segments_per_clip.to_string());
        row(
            "segments",
            if own.has_fixed_segments {
                "fixed"
            } else {
                "drawn anew each epoch"
            }
            .to_owned(),
        );
        row("loss", own.loss.name().to_owned());
        row("condition loss averaged by", own.averaging.name().to_owned());
        row("weight of the centre loss", own.centre_weight.to_string());
        row("batch norm after the machine's classifier", own.has_machine_norm.to_string());
        row("input", own.input.name().to_owned());
        row("weight decay", own.weight_decay.to_string());
        row("learning rate decay", own.learning_rate_decay.to_string());
    }
    if training.recipe == Recipe::OutlierNet {
        let cost = training.genome.cost();
        row("design", training.genome.to_string());
        row("parameters", cost.n_parameters.to_string());
        row("kilobytes in float32", format!("{:.1}", cost.kilobytes()));
        row("multiply-adds a window", cost.n_multiply_adds.to_string());
    }
    if matches!(training.recipe, Recipe::CaeMcs | Recipe::OutlierNet) {
        row(
            "frames between windows that are learned from",
            training.window_hop.to_string(),
        );
        row("frames between windows that are scored", training.segment_hop.to_string());
    }
    if training.recipe == Recipe::GwrpGmm {
        row("decay of the ranking pooling", training.ranking_decay.to_string());
    }
    if let Some(last) = epochs.last() {
        row("last training loss", format!("{:.6}", last.train_loss));
        if let Some(loss) = last.validation_loss {
            row("last loss on held-out clips", format!("{loss:.6}"));
        }
    }
    if let Some(last) = epochs.last() {
        for figure in last.figures.iter().filter(|figure| figure.is_held_out) {
            row(
                &format!("last {} on held-out clips", figure.name),
                format!("{:.4}", figure.value),
            );
        }
    }
    row("program", format!("auscult {}", env!("CARGO_PKG_VERSION")));
    card.push_str("\nTrained on normal clips only; no test clip and no anomaly was seen. Scores compare clips of one machine with each other;\n");
    card.push_str("they are not probabilities, and a machine that was not trained on cannot be judged.\n");
    let warning = training.mobileanonet.input.warning();
    if let Some(warning) = warning.filter(|_| training.recipe == Recipe::MobileAnoNet) {
        let _ = writeln!(card, "\n**{}**: {warning}.", training.mobileanonet.input.title());
    }
    card
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
