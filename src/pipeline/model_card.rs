//! A page about a run for whoever finds it later.

use std::fmt::Write as _;

use crate::dataset::Dataset;
use crate::extractors::{EpochMetrics, Recipe};
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
