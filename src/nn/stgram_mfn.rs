//! STgram-MFN, the attribute classifier of Guan et al. (2022): a log-mel and a picture learned from the waveform side by side,
//! classified by a MobileFaceNet.
//!
//! Source: Liu et al. (2022) and the code of the challenge entry. Where that code multiplies each clip's focal loss by the
//! weights of all clips of the batch, here each clip has its own.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv1d, Conv1dConfig, Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{leaky_relu, log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::blocks::{Chain, Grid, Stem};
use super::fused::{apply, follow, has_blocks};
use super::inference::{Network as Stages, Scratch, stgram_mfn};
use super::mobileanonet::{Bottleneck, ConvBlock, chain_norms, chain_of, convolution, norm_parameters, pooled};
use super::mobilenet_v2::softmax;
use super::parameters::{initialised, input_tensor, n_trainable, tensors_of, with_tensors};
use super::tally::{Judged, Term, Votes};
use super::trainable::{Trainable, TrainingObserver, TrainingPlan, norm_momentum};
use super::training::train;
use super::weights::weights_error;
use super::{Batch, DeviceChoice, Examples, NamedTensor, TrainingError};

const N_BANDS: usize = 128;
/// Samples that the first layer looks at, and between two looks: those of the log-mel beside it.
const WINDOW: usize = 1024;
const HOP: usize = 512;
/// Layers behind the first one of the waveform's branch.
const WAVEFORM_LAYERS: usize = 3;
const LEAKY_SLOPE: f64 = 0.2;
/// Log-mel and waveform.
const INPUT_CHANNELS: usize = 2;
const STEM_CHANNELS: usize = 64;
/// Expansion, output channels, repetitions and stride of each row of bottlenecks. Blocks of stride 1 have a residual path.
pub(super) const BOTTLENECKS: [(usize, usize, usize, usize); 5] =
    [(2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)];
const WIDE_CHANNELS: usize = 512;
const EMBEDDING_LEN: usize = 128;
/// PyTorch's default.
const NORM_MOMENTUM: f64 = 0.1;
/// Epochs at the full learning rate; afterwards it falls along a cosine to the lowest one.
const FULL_RATE_EPOCHS: usize = 20;
const LOWEST_RATE: f64 = 1e-5;

/// What the network is to tell apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AttributeClasses {
    /// `[n_classes]`: how many training clips there are of each class; at least one.
    pub sizes: Vec<usize>,
    /// `[n_classes][n_attributes]`: which attributes the clips of a class have.
    pub attributes: Vec<Vec<bool>>,
}

/// What the classifier makes of clips.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassifiedClip {
    /// `[128]`
    pub embedding: Vec<f32>,
    /// `[n_classes]`, by softmax.
    pub probabilities: Vec<f64>,
}

/// STgram-MFN with its two heads, on a device.
#[derive(Debug)]
pub struct StgramMfn {
    network: Network,
    /// The MobileFaceNet up to its embedding as it computes on the processor, made when the first one is asked for.
    fast: OnceLock<Stages>,
    choice: DeviceChoice,
    device: Device,
}

impl StgramMfn {
    /// Samples of a published clip: 10 s.
    pub const N_SAMPLES: usize = 160_000;

    /// Frames of the log-mel, and of the picture of the waveform, of a clip.
    pub fn n_frames(n_samples: usize) -> usize {
        n_samples / HOP + 1
    }

    /// Numbers of one example: the log-mel `[n_frames, 128]` and behind it the samples.
    pub fn example_len(n_samples: usize) -> usize {
        Self::n_frames(n_samples) * N_BANDS + n_samples
    }

    /// A fresh network for clips of `n_samples`; the same seed gives the same weights on every device.
    ///
    /// # Errors
    /// Where this build or machine lacks the device.
    pub fn new(n_samples: usize, classes: &AttributeClasses, choice: DeviceChoice, seed: u64) -> Result<Self, TrainingError> {
        let device = choice.open()?;
        Ok(Self {
            network: initialised(Network::new(n_samples, classes, &device), seed, bound),
            fast: OnceLock::new(),
            choice,
            device,
        })
    }

