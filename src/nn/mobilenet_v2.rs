//! MobileNetV2 of half width over log-mel segments: the classifier of sections that was the second DCASE baseline of 2020 to 2022.
//!
//! Source: Sandler et al. (2018) as Keras builds it, `MobileNetV2(alpha=0.5)`: batch norms with epsilon 1e-3 and momentum 0.999,
//! ReLU6, and at stride 2 a padding after the picture only. The segments have even sides down to the last map, and there such
//! a padding is, of a picture that is turned by half a turn, the usual one around the picture. So pictures and kernels are
//! turned: a kernel of Keras stands here backwards in both directions.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use burn::module::{Initializer, Module};
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;

use super::blocks::{Block, Bottleneck as BottleneckBlock, Chain, Grid, NormRule, Residuals, Stem, Widening};
use super::fused::{apply, follow, has_blocks};
use super::inference::{Network as Stages, Scratch, mobilenet_v2};
use super::mobileanonet::convolution;
use super::parameters::{initialised, input_tensor, n_trainable, tensors_of, with_tensors};
use super::tally::{Judged, Votes};
use super::trainable::{Trainable, TrainingObserver, TrainingPlan, norm_momentum};
use super::training::train;
use super::weights::weights_error;
use super::{Batch, DeviceChoice, Examples, NamedTensor, TrainingError};

/// Channels of the first layer: half of 32.
const STEM_CHANNELS: usize = 16;
/// Output channels of the first block, which does not expand: half of 16.
const FIRST_CHANNELS: usize = 8;
/// Output channels, repetitions and stride of the other blocks: half the published channels, in multiples of 8.
pub(super) const BOTTLENECKS: [(usize, usize, usize); 6] =
    [(16, 2, 2), (16, 3, 2), (32, 4, 2), (48, 3, 1), (80, 3, 2), (160, 1, 1)];
/// How much wider a block is inside.
const EXPANSION: usize = 6;
/// Channels of the last layer, which the published network does not halve either.
pub(super) const LAST_CHANNELS: usize = 1280;
/// Positions in the last map of a segment: five layers halve both sides.
pub(super) const N_LAST_POSITIONS: usize = (MobileNetV2::N_FRAMES / 32) * (MobileNetV2::N_BANDS / 32);
/// The picture stands in each of the three channels of a network that was made for photographs.
const INPUT_CHANNELS: usize = 3;
pub(super) const NORM_EPSILON: f64 = 1e-3;
/// Keras' 0.999 in burn's and PyTorch's way of counting.
const NORM_MOMENTUM: f64 = 0.001;
const RULE: NormRule = NormRule {
    epsilon: NORM_EPSILON,
    ceiling: 6.0,
};
/// Segments that burn classifies at once.
const CHUNK_SEGMENTS: usize = 64;

/// What the classifier makes of segments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Classified {
    /// `[n_segments, 1280]`: the mean over the last map.
    pub embeddings: Vec<f32>,
    /// `[n_segments, n_classes]`, in double precision: what is left to certainty tells more than certainty.
    pub probabilities: Vec<f64>,
}

/// MobileNetV2 with its softmax over classes, on a device.
#[derive(Debug)]
pub struct MobileNetV2 {
    network: Network,
    /// The network up to its embedding as it computes on the processor, made when the first one is asked for.
    fast: OnceLock<Stages>,
    choice: DeviceChoice,
    device: Device,
}

impl MobileNetV2 {
    /// Frames of a segment.
    pub const N_FRAMES: usize = 64;
    /// Mel bands of a segment.
    pub const N_BANDS: usize = 128;
    /// Numbers in the embedding of a segment.
    pub const EMBEDDING_LEN: usize = LAST_CHANNELS;

    /// A fresh network for `n_classes`; the same seed gives the same weights on every device.
    ///
    /// # Errors
    /// Where this build or machine lacks the device.
    pub fn new(n_classes: usize, choice: DeviceChoice, seed: u64) -> Result<Self, TrainingError> {
        let device = choice.open()?;
        let size = Grid {
            rows: Self::N_FRAMES,
            width: Self::N_BANDS,
        };
        Ok(Self {
            network: initialised(Network::new(size, n_classes, &device), seed, glorot_bound),
            fast: OnceLock::new(),
            choice,
            device,
        })
    }

