//! The dense autoencoder of the DCASE baselines: 128-128-128-128-8-128-128-128-128 between equal ends.

use std::path::Path;
use std::sync::Arc;

use burn::module::{Initializer, Module};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::blocks::{Block, Chain, Dense};
use super::fused::{apply, follow, has_blocks};
use super::parameters::{initialised, input_tensor, n_trainable, tensors_of, with_tensors};
use super::tally::Judged;
use super::trainable::{Trainable, TrainingObserver, TrainingPlan, norm_momentum};
use super::training::train;
use super::weights::weights_error;
use super::{Batch, DeviceChoice, Examples, NamedTensor, TrainingError};

/// Units of the hidden layers; the fifth is the code.
const HIDDEN: [usize; 9] = [128, 128, 128, 128, CODE_LEN, 128, 128, 128, 128];
/// Which hidden layer is the code.
const CODE_LAYER: usize = 4;
/// Units of the code.
const CODE_LEN: usize = 8;
/// Keras' default, which the 2023 baseline took over to PyTorch.
const NORM_EPSILON: f64 = 1e-3;
/// Keras' default of 0.99 in burn's and PyTorch's way of counting.
const NORM_MOMENTUM: f64 = 0.01;

/// What the autoencoder makes of rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reconstruction {
    /// `[n_rows, 8]`: the code after batch norm and ReLU, as the decoder gets it.
    pub codes: Vec<f32>,
    /// `[n_rows]`: mean squared error over the row.
    pub errors: Vec<f32>,
    /// `[n_rows, n_inputs]`: what the network makes of the rows less the rows.
    pub residuals: Vec<f32>,
}

impl Reconstruction {
    /// Numbers in the code of one row.
    pub const CODE_LEN: usize = CODE_LEN;
}

/// A dense autoencoder on a device.
#[derive(Debug)]
pub struct DenseAutoencoder {
    network: Network,
    n_inputs: usize,
    choice: DeviceChoice,
    device: Device,
}

impl DenseAutoencoder {
    /// A fresh network for rows of `n_inputs` numbers; the same seed gives the same weights on every device.
    ///
    /// # Errors
    /// Where this build or machine lacks the device.
    pub fn new(n_inputs: usize, choice: DeviceChoice, seed: u64) -> Result<Self, TrainingError> {
        let device = choice.open()?;
        Ok(Self {
            network: initialised(Network::new(n_inputs, &device), seed, glorot_bound),
            n_inputs,
            choice,
            device,
        })
    }

    /// Trainable numbers.
    pub fn n_parameters(&self) -> usize {
        n_trainable(&self.network)
    }

    /// All weights and running statistics.
    pub fn weights(&self) -> Result<Vec<NamedTensor>, TrainingError> {
        tensors_of(&self.network)
    }

    /// The same network with these weights; `origin` is named where they do not fit.
    pub fn with_weights(mut self, tensors: &[NamedTensor], origin: &Path) -> Result<Self, TrainingError> {
        self.network = with_tensors(self.network, tensors).map_err(|reason| weights_error(origin, &reason))?;
        Ok(self)
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
        Ok(self)
    }

    /// Codes, errors and residuals of `rows`, `[n_rows, n_inputs]`, in one forward pass.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn reconstruct(&self, rows: Vec<f32>) -> Result<Reconstruction, TrainingError> {
        let n_rows = rows.len() / self.n_inputs;
        let input = input_tensor(rows, [n_rows, self.n_inputs], &self.device);
        let code = self.network.code(input.clone());
        let residuals = self.network.decode(code.clone()) - input;
        let errors = residuals.clone().square().mean_dim(1);
        Ok(Reconstruction {
            codes: code.try_into_vec_as::<f32>().map_err(TrainingError::device)?,
            errors: errors.try_into_vec_as::<f32>().map_err(TrainingError::device)?,
            residuals: residuals.try_into_vec_as::<f32>().map_err(TrainingError::device)?,
        })
    }
}

/// Keras' default for dense layers: uniform within the square root of 6 / (inputs + outputs); biases begin at 0.
fn glorot_bound(shape: &[usize]) -> f32 {
    (6.0 / shape.iter().sum::<usize>() as f32).sqrt()
}

#[derive(Module, Debug)]
struct DenseBlock {
    linear: Linear,
    norm: BatchNorm,
}

impl DenseBlock {
    /// `[batch, n_inputs]` → `[batch, n_outputs]`
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        relu(self.norm.forward(self.linear.forward(x)))
    }
}

#[derive(Module, Debug)]
struct Network {
    hidden: Vec<DenseBlock>,
    output: Linear,
}

