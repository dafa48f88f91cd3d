//! CAE-MCS, the convolutional autoencoder of Ribeiro et al. (2020) that `OutlierNets` are measured against.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::convolutional::{Bias, FoldedLayer, Inference, Layer, TrainingBlock};
use super::fused;
use super::kernels::geometry::{Convolution, Direction, MapShape};
use super::parameters::{initialised, input_tensor, n_trainable, tensors_of, with_tensors};
use super::squared_error::mean_squared_errors;
use super::tally::Judged;
use super::trainable::{Trainable, TrainingObserver, TrainingPlan, norm_momentum};
use super::training::train;
use super::weights::weights_error;
use super::{Batch, DeviceChoice, Examples, NamedTensor, TrainingError};

/// Channels, side of the kernel, and strides over frames and bands of the encoder's layers. The decoder is their mirror image.
const ENCODER: [(usize, usize, [usize; 2]); 5] = [
    (32, 5, [1, 2]),
    (64, 5, [1, 2]),
    (128, 5, [2, 2]),
    (256, 3, [2, 2]),
    (512, 3, [2, 2]),
];
/// Numbers in the code.
const CODE_LEN: usize = 40;
/// What the encoder makes of a window: frames, bands, channels.
const LAST_MAP: [usize; 3] = [4, 4, 512];
/// Keras' default.
const NORM_EPSILON: f64 = 1e-3;
/// Keras' default of 0.99 in burn's way of counting.
const NORM_MOMENTUM: f64 = 0.01;
/// Windows that burn takes at once: its widest tensor has 17 MB then.
const CHUNK_WINDOWS: usize = 64;

/// CAE-MCS on a device.
#[derive(Debug)]
pub struct CaeMcs {
    network: Network,
    /// The network as it computes on the processor, made when it is first asked for.
    fast: OnceLock<Inference>,
    choice: DeviceChoice,
    device: Device,
}

impl CaeMcs {
    /// Frames in a window.
    pub const N_FRAMES: usize = 32;
    /// Mel bands in a frame.
    pub const N_BANDS: usize = 128;
    /// Strides of the encoder's layers over frames and bands; those of the decoder come in the other order.
    pub(super) const STRIDES: [[usize; 2]; ENCODER.len()] =
        [ENCODER[0].2, ENCODER[1].2, ENCODER[2].2, ENCODER[3].2, ENCODER[4].2];
    /// Numbers in the code of a window.
    pub const CODE_LEN: usize = CODE_LEN;
    /// Numbers in a window.
    pub const WINDOW_LEN: usize = Self::N_FRAMES * Self::N_BANDS;

    /// A fresh network; the same seed gives the same weights on every device.
    ///
    /// # Errors
    /// Where this build or machine lacks the device.
    pub fn new(choice: DeviceChoice, seed: u64) -> Result<Self, TrainingError> {
        let device = choice.open()?;
        Ok(Self {
            network: initialised(Network::new(&device), seed, glorot_bound),
            fast: OnceLock::new(),
            choice,
            device,
        })
    }

    /// A network with these weights; `origin` is named where they do not fit.
    ///
    /// # Errors
    /// Where they do not fit, or this build or machine lacks the device.
    pub fn from_weights(choice: DeviceChoice, tensors: &[NamedTensor], origin: &Path) -> Result<Self, TrainingError> {
        let mut fresh = Self::new(choice, 0)?;
        fresh.network = with_tensors(fresh.network, tensors).map_err(|reason| weights_error(origin, &reason))?;
        Ok(fresh)
    }

