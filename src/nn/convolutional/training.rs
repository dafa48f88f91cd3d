//! Forwards and backwards over a batch, with norms over the batch.
//!
//! Two buffers for each layer: `maps[i]` holds the input of layer `i` and later its gradient, `sums[i]` what its convolution
//! yields and later the gradient of that. Windows are spread over the cores, for the gradient of the weights parts of the kernel.
//! Sums over windows are made in the order of the windows: the result does not depend on the number of cores.

use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::batch_norm::BatchNorm;
use super::dispatch::{convolve, moments};
use super::weights::{pack_all, weight_gradient};
use super::{Bias, Layer, add_to_each, channels_innermost, frames, put_into_frames};
use crate::nn::blocks::{self, Block, Gradients, Values, Wanted};
use crate::nn::kernels::convolution::Pass;
use crate::nn::kernels::floor::Floor;
use crate::nn::kernels::geometry::{Direction, Frame};
use crate::nn::kernels::n_lanes;
use crate::nn::kernels::product::{Packed, padded};
use crate::nn::kernels::weight_gradient::WeightGradient;

/// Layers ready to be trained, as one block.
#[derive(Clone)]
pub(in crate::nn) struct TrainingBlock(Arc<Training>);

impl TrainingBlock {
    /// `epsilon` stands beside the variances of the norms.
    pub(in crate::nn) fn new(layers: &[Layer], epsilon: f32) -> Self {
        Self(Arc::new(Training::new(layers, epsilon)))
    }
}

impl std::fmt::Debug for TrainingBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainingBlock")
            .field("n_layers", &self.0.steps.len())
            .finish()
    }
}

impl Block for TrainingBlock {
    fn n_parameters(&self) -> usize {
        self.0.n_parameters()
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> blocks::Forward {
        let Forward {
            outputs,
            statistics,
            kept,
        } = self.0.forward(&input, parameters);
        let map = self.0.steps[self.0.steps.len() - 1].output.map;
        let training = Arc::clone(&self.0);
        blocks::Forward {
            output: outputs,
            shape: vec![map.height, map.width, map.channels],
            statistics,
            backward: Box::new(move |output, wanted| {
                let (input, parameters) = training.backward(kept, &output, wanted == Wanted::All);
                Gradients { input, parameters }
            }),
        }
    }
}

#[derive(Debug)]
struct Training {
    steps: Vec<Step>,
    epsilon: f32,
    /// Buffers of batches that are over: their margins are zero, and so they stay.
    idle: Arc<Mutex<Vec<Buffers>>>,
}

#[derive(Debug)]
struct Step {
    layer: Layer,
    input: Frame,
    output: Frame,
    /// Of what the convolution yields and of its gradient.
    sums: Frame,
    forward: Pass,
    backward: Pass,
    weights: WeightGradient,
}

#[derive(Debug)]
struct Buffers {
    n_windows: usize,
    maps: Vec<Vec<f32>>,
    sums: Vec<Vec<f32>>,
}

/// The parameters of a layer, or their gradients in the making.
#[derive(Debug, Clone, Copy)]
struct Parameters<'a> {
    /// `[small channels, large channels, height, width]`
    weights: &'a [f32],
    bias: &'a [f32],
    /// Factors and offsets of the norm, empty where there is none.
    norm: &'a [f32],
}

/// The outputs of a batch, and what its backward pass needs.
#[derive(Debug)]
struct Forward {
    /// `[n_windows, height, width, channels]`
    pub outputs: Vec<f32>,
    /// Mean and biased variance over the batch of each norm: `mean, variance, mean, variance, …`
    pub statistics: Vec<f32>,
    pub kept: Kept,
}

/// What the backward pass of a batch needs.
#[derive(Debug)]
struct Kept {
    lent: Lent,
    /// Of each layer that has one.
    norms: Vec<Option<BatchNorm>>,
    weights: Vec<Vec<Packed>>,
}

/// Buffers that go back to the idle ones when they are not used any more.
#[derive(Debug)]
struct Lent {
    buffers: Option<Buffers>,
    home: Arc<Mutex<Vec<Buffers>>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(buffers), Ok(mut idle)) = (self.buffers.take(), self.home.lock()) {
            // One is enough: batches come one after another, and other sizes do not come back.
            idle.clear();
            idle.push(buffers);
        }
    }
}

