//! Compact convolutional autoencoders that are built from a genome.
//!
//! Source: the `OutlierNets` paper names their parts: depthwise and pointwise convolutions, replicators, standard convolutions
//! and a dense code; batch norm and ReLU, mean squared error and Adam are ours, as in CAE-MCS.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::abreast::{Abreast, RunningNorm};
use super::engine::Engine;
use super::fused;
use super::parameters::{initialised, input_tensor, n_trainable, tensors_of, with_tensors};
use super::squared_error::mean_squared_errors;
use super::tally::Judged;
use super::trainable::{Trainable, TrainingObserver, TrainingPlan, norm_momentum};
use super::training::train;
use super::weights::weights_error;
use super::{Batch, DeviceChoice, Examples, NamedTensor, TrainingError};
use crate::exploration::{Genome, Layer, N_BANDS, N_FRAMES, Operation, Shape};
use crate::export;

const NORM_EPSILON: f64 = 1e-5;
/// Of running statistics: short trainings must find them settled.
const NORM_MOMENTUM: f64 = 0.1;
/// Fewer windows are redrawn one by one: a group takes as long for one as for as many as fit.
const MIN_ABREAST: usize = 4;
/// Windows that are redrawn at once.
const CHUNK_WINDOWS: usize = 256;

/// The network of a genome, on a device.
#[derive(Debug)]
pub struct OutlierNet {
    genome: Genome,
    network: Network,
    /// The network as it computes on the processor, made when it is first asked for.
    fast: OnceLock<Engine>,
    choice: DeviceChoice,
    device: Device,
}

impl OutlierNet {
    /// Numbers in a window: 32 frames of 128 bands.
    pub const WINDOW_LEN: usize = N_FRAMES * N_BANDS;

    /// A fresh network; the same seed gives the same weights on every device.
    ///
    /// # Errors
    /// Where the genome describes no network, or this build or machine lacks the device.
    pub fn new(genome: &Genome, choice: DeviceChoice, seed: u64) -> Result<Self, TrainingError> {
        let device = choice.open()?;
        genome.check().map_err(TrainingError::Design)?;
        Ok(Self {
            genome: genome.clone(),
            network: initialised(Network::new(genome.layers(), &device), seed, he_bound),
            fast: OnceLock::new(),
            choice,
            device,
        })
    }

    /// The network of a genome with these weights; `origin` is named where they do not fit.
    ///
    /// # Errors
    /// As [`Self::new`], and where the weights do not fit.
    pub fn from_weights(
        genome: &Genome,
        choice: DeviceChoice,
        tensors: &[NamedTensor],
        origin: &Path,
    ) -> Result<Self, TrainingError> {
        let mut fresh = Self::new(genome, choice, 0)?;
        fresh.network = with_tensors(fresh.network, tensors).map_err(|reason| weights_error(origin, &reason))?;
        Ok(fresh)
    }

    pub fn genome(&self) -> &Genome {
        &self.genome
    }

    /// Trainable numbers; [`Genome::cost`] tells them without building the network.
    pub fn n_parameters(&self) -> usize {
        n_trainable(&self.network)
    }

    /// All weights and running statistics, in the order of the layers.
    pub fn weights(&self) -> Result<Vec<NamedTensor>, TrainingError> {
        tensors_of(&self.network)
    }

    /// Trains by mean squared error and Adam, and resumes from `checkpoint` where that file is of the same plan.
    ///
    /// # Errors
    /// Where the observer asks to stop, the loss diverges, the examples fail, or the checkpoint cannot be written.
    pub fn train(
        mut self,
        plan: &TrainingPlan,
        examples: Examples<'_>,
        checkpoint: Option<&Path>,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Self, TrainingError> {
        self.network = train(self.network, self.choice, plan, examples, checkpoint, observer)?;
        self.fast = OnceLock::new();
        Ok(self)
    }

    /// What the network makes of `windows`, `[n_windows, 32 frames, 128 bands]`: as many again.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn reconstruct(&self, windows: &[f32]) -> Result<Vec<f32>, TrainingError> {
        if self.choice == DeviceChoice::Cpu {
            return Ok(self.redraw_and_show(windows, 0)?.0);
        }
        let mut reconstructions = Vec::with_capacity(windows.len());
        for windows in windows.chunks(CHUNK_WINDOWS * Self::WINDOW_LEN) {
            let redrawn = self.network.forward(network_input(windows.to_vec(), &self.device));
            reconstructions.extend(redrawn.try_into_vec_as::<f32>().map_err(TrainingError::device)?);
        }
        Ok(reconstructions)
    }

