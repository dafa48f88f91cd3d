//! MobileAnoNet, the shared extractor of the paper's Table I: inverted bottlenecks over a spectrogram segment.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PRelu, PReluConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

use super::blocks::{Block, Bottleneck as BottleneckBlock, Chain, Grid, Residuals, Stem, Widening};
use super::fused::{apply, follow, has_blocks};
use super::inference::{self, Sliding, Source};
use super::multi_task::MultiTask;
use super::parameters::{initialised, input_tensor, n_trainable, tensors_of, with_tensors};
use super::tally::Judged;
use super::trainable::{Trainable, TrainingObserver, TrainingPlan, norm_momentum};
use super::training::train;
use super::weights::weights_error;
use super::{Batch, DeviceChoice, Examples, Heads, NamedTensor, TrainingError};

/// Numbers in the embedding of a segment.
pub const EMBEDDING_LEN: usize = 128;
/// Channels of the first two layers.
const STEM_CHANNELS: usize = 16;
/// Expansion, output channels, repetitions and stride of each row of bottlenecks. Blocks of stride 1 have a residual path.
pub(super) const BOTTLENECKS: [(usize, usize, usize, usize); 6] = [
    (2, 16, 1, 2),
    (2, 16, 4, 1),
    (4, 32, 1, 2),
    (2, 32, 6, 1),
    (4, 32, 1, 2),
    (2, 32, 2, 1),
];
/// What the names of the classifiers' tensors begin with.
const HEAD: &str = "head.";
/// PyTorch's default.
const NORM_MOMENTUM: f64 = 0.1;

/// The size of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentShape {
    pub n_bins: usize,
    pub n_frames: usize,
}

impl SegmentShape {
    /// 64 frames of a 2048-point transform.
    pub const PUBLISHED: Self = Self {
        n_bins: 1025,
        n_frames: 64,
    };

    /// Numbers in a segment.
    pub fn n_values(self) -> usize {
        self.n_bins * self.n_frames
    }

    /// The last feature map: four layers halve both sides, rounding up. 65 x 4 for 1025 x 64.
    fn last_map(self) -> [usize; 2] {
        [self.n_bins.div_ceil(16), self.n_frames.div_ceil(16)]
    }
}

/// Where a segment of a picture begins, and how its values are scaled: `(value - low) * scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmentWindow {
    pub first_frame: usize,
    pub low: f32,
    pub scale: f32,
}

/// Segments that burn embeds at once: 4 MB of input, 33 MB in the widest layer.
const CHUNK_SEGMENTS: usize = 16;

/// MobileAnoNet with its classifiers, on a device.
#[derive(Debug)]
pub struct MobileAnoNet {
    network: Network,
    /// The network as it computes embeddings on the processor, made when the first one is asked for.
    fast: OnceLock<Sliding>,
    segment: SegmentShape,
    choice: DeviceChoice,
    device: Device,
}

impl MobileAnoNet {
    /// A fresh network that tells `n_classes` machines apart, by cross-entropy alone.
    ///
    /// # Errors
    /// Where this build or machine lacks the device.
    pub fn new(segment: SegmentShape, n_classes: usize, choice: DeviceChoice, seed: u64) -> Result<Self, TrainingError> {
        Self::with_heads(segment, &Heads::of_machines(n_classes), choice, seed)
    }

    /// A fresh network with these classifiers; the same seed gives the same weights on every device.
    ///
    /// # Errors
    /// Where this build or machine lacks the device.
    pub fn with_heads(segment: SegmentShape, heads: &Heads, choice: DeviceChoice, seed: u64) -> Result<Self, TrainingError> {
        let device = choice.open()?;
        let mut network = initialised(Network::new(segment, heads, &device), seed, fan_in_bound);
        network.head = network.head.with_drawn_centres(seed);
        Ok(Self {
            network,
            fast: OnceLock::new(),
            segment,
            choice,
            device,
        })
    }