    /// Trainable numbers.
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
        // A batch's buffers take 200 MB.
        self.network.block = TrainingBlock::new(&layers(), NORM_EPSILON as f32);
        self.fast = OnceLock::new();
        Ok(self)
    }

    /// What the network makes of `windows`, `[n_windows, 32 frames, 128 bands]`: as many again.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn reconstruct(&self, windows: &[f32]) -> Result<Vec<f32>, TrainingError> {
        if self.choice == DeviceChoice::Cpu {
            return Ok(self.fast()?.run(windows));
        }
        let mut reconstructions = Vec::with_capacity(windows.len());
        for windows in windows.chunks(CHUNK_WINDOWS * Self::WINDOW_LEN) {
            let redrawn = self.network.forward(network_input(windows.to_vec(), &self.device));
            reconstructions.extend(redrawn.try_into_vec_as::<f32>().map_err(TrainingError::device)?);
        }
        Ok(reconstructions)
    }

    /// The mean squared error of each window of [`Self::reconstruct`].
    ///
    /// # Errors
    /// Where the device fails.
    pub fn errors(&self, windows: &[f32]) -> Result<Vec<f32>, TrainingError> {
        let reconstructions = self.reconstruct(windows)?;
        Ok(mean_squared_errors(windows, &reconstructions, Self::WINDOW_LEN).collect())
    }

    /// The code of each window, `[n_windows, 40]`, and the errors of [`Self::errors`].
    ///
    /// # Errors
    /// Where the device fails.
    pub fn codes_and_errors(&self, windows: &[f32]) -> Result<(Vec<f32>, Vec<f32>), TrainingError> {
        let (mut codes, mut reconstructions) = (Vec::new(), Vec::with_capacity(windows.len()));
        if self.choice == DeviceChoice::Cpu {
            // What the layer after the code gets.
            (reconstructions, codes) = self.fast()?.run_and_show(windows, ENCODER.len() + 1);
        } else {
            for windows in windows.chunks(CHUNK_WINDOWS * Self::WINDOW_LEN) {
                let code = self.network.code(network_input(windows.to_vec(), &self.device));
                let redrawn = self.network.decode(code.clone());
                codes.extend(code.try_into_vec_as::<f32>().map_err(TrainingError::device)?);
                reconstructions.extend(redrawn.try_into_vec_as::<f32>().map_err(TrainingError::device)?);
            }
        }
        let errors = mean_squared_errors(windows, &reconstructions, Self::WINDOW_LEN);
        Ok((codes, errors.collect()))
    }

    fn fast(&self) -> Result<&Inference, TrainingError> {
        if let Some(fast) = self.fast.get() {
            return Ok(fast);
        }
        let fast = self.network.inference()?;
        Ok(self.fast.get_or_init(|| fast))
    }
}

/// Keras' default: uniform within the square root of 6 / (inputs + outputs).
fn glorot_bound(shape: &[usize]) -> f32 {
    // Kernels are `[channels, channels, height, width]`, burn's matrices `[in, out]`.
    let [from, to, kernel @ ..] = shape else {
        return 0.0;
    };
    (6.0 / ((from + to) * kernel.iter().product::<usize>()) as f32).sqrt()
}

/// `[n_windows, 1, 32, 128]`
fn network_input(windows: Vec<f32>, device: &Device) -> Tensor<4> {
    let n_windows = windows.len() / CaeMcs::WINDOW_LEN;
    input_tensor(windows, [n_windows, 1, CaeMcs::N_FRAMES, CaeMcs::N_BANDS], device)
}

/// The layers as our own kernels see them, in the order of the fields of [`Network`].
fn layers() -> Vec<Layer> {
    let mut map = MapShape {
        height: CaeMcs::N_FRAMES,
        width: CaeMcs::N_BANDS,
        channels: 1,
    };
    let convolutions = ENCODER.map(|(channels, kernel, stride)| {
        let small = MapShape {
            height: map.height / stride[0],
            width: map.width / stride[1],
            channels,
        };
        let large = std::mem::replace(&mut map, small);
        Convolution {
            large,
            small,
            kernel: [kernel; 2],
            stride,
            padding: [kernel / 2; 2],
        }
    });
    // From all of the map to one pixel, and back.
    let code = Convolution {
        large: map,
        small: MapShape {
            height: 1,
            width: 1,
            channels: CODE_LEN,
        },
        kernel: [map.height, map.width],
        stride: [map.height, map.width],
        padding: [0, 0],
    };
    let layer = |convolution, direction, bias, has_norm| Layer {
        convolution,
        direction,
        bias,
        has_norm,
    };
    let down = convolutions
        .iter()
        .map(|&convolution| layer(convolution, Direction::Down, Bias::PerChannel, true));
    let up = convolutions.iter().enumerate().rev();
    let up = up.map(|(i, &convolution)| layer(convolution, Direction::Up, Bias::PerChannel, i > 0));
    let around_code = [
        layer(code, Direction::Down, Bias::PerChannel, false),
        layer(code, Direction::Up, Bias::PerValue, false),
    ];
    down.chain(around_code).chain(up).collect()
}

#[derive(Module, Debug)]
struct DownBlock {
    conv: Conv2d,
    norm: BatchNorm,
}

impl DownBlock {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(x)))
    }
}

#[derive(Module, Debug)]
struct UpBlock {
    conv: ConvTranspose2d,
    norm: BatchNorm,
}

impl UpBlock {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(x)))
    }
}

#[derive(Module, Debug)]
struct Network {
    encoder: Vec<DownBlock>,
    /// One kernel as large as the last map for each number of the code.
    code: Conv2d,
    widen: Linear,
    decoder: Vec<UpBlock>,
    output: ConvTranspose2d,
    #[module(skip)]
    block: TrainingBlock,
}

