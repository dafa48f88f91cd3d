//! Adam as PyTorch has it, by our own kernel on the processor, with a state that is read back there wherever it was saved.
//!
//! burn's Adam is a dozen passes over the memory, each with a fresh tensor for its result; a network of millions of parameters
//! spends a tenth of its training in them. The kernel needs one. Its corrections come from double precision, as PyTorch's do;
//! burn's come from single precision, and its first steps are too short by some millionths.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{
    Adam, AdamConfig, AdamState, AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer, RecordState, StateSink,
    StateSource,
};
use burn::tensor::{Device, Tensor};
use burn_flex::FlexTensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::fused::{InOrder, has_blocks};
use super::kernels::adam::{AdamStep, adam as adam_step};

/// β₁ and β₂: how much of the means of gradients and of their squares stays.
const KEPT: [f64; 2] = [0.9, 0.999];
/// ε, PyTorch's default.
const EPSILON: f64 = 1e-8;
/// Parameters of a task: enough that many are not worth more than one.
const CHUNK: usize = 16 * 1024;

/// Adam; the L2 penalty is added to the gradient; 0 for none.
pub(super) fn adam(weight_decay: f64) -> ModuleOptimizer {
    let weight_decay = weight_decay as f32;
    ModuleOptimizer::from(PortableAdam {
        weight_decay,
        plain: plain_adam(weight_decay),
    })
}

/// burn's own.
fn plain_adam(weight_decay: f32) -> Adam {
    let [beta_1, beta_2] = KEPT.map(|kept| kept as f32);
    let config = AdamConfig::new()
        .with_beta_1(beta_1)
        .with_beta_2(beta_2)
        .with_epsilon(EPSILON as f32);
    let decay = (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay));
    config.with_weight_decay(decay).build()
}

/// burn reads an optimiser's state back on the build's default device before it moves it to where the network is. In a build
/// with `gpu` that is the graphics card, and a training on the processor could not be resumed where there is none.
#[derive(Clone)]
struct PortableAdam {
    weight_decay: f32,
    /// For the devices that our kernel does not know, with the same state.
    plain: Adam,
}

impl Optimizer for PortableAdam {
    type State<const D: usize> = PortableState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<PortableState<D>>,
    ) -> (Tensor<D>, Option<PortableState<D>>) {
        let state = state.map(|PortableState(state)| state);
        let (tensor, state) = if has_blocks(&tensor.device()) {
            let (tensor, state) = self.fused(learning_rate, tensor, gradient, state);
            (tensor, Some(state))
        } else {
            self.plain.step(learning_rate, tensor, gradient, state)
        };
        (tensor, state.map(PortableState))
    }

    fn to_device<const D: usize>(state: PortableState<D>, device: &Device) -> PortableState<D> {
        PortableState(Adam::to_device(state.0, device))
    }
}

impl PortableAdam {
    fn fused<const D: usize>(
        &self,
        learning_rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, AdamState<D>) {
        let AdaptiveMomentumState {
            time,
            moment_1,
            moment_2,
            max_moment_2,
        } = match state {
            Some(state) => state.momentum,
            None => AdaptiveMomentumState::new(0, tensor.zeros_like(), tensor.zeros_like()),
        };
        let time = time + 1;
        let [left_1, left_2] = KEPT.map(|kept| 1.0 - kept.powi(time as i32));
        let step = AdamStep {
            learning_rate: learning_rate as f32,
            kept: KEPT.map(|kept| kept as f32),
            new: KEPT.map(|kept| (1.0 - kept) as f32),
            correction: (left_2.sqrt() / left_1) as f32,
            epsilon: (EPSILON * left_2.sqrt()) as f32,
            weight_decay: self.weight_decay,
        };
        let [tensor, gradient, moment_1, moment_2] = [tensor, gradient, moment_1, moment_2].map(Tensor::into_dispatch);
        let (tensor, moment_1, moment_2) = <Dispatch as AdamBackend>::adam(tensor, gradient, moment_1, moment_2, step);
        let [tensor, moment_1, moment_2] = [tensor, moment_1, moment_2].map(Tensor::from_dispatch);
        let momentum = AdaptiveMomentumState {
            time,
            moment_1,
            moment_2,
            max_moment_2,
        };
        (tensor, AdamState::new(momentum))
    }
}