impl Network {
    fn new(n_inputs: usize, device: &Device) -> Self {
        let dense = |from, to| LinearConfig::new(from, to).with_initializer(Initializer::Zeros).init(device);
        let inputs = std::iter::once(n_inputs).chain(HIDDEN);
        let hidden = inputs.zip(HIDDEN).map(|(from, to)| DenseBlock {
            linear: dense(from, to),
            norm: BatchNormConfig::new(to)
                .with_epsilon(NORM_EPSILON)
                .with_momentum(NORM_MOMENTUM)
                .init(device),
        });
        Self {
            hidden: hidden.collect(),
            output: dense(HIDDEN[HIDDEN.len() - 1], n_inputs),
        }
    }

    /// All layers as one operation, for training.
    fn redraw_by_blocks(&self, x: Tensor<2>) -> Tensor<2> {
        let hidden = self.hidden.iter().map(|block| (&block.linear, Some(block.norm.epsilon)));
        let layers = hidden.chain([(&self.output, None)]).map(|(linear, epsilon)| {
            let [n_inputs, n_outputs] = linear.weight.dims();
            Box::new(Dense {
                n_inputs,
                n_outputs,
                epsilon,
            }) as Box<dyn Block>
        });
        let linear = |linear: &Linear| {
            let bias = linear.bias.as_ref().map(|bias| bias.val());
            [Some(linear.weight.val().flatten::<1>(0, 1)), bias].into_iter().flatten()
        };
        let hidden = self.hidden.iter().flat_map(|block| {
            let norm = [block.norm.gamma.val(), block.norm.beta.val()];
            linear(&block.linear).chain(norm).collect::<Vec<_>>()
        });
        let parameters = hidden.chain(linear(&self.output)).collect();
        let (redrawn, statistics) = apply::<2, 2>(Arc::new(Chain(layers.collect())), x, parameters);
        follow(self.hidden.iter().map(|block| &block.norm), &statistics);
        redrawn
    }

    /// `[batch, n_inputs]` → `[batch, 8]`
    fn code(&self, x: Tensor<2>) -> Tensor<2> {
        self.hidden[..=CODE_LAYER].iter().fold(x, |x, block| block.forward(x))
    }

    /// `[batch, 8]` → `[batch, n_inputs]`
    fn decode(&self, code: Tensor<2>) -> Tensor<2> {
        let x = self.hidden[CODE_LAYER + 1..].iter().fold(code, |x, block| block.forward(x));
        self.output.forward(x)
    }
}

impl Trainable for Network {
    fn judge(&self, batch: Batch, device: &Device) -> Judged {
        let [n_inputs, _] = self.hidden[0].linear.weight.dims();
        let n_rows = batch.inputs.len() / n_inputs;
        let input = input_tensor(batch.inputs, [n_rows, n_inputs], device);
        let redrawn = if device.is_autodiff() && has_blocks(device) {
            self.redraw_by_blocks(input.clone())
        } else {
            self.decode(self.code(input.clone()))
        };
        Judged::of((redrawn - input).square().mean())
    }

    fn set_norm_momentum(&mut self, step_idx: u64) {
        for block in &mut self.hidden {
            block.norm.momentum = norm_momentum(NORM_MOMENTUM, step_idx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::gradient_check::{Learned, distance, learned_from};
    use super::*;

    /// Of 70 rows: two whole chunks of rows, and a rest.
    fn learned(n_inputs: usize, device: &Device) -> Learned {
        let network = initialised(Network::new(n_inputs, device), 5, glorot_bound);
        let batch = Batch {
            inputs: (0..70 * n_inputs)
                .map(|i| (i as f32 * 0.37).sin() * (i as f32 * 0.011).cos())
                .collect(),
            classes: vec![0; 70],
            ..Batch::default()
        };
        learned_from(&network, batch, device)
    }

    #[test]
    fn a_step_by_blocks_is_a_step_by_plain_layers() {
        #[expect(deprecated, reason = "the device that blocks are checked against")]
        let plain = Device::ndarray().autodiff();
        // Inputs that no vector and no task divides.
        for n_inputs in [640, 37] {
            let (found, plain) = (learned(n_inputs, &Device::flex().autodiff()), learned(n_inputs, &plain));
            assert!((found.loss / plain.loss - 1.0).abs() < 1e-5, "{} {}", found.loss, plain.loss);
            assert_eq!(found.gradients.len(), plain.gradients.len());
            for (idx, (gradient, plain)) in found.gradients.iter().zip(&plain.gradients).enumerate() {
                // Biases before a norm have no gradient but for rounding.
                let distance = distance(gradient, plain, 1e-3);
                assert!(distance < 1e-3, "{n_inputs} inputs, parameter {idx}: {distance}");
            }
            for (tensor, plain) in found.tensors.iter().zip(&plain.tensors) {
                assert!(distance(&tensor.values, &plain.values, 1e-6) < 1e-4, "{}", tensor.name);
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_gradient() {
        let [one, four] = [1, 4].map(|n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
            pool.expect("a pool").install(|| learned(100, &Device::flex().autodiff()))
        });
        assert_eq!(one.loss.to_bits(), four.loss.to_bits());
        assert!(one.gradients == four.gradients);
    }
}
