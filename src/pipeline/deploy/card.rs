//! The page beside a network that has left: the run's own card, and what is to be known of the files.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::super::held_out::held_out_lines;
use super::super::model_card::{LIMITS, limits};
use super::super::normal_scores::NormalScore;
use super::super::run::CARD_FILE;
use super::{Latency, Run};
use crate::export::OutputKind;
use crate::extractors::Deployment;

/// A page in the making.
pub(super) struct Card(String);

impl Card {
    /// Begins with the run's own card, and what it lacks where an older version wrote it.
    pub(super) fn of(run: &Run, scores: &[NormalScore]) -> Self {
        let recipe = run.recipe.training.recipe;
        let own = std::fs::read_to_string(run.dir.join(CARD_FILE));
        let mut card = own.unwrap_or_else(|_| format!("# {}\n", recipe.title()));
        if !card.contains(LIMITS) {
            card.push_str(&limits(recipe, held_out_lines(&run.dir), scores));
        }
        Self(card)
    }

    pub(super) fn text(self) -> String {
        self.0
    }

    pub(super) fn weights(&mut self, files: &[PathBuf]) {
        let names: Vec<_> = files
            .iter()
            .filter_map(|file| file.file_name())
            .map(|name| name.to_string_lossy())
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "\n## Weights\n\n{}: to be loaded in auscult again.", names.join(", "));
    }

    pub(super) fn network(&mut self, network: &Deployment, lines: &[String], latency: &Latency) {
        let graph = &network.graph;
        let _ = writeln!(self.0, "\n## {}\n\n| | |\n|---|---|", graph.name);
        for (key, value) in &graph.metadata {
            let _ = writeln!(self.0, "| {key} | {} |", value.replace('|', "/"));
        }
        self.0.push('\n');
        for line in lines.iter().chain(&latency.lines()) {
            let _ = writeln!(self.0, "* {}", line.trim());
        }
        if graph.result == OutputKind::Embedding {
            self.0.push_str(
                "\nThe network alone gives no score: a detector must be fitted on the device to embeddings of its own normal clips, \
                 and what the input's scaling takes away (see the normalisation) cannot be heard.\n",
            );
        }
    }
}