    /// A network with these weights, as many classes as they have; `origin` is named where they do not fit.
    ///
    /// # Errors
    /// Where they do not fit, or this build or machine lacks the device.
    pub fn from_weights(choice: DeviceChoice, tensors: &[NamedTensor], origin: &Path) -> Result<Self, TrainingError> {
        let head = tensors.iter().find(|tensor| tensor.name == "head.bias");
        let n_classes = head
            .map(|bias| bias.values.len())
            .ok_or_else(|| weights_error(origin, &"head.bias is missing"))?;
        let mut fresh = Self::new(n_classes, choice, 0)?;
        fresh.network = with_tensors(fresh.network, tensors).map_err(|reason| weights_error(origin, &reason))?;
        Ok(fresh)
    }

    /// Classes that are told apart.
    pub fn n_classes(&self) -> usize {
        self.network.head.weight.dims()[1]
    }

    /// Trainable numbers, the head's among them.
    pub fn n_parameters(&self) -> usize {
        n_trainable(&self.network)
    }

    /// All weights and running statistics, in the order of the layers; the head comes last.
    pub fn weights(&self) -> Result<Vec<NamedTensor>, TrainingError> {
        tensors_of(&self.network)
    }

    /// Trains by cross-entropy over the classes and Adam, and resumes from `checkpoint` where that file is of the same plan.
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

    /// What the segments of a log-mel spectrogram `[n_frames, 128]` are that begin at these frames.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn classify(&self, log_mel: &[f32], starts: &[usize]) -> Result<Classified, TrainingError> {
        let embeddings = if self.choice == DeviceChoice::Cpu {
            self.embed_by_stages(log_mel, starts)?
        } else {
            self.embed_by_layers(log_mel, starts)?
        };
        Ok(Classified {
            probabilities: self.probabilities(&embeddings)?,
            embeddings,
        })
    }

    fn embed_by_stages(&self, log_mel: &[f32], starts: &[usize]) -> Result<Vec<f32>, TrainingError> {
        let fast = self.fast()?;
        let embed = |scratch: &mut Scratch, &start: &usize| {
            let segment = segment_of(log_mel, start);
            let frames = segment.chunks_exact(Self::N_BANDS).rev();
            let frames: Vec<&[f32]> = frames.collect();
            let fill = |row_idx: usize, row: &mut [f32]| {
                for (to, value) in row.iter_mut().zip(frames[row_idx].iter().rev()) {
                    *to = *value;
                }
            };
            let mut embedding = Vec::with_capacity(LAST_CHANNELS);
            fast.compute((Self::N_FRAMES, Self::N_BANDS), &fill, scratch, &mut embedding);
            embedding
        };
        let embeddings: Vec<Vec<f32>> = starts.par_iter().map_init(Scratch::default, embed).collect();
        Ok(embeddings.concat())
    }

    fn embed_by_layers(&self, log_mel: &[f32], starts: &[usize]) -> Result<Vec<f32>, TrainingError> {
        let mut embeddings = Vec::with_capacity(starts.len() * LAST_CHANNELS);
        for starts in starts.chunks(CHUNK_SEGMENTS) {
            let segments = starts
                .iter()
                .flat_map(|&start| segment_of(log_mel, start).iter().rev().copied());
            let shape = [starts.len(), 1, Self::N_FRAMES, Self::N_BANDS];
            let chunk = self.network.embed(input_tensor(segments.collect(), shape, &self.device));
            embeddings.extend(chunk.try_into_vec_as::<f32>().map_err(TrainingError::device)?);
        }
        Ok(embeddings)
    }

    /// Softmax of the head, `[n_segments, n_classes]`.
    fn probabilities(&self, embeddings: &[f32]) -> Result<Vec<f64>, TrainingError> {
        let n_segments = embeddings.len() / LAST_CHANNELS;
        let embeddings = input_tensor(embeddings.to_vec(), [n_segments, LAST_CHANNELS], &self.device);
        let logits = self.network.head.forward(embeddings);
        let logits = logits.try_into_vec_as::<f32>().map_err(TrainingError::device)?;
        Ok(softmax(&logits, self.n_classes()))
    }

    fn fast(&self) -> Result<&Stages, TrainingError> {
        if let Some(fast) = self.fast.get() {
            return Ok(fast);
        }
        let fast = mobilenet_v2(&self.weights()?);
        Ok(self.fast.get_or_init(|| fast))
    }
}

fn segment_of(log_mel: &[f32], start: usize) -> &[f32] {
    const N_BANDS: usize = MobileNetV2::N_BANDS;
    &log_mel[start * N_BANDS..(start + MobileNetV2::N_FRAMES) * N_BANDS]
}

