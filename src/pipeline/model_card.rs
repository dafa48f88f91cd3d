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
        row("segments a clip and epoch", training.segments_per_clip.to_string());
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
    row("program", format!("auscult {}", env!("CARGO_PKG_VERSION")));
    card.push_str("\nTrained on normal clips only; no test clip and no anomaly was seen. Scores compare clips of one machine with each other;\n");
    card.push_str("they are not probabilities, and a machine that was not trained on cannot be judged.\n");
    card
}