    /// On the processor: many windows abreast, few of them one by one.
    fn redraw_and_show(&self, windows: &[f32], n_layers: usize) -> Result<(Vec<f32>, Vec<f32>), TrainingError> {
        if windows.len() / Self::WINDOW_LEN >= MIN_ABREAST {
            return self.network.redraw_and_show(windows, n_layers);
        }
        Ok(self.fast()?.run_and_show(windows, n_layers))
    }

    fn fast(&self) -> Result<&Engine, TrainingError> {
        if let Some(fast) = self.fast.get() {
            return Ok(fast);
        }
        let fast = Engine::new(&self.graph("net")?);
        Ok(self.fast.get_or_init(|| fast))
    }

    /// The mean squared error of each window of [`Self::reconstruct`].
    ///
    /// # Errors
    /// Where the device fails.
    pub fn errors(&self, windows: &[f32]) -> Result<Vec<f32>, TrainingError> {
        let reconstructions = self.reconstruct(windows)?;
        Ok(mean_squared_errors(windows, &reconstructions, Self::WINDOW_LEN).collect())
    }

    /// Numbers in the code of a window: those of the dense code, or of the innermost map a band and channel.
    pub fn code_len(&self) -> usize {
        let Shape { bands, channels, .. } = self.network.innermost();
        bands * channels
    }

    /// The code of each window, `[n_windows, code_len]`, and the errors of [`Self::errors`]. Without a dense code it is the
    /// innermost map, averaged over its frames: `[channels, bands]`.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn codes_and_errors(&self, windows: &[f32]) -> Result<(Vec<f32>, Vec<f32>), TrainingError> {
        let n_inner = self.network.layers.len() / 2;
        if self.choice == DeviceChoice::Cpu {
            let (redrawn, maps) = self.redraw_and_show(windows, n_inner)?;
            let errors = mean_squared_errors(windows, &redrawn, Self::WINDOW_LEN);
            return Ok((self.means_over_frames(&maps), errors.collect()));
        }
        let (mut codes, mut errors) = (Vec::new(), Vec::with_capacity(windows.len() / Self::WINDOW_LEN));
        for windows in windows.chunks(CHUNK_WINDOWS * Self::WINDOW_LEN) {
            let (redrawn, code) = self
                .network
                .forward_and_show(network_input(windows.to_vec(), &self.device), n_inner);
            let redrawn = redrawn.try_into_vec_as::<f32>().map_err(TrainingError::device)?;
            let code = code.mean_dim(2).try_into_vec_as::<f32>().map_err(TrainingError::device)?;
            codes.extend(code);
            errors.extend(mean_squared_errors(windows, &redrawn, Self::WINDOW_LEN));
        }
        Ok((codes, errors))
    }

    /// Innermost maps `[n_windows][channels, frames, bands]`, averaged over their frames.
    fn means_over_frames(&self, maps: &[f32]) -> Vec<f32> {
        let Shape { frames, bands, .. } = self.network.innermost();
        let mut means = Vec::with_capacity(maps.len() / frames.max(1));
        for channel in maps.chunks_exact((frames * bands).max(1)) {
            let sums = (0..bands).map(|band| channel[band..].iter().step_by(bands).sum::<f32>());
            means.extend(sums.map(|sum| sum / frames as f32));
        }
        means
    }

    /// The network as it leaves: norms folded into the weights. `name` may stand in code.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn graph(&self, name: &str) -> Result<export::Graph, TrainingError> {
        let mut tensors = self.weights()?.into_iter();
        let mut next = || tensors.next().map(|tensor| tensor.values).unwrap_or_default();
        // The tensors lie kind by kind, each in the order of the layers.
        let mut take = |is_of_kind: fn(&Layer) -> bool, n_tensors: fn(&Layer) -> usize| -> Vec<Vec<Vec<f32>>> {
            let layers = self.network.layers.iter().filter(|layer| is_of_kind(layer));
            layers.map(|layer| (0..n_tensors(layer)).map(|_| next()).collect()).collect()
        };
        let n_of_convolution = |layer: &Layer| 1 + usize::from(layer.has_bias && !layer.has_norm);
        let mut convolutions = take(|layer| layer.operation != Operation::Dense, n_of_convolution).into_iter();
        let mut dense = take(|layer| layer.operation == Operation::Dense, |_| 2).into_iter();
        let mut norms = take(|layer| layer.has_norm, |_| 4).into_iter();
        let nodes = self.network.layers.iter().map(|layer| {
            let mut tensors = match layer.operation {
                Operation::Dense => dense.next(),
                _ => convolutions.next(),
            }
            .unwrap_or_default()
            .into_iter();
            let (weights, biases) = (tensors.next().unwrap_or_default(), tensors.next().unwrap_or_default());
            let norm = if layer.has_norm { norms.next() } else { None };
            node(layer, weights, biases, norm.as_deref())
        });
        Ok(export::Graph {
            name: name.to_owned(),
            input: map_shape(self.network.layers.first().map_or(WINDOW, |layer| layer.input)),
            nodes: nodes.collect(),
            result: export::OutputKind::Reconstruction,
            normalisation: None,
            metadata: Vec::new(),
        })
    }
}

