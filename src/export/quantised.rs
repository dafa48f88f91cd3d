//! Weights in eight bits: one scale an output channel, so that a channel's largest weight is 127 steps.

use super::graph::{Graph, Node, Operation};

/// The weights of a node in steps of a scale each channel has for itself. Biases and slopes stay as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantisedWeights {
    /// In the order of [`Node::weights`].
    pub steps: Vec<i8>,
    /// One an output channel; of a dense layer one an output value.
    pub scales: Vec<f32>,
}

impl QuantisedWeights {
    fn of(node: &Node) -> Self {
        let n_channels = n_channels(node);
        let mut largest = vec![0.0f32; n_channels];
        for (at, weight) in node.weights.iter().enumerate() {
            let channel = channel_of(node, at);
            largest[channel] = largest[channel].max(weight.abs());
        }
        let scales: Vec<f32> = largest
            .iter()
            .map(|&largest| if largest > 0.0 { largest / 127.0 } else { 1.0 })
            .collect();
        let step = |(at, weight): (usize, &f32)| (weight / scales[channel_of(node, at)]).round().clamp(-127.0, 127.0) as i8;
        Self {
            steps: node.weights.iter().enumerate().map(step).collect(),
            scales,
        }
    }
}

/// The graph's weights in eight bits, and the same graph with the weights that these stand for.
pub fn quantised(graph: &Graph) -> (Vec<QuantisedWeights>, Graph) {
    let weights: Vec<QuantisedWeights> = graph.nodes.iter().map(QuantisedWeights::of).collect();
    let mut rounded = graph.clone();
    for (node, quantised) in rounded.nodes.iter_mut().zip(&weights) {
        let shape = node.clone();
        for (at, weight) in node.weights.iter_mut().enumerate() {
            *weight = f32::from(quantised.steps[at]) * quantised.scales[channel_of(&shape, at)];
        }
    }
    (weights, rounded)
}

fn n_channels(node: &Node) -> usize {
    match node.operation {
        Operation::Dense => node.output.n_values(),
        _ => node.output.channels,
    }
}

/// The output channel that a weight works for.
fn channel_of(node: &Node, at: usize) -> usize {
    let n_channels = n_channels(node);
    match &node.operation {
        // `[in, out, kernel, kernel]`
        Operation::TransposedConvolution { kernel, .. } => at / (kernel[0] * kernel[1]) % n_channels,
        _ => at / (node.weights.len() / n_channels).max(1),
    }
}
