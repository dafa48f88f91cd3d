//! Networks as they leave, run here: an exported graph on the processor, layer by layer, without burn.
//!
//! Maps lie with their channels innermost, each whole: those of the small networks that this is for fit the second cache.
//! Convolutions and dense layers are the kernels that larger networks train with; their weights are packed once.
//!
//! Source of truth: [`Graph::run`], which computes the same plainly; tests hold the two together.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::kernels::convolution::{Pass, convolve};
use super::kernels::depthwise::{DepthwiseWeights, depthwise_row};
use super::kernels::floor::Floor;
use super::kernels::geometry::{Convolution, Direction, Frame, MapShape, Margin};
use super::kernels::n_lanes;
use super::kernels::product::{Packed, padded, product, store_all};
use crate::export::{self, Activation, Graph, Node, Operation};

/// A network ready to run on the processor; threads share it.
#[derive(Debug)]
pub struct Engine {
    input: MapShape,
    output: MapShape,
    steps: Vec<Step>,
}

/// What one thread needs to compute, kept between inputs.
#[derive(Debug, Default)]
pub struct Scratch {
    input: Vec<f32>,
    /// The output of each step.
    maps: Vec<Vec<f32>>,
    /// The input of each step in its margin of zeros, which stay zeros; empty where it needs none.
    frames: Vec<Vec<f32>>,
    workspace: Vec<f32>,
}

#[derive(Debug)]
struct Step {
    work: Work,
    /// What comes out of the step before.
    input: MapShape,
    /// How often each value is repeated on its way into the frame.
    replicated: [usize; 2],
    /// How the work wants its input to lie.
    frame: Frame,
    output: MapShape,
    /// One a channel, for what the work itself does not do; empty: none.
    slopes: Vec<f32>,
}

#[derive(Debug)]
enum Work {
    Convolution {
        pass: Box<Pass>,
        weights: Vec<Packed>,
        bias: Vec<f32>,
        floor: Floor,
    },
    /// 3 x 3, padded by 1.
    Depthwise {
        weights: DepthwiseWeights,
        stride: [usize; 2],
    },
    /// Each channel for itself, with any kernel.
    PerChannel {
        /// `[kernel height, kernel width, channels]`
        taps: Vec<f32>,
        bias: Vec<f32>,
        kernel: [usize; 2],
        stride: [usize; 2],
    },
    Dense {
        weights: Packed,
        bias: Vec<f32>,
    },
    /// The output of an earlier step.
    Add {
        other: usize,
    },
}

impl Engine {
    pub fn new(graph: &Graph) -> Self {
        Self {
            input: map_of(graph.input),
            output: map_of(graph.output()),
            steps: (0..graph.nodes.len()).map(|at| Step::new(graph, at)).collect(),
        }
    }

    /// The outputs of inputs `[n][channels, height, width]`, in the same layout and order, on all cores.
    pub fn run(&self, inputs: &[f32]) -> Vec<f32> {
        let (from_len, to_len) = (self.input.n_values(), self.output.n_values());
        let mut outputs = vec![0.0; inputs.len() / from_len * to_len];
        inputs
            .par_chunks_exact(from_len)
            .zip(outputs.par_chunks_exact_mut(to_len))
            .for_each_init(Scratch::default, |scratch, (input, output)| {
                self.run_one(input, scratch, output);
            });
        outputs
    }

    /// The outputs as [`Self::run`] gives them, and what has become of each input after the first `n_nodes` of the graph.
    pub fn run_and_show(&self, inputs: &[f32], n_nodes: usize) -> (Vec<f32>, Vec<f32>) {
        let shown = n_nodes.checked_sub(1).and_then(|last| self.steps.get(last));
        let shown = shown.map_or(self.input, |step| step.output);
        let (from_len, to_len) = (self.input.n_values(), self.output.n_values());
        let n_inputs = inputs.len() / from_len;
        let (mut outputs, mut maps) = (vec![0.0; n_inputs * to_len], vec![0.0; n_inputs * shown.n_values()]);
        inputs
            .par_chunks_exact(from_len)
            .zip(outputs.par_chunks_exact_mut(to_len))
            .zip(maps.par_chunks_exact_mut(shown.n_values()))
            .for_each_init(Scratch::default, |scratch, ((input, output), map)| {
                self.run_one(input, scratch, output);
                let last = n_nodes.checked_sub(1).and_then(|last| scratch.maps.get(last));
                turn(last.unwrap_or(&scratch.input), (shown.n_pixels(), shown.channels), map);
            });
        (outputs, maps)
    }

