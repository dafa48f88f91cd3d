//! A genome written out: every layer with its shapes, as it is built, costed, drawn and exported.

use serde::{Deserialize, Serialize};

use super::genome::{Genome, N_BANDS, N_FRAMES, Step, StepKind};

/// Frames x bands x channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    pub frames: usize,
    pub bands: usize,
    pub channels: usize,
}

impl Shape {
    pub fn n_values(self) -> usize {
        self.frames * self.bands * self.channels
    }
}

/// What a layer computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A convolution over all channels with a kernel of so many pixels a side, padded with zeros by half of it.
    Convolution { kernel: usize },
    /// A 3 x 3 convolution of each channel for itself.
    Depthwise,
    /// Every value with every value.
    Dense,
}

/// One layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    pub operation: Operation,
    pub input: Shape,
    /// The input is replicated so often over frames and bands before a convolution sees it: 1 on the way down.
    pub replicated: [usize; 2],
    /// Over frames and bands: 1 on the way up.
    pub stride: [usize; 2],
    pub output: Shape,
    /// Batch norm and ReLU follow.
    pub has_norm: bool,
    /// A number is added to each channel (of a dense layer: to each value). A batch norm folds into it.
    pub has_bias: bool,
}

impl Layer {
    /// Numbers that the layer multiplies with.
    pub fn n_weights(&self) -> usize {
        match self.operation {
            Operation::Convolution { kernel } => kernel * kernel * self.input.channels * self.output.channels,
            Operation::Depthwise => 9 * self.input.channels,
            Operation::Dense => self.input.n_values() * self.output.n_values(),
        }
    }

    /// Numbers that the layer adds.
    pub fn n_biases(&self) -> usize {
        match (self.has_bias, self.operation) {
            (false, _) => 0,
            (true, Operation::Dense) => self.output.n_values(),
            (true, _) => self.output.channels,
        }
    }

    /// Products that are added up for one window.
    pub fn n_multiply_adds(&self) -> usize {
        match self.operation {
            Operation::Dense => self.n_weights(),
            Operation::Convolution { kernel } => kernel * kernel * self.input.channels * self.output.n_values(),
            Operation::Depthwise => 9 * self.output.n_values(),
        }
    }
}

pub(super) fn layers_of(genome: &Genome) -> Vec<Layer> {
    let mut map = Shape {
        frames: N_FRAMES,
        bands: N_BANDS,
        channels: 1,
    };
    let mut layers = Vec::new();
    // What each step found: where its twin on the way up must arrive.
    let mut outer = Vec::new();
    for step in &genome.steps {
        outer.push(map);
        let to = Shape {
            frames: map.frames.div_ceil(step.stride[0]),
            bands: map.bands.div_ceil(step.stride[1]),
            channels: step.channels,
        };
        push_convolutions(&mut layers, step, map, to, true);
        map = to;
    }
    if let Some(n_code) = genome.code {
        let code = Shape {
            frames: 1,
            bands: 1,
            channels: n_code,
        };
        for (input, output) in [(map, code), (code, map)] {
            layers.push(Layer {
                operation: Operation::Dense,
                input,
                replicated: [1, 1],
                stride: [1, 1],
                output,
                has_norm: false,
                has_bias: true,
            });
        }
    }
    for (step, &to) in genome.steps.iter().zip(&outer).rev() {
        push_convolutions(&mut layers, step, map, to, false);
        map = to;
    }
    // The window itself is drawn: any number, not only positive ones.
    if let Some(last) = layers.last_mut() {
        last.has_norm = false;
    }
    layers
}

/// One step of the way down or up: one layer, or two where it is separable.
fn push_convolutions(layers: &mut Vec<Layer>, step: &Step, from: Shape, to: Shape, is_down: bool) {
    let (replicated, stride) = if is_down {
        ([1, 1], step.stride)
    } else {
        (step.stride, [1, 1])
    };
    let layer = |operation, input, replicated, stride, output| Layer {
        operation,
        input,
        replicated,
        stride,
        output,
        has_norm: true,
        has_bias: true,
    };
    let convolution = |kernel| layer(Operation::Convolution { kernel }, from, replicated, stride, to);
    match step.kind {
        StepKind::Standard => layers.push(convolution(3)),
        StepKind::Pointwise => layers.push(convolution(1)),
        StepKind::Separable => {
            let between = Shape {
                channels: from.channels,
                ..to
            };
            layers.push(Layer {
                has_norm: false,
                has_bias: false,
                ..layer(Operation::Depthwise, from, replicated, stride, between)
            });
            layers.push(layer(Operation::Convolution { kernel: 1 }, between, [1, 1], [1, 1], to));
        }
    }
}