    /// The same network with these weights; `origin` is named where they do not fit.
    ///
    /// # Errors
    /// Where they do not fit.
    pub fn with_weights(mut self, tensors: &[NamedTensor], origin: &Path) -> Result<Self, TrainingError> {
        self.network = with_tensors(self.network, tensors).map_err(|reason| weights_error(origin, &reason))?;
        self.fast = OnceLock::new();
        Ok(self)
    }

    /// Trainable numbers.
    pub fn n_parameters(&self) -> usize {
        n_trainable(&self.network)
    }

    /// All weights and running statistics, in the order of the layers; the heads come last.
    pub fn weights(&self) -> Result<Vec<NamedTensor>, TrainingError> {
        tensors_of(&self.network)
    }

    /// Trains by focal loss over the classes, cross-entropy over the attributes and Adam, and resumes from `checkpoint` where
    /// that file is of the same plan.
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

    /// What a clip is; `example` is laid out as [`Self::example_len`] says.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn classify(&self, example: Vec<f32>) -> Result<ClassifiedClip, TrainingError> {
        let picture = self.network.picture(example, &self.device);
        let embedding = if self.choice == DeviceChoice::Cpu {
            let width = self.network.n_frames();
            let pixels = picture.permute([0, 2, 3, 1]);
            let pixels = pixels.try_into_vec_as::<f32>().map_err(TrainingError::device)?;
            let row_len = width * INPUT_CHANNELS;
            let fill = |row_idx: usize, row: &mut [f32]| row.copy_from_slice(&pixels[row_idx * row_len..][..row_len]);
            let mut embedding = Vec::with_capacity(EMBEDDING_LEN);
            self.fast()?
                .compute((N_BANDS, width), &fill, &mut Scratch::default(), &mut embedding);
            embedding
        } else {
            let embedding = self.network.embed(picture);
            embedding.try_into_vec_as::<f32>().map_err(TrainingError::device)?
        };
        let logits = self
            .network
            .head
            .forward(input_tensor(embedding.clone(), [1, EMBEDDING_LEN], &self.device));
        let logits = logits.try_into_vec_as::<f32>().map_err(TrainingError::device)?;
        Ok(ClassifiedClip {
            embedding,
            probabilities: softmax(&logits, logits.len()),
        })
    }

    fn fast(&self) -> Result<&Stages, TrainingError> {
        if let Some(fast) = self.fast.get() {
            return Ok(fast);
        }
        let fast = stgram_mfn(&self.weights()?);
        Ok(self.fast.get_or_init(|| fast))
    }
}

/// Layers of pictures draw normally with a variance of 2 / (kernel · outputs) in the published code, here uniformly with the same
/// one; all others as PyTorch does.
fn bound(shape: &[usize]) -> f32 {
    match *shape {
        [outputs, _, height, width] => (6.0 / (height * width * outputs) as f32).sqrt(),
        [_, inputs, len] => 1.0 / ((inputs * len) as f32).sqrt(),
        _ => 1.0 / (shape[0] as f32).sqrt(),
    }
}

/// Layer norm over time, leaky ReLU, and a convolution over time.
#[derive(Module, Debug)]
struct WaveformLayer {
    norm: LayerNorm,
    conv: Conv1d,
}

impl WaveformLayer {
    /// `[batch, 128, n_frames]` → the same
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = leaky_relu(self.norm.forward(x), LEAKY_SLOPE);
        // As a product: burn's convolution is slow on the way back.
        let [n_clips, n_channels, n_frames] = x.dims();
        let margin = Tensor::zeros([n_clips, n_channels, 1], &x.device());
        let framed = Tensor::cat(vec![margin.clone(), x, margin], 2);
        let shifted = (0..3).map(|tap| framed.clone().narrow(2, tap, n_frames)).collect();
        let weights = self.conv.weight.val().permute([0, 2, 1]).flatten::<2>(1, 2);
        weights.unsqueeze::<3>().matmul(Tensor::cat(shifted, 1))
    }
}