/// Softmax of rows of `n_classes`, in double precision.
pub(super) fn softmax(logits: &[f32], n_classes: usize) -> Vec<f64> {
    let row = |logits: &[f32]| {
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let odds: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - most).exp()).collect();
        let sum: f64 = odds.iter().sum();
        odds.into_iter().map(move |odds| odds / sum)
    };
    logits.chunks_exact(n_classes.max(1)).flat_map(row).collect()
}

/// Keras' default: uniform within the square root of 6 / (inputs + outputs), where a kernel's positions count; biases begin at 0.
fn glorot_bound(shape: &[usize]) -> f32 {
    let (ends, kernel) = shape.split_at(2);
    let n_positions: usize = kernel.iter().product();
    (6.0 / (ends.iter().sum::<usize>() * n_positions) as f32).sqrt()
}

/// Convolution and batch norm.
#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn new(conv: Conv2d, device: &Device) -> Self {
        let [channels, _, _, _] = conv.weight.dims();
        let norm = BatchNormConfig::new(channels)
            .with_epsilon(NORM_EPSILON)
            .with_momentum(NORM_MOMENTUM);
        Self {
            conv,
            norm: norm.init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(x))
    }

    fn n_outputs(&self) -> usize {
        self.conv.weight.dims()[0]
    }

    /// Kernel, gamma and beta.
    fn parameters(&self) -> [Tensor<1>; 3] {
        [
            self.conv.weight.val().flatten(0, 3),
            self.norm.gamma.val(),
            self.norm.beta.val(),
        ]
    }

    /// The same and the slopes of the activation, for blocks: 0 for ReLU6, 1 for none.
    fn parameters_with_slope(&self, slope: f32) -> Vec<Tensor<1>> {
        let [kernel, gamma, beta] = self.parameters();
        let slopes = Tensor::full([self.n_outputs()], slope, &kernel.device());
        vec![kernel, gamma, beta, slopes]
    }
}

fn relu6(x: Tensor<4>) -> Tensor<4> {
    relu(x).clamp_max(RULE.ceiling)
}

/// Inverted bottleneck: expand, filter each channel, project without activation.
#[derive(Module, Debug)]
struct Bottleneck {
    expand: ConvNorm,
    depthwise: ConvNorm,
    project: ConvNorm,
}

impl Bottleneck {
    fn new(from: usize, to: usize, stride: usize, device: &Device) -> Self {
        let wide = EXPANSION * from;
        Self {
            expand: ConvNorm::new(convolution(from, wide, 1, 1, 1, device), device),
            depthwise: ConvNorm::new(convolution(wide, wide, 3, stride, wide, device), device),
            project: ConvNorm::new(convolution(wide, to, 1, 1, 1, device), device),
        }
    }

    fn stride(&self) -> usize {
        self.depthwise.conv.stride[0]
    }

    fn has_residual(&self) -> bool {
        self.stride() == 1 && self.expand.conv.weight.dims()[1] == self.project.n_outputs()
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let wide = relu6(self.depthwise.forward(relu6(self.expand.forward(x.clone()))));
        let projected = self.project.forward(wide);
        if self.has_residual() { projected + x } else { projected }
    }

    /// As one block for training, for maps of this size.
    fn block(&self, grid: Grid) -> BottleneckBlock {
        let [n_wide, n_inputs, _, _] = self.expand.conv.weight.dims();
        BottleneckBlock::new(grid, [n_inputs, n_wide, self.project.n_outputs()], self.stride(), RULE)
    }
}

#[derive(Module, Debug)]
struct Network {
    stem: ConvNorm,
    depthwise: ConvNorm,
    project: ConvNorm,
    bottlenecks: Vec<Bottleneck>,
    widen: ConvNorm,
    head: Linear,
    /// Frames and bands of a segment.
    #[module(skip)]
    segment: (usize, usize),
}

impl Network {
    fn new(segment: Grid, n_classes: usize, device: &Device) -> Self {
        let mut channels = FIRST_CHANNELS;
        let mut bottlenecks = Vec::new();
        for (to, n_repeats, stride) in BOTTLENECKS {
            for repeat in 0..n_repeats {
                let stride = if repeat == 0 { stride } else { 1 };
                bottlenecks.push(Bottleneck::new(channels, to, stride, device));
                channels = to;
            }
        }
        let conv_norm =
            |from, to, kernel, stride, groups| ConvNorm::new(convolution(from, to, kernel, stride, groups, device), device);
        Self {
            stem: conv_norm(INPUT_CHANNELS, STEM_CHANNELS, 3, 2, 1),
            depthwise: conv_norm(STEM_CHANNELS, STEM_CHANNELS, 3, 1, STEM_CHANNELS),
            project: conv_norm(STEM_CHANNELS, FIRST_CHANNELS, 1, 1, 1),
            bottlenecks,
            widen: conv_norm(channels, LAST_CHANNELS, 1, 1, 1),
            head: LinearConfig::new(LAST_CHANNELS, n_classes)
                .with_initializer(Initializer::Zeros)
                .init(device),
            segment: (segment.rows, segment.width),
        }
    }