const WINDOW: Shape = Shape {
    frames: N_FRAMES,
    bands: N_BANDS,
    channels: 1,
};

fn map_shape(shape: Shape) -> export::MapShape {
    export::MapShape {
        height: shape.frames,
        width: shape.bands,
        channels: shape.channels,
    }
}

/// A layer with its numbers; `norm` are the factors, offsets, means and variances of the batch norm behind it.
fn node(layer: &Layer, mut weights: Vec<f32>, mut biases: Vec<f32>, norm: Option<&[Vec<f32>]>) -> export::Node {
    if layer.operation == Operation::Dense {
        weights = transposed(&weights, layer.input.n_values());
    }
    if let Some([factors, offsets, means, variances]) = norm {
        biases = Vec::with_capacity(factors.len());
        for (channel, weights) in weights.chunks_mut(layer.n_weights() / layer.output.channels).enumerate() {
            let scale = factors[channel] / (variances[channel] + NORM_EPSILON as f32).sqrt();
            weights.iter_mut().for_each(|weight| *weight *= scale);
            biases.push(offsets[channel] - means[channel] * scale);
        }
    }
    let convolution = |kernel: usize, groups| export::Operation::Convolution {
        kernel: [kernel; 2],
        stride: layer.stride,
        padding: [kernel / 2; 2],
        groups,
        replicated: layer.replicated,
    };
    export::Node {
        operation: match layer.operation {
            Operation::Convolution { kernel } => convolution(kernel, 1),
            Operation::Depthwise => convolution(3, layer.input.channels),
            Operation::Dense => export::Operation::Dense,
        },
        weights,
        biases,
        activation: if layer.has_norm {
            export::Activation::Relu
        } else {
            export::Activation::None
        },
        output: map_shape(layer.output),
    }
}

/// `[n_rows, …]` → `[…, n_rows]`
fn transposed(values: &[f32], n_rows: usize) -> Vec<f32> {
    let n_columns = values.len() / n_rows.max(1);
    (0..values.len())
        .map(|at| values[at % n_rows * n_columns + at / n_rows])
        .collect()
}

/// He's: uniform, as wide as keeps the variance through a ReLU.
fn he_bound(shape: &[usize]) -> f32 {
    // Kernels are `[out, in, height, width]`, burn's matrices `[in, out]`.
    let n_inputs = match shape {
        [n_inputs, _] => *n_inputs,
        [_, kernel @ ..] => kernel.iter().product(),
        [] => 1,
    };
    (6.0 / n_inputs as f32).sqrt()
}

/// `[n_windows, 1, 32, 128]`
fn network_input(windows: Vec<f32>, device: &Device) -> Tensor<4> {
    let n_windows = windows.len() / OutlierNet::WINDOW_LEN;
    input_tensor(windows, [n_windows, 1, N_FRAMES, N_BANDS], device)
}

/// The layers' numbers kind by kind, each in the order of the layers.
#[derive(Module, Debug)]
struct Network {
    convolutions: Vec<Conv2d>,
    dense: Vec<Linear>,
    norms: Vec<BatchNorm>,
    #[module(skip)]
    layers: Vec<Layer>,
    /// The same layers as they are trained on the processor.
    #[module(skip)]
    abreast: Abreast,
}

impl Network {
    fn new(layers: Vec<Layer>, device: &Device) -> Self {
        let convolution = |layer: &Layer| {
            let (kernel, groups) = match layer.operation {
                Operation::Convolution { kernel } => (kernel, 1),
                Operation::Depthwise => (3, layer.input.channels),
                Operation::Dense => return None,
            };
            let padding = kernel / 2;
            Some(
                Conv2dConfig::new([layer.input.channels, layer.output.channels], [kernel; 2])
                    .with_stride(layer.stride)
                    .with_groups(groups)
                    .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                    .with_bias(layer.has_bias && !layer.has_norm)
                    .with_initializer(Initializer::Zeros)
                    .init(device),
            )
        };
        let dense = layers
            .iter()
            .filter(|layer| layer.operation == Operation::Dense)
            .map(|layer| {
                LinearConfig::new(layer.input.n_values(), layer.output.n_values())
                    .with_initializer(Initializer::Zeros)
                    .init(device)
            });
        let norms = layers.iter().filter(|layer| layer.has_norm).map(|layer| {
            BatchNormConfig::new(layer.output.channels)
                .with_epsilon(NORM_EPSILON)
                .with_momentum(NORM_MOMENTUM)
                .init(device)
        });
        Self {
            convolutions: layers.iter().filter_map(convolution).collect(),
            dense: dense.collect(),
            norms: norms.collect(),
            abreast: Abreast::new(&layers, NORM_EPSILON),
            layers,
        }
    }