#[derive(Module, Debug)]
struct Network {
    first: Conv1d,
    waveform: Vec<WaveformLayer>,
    stem: ConvBlock,
    depthwise: ConvBlock,
    bottlenecks: Vec<Bottleneck>,
    widen: ConvBlock,
    /// One kernel as large as the feature map for each channel.
    global: Conv2d,
    global_norm: BatchNorm,
    narrow: Conv2d,
    narrow_norm: BatchNorm,
    head: Linear,
    attributes: Linear,
    #[module(skip)]
    n_samples: usize,
    /// `[n_classes]`: the inverse sizes of the classes, 1 all together.
    #[module(skip)]
    class_weights: Vec<f32>,
    /// `[n_classes][n_attributes]`: 1 where clips of a class have an attribute.
    #[module(skip)]
    attributes_of: Vec<Vec<f32>>,
}

impl Network {
    fn new(n_samples: usize, classes: &AttributeClasses, device: &Device) -> Self {
        let n_frames = StgramMfn::n_frames(n_samples);
        let mut channels = STEM_CHANNELS;
        let mut bottlenecks = Vec::new();
        for (expansion, to, n_repeats, stride) in BOTTLENECKS {
            for repeat in 0..n_repeats {
                let stride = if repeat == 0 { stride } else { 1 };
                bottlenecks.push(Bottleneck::new(channels, expansion, to, stride, device));
                channels = to;
            }
        }
        let conv_block =
            |from, to, kernel, stride, groups| ConvBlock::new(convolution(from, to, kernel, stride, groups, device), to, device);
        let conv1d = |from, kernel| {
            Conv1dConfig::new(from, N_BANDS, kernel)
                .with_bias(false)
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        let linear = |to| {
            LinearConfig::new(EMBEDDING_LEN, to)
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        let waveform_layer = |_| WaveformLayer {
            norm: LayerNormConfig::new(n_frames).init(device),
            conv: conv1d(N_BANDS, 3),
        };
        let inverse_sizes: Vec<f32> = classes.sizes.iter().map(|&size| 1.0 / size.max(1) as f32).collect();
        let sum: f32 = inverse_sizes.iter().sum();
        let n_attributes = classes.attributes.first().map_or(0, Vec::len);
        let attributes_of = |attributes: &Vec<bool>| attributes.iter().map(|&has| f32::from(u8::from(has))).collect();
        Self {
            first: conv1d(1, WINDOW),
            waveform: (0..WAVEFORM_LAYERS).map(waveform_layer).collect(),
            stem: conv_block(INPUT_CHANNELS, STEM_CHANNELS, 3, 2, 1),
            depthwise: conv_block(STEM_CHANNELS, STEM_CHANNELS, 3, 1, STEM_CHANNELS),
            bottlenecks,
            widen: conv_block(channels, WIDE_CHANNELS, 1, 1, 1),
            global: Conv2dConfig::new([WIDE_CHANNELS, WIDE_CHANNELS], last_map(n_frames))
                .with_groups(WIDE_CHANNELS)
                .with_bias(false)
                .with_initializer(Initializer::Zeros)
                .init(device),
            global_norm: BatchNormConfig::new(WIDE_CHANNELS).init(device),
            narrow: convolution(WIDE_CHANNELS, EMBEDDING_LEN, 1, 1, 1, device),
            narrow_norm: BatchNormConfig::new(EMBEDDING_LEN).init(device),
            head: linear(classes.sizes.len()),
            attributes: linear(n_attributes),
            n_samples,
            class_weights: inverse_sizes.iter().map(|size| size / sum).collect(),
            attributes_of: classes.attributes.iter().map(attributes_of).collect(),
        }
    }

    fn n_frames(&self) -> usize {
        StgramMfn::n_frames(self.n_samples)
    }

    /// Examples as [`StgramMfn::example_len`] lays them out → `[batch, 2, 128, n_frames]`
    fn picture(&self, examples: Vec<f32>, device: &Device) -> Tensor<4> {
        let (n_frames, len) = (self.n_frames(), StgramMfn::example_len(self.n_samples));
        let n_clips = examples.len() / len;
        let examples = input_tensor(examples, [n_clips, len], device);
        let n_levels = n_frames * N_BANDS;
        let levels = examples.clone().narrow(1, 0, n_levels);
        let levels = levels.reshape([n_clips, n_frames, N_BANDS]).swap_dims(1, 2);
        let waveform = self.waveform_picture(examples.narrow(1, n_levels, self.n_samples));
        Tensor::stack(vec![levels, waveform], 1)
    }

    /// `[batch, n_samples]` → `[batch, 128, n_frames]`
    fn waveform_picture(&self, samples: Tensor<2>) -> Tensor<3> {
        let ([n_clips, n_samples], n_frames, device) = (samples.dims(), self.n_frames(), samples.device());
        // Frames overlap by half: each is two of these halves.
        let n_padded = (n_frames + 1) * HOP;
        let n_taken = n_samples.min(n_padded - HOP);
        let before = Tensor::zeros([n_clips, HOP], &device);
        let behind = Tensor::zeros([n_clips, n_padded - HOP - n_taken], &device);
        let padded = Tensor::cat(vec![before, samples.narrow(1, 0, n_taken), behind], 1);
        let halves = padded.reshape([n_clips, n_frames + 1, HOP]).swap_dims(1, 2);
        let frames = Tensor::cat(vec![halves.clone().narrow(2, 0, n_frames), halves.narrow(2, 1, n_frames)], 1);
        let first = self.first.weight.val().flatten::<2>(1, 2).unsqueeze::<3>().matmul(frames);
        self.waveform.iter().fold(first, |x, layer| layer.forward(x))
    }

    /// `[batch, 2, 128, n_frames]` → `[batch, 128]`
    fn embed(&self, x: Tensor<4>) -> Tensor<2> {
        let device = x.device();
        let pooled = if device.is_autodiff() && has_blocks(&device) {
            self.pool_by_blocks(x)
        } else {
            let x = self.depthwise.forward(self.stem.forward(x));
            let x = self.bottlenecks.iter().fold(x, |x, block| block.forward(x));
            self.global.forward(self.widen.forward(x))
        };
        let pooled = self.global_norm.forward(pooled);
        self.narrow_norm.forward(self.narrow.forward(pooled)).flatten::<2>(1, 3)
    }

    /// All layers up to the global one, in training: `[batch, 2, 128, n_frames]` → `[batch, 512, 1, 1]`
    fn pool_by_blocks(&self, x: Tensor<4>) -> Tensor<4> {
        let (maps, statistics) = apply::<4, 4>(Arc::new(self.chain()), patches(x), self.chain_parameters());
        follow(
            chain_norms([&self.stem, &self.depthwise], &self.bottlenecks, &self.widen),
            &statistics,
        );
        pooled(maps, &self.global).swap_dims(1, 2).unsqueeze_dim(3)
    }

    fn chain(&self) -> Chain {
        let (grid, epsilon) = (self.stem_map(), self.stem.norm.epsilon);
        let stem = Stem::of_patches(grid, 9 * INPUT_CHANNELS, STEM_CHANNELS, epsilon);
        chain_of(stem, grid, &self.bottlenecks, &self.widen, epsilon)
    }

    /// The map behind the first layer.
    fn stem_map(&self) -> Grid {
        Grid {
            rows: N_BANDS / 2,
            width: self.n_frames().div_ceil(2),
        }
    }

    fn chain_parameters(&self) -> Vec<Tensor<1>> {
        let mut parameters = [self.stem.parameters(), self.depthwise.parameters()].concat();
        // In the order of the patches: `[outputs, height, width, inputs]`.
        parameters[0] = self.stem.conv.weight.val().permute([0, 2, 3, 1]).flatten(0, 3);
        for block in &self.bottlenecks {
            parameters.extend(block.expand.parameters());
            parameters.extend(block.depthwise.parameters());
            parameters.push(block.project.weight.val().flatten(0, 3));
            parameters.extend(norm_parameters(&block.norm));
        }
        parameters.extend(self.widen.parameters());
        parameters
    }

    /// Focal loss with gamma 2 over classes, `[1]`: the mean of `-weight · (1 - p)² · log p`.
    fn focal_loss(&self, log_probabilities: &Tensor<2>, classes: &[u32]) -> Tensor<1> {
        let device = log_probabilities.device();
        let indices: Vec<i64> = classes.iter().map(|&class| i64::from(class)).collect();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [classes.len()]), &device);
        let weights = classes.iter().map(|&class| self.class_weights[class as usize]).collect();
        let weights = input_tensor(weights, [classes.len(), 1], &device);
        let log_p = log_probabilities.clone().gather(1, indices.unsqueeze_dim(1));
        let doubt = log_p.clone().exp().neg().add_scalar(1.0);
        (weights * doubt.square() * log_p).mean().neg()
    }

