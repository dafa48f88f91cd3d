//! Networks as they leave: straight lists of operations, batch norms folded into the weights before them.

use std::collections::BTreeMap;

use super::mobileanonet::BOTTLENECKS;
use super::{CaeMcs, DenseAutoencoder, MobileAnoNet, NamedTensor, TrainingError};
use crate::export::{Activation, Graph, MapShape, Node, Operation, OutputKind};

/// PyTorch's and burn's default.
const TORCH_EPSILON: f32 = 1e-5;
/// Keras' default.
const KERAS_EPSILON: f32 = 1e-3;

impl MobileAnoNet {
    /// The extractor without its heads, from a segment `[n_bins, n_frames]` to its embedding.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn graph(&self, name: &str) -> Result<Graph, TrainingError> {
        let (weights, segment) = (self.weights()?, self.segment());
        let mut graph = Builder::new(&weights, map(segment.n_bins, segment.n_frames, 1));
        graph.conv_block("stem", 2, 1)?;
        graph.conv_block("depthwise", 1, graph.shape.channels)?;
        let strides = BOTTLENECKS
            .iter()
            .flat_map(|&(_, _, n_repeats, stride)| std::iter::repeat_n(stride, n_repeats));
        for (block_idx, stride) in strides.enumerate() {
            let block = format!("bottlenecks.{block_idx}");
            let input = graph.nodes.len() - 1;
            graph.conv_block(&format!("{block}.expand"), 1, 1)?;
            graph.conv_block(&format!("{block}.depthwise"), stride, graph.shape.channels)?;
            graph.convolution(&format!("{block}.project"), [1, 1], 1, true)?;
            graph.fold(&format!("{block}.norm"), TORCH_EPSILON)?;
            if stride == 1 {
                graph.push(Operation::Add { other: input }, Vec::new(), Vec::new(), graph.shape);
            }
        }
        graph.conv_block("widen", 1, 1)?;
        graph.convolution("global", [1, 1], graph.shape.channels, false)?;
        graph.fold("norm", TORCH_EPSILON)?;
        Ok(graph.finished(name, OutputKind::Embedding))
    }
}

impl DenseAutoencoder {
    /// From the frames of a row, side by side, to the same drawn again.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn graph(&self, name: &str) -> Result<Graph, TrainingError> {
        let weights = self.weights()?;
        let n_inputs = weights
            .first()
            .and_then(|first| first.shape.first())
            .copied()
            .unwrap_or_default();
        let mut graph = Builder::new(&weights, map(1, n_inputs, 1));
        for layer in 0.. {
            let linear = format!("hidden.{layer}.linear");
            if !graph.has(&format!("{linear}.weight")) {
                break;
            }
            graph.dense(&linear, None)?;
            graph.fold(&format!("hidden.{layer}.norm"), KERAS_EPSILON)?;
            graph.follow_by(Activation::Relu);
        }
        graph.dense("output", Some(map(1, n_inputs, 1)))?;
        Ok(graph.finished(name, OutputKind::Reconstruction))
    }
}

impl CaeMcs {
    /// From a window `[32 frames, 128 bands]` to the same drawn again.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn graph(&self, name: &str) -> Result<Graph, TrainingError> {
        let weights = self.weights()?;
        let mut graph = Builder::new(&weights, map(Self::N_FRAMES, Self::N_BANDS, 1));
        let mut outer = Vec::new();
        for (layer, stride) in Self::STRIDES.into_iter().enumerate() {
            outer.push((graph.shape, stride));
            graph.convolution(&format!("encoder.{layer}.conv"), stride, 1, true)?;
            graph.fold(&format!("encoder.{layer}.norm"), KERAS_EPSILON)?;
            graph.follow_by(Activation::Relu);
        }
        let inner = graph.shape;
        graph.convolution("code", [1, 1], 1, false)?;
        graph.dense("widen", Some(inner))?;
        for (layer, (shape, stride)) in outer.into_iter().rev().enumerate() {
            let block = format!("decoder.{layer}");
            if graph.has(&format!("{block}.conv.weight")) {
                graph.transposed_convolution(&format!("{block}.conv"), stride, shape)?;
                graph.fold(&format!("{block}.norm"), KERAS_EPSILON)?;
                graph.follow_by(Activation::Relu);
            } else {
                graph.transposed_convolution("output", stride, shape)?;
            }
        }
        Ok(graph.finished(name, OutputKind::Reconstruction))
    }
}

fn map(height: usize, width: usize, channels: usize) -> MapShape {
    MapShape { height, width, channels }
}

/// A graph that grows from named tensors.
struct Builder<'a> {
    tensors: BTreeMap<&'a str, &'a NamedTensor>,
    input: MapShape,
    shape: MapShape,
    nodes: Vec<Node>,
}

impl<'a> Builder<'a> {
    fn new(tensors: &'a [NamedTensor], input: MapShape) -> Self {
        Self {
            tensors: tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
            input,
            shape: input,
            nodes: Vec::new(),
        }
    }

