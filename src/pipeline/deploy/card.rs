//! The page beside a network that has left: the run's own card, and what is to be known of the files.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::super::normal_scores::{self, NormalScore};
use super::super::train::CARD_FILE;
use super::{Latency, Run};
use crate::export::OutputKind;
use crate::extractors::Deployment;

/// A page in the making.
pub(super) struct Card(String);

impl Card {
    pub(super) fn of(run: &Run) -> Self {
        let own = std::fs::read_to_string(run.dir.join(CARD_FILE));
        let title = || format!("# {}\n", run.recipe.training.recipe.title());
        Self(own.unwrap_or_else(|_| title()))
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

    pub(super) fn network(&mut self, network: &Deployment, lines: &[String], latency: &Latency, scores: &[NormalScore]) {
        let graph = &network.graph;
        let _ = writeln!(self.0, "\n## {}\n\n| | |\n|---|---|", graph.name);
        for (key, value) in &graph.metadata {
            let _ = writeln!(self.0, "| {key} | {} |", value.replace('|', "/"));
        }
        self.0.push('\n');
        for line in lines.iter().chain(&latency.lines()) {
            let _ = writeln!(self.0, "* {}", line.trim());
        }
        if let (Some(machine), OutputKind::Reconstruction) = (&network.machine, graph.result) {
            let (normal, basis) = normal_scores::of_machine(scores, machine);
            if !normal.is_empty() {
                let mean = normal.iter().sum::<f64>() / normal.len() as f64;
                let largest = normal.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let _ = writeln!(self.0, "* {basis}: {mean:.4} on average, {largest:.4} at most");
            }
        }
        self.0.push_str(match graph.result {
            OutputKind::Reconstruction => {
                "\nKnown weaknesses: the score is the error of redrawing a clip, so that whatever is hard to redraw scores high, \
                 anomalous or not (a louder room, another microphone, speech), and an anomaly that is easy to redraw does not. \
                 Another distance, gain or channel than in training moves all scores: draw the threshold anew on the device from \
                 its own normal clips. The frames of a window that are left over at a clip's end are not heard.\n"
            }
            OutputKind::Embedding => {
                "\nKnown weaknesses: the network alone gives no score. A detector must be fitted on the device to embeddings of \
                 its own normal clips, and what the input's scaling takes away (see the normalisation) cannot be heard.\n"
            }
        });
    }
}
