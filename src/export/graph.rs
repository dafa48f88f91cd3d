//! A trained network as it leaves: a straight list of operations with their numbers, batch norms folded in.

/// Height x width x channels of a map: frames x bands x channels for a window of a log-mel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapShape {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl MapShape {
    pub fn n_values(self) -> usize {
        self.height * self.width * self.channels
    }
}

/// What an operation computes from its input.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Weights `[out, in / groups, kernel height, kernel width]`, one bias a channel.
    Convolution {
        kernel: [usize; 2],
        stride: [usize; 2],
        /// Zeros on each side.
        padding: [usize; 2],
        /// 1, or the number of channels for a depthwise convolution.
        groups: usize,
        /// How often each value is repeated along height and width before the kernel sees it.
        replicated: [usize; 2],
    },
    /// Weights `[in, out, kernel height, kernel width]`, one bias a channel.
    TransposedConvolution {
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        /// Rows and columns that the output has beyond the last stride.
        output_padding: [usize; 2],
    },
    /// Weights `[out, in]`, one bias a value. Maps are read and written channel by channel, `[channels, height, width]`.
    Dense,
    /// Adds the output of an earlier node, value by value.
    Add { other: usize },
}

/// What follows an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Activation {
    None,
    Relu,
    /// Negative values are multiplied by the slope of their channel.
    Prelu(Vec<f32>),
}

/// One operation with its numbers. Its input is the output of the node before it, or of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub operation: Operation,
    pub weights: Vec<f32>,
    /// Empty: none.
    pub biases: Vec<f32>,
    pub activation: Activation,
    pub output: MapShape,
}

/// What the numbers that come out are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// The input, drawn again: its mean squared difference from the input is the anomaly score.
    Reconstruction,
    /// An embedding: a detector makes a score of it.
    Embedding,
}

/// Levels less the mean of their column, in units of its spread: what is done to an input before the network gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalisation {
    /// One a column, which for a log-mel is a band.
    pub means: Vec<f32>,
    /// Never 0.
    pub deviations: Vec<f32>,
}

/// A network.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// A name that may stand in code: letters, digits and underscores.
    pub name: String,
    pub input: MapShape,
    pub nodes: Vec<Node>,
    pub result: OutputKind,
    /// Done by whoever feeds the network, who gets the numbers with it.
    pub normalisation: Option<Normalisation>,
    /// What a user must know to feed it: sample rate, front end, normalisation, threshold.
    pub metadata: Vec<(String, String)>,
}

impl Normalisation {
    /// By key, for metadata: numbers with commas.
    pub(super) fn in_words(&self) -> [(&'static str, String); 2] {
        let list = |values: &[f32]| {
            let words: Vec<String> = values.iter().map(f32::to_string).collect();
            words.join(",")
        };
        [
            ("normalisation_means", list(&self.means)),
            ("normalisation_deviations", list(&self.deviations)),
        ]
    }
}

impl Node {
    /// Numbers in the node.
    pub fn n_parameters(&self) -> usize {
        let n_slopes = match &self.activation {
            Activation::Prelu(slopes) => slopes.len(),
            Activation::None | Activation::Relu => 0,
        };
        self.weights.len() + self.biases.len() + n_slopes
    }

    fn bias(&self, at: usize) -> f64 {
        self.biases.get(at).copied().map_or(0.0, f64::from)
    }
}

impl Graph {
    pub fn output(&self) -> MapShape {
        self.nodes.last().map_or(self.input, |node| node.output)
    }

    pub fn n_parameters(&self) -> usize {
        self.nodes.iter().map(Node::n_parameters).sum()
    }

    /// Products that are added up for one input.
    pub fn n_multiply_adds(&self) -> usize {
        let of_node = |(at, node): (usize, &Node)| match node.operation {
            Operation::Convolution { .. } => node.weights.len() * node.output.height * node.output.width,
            // Each weight meets each pixel that comes in.
            Operation::TransposedConvolution { .. } => {
                let MapShape { height, width, .. } = self.input_of(at);
                node.weights.len() * height * width
            }
            Operation::Dense => node.weights.len(),
            Operation::Add { .. } => 0,
        };
        self.nodes.iter().enumerate().map(of_node).sum()
    }

    /// The shape that a node reads.
    pub fn input_of(&self, node: usize) -> MapShape {
        node.checked_sub(1).map_or(self.input, |before| self.nodes[before].output)
    }