    /// The output of one input, on this thread.
    ///
    /// # Panics
    /// Where the input or the output has another size than the graph says.
    pub fn run_one(&self, input: &[f32], scratch: &mut Scratch, output: &mut [f32]) {
        assert_eq!(input.len(), self.input.n_values(), "one input of the graph's shape");
        assert_eq!(
            output.len(),
            self.output.n_values(),
            "room for one output of the graph's shape"
        );
        let Scratch {
            input: first,
            maps,
            frames,
            workspace,
        } = scratch;
        if maps.len() != self.steps.len() {
            *maps = self.steps.iter().map(|step| vec![0.0; step.output.n_values()]).collect();
            *frames = self.steps.iter().map(Step::empty_frame).collect();
        }
        first.resize(input.len(), 0.0);
        turn(input, (self.input.channels, self.input.n_pixels()), first);
        for (at, (step, frame)) in self.steps.iter().zip(frames).enumerate() {
            let (before, after) = maps.split_at_mut(at);
            let Some(to) = after.first_mut() else { break };
            let from = before.last().unwrap_or(first);
            step.run(from, before, frame, to, workspace);
        }
        let last = maps.last().unwrap_or(first);
        turn(last, (self.output.n_pixels(), self.output.channels), output);
    }
}

impl Step {
    fn new(graph: &Graph, at: usize) -> Self {
        let node = &graph.nodes[at];
        let (input, output) = (map_of(graph.input_of(at)), map_of(node.output));
        let plain = |work| Self {
            work,
            input,
            replicated: [1, 1],
            frame: Frame::dense(input),
            output,
            slopes: slopes_of(node),
        };
        match node.operation {
            Operation::Convolution {
                kernel,
                stride,
                padding,
                groups,
                replicated,
            } => {
                let wide = MapShape {
                    height: input.height * replicated[0],
                    width: input.width * replicated[1],
                    ..input
                };
                let is_per_channel = groups == input.channels && groups == output.channels && groups > 1;
                if is_per_channel {
                    let (work, margin) = per_channel(node, kernel, stride, padding);
                    // The kernel of 3 x 3 activates what it writes.
                    let is_activated = matches!(work, Work::Depthwise { .. });
                    return Self {
                        work,
                        input,
                        replicated,
                        frame: Frame { map: wide, margin },
                        output,
                        slopes: if is_activated { Vec::new() } else { slopes_of(node) },
                    };
                }
                let convolution = Convolution {
                    large: wide,
                    small: output,
                    kernel,
                    stride,
                    padding,
                };
                let weights = ungrouped(node, input.channels, groups);
                Self {
                    replicated,
                    input,
                    ..Self::convolution(
                        convolution,
                        Direction::Down,
                        &weights,
                        &biases_of(node, output.channels),
                        &node.activation,
                    )
                }
            }
            Operation::TransposedConvolution {
                kernel,
                stride,
                padding,
                output_padding: _,
            } => {
                let convolution = Convolution {
                    large: output,
                    small: input,
                    kernel,
                    stride,
                    padding,
                };
                Self::convolution(
                    convolution,
                    Direction::Up,
                    &node.weights,
                    &biases_of(node, output.channels),
                    &node.activation,
                )
            }
            Operation::Dense => {
                // Graphs count channel by channel, maps here pixel by pixel.
                let place = |map: MapShape, at: usize| at % map.channels * map.n_pixels() + at / map.channels;
                let (n_inputs, n_outputs) = (input.n_values(), output.n_values());
                let weight = |i: usize, o: usize| node.weights[place(output, o) * n_inputs + place(input, i)];
                let biases = biases_of(node, n_outputs);
                let work = Work::Dense {
                    weights: Packed::new(n_inputs, n_outputs, n_lanes(), weight),
                    bias: padded((0..n_outputs).map(|o| biases[place(output, o)]), n_lanes()),
                };
                plain(work)
            }
            Operation::Add { other } => plain(Work::Add { other }),
        }
    }