#[backend_extension(Flex)]
trait AdamBackend: Backend {
    /// Parameters and both means after the step.
    fn adam(
        parameters: FloatTensor<Self>,
        gradients: FloatTensor<Self>,
        means: FloatTensor<Self>,
        squares: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl AdamBackend for Flex {
    fn adam(
        parameters: FlexTensor,
        gradients: FlexTensor,
        means: FlexTensor,
        squares: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let gradients = InOrder::from(gradients);
        // In place, unless somebody else holds them.
        let [mut parameters, mut means, mut squares] = [parameters, means, squares].map(|tensor| InOrder::from(tensor).alone());
        let chunks = |values| <[f32]>::chunks_mut(values, CHUNK);
        let states = chunks(means.storage_mut()).zip(chunks(squares.storage_mut()));
        let places = chunks(parameters.storage_mut()).zip(gradients.as_ref().chunks(CHUNK));
        let chunks: Vec<_> = places
            .zip(states)
            .map(|((parameters, gradients), (means, squares))| Chunk {
                step,
                parameters,
                gradients,
                means: [means, squares],
            })
            .collect();
        if chunks.len() > 1 {
            chunks.into_par_iter().for_each(Chunk::run);
        } else {
            // To wake another thread would take longer.
            chunks.into_iter().for_each(Chunk::run);
        }
        (parameters, means, squares)
    }
}

struct Chunk<'a> {
    step: AdamStep,
    parameters: &'a mut [f32],
    gradients: &'a [f32],
    means: [&'a mut [f32]; 2],
}

impl Chunk<'_> {
    fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        adam_step(simd, self.step, self.parameters, self.gradients, self.means);
    }
}

/// Written as burn writes Adam's own state.
#[derive(Clone)]
struct PortableState<const D: usize>(AdamState<D>);

impl<const D: usize> RecordState for PortableState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        self.0.state_flatten(prefix, out);
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, _default: &Device) -> Option<Self> {
        AdamState::state_unflatten(prefix, source, &Device::flex()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.try_into_vec_as::<f32>().expect("numbers")
    }

    /// Parameters and both means after a step for each of `gradients`.
    fn trained<O: Optimizer>(
        adam: &O,
        inner: impl Fn(O::State<2>) -> AdamState<2>,
        (start, gradients): (Tensor<2>, &[Tensor<2>]),
        learning_rate: f64,
    ) -> [Vec<f32>; 3] {
        let (mut parameters, mut state) = (start, None);
        for gradient in gradients {
            (parameters, state) = adam.step(learning_rate, parameters, gradient.clone(), state);
        }
        let momentum = inner(state.expect("a step was taken")).momentum;
        [parameters, momentum.moment_1, momentum.moment_2].map(values)
    }

    fn portable(weight_decay: f32) -> PortableAdam {
        PortableAdam {
            weight_decay,
            plain: plain_adam(weight_decay),
        }
    }

    #[test]
    fn steps_are_those_of_pytorch() {
        #[derive(serde::Deserialize)]
        struct Run {
            weight_decay: f32,
            parameters: Vec<f32>,
            means: Vec<f32>,
            squares: Vec<f32>,
        }
        #[derive(serde::Deserialize)]
        struct Reference {
            learning_rate: f64,
            start: Vec<f32>,
            gradients: Vec<Vec<f32>>,
            runs: Vec<Run>,
        }
        let reference: Reference =
            serde_json::from_str(include_str!("../../tests/data/networks/adam.json")).expect("the reference can be read");
        let device = Device::flex();
        let row = |values: &[f32]| Tensor::<1>::from_floats(values, &device).unsqueeze::<2>();
        let gradients: Vec<_> = reference.gradients.iter().map(|gradient| row(gradient)).collect();
        for run in reference.runs {
            let start = (row(&reference.start), gradients.as_slice());
            let found = trained(
                &portable(run.weight_decay),
                |PortableState(state)| state,
                start,
                reference.learning_rate,
            );
            for (found, expected) in found.iter().zip([run.parameters, run.means, run.squares]) {
                for (found, expected) in found.iter().zip(&expected) {
                    assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{found} {expected}");
                }
            }
        }
    }

    #[test]
    fn steps_are_those_of_adam_without_our_kernel() {
        let device = Device::flex();
        // More than a task, and no whole number of vectors.
        let (n_rows, n_columns) = (3, CHUNK / 2 + 7);
        let tensor = |seed: f32| Tensor::<1>::from_floats(&*numbers(n_rows * n_columns, seed), &device);
        let start = tensor(1.0).reshape([n_rows, n_columns]);
        let gradients = [2.0, 3.0, 4.0].map(|seed| tensor(seed).reshape([n_columns, n_rows]).transpose());
        for weight_decay in [0.0, 1e-4] {
            let ours = portable(weight_decay);
            let found = trained(&ours, |PortableState(state)| state, (start.clone(), &gradients), 1e-3);
            let plain = trained(&ours.plain, |state| state, (start.clone(), &gradients), 1e-3);
            for (found, plain) in found.iter().flatten().zip(plain.iter().flatten()) {
                assert!((found - plain).abs() <= 3e-5 * plain.abs() + 1e-7, "{found} {plain}");
            }
        }
        assert_eq!(
            values(start),
            numbers(n_rows * n_columns, 1.0),
            "what is shared is not written to"
        );
    }

    #[test]
    fn a_view_into_another_tensor_is_not_written_to() {
        let whole = Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0], &Device::flex());
        let gradient = Tensor::<1>::from_floats([1.0, -1.0], &Device::flex());
        let (moved, _) = portable(0.0).step(0.5, whole.clone().narrow(0, 1, 2), gradient, None);
        assert_eq!(values(moved), [1.5, 3.5]);
        assert_eq!(values(whole), [1.0, 2.0, 3.0, 4.0]);
    }
}