    /// The first kernel for a picture that stands in all three channels: their sum, `[16, 1, 3, 3]`.
    fn stem_kernel(&self) -> Tensor<4> {
        self.stem.conv.weight.val().sum_dim(1)
    }

    /// Segments turned by half a turn, `[batch, 1, n_frames, n_bands]` → `[batch, 1280]`
    fn embed(&self, x: Tensor<4>) -> Tensor<2> {
        let device = x.device();
        if device.is_autodiff() && has_blocks(&device) {
            return self.embed_by_blocks(x);
        }
        let x = relu6(self.stem.forward(x.repeat_dim(1, INPUT_CHANNELS)));
        let x = relu6(self.depthwise.forward(x));
        let x = self.project.forward(x);
        let x = self.bottlenecks.iter().fold(x, |x, block| block.forward(x));
        let x = relu6(self.widen.forward(x));
        x.flatten::<3>(2, 3).mean_dim(2).flatten::<2>(1, 2)
    }

    /// The same in training, with all layers up to the mean as one operation.
    fn embed_by_blocks(&self, x: Tensor<4>) -> Tensor<2> {
        let (maps, statistics) = apply::<4, 4>(Arc::new(self.chain()), x, self.chain_parameters());
        follow(self.norms(), &statistics);
        // `[batch, positions, channels]`
        maps.flatten::<3>(1, 2).mean_dim(1).flatten::<2>(1, 2)
    }

    /// All batch norms, in the order of the layers.
    fn norms(&self) -> impl Iterator<Item = &BatchNorm> {
        let blocks = self.bottlenecks.iter();
        let inside = blocks.flat_map(|block| [&block.expand, &block.depthwise, &block.project]);
        let first = [&self.stem, &self.depthwise, &self.project].into_iter();
        first.chain(inside).chain([&self.widen]).map(|layer| &layer.norm)
    }

    fn chain(&self) -> Chain {
        let picture = Grid {
            rows: self.segment.0,
            width: self.segment.1,
        };
        let mut grid = picture.filtered(2);
        let widening = |layer: &ConvNorm, grid: Grid, rule: NormRule| {
            let [n_outputs, n_inputs, _, _] = layer.conv.weight.dims();
            Box::new(Widening {
                grid,
                n_inputs,
                n_outputs,
                rule,
            })
        };
        let mut blocks: Vec<Box<dyn Block>> = vec![
            Box::new(Stem::new(picture, STEM_CHANNELS, RULE)),
            widening(&self.project, grid, NORM_EPSILON.into()),
        ];
        for run in self.bottlenecks.chunk_by(|a, b| a.has_residual() && b.has_residual()) {
            if run[0].has_residual() {
                blocks.push(Box::new(Residuals(run.iter().map(|block| block.block(grid)).collect())));
            } else {
                blocks.push(Box::new(run[0].block(grid)));
                grid = grid.filtered(run[0].stride());
            }
        }
        blocks.push(widening(&self.widen, grid, RULE));
        Chain(blocks)
    }

    fn chain_parameters(&self) -> Vec<Tensor<1>> {
        let mut parameters = self.stem.parameters_with_slope(0.0);
        parameters[0] = self.stem_kernel().flatten(0, 3);
        parameters.extend(self.depthwise.parameters_with_slope(0.0));
        parameters.extend(self.project.parameters_with_slope(1.0));
        for block in &self.bottlenecks {
            parameters.extend(block.expand.parameters_with_slope(0.0));
            parameters.extend(block.depthwise.parameters_with_slope(0.0));
            parameters.extend(block.project.parameters());
        }
        parameters.extend(self.widen.parameters_with_slope(0.0));
        parameters
    }
}