    /// A network with these weights that embeds: classifiers among them are left out. `origin` is named where they do not fit.
    ///
    /// # Errors
    /// Where they do not fit, or this build or machine lacks the device.
    pub fn from_weights(
        segment: SegmentShape,
        choice: DeviceChoice,
        tensors: &[NamedTensor],
        origin: &Path,
    ) -> Result<Self, TrainingError> {
        let extractor: Vec<NamedTensor> = tensors
            .iter()
            .filter(|tensor| !tensor.name.starts_with(HEAD))
            .cloned()
            .collect();
        let mut fresh = Self::with_heads(segment, &Heads::none(), choice, 0)?;
        fresh.network = with_tensors(fresh.network, &extractor).map_err(|reason| weights_error(origin, &reason))?;
        Ok(fresh)
    }

    pub(super) fn segment(&self) -> SegmentShape {
        self.segment
    }

    /// Trainable numbers of the extractor, without the classifiers.
    pub fn n_parameters(&self) -> usize {
        n_trainable(&self.network) - n_trainable(&self.network.head)
    }

    /// All weights and running statistics, in the order of the layers; the classifiers come last.
    pub fn weights(&self) -> Result<Vec<NamedTensor>, TrainingError> {
        tensors_of(&self.network)
    }

    /// Trains by the losses of its classifiers and Adam, and resumes from `checkpoint` where that file is of the same plan.
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

    /// Embeddings `[n_segments, 128]` of `segments` `[n_segments, n_bins, n_frames]`.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn embed(&self, segments: &[f32]) -> Result<Vec<f32>, TrainingError> {
        let whole = SegmentWindow {
            first_frame: 0,
            low: 0.0,
            scale: 1.0,
        };
        let embeddings = segments
            .par_chunks_exact(self.segment.n_values())
            .map(|segment| self.embed_windows(segment, &[whole]));
        Ok(embeddings.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Embeddings `[n_windows, 128]` of segments of one picture `[n_bins, n_frames]`, as many frames as there are.
    ///
    /// On the processor what overlapping segments have in common is computed once; elsewhere each is computed by itself.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn embed_windows(&self, picture: &[f32], windows: &[SegmentWindow]) -> Result<Vec<f32>, TrainingError> {
        let SegmentShape { n_bins, n_frames } = self.segment;
        let source = Source {
            values: picture,
            n_frames: picture.len() / n_bins,
            segment_frames: n_frames,
        };
        if self.choice == DeviceChoice::Cpu {
            return Ok(self.fast()?.embed(source, windows));
        }
        let mut embeddings = Vec::with_capacity(windows.len() * EMBEDDING_LEN);
        for windows in windows.chunks(CHUNK_SEGMENTS) {
            let shape = [windows.len(), 1, n_bins, n_frames];
            let segments = windows.iter().flat_map(|window| source.cut(window)).collect();
            let chunk = self.network.embed(input_tensor(segments, shape, &self.device));
            embeddings.extend(chunk.try_into_vec_as::<f32>().map_err(TrainingError::device)?);
        }
        Ok(embeddings)
    }

    fn fast(&self) -> Result<&Sliding, TrainingError> {
        if let Some(fast) = self.fast.get() {
            return Ok(fast);
        }
        let fast = inference::mobileanonet(&self.weights()?);
        Ok(self.fast.get_or_init(|| fast))
    }
}

/// PyTorch's default: uniform within the inverse square root of the inputs of a unit.
fn fan_in_bound(shape: &[usize]) -> f32 {
    let fan_in = match shape {
        // Kernels are `[out, in / groups, height, width]`, burn's matrices `[in, out]`.
        [_, kernel @ ..] if shape.len() == 4 => kernel.iter().product(),
        _ => shape[0],
    };
    1.0 / (fan_in as f32).sqrt()
}