    fn convolution(
        convolution: Convolution,
        direction: Direction,
        weights: &[f32],
        biases: &[f32],
        activation: &Activation,
    ) -> Self {
        let (input, output) = (convolution.input(direction), convolution.output(direction));
        let frame = Frame {
            map: input,
            margin: convolution.margin(direction),
        };
        let pass = Pass::new(convolution, direction, frame, Frame::dense(output));
        let (floor, slopes) = match activation {
            Activation::None => (Floor::None, Vec::new()),
            Activation::Relu => (Floor::Relu, Vec::new()),
            Activation::Prelu(slopes) => (Floor::None, slopes.clone()),
        };
        Self {
            work: Work::Convolution {
                weights: pass.pack(weights, |_| 1.0, n_lanes()),
                bias: padded(biases.iter().copied(), n_lanes()),
                floor,
                pass: Box::new(pass),
            },
            input,
            replicated: [1, 1],
            frame,
            output,
            slopes,
        }
    }

    /// Whether the input may lie where the step before wrote it.
    fn is_framed(&self) -> bool {
        self.frame.margin != Margin::default() || self.replicated != [1, 1]
    }

    fn empty_frame(&self) -> Vec<f32> {
        let n_values = if self.is_framed() { self.frame.n_values() } else { 0 };
        vec![0.0; n_values]
    }

    fn run(&self, from: &[f32], earlier: &[Vec<f32>], frame: &mut [f32], to: &mut [f32], workspace: &mut Vec<f32>) {
        let input = if self.is_framed() {
            self.fill(frame, from);
            frame
        } else {
            from
        };
        if let Work::Add { other } = self.work {
            for (to, (a, b)) in to.iter_mut().zip(input.iter().zip(&earlier[other])) {
                *to = a + b;
            }
        } else {
            Arch::new().dispatch(Compute {
                step: self,
                input,
                output: to,
                workspace,
            });
        }
        if !self.slopes.is_empty() {
            for pixel in to.chunks_exact_mut(self.slopes.len()) {
                for (value, slope) in pixel.iter_mut().zip(&self.slopes) {
                    *value = value.max(0.0) + slope * value.min(0.0);
                }
            }
        }
    }

    /// The input into its frame, each value repeated.
    fn fill(&self, frame: &mut [f32], from: &[f32]) {
        let [times_y, times_x] = self.replicated;
        let n_channels = self.input.channels;
        let rows = from.chunks_exact(self.input.width * n_channels);
        for (y, row) in rows.enumerate() {
            let first = self.frame.row(y * times_y);
            let row_len = row.len() * times_x;
            if times_x == 1 {
                frame[first..first + row_len].copy_from_slice(row);
            } else {
                let places = frame[first..first + row_len].chunks_exact_mut(times_x * n_channels);
                for (places, pixel) in places.zip(row.chunks_exact(n_channels)) {
                    places
                        .chunks_exact_mut(n_channels)
                        .for_each(|place| place.copy_from_slice(pixel));
                }
            }
            for copy in 1..times_y {
                frame.copy_within(first..first + row_len, self.frame.row(y * times_y + copy));
            }
        }
    }
}

/// One step with the vectors of this processor.
struct Compute<'a> {
    step: &'a Step,
    input: &'a [f32],
    output: &'a mut [f32],
    workspace: &'a mut Vec<f32>,
}

impl WithSimd for Compute<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            step,
            input,
            output,
            workspace,
        } = self;
        let frame = &step.frame;
        match &step.work {
            Work::Convolution {
                pass,
                weights,
                bias,
                floor,
            } => convolve(simd, pass, (weights, bias, *floor), input, output, workspace),
            Work::Depthwise { weights, stride } => {
                let pitch = frame.pitch();
                for (y, row) in output.chunks_exact_mut(step.output.width * step.output.channels).enumerate() {
                    let rows = [0, 1, 2].map(|tap| &input[(y * stride[0] + tap) * pitch..][..pitch]);
                    depthwise_row(simd, rows, weights, stride[1], row);
                }
            }
            Work::PerChannel {
                taps,
                bias,
                kernel,
                stride,
            } => {
                let n_channels = bias.len();
                for (at, pixel) in output.chunks_exact_mut(n_channels).enumerate() {
                    pixel.copy_from_slice(bias);
                    let (y, x) = (at / step.output.width * stride[0], at % step.output.width * stride[1]);
                    for (row, taps) in taps.chunks_exact(kernel[1] * n_channels).enumerate() {
                        let seen = &input[(y + row) * frame.pitch() + x * n_channels..][..taps.len()];
                        for (taps, seen) in taps.chunks_exact(n_channels).zip(seen.chunks_exact(n_channels)) {
                            for (sum, (tap, value)) in pixel.iter_mut().zip(taps.iter().zip(seen)) {
                                *sum += tap * value;
                            }
                        }
                    }
                }
            }
            Work::Dense { weights, bias } => product(
                simd,
                (1, 1),
                #[inline(always)]
                |_, _| input,
                weights,
                bias,
                #[inline(always)]
                |_, n, sums| store_all(simd, &mut output[n..], sums),
            ),
            Work::Add { .. } => {}
        }
    }
}