    /// Binary cross-entropy over attributes, `[1]`: the mean over clips and attributes.
    fn attribute_loss(&self, logits: Tensor<2>, classes: &[u32]) -> Tensor<1> {
        let attributes = classes
            .iter()
            .flat_map(|&class| self.attributes_of[class as usize].iter().copied());
        let attributes = input_tensor(attributes.collect(), logits.dims(), &logits.device());
        let overshoot = logits.clone().abs().neg().exp().add_scalar(1.0).log();
        (relu(logits.clone()) - logits * attributes + overshoot).mean()
    }
}

/// The last feature map: four layers halve both sides, rounding up. 8 x 20 for 128 x 313.
fn last_map(n_frames: usize) -> [usize; 2] {
    [N_BANDS / 16, n_frames.div_ceil(16)]
}

/// The 3x3 neighbourhoods around every second row and column, zeros beyond the edge: `[batch, channels, rows, width]` →
/// `[batch, ⌈rows/2⌉, ⌈width/2⌉, 9 · channels]`, the channels innermost.
fn patches(x: Tensor<4>) -> Tensor<4> {
    let [n_clips, n_channels, n_rows, width] = x.dims();
    let (rows_out, width_out) = (n_rows.div_ceil(2), width.div_ceil(2));
    let x = x.permute([0, 2, 3, 1]);
    // A margin of one, and behind it what makes both sides even: then every second one is a slice.
    let framed = x.pad(
        [(1, 2 * rows_out + 1 - n_rows), (1, 2 * width_out + 1 - width), (0, 0)],
        burn::tensor::ops::PadMode::Constant(0.0),
    );
    let pairs = framed.reshape([n_clips, rows_out + 1, 2, width_out + 1, 2, n_channels]);
    let tap = |tap: usize| {
        let (y, x) = (tap / 3, tap % 3);
        let neighbours = pairs.clone().narrow(1, y / 2, rows_out).narrow(2, y % 2, 1);
        let neighbours = neighbours.narrow(3, x / 2, width_out).narrow(4, x % 2, 1);
        neighbours.reshape([n_clips, rows_out, width_out, n_channels])
    };
    Tensor::cat((0..9).map(tap).collect(), 3)
}

