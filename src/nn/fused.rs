//! Our own kernels as differentiable operations of burn: several layers in one operation, with its own backward pass.
//!
//! A [`Block`] knows nothing of burn: it takes numbers and gives numbers, and its forward pass gives the backward pass that
//! belongs to it. Here it becomes an operation of the device `Flex` with two parents: the input, and all parameters of its
//! layers in one vector, whose gradient burn splits up again among the layers. So the layers' modules keep their parameters,
//! and weights files, checkpoints and the optimiser do not know whether a network was trained by blocks or layer by layer.

use std::sync::{Arc, Mutex};

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as BurnGradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor, TensorData};
use burn_flex::FlexTensor;

use super::blocks::{BackwardPass, Block, Forward, Values, Wanted};

/// A tensor whose numbers lie in order.
pub(super) struct InOrder(FlexTensor);

impl From<FlexTensor> for InOrder {
    fn from(tensor: FlexTensor) -> Self {
        if tensor.as_slice::<f32>().is_some() {
            Self(tensor)
        } else {
            Self(FlexTensor::from_data(tensor.into_data()))
        }
    }
}

impl AsRef<[f32]> for InOrder {
    fn as_ref(&self) -> &[f32] {
        self.0.as_slice().unwrap_or_default()
    }
}

impl InOrder {
    /// The tensor with a memory of its own, which holds its numbers and no others: fit to be written to.
    pub(super) fn alone(self) -> FlexTensor {
        let is_whole = self.0.storage::<f32>().len() == self.as_ref().len();
        if is_whole && self.0.is_unique() {
            return self.0;
        }
        tensor_of(self.as_ref().to_vec(), self.0.shape().to_vec())
    }
}

fn values_of(tensor: FlexTensor) -> Values {
    Values::new(InOrder::from(tensor))
}

fn tensor_of(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// Does `work` on a thread of the pool, where its parallel sections begin at once: a thread outside hands each of them over and
/// sleeps until it is done, which for small networks takes as long as the work.
fn in_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::join(work, || ()).0
}

/// Whether blocks compute on this device. Elsewhere the plain layers do, and serve as the check of the blocks.
pub(super) fn has_blocks(device: &Device) -> bool {
    *device == Device::flex()
}

/// Applies a block to `input` with the parameters of its layers: the output, and the statistics of its batch norms.
pub(super) fn apply<const I: usize, const O: usize>(
    block: Arc<dyn Block>,
    input: Tensor<I>,
    parameters: Vec<Tensor<1>>,
) -> (Tensor<O>, Tensor<1>) {
    let parameters = Tensor::cat(parameters, 0).into_dispatch();
    let (output, statistics) = <Dispatch as BlockBackend>::block(input.into_dispatch(), parameters, block);
    (Tensor::from_dispatch(output), Tensor::from_dispatch(statistics))
}

/// Lets the running statistics of batch norms follow `statistics`, in the order of [`Forward::statistics`], by burn's own rule.
pub(super) fn follow<'a>(norms: impl Iterator<Item = &'a BatchNorm>, statistics: &Tensor<1>) {
    let mut at = 0;
    for norm in norms {
        let [n_channels] = norm.gamma.dims();
        for running in [&norm.running_mean, &norm.running_var] {
            let of_batch = statistics.clone().narrow(0, at, n_channels);
            at += n_channels;
            let kept = running.value_sync().mul_scalar(1.0 - norm.momentum);
            running.update(kept.add(of_batch.mul_scalar(norm.momentum)).detach());
        }
    }
}