impl Training {
    fn new(layers: &[Layer], epsilon: f32) -> Self {
        let frames = frames(layers);
        let places = frames.iter().zip(&frames[1..]);
        let steps = layers
            .iter()
            .zip(places)
            .map(|(layer, (input, output))| Step::new(layer, *input, *output));
        Self {
            steps: steps.collect(),
            epsilon,
            idle: Arc::default(),
        }
    }

    /// `inputs` `[n_windows, height, width, channels]`; `parameters` layer after layer, in each the weights
    /// `[small channels, large channels, height, width]`, the biases, and the norm's factors and offsets.
    fn forward(&self, inputs: &[f32], parameters: &[f32]) -> Forward {
        let n_windows = inputs.len() / self.steps[0].input.map.n_values();
        let parameters = self.of_each_layer(parameters);
        let (forward_weights, backward_weights) = self.pack(&parameters);
        let mut buffers = self.buffers(n_windows);
        put_into_frames(inputs, &self.steps[0].input, &mut buffers.maps[0]);
        let mut outputs = vec![0.0; n_windows * self.steps[self.steps.len() - 1].output.n_values()];
        let (mut norms, mut statistics) = (Vec::new(), Vec::new());
        for (i, step) in self.steps.iter().enumerate() {
            let (before, after) = buffers.maps.split_at_mut(i + 1);
            let to = after.first_mut().unwrap_or(&mut outputs);
            let norm = step.forward(
                parameters[i],
                &forward_weights[i],
                (&before[i], &mut buffers.sums[i], to),
                self.epsilon,
            );
            if let Some(norm) = &norm {
                statistics.extend(norm.statistics(parameters[i].bias));
            }
            norms.push(norm);
        }
        Forward {
            outputs,
            statistics,
            kept: Kept {
                lent: Lent {
                    buffers: Some(buffers),
                    home: Arc::clone(&self.idle),
                },
                norms,
                weights: backward_weights,
            },
        }
    }

    /// The gradients of inputs and parameters from that of the outputs; that of the inputs is empty where it is not wanted.
    fn backward(&self, mut kept: Kept, output_gradient: &[f32], wants_inputs: bool) -> (Vec<f32>, Vec<f32>) {
        let mut gradients = vec![0.0; self.n_parameters()];
        let mut inputs = Vec::new();
        let Some(buffers) = &mut kept.lent.buffers else {
            return (inputs, gradients);
        };
        let mut rest = gradients.as_mut_slice();
        let last = self.steps.len() - 1;
        let mut norm_sums = self.steps[last].norm_sums(kept.norms[last].as_ref(), &buffers.sums[last], output_gradient);
        for (i, step) in self.steps.iter().enumerate().rev() {
            let own;
            (rest, own) = rest.split_at_mut(rest.len() - step.layer.n_parameters());
            let (before, after) = buffers.maps.split_at_mut(i + 1);
            let map = &mut before[i];
            let (sums_below, sums) = buffers.sums.split_at_mut(i);
            let sums = &mut sums[0];
            let from = after.first().map_or(output_gradient, Vec::as_slice);
            let (weights, others) = own.split_at_mut(step.layer.convolution.n_weights());
            step.gradient_of_sums(
                kept.norms[i].as_ref().map(|norm| (norm, norm_sums.as_slice())),
                from,
                sums,
                others,
            );
            step.weight_gradient(map, sums, weights);
            if i > 0 || wants_inputs {
                norm_sums = step.gradient_of_input(&kept.weights[i], sums, map, |first, gradients| match i {
                    0 => Vec::new(),
                    _ => {
                        let below = &self.steps[i - 1];
                        let sums = &sums_below[i - 1][first * below.sums.n_values()..];
                        below.norm_sums(kept.norms[i - 1].as_ref(), sums, gradients)
                    }
                });
            }
            if i == 0 && wants_inputs {
                let windows = map.chunks(step.input.n_values());
                inputs = windows
                    .flat_map(|window| step.input.rows().flat_map(|row| &window[row]))
                    .copied()
                    .collect();
            }
        }
        (inputs, gradients)
    }

    fn n_parameters(&self) -> usize {
        self.steps.iter().map(|step| step.layer.n_parameters()).sum()
    }

