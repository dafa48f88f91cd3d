//! Embeddings → points on a map.
//!
//! The t-SNE here is Barnes-Hut t-SNE, our own from end to end, because the bhtsne engine sums in an order that depends on its
//! threads (so that no two maps are equal), cannot be stopped, weighs the wrong entries in its KL divergence, and walks its tree
//! once for every point.
//!
//! *Invariant:* knows rows of numbers only, not what they are of. The same rows, settings and seed give the same map
//! (but for the reference engine).

mod affinities;
mod attraction;
mod error;
mod linfa;
mod neighbours;
mod pca;
mod repulsion;
mod tsne;

pub use error::ProjectionError;

use serde::{Deserialize, Serialize};

use crate::progress::Progress;

/// What computes the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionEngine {
    /// Barnes-Hut t-SNE, drawn as it forms.
    #[default]
    Tsne,
    /// linfa-tsne: the reference, slower, shown only when done, not to be stopped, and never quite the same twice (it draws
    /// random numbers of its own in its search for neighbours).
    LinfaTsne,
    /// The first two principal components.
    Pca,
}

/// Settings as scikit-learn names them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProjectionConfig {
    pub engine: ProjectionEngine,
    /// Clamped to 1 … (n − 1) / 3.
    pub perplexity: f32,
    pub n_iterations: usize,
    pub seed: u64,
}

impl Default for ProjectionConfig {
    fn default() -> Self {
        Self {
            engine: ProjectionEngine::Tsne,
            perplexity: 30.0,
            n_iterations: 1000,
            seed: 7,
        }
    }
}

/// A finished or forming map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// One a row of the input.
    pub points: Vec<[f32; 2]>,
    pub iteration: usize,
    /// Kullback-Leibler divergence, where the engine tells it.
    pub kl_divergence: Option<f64>,
}

/// Fewer rows have no neighbourhoods to keep.
const MIN_ROWS: usize = 4;

/// Places `rows` (`[n, n_features]`) on a map; `on_layout` sees it form, at most some 15 times a second.
///
/// # Errors
/// Where there are fewer than 4 rows, values that are not finite, or the wish to stop.
pub fn project_embeddings(
    config: &ProjectionConfig,
    rows: &[f32],
    n_features: usize,
    progress: &mut dyn Progress,
    on_layout: &mut dyn FnMut(Layout),
) -> Result<Layout, ProjectionError> {
    let n_rows = rows.len().checked_div(n_features).unwrap_or(0);
    if n_rows < MIN_ROWS {
        return Err(ProjectionError::TooFewRows {
            needed: MIN_ROWS,
            found: n_rows,
        });
    }
    if n_rows * n_features != rows.len() {
        return Err(ProjectionError::Engine {
            reason: format!("{} values are no whole number of rows of {n_features}", rows.len()),
        });
    }
    if rows.iter().any(|value| !value.is_finite()) {
        return Err(ProjectionError::NotFinite);
    }
    progress.step(0, 1)?;
    let largest = (n_rows - 1) as f64 / 3.0;
    let perplexity = f64::from(config.perplexity).max(1.0).min(largest);
    let columns = pca::centred(rows, n_features);
    match config.engine {
        ProjectionEngine::Tsne => tsne::run(config, perplexity, &columns, progress, on_layout),
        ProjectionEngine::LinfaTsne => linfa::run(config, perplexity, &columns, progress),
        ProjectionEngine::Pca => {
            let points = pca::principal_components(&columns)
                .into_iter()
                .map(|[x, y]| [x as f32, y as f32])
                .collect();
            Ok(Layout {
                points,
                iteration: 0,
                kl_divergence: None,
            })
        }
    }
}