#[backend_extension(Autodiff, Flex)]
trait BlockBackend: Backend {
    /// Output and statistics.
    fn block(
        input: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        block: Arc<dyn Block>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// Output and statistics of a forward pass over `n_segments`, and the way back.
fn tensors_of(forward: Forward, n_segments: usize) -> (FlexTensor, FlexTensor, BackwardPass) {
    let shape = [vec![n_segments], forward.shape].concat();
    let n_statistics = forward.statistics.len();
    let statistics = tensor_of(forward.statistics, vec![n_statistics]);
    (tensor_of(forward.output, shape), statistics, forward.backward)
}

impl BlockBackend for Flex {
    fn block(input: FlexTensor, parameters: FlexTensor, block: Arc<dyn Block>) -> (FlexTensor, FlexTensor) {
        let n_segments = input.shape()[0];
        let (input, parameters) = (values_of(input), values_of(parameters));
        let forward = in_pool(|| block.forward(input, &parameters));
        let (output, statistics, _) = tensors_of(forward, n_segments);
        (output, statistics)
    }
}

impl<C: CheckpointStrategy> BlockBackend for Autodiff<Flex, C> {
    fn block(
        input: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        block: Arc<dyn Block>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let prepared = BlockBackward
            .prepare::<C>([input.node(), parameters.node()])
            .compute_bound()
            .stateful();
        let input = input.into_primitive();
        let input_shape = input.shape().to_vec();
        let (input, parameters) = (values_of(input), values_of(parameters.into_primitive()));
        let forward = in_pool(|| block.forward(input, &parameters));
        let (output, statistics, backward) = tensors_of(forward, input_shape[0]);
        let kept = Kept {
            input_shape,
            backward: Arc::new(Mutex::new(Some(backward))),
        };
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(kept, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        (output, <Self as AutodiffBackend>::from_inner(statistics))
    }
}

#[derive(Debug)]
struct BlockBackward;

/// What burn keeps for us between the passes. It asks that this can be cloned, and never runs a backward pass twice.
#[derive(Clone)]
struct Kept {
    input_shape: Vec<usize>,
    backward: Arc<Mutex<Option<BackwardPass>>>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("input_shape", &self.input_shape)
            .finish_non_exhaustive()
    }
}

impl Backward<Flex, 2> for BlockBackward {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 2>, gradients: &mut BurnGradients, _checkpointer: &mut Checkpointer) {
        let of_output = values_of(gradients.consume::<Flex>(&ops.node));
        let pass = ops.state.backward.lock().ok().and_then(|mut pass| pass.take());
        let Some(pass) = pass else {
            return;
        };
        let [input, parameters] = ops.parents;
        let wanted = if input.is_some() {
            Wanted::All
        } else {
            Wanted::ParametersOnly
        };
        let found = in_pool(|| pass(of_output, wanted));
        if let Some(node) = input {
            gradients.register::<Flex>(node.id, tensor_of(found.input, ops.state.input_shape));
        }
        if let Some(node) = parameters {
            let shape = vec![found.parameters.len()];
            gradients.register::<Flex>(node.id, tensor_of(found.parameters, shape));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::blocks::Gradients;

    /// `scale · x`, two numbers a segment: one parameter.
    struct Scale;

    impl Block for Scale {
        fn n_parameters(&self) -> usize {
            1
        }

        fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
            let scale = parameters[0];
            Forward {
                output: input.iter().map(|x| scale * x).collect(),
                shape: vec![2],
                statistics: vec![input.iter().sum()],
                backward: Box::new(move |of_output, wanted| Gradients {
                    input: match wanted {
                        Wanted::All => of_output.iter().map(|gradient| scale * gradient).collect(),
                        Wanted::ParametersOnly => Vec::new(),
                    },
                    parameters: vec![input.iter().zip(of_output.iter()).map(|(x, gradient)| x * gradient).sum()],
                }),
            }
        }
    }

    #[test]
    fn gradients_pass_through_a_block_between_burn_operations() {
        let device = Device::flex().autodiff();
        assert!(has_blocks(&device));
        #[expect(deprecated, reason = "the device that blocks are checked against")]
        let other = Device::ndarray();
        assert!(!has_blocks(&other.autodiff()));
        let tensor = |values: [f32; 4]| Tensor::<1>::from_floats(values, &device);
        let x = tensor([1.0, 2.0, 3.0, 4.0]).reshape([2, 2]).require_grad();
        let scale = Tensor::<1>::from_floats([3.0], &device).require_grad();
        // Transposed, so that the block gets a tensor whose numbers are not in order.
        let parameters = vec![scale.clone() * 2.0];
        let (scaled, statistics) = apply::<2, 2>(Arc::new(Scale), x.clone().transpose(), parameters);
        assert_eq!(statistics.try_into_vec_as::<f32>().expect("numbers"), [10.0]);
        let weights = tensor([1.0, 10.0, 100.0, 1000.0]).reshape([2, 2]);
        let gradients = (scaled * weights).sum().backward();
        let of_x = x.grad(&gradients).expect("x is tracked");
        assert_eq!(of_x.try_into_vec_as::<f32>().expect("numbers"), [6.0, 600.0, 60.0, 6000.0]);
        // x as the block saw it: 1, 3, 2, 4.
        let of_scale = scale.grad(&gradients).expect("the scale is tracked");
        let expected = 2.0 * (1.0 + 30.0 + 200.0 + 4000.0);
        assert_eq!(of_scale.try_into_vec_as::<f32>().expect("numbers"), [expected]);
    }
}