    fn buffers(&self, n_windows: usize) -> Buffers {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        idle.filter(|buffers| buffers.n_windows == n_windows).unwrap_or_else(|| {
            let zeros = |frame: &Frame| vec![0.0; n_windows * frame.n_values()];
            Buffers {
                n_windows,
                maps: self.steps.iter().map(|step| zeros(&step.input)).collect(),
                sums: self.steps.iter().map(|step| zeros(&step.sums)).collect(),
            }
        })
    }

    fn of_each_layer<'a>(&self, mut parameters: &'a [f32]) -> Vec<Parameters<'a>> {
        let layers = self.steps.iter().map(|step| {
            let (own, rest) = parameters.split_at(step.layer.n_parameters());
            parameters = rest;
            let (weights, own) = own.split_at(step.layer.convolution.n_weights());
            let (bias, norm) = own.split_at(step.layer.n_biases());
            Parameters { weights, bias, norm }
        });
        layers.collect()
    }

    /// The weights of each layer, for the way forward and for the way back.
    fn pack(&self, parameters: &[Parameters<'_>]) -> (Vec<Vec<Packed>>, Vec<Vec<Packed>>) {
        let ways = self
            .steps
            .iter()
            .map(|step| &step.forward)
            .chain(self.steps.iter().map(|step| &step.backward));
        let weights = parameters.iter().chain(parameters).map(|parameters| parameters.weights);
        let mut forward = pack_all(&ways.zip(weights).collect::<Vec<_>>());
        let backward = forward.split_off(self.steps.len());
        (forward, backward)
    }
}

impl Step {
    fn new(layer: &Layer, input: Frame, output: Frame) -> Self {
        let back = match layer.direction {
            Direction::Down => Direction::Up,
            Direction::Up => Direction::Down,
        };
        let sums = Frame {
            map: output.map,
            margin: layer.convolution.margin(back),
        };
        let (large, small) = match layer.direction {
            Direction::Down => (input, sums),
            Direction::Up => (sums, input),
        };
        let forward_output = if layer.has_norm { sums } else { output };
        Self {
            layer: *layer,
            input,
            output,
            sums,
            forward: Pass::new(layer.convolution, layer.direction, input, forward_output),
            backward: Pass::new(layer.convolution, back, sums, input),
            weights: WeightGradient::new(layer.convolution, large, small),
        }
    }

    /// From the layer's inputs to its sums and outputs; the norm where there is one.
    fn forward(
        &self,
        parameters: Parameters<'_>,
        weights: &[Packed],
        (inputs, sums, outputs): (&[f32], &mut [f32], &mut [f32]),
        epsilon: f32,
    ) -> Option<BatchNorm> {
        let n_channels = self.output.map.channels;
        let no_bias = padded(std::iter::repeat_n(0.0, n_channels), n_lanes());
        if self.layer.has_norm {
            // The norm takes any bias away again.
            let moments = convolve_windows(&self.forward, weights, &no_bias, inputs, sums, |_, sums| {
                let windows = sums.chunks(self.sums.n_values());
                windows.map(|window| moments(&self.sums, window)).collect::<Vec<_>>()
            });
            let norm = BatchNorm::of_batch(&self.sums, &moments.concat(), parameters.norm, epsilon);
            norm.normalise((&self.sums, sums), (&self.output, outputs));
            return Some(norm);
        }
        match self.layer.bias {
            Bias::PerChannel => {
                let bias = padded(parameters.bias.iter().copied(), n_lanes());
                convolve_windows(&self.forward, weights, &bias, inputs, outputs, |_, _| ());
            }
            Bias::PerValue => {
                convolve_windows(&self.forward, weights, &no_bias, inputs, outputs, |_, _| ());
                let bias = channels_innermost(parameters.bias, self.output.map);
                let windows = outputs.par_chunks_mut(self.output.n_values());
                windows.for_each(|window| add_to_each(window, &self.output, &bias));
            }
        }
        None
    }

    /// Of each window what the gradients of the norm are made of, from the gradient of the outputs.
    fn norm_sums(&self, norm: Option<&BatchNorm>, sums: &[f32], outputs: &[f32]) -> Vec<Vec<f32>> {
        let windows = sums.chunks(self.sums.n_values()).zip(outputs.chunks(self.output.n_values()));
        let of_window = |(sums, outputs)| norm.map(|norm| norm.gradient_sums((&self.sums, sums), (&self.output, outputs)));
        windows.filter_map(of_window).collect()
    }