    /// [`Self::forward`] and what the norms learn from it, by our own kernels.
    fn forward_by_block(&self, x: Tensor<4>) -> Tensor<4> {
        let (redrawn, statistics) = fused::apply::<4, 4>(Arc::new(self.abreast.clone()), x, self.parameters());
        fused::follow(self.norms.iter(), &statistics);
        redrawn
    }

    /// What a trained network makes of windows, and what has become of them after so many layers, by our own kernels.
    fn redraw_and_show(&self, windows: &[f32], n_layers: usize) -> Result<(Vec<f32>, Vec<f32>), TrainingError> {
        let values = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().map_err(TrainingError::device);
        let running = self.norms.iter().map(|norm| {
            Ok(RunningNorm {
                means: values(norm.running_mean.value_sync())?,
                variances: values(norm.running_var.value_sync())?,
            })
        });
        let running = running.collect::<Result<Vec<_>, TrainingError>>()?;
        let parameters = values(Tensor::cat(self.parameters(), 0))?;
        Ok(self.abreast.redraw_and_show(windows, &parameters, &running, n_layers))
    }

    /// In the order in which the block takes them: layer after layer.
    fn parameters(&self) -> Vec<Tensor<1>> {
        let (mut convolutions, mut dense, mut norms) = (self.convolutions.iter(), self.dense.iter(), self.norms.iter());
        let mut parameters = Vec::new();
        for layer in &self.layers {
            let (weight, bias) = match layer.operation {
                Operation::Dense => dense.next().map(|dense| (dense.weight.val().flatten::<1>(0, 1), &dense.bias)),
                _ => convolutions
                    .next()
                    .map(|convolution| (convolution.weight.val().flatten::<1>(0, 3), &convolution.bias)),
            }
            .unzip();
            parameters.extend(weight);
            parameters.extend(bias.and_then(|bias| bias.as_ref()).map(|bias| bias.val()));
            if layer.has_norm
                && let Some(norm) = norms.next()
            {
                parameters.extend([norm.gamma.val(), norm.beta.val()]);
            }
        }
        parameters
    }

    /// What the first half of the layers yields: designs are symmetric around their code.
    fn innermost(&self) -> Shape {
        let last = (self.layers.len() / 2).checked_sub(1);
        last.map_or(WINDOW, |last| self.layers[last].output)
    }

    /// `[batch, 1, 32, 128]` → the same
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_and_show(x, 0).0
    }

    /// [`Self::forward`], and what has become of the windows after so many layers.
    fn forward_and_show(&self, mut x: Tensor<4>, n_layers: usize) -> (Tensor<4>, Tensor<4>) {
        let mut shown = x.clone();
        let (mut convolutions, mut dense, mut norms) = (self.convolutions.iter(), self.dense.iter(), self.norms.iter());
        for (at, layer) in self.layers.iter().enumerate() {
            let [n_windows, ..] = x.dims();
            let Shape { frames, bands, channels } = layer.output;
            x = match layer.operation {
                Operation::Dense => match dense.next() {
                    Some(dense) => dense
                        .forward(x.flatten::<2>(1, 3))
                        .reshape([n_windows, channels, frames, bands]),
                    None => x,
                },
                _ => match convolutions.next() {
                    Some(convolution) => convolution.forward(replicated(x, layer.replicated)),
                    None => x,
                },
            };
            if layer.has_norm
                && let Some(norm) = norms.next()
            {
                x = relu(norm.forward(x));
            }
            if at + 1 == n_layers {
                shown = x.clone();
            }
        }
        (x, shown)
    }
}

/// Each value repeated along frames and bands.
fn replicated(x: Tensor<4>, times: [usize; 2]) -> Tensor<4> {
    if times == [1, 1] {
        return x;
    }
    let [n_windows, channels, frames, bands] = x.dims();
    x.reshape([n_windows, channels, frames, 1, bands, 1])
        .repeat_dim(3, times[0])
        .repeat_dim(5, times[1])
        .reshape([n_windows, channels, frames * times[0], bands * times[1]])
}