impl Trainable for Network {
    fn judge(&self, mut batch: Batch, device: &Device) -> Judged {
        let (n_frames, n_bands) = self.segment;
        let segments = batch.inputs.chunks_exact_mut(n_frames * n_bands);
        let n_segments = segments.len();
        segments.for_each(<[f32]>::reverse);
        let classes: Vec<i64> = batch.classes.iter().map(|&class| i64::from(class)).collect();
        let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [n_segments]), device);
        let embeddings = self.embed(input_tensor(batch.inputs, [n_segments, 1, n_frames, n_bands], device));
        let log_probabilities = log_softmax(self.head.forward(embeddings), 1);
        let of_classes = log_probabilities.clone().gather(1, classes.unsqueeze_dim(1));
        Judged {
            votes: vec![Votes {
                name: "accuracy",
                head_idx: 0,
                clips: batch.clips,
                classes: batch.classes,
                log_probabilities,
            }],
            ..Judged::of(of_classes.mean().neg())
        }
    }

    fn set_norm_momentum(&mut self, step_idx: u64) {
        let momentum = norm_momentum(NORM_MOMENTUM, step_idx);
        let blocks = self.bottlenecks.iter_mut();
        blocks
            .flat_map(|block| [&mut block.expand, &mut block.depthwise, &mut block.project])
            .chain([&mut self.stem, &mut self.depthwise, &mut self.project, &mut self.widen])
            .for_each(|layer| layer.norm.momentum = momentum);
    }
}

#[cfg(test)]
mod tests {
    use super::super::gradient_check::{Learned, distance, learned_from};
    use super::*;

    fn batch(segment: Grid, n_segments: usize) -> Batch {
        let n_values = n_segments * segment.rows * segment.width;
        Batch {
            inputs: (0..n_values)
                .map(|i| 3.0 * (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
                .collect(),
            classes: (0..n_segments as u32).map(|i| i % 3).collect(),
            ..Batch::default()
        }
    }

    fn learned(segment: Grid, device: &Device) -> Learned {
        let network = initialised(Network::new(segment, 3, device), 5, glorot_bound);
        learned_from(&network, batch(segment, 6), device)
    }

    #[test]
    fn a_step_by_blocks_is_a_step_by_plain_layers() {
        #[expect(deprecated, reason = "the device that blocks are checked against")]
        let plain = Device::ndarray().autodiff();
        let segment = Grid { rows: 64, width: 96 };
        let (found, plain) = (learned(segment, &Device::flex().autodiff()), learned(segment, &plain));
        assert!((found.loss / plain.loss - 1.0).abs() < 1e-4, "{} {}", found.loss, plain.loss);
        assert_eq!(found.gradients.len(), plain.gradients.len());
        for (idx, (gradient, plain)) in found.gradients.iter().zip(&plain.gradients).enumerate() {
            let distance = distance(gradient, plain, 1e-2);
            // Few positions are left in the last maps, and their norms make rounding larger.
            assert!(distance < 5e-3, "parameter {idx}: {distance}");
        }
        for (tensor, plain) in found.tensors.iter().zip(&plain.tensors) {
            // Behind a linear layer means are zero but for rounding, and the running ones have followed by a thousandth of it.
            assert!(distance(&tensor.values, &plain.values, 1e-3) < 1e-4, "{}", tensor.name);
        }
    }

    #[test]
    #[ignore = "times steps of training and inference"]
    #[expect(clippy::print_stdout, reason = "what it finds is for a person")]
    fn time_of_a_segment() {
        let mut classifier = MobileNetV2::new(3, DeviceChoice::Cpu, 5).expect("the processor");
        let device = Device::flex().autodiff();
        let mut optimiser = super::super::optimiser::adam(0.0);
        let segment = Grid {
            rows: MobileNetV2::N_FRAMES,
            width: MobileNetV2::N_BANDS,
        };
        let mut network = initialised(Network::new(segment, 3, &device), 5, glorot_bound);
        for _ in 0..5 {
            let batch = batch(segment, 32);
            let started = std::time::Instant::now();
            let loss = network.judge(batch, &device).loss;
            let gradients = burn::optim::GradientsParams::from_grads(loss.backward(), &network);
            network = optimiser.step(1e-5, network.clone(), gradients);
            println!("a step: {:.2} ms a segment", started.elapsed().as_secs_f64() * 1e3 / 32.0);
        }
        classifier.network = network.valid();
        let log_mel: Vec<f32> = (0..313 * MobileNetV2::N_BANDS).map(|i| (i as f32 * 0.37).sin()).collect();
        let starts: Vec<usize> = (0..250).collect();
        for _ in 0..5 {
            let started = std::time::Instant::now();
            classifier.classify(&log_mel, &starts).expect("the processor");
            println!(
                "classifying: {:.3} ms a segment",
                started.elapsed().as_secs_f64() * 1e3 / 250.0
            );
        }
    }
}