impl Trainable for Network {
    fn judge(&self, batch: Batch, device: &Device) -> Judged {
        let embeddings = self.embed(self.picture(batch.inputs, device));
        let log_probabilities = log_softmax(self.head.forward(embeddings.clone()), 1);
        let focal = self.focal_loss(&log_probabilities, &batch.classes);
        let of_attributes = self.attribute_loss(self.attributes.forward(embeddings), &batch.classes);
        let term = |name, mean: &Tensor<1>| Term {
            name,
            mean: mean.clone(),
        };
        Judged {
            terms: vec![term("class loss", &focal), term("attribute loss", &of_attributes)],
            votes: vec![Votes {
                name: "accuracy",
                head_idx: 0,
                clips: batch.clips,
                classes: batch.classes,
                log_probabilities,
            }],
            ..Judged::of(focal + of_attributes)
        }
    }

    fn learning_rate(&self, plan: &TrainingPlan, epoch_idx: usize) -> f64 {
        let Some(past) = epoch_idx.checked_sub(FULL_RATE_EPOCHS) else {
            return plan.learning_rate;
        };
        let lowest = LOWEST_RATE.min(plan.learning_rate);
        let n_falling = plan.n_epochs.saturating_sub(FULL_RATE_EPOCHS).max(1);
        let share = 0.5 * (1.0 + (std::f64::consts::PI * past as f64 / n_falling as f64).cos());
        lowest + (plan.learning_rate - lowest) * share
    }

    fn set_norm_momentum(&mut self, step_idx: u64) {
        let momentum = norm_momentum(NORM_MOMENTUM, step_idx);
        let blocks = self.bottlenecks.iter_mut();
        blocks
            .flat_map(|block| [&mut block.expand.norm, &mut block.depthwise.norm, &mut block.norm])
            .chain([
                &mut self.stem.norm,
                &mut self.depthwise.norm,
                &mut self.widen.norm,
                &mut self.global_norm,
                &mut self.narrow_norm,
            ])
            .for_each(|norm| norm.momentum = momentum);
    }
}