    /// From the gradient of the outputs to that of the sums, and of all parameters but the weights.
    ///
    /// With the norm go its [`Self::norm_sums`].
    fn gradient_of_sums(
        &self,
        norm: Option<(&BatchNorm, &[Vec<f32>])>,
        outputs: &[f32],
        sums: &mut [f32],
        parameters: &mut [f32],
    ) {
        let (bias, of_norm) = parameters.split_at_mut(self.layer.n_biases());
        match norm {
            Some((norm, of_windows)) => norm.backward(of_windows, (&self.sums, sums), (&self.output, outputs), of_norm),
            None => {
                let windows = sums.par_chunks_mut(self.sums.n_values());
                let windows = windows.zip(outputs.par_chunks(self.output.n_values()));
                let of_windows = windows.map(|(sums, outputs)| {
                    for (to, from) in self.sums.rows().zip(self.output.rows()) {
                        sums[to].copy_from_slice(&outputs[from]);
                    }
                    let mut of_window = vec![0.0; bias.len()];
                    self.add_bias_gradient(outputs, &mut of_window);
                    of_window
                });
                for of_window in of_windows.collect::<Vec<_>>() {
                    bias.iter_mut().zip(of_window).for_each(|(sum, gradient)| *sum += gradient);
                }
            }
        }
    }

    fn add_bias_gradient(&self, window: &[f32], bias: &mut [f32]) {
        let n_pixels = self.output.map.n_pixels();
        for (pixel_idx, pixel) in self.output.pixels().enumerate() {
            for (c, gradient) in window[pixel].iter().enumerate() {
                bias[match self.layer.bias {
                    Bias::PerChannel => c,
                    Bias::PerValue => c * n_pixels + pixel_idx,
                }] += gradient;
            }
        }
    }

    fn weight_gradient(&self, inputs: &[f32], sums: &[f32], gradient: &mut [f32]) {
        match self.layer.direction {
            Direction::Down => weight_gradient(&self.weights, inputs, sums, gradient),
            Direction::Up => weight_gradient(&self.weights, sums, inputs, gradient),
        }
    }

    /// What `then` makes of each window of it, from the given one on.
    fn gradient_of_input(
        &self,
        weights: &[Packed],
        sums: &[f32],
        inputs: &mut [f32],
        then: impl Fn(usize, &[f32]) -> Vec<Vec<f32>> + Sync,
    ) -> Vec<Vec<f32>> {
        let no_bias = padded(std::iter::repeat_n(0.0, self.input.map.channels), n_lanes());
        convolve_windows(&self.backward, weights, &no_bias, sums, inputs, then).concat()
    }
}