    /// What the network makes of one input, `[channels, height, width]`, computed plainly: what exported code is checked against.
    ///
    /// # Panics
    /// Where the input has another size than the graph says.
    pub fn run(&self, input: &[f32]) -> Vec<f32> {
        assert_eq!(input.len(), self.input.n_values(), "one input of the graph's shape");
        let mut outputs: Vec<Vec<f32>> = Vec::with_capacity(self.nodes.len());
        for (at, node) in self.nodes.iter().enumerate() {
            let from = at.checked_sub(1).map_or(input, |before| &outputs[before]);
            let mut output = match &node.operation {
                Operation::Add { other } => from.iter().zip(&outputs[*other]).map(|(a, b)| a + b).collect(),
                Operation::Dense => dense(node, from),
                _ => convolved(node, from, self.input_of(at)),
            };
            activate(&mut output, node);
            outputs.push(output);
        }
        outputs.pop().unwrap_or_else(|| input.to_vec())
    }

    /// The mean squared difference between an input and what the network makes of it.
    pub fn score(&self, input: &[f32]) -> f64 {
        let squares = self.run(input).into_iter().zip(input).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>() / input.len() as f64
    }
}

fn dense(node: &Node, from: &[f32]) -> Vec<f32> {
    let rows = node.weights.chunks_exact(from.len()).enumerate();
    rows.map(|(at, row)| {
        let products = row.iter().zip(from).map(|(a, b)| f64::from(*a) * f64::from(*b));
        (node.bias(at) + products.sum::<f64>()) as f32
    })
    .collect()
}

/// Every product of a convolution or a transposed one, input value by input value or output value by output value.
fn convolved(node: &Node, from: &[f32], input: MapShape) -> Vec<f32> {
    let to = node.output;
    let mut sums: Vec<f64> = (0..to.n_values()).map(|at| node.bias(at / (to.height * to.width))).collect();
    let mut add = |product: f64, channel: usize, y: isize, x: isize| {
        let inside = |at: isize, size: usize| usize::try_from(at).ok().filter(|&at| at < size);
        if let (Some(y), Some(x)) = (inside(y, to.height), inside(x, to.width)) {
            sums[(channel * to.height + y) * to.width + x] += product;
        }
    };
    match node.operation {
        Operation::Convolution {
            kernel,
            stride,
            padding,
            groups,
            replicated,
        } => {
            let (from_per_group, to_per_group) = (input.channels / groups, to.channels / groups);
            let value = |channel: usize, y: usize, x: usize| -> f64 {
                let inside = |at: usize, padding: usize, size: usize, replicated: usize| {
                    at.checked_sub(padding).map(|at| at / replicated).filter(|&at| at < size)
                };
                let y = inside(y, padding[0], input.height, replicated[0]);
                let x = inside(x, padding[1], input.width, replicated[1]);
                let (Some(y), Some(x)) = (y, x) else { return 0.0 };
                f64::from(from[(channel * input.height + y) * input.width + x])
            };
            for channel in 0..to.channels {
                let group = channel / to_per_group;
                for (y, x) in pixels(to.height, to.width) {
                    for from_channel in 0..from_per_group {
                        let weights = &node.weights[(channel * from_per_group + from_channel) * kernel[0] * kernel[1]..];
                        for (ky, kx) in pixels(kernel[0], kernel[1]) {
                            let seen = value(group * from_per_group + from_channel, y * stride[0] + ky, x * stride[1] + kx);
                            add(
                                f64::from(weights[ky * kernel[1] + kx]) * seen,
                                channel,
                                y as isize,
                                x as isize,
                            );
                        }
                    }
                }
            }
        }
        Operation::TransposedConvolution {
            kernel,
            stride,
            padding,
            output_padding: _,
        } => {
            for from_channel in 0..input.channels {
                for (y, x) in pixels(input.height, input.width) {
                    let seen = f64::from(from[(from_channel * input.height + y) * input.width + x]);
                    for channel in 0..to.channels {
                        let weights = &node.weights[(from_channel * to.channels + channel) * kernel[0] * kernel[1]..];
                        for (ky, kx) in pixels(kernel[0], kernel[1]) {
                            let place =
                                |at: usize, axis: usize, k: usize| (at * stride[axis] + k) as isize - padding[axis] as isize;
                            let product = f64::from(weights[ky * kernel[1] + kx]) * seen;
                            add(product, channel, place(y, 0, ky), place(x, 1, kx));
                        }
                    }
                }
            }
        }
        Operation::Dense | Operation::Add { .. } => {}
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}

fn activate(values: &mut [f32], node: &Node) {
    let n_pixels = (node.output.height * node.output.width).max(1);
    for (channel, values) in values.chunks_mut(n_pixels).enumerate() {
        let slope = match &node.activation {
            Activation::None => continue,
            Activation::Relu => 0.0,
            Activation::Prelu(slopes) => slopes.get(channel).copied().unwrap_or_default(),
        };
        for value in values.iter_mut().filter(|value| **value < 0.0) {
            *value *= slope;
        }
    }
}

fn pixels(height: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)))
}