#[cfg(test)]
mod tests {
    use super::super::gradient_check::{Learned, distance, learned_from};
    use super::*;

    /// A third of a second: 11 frames.
    const N_SAMPLES: usize = 5_200;

    fn classes() -> AttributeClasses {
        AttributeClasses {
            sizes: vec![1, 4, 2],
            attributes: vec![vec![true, false], vec![true, true], vec![false, true]],
        }
    }

    fn learned(device: &Device) -> Learned {
        let network = initialised(Network::new(N_SAMPLES, &classes(), device), 5, bound);
        let batch = Batch {
            inputs: (0..5 * StgramMfn::example_len(N_SAMPLES))
                .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
                .collect(),
            classes: vec![0, 1, 2, 1, 1],
            ..Batch::default()
        };
        learned_from(&network, batch, device)
    }

    #[test]
    fn a_step_by_blocks_is_a_step_by_plain_layers() {
        #[expect(deprecated, reason = "the device that blocks are checked against")]
        let plain = Device::ndarray().autodiff();
        let (found, plain) = (learned(&Device::flex().autodiff()), learned(&plain));
        assert!((found.loss / plain.loss - 1.0).abs() < 1e-4, "{} {}", found.loss, plain.loss);
        for ((gradient, expected), NamedTensor { name, .. }) in found.gradients.iter().zip(&plain.gradients).zip(&plain.tensors) {
            assert_eq!(expected.is_empty(), name.contains("running_"), "{name} is learned");
            let distance = distance(gradient, expected, 1e-2);
            // Both ways round in single precision, through fifteen norms of five rows each.
            assert!(distance < 2e-2, "{name}: {distance}");
        }
        for (tensor, plain) in found.tensors.iter().zip(&plain.tensors) {
            let distance = distance(&tensor.values, &plain.values, 1e-2);
            assert!(distance < 1e-4, "{}: {distance}", tensor.name);
        }
    }

    /// Numbers of PyTorch's `cross_entropy` and `binary_cross_entropy_with_logits`: `tests/data/stgram/losses.py`.
    #[test]
    fn the_losses_equal_pytorch() {
        let device = Device::flex();
        let network = Network::new(N_SAMPLES, &classes(), &device);
        let tensor = |values: Vec<f32>| {
            let n_rows = 4;
            let n_columns = values.len() / n_rows;
            input_tensor(values, [n_rows, n_columns], &device)
        };
        let of = [2, 0, 1, 1];
        let logits = tensor(vec![1.0, -2.0, 0.5, 3.0, 0.0, -1.0, -0.25, 0.75, 2.0, 10.0, 20.0, -30.0]);
        let focal = network.focal_loss(&log_softmax(logits, 1), &of).into_scalar::<f32>();
        assert!((focal - 0.064_468_3).abs() < 1e-6, "{focal}");
        let logits = tensor(vec![1.0, -2.0, 0.5, 3.0, 0.0, -1.0, -25.0, 40.0]);
        let of_attributes = network.attribute_loss(logits, &of).into_scalar::<f32>();
        assert!((of_attributes - 4.246_158).abs() < 1e-5, "{of_attributes}");
    }

    #[test]
    fn the_learning_rate_falls_along_a_cosine_after_epoch_20() {
        let network = Network::new(N_SAMPLES, &classes(), &Device::flex());
        let plan = TrainingPlan {
            network: String::new(),
            n_epochs: 150,
            batch_size: 2,
            learning_rate: 1e-4,
            learning_rate_decay: 1.0,
            weight_decay: 0.0,
            early_stop: None,
            seed: 1,
            device: DeviceChoice::Cpu,
            data: String::new(),
        };
        let rate = |epoch_idx| network.learning_rate(&plan, epoch_idx);
        assert_eq!([rate(0), rate(19), rate(20)], [1e-4; 3]);
        assert!((rate(85) - 5.5e-5).abs() < 1e-12, "half way");
        assert!((rate(150) - 1e-5).abs() < 1e-12 && rate(149) < 1.01e-5);
    }
}
