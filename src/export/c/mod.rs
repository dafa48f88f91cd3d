//! C99: a header and a source file for a microcontroller, without a heap and without libraries.

mod arena;
mod functions;
mod header;
mod numbers;
mod source;

use super::graph::{Graph, OutputKind};
use super::quantised::quantised;
use arena::Arena;
use header::header;
use source::source;

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightFormat {
    Float32,
    /// Eight bits and a scale a channel; sums are float32.
    Int8,
}

/// A header and a source file.
#[derive(Debug, Clone, PartialEq)]
pub struct CSource {
    pub header: String,
    pub source: String,
    /// Of weights, biases, scales and slopes.
    pub n_weight_bytes: usize,
    /// Of the one buffer for the values between layers.
    pub n_arena_bytes: usize,
}

/// The network as C. The files are meant to be called after [`Graph::name`].
pub fn c_source(graph: &Graph, format: WeightFormat) -> CSource {
    let (steps, stored) = match format {
        WeightFormat::Float32 => (None, graph.clone()),
        WeightFormat::Int8 => {
            let (steps, rounded) = quantised(graph);
            (Some(steps), rounded)
        }
    };
    let arena = Arena::plan(graph);
    let input = self_test_input(graph.input.n_values());
    // With how large what was added up is: that is what rounding goes by.
    let expected = match graph.result {
        OutputKind::Reconstruction => (stored.score(&input), stored.score(&input)),
        OutputKind::Embedding => {
            let output = stored.run(&input);
            let sum = |of: fn(f64) -> f64| output.iter().map(|&value| of(f64::from(value))).sum::<f64>();
            (sum(|value| value), sum(f64::abs))
        }
    };
    let n_weight_bytes = graph.nodes.iter().enumerate().map(|(at, node)| {
        let scales = steps.as_ref().map_or(0, |steps| 4 * steps[at].scales.len());
        let width = if steps.is_some() { 1 } else { 4 };
        width * node.weights.len() + scales + 4 * (node.n_parameters() - node.weights.len())
    });
    let n_weight_bytes = n_weight_bytes.sum();
    CSource {
        header: header(graph, format, &arena, n_weight_bytes, expected),
        source: source(graph, steps.as_deref(), &arena, expected),
        n_weight_bytes,
        n_arena_bytes: 4 * arena.len,
    }
}

/// The input of the self test: a sawtooth of chance that C makes just so.
fn self_test_input(n_values: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    (0..n_values).map(|_| next()).collect()
}