impl Trainable for Network {
    fn judge(&self, batch: Batch, device: &Device) -> Judged {
        let redrawn = if !fused::has_blocks(device) {
            None
        } else if device.is_autodiff() {
            Some(self.forward_by_block(network_input(batch.inputs.clone(), device)))
        } else {
            let redrawn = self.redraw_and_show(&batch.inputs, 0).ok();
            redrawn.map(|(redrawn, _)| network_input(redrawn, device))
        };
        let windows = network_input(batch.inputs, device);
        let redrawn = redrawn.unwrap_or_else(|| self.forward(windows.clone()));
        Judged::of((redrawn - windows).square().mean())
    }

    fn set_norm_momentum(&mut self, step_idx: u64) {
        let momentum = norm_momentum(NORM_MOMENTUM, step_idx);
        self.norms.iter_mut().for_each(|norm| norm.momentum = momentum);
    }
}

#[cfg(test)]
mod tests {
    use super::super::gradient_check::{Learned, distance, learned_from};
    use super::*;

    fn windows(n: usize) -> Vec<f32> {
        (0..n * OutlierNet::WINDOW_LEN)
            .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos() + (i % 128) as f32 * 0.01)
            .collect()
    }

    fn designs() -> Vec<Genome> {
        let words = [
            "std6 dw9 dw8",
            "std8/2x2 dw16/2x2 dw16/2x2 dw24/1x2 code12",
            "pw5/1x2 std3/2x1 dw2",
            "dw4/2x2",
            "std2/2x2 std3/2x2 std4/2x2 std5/2x2 std6/2x2 code4",
        ];
        words.map(|words| words.parse().expect("a design")).to_vec()
    }

    fn learned(genome: &Genome, batch: &[f32], device: &Device) -> Learned {
        let network = initialised(Network::new(genome.layers(), device), 5, he_bound);
        let batch = Batch {
            inputs: batch.to_vec(),
            classes: vec![0; batch.len() / OutlierNet::WINDOW_LEN],
            ..Batch::default()
        };
        learned_from(&network, batch, device)
    }

    #[test]
    fn a_step_by_our_kernels_is_a_step_by_plain_layers() {
        #[expect(deprecated, reason = "kept as an independent check of the kernels")]
        let plain = Device::ndarray().autodiff();
        // Fewer windows than lanes, and more than a group.
        for (genome, n_windows) in designs().iter().zip([3, 19, 2, 17, 18]) {
            let batch = windows(n_windows);
            let found = learned(genome, &batch, &Device::flex().autodiff());
            let plain = learned(genome, &batch, &plain);
            assert!(
                (found.loss / plain.loss - 1.0).abs() < 1e-4,
                "{genome}: {} {}",
                found.loss,
                plain.loss
            );
            // Of one input channel a norm takes away what its weights change: only rounding is left of their gradients.
            let length = |gradient: &Vec<f32>| gradient.iter().map(|x| x * x).sum::<f32>().sqrt();
            let longest = plain.gradients.iter().map(length).fold(0.0, f32::max);
            let of_tensors = found.gradients.iter().zip(&plain.gradients).zip(&plain.tensors);
            for ((gradient, plain), tensor) in of_tensors {
                let distance = distance(gradient, plain, 0.01 * longest);
                assert!(distance < 1e-3, "{genome}: gradient of {} off by {distance}", tensor.name);
            }
            for (found, plain) in found.tensors.iter().zip(&plain.tensors) {
                let distance = distance(&found.values, &plain.values, 1e-4);
                assert!(distance < 1e-4, "{genome}: {} off by {distance}", plain.name);
            }
        }
    }

    #[test]
    fn a_trained_network_judges_as_its_plain_layers_do() {
        for genome in designs() {
            let device = Device::flex();
            let network = initialised(Network::new(genome.layers(), &device), 5, he_bound);
            let batch = windows(19);
            let n_inner = network.layers.len() / 2;
            let (redrawn, code) = network.redraw_and_show(&batch, n_inner).expect("tensors can be read");
            let (plain, plain_code) = network.forward_and_show(network_input(batch, &device), n_inner);
            for (found, plain) in [(redrawn, plain), (code, plain_code)] {
                let plain = plain.try_into_vec_as::<f32>().expect("tensors can be read");
                let distance = distance(&found, &plain, 1e-4);
                assert!(distance < 1e-5, "{genome}: off by {distance}");
            }
        }
    }
}