/// One number an output channel, of a dense layer one an output; zeros where the node has none.
fn biases_of(node: &Node, n: usize) -> Vec<f32> {
    if node.biases.is_empty() {
        vec![0.0; n]
    } else {
        node.biases.clone()
    }
}

/// What negative values of each channel are multiplied by; empty where they stay.
fn slopes_of(node: &Node) -> Vec<f32> {
    match &node.activation {
        Activation::None => Vec::new(),
        Activation::Relu => vec![0.0; node.output.channels],
        Activation::Prelu(slopes) => slopes.clone(),
    }
}

/// A convolution of each channel for itself, and the margin that it needs.
fn per_channel(node: &Node, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> (Work, Margin) {
    let n_channels = node.output.channels;
    let bias = biases_of(node, n_channels);
    if kernel == [3, 3] && padding == [1, 1] {
        let slopes = match slopes_of(node) {
            none if none.is_empty() => vec![1.0; n_channels],
            slopes => slopes,
        };
        let tap = |channel: usize, tap: usize| node.weights[channel * 9 + tap];
        let weights = DepthwiseWeights::new(n_lanes(), tap, &bias, (&slopes, f32::INFINITY));
        // Its columns need none.
        let margin = Margin {
            before: [1, 0],
            after: [1, 0],
        };
        return (Work::Depthwise { weights, stride }, margin);
    }
    let mut taps = vec![0.0; node.weights.len()];
    turn(&node.weights, (n_channels, kernel[0] * kernel[1]), &mut taps);
    let work = Work::PerChannel {
        taps,
        bias,
        kernel,
        stride,
    };
    let margin = Margin {
        before: padding,
        after: padding,
    };
    (work, margin)
}

fn map_of(shape: export::MapShape) -> MapShape {
    let export::MapShape { height, width, channels } = shape;
    MapShape { height, width, channels }
}

/// `[n_rows, n_columns]` → `[n_columns, n_rows]`
fn turn(from: &[f32], (n_rows, n_columns): (usize, usize), to: &mut [f32]) {
    if n_rows == 1 || n_columns == 1 {
        to.copy_from_slice(from);
        return;
    }
    for (column, to) in to.chunks_exact_mut(n_rows).enumerate() {
        for (row, to) in to.iter_mut().enumerate() {
            *to = from[row * n_columns + column];
        }
    }
}

/// The kernels of a convolution in groups as those of one over all channels: zeros between the groups.
fn ungrouped(node: &Node, n_inputs: usize, groups: usize) -> Vec<f32> {
    if groups == 1 {
        return node.weights.clone();
    }
    let n_outputs = node.output.channels;
    let (from_group, to_group) = (n_inputs / groups, n_outputs / groups);
    let n_taps = node.weights.len() / (n_outputs * from_group);
    let mut whole = vec![0.0; n_outputs * n_inputs * n_taps];
    for (output, kernel) in node.weights.chunks_exact(from_group * n_taps).enumerate() {
        let first = (output * n_inputs + output / to_group * from_group) * n_taps;
        whole[first..first + kernel.len()].copy_from_slice(kernel);
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    fn shape(height: usize, width: usize, channels: usize) -> export::MapShape {
        export::MapShape { height, width, channels }
    }

    fn graph_of(input: export::MapShape, nodes: Vec<Node>) -> Graph {
        Graph {
            name: "net".to_owned(),
            input,
            nodes,
            result: export::OutputKind::Embedding,
            normalisation: None,
            metadata: Vec::new(),
        }
    }

    fn assert_runs(graph: &Graph) -> Result<(), TestCaseError> {
        const N_INPUTS: usize = 3;
        let inputs = numbers(N_INPUTS * graph.input.n_values(), 1.0);
        let found = Engine::new(graph).run(&inputs);
        let expected: Vec<f32> = inputs
            .chunks(graph.input.n_values())
            .flat_map(|input| graph.run(input))
            .collect();
        prop_assert_eq!(found.len(), expected.len());
        let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let largest = expected.iter().fold(1.0f32, |largest, value| largest.max(value.abs()));
        prop_assert!(
            worst < 2e-5 * largest,
            "{} of {} in {:?}",
            worst,
            largest,
            graph.nodes[0].operation
        );
        let first = Graph {
            nodes: graph.nodes[..1].to_vec(),
            ..graph.clone()
        };
        let (again, shown) = Engine::new(graph).run_and_show(&inputs, 1);
        prop_assert_eq!(&again, &found);
        prop_assert_eq!(shown, Engine::new(&first).run(&inputs));
        Ok(())
    }

    fn activation(kind: usize, n_channels: usize) -> Activation {
        match kind {
            0 => Activation::None,
            1 => Activation::Relu,
            _ => Activation::Prelu(numbers(n_channels, 4.0)),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn convolutions_of_all_kinds_are_as_the_graph_says(
            height in 1usize..9, width in 1usize..20, n_groups in 1usize..4, per_group in 1usize..8, from_group in 1usize..4,
            kernel in prop::array::uniform2(1usize..4), stride in prop::array::uniform2(1usize..3),
            replicated in prop::array::uniform2(1usize..3), kind in 0usize..3, is_depthwise in any::<bool>(), has_bias in any::<bool>(),
        ) {
            let (groups, n_inputs, n_outputs) = if is_depthwise {
                (n_groups * per_group, n_groups * per_group, n_groups * per_group)
            } else {
                (n_groups, n_groups * from_group, n_groups * per_group)
            };
            let padding = kernel.map(|side| side / 2);
            let side = |at: usize, size: usize| (size * replicated[at] + 2 * padding[at] - kernel[at]) / stride[at] + 1;
            prop_assume!(height * replicated[0] + 2 * padding[0] >= kernel[0] && width * replicated[1] + 2 * padding[1] >= kernel[1]);
            let node = Node {
                operation: Operation::Convolution { kernel, stride, padding, groups, replicated },
                weights: numbers(n_outputs * n_inputs / groups * kernel[0] * kernel[1], 2.0),
                biases: if has_bias { numbers(n_outputs, 3.0) } else { Vec::new() },
                activation: activation(kind, n_outputs),
                output: shape(side(0, height), side(1, width), n_outputs),
            };
            assert_runs(&graph_of(shape(height, width, n_inputs), vec![node]))?;
        }

        #[test]
        fn transposed_and_dense_layers_and_sums_are_as_the_graph_says(
            height in 1usize..6, width in 1usize..9, n_inputs in 1usize..9, n_outputs in 1usize..9, n_code in 1usize..40,
            half in prop::array::uniform2(0usize..3), stride in prop::array::uniform2(1usize..3), kind in 0usize..3,
        ) {
            let kernel = half.map(|half| 2 * half + 1);
            let large = shape(height * stride[0], width * stride[1], n_outputs);
            let up = Node {
                operation: Operation::TransposedConvolution {
                    kernel, stride, padding: half, output_padding: stride.map(|stride| stride - 1),
                },
                weights: numbers(n_inputs * n_outputs * kernel[0] * kernel[1], 2.0),
                biases: numbers(n_outputs, 3.0),
                activation: activation(kind, n_outputs),
                output: large,
            };
            let dense = |from: export::MapShape, to: export::MapShape| Node {
                operation: Operation::Dense,
                weights: numbers(from.n_values() * to.n_values(), 5.0),
                biases: numbers(to.n_values(), 6.0),
                activation: activation(kind, to.channels),
                output: to,
            };
            let code = shape(1, 1, n_code);
            let nodes = vec![
                up,
                dense(large, code),
                dense(code, large),
                Node {
                    operation: Operation::Add { other: 0 },
                    weights: Vec::new(),
                    biases: Vec::new(),
                    activation: activation(kind, n_outputs),
                    output: large,
                },
            ];
            assert_runs(&graph_of(shape(height, width, n_inputs), nodes))?;
        }
    }
}