    fn finished(self, name: &str, result: OutputKind) -> Graph {
        Graph {
            name: name.to_owned(),
            input: self.input,
            nodes: self.nodes,
            result,
            normalisation: None,
            metadata: Vec::new(),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    fn tensor(&self, name: &str) -> Result<&'a NamedTensor, TrainingError> {
        let found = self.tensors.get(name).copied();
        found.ok_or_else(|| TrainingError::device(format!("the network has no {name}")))
    }

    /// The biases of a layer; none where it has none.
    fn biases(&self, layer: &str) -> Vec<f32> {
        let bias = self.tensors.get(format!("{layer}.bias").as_str());
        bias.map(|bias| bias.values.clone()).unwrap_or_default()
    }

    fn push(&mut self, operation: Operation, weights: Vec<f32>, biases: Vec<f32>, output: MapShape) {
        self.shape = output;
        self.nodes.push(Node {
            operation,
            weights,
            biases,
            activation: Activation::None,
            output,
        });
    }

    fn follow_by(&mut self, activation: Activation) {
        if let Some(last) = self.nodes.last_mut() {
            last.activation = activation;
        }
    }

    /// Padded by half the kernel, or not at all.
    fn convolution(&mut self, layer: &str, stride: [usize; 2], groups: usize, is_padded: bool) -> Result<(), TrainingError> {
        let weights = self.tensor(&format!("{layer}.weight"))?;
        let (channels, kernel) = (weights.shape[0], [weights.shape[2], weights.shape[3]]);
        let padding = kernel.map(|side| if is_padded { side / 2 } else { 0 });
        let side = |at: usize, size: usize| (size + 2 * padding[at] - kernel[at]) / stride[at] + 1;
        let output = map(side(0, self.shape.height), side(1, self.shape.width), channels);
        let operation = Operation::Convolution {
            kernel,
            stride,
            padding,
            groups,
            replicated: [1, 1],
        };
        self.push(operation, weights.values.clone(), self.biases(layer), output);
        Ok(())
    }

    /// Back to a shape that a convolution of this stride came from, but for the channels.
    fn transposed_convolution(&mut self, layer: &str, stride: [usize; 2], shape: MapShape) -> Result<(), TrainingError> {
        let weights = self.tensor(&format!("{layer}.weight"))?;
        let (channels, kernel) = (weights.shape[1], [weights.shape[2], weights.shape[3]]);
        let operation = Operation::TransposedConvolution {
            kernel,
            stride,
            padding: kernel.map(|side| side / 2),
            output_padding: stride.map(|stride| stride - 1),
        };
        let output = map(shape.height, shape.width, channels);
        self.push(operation, weights.values.clone(), self.biases(layer), output);
        Ok(())
    }

    /// Values side by side, or in the shape of a map.
    fn dense(&mut self, layer: &str, output: Option<MapShape>) -> Result<(), TrainingError> {
        let weights = self.tensor(&format!("{layer}.weight"))?;
        let (n_inputs, n_outputs) = (weights.shape[0], weights.shape[1]);
        // `[in, out]` in burn
        let turned = (0..n_inputs * n_outputs).map(|at| weights.values[at % n_inputs * n_outputs + at / n_inputs]);
        let output = output.unwrap_or(map(1, 1, n_outputs));
        self.push(Operation::Dense, turned.collect(), self.biases(layer), output);
        Ok(())
    }

    /// Convolution, batch norm and PReLU.
    fn conv_block(&mut self, block: &str, stride: usize, groups: usize) -> Result<(), TrainingError> {
        self.convolution(&format!("{block}.conv"), [stride; 2], groups, true)?;
        self.fold(&format!("{block}.norm"), TORCH_EPSILON)?;
        let slopes = self.tensor(&format!("{block}.activation.alpha"))?.values.clone();
        self.follow_by(Activation::Prelu(slopes));
        Ok(())
    }

    /// The batch norm of this name, into the layer before it.
    fn fold(&mut self, norm: &str, epsilon: f32) -> Result<(), TrainingError> {
        let part = |name: &str| self.tensor(&format!("{norm}.{name}"));
        let (factors, offsets) = (part("gamma")?, part("beta")?);
        let (means, variances) = (part("running_mean")?, part("running_var")?);
        let scales: Vec<f32> = factors
            .values
            .iter()
            .zip(&variances.values)
            .map(|(factor, variance)| factor / (variance + epsilon).sqrt())
            .collect();
        let Some(node) = self.nodes.last_mut() else { return Ok(()) };
        let n_channels = scales.len();
        let n_per_channel = match node.operation {
            // `[in, out, height, width]`
            Operation::TransposedConvolution { kernel, .. } => kernel[0] * kernel[1],
            _ => (node.weights.len() / n_channels.max(1)).max(1),
        };
        for (at, weight) in node.weights.iter_mut().enumerate() {
            *weight *= scales[at / n_per_channel % n_channels];
        }
        let bias = |channel: usize| node.biases.get(channel).copied().unwrap_or_default();
        let shifted = |channel: usize| (bias(channel) - means.values[channel]) * scales[channel] + offsets.values[channel];
        node.biases = (0..n_channels).map(shifted).collect();
        Ok(())
    }
}
