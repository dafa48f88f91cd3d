//! Embeddings → points on a map.
//!
//! *Invariant:* knows rows of numbers only, not what they are of. The same rows, settings and seed give the same map.

mod error;

pub use error::ProjectionError;

use serde::{Deserialize, Serialize};

use crate::progress::Progress;

/// What computes the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionEngine {
    /// bhtsne: the current Barnes-Hut engine, drawn as it forms.
    #[default]
    Tsne,
    /// linfa-tsne: the reference, slower, shown only when done.
    LinfaTsne,
    /// The first two principal components.
    Pca,
}

/// Settings as scikit-learn names them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProjectionConfig {
    pub engine: ProjectionEngine,
    /// Clamped to (n − 1) / 3.
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

/// Places `rows` (`[n, n_features]`) on a map; `on_layout` sees it form, at most some 15 times a second.
///
/// # Errors
/// Where there are fewer than 4 rows, values that are not finite, or the wish to stop.
pub fn project_embeddings(
    _config: &ProjectionConfig,
    _rows: &[f32],
    _n_features: usize,
    _progress: &mut dyn Progress,
    _on_layout: &mut dyn FnMut(Layout),
) -> Result<Layout, ProjectionError> {
    unimplemented!()
}