impl Network {
    fn new(device: &Device) -> Self {
        let norm = |channels| {
            BatchNormConfig::new(channels)
                .with_epsilon(NORM_EPSILON)
                .with_momentum(NORM_MOMENTUM)
                .init(device)
        };
        let mut channels = 1;
        let encoder = ENCODER.map(|(to, kernel, stride)| {
            let from = std::mem::replace(&mut channels, to);
            DownBlock {
                conv: Conv2dConfig::new([from, to], [kernel; 2])
                    .with_stride(stride)
                    .with_padding(PaddingConfig2d::Explicit(kernel / 2, kernel / 2, kernel / 2, kernel / 2))
                    .with_initializer(Initializer::Zeros)
                    .init(device),
                norm: norm(to),
            }
        });
        let up = |i: usize, to| {
            let (from, kernel, stride) = ENCODER[i];
            ConvTranspose2dConfig::new([from, to], [kernel; 2])
                .with_stride(stride)
                .with_padding([kernel / 2; 2])
                .with_padding_out([stride[0] - 1, stride[1] - 1])
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        let decoder = (1..ENCODER.len()).rev().map(|i| {
            let to = ENCODER[i - 1].0;
            UpBlock {
                conv: up(i, to),
                norm: norm(to),
            }
        });
        let [n_frames, n_bands, n_channels] = LAST_MAP;
        Self {
            encoder: encoder.into(),
            code: Conv2dConfig::new([n_channels, CODE_LEN], [n_frames, n_bands])
                .with_initializer(Initializer::Zeros)
                .init(device),
            widen: LinearConfig::new(CODE_LEN, n_frames * n_bands * n_channels)
                .with_initializer(Initializer::Zeros)
                .init(device),
            decoder: decoder.collect(),
            output: up(0, 1),
            block: TrainingBlock::new(&layers(), NORM_EPSILON as f32),
        }
    }

    /// `[batch, 1, 32, 128]` → the same
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.decode(self.code(x))
    }

    /// `[batch, 1, 32, 128]` → `[batch, 40]`
    fn code(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.encoder.iter().fold(x, |x, block| block.forward(x));
        self.code.forward(x).flatten::<2>(1, 3)
    }

    /// `[batch, 40]` → `[batch, 1, 32, 128]`
    fn decode(&self, code: Tensor<2>) -> Tensor<4> {
        let [n_frames, n_bands, n_channels] = LAST_MAP;
        let [n_windows, _] = code.dims();
        let x = self.widen.forward(code).reshape([n_windows, n_channels, n_frames, n_bands]);
        let x = self.decoder.iter().fold(x, |x, block| block.forward(x));
        self.output.forward(x)
    }

    /// [`Self::forward`] and what the norms learn from it, by our own kernels.
    fn forward_by_block(&self, x: Tensor<4>) -> Tensor<4> {
        let shape = x.dims();
        // Of a single channel it does not matter whether it is outermost or innermost.
        let (redrawn, statistics) = fused::apply::<4, 4>(Arc::new(self.block.clone()), x, self.parameters());
        fused::follow(self.norms(), &statistics);
        redrawn.reshape(shape)
    }

    /// In the order in which the block takes them.
    fn parameters(&self) -> Vec<Tensor<1>> {
        let flat = |weight: Tensor<4>| weight.flatten::<1>(0, 3);
        let of_norm = |norm: &BatchNorm| [norm.gamma.val(), norm.beta.val()];
        let bias = |bias: &Option<burn::module::Param<Tensor<1>>>| bias.as_ref().map(|bias| bias.val());
        let mut parameters = Vec::new();
        for block in &self.encoder {
            parameters.push(flat(block.conv.weight.val()));
            parameters.extend(bias(&block.conv.bias));
            parameters.extend(of_norm(&block.norm));
        }
        parameters.push(flat(self.code.weight.val()));
        parameters.extend(bias(&self.code.bias));
        parameters.push(self.widen.weight.val().flatten::<1>(0, 1));
        parameters.extend(bias(&self.widen.bias));
        for block in &self.decoder {
            parameters.push(flat(block.conv.weight.val()));
            parameters.extend(bias(&block.conv.bias));
            parameters.extend(of_norm(&block.norm));
        }
        parameters.push(flat(self.output.weight.val()));
        parameters.extend(bias(&self.output.bias));
        parameters
    }

