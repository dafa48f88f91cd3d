//! The main job on synthetic machines, without a window: data, training, detectors, figures, report.

use std::path::Path;

use super::commands::{self, Judged};
use super::output::print;
use super::progress::StderrProgress;
use crate::app;
use crate::dataset::{self, ScanOptions, SyntheticConfig};
use crate::extractors::{Recipe, TrainingConfig};
use crate::pipeline;
use crate::project::RunRecipe;

/// Runs the demo below `out` and prints the path of the report last.
pub(super) fn demo(out: &Path, quick: bool) -> anyhow::Result<()> {
    let data = out.join("recordings");
    let config = if quick {
        SyntheticConfig {
            n_clips: 60,
            clip_secs: 5.0,
            ..SyntheticConfig::default()
        }
    } else {
        SyntheticConfig::default()
    };
    dataset::write_synthetic(&data, &config, &mut StderrProgress::new("Making recordings"))?;
    let dataset = dataset::scan(&data, ScanOptions::default(), &mut StderrProgress::new("Reading headers"))?;
    let mut judged: Vec<Judged> = Vec::new();
    for recipe in [Recipe::PooledLogMel, Recipe::DenseAe] {
        let training = TrainingConfig {
            n_epochs: if quick { 2 } else { 5 },
            ..TrainingConfig::published(recipe)
        };
        let recipe = RunRecipe {
            training,
            machines: Vec::new(),
            sections: Vec::new(),
        };
        let run_dir = out.join("runs").join(recipe.training.recipe.name());
        let run = pipeline::train(&dataset, &recipe, &run_dir, &mut StderrProgress::new("Training"))?;
        judged.push(commands::judge_run(run, dataset.clone())?);
    }
    for one in &judged {
        print(one.run.recipe.training.recipe.title())?;
        pipeline::summary_lines(&one.comparison.summary())
            .iter()
            .try_for_each(|line| print(line))?;
    }
    let mut workbenches: Vec<_> = judged.into_iter().map(Judged::workbench).collect();
    let page = app::write_report(
        &mut workbenches,
        &out.join("report"),
        &mut StderrProgress::new("Drawing figures"),
    )?;
    print(&format!("report: {}", page.display()))
}
