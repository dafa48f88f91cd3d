//! The reference t-SNE of linfa: one thread, no live view, not to be stopped.

use linfa::traits::Transformer;
use linfa_tsne::TSneParams;
use nalgebra::DMatrix;
use ndarray::Array2;
use ndarray_rand::rand::{SeedableRng, rngs::SmallRng};

use super::{Layout, ProjectionConfig, ProjectionError};
use crate::progress::Progress;

/// Places the columns of `columns` (`n_features × n`, centred).
pub(super) fn run(
    config: &ProjectionConfig,
    perplexity: f64,
    columns: &DMatrix<f64>,
    progress: &mut dyn Progress,
) -> Result<Layout, ProjectionError> {
    let engine = |reason: String| ProjectionError::Engine { reason };
    // The engine divides by the largest value.
    if columns.amax() == 0.0 {
        return Err(engine("all embeddings are the same".to_owned()));
    }
    let (n_features, n_rows) = columns.shape();
    let rows =
        Array2::from_shape_vec((n_rows, n_features), columns.as_slice().to_vec()).map_err(|error| engine(error.to_string()))?;
    let settings = TSneParams::embedding_size_with_rng(2, SmallRng::seed_from_u64(config.seed))
        .perplexity(perplexity)
        .max_iter(config.n_iterations);
    // On some degenerate rows the engine panics instead of refusing.
    let map = std::panic::catch_unwind(|| settings.transform(rows))
        .map_err(|_| engine("it broke down on these embeddings".to_owned()))?
        .map_err(|error| engine(error.to_string()))?;
    progress.step(1, 1)?;
    if map.iter().any(|value| !value.is_finite()) {
        return Err(engine("the map ran away".to_owned()));
    }
    Ok(Layout {
        points: map.outer_iter().map(|point| [point[0] as f32, point[1] as f32]).collect(),
        iteration: config.n_iterations,
        kl_divergence: None,
    })
}