    fn norms(&self) -> impl Iterator<Item = &BatchNorm> {
        let encoder = self.encoder.iter().map(|block| &block.norm);
        encoder.chain(self.decoder.iter().map(|block| &block.norm))
    }

    /// The network as it computes on the processor.
    fn inference(&self) -> Result<Inference, TrainingError> {
        let layers = layers();
        let mut tensors = tensors_of(self)?.into_iter().map(|tensor| tensor.values);
        let mut next = || tensors.next().unwrap_or_default();
        let folded: Vec<_> = layers.iter().map(|layer| folded(layer, &mut next)).collect();
        Ok(Inference::new(&layers, &folded))
    }
}

/// From the tensors of a layer in burn's order: weight, bias, and of the norm factor, offset, mean and variance.
fn folded(layer: &Layer, next: &mut impl FnMut() -> Vec<f32>) -> FoldedLayer {
    let (weights, bias) = (next(), next());
    let mut norm = Vec::new();
    if layer.has_norm {
        let (factors, offsets, means, variances) = (next(), next(), next(), next());
        for (((factor, offset), mean), variance) in factors.iter().zip(offsets).zip(means).zip(variances) {
            let scale = factor / (variance + NORM_EPSILON as f32).sqrt();
            norm.push((scale, offset - mean * scale));
        }
    }
    FoldedLayer { weights, bias, norm }
}

impl Trainable for Network {
    fn judge(&self, batch: Batch, device: &Device) -> Judged {
        let inputs = batch.inputs;
        let redrawn = if !fused::has_blocks(device) {
            None
        } else if device.is_autodiff() {
            Some(self.forward_by_block(network_input(inputs.clone(), device)))
        } else {
            let fast = self.inference().ok();
            fast.map(|fast| network_input(fast.run(&inputs), device))
        };
        let windows = network_input(inputs, device);
        let redrawn = redrawn.unwrap_or_else(|| self.forward(windows.clone()));
        Judged::of((redrawn - windows).square().mean())
    }

    fn set_norm_momentum(&mut self, step_idx: u64) {
        let momentum = norm_momentum(NORM_MOMENTUM, step_idx);
        let encoder = self.encoder.iter_mut().map(|block| &mut block.norm);
        let norms = encoder.chain(self.decoder.iter_mut().map(|block| &mut block.norm));
        norms.for_each(|norm| norm.momentum = momentum);
    }
}

#[cfg(test)]
mod tests {
    use super::super::gradient_check::{Learned, distance};
    use super::*;

    fn windows(n: usize) -> Vec<f32> {
        (0..n * CaeMcs::WINDOW_LEN)
            .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
            .collect()
    }

    fn learned_from(batch: &[f32], device: &Device) -> Learned {
        let network = initialised(Network::new(device), 5, glorot_bound);
        let batch = Batch {
            inputs: batch.to_vec(),
            classes: vec![0; batch.len() / CaeMcs::WINDOW_LEN],
            ..Batch::default()
        };
        super::super::gradient_check::learned_from(&network, batch, device)
    }

    #[test]
    fn a_step_by_our_kernels_is_a_step_by_plain_layers() {
        let batch = windows(3);
        #[expect(deprecated, reason = "kept as an independent check of the kernels")]
        let plain = Device::ndarray().autodiff();
        let (found, plain) = (learned_from(&batch, &Device::flex().autodiff()), learned_from(&batch, &plain));
        assert!((found.loss / plain.loss - 1.0).abs() < 1e-5, "{} {}", found.loss, plain.loss);
        for ((gradient, plain), tensor) in found.gradients.iter().zip(&plain.gradients).zip(&plain.tensors) {
            let is_taken_away = tensor.name.ends_with("conv.bias") && tensor.name.contains("coder");
            if is_taken_away {
                assert!(
                    gradient.iter().all(|&gradient| gradient == 0.0),
                    "the norm takes {} away",
                    tensor.name
                );
            } else {
                let distance = distance(gradient, plain, 1e-6);
                assert!(distance < 5e-3, "{} {distance}", tensor.name);
            }
        }
        for (tensor, plain) in found.tensors.iter().zip(&plain.tensors) {
            assert!(distance(&tensor.values, &plain.values, 1e-6) < 1e-4, "{}", tensor.name);
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let batch = windows(5);
        let on_threads = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .expect("threads can be made");
            pool.install(|| learned_from(&batch, &Device::flex().autodiff()))
        };
        let (one, three) = (on_threads(1), on_threads(3));
        assert_eq!(one.loss.to_bits(), three.loss.to_bits());
        assert_eq!(one.gradients, three.gradients);
        assert_eq!(one.tensors, three.tensors);
    }
}