/// What `then` makes of the outputs while they are in the cache: of the windows that a kernel takes together, from the given one on.
fn convolve_windows<R: Send>(
    pass: &Pass,
    weights: &[Packed],
    bias: &[f32],
    inputs: &[f32],
    outputs: &mut [f32],
    then: impl Fn(usize, &[f32]) -> R + Sync,
) -> Vec<R> {
    let n_together = pass.n_together();
    let inputs = inputs.par_chunks(n_together * pass.input.n_values());
    let windows = inputs.zip(outputs.par_chunks_mut(n_together * pass.output.n_values()));
    let windows = windows.enumerate().map_init(Vec::new, |workspace, (i, (inputs, outputs))| {
        convolve(pass, (weights, bias, Floor::None), inputs, outputs, workspace);
        then(i * n_together, outputs)
    });
    windows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::kernels::geometry::{Convolution, MapShape};

    fn map(height: usize, width: usize, channels: usize) -> MapShape {
        MapShape { height, width, channels }
    }

    /// A small autoencoder with every kind of layer, over windows of 6 x 8 numbers.
    fn layers() -> Vec<Layer> {
        let wide = Convolution {
            large: map(6, 8, 1),
            small: map(6, 4, 5),
            kernel: [5, 3],
            stride: [1, 2],
            padding: [2, 1],
        };
        let narrow = Convolution {
            large: map(6, 4, 5),
            small: map(3, 2, 18),
            kernel: [3, 3],
            stride: [2, 2],
            padding: [1, 1],
        };
        let code = Convolution {
            large: map(3, 2, 18),
            small: map(1, 1, 4),
            kernel: [3, 2],
            stride: [3, 2],
            padding: [0, 0],
        };
        let layer = |convolution, direction, bias, has_norm| Layer {
            convolution,
            direction,
            bias,
            has_norm,
        };
        vec![
            layer(wide, Direction::Down, Bias::PerChannel, true),
            layer(narrow, Direction::Down, Bias::PerChannel, true),
            layer(code, Direction::Down, Bias::PerChannel, false),
            layer(code, Direction::Up, Bias::PerValue, false),
            layer(narrow, Direction::Up, Bias::PerChannel, true),
            layer(wide, Direction::Up, Bias::PerChannel, false),
        ]
    }

    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    fn length(numbers: &[f32]) -> f32 {
        numbers.iter().map(|x| x * x).sum::<f32>().sqrt()
    }

    #[test]
    fn gradients_are_the_slopes_of_the_loss() {
        let training = Training::new(&layers(), 1e-3);
        let (inputs, targets) = (numbers(4 * 48, 1.0), numbers(4 * 48, 2.0));
        let parameters: Vec<f32> = numbers(training.n_parameters(), 3.0).iter().map(|x| 0.4 * x + 0.1).collect();
        let loss = |inputs: &[f32], parameters: &[f32]| -> f64 {
            let outputs = training.forward(inputs, parameters).outputs;
            outputs
                .iter()
                .zip(&targets)
                .map(|(output, target)| f64::from(output - target).powi(2))
                .sum()
        };
        let forward = training.forward(&inputs, &parameters);
        let of_outputs: Vec<f32> = forward
            .outputs
            .iter()
            .zip(&targets)
            .map(|(output, target)| 2.0 * (output - target))
            .collect();
        let (of_inputs, of_parameters) = training.backward(forward.kept, &of_outputs, true);
        let is_slope = |name: &str, gradient: &[f32], moved: &dyn Fn(&[f32]) -> f64| {
            let steepness = length(gradient);
            let along = |by: f32| moved(&gradient.iter().map(|x| x * by / steepness).collect::<Vec<_>>());
            // Short where the loss is steep, because it is curved there.
            let by = (0.05 / steepness).min(1e-3);
            let slope = (along(by) - along(-by)) as f32 / (2.0 * by);
            assert!((slope / steepness - 1.0).abs() < 0.02, "{name}: {slope} {steepness}");
        };
        let plus = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f32>>();
        is_slope("inputs", &of_inputs, &|by| loss(&plus(&inputs, by), &parameters));
        let mut first = 0;
        for (i, step) in training.steps.iter().enumerate() {
            let n_weights = step.layer.convolution.n_weights();
            let n_of_norm = step.layer.n_parameters() - n_weights - step.layer.n_biases();
            let kinds = [("weights", n_weights), ("bias", step.layer.n_biases()), ("norm", n_of_norm)];
            for (kind, n) in kinds {
                let own = first..first + n;
                first += n;
                let gradient = &of_parameters[own.clone()];
                if kind == "bias" && step.layer.has_norm {
                    assert!(
                        gradient.iter().all(|&x| x == 0.0),
                        "the norm takes the bias of layer {i} away"
                    );
                } else if n > 0 {
                    is_slope(&format!("{kind} of layer {i}"), gradient, &|by| {
                        let mut moved = parameters.clone();
                        moved[own.clone()].copy_from_slice(&plus(&parameters[own.clone()], by));
                        loss(&inputs, &moved)
                    });
                }
            }
        }
        assert_eq!(first, parameters.len());
    }

    #[test]
    fn buffers_of_another_batch_leave_no_trace() {
        let layers = layers();
        let parameters = numbers(Training::new(&layers, 1e-3).n_parameters(), 3.0);
        let pass = |training: &Training, n_windows: usize, seed: f32| {
            let forward = training.forward(&numbers(n_windows * 48, seed), &parameters);
            let gradients = training.backward(forward.kept, &forward.outputs, true);
            (forward.outputs, forward.statistics, gradients)
        };
        let used = Training::new(&layers, 1e-3);
        for (n_windows, seed) in [(3, 1.0), (3, 2.0), (5, 3.0), (2, 4.0)] {
            assert_eq!(
                pass(&used, n_windows, seed),
                pass(&Training::new(&layers, 1e-3), n_windows, seed)
            );
        }
    }
}