/// A convolution without bias, padded so that stride 1 keeps the size.
pub(super) fn convolution(from: usize, to: usize, kernel: usize, stride: usize, groups: usize, device: &Device) -> Conv2d {
    let padding = kernel / 2;
    Conv2dConfig::new([from, to], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_groups(groups)
        .with_bias(false)
        .with_initializer(Initializer::Zeros)
        .init(device)
}

/// Convolution, batch norm and PReLU with a slope for each channel.
#[derive(Module, Debug)]
pub(super) struct ConvBlock {
    pub conv: Conv2d,
    pub norm: BatchNorm,
    activation: PRelu,
}

impl ConvBlock {
    pub(super) fn new(conv: Conv2d, channels: usize, device: &Device) -> Self {
        Self {
            conv,
            norm: BatchNormConfig::new(channels).init(device),
            activation: PReluConfig::new().with_num_parameters(channels).init(device),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.activation.forward(self.norm.forward(self.conv.forward(x)))
    }

    /// All parameters, in the order of the blocks for training.
    pub(super) fn parameters(&self) -> [Tensor<1>; 4] {
        let [gamma, beta] = norm_parameters(&self.norm);
        [self.conv.weight.val().flatten(0, 3), gamma, beta, self.activation.alpha.val()]
    }
}

pub(super) fn norm_parameters(norm: &BatchNorm) -> [Tensor<1>; 2] {
    [norm.gamma.val(), norm.beta.val()]
}

/// Inverted bottleneck: expand, filter each channel, project without activation.
#[derive(Module, Debug)]
pub(super) struct Bottleneck {
    pub expand: ConvBlock,
    pub depthwise: ConvBlock,
    pub project: Conv2d,
    pub norm: BatchNorm,
    pub has_residual: bool,
}

impl Bottleneck {
    pub(super) fn new(from: usize, expansion: usize, to: usize, stride: usize, device: &Device) -> Self {
        let wide = expansion * from;
        Self {
            expand: ConvBlock::new(convolution(from, wide, 1, 1, 1, device), wide, device),
            depthwise: ConvBlock::new(convolution(wide, wide, 3, stride, wide, device), wide, device),
            project: convolution(wide, to, 1, 1, 1, device),
            norm: BatchNormConfig::new(to).init(device),
            has_residual: stride == 1,
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let wide = self.depthwise.forward(self.expand.forward(x.clone()));
        let projected = self.norm.forward(self.project.forward(wide));
        if self.has_residual { projected + x } else { projected }
    }

    /// As one block for training, for maps of this size.
    pub(super) fn block(&self, grid: Grid) -> BottleneckBlock {
        let [n_wide, n_inputs, _, _] = self.expand.conv.weight.dims();
        let [n_outputs, _, _, _] = self.project.weight.dims();
        let stride = self.depthwise.conv.stride[0];
        BottleneckBlock::new(grid, [n_inputs, n_wide, n_outputs], stride, self.norm.epsilon)
    }
}

#[derive(Module, Debug)]
struct Network {
    stem: ConvBlock,
    depthwise: ConvBlock,
    bottlenecks: Vec<Bottleneck>,
    widen: ConvBlock,
    /// One kernel as large as the feature map for each channel.
    global: Conv2d,
    norm: BatchNorm,
    head: MultiTask,
    #[module(skip)]
    segment: (usize, usize),
}

impl Network {
    fn new(segment: SegmentShape, heads: &Heads, device: &Device) -> Self {
        let mut channels = STEM_CHANNELS;
        let mut bottlenecks = Vec::new();
        for (expansion, to, n_repeats, stride) in BOTTLENECKS {
            for _ in 0..n_repeats {
                bottlenecks.push(Bottleneck::new(channels, expansion, to, stride, device));
                channels = to;
            }
        }
        Self {
            stem: ConvBlock::new(convolution(1, STEM_CHANNELS, 3, 2, 1, device), STEM_CHANNELS, device),
            depthwise: ConvBlock::new(
                convolution(STEM_CHANNELS, STEM_CHANNELS, 3, 1, STEM_CHANNELS, device),
                STEM_CHANNELS,
                device,
            ),
            bottlenecks,
            widen: ConvBlock::new(convolution(channels, EMBEDDING_LEN, 1, 1, 1, device), EMBEDDING_LEN, device),
            global: Conv2dConfig::new([EMBEDDING_LEN, EMBEDDING_LEN], segment.last_map())
                .with_groups(EMBEDDING_LEN)
                .with_bias(false)
                .with_initializer(Initializer::Zeros)
                .init(device),
            norm: BatchNormConfig::new(EMBEDDING_LEN).init(device),
            head: MultiTask::new(EMBEDDING_LEN, heads, device),
            segment: (segment.n_bins, segment.n_frames),
        }
    }

    /// `[batch, 1, n_bins, n_frames]` → `[batch, 128]`
    fn embed(&self, x: Tensor<4>) -> Tensor<2> {
        let device = x.device();
        if device.is_autodiff() && has_blocks(&device) {
            return self.embed_by_blocks(x);
        }
        let x = self.depthwise.forward(self.stem.forward(x));
        let x = self.bottlenecks.iter().fold(x, |x, block| block.forward(x));
        let x = self.global.forward(self.widen.forward(x));
        self.norm.forward(x.flatten::<2>(1, 3))
    }

    /// The same in training, with all layers up to the global one as one operation.
    fn embed_by_blocks(&self, x: Tensor<4>) -> Tensor<2> {
        let chain = self.chain();
        let (maps, statistics) = apply::<4, 4>(Arc::new(chain), x, self.chain_parameters());
        follow(
            chain_norms([&self.stem, &self.depthwise], &self.bottlenecks, &self.widen),
            &statistics,
        );
        let pooled = pooled(maps, &self.global);
        self.norm.forward(pooled.flatten::<2>(1, 2))
    }

    fn chain(&self) -> Chain {
        let picture = Grid {
            rows: self.segment.0,
            width: self.segment.1,
        };
        let epsilon = self.norm.epsilon;
        let stem = Stem::new(picture, STEM_CHANNELS, epsilon);
        chain_of(stem, picture.filtered(2), &self.bottlenecks, &self.widen, epsilon)
    }

    fn chain_parameters(&self) -> Vec<Tensor<1>> {
        let mut parameters = [self.stem.parameters(), self.depthwise.parameters()].concat();
        for block in &self.bottlenecks {
            parameters.extend(block.expand.parameters());
            parameters.extend(block.depthwise.parameters());
            parameters.push(block.project.weight.val().flatten(0, 3));
            parameters.extend(norm_parameters(&block.norm));
        }
        parameters.extend(self.widen.parameters());
        parameters
    }
}

/// From the stem, whose map is `grid`, to the widening: what trains as one operation in networks of this family.
pub(super) fn chain_of(stem: Stem, mut grid: Grid, bottlenecks: &[Bottleneck], widen: &ConvBlock, epsilon: f64) -> Chain {
    let mut blocks: Vec<Box<dyn Block>> = vec![Box::new(stem)];
    for run in bottlenecks.chunk_by(|a, b| a.has_residual && b.has_residual) {
        if run[0].has_residual {
            blocks.push(Box::new(Residuals(run.iter().map(|block| block.block(grid)).collect())));
        } else {
            blocks.push(Box::new(run[0].block(grid)));
            grid = grid.filtered(run[0].depthwise.conv.stride[0]);
        }
    }
    let [n_outputs, n_inputs, _, _] = widen.conv.weight.dims();
    blocks.push(Box::new(Widening {
        grid,
        n_inputs,
        n_outputs,
        rule: epsilon.into(),
    }));
    Chain(blocks)
}

/// The norms of such a chain, in its order.
pub(super) fn chain_norms<'a>(
    first: [&'a ConvBlock; 2],
    bottlenecks: &'a [Bottleneck],
    widen: &'a ConvBlock,
) -> impl Iterator<Item = &'a BatchNorm> {
    let norms = bottlenecks
        .iter()
        .flat_map(|block| [&block.expand.norm, &block.depthwise.norm, &block.norm]);
    first.into_iter().map(|block| &block.norm).chain(norms).chain([&widen.norm])
}

/// The global layer on a chain's maps `[batch, height, width, channels]`: one weight for each position and channel. `[batch, 1,
/// channels]`
pub(super) fn pooled(maps: Tensor<4>, global: &Conv2d) -> Tensor<3> {
    let weights = global.weight.val().flatten::<2>(1, 3).swap_dims(0, 1).unsqueeze();
    maps.flatten::<3>(1, 2).mul(weights).sum_dim(1)
}

impl Trainable for Network {
    fn judge(&self, mut batch: Batch, device: &Device) -> Judged {
        let (n_bins, n_frames) = self.segment;
        let n_segments = batch.inputs.len() / (n_bins * n_frames);
        let inputs = std::mem::take(&mut batch.inputs);
        let embeddings = self.embed(input_tensor(inputs, [n_segments, 1, n_bins, n_frames], device));
        self.head.judge(embeddings, batch, device)
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
                &mut self.norm,
            ])
            .chain(self.head.norms_mut())
            .for_each(|norm| norm.momentum = momentum);
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleMapper, ModuleVisitor, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::TensorData;

    use super::*;

    /// Squared length of the gradient of each parameter.
    struct Lengths<'a>(&'a GradientsParams, Vec<f32>);

    impl ModuleVisitor for Lengths<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = self.0.get::<D>(param.id);
            let squared = gradient.map(|gradient| gradient.square().sum().into_scalar::<f32>());
            self.1.push(squared.unwrap_or(0.0));
        }
    }

    /// Moves one parameter along its gradient.
    struct Step<'a> {
        gradients: &'a GradientsParams,
        param_idx: usize,
        scale: f32,
        n_visited: usize,
    }

    impl ModuleMapper for Step<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            self.n_visited += 1;
            match self.gradients.get::<D>(param.id) {
                Some(gradient) if self.n_visited - 1 == self.param_idx => {
                    let moved = param.val().without_autodiff() + gradient * self.scale;
                    let id = param.id;
                    param.transform_for_load(Tensor::from_inner(moved), id)
                }
                _ => param,
            }
        }
    }

    /// The loss, and the gradient of each parameter by name.
    fn loss_and_gradients(device: &Device, segment: SegmentShape, batch: &Batch) -> (f32, Vec<Vec<f32>>) {
        struct Reader<'a>(&'a GradientsParams, Vec<Vec<f32>>);
        impl ModuleVisitor for Reader<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if let Some(gradient) = self.0.get::<D>(param.id) {
                    self.1.push(gradient.try_into_vec_as().expect("numbers"));
                }
            }
        }
        /// Moves the vectors away from their constants: with those, some gradients are zero but for rounding.
        struct Shake;
        impl ModuleMapper for Shake {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                let (id, device, shape) = (param.id, param.lazy_device(), param.lazy_shape());
                if D > 1 {
                    return param;
                }
                let shifts: Vec<f32> = (0..shape.num_elements()).map(|i| 0.3 * (i as f32 * 1.7).sin()).collect();
                let shifts = Tensor::from_data(TensorData::new(shifts, shape), &device);
                let moved = param.val() + shifts;
                param.transform_for_load(moved.detach(), id)
            }
        }
        let network = initialised(Network::new(segment, &Heads::of_machines(3), device), 5, fan_in_bound).map(&mut Shake);
        let loss = network.judge(batch.clone(), device).loss;
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        let mut reader = Reader(&gradients, Vec::new());
        network.visit(&mut reader);
        (loss.into_scalar(), reader.1)
    }

    #[test]
    fn blocks_find_the_gradients_that_plain_layers_find() {
        let segment = SegmentShape {
            n_bins: 65,
            n_frames: 24,
        };
        let batch = Batch {
            inputs: (0..6 * segment.n_values())
                .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
                .collect(),
            classes: vec![0, 1, 2, 1, 0, 2],
            ..Batch::default()
        };
        #[expect(deprecated, reason = "the device that blocks are checked against")]
        let plain = Device::ndarray().autodiff();
        let (loss, gradients) = loss_and_gradients(&Device::flex().autodiff(), segment, &batch);
        let (expected_loss, expected) = loss_and_gradients(&plain, segment, &batch);
        assert!((loss / expected_loss - 1.0).abs() < 1e-5, "{loss} {expected_loss}");
        assert_eq!(gradients.len(), expected.len());
        for (idx, (found, expected)) in gradients.iter().zip(&expected).enumerate() {
            let length = expected.iter().map(|value| value * value).sum::<f32>().sqrt();
            let difference = found.iter().zip(expected).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
            // Shifts before a batch norm have no gradient but for rounding.
            assert!(difference < 1e-4 * length.max(0.01), "{idx}: {difference} of {length}");
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_gradient() {
        let segment = SegmentShape {
            n_bins: 49,
            n_frames: 16,
        };
        let batch = Batch {
            inputs: (0..5 * segment.n_values()).map(|i| (i as f32 * 0.37).sin()).collect(),
            classes: vec![0, 1, 2, 1, 0],
            ..Batch::default()
        };
        let found = [1, 4].map(|n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
            let find = || loss_and_gradients(&Device::flex().autodiff(), segment, &batch);
            pool.expect("a pool").install(find)
        });
        assert!(found[0] == found[1]);
    }

    #[test]
    #[ignore = "times a step of training; BATCH sets the batch size"]
    #[expect(clippy::print_stdout, reason = "what it finds is for a person")]
    fn time_of_a_step() {
        let batch_size = std::env::var("BATCH").map_or(32, |size| size.parse().expect("a number"));
        let segment = SegmentShape::PUBLISHED;
        let device = Device::flex().autodiff();
        let mut network = initialised(Network::new(segment, &Heads::of_machines(7), &device), 5, fan_in_bound);
        let mut optimiser = burn::optim::AdamConfig::new().init();
        for _ in 0..6 {
            let batch = Batch {
                inputs: (0..batch_size * segment.n_values())
                    .map(|i| (i as f32 * 0.37).sin())
                    .collect(),
                classes: (0..batch_size as u32).map(|i| i % 7).collect(),
                ..Batch::default()
            };
            let started = std::time::Instant::now();
            let loss = network.judge(batch, &device).loss;
            let forward = started.elapsed();
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            let both = started.elapsed();
            network = optimiser.step(1e-3, network.clone(), gradients);
            let [forward, both, step] =
                [forward, both, started.elapsed()].map(|time| time.as_secs_f64() * 1e3 / batch_size as f64);
            println!("forward {forward:.2}, with backward {both:.2}, with Adam {step:.2} ms a segment");
        }
    }

    #[test]
    fn gradients_are_the_slopes_of_the_loss() {
        let segment = SegmentShape {
            n_bins: 17,
            n_frames: 16,
        };
        let device = Device::flex().autodiff();
        let network = initialised(Network::new(segment, &Heads::of_machines(2), &device), 5, fan_in_bound);
        let batch = Batch {
            inputs: (0..4 * segment.n_values())
                .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
                .collect(),
            classes: vec![0, 1, 1, 0],
            ..Batch::default()
        };
        let loss = |network: &Network| network.judge(batch.clone(), &device).loss;
        let gradients = GradientsParams::from_grads(loss(&network).backward(), &network);
        let mut lengths = Lengths(&gradients, Vec::new());
        network.visit(&mut lengths);
        let n_trained = lengths.1.iter().filter(|&&squared| squared > 0.0).count();
        assert_eq!(n_trained, 3 * 4 + 15 * 11 + 5, "every parameter gets a gradient");
        let mut worst = 0.0f32;
        for (param_idx, &squared) in lengths.1.iter().enumerate().filter(|(_, squared)| **squared > 1e-6) {
            // Short where the loss is steep, because it is curved there.
            let (steepness, distance) = (squared.sqrt(), (0.01 / squared.sqrt()).min(2e-3));
            let moved = |distance: f32| {
                let step = &mut Step {
                    gradients: &gradients,
                    param_idx,
                    scale: distance / steepness,
                    n_visited: 0,
                };
                loss(&network.clone().map(step)).into_scalar::<f32>()
            };
            let slope = (moved(distance) - moved(-distance)) / (2.0 * distance);
            worst = worst.max((slope / steepness - 1.0).abs());
        }
        assert!(worst < 0.05, "{worst}");
    }
}
