//! A trained model from elsewhere becomes a run again: a run's folder, or a file of weights with its settings beside it.

use std::path::{Path, PathBuf};

use super::held_out::HELD_OUT_FILE;
use super::normal_scores::NORMAL_SCORES_FILE;
use super::run::{CARD_FILE, LOG_FILE, METRICS_FILE, RECIPE_FILE};
use super::{PipelineError, load_run};
use crate::project::RunRecipe;

/// What of a run's folder goes with it; the recipe last, because a folder that has it is whole.
const FILES: [&str; 5] = [CARD_FILE, METRICS_FILE, LOG_FILE, HELD_OUT_FILE, NORMAL_SCORES_FILE];

/// Where a trained model lies.
#[derive(Debug)]
struct Model {
    recipe: RunRecipe,
    config: PathBuf,
    /// Absent where the recipe is not trained.
    weights: Option<PathBuf>,
    /// Further files of the run.
    others: Vec<PathBuf>,
}

/// Copies a trained model into a new folder below `runs` and opens it there, so that what does not fit is found now. `source` is
/// a run's folder, or a `.safetensors` file with `recipe.json` or a file of its own name that ends in `.json` beside it; `name_of`
/// names the run after its recipe. Returns the name and the recipe.
///
/// # Errors
/// Where the source holds no trained model or it does not fit its settings, naming the file and the way out; nothing is left
/// behind then.
pub fn adopt(source: &Path, runs: &Path, name_of: impl FnOnce(&str) -> String) -> Result<(String, RunRecipe), PipelineError> {
    let model = find(source)?;
    let name = name_of(model.recipe.training.recipe.name());
    let place = runs.join(&name);
    // Opened where it is copied to first: what does not fit never becomes a run.
    let copy = place.with_extension("loading");
    let taken = copy_to(&model, &copy)
        .and_then(|()| {
            load_run(&copy)
                .map(drop)
                .map_err(|error| unfit(source, &copy, &model, &error))
        })
        .and_then(|()| std::fs::rename(&copy, &place).map_err(|error| PipelineError::io(&place, error)));
    if taken.is_err() {
        // It is ours alone, and what went wrong before is what is told.
        std::fs::remove_dir_all(&copy).ok();
    }
    taken.map(|()| (name, model.recipe))
}

fn refused(path: &Path, reason: impl Into<String>) -> PipelineError {
    PipelineError::NoModel {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

fn find(source: &Path) -> Result<Model, PipelineError> {
    if !source.exists() {
        return Err(refused(source, "it is not there"));
    }
    let is_weights = source
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("safetensors"));
    let is_recipe = source.file_name().is_some_and(|name| name == RECIPE_FILE);
    let folder = if source.is_dir() {
        source
    } else if is_weights || is_recipe {
        source.parent().unwrap_or(Path::new(""))
    } else {
        return Err(refused(source, "it is neither a folder nor a .safetensors file"));
    };
    let own_config = source.with_extension("json");
    let config = if is_weights && own_config.is_file() {
        own_config.clone()
    } else {
        folder.join(RECIPE_FILE)
    };
    let json = std::fs::read(&config).map_err(|_| {
        let beside = if is_weights {
            format!(
                "neither {} nor {RECIPE_FILE} lies beside it",
                own_config.file_name().unwrap_or_default().display()
            )
        } else {
            format!("it has no {RECIPE_FILE}, which a finished training leaves")
        };
        refused(source, beside)
    })?;
    let recipe: RunRecipe = serde_json::from_slice(&json).map_err(|source| PipelineError::BadRun {
        path: config.clone(),
        reason: source.to_string(),
    })?;
    let weights = if is_weights {
        Some(source.to_owned())
    } else {
        let usual = folder.join(weights_name(&recipe));
        recipe.training.recipe.is_trained().then_some(usual)
    };
    if let Some(missing) = weights.as_ref().filter(|weights| !weights.is_file()) {
        return Err(refused(missing, "the weights are not there"));
    }
    // Beside a file of weights may lie what belongs to others.
    let is_run = config.file_name().is_some_and(|name| name == RECIPE_FILE);
    let others = FILES
        .iter()
        .map(|name| folder.join(name))
        .filter(|file| is_run && file.is_file());
    Ok(Model {
        recipe,
        others: others.collect(),
        config,
        weights,
    })
}

fn weights_name(recipe: &RunRecipe) -> String {
    format!("{}.safetensors", recipe.training.recipe.name())
}

fn copy_to(model: &Model, folder: &Path) -> Result<(), PipelineError> {
    std::fs::create_dir_all(folder).map_err(|source| PipelineError::io(folder, source))?;
    let copy = |from: &Path, name: &Path| {
        let copied = std::fs::copy(from, folder.join(name));
        copied.map(drop).map_err(|source| PipelineError::io(from, source))
    };
    for file in &model.others {
        copy(file, Path::new(file.file_name().unwrap_or_default()))?;
    }
    if let Some(weights) = &model.weights {
        copy(weights, Path::new(&weights_name(&model.recipe)))?;
    }
    copy(&model.config, Path::new(RECIPE_FILE))
}

/// An error of the copy, said of what it was copied from.
fn unfit(source: &Path, copy: &Path, model: &Model, error: &PipelineError) -> PipelineError {
    let text = error.to_string();
    let own = model.weights.as_deref().unwrap_or(source);
    let weights = copy.join(weights_name(&model.recipe)).display().to_string();
    let copied = copy.display().to_string();
    let text = text
        .replace(&weights, &own.display().to_string())
        .replace(&copied, &source.display().to_string());
    refused(source, text)
}
